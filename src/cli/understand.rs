//! `acuerdo understand`: how well messages are understood, and what one message means.

use crate::app;
use crate::domain::ids::LenderId;
use crate::domain::money::Currency;
use crate::domain::time::{Day, Zone};
use crate::flow;
use crate::flow::talk::replies::{measure, read_replies, read_scenes};
use crate::understand::lexicon::UnderstandError;
use crate::understand::{Context, Expectation, Understander, evaluate};
use anyhow::Context as _;
use std::path::Path;

/// The table of measured quality for the files in `dir` (`flows/understanding`).
pub fn report(dir: &Path) -> Result<String, UnderstandError> {
    evaluate::report(dir).map(|report| report.to_string())
}

/// Where each reply is said from: beside the examples, as the flows change together with it.
const SCENES: &str = "scenes.tsv";

/// What the flows around `dir` do with the replies of `file`, and the rows that went wrong when `wrong`.
pub fn replies(dir: &Path, file: &Path, wrong: bool) -> anyhow::Result<String> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let scenes = dir.join(SCENES);
    let scenes = read_scenes(&read(&scenes)?).with_context(|| scenes.display().to_string())?;
    let replies = read_replies(&read(file)?).with_context(|| file.display().to_string())?;
    let folder = dir.join("..");
    let files = flow::read_folder(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let loaded = flow::load(&files).map_err(|found| {
        anyhow::anyhow!("the flows have {} errors; `acuerdo flow check` names them", found.len())
    })?;
    let report = measure(&loaded.set, &Understander::load(dir)?, &scenes, &replies)?;
    Ok(if wrong { format!("{report}\n\n{}", report.wrong()) } else { report.to_string() })
}

/// Currency and zone of a lender whose policy stands beside `dir`.
pub fn lender(dir: &Path, name: &str) -> anyhow::Result<(Currency, Zone)> {
    let policies = app::read_policies(&dir.join(".."))?;
    let policy = policies.policies.get(&LenderId::new(name)).with_context(|| {
        let known: Vec<&str> = policies.policies.keys().map(LenderId::as_str).collect();
        format!("there is no policy of `{name}`; there are: {}", known.join(", "))
    })?;
    Ok((policy.currency, policy.zone.clone()))
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
