//! Money and people go to the lender: who holds the account, where the page for paying is, and that a line for people in
//! distress is no phone of the lender.

use crate::rules::policy::document::Node;
use crate::rules::policy::model::Reference;
use crate::rules::policy::read::{Fields, Reader};
use unicode_normalization::UnicodeNormalization;

/// What a policy says of the lender itself, as far as it was read.
#[derive(Debug, Default)]
pub struct Own {
    pub name: Option<String>,
    pub country: Option<String>,
    pub web: Option<String>,
}

/// Weights of the check digit of a Colombian NIT, from the last digit on (DIAN, Orden Administrativa 4 of 1989).
const NIT_WEIGHTS: [u32; 15] = [3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71];
/// A shorter number is none that somebody answers.
const LINE_DIGITS_MIN: usize = 3;

/// The holder is the lender, or the file says that it collects for it; its tax number is that of a company.
pub fn check_holder(reader: &Reader<'_>, fields: &Fields<'_>, own: &Own) {
    let declared = fields.get("holder_is_trustee").is_some_and(|node| node.text() == "true");
    if let (Some(node), Some(name)) = (fields.get("holder"), &own.name)
        && !declared
        && !has_words(node.text(), name)
    {
        let what = format!("`{}` is not `{name}`: money would go to somebody else", node.text());
        let remedy = "write the lender's name as the bank has it, or `holder_is_trustee: true` for a trust that collects for it";
        reader.report(node.place, what, remedy);
    }
    if let (Some(node), Some(country)) = (fields.get("holder_tax_id"), &own.country)
        && let Some(what) = wrong_tax_id(country, node.text())
    {
        reader.report(node.place, what, "copy it from the bank's certificate of the account");
    }
}

/// A page for paying is the lender's, or the file says that it is a gateway's.
pub fn check_page(reader: &Reader<'_>, fields: &Fields<'_>, own: &Own) {
    let declared = fields.get("is_gateway").is_some_and(|node| node.text() == "true");
    let (Some(node), Some(web)) = (fields.get("url"), &own.web) else { return };
    // Any other address is refused where it is read.
    let Some(address) = node.text().strip_prefix("https://") else { return };
    let host = address.split(['/', ':']).next().unwrap_or_default();
    let host = host.to_lowercase();
    let domain = web.trim_start_matches("https://").split('/').next().unwrap_or_default().to_lowercase();
    let domain = domain.trim_start_matches("www.");
    if !declared && host != domain && !host.ends_with(&format!(".{domain}")) {
        let what = format!("`{host}` is not of `{domain}`, the lender's own domain");
        reader.report(
            node.place,
            what,
            "correct it, or write `is_gateway: true` for the page of a payment gateway",
        );
    }
}

/// A reference by which the lender knows whose payment it is.
pub fn reference(reader: &Reader<'_>, node: &Node) -> Option<Reference> {
    let found = reader.parsed(
        node,
        "a reference with the placeholders `{obligation}` and `{agreement}` only",
        "\"AND{obligation}\"",
        Reference::parse,
    )?;
    // An agreement has no number before there is one.
    if !node.text().contains("{obligation}") {
        let what = format!("`{}` is the same for all who pay", node.text());
        reader.report(node.place, what, "write `{obligation}` where the number of the debt goes");
    }
    Some(found)
}

