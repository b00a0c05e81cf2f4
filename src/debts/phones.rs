//! Phones of files: whole numbers with their country code, as WhatsApp writes them.
//!
//! A number that cannot be is refused, never put right: a digit too many may be somebody else's phone. Lengths and
//! first digits follow the national numbering plans that the ITU lists (www.itu.int/oth/T0202.aspx?parent=T0202).

use crate::debts::spreadsheets;
use crate::debts::values::{Mistake, mistake};
use crate::domain::identity::WaId;

/// Phones of one person.
const PHONES_MAX: usize = 10;

/// One or more phones with country code, separated by `|`; digits with country code.
pub fn phones(text: &str) -> Result<Vec<String>, Mistake> {
    let mut phones = Vec::new();
    for part in text.split('|').map(str::trim).filter(|part| !part.is_empty()) {
        let phone = phone(part)?;
        if !phones.contains(&phone) {
            phones.push(phone);
        }
    }
    if phones.len() > PHONES_MAX {
        return Err(mistake("more than 10 phones", "keep those that the person authorised"));
    }
    Ok(phones)
}

fn phone(text: &str) -> Result<String, Mistake> {
    const FORM: Mistake = mistake("not a phone", "write it as `+57 300 555 0001`, several separated by `|`");
    const TRUNK: Mistake = mistake(
        "a zero that is dialled inside the country only",
        "leave it out after the country code, as in `+57 300 555 0001`",
    );
    if let Some(destroyed) = spreadsheets::destroyed(text) {
        return Err(destroyed);
    }
    let rest = text.strip_prefix('+');
    let written = rest.unwrap_or(text);
    let is_dash = |c| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    if written.replace(' ', "").contains("(0)") {
        return Err(TRUNK);
    }
    let digits: String =
        written.chars().filter(|c| !matches!(c, ' ' | '(' | ')' | '.') && !is_dash(*c)).collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FORM);
    }
    if digits.starts_with("00") {
        return Err(mistake("a prefix of calls abroad", "write `+` and the country code instead of `00`"));
    }
    // Without `+`, ten digits or fewer are a national number in every country of ours.
    if rest.is_none() && (digits.len() <= 10 || digits.starts_with('0')) {
        return Err(mistake("a phone without country code", "write it as `+57 300 555 0001`"));
    }
    let Some((code, national)) = country(&digits) else {
        return Err(mistake("no country has this code", "write it as `+57 300 555 0001`"));
    };
    if national.starts_with('0') && !KEEP_ZERO.contains(&code) {
        return Err(TRUNK);
    }
    fits(code, national)?;
    WaId::parse(&digits).map(|phone| phone.expose().to_owned()).ok_or(FORM)
}

/// Countries whose numbers keep a leading zero when called from abroad.
const KEEP_ZERO: [&str; 5] = ["225", "241", "242", "378", "39"];

/// The country code and what follows it.
fn country(digits: &str) -> Option<(&str, &str)> {
    const TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
        "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
        "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    /// The first two digits of codes with three; single ones in them are not given out.
    const THREE: [&str; 16] =
        ["21", "22", "23", "24", "25", "26", "29", "35", "37", "38", "42", "50", "59", "67", "68", "69"];
    /// Also with three digits.
    const THREE_ASIA: [&str; 5] = ["85", "88", "96", "97", "99"];
    const NOT_GIVEN: [&str; 34] = [
        "210", "214", "215", "217", "219", "259", "292", "293", "294", "295", "296", "384", "388", "422",
        "424", "425", "426", "427", "428", "429", "671", "684", "693", "694", "695", "696", "697", "698",
        "699", "851", "854", "978", "990", "999",
    ];
    let one = digits.get(..1)?;
    if one == "1" || one == "7" {
        return digits.split_at_checked(1);
    }
    let two = digits.get(..2)?;
    if TWO.contains(&two) {
        return digits.split_at_checked(2);
    }
    let three = digits.get(..3)?;
    let known = (THREE.contains(&two) || THREE_ASIA.contains(&two)) && !NOT_GIVEN.contains(&three);
    known.then(|| digits.split_at_checked(3))?
}

