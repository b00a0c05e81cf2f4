//! Replaces `\u` escapes that are half of a surrogate pair by `\ufffd`.
//!
//! A text that was cut in the middle of an emoji (names and ad headlines are) reaches us as a lone surrogate. Any
//! strict JSON parser then refuses the whole delivery, with every other person's message in it.

use std::borrow::Cow;

/// The same text with each lone surrogate escape replaced; borrowed when there is none.
pub fn lone_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut spoiled = Vec::new();
    let mut at = 0;
    while let Some(step) = bytes.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == b'\\')) {
        at += step;
        match escaped_unit(bytes, at) {
            Some(0xD800..=0xDBFF) if matches!(escaped_unit(bytes, at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => {
                spoiled.push(at);
                at += 6;
            }
            Some(_) => at += 6,
            // A two-character escape such as `\\` or `\"`.
            None => at += 2,
        }
    }
    if spoiled.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut repaired = String::with_capacity(text.len());
    let mut from = 0;
    for at in spoiled {
        repaired.push_str(text.get(from..at).unwrap_or_default());
        repaired.push_str("\\ufffd");
        from = at + 6;
    }
    repaired.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(repaired)
}

/// The UTF-16 unit of a `\uXXXX` escape that begins at `at`.
fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at.checked_add(6)?)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0_u16, |unit, &digit| {
        let value = char::from(digit).to_digit(16)?;
        Some((unit << 4) | u16::try_from(value).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::lone_surrogates;
    use std::borrow::Cow;

    #[test]
    fn pairs_stay_and_halves_go() {
        for whole in ["plain", r#""\ud83d\ude42 \u00e1""#, r#""\\ud83d""#, r#""\\\\ude42""#] {
            assert!(matches!(lone_surrogates(whole), Cow::Borrowed(_)), "{whole}");
        }
        assert_eq!(lone_surrogates(r#""a\ud83d""#), r#""a\ufffd""#);
        assert_eq!(
            lone_surrogates(r#""\uDE42\uD83D\uDE42\ud83d\ud83d""#),
            r#""\ufffd\uD83D\uDE42\ufffd\ufffd""#
        );
        assert_eq!(lone_surrogates(r#""\\\ud83d""#), r#""\\\ufffd""#);
    }
}
