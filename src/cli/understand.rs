//! `acuerdo understand`: how well messages are understood, and what one message means.

use crate::domain::money::Currency;
use crate::domain::time::Day;
use crate::understand::lexicon::UnderstandError;
use crate::understand::{Context, Expectation, Understander, evaluate};
use std::path::Path;

/// The table of measured quality for the files in `dir` (`flows/understanding`).
pub fn report(dir: &Path) -> Result<String, UnderstandError> {
    evaluate::report(dir).map(|report| report.to_string())
}

/// What one message means outside any question, as JSON; for an analyst who tries a phrase.
pub fn explain(dir: &Path, text: &str, today: Day, currency: Currency) -> Result<String, UnderstandError> {
    let understander = Understander::load(dir)?;
    let context =
        Context { today, currency, expects: Expectation::Nothing, typed: Expectation::Nothing, options: &[] };
    let meaning = understander.understand(text, &context);
    Ok(serde_json::to_string_pretty(&meaning).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{explain, report};
    use crate::domain::money::Currency;
    use crate::domain::time::Day;
    use std::path::Path;

    #[test]
    fn an_analyst_sees_figures_and_meanings() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/understanding");
        let table = report(&dir).unwrap();
        assert!(table.contains("macro F1") && table.contains("safety never ignored"), "{table}");
        let today = Day::parse("2026-11-21").unwrap();
        let meaning = explain(&dir, "le abono 80 lucas el viernes", today, Currency::Cop).unwrap();
        assert!(meaning.contains("2026-11-27") && meaning.contains("8000000"), "{meaning}");
    }
}
