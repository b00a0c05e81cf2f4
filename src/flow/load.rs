//! Loading a folder: files → shapes → model → checks.

use crate::domain::ids::FlowHash;
use crate::flow::check::{Lists, check};
use crate::flow::compile::{Compiled, Written, compile};
use crate::flow::diagnostic::{Code, Diagnostic, Finding, Severity, Span};
use crate::flow::model::FlowSet;
use crate::flow::source;
use crate::flow::syntax::{self, BotSyntax, FlowSyntax, LocaleSyntax};
use crate::rules::lint::Lint;
use crate::understand::consent::Consents;
use crate::understand::lexicon::parse_consents;
use crate::understand::normalise::Normaliser;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The one file that every folder has.
pub const BOT_FILE: &str = "bot.yaml";
const LOCALES: &str = "locales/";

/// A folder that may be used, and what someone should look at.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub set: FlowSet,
    pub warnings: Vec<Diagnostic>,
}

/// The rules for wording; not part of a version, because they say nothing to the person.
pub const LINT_FILE: &str = "policies/lint.yaml";
/// What is a plain yes; not part of a version either. The understanding stage reads the same file.
pub const CONSENT_FILE: &str = "understanding/consent.tsv";
/// What is a plain yes for a folder without its own list: whoever serves it understands by the shipped one.
const SHIPPED_CONSENT: &str = include_str!("../../flows/understanding/consent.tsv");

/// What a path in the folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileKind<'p> {
    Bot,
    /// With the flow's id.
    Flow(&'p str),
    /// With the language.
    Locale(&'p str),
    /// `.yml` where `.yaml` is meant.
    Misnamed,
    /// Belongs to others: policies, tests, understanding.
    Other,
}

fn kind(path: &str) -> FileKind<'_> {
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    if !(dir.is_empty() || dir == "locales") {
        return FileKind::Other;
    }
    if name.ends_with(".yml") {
        return FileKind::Misnamed;
    }
    match (path, name.strip_suffix(".yaml")) {
        (_, None) => FileKind::Other,
        (BOT_FILE, Some(_)) => FileKind::Bot,
        (path, Some(stem)) if path.starts_with(LOCALES) => FileKind::Locale(stem),
        (_, Some(stem)) => FileKind::Flow(stem),
    }
}

/// The version of a folder: SHA-256 over the sorted paths and contents of the files that count, hexadecimal.
pub fn hash(files: &BTreeMap<String, String>) -> FlowHash {
    let mut hasher = Sha256::new();
    for (path, text) in files {
        match kind(path) {
            FileKind::Bot | FileKind::Flow(_) | FileKind::Locale(_) => {}
            FileKind::Misnamed | FileKind::Other => continue,
        }
        // Lengths keep two folders apart whose concatenations are equal.
        hasher.update(path.len().to_be_bytes());
        hasher.update(path.as_bytes());
        hasher.update(text.len().to_be_bytes());
        hasher.update(text.as_bytes());
    }
    FlowHash::new(hex::encode(hasher.finalize()))
}

/// How a folder becomes one that is used: [`load`] to serve with it, [`load_to_try`] to try it.
pub type Loader = fn(&BTreeMap<String, String>) -> Result<Loaded, Vec<Diagnostic>>;

/// Loads a folder given as relative path → text. Only `*.yaml` at the top and in `locales/` count,
/// [`LINT_FILE`] for the wording and [`CONSENT_FILE`] for what a plain yes is.
///
/// # Errors
/// All diagnostics, errors first, when at least one is an error.
pub fn load(files: &BTreeMap<String, String>) -> Result<Loaded, Vec<Diagnostic>> {
    finish(files, &|compiled, findings| {
        let lists = Lists { wording: lint_rules(files, findings), consents: consents(files, findings) };
        check(compiled, &lists, findings);
    })
}

