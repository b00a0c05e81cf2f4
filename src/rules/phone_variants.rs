//! The same subscriber's line written in several ways: Brazil's ninth digit, Mexico's 521, Argentina's 549.
//!
//! Only what the country's numbering plan makes the same line is a variant: a number that merely looks alike is another
//! subscriber, who must not hear the name of the first. A match is still only a claim: it never proves who is writing.

/// Brazil's area codes (Anatel, Plano Geral de Códigos Nacionais).
const BRAZIL_AREAS: [&str; 67] = [
    "11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "24", "27", "28", "31", "32", "33",
    "34", "35", "37", "38", "41", "42", "43", "44", "45", "46", "47", "48", "49", "51", "53", "54", "55",
    "61", "62", "63", "64", "65", "66", "67", "68", "69", "71", "73", "74", "75", "77", "79", "81", "82",
    "83", "84", "85", "86", "87", "88", "89", "91", "92", "93", "94", "95", "96", "97", "98", "99",
];

/// The digits as received first, then how the same mobile may be on file.
pub fn candidates_of(wa_id: &str) -> Vec<String> {
    let mut all = vec![wa_id.to_owned()];
    if let Some(variant) = brazil(wa_id).or_else(|| mexico(wa_id)).or_else(|| argentina(wa_id)) {
        all.push(variant);
    }
    all
}

/// `55` + area (2) + `9` + 8 digits ⇄ without the 9 (Anatel, Resolução 553/2010): mobiles of eight digits began with 6 to
/// 9 and got a 9 before them. What begins with 2 to 5 was and is a landline, also behind a 9 that somebody puts there.
fn brazil(wa_id: &str) -> Option<String> {
    let (area, line) = wa_id.strip_prefix("55")?.split_at_checked(2)?;
    let old_mobile = |line: &str| line.len() == 8 && line.starts_with(['6', '7', '8', '9']);
    if !BRAZIL_AREAS.contains(&area) {
        return None;
    }
    match line.strip_prefix('9').filter(|_| line.len() == 9) {
        Some(short) => old_mobile(short).then(|| format!("55{area}{short}")),
        None => old_mobile(line).then(|| format!("55{area}9{line}")),
    }
}

/// `521` + 10 digits ⇄ `52` + 10 digits: the 1 was dropped in August 2019 (IFT, Plan Técnico Fundamental de Numeración);
/// a national number is one line, whatever it is. None begins with 0 or 1.
fn mexico(wa_id: &str) -> Option<String> {
    let rest = wa_id.strip_prefix("52")?;
    let national = |line: &str| line.len() == 10 && !line.starts_with(['0', '1']);
    match rest.strip_prefix('1').filter(|_| rest.len() == 11) {
        Some(line) => national(line).then(|| format!("52{line}")),
        None => national(rest).then(|| format!("521{rest}")),
    }
}

/// `549` + 10 digits → `54` + 10 digits; never the other way, which may be a landline. Areas begin with 1, 2 or 3.
fn argentina(wa_id: &str) -> Option<String> {
    let line = wa_id.strip_prefix("549")?;
    (line.len() == 10 && line.starts_with(['1', '2', '3'])).then(|| format!("54{line}"))
}

#[cfg(test)]
mod tests {
    use super::candidates_of;
    use proptest::prelude::*;

    #[test]
    fn variants_by_country() {
        for (received, variant) in [
            ("5511987654321", Some("551187654321")),
            ("551187654321", Some("5511987654321")),
            ("5585996651234", Some("558596651234")),
            ("558566651234", Some("5585966651234")),
            // Landlines, and what looks like one with a ninth digit.
            ("551133334444", None),
            ("5511933334444", None),
            ("5511933331120", None),
            ("5521925551234", None),
            ("552155551234", None),
            // No such area, too short, too long.
            ("5520987654321", None),
            ("552087654321", None),
            ("55119876543", None),
            ("55119876543210", None),
            ("5215512345678", Some("525512345678")),
            ("525512345678", Some("5215512345678")),
            ("5211512345678", None),
            ("520512345678", None),
            ("52155123456789", None),
            ("5491112345678", Some("541112345678")),
            ("5492914123456", Some("542914123456")),
            ("5499112345678", None),
            ("541112345678", None),
            ("573005550001", None),
            ("15551234567", None),
        ] {
            let found = candidates_of(received);
            assert_eq!(found[0], received);
            assert_eq!(found.get(1).map(String::as_str), variant, "{received}");
        }
    }

    proptest! {
        #[test]
        fn a_variant_is_the_same_line_from_both_sides_but_in_argentina(digits in "(55|521|52|549|54|57|1)[0-9]{8,12}") {
            for variant in candidates_of(&digits).into_iter().skip(1) {
                let back = candidates_of(&variant);
                prop_assert!(digits.starts_with("549") || back.contains(&digits), "{digits} {variant} {back:?}");
            }
        }
    }
}
