//! What agents write, as it may be kept or sent: names, remarks and texts.

use super::{HandoffError, NAME_CHARS_MAX, NOTE_CHARS_MAX};
use crate::rules::reading::{is_invisible, turns_direction};
use crate::rules::secrets;

/// A code-like name: outcome, queue, step, key.
pub(super) fn named(field: &'static str, value: &str) -> Result<(), HandoffError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    if !value.is_empty() && value.len() <= NAME_CHARS_MAX && value.bytes().all(fits) {
        return Ok(());
    }
    let why = format!("must be 1 to {NAME_CHARS_MAX} of a-z, A-Z, 0-9, `_`, `-`, `.` and `:`");
    Err(HandoffError::Invalid { field, why })
}

/// A remark as it may be kept: without secrets that a person told.
pub(super) fn kept(field: &'static str, text: &str) -> Result<String, HandoffError> {
    let text = written(field, text, NOTE_CHARS_MAX)?;
    let Some(masked) = secrets::mask(&text) else { return Ok(text) };
    metrics::counter!("acuerdo_secrets_masked_total", "where" => "desk")
        .increment(u64::from(masked.n_places));
    Ok(masked.text)
}

/// A text as people will read it: without the blanks around it, with plain line ends, and without characters that
/// nobody sees. Control characters and turns of direction, which make people read another text, are refused.
pub(super) fn written(field: &'static str, text: &str, chars_max: usize) -> Result<String, HandoffError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    // Emoji are joined and varied by these two.
    let seen = |c: &char| {
        !is_invisible(*c) || turns_direction(*c) || matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{20e3}')
    };
    let text: String = text.chars().filter(seen).collect();
    let text = text.trim();
    let n_chars = text.chars().count();
    let why = if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        "is empty, or of characters that nobody sees; write the text again".to_owned()
    } else if n_chars > chars_max {
        format!("has {n_chars} characters; at most {chars_max} are allowed")
    } else if text.chars().any(turns_direction) {
        "turns the direction of writing, so that people read another text than was written; type it again"
            .to_owned()
    } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        "has control characters; write plain text".to_owned()
    } else {
        return Ok(text.to_owned());
    };
    Err(HandoffError::Invalid { field, why })
}