/// What is a plain yes where this folder is served.
fn consents(files: &BTreeMap<String, String>, findings: &mut Vec<Finding>) -> Consents {
    let normaliser = Normaliser::default();
    let parse = |text: &str| parse_consents(Path::new(CONSENT_FILE), text, &normaliser);
    let shipped = || parse(SHIPPED_CONSENT).unwrap_or_default();
    let Some(text) = files.get(CONSENT_FILE) else { return shipped() };
    parse(text).unwrap_or_else(|error| {
        findings.push(of_file(files, CONSENT_FILE, error.to_string()).label("this list was not used"));
        shipped()
    })
}

/// A mistake in a list beside the flows.
fn of_file(files: &BTreeMap<String, String>, path: &str, message: String) -> Finding {
    let index = files.keys().position(|known| known == path).unwrap_or_default();
    let span = Span { file: u16::try_from(index).unwrap_or(u16::MAX), start: 0, end: 0 };
    Finding::new(Code::BadValue, span, message)
}

/// The rules for wording, when the folder brings them.
fn lint_rules(files: &BTreeMap<String, String>, findings: &mut Vec<Finding>) -> Lint {
    let Some(text) = files.get(LINT_FILE) else { return Lint::default() };
    Lint::parse(text).unwrap_or_else(|error| {
        findings.push(of_file(files, LINT_FILE, error.to_string()).label("these rules were not used"));
        Lint::default()
    })
}

/// Loads a folder that was published before, by this program or an older one: compiled, but not proved again, so that
/// its conversations go on when the checks have become stricter since.
///
/// # Errors
/// When it does not compile any more.
pub fn load_published(files: &BTreeMap<String, String>) -> Result<FlowSet, Vec<Diagnostic>> {
    finish(files, &|_, _| {}).map(|loaded| loaded.set)
}

/// Codes that forbid serving a folder and not trying it.
const NETS: [&str; 2] = [Code::NetMissing.id(), Code::NetNotHeard.id()];

/// Loads a folder that someone is still writing, to try it in a terminal: what only forbids serving it is a warning.
///
/// # Errors
/// All diagnostics, errors first, when one of them keeps the folder from being tried.
pub fn load_to_try(files: &BTreeMap<String, String>) -> Result<Loaded, Vec<Diagnostic>> {
    let forbids = |found: &Diagnostic| found.severity == Severity::Error && !NETS.contains(&found.code);
    load(files).or_else(|found| {
        if found.iter().any(forbids) {
            return Err(found);
        }
        load_published(files).map(|set| Loaded { set, warnings: found })
    })
}

/// Checks over a compiled folder.
type Proofs<'p> = &'p dyn Fn(&Compiled, &mut Vec<Finding>);

fn finish(files: &BTreeMap<String, String>, proofs: Proofs<'_>) -> Result<Loaded, Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let set = set(files, proofs, &mut findings);
    let mut diagnostics: Vec<Diagnostic> = findings.into_iter().map(|finding| finding.place(files)).collect();
    diagnostics.sort_by(|a, b| (a.severity, &a.place, a.code).cmp(&(b.severity, &b.place, b.code)));
    diagnostics.dedup();
    match set {
        Some(set) if diagnostics.iter().all(|one| one.severity == Severity::Warning) => {
            Ok(Loaded { set, warnings: diagnostics })
        }
        Some(_) | None => Err(diagnostics),
    }
}

fn set(files: &BTreeMap<String, String>, proofs: Proofs<'_>, findings: &mut Vec<Finding>) -> Option<FlowSet> {
    let written = read(files, findings)?;
    let compiled = compile(&written, findings)?;
    proofs(&compiled, findings);
    Some(FlowSet { hash: hash(files), bot: compiled.bot, flows: compiled.flows })
}

