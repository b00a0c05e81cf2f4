//! Diagnostics: what is wrong in a flow folder, where, why it matters, and the nearest thing that would be right.
//!
//! Codes are stable: a code never changes its meaning, and each has a broken example in `fixtures/broken_flows`.

mod code;

pub use code::Code;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

/// A place in one file of the folder: bytes `start..end` of the file at this position of the sorted list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    pub file: u16,
    pub start: u32,
    pub end: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The folder cannot be used.
    Error,
    /// It works, but someone should look.
    Warning,
}

/// What a check found, with places as spans; [`Finding::place`] turns it into a [`Diagnostic`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub span: Span,
    pub message: String,
    /// Beside the marked place.
    pub label: String,
    pub help: Option<String>,
    /// Other places that matter, in reading order.
    pub related: Vec<(Span, String)>,
    /// A path through the flow, one step a line.
    pub path: Vec<String>,
}

impl Finding {
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            label: String::new(),
            help: None,
            related: Vec::new(),
            path: Vec::new(),
        }
    }

    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        if help.is_some() {
            self.help = help;
        }
        self
    }

    #[must_use]
    pub fn related(mut self, span: Span, note: impl Into<String>) -> Self {
        self.related.push((span, note.into()));
        self
    }

    #[must_use]
    pub fn path(mut self, path: Vec<String>) -> Self {
        self.path = path;
        self
    }

    /// Gives the finding its file names, lines and columns.
    pub fn place(self, files: &BTreeMap<String, String>) -> Diagnostic {
        let at = |span: Span| Place::of(span, files);
        Diagnostic {
            code: self.code.id(),
            severity: self.code.severity(),
            place: at(self.span),
            message: self.message,
            label: self.label,
            help: self.help,
            related: self.related.into_iter().map(|(span, note)| Related { place: at(span), note }).collect(),
            path: self.path,
        }
    }
}

/// A place as people and editors name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Byte range in the file.
    pub range: Range2,
}

/// A byte range that serializes as two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Range2 {
    pub start: usize,
    pub end: usize,
}

impl Place {
    fn of(span: Span, files: &BTreeMap<String, String>) -> Self {
        let empty = (String::new(), String::new());
        let (file, text) =
            files.iter().nth(span.file.into()).map_or((&empty.0, &empty.1), |(file, text)| (file, text));
        let start = floor_boundary(text, span.start as usize);
        let end = floor_boundary(text, span.end as usize).max(start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            file: file.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            range: Range2 { start, end },
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    #[serde(flatten)]
    pub place: Place,
    pub note: String,
}

/// One finding, complete: serializes as the JSON form of `flow check --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub code: &'static str,
    pub severity: Severity,
    #[serde(flatten)]
    pub place: Place,
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
}

/// Whether the rendering has terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    On,
    Off,
}

/// Draws diagnostics as rustc draws its own, one block each, with a blank line between them.
pub fn render(diagnostics: &[Diagnostic], files: &BTreeMap<String, String>, colour: Colour) -> String {
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    };
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&render_one(diagnostic, files, &renderer));
        out.push('\n');
    }
    out
}

/// “2 errors, 1 warning”, or nothing to say.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    counted(diagnostics.iter().map(|one| one.severity))
}

