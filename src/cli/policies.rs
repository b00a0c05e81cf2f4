//! What stands beside the flows of a folder: its policies on a given day, how offers are worded, and the files by which
//! messages are understood.

use crate::app::parse_policies;
use crate::domain::assurance::Assurance;
use crate::domain::time::{Day, Timestamp};
use crate::flow::check::literals::typed;
use crate::flow::diagnostic::Severity;
use crate::flow::text::closing::given_away;
use crate::rules::lint::{Author, Lint, Weaker};
use crate::rules::policy::PolicySet;
use crate::rules::policy::document::Diagnostic;
use crate::rules::policy::model::Policy;
use crate::service::wording::Wording;
use crate::understand::Understander;
use crate::understand::lexicon::UnderstandError;
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// How the identity question begins, by language.
const ASKS: [(&str, &str); 3] = [("es", "Escríbame"), ("pt", "Escreva"), ("en", "Write")];

/// The day as of which policies are judged.
#[derive(Debug, Clone, Copy)]
pub enum AsOf {
    /// One day for all lenders.
    Day(Day),
    /// Each lender's own day at this moment.
    Now(Timestamp),
}

impl AsOf {
    pub fn day(self, policy: &Policy) -> Day {
        match self {
            Self::Day(day) => day,
            Self::Now(now) => policy.zone.day(now),
        }
    }
}

/// One finding beside the flows, with the keys that those of flows have too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// `policy` or `understanding`.
    pub code: &'static str,
    pub severity: Severity,
    pub file: String,
    /// From 1.
    pub line: u64,
    /// From 1.
    pub column: u64,
    pub message: String,
    pub help: String,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, "; {}", self.help) }
    }
}

impl Listed {
    fn of(found: Diagnostic, severity: Severity) -> Self {
        Self {
            code: "policy",
            severity,
            file: found.file,
            line: found.place.line,
            column: found.place.column,
            message: found.what,
            help: found.remedy,
        }
    }

    /// A mistake that has no place of its own in a file.
    pub(super) fn error(code: &'static str, file: &Path, message: String, help: &str) -> Self {
        let (file, help) = (file.display().to_string(), help.to_owned());
        Self { code, severity: Severity::Error, file, line: 1, column: 1, message, help }
    }
}

/// What stands beside the flows, judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    pub findings: Vec<Listed>,
    /// The lenders that have a policy.
    pub lenders: Vec<String>,
}

impl Beside {
    pub fn is_ok(&self) -> bool {
        self.errors() == 0
    }

    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|one| one.severity == Severity::Error).count()
    }
}

/// Everything beside the flows of a folder.
pub fn check_beside(flows_dir: &Path, as_of: AsOf) -> Beside {
    let mut beside = Beside::default();
    let folder = flows_dir.join("policies");
    match parse_policies(flows_dir) {
        Ok(Ok(set)) => {
            of_policies(&folder, &set, as_of, &mut beside.findings);
            beside.lenders = set
                .policies
                .values()
                .map(|one| format!("{} ({} rules)", one.lender, one.rules.len()))
                .collect();
        }
        Ok(Err(mistakes)) => {
            beside.findings.extend(mistakes.into_iter().map(|found| Listed::of(found, Severity::Error)));
        }
        Err(error) => beside.findings.push(Listed::error(
            "policy",
            &folder,
            format!("{error:#}"),
            "a flow folder has its policies beside the flows",
        )),
    }
    beside.findings.extend(Understander::mistakes(&flows_dir.join("understanding")).iter().map(misread));
    beside
}