/// Every file in its shape; `None` when one of them has none, because the rest would only echo that.
fn read(files: &BTreeMap<String, String>, findings: &mut Vec<Finding>) -> Option<Written> {
    let before = findings.len();
    let mut bot: Option<BotSyntax> = None;
    let mut flows: BTreeMap<String, FlowSyntax> = BTreeMap::new();
    let mut locales: Vec<LocaleSyntax> = Vec::new();
    for (index, (path, text)) in files.iter().enumerate() {
        let Ok(file) = u16::try_from(index) else { break };
        let kind = kind(path);
        if kind == FileKind::Other {
            continue;
        }
        if kind == FileKind::Misnamed {
            findings.push(misnamed(file, path));
            continue;
        }
        let node = match source::parse(file, text) {
            Ok(node) => node,
            Err(finding) => {
                findings.push(*finding);
                continue;
            }
        };
        match kind {
            FileKind::Bot => bot = syntax::with_reader(&node, findings, syntax::bot_file),
            FileKind::Flow(stem) => {
                if let Some(flow) = syntax::with_reader(&node, findings, syntax::flow_file) {
                    findings.extend(same_name(&flow, stem));
                    flows.insert(stem.to_owned(), flow);
                }
            }
            FileKind::Locale(stem) => {
                if let Some(locale) = syntax::with_reader(&node, findings, syntax::locale_file) {
                    findings.extend(same_language(&locale, stem));
                    locales.push(locale);
                }
            }
            FileKind::Misnamed | FileKind::Other => {}
        }
    }
    if !files.contains_key(BOT_FILE) {
        let message = "the folder has no bot.yaml";
        let help =
            "it says with which flow a chat begins and what holds everywhere; see the chapter on bot.yaml";
        findings
            .push(Finding::new(Code::Layout, Span { file: u16::MAX, start: 0, end: 0 }, message).help(help));
    }
    if findings.len() > before {
        return None;
    }
    bot.map(|bot| Written { bot, flows, locales })
}

fn misnamed(file: u16, path: &str) -> Finding {
    let span = Span { file, start: 0, end: 0 };
    Finding::new(Code::Layout, span, format!("`{path}` would not be read"))
        .help("name it `.yaml`; one spelling keeps two versions of a file apart")
}

fn same_name(flow: &FlowSyntax, stem: &str) -> Option<Finding> {
    (flow.id.text != stem).then(|| {
        Finding::new(
            Code::BadName,
            flow.id.span,
            format!("flow `{}` is in the file `{stem}.yaml`", flow.id.text),
        )
        .label("not the file's name")
        .help(format!("write `flow: {stem}`, or rename the file"))
    })
}

fn same_language(locale: &LocaleSyntax, stem: &str) -> Option<Finding> {
    (locale.language.text != stem).then(|| {
        let message = format!("language `{}` is in the file `locales/{stem}.yaml`", locale.language.text);
        Finding::new(Code::BadName, locale.language.span, message)
            .label("not the file's name")
            .help(format!("write `language: {stem}`, or rename the file"))
    })
}

#[cfg(test)]
mod tests {
    use super::{LINT_FILE, Loaded, hash, load, load_published, load_to_try};
    use crate::domain::assurance::Label;
    use crate::flow::diagnostic::{Colour, render};
    use crate::flow::model::StepKind;
    use crate::flow::source::read_folder;
    use proptest::prelude::*;
    use std::path::Path;

    fn mini() -> Loaded {
        let files = read_folder(Path::new("fixtures/flows/mini")).unwrap();
        load(&files).unwrap_or_else(|errors| panic!("{}", render(&errors, &files, Colour::Off)))
    }

    #[test]
    fn a_correct_folder_loads_without_a_word() {
        let loaded = mini();
        let files = read_folder(Path::new("fixtures/flows/mini")).unwrap();
        assert_eq!(render(&loaded.warnings, &files, Colour::Off), "");
        assert_eq!(loaded.set.hash.as_str().len(), 64);
    }

    #[test]
    fn quiet_ends_pass_through_calls() {
        let set = mini().set;
        let menu = &set.flows[&"menu".into()];
        assert_eq!(menu.outcomes, ["fin", "abandono"]);
        let StepKind::Call(call) = &menu.steps[&"probar".into()].kind else { panic!("a call") };
        assert_eq!(call.on["abandono"].as_str(), "@end");
    }