/// The same of findings of any kind.
pub fn counted(severities: impl Iterator<Item = Severity>) -> String {
    let (errors, all) = severities.fold((0_usize, 0_usize), |(errors, all), severity| {
        (errors + usize::from(severity == Severity::Error), all + 1)
    });
    let warnings = all - errors;
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => "no errors".to_owned(),
        (0, n) => count(n, "warning"),
        (n, 0) => count(n, "error"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}

fn render_one(diagnostic: &Diagnostic, files: &BTreeMap<String, String>, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code);
    let mut group = match files.get(&diagnostic.place.file) {
        Some(text) if !text.is_empty() => {
            let mut snippet = Snippet::source(text.as_str()).path(&diagnostic.place.file).annotation(
                AnnotationKind::Primary
                    .span(visible(diagnostic.place.range, text))
                    .label((!diagnostic.label.is_empty()).then_some(diagnostic.label.as_str())),
            );
            for related in diagnostic.related.iter().filter(|one| one.place.file == diagnostic.place.file) {
                let range = visible(related.place.range, text);
                snippet =
                    snippet.annotation(AnnotationKind::Context.span(range).label(related.note.as_str()));
            }
            title.element(snippet)
        }
        Some(_) | None => Group::with_title(title),
    };
    for related in diagnostic.related.iter().filter(|one| one.place.file != diagnostic.place.file) {
        let Some(text) = files.get(&related.place.file) else { continue };
        group = group.element(Snippet::source(text.as_str()).path(&related.place.file).annotation(
            AnnotationKind::Context.span(visible(related.place.range, text)).label(related.note.as_str()),
        ));
    }
    let path = path_text(diagnostic);
    if !path.is_empty() {
        group = group.element(Level::NOTE.message(path));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

fn path_text(diagnostic: &Diagnostic) -> String {
    let is_loop = [Code::EndlessLoop.id(), Code::Recursion.id()].contains(&diagnostic.code);
    let head = if is_loop { "the loop:\n  " } else { "the shortest way there:\n  " };
    let mut out = String::new();
    for (n, step) in diagnostic.path.iter().enumerate() {
        let arrow = if n == 0 { head } else { "\n  → " };
        let _ = write!(out, "{arrow}{step}");
    }
    out
}

/// The part of a range worth marking: its first line, never empty.
fn visible(range: Range2, text: &str) -> Range<usize> {
    let body = text.get(range.start..range.end).unwrap_or_default();
    let first = body.find('\n').unwrap_or(body.len());
    let end = range.start + body[..first].trim_end().len();
    if end > range.start {
        return range.start..end;
    }
    let next = text[range.start..].chars().next().map_or(0, char::len_utf8);
    range.start..range.start + next
}

/// Spanish words for keys and types of the language.
const SPANISH: [(&str, &str); 30] = [
    ("decir", "say"),
    ("diga", "say"),
    ("mensaje", "say"),
    ("preguntar", "ask"),
    ("pregunta", "ask"),
    ("elegir", "choose"),
    ("escoger", "choose"),
    ("hacer", "do"),
    ("decidir", "decide"),
    ("si", "if"),
    ("sino", "else"),
    ("llamar", "call"),
    ("pasar", "handoff"),
    ("pausa", "pause"),
    ("fijar", "set"),
    ("poner", "set"),
    ("fin", "end"),
    ("terminar", "end"),
    ("ir", "goto"),
    ("ir_a", "goto"),
    ("texto", "text"),
    ("opciones", "options"),
    ("titulo", "title"),
    ("acepta", "accepts"),
    ("dinero", "money"),
    ("fecha", "date"),
    ("numero", "int"),
    ("entero", "int"),
    ("alta", "high"),
    ("urgente", "urgent"),
];

/// The name of `known` that is meant by `wanted`: its Spanish word, or one near enough to be a typing error.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let meant = SPANISH.iter().find(|(word, _)| *word == wanted).map(|(_, name)| *name);
    if let Some(name) = known.iter().copied().find(|name| Some(*name) == meant) {
        return Some(name);
    }
    let limit = match wanted.chars().count() {
        0..=3 => 1,
        4..=7 => 2,
        8.. => 3,
    };
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, name)| (*distance, name.len()))
        .map(|(_, name)| name)
}

/// “did you mean `x`?”, or the names that there are when none is near and they are few.
pub fn suggestion<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    const LISTED_MAX: usize = 16;
    if let Some(name) = nearest(wanted, known.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let names: Vec<&str> = known.into_iter().take(LISTED_MAX + 1).collect();
    if names.is_empty() {
        return None;
    }
    let listed = names.iter().take(LISTED_MAX).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let rest = if names.len() > LISTED_MAX { " …" } else { "" };
    Some(format!("known here: {listed}{rest}"))
}
