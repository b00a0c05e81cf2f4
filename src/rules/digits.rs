//! The digit that a character shows, whatever the script: a number can be written in any of them.

use unicode_normalization::UnicodeNormalization;

/// Where the ten digits of a script begin (Unicode, general category Nd); styled ones decompose instead.
const ZEROS: [u32; 55] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0,
    0x16a60, 0x16b50, 0x1e140, 0x1e950,
];

/// Where signs for one to nine begin: dingbats and circled numbers that do not decompose.
const ONES: [u32; 4] = [0x2776, 0x2780, 0x278a, 0x24f5];

/// Chinese and Japanese numerals, plain and as they stand on cheques.
const HAN: [(char, &str); 10] = [
    ('0', "〇零"),
    ('1', "一壹壱"),
    ('2', "二贰貳弐"),
    ('3', "三叁參参"),
    ('4', "四肆"),
    ('5', "五伍"),
    ('6', "六陆陸"),
    ('7', "七柒漆"),
    ('8', "八捌"),
    ('9', "九玖"),
];

/// The ASCII digit that `c` shows, also a full-width, styled or circled one; `None` for all else.
pub fn digit_of(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    let code = u32::from(c);
    let of = |offset: u32| char::from_digit(offset, 10);
    if let Some(zero) = ZEROS.into_iter().find(|zero| (*zero..zero + 10).contains(&code)) {
        return of(code - zero);
    }
    if let Some(one) = ONES.into_iter().find(|one| (*one..one + 9).contains(&code)) {
        return of(code - one + 1);
    }
    match c {
        '⓿' => return Some('0'),
        _ if ('\u{3007}'..'\u{a000}').contains(&c) => {
            return HAN.into_iter().find(|(_, signs)| signs.contains(c)).map(|(digit, _)| digit);
        }
        _ => {}
    }
    let mut plain = std::iter::once(c).nfkd();
    plain.next().filter(|first| first.is_ascii_digit() && plain.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::digit_of;

    #[test]
    fn a_number_reads_the_same_in_every_script() {
        for (written, read) in [
            ("٣٠٠١٢٣٤٥٦٧", "3001234567"),
            ("۳۰۰", "300"),
            ("३००१२", "30012"),
            ("৩০০১২", "30012"),
            ("๓๐๐๑๒", "30012"),
            ("༣༠༠༡༢", "30012"),
            ("三〇〇一二", "30012"),
            ("叁零零壹贰", "30012"),
            ("３００", "300"),
            ("𝟑𝟎𝟎", "300"),
            ("③⓪⓪", "300"),
            ("❸⓿➊", "301"),
            ("³⁰⁰", "300"),
        ] {
            let digits: Option<String> = written.chars().map(digit_of).collect();
            assert_eq!(digits.as_deref(), Some(read), "{written}");
        }
        for other in ['a', 'é', '½', '⑩', '人', 'Ⅲ', ' '] {
            assert_eq!(digit_of(other), None, "{other}");
        }
    }
}