/// Whether the national number has the length and the first digits of its country.
fn fits(code: &str, national: &str) -> Result<(), Mistake> {
    let len = national.len();
    let begins = |with: &[char]| national.starts_with(with);
    let (fits, remedy) = match code {
        "57" => (len == 10 && begins(&['3', '6']), "write `+57` and ten digits, as in `+57 300 555 0001`"),
        "52" => {
            (mexico(national), "write `+52` and ten digits, as in `+52 81 5550 0101`, without 044 or 045")
        }
        "55" => (brazil(national), "write `+55`, the area and the number, as in `+55 11 91234 5678`"),
        "54" => (argentina(national), "write `+54 9` and ten digits, as in `+54 9 11 2345 6789`, without 15"),
        "56" => (len == 9 && !begins(&['1']), "write `+56` and nine digits, as in `+56 9 6123 4567`"),
        "51" => (
            len == 9 && begins(&['9']) || len == 8 && !begins(&['2', '3', '9']),
            "write `+51` and nine digits, as in `+51 912 345 678`",
        ),
        "58" => (len == 10 && begins(&['2', '4']), "write `+58` and ten digits, as in `+58 412 123 4567`"),
        "593" => (
            len == 9 && begins(&['9']) || len == 8 && !begins(&['1', '8', '9']),
            "write `+593` and nine digits, as in `+593 99 123 4567`",
        ),
        "1" => (north_america(national), "write `+1` and ten digits, as in `+1 201 555 0123`"),
        _ => (lengths(code).contains(&len), "write the whole number after its country code"),
    };
    if fits { Ok(()) } else { Err(mistake("not a number of the country of its code", remedy)) }
}

/// Digits after the country code; where no plan is known, what E.164 leaves for them.
fn lengths(code: &str) -> std::ops::RangeInclusive<usize> {
    match code {
        "30" | "7" => 10..=10,
        "31" | "33" | "34" | "351" => 9..=9,
        "32" => 8..=9,
        "44" => 9..=10,
        "350" | "502" | "503" | "504" | "505" | "506" | "509" | "53" | "591" | "598" => 8..=8,
        "507" => 7..=8,
        "595" => 7..=9,
        other => 5..=15 - other.len(),
    }
}

/// Ten digits; until 2019 mobiles had a 1 before them when called from abroad, which WhatsApp keeps.
fn mexico(national: &str) -> bool {
    let line = if national.len() == 11 { national.strip_prefix('1').unwrap_or_default() } else { national };
    line.len() == 10 && !line.starts_with('1') && !line.starts_with('0')
}

/// An area of two digits without zero, and eight digits, or nine that begin with 9.
fn brazil(national: &str) -> bool {
    let Some((area, line)) = national.split_at_checked(2) else { return false };
    !area.contains('0')
        && match line.len() {
            8 => !line.starts_with(['0', '1']),
            9 => line.starts_with('9'),
            _ => false,
        }
}

/// Ten digits, of mobiles after a 9; areas are 11 or begin with 2 or 3.
fn argentina(national: &str) -> bool {
    let line = if national.len() == 11 { national.strip_prefix('9').unwrap_or_default() } else { national };
    line.len() == 10 && (line.starts_with("11") || line.starts_with(['2', '3']))
}

/// Ten digits; neither area nor exchange begins with 0 or 1.
fn north_america(national: &str) -> bool {
    let exchange = national.get(3..).unwrap_or_default();
    national.len() == 10 && !national.starts_with(['0', '1']) && !exchange.starts_with(['0', '1'])
}

#[cfg(test)]
mod tests {
    use super::phones;