fn of_policies(folder: &Path, set: &PolicySet, as_of: AsOf, findings: &mut Vec<Listed>) {
    findings.extend(set.cap_findings(|policy| as_of.day(policy)).into_iter().map(|found| {
        let severity = if found.is_mistake { Severity::Error } else { Severity::Warning };
        Listed::of(found.told, severity)
    }));
    let caps = set.long_caps().into_iter().chain(set.implausible_caps());
    findings.extend(caps.map(|found| Listed::of(found, Severity::Error)));
    let warnings = set
        .crowded_months(|policy| as_of.day(policy))
        .into_iter()
        .chain(set.doubtful())
        .chain(set.privacy_gaps());
    findings.extend(warnings.map(|found| Listed::of(found, Severity::Warning)));
    let lint = folder.join("lint.yaml");
    let read = std::fs::read_to_string(&lint)
        .map_err(|error| format!("the rules for wording cannot be read: {error}"))
        .and_then(|text| Ok((Lint::parse(&text).map_err(|error| error.to_string())?, text)));
    let rules = match read {
        Ok((rules, text)) => {
            findings.extend(of_rules(&lint, &text, &rules));
            rules
        }
        Err(message) => {
            findings.push(Listed::error("policy", &lint, message, "nothing is checked without these rules"));
            Lint::default()
        }
    };
    let wording = folder.join("wording.yaml");
    match Wording::new(&set.wording) {
        Ok(words) => findings.extend(of_wording(&wording, &words, &rules)),
        Err(error) => findings.push(Listed::error("policy", &wording, error.to_string(), "")),
    }
}

/// Rules that stop less than those that the program is shipped with.
fn of_rules(file: &Path, text: &str, rules: &Lint) -> Vec<Listed> {
    let Ok(shipped) = Lint::shipped() else { return Vec::new() };
    let told = |weaker: Weaker| {
        let head = weaker.rule.map(|id| format!("id: {id}"));
        let stands = |line: &str| Some(line.trim_start_matches([' ', '-'])) == head.as_deref();
        Listed {
            severity: if weaker.is_mistake { Severity::Error } else { Severity::Warning },
            line: (1..)
                .zip(text.lines())
                .find(|(_, line)| stands(line.trim_end()))
                .map_or(1, |(line, _)| line),
            ..Listed::error("policy", file, weaker.what, weaker.remedy)
        }
    };
    rules.weaker_than(&shipped).into_iter().map(told).collect()
}

/// The line of a text of `wording.yaml`.
pub(super) fn text_at(file: &Path, language: &str, key: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let head = format!("{language}:");
    let mut lines = (1..).zip(text.lines()).skip_while(|(_, line)| line.trim_end() != head);
    lines.find(|(_, line)| line.trim_start().starts_with(&format!("{key}:"))).map_or(1, |(line, _)| line)
}

/// What debtors read of offers obeys the rules for texts, and fits its place.
fn of_wording(file: &Path, wording: &Wording, rules: &Lint) -> Vec<Listed> {
    let at = |language: &str, key: &str| text_at(file, language, key);
    let mut found = Vec::new();
    for (language, key, words) in wording.words() {
        // What the identity question asks for is read as it is asked, of somebody unproved.
        let asked = key.starts_with("documento") && !key.ends_with(".ejemplo");
        let (words, level) = if asked {
            let ask = ASKS.iter().find(|(of, _)| *of == language).map_or("", |(_, ask)| ask);
            (format!("{ask} {words}."), Assurance::Ninguna)
        } else {
            (words, Assurance::Verificada)
        };
        for hit in rules.check(&words, Author::Bot, level) {
            let message = format!("`{language}.{key}`: {}: “{}”", hit.title, hit.phrase);
            found.push(Listed {
                line: at(language, key),
                ..Listed::error("policy", file, message, &hit.remedy)
            });
        }
    }
    for (language, key, words) in wording.words() {
        if let Some(said) = given_away(&words) {
            let message = format!("`{language}.{key}` gives something away: “{said}”");
            let help = "say it of no offer: what one waives is `{descuento|money}`";
            found.push(Listed { line: at(language, key), ..Listed::error("policy", file, message, help) });
        }
    }
    for (language, key, text) in wording.texts() {
        let Some((what, said, _)) = typed(text) else { continue };
        let message = format!("`{language}.{key}` holds {what}: “{said}”");
        let help = "figures, accounts and pages come from the policy and the offer: show their placeholder";
        found.push(Listed { line: at(language, key), ..Listed::error("policy", file, message, help) });
    }
    for (language, key, name) in wording.not_shown() {
        let message = format!("`{language}.{key}` does not show `{{{name}}}`");
        let help = "whoever pays must read whom the policy names, in every language";
        found.push(Listed { line: at(language, key), ..Listed::error("policy", file, message, help) });
    }
    for (language, key, length, most) in wording.too_long() {
        let message =
            format!("`{language}.{key}` can have {length} characters, and WhatsApp takes at most {most}");
        let help = format!("shorten it by {} characters", length - most);
        found.push(Listed { line: at(language, key), ..Listed::error("policy", file, message, &help) });
    }
    found
}

