//! What a spreadsheet leaves in a file: numbers without their last digits, and characters that nobody sees.

use crate::debts::values::{Mistake, mistake};

/// Why this is no number any more but a picture of one; `None` when it may be whole. For values that are names of
/// something (documents, account numbers, phones), not for amounts.
pub fn destroyed(text: &str) -> Option<Mistake> {
    const AS_TEXT: &str =
        "format the column as text before the values are entered, or export it from the system itself";
    let text = text.trim();
    if text.len() > 1 && text.bytes().all(|byte| byte == b'#') {
        return Some(mistake(
            "a column that was too narrow for its number",
            "make it wider and export again",
        ));
    }
    if is_error(text) {
        return Some(mistake("the error of a formula", "mend the formula, or write the value itself"));
    }
    if text.starts_with('=') || text.starts_with('\'') {
        return Some(mistake("a formula, or the sign before a text", "write the value itself"));
    }
    if is_scientific(text) {
        return Some(mistake("a number in scientific notation: its last digits are lost", AS_TEXT));
    }
    if is_fraction(text) {
        return Some(mistake("a number with decimals where digits belong", AS_TEXT));
    }
    None
}

/// `#N/A`, `#¡REF!`, `#DIV/0!`, `#VALOR!` and what programs write for nothing.
fn is_error(text: &str) -> bool {
    let named = text.strip_prefix('#').is_some_and(|rest| {
        let word = rest.trim_start_matches('¡').trim_end_matches(['!', '?']);
        rest.ends_with(['!', '?']) || word == "N/A" || word == "N/D"
    });
    named || ["nan", "null", "none", "undefined"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// `1,09E+09`, `5.00123E15`, `1e+15`. Digits with a letter E alone may be a document, as `12E4567` is.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.trim_start_matches(['+', '-']).split_once(['E', 'e']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let unsigned = exponent.trim_start_matches(['+', '-']);
    digits(whole)
        && fraction.is_none_or(digits)
        && digits(unsigned)
        && (fraction.is_some() || unsigned.len() < exponent.len())
}

/// `1090004821.0`, `5001,00`: three zeros after at most three digits may be a thousand.
fn is_fraction(text: &str) -> bool {
    let Some((whole, fraction)) = text.trim_start_matches(['+', '-']).split_once(['.', ',']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && fraction.bytes().all(|byte| byte == b'0')
        && !(fraction.len() == 3 && whole.len() <= 3)
}

/// The value without characters that nobody sees, and with plain spaces; `None` when it is so already.
pub fn cleaned(text: &str) -> Option<String> {
    if text.is_ascii() || !text.chars().any(|c| is_invisible(c) || is_odd_space(c)) {
        return None;
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        // What is left of a letter in a wrong encoding stays, so that the name is seen to be garbled.
        if clean.ends_with(['Ã', 'Â']) {
            clean.push(c);
        } else if is_odd_space(c) {
            clean.push(' ');
        } else if !is_invisible(c) {
            clean.push(c);
        }
    }
    Some(clean)
}

/// Characters of Unicode that have no shape: marks of direction as contact cards have them, joiners, fillers, byte
/// order marks (Unicode 16, `Default_Ignorable_Code_Point` without variation selectors).
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Spaces that do not break, or of another width.
const fn is_odd_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// A name whose letters were read in a wrong encoding somewhere before: `JosÃ©`, `Pe¤a`, `Pe�a`.
pub fn is_garbled(name: &str) -> bool {
    let strange = |c: char| {
        matches!(
            c,
            '\u{fffd}'
                | '¤'
                | '¢'
                | '£'
                | '¥'
                | '§'
                | '¦'
                | '¬'
                | '¯'
                | '±'
                | '¶'
                | '¡'
                | '¿'
                | '×'
                | '÷'
                | '‰'
                | '†'
                | '‡'
                | '‚'
                | '„'
                | 'ƒ'
        )
    };
    let pairs = name.chars().zip(name.chars().skip(1));
    // The first byte of a letter in UTF-8 as Windows-1252 shows it, and one that can be its second.
    let doubled = |(first, second): (char, char)| {
        matches!(first, 'Ã' | 'Â') && !second.is_alphabetic() && !second.is_ascii() && second != '’'
            || first == 'Ã' && matches!(second, 'ª' | 'º' | 'ƒ' | 'š' | 'œ' | 'ž' | 'Š' | 'Œ' | 'Ž' | 'Ÿ')
    };
    let letters: Vec<char> = name.chars().collect();
    // `Jos?`, `Mu?oz`: a letter that an export could not write. `JosŽ`, `Mu–oz`: Mac OS Roman read as Windows-1252.
    let lost = letters.windows(2).any(|pair| pair[0].is_alphabetic() && pair[1] == '?')
        || letters.windows(2).any(|pair| pair[0].is_lowercase() && matches!(pair[1], 'Ž' | 'Š'))
        || letters
            .windows(3)
            .any(|three| three[0].is_lowercase() && matches!(three[1], '–' | '—') && three[2].is_lowercase());
    name.chars().any(strange) || pairs.into_iter().any(doubled) || lost
}

#[cfg(test)]
mod tests {
    use super::{cleaned, destroyed, is_garbled};

    #[test]
    fn a_destroyed_number_is_seen_and_a_whole_one_is_not() {
        for text in [
            "1,09E+09",
            "5,00123E+15",
            "1.00123E+12",
            "1E+09",
            "1e-05",
            "5.00123E15",
            "2,0e3",
            "+1,5E+06",
            "####",
            "#N/A",
            "#¡REF!",
            "#NAME?",
            "#¿NOMBRE?",
            "NaN",
            "NULL",
            "=\"0012\"",
            "'0012",
            "1090004821.0",
            "5001,00",
            "5001.0000",
            "5001.000",
            "-12.0",
        ] {
            assert!(destroyed(text).is_some(), "{text}");
        }
        for text in [
            "1090004821",
            "1.090.004.000",
            "1,090,004,821",
            "52.000",
            "12E4567",
            "AB1234C",
            "12.345.678-K",
            "E15",
            "GATM900101MNLRRR01",
            "5001-00",
            "5001/0",
            "A.0",
            "1.5E",
            "#12",
            "12#",
            "Nancy",
            "0001",
        ] {
            assert!(destroyed(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_nobody_sees_goes() {
        assert_eq!(cleaned("\u{202a}+57 310\u{202c}").as_deref(), Some("+57 310"));
        assert_eq!(cleaned("+57\u{a0}310\u{202f}555").as_deref(), Some("+57 310 555"));
        assert_eq!(cleaned("Ana\u{200b} \u{feff}Núñez").as_deref(), Some("Ana Núñez"));
        assert_eq!(cleaned("Ana Núñez’"), None);
        assert_eq!(cleaned("MarÃ\u{ad}a").as_deref(), Some("MarÃ\u{ad}a"));
    }

    #[test]
    fn garbled_names_are_seen_and_names_are_not() {
        for name in [
            "JosÃ© PeÃ±a",
            "NÃºÃ±ez",
            "MUÃ‘OZ",
            "Pe�a",
            "Pe¤a",
            "Jos‚",
            "Â¿Ana?",
            "MarÃ\u{ad}a",
            "CÃ³rdoba",
            "Jos? Mu?oz",
            "Jos?",
            "JosŽ Mu–oz",
            "Pe–a",
        ] {
            assert!(is_garbled(name), "{name}");
        }
        for name in [
            "JOÃO",
            "SÃO JOSÉ",
            "Marta O’Higgins",
            "Núñez",
            "D´Angelo",
            "Mª José",
            "Ângela",
            "IRMÃ’S",
            "Ñáñez",
            "Želka Šimić",
            "ŽELKA ŠIMIĆ",
            "Ana – Luz",
        ] {
            assert!(!is_garbled(name), "{name}");
        }
    }
}
