//! Words compared as people mean them: lower case, without accents, punctuation or double spaces.

use unicode_normalization::UnicodeNormalization;

/// The text as matching sees it: `"¡No, más!"` is `"no mas"`.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}
