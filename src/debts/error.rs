//! What is wrong with a row, without saying whose row it is.

use std::fmt;

/// A mistake in a debt file. `found` describes a value by its shape and never repeats personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// From 1; the heading is line 1.
    pub line: u64,
    /// The column's canonical name; `None` for the file or a whole row.
    pub column: Option<String>,
    pub found: String,
    pub reason: String,
    pub remedy: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        if !self.found.is_empty() {
            write!(f, " ({})", self.found)?;
        }
        write!(f, ": {}; {}", self.reason, self.remedy)
    }
}

/// Characters of a shape that are shown.
const SHAPE_CHARS_MAX: usize = 24;

/// The shape of a value: `12.345,6x` is shown as `99.999,9a`. Enough to find a mistake, nothing to identify a person.
pub fn shape(value: &str) -> String {
    if value.is_empty() {
        return "empty".to_owned();
    }
    let mut shape: String = value
        .chars()
        .take(SHAPE_CHARS_MAX)
        .map(|c| match c {
            c if c.is_ascii_digit() => '9',
            // A digit of another script looks like one of ours and is none.
            c if c.is_numeric() => '#',
            c if c.is_alphabetic() => 'a',
            c if c.is_control() => '?',
            c => c,
        })
        .collect();
    if value.chars().nth(SHAPE_CHARS_MAX).is_some() {
        shape.push('…');
    }
    format!("shaped `{shape}`")
}
