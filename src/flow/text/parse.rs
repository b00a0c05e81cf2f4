//! Text with placeholders, as written: literal runs and `{path|format}` with their places.

use crate::flow::expr::lex::ExprError;
use crate::flow::expr::parse::parse_path;
use crate::flow::expr::tree::Tree;
use crate::flow::text::Format;
use std::ops::Range;

/// Longest text of one message in a flow file, in bytes.
pub const TEXT_BYTES_MAX: usize = 16_384;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    Slot(Slot),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Bytes of the whole `{…}` in the text.
    pub at: Range<usize>,
    /// Its bytes count from the start of the text.
    pub path: Tree,
    /// `Plain` when none is written.
    pub format: Format,
    pub format_at: Range<usize>,
}

/// What is wrong with a placeholder: its syntax, or the name of its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextError {
    Syntax(ExprError),
    Format { at: Range<usize>, name: String },
}

/// The formats, as written.
pub const FORMATS: [&str; 6] = ["money", "date", "long_date", "percent", "int", "plural"];

/// Splits a text. `{{` is a brace; `}}` and a lone `}` are braces too.
///
/// # Errors
/// All wrong placeholders, in order.
pub fn parse(text: &str) -> Result<Vec<Piece>, Vec<TextError>> {
    let mut pieces = Vec::new();
    let mut errors = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(double) = ["{{", "}}"].into_iter().find(|double| rest.starts_with(double)) {
            literal.push_str(&double[..1]);
            at += 2;
        } else if rest.starts_with('{') {
            let Some(length) = rest.find('}') else {
                let error = ExprError::new(at..text.len(), "the placeholder does not end")
                    .help("close it with `}`, or write `{{` for a brace");
                errors.push(TextError::Syntax(error));
                break;
            };
            let end = at + length + 1;
            match slot(text, at..end) {
                Ok(slot) => {
                    push_literal(&mut pieces, &mut literal);
                    pieces.push(Piece::Slot(slot));
                }
                Err(error) => errors.push(error),
            }
            at = end;
        } else {
            let length = rest
                .find(['{', '}'])
                .filter(|length| *length > 0)
                .unwrap_or_else(|| if rest.starts_with('}') { 1 } else { rest.len() });
            literal.push_str(&rest[..length]);
            at += length;
        }
    }
    push_literal(&mut pieces, &mut literal);
    if errors.is_empty() { Ok(pieces) } else { Err(errors) }
}

fn push_literal(pieces: &mut Vec<Piece>, literal: &mut String) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(std::mem::take(literal)));
    }
}

fn slot(text: &str, at: Range<usize>) -> Result<Slot, TextError> {
    let inner = at.start + 1..at.end - 1;
    let body = &text[inner.clone()];
    let (path, format) = match body.split_once('|') {
        Some((path, format)) => (path, Some(format)),
        None => (body, None),
    };
    let moved = |error: ExprError| ExprError {
        at: error.at.start + inner.start..error.at.end + inner.start,
        ..error
    };
    let mut tree = parse_path(path).map_err(|error| TextError::Syntax(moved(error)))?;
    shift(&mut tree, inner.start);
    let format_at = inner.start + path.len() + usize::from(format.is_some())..inner.end;
    let format = match format {
        None => Format::Plain,
        Some(name) => parse_format(name.trim())
            .ok_or_else(|| TextError::Format { at: format_at.clone(), name: name.trim().to_owned() })?,
    };
    Ok(Slot { at, path: tree, format, format_at })
}

fn parse_format(name: &str) -> Option<Format> {
    match name {
        "money" => Some(Format::Money),
        "date" => Some(Format::Date),
        "long_date" => Some(Format::LongDate),
        "percent" => Some(Format::Percent),
        "int" => Some(Format::Int),
        _ => {
            let (one, other) = name.strip_prefix("plural:")?.split_once(',')?;
            let (one, other) = (one.trim().to_owned(), other.trim().to_owned());
            (!one.is_empty() && !other.is_empty()).then_some(Format::Plural { one, other })
        }
    }
}

fn shift(tree: &mut Tree, by: usize) {
    use crate::flow::expr::tree::TreeKind;
    tree.at = tree.at.start + by..tree.at.end + by;
    if let TreeKind::Path(names) = &mut tree.kind {
        for name in names {
            name.at = name.at.start + by..name.at.end + by;
        }
    }
}
