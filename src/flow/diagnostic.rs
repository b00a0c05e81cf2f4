//! Diagnostics: what is wrong in a flow folder, where, why it matters, and the nearest thing that would be right.
//!
//! Codes are stable: a code never changes its meaning, and each has a broken example in `fixtures/broken_flows`.

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

/// Stable codes; the number is [`Code::id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    Yaml,
    UnknownKey,
    MissingKey,
    WrongShape,
    StepKind,
    DuplicateKey,
    BadName,
    Layout,
    BadValue,
    TooLarge,
    UnknownStep,
    UnknownFlow,
    UnknownVariable,
    UnknownField,
    UnknownAction,
    UnknownType,
    UnknownInterrupt,
    UnknownFormat,
    ExpressionSyntax,
    ExpressionType,
    EnumMember,
    PlaceholderSyntax,
    PlaceholderType,
    ActionInput,
    ActionOutput,
    AnswerType,
    CallInput,
    CallOutput,
    OutcomeMissing,
    OutcomeUnknown,
    UnreachableStep,
    UncalledFlow,
    EndlessLoop,
    Recursion,
    NoWayOut,
    NoGoto,
    LabelTooLow,
    NeedsNotProved,
    OnceMissing,
    EvidenceMissing,
    EvidenceNotShown,
    EvidenceUnused,
    BodyTooLong,
    TitleTooLong,
    NudgeTooLate,
    DescriptionTooLong,
    DuplicateTitle,
    TextMissing,
    TranslationStale,
    UnknownTextKey,
    TranslationDiffers,
    UnknownLanguage,
    KeywordCollision,
    PhraseTwice,
    Wording,
    Shouts,
    TooManyEmoji,
    TooManyParagraphs,
}

impl Code {
    pub const ALL: [Self; 58] = [
        Self::Yaml,
        Self::UnknownKey,
        Self::MissingKey,
        Self::WrongShape,
        Self::StepKind,
        Self::DuplicateKey,
        Self::BadName,
        Self::Layout,
        Self::BadValue,
        Self::TooLarge,
        Self::UnknownStep,
        Self::UnknownFlow,
        Self::UnknownVariable,
        Self::UnknownField,
        Self::UnknownAction,
        Self::UnknownType,
        Self::UnknownInterrupt,
        Self::UnknownFormat,
        Self::ExpressionSyntax,
        Self::ExpressionType,
        Self::EnumMember,
        Self::PlaceholderSyntax,
        Self::PlaceholderType,
        Self::ActionInput,
        Self::ActionOutput,
        Self::AnswerType,
        Self::CallInput,
        Self::CallOutput,
        Self::OutcomeMissing,
        Self::OutcomeUnknown,
        Self::UnreachableStep,
        Self::UncalledFlow,
        Self::EndlessLoop,
        Self::Recursion,
        Self::NoWayOut,
        Self::NoGoto,
        Self::LabelTooLow,
        Self::NeedsNotProved,
        Self::OnceMissing,
        Self::EvidenceMissing,
        Self::EvidenceNotShown,
        Self::EvidenceUnused,
        Self::BodyTooLong,
        Self::TitleTooLong,
        Self::NudgeTooLate,
        Self::DescriptionTooLong,
        Self::DuplicateTitle,
        Self::TextMissing,
        Self::TranslationStale,
        Self::UnknownTextKey,
        Self::TranslationDiffers,
        Self::UnknownLanguage,
        Self::KeywordCollision,
        Self::PhraseTwice,
        Self::Wording,
        Self::Shouts,
        Self::TooManyEmoji,
        Self::TooManyParagraphs,
    ];

    /// `F0xx`, as printed, documented and used in the name of the fixture.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Yaml => "F001",
            Self::UnknownKey => "F002",
            Self::MissingKey => "F003",
            Self::WrongShape => "F004",
            Self::StepKind => "F005",
            Self::DuplicateKey => "F006",
            Self::BadName => "F007",
            Self::Layout => "F008",
            Self::BadValue => "F009",
            Self::TooLarge => "F010",
            Self::UnknownStep => "F011",
            Self::UnknownFlow => "F012",
            Self::UnknownVariable => "F013",
            Self::UnknownField => "F014",
            Self::UnknownAction => "F015",
            Self::UnknownType => "F016",
            Self::UnknownInterrupt => "F017",
            Self::UnknownFormat => "F018",
            Self::ExpressionSyntax => "F020",
            Self::ExpressionType => "F021",
            Self::EnumMember => "F022",
            Self::PlaceholderSyntax => "F023",
            Self::PlaceholderType => "F024",
            Self::ActionInput => "F025",
            Self::ActionOutput => "F026",
            Self::AnswerType => "F027",
            Self::CallInput => "F028",
            Self::CallOutput => "F029",
            Self::OutcomeMissing => "F030",
            Self::OutcomeUnknown => "F031",
            Self::UnreachableStep => "F032",
            Self::UncalledFlow => "F033",
            Self::EndlessLoop => "F034",
            Self::Recursion => "F035",
            Self::NoWayOut => "F036",
            Self::NoGoto => "F037",
            Self::LabelTooLow => "F040",
            Self::NeedsNotProved => "F041",
            Self::OnceMissing => "F042",
            Self::EvidenceMissing => "F043",
            Self::EvidenceNotShown => "F044",
            Self::EvidenceUnused => "F045",
            Self::BodyTooLong => "F050",
            Self::TitleTooLong => "F051",
            Self::NudgeTooLate => "F052",
            Self::DescriptionTooLong => "F053",
            Self::DuplicateTitle => "F054",
            Self::TextMissing => "F060",
            Self::TranslationStale => "F061",
            Self::UnknownTextKey => "F062",
            Self::TranslationDiffers => "F063",
            Self::UnknownLanguage => "F064",
            Self::KeywordCollision => "F070",
            Self::PhraseTwice => "F071",
            Self::Wording => "F080",
            Self::Shouts => "F081",
            Self::TooManyEmoji => "F082",
            Self::TooManyParagraphs => "F083",
        }
    }

    pub const fn severity(self) -> Severity {
        if matches!(
            self,
            Self::UnreachableStep
                | Self::UncalledFlow
                | Self::EvidenceUnused
                | Self::TranslationStale
                | Self::TranslationDiffers
                | Self::KeywordCollision
                | Self::PhraseTwice
                | Self::Shouts
                | Self::TooManyEmoji
                | Self::TooManyParagraphs
        ) {
            Severity::Warning
        } else {
            Severity::Error
        }
    }
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
    let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
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
    let path = path_text(&diagnostic.path);
    if !path.is_empty() {
        group = group.element(Level::NOTE.message(path));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

fn path_text(path: &[String]) -> String {
    let mut out = String::new();
    for (n, step) in path.iter().enumerate() {
        let arrow = if n == 0 { "the shortest way there:\n  " } else { "\n  → " };
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

/// The name of `known` that is nearest to `wanted`, when it is near enough to be a typing error.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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
