//! How people reach a lender, as far as a policy file can show that it misleads them: an assistant that poses as a person or an
//! authority, an address that anybody can have, a line for people in distress that is somebody's mobile.

use crate::rules::policy::payee::words;
use crate::rules::policy::read::{Fields, Reader};

/// What an assistant is called in the languages of debtors.
const ASSISTANTS: [&str; 8] =
    ["asistente", "assistente", "assistant", "robot", "bot", "chatbot", "automatico", "virtual"];
/// Words of offices that frighten whoever owes; a bot that takes one poses as what it is not.
const OFFICES: [&str; 12] = [
    "juez",
    "juzgado",
    "abogad",
    "doctor",
    "fiscal",
    "policia",
    "tribunal",
    "notari",
    "secretari",
    "advogad",
    "judge",
    "lawyer",
];
/// Pages behind which anything may stand.
const SHORTENERS: [&str; 14] = [
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "cutt.ly",
    "is.gd",
    "ow.ly",
    "rb.gy",
    "wa.me",
    "t.me",
    "linktr.ee",
    "forms.gle",
    "shorturl.at",
    "acortar.link",
];
/// Hosts at which anybody has a mailbox, by how they begin.
const MAILBOXES: [&str; 11] = [
    "gmail.",
    "hotmail.",
    "outlook.",
    "yahoo.",
    "live.",
    "icloud.",
    "proton.",
    "protonmail.",
    "aol.",
    "gmx.",
    "msn.",
];

/// Reports what would mislead whoever wants to reach the lender.
pub fn check(reader: &Reader<'_>, fields: &Fields<'_>, country: Option<&str>) {
    if let Some(node) = fields.get("assistant") {
        let words = words(node.text());
        let has = |names: &[&str]| words.iter().any(|word| names.iter().any(|name| word.starts_with(name)));
        let is_office = has(&OFFICES);
        if is_office || !has(&ASSISTANTS) {
            let why = if is_office { "poses as an office" } else { "is read as the name of a person" };
            let what = format!("`{}` {why}, and it is a program", node.text());
            reader.report(node.place, what, "write what it is, such as `asistente virtual`");
        }
    }
    if let Some(node) = fields.get("web") {
        let host = host(node.text());
        if SHORTENERS.contains(&host.as_str()) {
            let what = format!("`{host}` leads anywhere, and nobody can tell that it is the lender's");
            reader.report(node.place, what, "write the lender's own domain, such as `bancoandino.example`");
        }
    }
    if let Some(node) = fields.get("email") {
        let at = node.text().rsplit_once('@').map(|(_, host)| host.trim().to_lowercase());
        if at.as_deref().is_none_or(|host| MAILBOXES.iter().any(|open| host.starts_with(open))) {
            let what = format!("`{}` is an address that anybody can have", node.text());
            reader.report(node.place, what, "write an address of the lender's own domain");
        }
    }
    for key in ["crisis_line", "emergency_line"] {
        let Some(node) = fields.get(key) else { continue };
        let digits: String = node.text().chars().filter(char::is_ascii_digit).collect();
        // Colombia: mobiles have ten digits and begin with 3 (Resolución CRC 5967 of 2020); no public line does.
        if country == Some("CO") && digits.len() == 10 && digits.starts_with('3') {
            reader.report(
                node.place,
                format!("`{key}` is a mobile"),
                "write the number of a public line that answers at any hour, such as the country's own",
            );
        }
    }
}

fn host(web: &str) -> String {
    let bare = web.trim().trim_start_matches("https://").trim_start_matches("http://");
    let host = bare.split(['/', ':', '?']).next().unwrap_or_default().to_lowercase();
    host.trim_start_matches("www.").to_owned()
}

#[cfg(test)]
mod tests {
    use crate::rules::policy::parse;

    const ANDINO: &str = include_str!("../../../flows/policies/andino.yaml");

    fn after(from: &str, to: &str) -> Vec<String> {
        assert!(ANDINO.contains(from), "{from}");
        let parsed = parse("a.yaml", &ANDINO.replacen(from, to, 1));
        parsed.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn whoever_reaches_for_the_lender_reaches_nobody_else() {
        for (from, to, said) in [
            ("asistente virtual", "Laura Gómez", "the name of a person"),
            ("asistente virtual", "secretaria del juzgado", "poses as an office"),
            ("web: bancoandino.example", "web: bit.ly/andino", "leads anywhere"),
            ("ayuda@bancoandino.example", "cobros.andino@gmail.com", "anybody can have"),
            ("la línea 106 (gratis, a toda hora)", "la línea 300 123 4567", "is a mobile"),
            ("discount_max: 40%", "discount_max: 100%", "the whole debt"),
        ] {
            let shown = after(from, to);
            assert!(shown.iter().any(|one| one.contains(said)), "{to}: {shown:#?}");
        }
        for (from, to) in [
            ("asistente virtual", "Luz, su asistente automática"),
            ("la línea 106 (gratis, a toda hora)", "el 123"),
            ("ayuda@bancoandino.example", "ayuda@correo.bancoandino.example"),
        ] {
            assert_eq!(after(from, to), Vec::<String>::new(), "{to}");
        }
    }
}
