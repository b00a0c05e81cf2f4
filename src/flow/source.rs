//! YAML to a tree of nodes with exact places; the only module of the flow language that knows the YAML library.
//!
//! It reads the library's event stream instead of deserializing: every key and value keeps its bytes, several
//! errors of one file are found at once, and plain scalars stay the text that the analyst wrote (`0755`, `no`).

use crate::flow::align::{Quotes, Runs, align, locate};
use crate::flow::diagnostic::{Code, Finding, Span};
use crate::flow::load::{CONSENT_FILE, LINT_FILE};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span as YamlSpan};
use std::collections::BTreeMap;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Longest file, in bytes.
pub const FILE_BYTES_MAX: usize = 1_048_576;
/// Deepest nesting of maps and lists.
const DEPTH_MAX: usize = 16;
/// Most files in a folder.
const FILES_MAX: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub span: Span,
    pub kind: NodeKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// Nothing after the colon, `~` or `null`.
    Null,
    Scalar(Scalar),
    Seq(Vec<Node>),
    Map(Vec<(Scalar, Node)>),
}

/// A text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    pub text: String,
    pub span: Span,
    /// Where its bytes stand in the file, as far as they can be followed.
    runs: Option<Runs>,
}

impl Scalar {
    pub fn new(text: impl Into<String>, span: Span) -> Self {
        Self { text: text.into(), span, runs: None }
    }

    /// The place of the bytes `start..end` of the text; the whole scalar when escapes or folding hide it.
    pub fn part(&self, start: usize, end: usize) -> Span {
        let place = |at: usize| locate(self.runs.as_ref()?, u32::try_from(at).ok()?);
        match (place(start), place(end.max(start + 1) - 1)) {
            (Some(from), Some(last)) => Span { start: from, end: last + u32::from(end > start), ..self.span },
            _ => self.span,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{} cannot be read", .0.display())]
    Io(PathBuf, #[source] std::io::Error),
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    #[error("{} is longer than {FILE_BYTES_MAX} bytes", .0.display())]
    TooLong(PathBuf),
    #[error("{} has more than {FILES_MAX} flow files", .0.display())]
    TooMany(PathBuf),
}

/// Reads the files that make a flow folder: `*.yaml` (and stray `*.yml`) at its top and in `locales/`,
/// the rules for wording, and what is a plain yes.
///
/// Keys are relative paths with `/`. Symbolic links are followed; anything else is left alone.
///
/// # Errors
/// When the folder or a file cannot be read, is not UTF-8, or is too large.
pub fn read_folder(dir: &Path) -> Result<BTreeMap<String, String>, ReadError> {
    let mut files = BTreeMap::new();
    read_level(dir, "", &mut files)?;
    let locales = dir.join("locales");
    if locales.is_dir() {
        read_level(&locales, "locales/", &mut files)?;
    }
    for name in [LINT_FILE, CONSENT_FILE] {
        let path = dir.join(name);
        if path.is_file() {
            files.insert(name.to_owned(), read_file(&path)?);
        }
    }
    if files.len() > FILES_MAX {
        return Err(ReadError::TooMany(dir.to_owned()));
    }
    Ok(files)
}

fn read_level(dir: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<(), ReadError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| ReadError::Io(path, error)
    };
    for entry in std::fs::read_dir(dir).map_err(io(dir))? {
        let path = entry.map_err(io(dir))?.path();
        let is_yaml = path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml");
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !is_yaml || name.starts_with('.') || !path.is_file() {
            continue;
        }
        files.insert(format!("{prefix}{name}"), read_file(&path)?);
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<String, ReadError> {
    let io = |error| ReadError::Io(path.to_owned(), error);
    let length = path.metadata().map_err(io)?.len();
    if usize::try_from(length).map_or(true, |length| length > FILE_BYTES_MAX) {
        return Err(ReadError::TooLong(path.to_owned()));
    }
    String::from_utf8(std::fs::read(path).map_err(io)?).map_err(|_| ReadError::NotText(path.to_owned()))
}

/// Parses one file; `file` is its position in the sorted list of files.
///
/// # Errors
/// The first syntax error, or what the language leaves out (anchors, tags, several documents) or limits.
pub fn parse(file: u16, text: &str) -> Result<Node, Box<Finding>> {
    if text.len() > FILE_BYTES_MAX {
        let span = Span { file, start: 0, end: 0 };
        return Err(Box::new(
            Finding::new(Code::TooLarge, span, format!("the file is longer than {FILE_BYTES_MAX} bytes"))
                .help("split it: one flow per file, one task per flow"),
        ));
    }
    let mut builder = Builder { file, text, stack: Vec::new(), root: None };
    for next in Parser::new_from_str(text) {
        match next {
            Ok((event, span)) => builder.event(event, span)?,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0);
                return Err(syntax(builder.span(at, at + 1), &error.kind().to_string()));
            }
        }
    }
    let end = text.len();
    builder.root.ok_or_else(|| {
        Finding::new(Code::Yaml, Span { file, start: 0, end: 0 }, "the file is empty")
            .label(if end == 0 { "" } else { "only comments here" })
            .help("a flow begins with `flow: <name>`; delete the file if it is not needed")
            .into()
    })
}

fn syntax(span: Span, what: &str) -> Box<Finding> {
    Finding::new(Code::Yaml, span, format!("this is not YAML: {what}"))
        .label("the reader stopped here")
        .help("look at the indentation and quotes here and on the line above; texts with `: ` or ` #` need quotes")
        .into()
}

/// A map or list that is still open.
enum Open {
    Seq { start: usize, items: Vec<Node> },
    Map { start: usize, entries: Vec<(Scalar, Node)>, keys: HashSet<String>, key: Option<Scalar> },
}

struct Builder<'a> {
    file: u16,
    text: &'a str,
    stack: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        let clamp = |at: usize| u32::try_from(at.min(self.text.len())).unwrap_or(u32::MAX);
        Span { file: self.file, start: clamp(start), end: clamp(end) }
    }