    #[test]
    fn numbers_are_read_however_they_are_spaced() {
        for (written, read) in [
            ("+57 300 555 0001", "573005550001"),
            ("573005550001", "573005550001"),
            ("+57 (300) 555-00-01", "573005550001"),
            ("+57.300.555.0001", "573005550001"),
            ("+57 300\u{2011}555\u{2013}0001", "573005550001"),
            ("+57 601 555 0100", "576015550100"),
            ("+52 81 5550 0101", "528155500101"),
            ("+52 1 81 5550 0101", "5218155500101"),
            ("+55 11 3333 1120", "551133331120"),
            ("+55 11 91234-5678", "5511912345678"),
            ("+54 9 11 2345 6789", "5491123456789"),
            ("+54 351 234 5678", "543512345678"),
            ("+56 9 6123 4567", "56961234567"),
            ("+51 912 345 678", "51912345678"),
            ("+51 1 234 5678", "5112345678"),
            ("+593 99 123 4567", "593991234567"),
            ("+1 201 555 0123", "12015550123"),
            ("+34 612 345 678", "34612345678"),
            ("+39 06 1234 5678", "390612345678"),
            ("+49 1512 3456789", "4915123456789"),
        ] {
            assert_eq!(phones(written).ok(), Some(vec![read.to_owned()]), "{written}");
        }
        let two = phones(" +57 300 555 0001 | 573005550002 | +573005550001").unwrap_or_default();
        assert_eq!(two, ["573005550001", "573005550002"]);
        assert_eq!(phones("").ok(), Some(vec![]));
    }

    #[test]
    fn a_number_that_cannot_be_is_refused_with_its_remedy() {
        for (written, remedy) in [
            ("573105550101.0", "as text"),
            ("+573105550101,00", "as text"),
            ("5,73106E+11", "as text"),
            ("5.7310555E11", "as text"),
            ("####", "wider"),
            ("0057 310 555 0101", "instead of `00`"),
            ("+0057 310 555 0101", "instead of `00`"),
            ("0573105550101", "write it as `+57"),
            ("03105550101", "write it as `+57"),
            ("3105550101", "write it as `+57"),
            ("+57 0310 555 0101", "leave it out"),
            ("+57 (0) 310 555 0101", "leave it out"),
            ("+571234", "ten digits"),
            ("+57 1 234 5678", "ten digits"),
            ("+57 310 555 010", "ten digits"),
            ("+57 310 555 01011", "ten digits"),
            ("+57 810 555 0101", "ten digits"),
            ("+52 044 81 5550 0101", "leave it out"),
            ("04481 5550 0101", "write it as `+57"),
            ("+52 1 044 5550 0101", "044"),
            ("+52 181 5550 010", "044"),
            ("+54 15 2345 6789", "without 15"),
            ("+54 11 15 2345 6789", "without 15"),
            ("+54 9 11 15 2345 6789", "without 15"),
            ("+54 011 2345 6789", "leave it out"),
            ("+55 015 11 91234 5678", "leave it out"),
            ("+55 11 81234 5678", "the area"),
            ("+56 09 6123 4567", "leave it out"),
            ("+1 555 0123", "ten digits"),
            ("+300 555 0001", "leave it out"),
            ("+3105550101", "leave it out"),
            ("+3125550101", "after its country code"),
            ("+2109999999", "`+57 300"),
            ("+57 300 555 0001 ext 4", "separated by `|`"),
            ("+57 300 555 0001 / +57 300 555 0002", "separated by `|`"),
            ("+57 300 555 0001 +57 300 555 0002", "separated by `|`"),
            ("+57 ３００ 555 0001", "separated by `|`"),
            ("+57 300 555 0001\u{200b}", "separated by `|`"),
            ("no tiene", "separated by `|`"),
            ("+", "separated by `|`"),
        ] {
            let refused = phones(written).err().map(|mistake| mistake.remedy);
            assert!(refused.is_some_and(|told| told.contains(remedy)), "{written}: {refused:?}");
        }
    }
}
