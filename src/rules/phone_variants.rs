//! The same line written in several ways: Brazil's ninth digit, Mexico's 521, Argentina's 549.
//!
//! A variant may be another subscriber, so a match is only a claim: it never proves who is writing.

/// The digits as received first, then how the same mobile may be on file.
pub fn candidates_of(wa_id: &str) -> Vec<String> {
    let mut all = vec![wa_id.to_owned()];
    if let Some(variant) = brazil(wa_id).or_else(|| mexico(wa_id)).or_else(|| argentina(wa_id)) {
        all.push(variant);
    }
    all
}

/// `55` + area (2) + `9` + 8 digits ⇄ without the 9; landlines (first digit 2 to 5) have no variant.
fn brazil(wa_id: &str) -> Option<String> {
    let rest = wa_id.strip_prefix("55")?;
    let (area, line) = rest.split_at_checked(2)?;
    match line.len() {
        9 => line.strip_prefix('9').map(|short| format!("55{area}{short}")),
        8 if line.starts_with(['6', '7', '8', '9']) => Some(format!("55{area}9{line}")),
        _ => None,
    }
}

/// `521` + 10 digits ⇄ `52` + 10 digits.
fn mexico(wa_id: &str) -> Option<String> {
    let rest = wa_id.strip_prefix("52")?;
    match rest.len() {
        11 => rest.strip_prefix('1').map(|line| format!("52{line}")),
        10 => Some(format!("521{rest}")),
        _ => None,
    }
}

/// `549` + 10 digits → `54` + 10 digits; never the other way, which may be a landline.
fn argentina(wa_id: &str) -> Option<String> {
    let line = wa_id.strip_prefix("549")?;
    (line.len() == 10).then(|| format!("54{line}"))
}

#[cfg(test)]
mod tests {
    use super::candidates_of;

    #[test]
    fn variants_by_country() {
        for (received, variant) in [
            ("5511987654321", Some("551187654321")),
            ("551187654321", Some("5511987654321")),
            ("551133334444", None),
            ("5215512345678", Some("525512345678")),
            ("525512345678", Some("5215512345678")),
            ("5491112345678", Some("541112345678")),
            ("541112345678", None),
            ("573005550001", None),
        ] {
            let found = candidates_of(received);
            assert_eq!(found[0], received);
            assert_eq!(found.get(1).map(String::as_str), variant, "{received}");
        }
    }
}