fn misread(error: &UnderstandError) -> Listed {
    match error {
        UnderstandError::Unreadable { path, source } => Listed::error(
            "understanding",
            path,
            format!("cannot be read: {source}"),
            "the folder needs all its files: without one nobody is understood",
        ),
        UnderstandError::Row { path, line, problem, remedy } => Listed {
            line: u64::try_from(*line).unwrap_or(1),
            ..Listed::error("understanding", path, problem.clone(), remedy)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{AsOf, Beside, check_beside};
    use crate::domain::time::{Day, Timestamp};
    use std::path::Path;

    fn on(dir: &Path, day: &str) -> Beside {
        check_beside(dir, AsOf::Day(Day::parse(day).unwrap()))
    }

    fn told(beside: &Beside) -> String {
        beside.findings.iter().map(|one| format!("{one}\n")).collect()
    }

    #[test]
    fn the_shipped_policies_fail_on_days_whose_caps_are_not_known_and_tell_when_they_end() {
        let shipped = Path::new("flows");
        assert_eq!(told(&on(shipped, "2026-08-01")), "");
        for (day, is_ok, expected) in [
            (
                "2026-09-01",
                true,
                "the caps of consumo_ordinario in CO end on 2026-09-30, 29 days from 2026-09-01",
            ),
            ("2026-09-27", true, "warning: "),
            ("2026-09-28", false, "error: "),
            ("2026-10-01", false, "on 2026-10-01 no cap is known for consumo_ordinario in CO"),
        ] {
            let beside = on(shipped, day);
            assert!(beside.is_ok() == is_ok && told(&beside).contains(expected), "{day}: {}", told(&beside));
        }
        // Without a day it is each lender's own: just after midnight in Greenwich it is still the day before in Bogotá.
        let midnight = Timestamp::parse_rfc3339("2026-10-01T01:00:00Z").unwrap();
        let beside = check_beside(shipped, AsOf::Now(midnight));
        assert!(told(&beside).contains("0 days from 2026-09-30"), "{}", told(&beside));
    }

    /// A copy of what stands beside the shipped flows, with one file written anew or taken away.
    fn with(file: &str, edit: impl Fn(String) -> Option<String>) -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        for part in ["policies", "understanding"] {
            std::fs::create_dir(dir.path().join(part)).unwrap();
            for entry in std::fs::read_dir(Path::new("flows").join(part)).unwrap() {
                let from = entry.unwrap().path();
                std::fs::copy(&from, dir.path().join(part).join(from.file_name().unwrap())).unwrap();
            }
        }
        let path = dir.path().join(file);
        match edit(std::fs::read_to_string(&path).unwrap()) {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let told = told(&on(dir.path(), "2026-08-01"));
        (dir, told)
    }

    #[test]
    fn what_the_server_would_refuse_to_start_with_is_told_with_its_line() {
        let add = |line: &'static str| move |text: String| Some(text + line);
        let cases: [(&str, &str, &str); 4] = [
            (
                "understanding/phrases.tsv",
                "distress\tcertain\t(me quiero (matar\n",
                "the pattern is not understood",
            ),
            ("understanding/phrases.tsv", "smalltalk\tidiom\t.*\n", "the pattern `.*` is found in any text"),
            ("understanding/consent.tsv", "yes\tacepto\n", "`acepto` is written twice"),
            ("understanding/consent.tsv", "yes\tno gracias\n", "`no` is never part of a plain yes"),
        ];
        for (file, line, expected) in cases {
            let lines = std::fs::read_to_string(Path::new("flows").join(file)).unwrap().lines().count() + 1;
            let (_dir, told) = with(file, add(line));
            assert!(told.contains(expected) && told.contains(&format!("{file}:{lines}:")), "{told}");
        }
        let (_dir, told) = with("understanding/consent.tsv", |_| None);
        assert!(told.contains("consent.tsv:1:1: cannot be read"), "{told}");
    }

    #[test]
    fn what_is_understood_of_danger_and_consent_cannot_be_edited_away() {
        let (_dir, told) = with("understanding/abbreviations.tsv", |text| Some(text + "nones\tsi\n"));
        assert!(told.contains("abbreviations.tsv:") && told.contains("`si` is a word of consent"), "{told}");
        let (_dir, told) = with("understanding/emoji.tsv", |text| Some(text + "🙄\temojisi\n"));
        assert!(told.contains("emoji.tsv:") && told.contains("would say yes"), "{told}");
        let (_dir, told) = with("understanding/phrases.tsv", |text| {
            Some(
                text.lines()
                    .filter(|line| !line.starts_with("violence\t"))
                    .fold(String::new(), |all, line| all + line + "\n"),
            )
        });
        assert!(
            told.contains("phrases.tsv:1:1: “mi esposo me pega”")
                && told.contains("no longer means `violence`"),
            "{told}"
        );
        let (_dir, told) =
            with("understanding/intents.tsv", |text| Some(text.replace("\ndistress\t", "\nsmalltalk\t")));
        assert!(told.contains("is called `smalltalk`; write `distress`"), "{told}");
    }

    #[test]
    fn the_words_of_offers_obey_the_rules_for_texts() {
        for (from, to, expected) in [
            (
                "plan.titulo: \"{cuotas} cuotas\"",
                "plan.titulo: \"Plan de pagos especial en {cuotas} cuotas\"",
                "at most 24",
            ),
            (
                "y sigue por pagar.\"\n  despues.cuotas:",
                "y si no paga le embargamos el sueldo.\"\n  despues.cuotas:",
                "Amenaza",
            ),
            (
                "y sigue por pagar.\"\n  despues.cuotas:",
                "y con esto termina su crédito.\"\n  despues.cuotas:",
                "termina su credito",
            ),
            (
                "y sigue por pagar.\"\n  despues.cuotas:",
                "y si no cumple lo desalojamos.\"\n  despues.cuotas:",
                "Amenaza con embargar",
            ),
            (
                "al {tasa_mensual|percent} mensual\"",
                "sin intereses por hoy\"",
                "`es.refinanciacion.resumen` gives something away: “sin intereses”",
            ),
        ] {
            let (_dir, told) = with("policies/wording.yaml", |text| {
                assert!(text.contains(from), "{from}");
                Some(text.replacen(from, to, 1))
            });
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn figures_as_people_write_them_are_refused_with_the_right_ones() {
        for (from, to, expected) in [
            ("min_instalment: 30000", "min_instalment: 30.000", "write `30000`, without dots"),
            ("min_instalment: 30000", "min_instalment: \"70.000\"", "write `70000`, without dots"),
            (
                "min_instalment: 30000",
                "min_instalment: \"70.5\"",
                "write `70`: amounts in COP have no decimals",
            ),
            ("total_due: 60000+", "total_due: 60.000+", "write `60000+`, without dots"),
            ("max_days: 10", "max_days: 90", "write at most `60`"),
            ("[active, written_off]", "[active, castigada]", "write `written_off`"),
            ("min_share: 50%", "min_share: 0%", "takes a promise of any amount"),
        ] {
            let (_dir, told) = with("policies/andino.yaml", |text| Some(text.replacen(from, to, 1)));
            assert!(told.contains(expected), "{to}: {told}");
        }
    }
}