    #[test]
    fn giving_up_makes_a_hand_off_that_comes_back_to_the_question() {
        let set = mini().set;
        let flow = &set.flows[&"identidad".into()];
        let StepKind::Handoff(handoff) = &flow.steps[&"@handoff:documento".into()].kind else {
            panic!("a hand-off")
        };
        assert_eq!(handoff.queue, "cobranzas");
        assert_eq!(handoff.returned.as_str(), "documento");
        assert_eq!(handoff.closed.as_str(), "@end");
    }

    #[test]
    fn texts_carry_the_highest_label_of_what_they_show() {
        let set = mini().set;
        let flow = &set.flows[&"acuerdo_pago".into()];
        let StepKind::Say(say) = &flow.steps[&"listo".into()].kind else { panic!("a say") };
        assert_eq!(say.text.label(), Label::Deuda);
        let StepKind::Say(say) = &flow.steps[&"nada".into()].kind else { panic!("a say") };
        assert_eq!(say.text.label(), Label::Publico);
    }

    #[test]
    fn a_published_folder_loads_although_checks_became_stricter() {
        let mut files = read_folder(Path::new("fixtures/flows/mini")).unwrap();
        let menu = files.get_mut("menu.yaml").unwrap();
        *menu = menu.replace("Ver mi deuda", "Ver mi deuda con todos sus detalles");
        assert_eq!(load(&files).unwrap_err()[0].code, "F051");
        assert_eq!(load_published(&files).unwrap().hash, hash(&files));
    }

    #[test]
    fn a_folder_without_its_nets_is_tried_and_not_served() {
        let mut files = read_folder(Path::new("fixtures/flows/mini")).unwrap();
        let bot = files.get_mut("bot.yaml").unwrap();
        *bot = bot
            .lines()
            .filter(|line| !line.starts_with("doubt:"))
            .fold(String::new(), |all, line| all + line + "\n");
        assert_eq!(load(&files).unwrap_err()[0].code, "F072");
        let tried = load_to_try(&files).unwrap();
        assert_eq!((tried.set.hash, tried.warnings[0].code), (hash(&files), "F072"));
        let menu = files.get_mut("menu.yaml").unwrap();
        *menu = menu.replace("Ver mi deuda", "Ver mi deuda con todos sus detalles");
        assert!(load_to_try(&files).is_err(), "other mistakes forbid trying too");
    }

    #[test]
    fn only_what_the_person_may_meet_makes_the_version() {
        let files = read_folder(Path::new("fixtures/flows/mini")).unwrap();
        let mut more = files.clone();
        more.insert("policies/norte.yaml".to_owned(), "a: 1".to_owned());
        more.insert(LINT_FILE.to_owned(), "version: 1".to_owned());
        assert_eq!(hash(&more), hash(&files));
        more.insert("otro.yaml".to_owned(), String::new());
        assert_ne!(hash(&more), hash(&files));
    }

    proptest! {
        #[test]
        fn any_text_is_loaded_or_refused(text in "[a-z:{}\\[\\]\"'|>*&!#\\- \n\t,ñ0-9.]{0,200}") {
            let mut files = read_folder(Path::new("fixtures/flows/mini")).unwrap();
            files.insert("menu.yaml".to_owned(), text);
            let _ = load(&files).map_err(|errors| render(&errors, &files, Colour::On));
        }

        #[test]
        fn a_mutated_flow_is_loaded_or_refused(
            file in prop::sample::select(vec!["bot.yaml", "menu.yaml", "acuerdo_pago.yaml", "locales/pt.yaml"]),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, "[a-z:{}|,\" \n@0-9]{0,6}"), 1..6),
        ) {
            let mut files = read_folder(Path::new("fixtures/flows/mini")).unwrap();
            let text = files.get_mut(file).unwrap();
            for (at, cut, with) in edits {
                let mut chars: Vec<char> = text.chars().collect();
                let at = at.index(chars.len() + 1);
                chars.splice(at..(at + cut).min(chars.len()), with.chars());
                *text = chars.into_iter().collect();
            }
            let _ = load(&files).map_err(|errors| render(&errors, &files, Colour::Off));
        }
    }
}