    fn event(&mut self, event: Event<'_>, at: YamlSpan) -> Result<(), Box<Finding>> {
        let range = at.byte_range().unwrap_or(0..0);
        let span = self.span(range.start, range.end);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.plain_only(anchor != 0, tag.is_some(), span)?;
                self.scalar(&text, style, span)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.plain_only(anchor != 0, tag.is_some(), span)?;
                self.open(Open::Seq { start: range.start, items: Vec::new() }, span)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.plain_only(anchor != 0, tag.is_some(), span)?;
                let open =
                    Open::Map { start: range.start, entries: Vec::new(), keys: HashSet::new(), key: None };
                self.open(open, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(_) | Event::UnresolvedAlias(_) => Err(left_out("`*` references", span)),
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(left_out("a second document (`---`)", span))
            }
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::Anchor(..) => Ok(()),
            _ => Err(left_out("this YAML feature", span)),
        }
    }

    /// Anchors and tags make a file mean something else than what stands there.
    fn plain_only(&self, anchor: bool, tag: bool, span: Span) -> Result<(), Box<Finding>> {
        if anchor {
            return Err(left_out("`&` anchors", span));
        }
        if tag { Err(left_out("`!` tags", span)) } else { Ok(()) }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) -> Result<(), Box<Finding>> {
        let slice = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let quotes = match style {
            ScalarStyle::Plain => Quotes::None,
            ScalarStyle::SingleQuoted => Quotes::Single,
            ScalarStyle::DoubleQuoted => Quotes::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => Quotes::Block,
        };
        let runs = align(text, slice, quotes, span.start as usize);
        let scalar = Scalar { text: text.to_owned(), span, runs };
        let is_null = style == ScalarStyle::Plain && matches!(text, "" | "~" | "null");
        if let Some(Open::Map { key: slot @ None, keys, .. }) = self.stack.last_mut() {
            if !keys.insert(text.to_owned()) {
                return Err(Finding::new(Code::DuplicateKey, span, format!("`{text}` is there twice"))
                    .label("second time")
                    .help("keep one of them; the reader will not guess which")
                    .into());
            }
            *slot = Some(scalar);
            return Ok(());
        }
        let kind = if is_null { NodeKind::Null } else { NodeKind::Scalar(scalar) };
        self.add(Node { span, kind });
        Ok(())
    }

    fn open(&mut self, open: Open, span: Span) -> Result<(), Box<Finding>> {
        if let Some(Open::Map { key: None, .. }) = self.stack.last() {
            return Err(Finding::new(Code::WrongShape, span, "a key must be a word, not a list or a map")
                .help("a text that begins with `{` or `[` needs quotes")
                .into());
        }
        if self.stack.len() >= DEPTH_MAX {
            return Err(Finding::new(Code::TooLarge, span, format!("nested deeper than {DEPTH_MAX} levels"))
                .help("no part of a flow is that deep; look at the brackets")
                .into());
        }
        self.stack.push(open);
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Box<Finding>> {
        let node = match self.stack.pop() {
            Some(Open::Seq { start, items }) => {
                let end = items.last().map_or(end, |last| end.max(last.span.end as usize));
                Node { span: self.span(start, end), kind: NodeKind::Seq(items) }
            }
            Some(Open::Map { start, entries, .. }) => {
                let end = entries.last().map_or(end, |(_, last)| end.max(last.span.end as usize));
                Node { span: self.span(start, end), kind: NodeKind::Map(entries) }
            }
            None => return Ok(()),
        };
        self.add(node);
        Ok(())
    }

    fn add(&mut self, node: Node) {
        match self.stack.last_mut() {
            Some(Open::Seq { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => {
                if let Some(key) = key.take() {
                    entries.push((key, node));
                }
            }
            None => self.root = Some(node),
        }
    }
}

fn left_out(what: &str, span: Span) -> Box<Finding> {
    Finding::new(Code::Yaml, span, format!("{what} cannot be used in flows"))
        .help("write the text out where it is needed, or put it in quotes if it is meant as text")
        .into()
}
