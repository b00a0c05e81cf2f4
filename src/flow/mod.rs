//! The flow language: load, check, and `step`, the pure engine.
