//! Free text to meaning, before the engine: normalisation, amounts, dates, phrases, intents. Pure.