/// A line for people in distress has a number, and it is not the lender's.
pub fn check_line(reader: &Reader<'_>, fields: &Fields<'_>, key: &str) {
    let Some(node) = fields.get(key) else { return };
    let phone = fields.get("phone").map(|node| digits(node.text())).unwrap_or_default();
    let line = digits(node.text());
    let remedy = "write the number of a public line that answers at any hour, such as the country's own";
    if line.len() < LINE_DIGITS_MIN {
        reader.report(node.place, format!("`{key}` has no number to call"), remedy);
    } else if !phone.is_empty() && line.contains(&phone) {
        reader.report(node.place, format!("`{key}` is the lender's own phone"), remedy);
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether every word of a name stands in a text, accents and case aside.
fn has_words(text: &str, name: &str) -> bool {
    let there = words(text);
    words(name).iter().all(|word| there.contains(word))
}

/// The words of a text, in small letters without accents.
pub fn words(text: &str) -> Vec<String> {
    let plain: String = text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect();
    let plain = plain.to_lowercase();
    let words = plain.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What is wrong with a company's tax number, in the countries whose numbers show it.
fn wrong_tax_id(country: &str, text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
    match country {
        "CO" => {
            let (number, check) = plain.split_once('-').unwrap_or((&plain, ""));
            let digit = nit_digit(number);
            digit
                .is_none_or(|digit| check != digit.to_string())
                .then(|| format!("`{text}` is no NIT: number, `-` and the digit that proves it"))
        }
        "MX" => (!is_company_rfc(&plain)).then(|| {
            format!("`{text}` is no RFC of a company: three letters, a date of six digits, three signs")
        }),
        _ => None,
    }
}

/// The check digit of a NIT; `None` when it is no number of one.
fn nit_digit(number: &str) -> Option<u32> {
    if !(6..=NIT_WEIGHTS.len()).contains(&number.len()) {
        return None;
    }
    let digits: Option<Vec<u32>> = number.chars().rev().map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits?.iter().zip(NIT_WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let rest = sum % 11;
    Some(if rest > 1 { 11 - rest } else { rest })
}

fn is_company_rfc(text: &str) -> bool {
    let signs: Vec<char> = text.chars().collect();
    let number =
        |from: usize| -> Option<u32> { signs.get(from..from + 2)?.iter().collect::<String>().parse().ok() };
    signs.len() == 12
        && signs[..3].iter().all(|c| c.is_ascii_uppercase() || matches!(c, '&' | 'Ñ'))
        && signs[3..9].iter().all(char::is_ascii_digit)
        && number(5).is_some_and(|month| (1..=12).contains(&month))
        && number(7).is_some_and(|day| (1..=31).contains(&day))
        && signs[9..].iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{nit_digit, wrong_tax_id};
    use crate::rules::policy::parse;

    const ANDINO: &str = include_str!("../../../flows/policies/andino.yaml");
    const NORTE: &str = include_str!("../../../flows/policies/norte.yaml");

    /// The mistakes of a policy after an edit.
    fn after(policy: &str, from: &str, to: &str) -> Vec<String> {
        assert!(policy.contains(from), "{from}");
        let parsed = parse("a.yaml", &policy.replacen(from, to, 1));
        parsed.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_digit_of_a_nit_and_the_shape_of_an_rfc_prove_themselves() {
        // Public numbers of two state bodies: 800.197.268-4 (DIAN) and 899.999.090-2 (Ministerio de Hacienda).
        assert_eq!((nit_digit("800197268"), nit_digit("899999090")), (Some(4), Some(2)));
        for (country, text, right) in [
            ("CO", "800.197.268-4", true),
            ("CO", "800197268-5", false),
            ("CO", "800197268", false),
            ("CO", "1020304050", false),
            ("MX", "CNO010101AB1", true),
            ("MX", "PEGJ800101AB1", false),
            ("MX", "CNO011301AB1", false),
            ("PE", "20100047218", true),
        ] {
            assert_eq!(wrong_tax_id(country, text).is_none(), right, "{text}");
        }
    }

    #[test]
    fn money_goes_to_the_lender_and_each_payment_is_known() {
        for (from, to, said) in [
            ("holder: Banco Andino S.A.", "holder: Carlos Pérez", "money would go to somebody else"),
            ("\"900123456-8\"", "\"900123456-7\"", "is no NIT"),
            ("reference: \"{obligation}\"", "reference: \"PAGO\"", "the same for all who pay"),
            ("reference: \"{obligation}\"", "reference: \"{agreement}\"", "the same for all who pay"),
            ("https://pagos.bancoandino.example/", "https://bancoandino.pagos.example/", "is not of"),
            ("la línea 106 (gratis, a toda hora)", "nuestra línea amiga", "no number to call"),
            ("la línea 106 (gratis, a toda hora)", "el (601) 555-0100", "the lender's own phone"),
        ] {
            let shown = after(ANDINO, from, to);
            assert!(shown.len() == 1 && shown[0].contains(said), "{to}: {shown:#?}");
        }
        let person = after(NORTE, "CNO010101AB1", "PEGJ800101AB1");
        assert!(person[0].contains("is no RFC of a company"), "{person:#?}");
    }

    #[test]
    fn what_is_declared_or_only_written_otherwise_passes() {
        for (from, to) in [
            ("holder: Banco Andino S.A.", "holder: BANCO ANDINO SOCIEDAD ANÓNIMA"),
            ("holder: Banco Andino S.A.", "holder: Fiduciaria del Sur\n    holder_is_trustee: true"),
            ("\"900123456-8\"", "\"900.123.456-8\""),
            ("reference: \"{obligation}\"", "reference: \"AND{obligation}\""),
            (
                "url: https://pagos.bancoandino.example/pagar",
                "url: https://checkout.pasarela.example/andino\n    is_gateway: true",
            ),
            ("crisis_line: la línea 106", "crisis_line: el 106 o el 123"),
        ] {
            assert_eq!(after(ANDINO, from, to), Vec::<String>::new(), "{to}");
        }
    }
}
