//! Web addresses, e-mail addresses and phones that are not the lender's.

use crate::rules::digits::digit_of;
use crate::rules::guard::numbers::Number;
use crate::rules::guard::{Fact, Known, Look, Mention, figures, says};
use crate::rules::reading::Word;

/// Digits of the shortest number that can be somebody's phone.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Of so many digits is no amount of a person, and no number of a case that is not called one.
const SURELY_A_PHONE: std::ops::RangeInclusive<usize> = 10..=13;

/// Endings of web addresses that are met in chats; with a scheme or a path any ending counts.
const ENDINGS: &[&str] = &[
    "com", "co", "net", "org", "info", "biz", "ly", "me", "io", "app", "xyz", "site", "online", "link",
    "click", "top", "shop", "store", "page", "web", "mx", "pe", "cl", "ar", "br", "ec", "us", "es", "gl",
    "gg", "cc", "tk", "ru", "cn", "to", "at", "live", "pro", "vip", "tech", "dev", "club", "space",
    "website", "example", "pay", "bank", "edu", "gov", "gob", "tv", "pw", "icu", "lat", "la", "one",
];

/// Endings that are words too: "Gracias.La oficina abre" lacks a blank and is no address.
const ENDINGS_AND_WORDS: &[&str] = &[
    "me", "la", "es", "us", "to", "at", "one", "pay", "bank", "web", "pro", "live", "top", "cc", "page", "ar",
];

/// What comes before or after a number that is a phone to write to or call.
const CALLS: &[&str] = &[
    "llam", "marqu", "marca", "escrib", "whats", "wasap", "wsp", "wpp", "guasap", "celular", "cel.", "cell",
    "tel.", "telef", "telf", "fono", "movil", "numero", "contact", "comuni", "call", "text.", "phone",
    "ligu", "ligar", "liga.", "zap", "cham", "escrev", "fala.", "central.", "linea.", "line.", "telegram",
    "signal", "fone", "fijo",
];

/// Numbers that a case, a claim or a form has.
pub const NUMBERED: &[&str] = &[
    "caso",
    "ticket",
    "tiquete",
    "radicad",
    "radicacion",
    "solicitud",
    "pqr",
    "turno",
    "referencia",
    "ref.",
    "reclamo",
    "queja",
    "guia",
    "codigo",
    "case",
    "request",
    "protocolo",
    "chamado",
    "reference",
    "folio",
    "consecutivo",
    "peticion",
    "tramite",
    "gestion",
    "ley.",
    "decreto",
    "circular",
    "articulo",
    "art.",
    "resolucion",
    "law",
    "lei",
    "acuerdo",
    "registro",
    "factura",
    "recibo",
    "comprobante",
];

/// Addresses and phones of somebody else.
pub fn foreign(look: &Look<'_>) -> Vec<Mention> {
    let mut found = addresses(look);
    found.extend(spoken_addresses(look));
    found.extend(parted_addresses(look));
    let phones = look.numbers.iter().filter(|number| is_foreign_phone(look, number));
    let covered = found.clone();
    found.extend(
        phones
            .filter(|phone| !covered.iter().any(|link| link.start <= phone.start && phone.end <= link.end))
            .map(|phone| look.mention(Fact::Contact, phone)),
    );
    found
}

/// A number that can only be a phone, or that stands beside a word of calling.
fn is_foreign_phone(look: &Look<'_>, number: &Number) -> bool {
    let known = look.known;
    if !PHONE_DIGITS.contains(&number.digits.len())
        || number.money
        || number.clock
        || number.percent
        || number.scaled
        || is_own(number, known)
    {
        return false;
    }
    let numbered = number.coded || says(look.around(number, 5, 0), NUMBERED);
    if is_mobile(&number.digits, &known.policy.country)
        || is_free_line(&number.digits)
        || (SURELY_A_PHONE.contains(&number.digits.len()) && !numbered)
    {
        return true;
    }
    let sentence = look.sentence(number.first_word);
    says(look.around(number, 6, 3), CALLS)
        && !says(look.around(number, 5, 0), NUMBERED)
        && !says(sentence, &["pag", "abon", "debe.", "sald"])
}

/// The plan of mobile numbers; a number of that shape is a phone whatever stands beside it.
fn is_mobile(digits: &str, country: &str) -> bool {
    let national = |code: &str, length: usize| {
        digits
            .strip_prefix(code)
            .filter(|rest| rest.len() == length)
            .or(Some(digits).filter(|all| all.len() == length))
    };
    match country {
        "CO" => national("57", 10).is_some_and(|rest| rest.starts_with('3') || rest.starts_with("60")),
        "MX" => national("52", 10).is_some() || national("521", 10).is_some(),
        "BR" => national("55", 11).is_some_and(|rest| rest.as_bytes().get(2) == Some(&b'9')),
        "PE" | "CL" => national("51", 9).or(national("56", 9)).is_some_and(|rest| rest.starts_with('9')),
        "AR" => national("54", 10).is_some() || national("549", 10).is_some(),
        _ => digits.len() >= 10,
    }
}

/// "0800 …", "01 8000 …": lines that cost nothing to call.
fn is_free_line(digits: &str) -> bool {
    digits.len() >= 10 && ["0800", "01800", "1800", "800"].iter().any(|prefix| digits.starts_with(prefix))
}

/// A number of the lender, or of the person where the person proved who they are.
pub fn is_own(number: &Number, known: &Known<'_>) -> bool {
    if figures::is_public(number, known) {
        return true;
    }
    if !known.proved() {
        return false;
    }
    let said = number.digits.as_str();
    let tail = |digits: String| {
        digits.len() >= 4 && said.len() >= 4 && (digits.ends_with(said) || said.ends_with(&digits))
    };
    known.debts.iter().any(|debt| tail(super::digits_of(&debt.external_ref)))
        || known
            .persons
            .iter()
            .any(|person| person.phones.iter().any(|phone| tail(super::digits_of(phone.expose()))))
        || known.persons.iter().any(|person| tail(super::digits_of(person.document.expose())))
        || known.agreements.iter().any(|agreement| tail(super::digits_of(&agreement.reference)))
}

/// Web and mail addresses as they are typed. They are sought in what the reader sees and compared as they were written:
/// a letter of another alphabet, a port or a name before the host makes another page of the same look.
fn addresses(look: &Look<'_>) -> Vec<Mention> {
    let folded = &look.reading.folded;
    let mut found = Vec::new();
    for part in
        folded.text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '«' | '»' | ',' | ';'))
    {
        let trimmed = part.trim_matches(|c: char| !c.is_alphanumeric() && c != '/' && c != '@');
        let trimmed = trimmed.trim_start_matches('/');
        if !is_address(trimmed) {
            continue;
        }
        let at = trimmed.as_ptr() as usize - folded.text.as_ptr() as usize;
        let written: String = folded.written(look.written, at, at + trimmed.len()).iter().collect();
        if is_own_address(&written, look.known) {
            continue;
        }
        let (start, end) = folded.place(at, at + trimmed.len());
        let fact = if trimmed.contains('@') && !trimmed.contains("//") { Fact::Contact } else { Fact::Link };
        found.push(Mention { start, end, fact });
    }
    found.extend(mixed_words(look));
    found
}

/// What ends the part of an address that says whose page it is.
const PATH: [char; 4] = ['/', '?', '#', '\\'];

/// Whether it looks like an address. Behind a scheme anything is one: a name, a number, an address of IP.
fn is_address(text: &str) -> bool {
    if let Some((scheme, rest)) = text.split_once("://") {
        return scheme.ends_with(char::is_alphanumeric) && rest.contains(char::is_alphanumeric);
    }
    let authority = text.split(PATH).next().unwrap_or(text);
    let path = authority.len() < text.len();
    let (mail, hosts) = match authority.rsplit_once('@') {
        Some((_, host)) => (true, host),
        None => (false, authority),
    };
    hosts.split(':').any(|host| is_host(host, path, mail, text.starts_with("www.")))
}

fn is_host(host: &str, path: bool, mail: bool, www: bool) -> bool {
    if is_ip(host) {
        return true;
    }
    let Some((name, ending)) = host.rsplit_once('.') else { return false };
    let shaped = !name.is_empty() && ending.chars().count() >= 2 && ending.chars().all(char::is_alphanumeric);
    let letters = name.chars().any(char::is_alphabetic) || (www && !name.is_empty());
    let only_digits = ending.chars().all(|c| c.is_ascii_digit());
    let known = ENDINGS.contains(&ending) && !ENDINGS_AND_WORDS.contains(&ending);
    // "mora.Por" is two sentences without a blank; "Listo.me avisa" too.
    let sentence = !www && !path && !mail && !known;
    (shaped && letters && !only_digits && !sentence) || (shaped && www)
}

/// "203.0.113.9": four numbers below 256. Prices are longer, and hours and versions have fewer.
fn is_ip(host: &str) -> bool {
    let parts: Vec<&str> = host.split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok())
}

/// Whether it is the lender's page, its page of payments or its mail, letter by letter.
fn is_own_address(written: &str, known: &Known<'_>) -> bool {
    let policy = known.policy;
    let written = written.to_ascii_lowercase();
    let web = policy.contact.web.to_lowercase();
    let web = web.trim_start_matches("www.");
    if written.contains('@') {
        let mail = written.trim_start_matches("mailto:");
        let of_the_house = mail.split_once('@').is_some_and(|(name, host)| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            !web.is_empty() && host == web && name.chars().all(plain)
        });
        return mail == policy.contact.email.to_lowercase() || of_the_house;
    }
    let rest = match written.split_once("://") {
        Some((scheme, rest)) if scheme.ends_with("https") || scheme.ends_with("http") => rest,
        Some(_) => return false,
        // "Página:andino.example" lacks a blank.
        None => match written.split_once(':') {
            Some((word, rest)) if word.chars().all(char::is_alphabetic) => rest,
            _ => written.as_str(),
        },
    };
    let host = rest.split(PATH).next().unwrap_or(rest);
    let checkout = policy.payment.checkout.as_ref().and_then(|checkout| {
        let (_, rest) = checkout.url.split_once("://")?;
        Some(rest.split('/').next().unwrap_or(rest).to_lowercase())
    });
    let own = |host: &str| {
        (!web.is_empty() && host.strip_prefix("www.").unwrap_or(host) == web)
            || checkout.as_ref().is_some_and(|checkout| host == checkout)
    };
    own(host) && !leads_away(rest.get(host.len()..).unwrap_or_default(), &own)
}

/// Endings that a page or a paper has, and no host.
const FILES: [&str; 9] = ["pdf", "html", "htm", "php", "aspx", "jsp", "png", "jpg", "jpeg"];
/// Times that an address is written in percent signs at most: more of it is written to hide something.
const DECODED_MAX: usize = 3;

/// Whether what follows the host names another one: `?next=https://evil.example`, `?r=//evil.example`, `?u=evil.example`.
/// Pages that pass readers on take it from there, whatever its name.
fn leads_away(tail: &str, own: &dyn Fn(&str) -> bool) -> bool {
    let mut tail = tail.to_owned();
    for _ in 0..DECODED_MAX {
        let Some(decoded) = decoded(&tail) else { break };
        tail = decoded;
    }
    if tail.contains(['\\', '@', '%']) || tail.contains("javascript:") || tail.contains("data:") {
        return true;
    }
    let ends = |c: char| PATH.contains(&c) || matches!(c, '&' | '=' | '|' | ':');
    let other = |host: &str| !host.is_empty() && !own(host);
    if tail.split("//").skip(1).any(|rest| other(rest.split(ends).next().unwrap_or_default())) {
        return true;
    }
    tail.split(ends).any(|part| {
        let ending = part.rsplit_once('.').map_or("", |(_, ending)| ending);
        is_host(part, true, false, false) && !FILES.contains(&ending) && other(part)
    })
}

/// With its percent signs read once; `None` when it has none that can be read.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut read = false;
    while let [first, behind @ ..] = rest {
        let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if let (b'%', [high, low, behind @ ..]) = (first, behind)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            bytes.push(high * 16 + low);
            rest = behind;
            read = true;
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    read.then(|| String::from_utf8_lossy(&bytes).to_ascii_lowercase())
}

/// Words in which letters of another alphabet stand among ours: they read as a name that they are not.
fn mixed_words(look: &Look<'_>) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in look.written.split(|c| c.is_whitespace()) {
        let ours = word.iter().any(|c| c.is_ascii_alphabetic() || *c == '.');
        let others = word.iter().any(|c| c.is_alphabetic() && !is_our_letter(*c) && digit_of(*c).is_none());
        if ours && others {
            found.push(Mention { start: at, end: at + word.len(), fact: Fact::Link });
        }
        at += word.len() + 1;
    }
    found
}

/// The letters of Spanish, Portuguese and English, and of names from elsewhere in Latin letters.
const fn is_our_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, 'ª' | 'º' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ÿ' | 'Ā'..='İ' | 'Ĳ'..='ž' | 'Ḁ'..='ỹ')
}

/// "bit . ly / x", "andino[.]top": addresses that are pulled apart so that no rule sees them.
fn parted_addresses(look: &Look<'_>) -> Vec<Mention> {
    const MARKS: [&str; 12] =
        ["[.]", "(.)", "{.}", "[punto]", "(punto)", "[dot]", "(dot)", "[ponto]", "(ponto)", " . ", " .", "·"];
    let folded = &look.reading.folded;
    let mut found = Vec::new();
    for mark in MARKS {
        for (at, _) in folded.text.match_indices(mark) {
            let (before, after) = (&folded.text[..at], &folded.text[at + mark.len()..]);
            let ending: String = after.trim_start().chars().take_while(|c| c.is_alphanumeric()).collect();
            let name = before.trim_end().rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
            let known = ENDINGS.contains(&ending.as_str()) && !ENDINGS_AND_WORDS.contains(&ending.as_str());
            let own = name.len() > 3 && look.known.policy.contact.web.starts_with(name);
            if known && name.chars().any(char::is_alphanumeric) && !own {
                let (start, end) =
                    folded.place(at.saturating_sub(name.len()), at + mark.len() + ending.len());
                found.push(Mention { start, end, fact: Fact::Link });
            }
        }
    }
    found
}

/// "bit punto ly", "pedro arroba gmail": addresses that are spelled out.
fn spoken_addresses(look: &Look<'_>) -> Vec<Mention> {
    let words = look.words();
    let dot = |word: &Word| ["punto", "dot", "ponto"].contains(&word.text.as_str());
    let mut found = Vec::new();
    for window in words.windows(3) {
        let [name, mark, ending] = window else { continue };
        let web = dot(mark)
            && ENDINGS.contains(&ending.text.as_str())
            && !["el", "un", "este", "ese", "cada"].contains(&name.text.as_str());
        let own = look.known.policy.contact.web.starts_with(&name.text);
        let mail = ["arroba", "at"].contains(&mark.text.as_str())
            && ["gmail", "hotmail", "outlook", "yahoo"].contains(&ending.text.as_str());
        if (web && !own) || mail {
            let fact = if mail { Fact::Contact } else { Fact::Link };
            found.push(Mention { start: name.start, end: ending.end, fact });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::leads_away;

    #[test]
    fn an_own_page_that_passes_on_to_another_leads_away() {
        let own = |host: &str| host == "bank.example";
        for tail in [
            "/pay?next=https://evil.co",
            "/pay?redirect=//evil.co",
            "/pay?u=evil.co",
            "/pay?u=evil.co/x",
            "/pay?to=203.0.113.9",
            "/pay?next=https%3A%2F%2Fevil.co",
            "/pay?next=%2568ttps%253A%252F%252Fevil.co",
            "/pay#//evil.co",
            "//evil.co",
            "/\\evil.co",
            "/pay?next=https://bank.example@evil.co",
            "/pay?next=https://bank.example.evil.co",
            "/go/evil.co",
            "/pay?x=javascript:alert(1)",
            "/pay?x=%zz",
        ] {
            assert!(leads_away(tail, &own), "{tail}");
        }
        for tail in [
            "",
            "/",
            "/pagar",
            "/pagar?ref=5001-22&canal=whatsapp",
            "/docs/plan.pdf",
            "/pagar.html#cuota",
            "/pay?next=https://bank.example/thanks",
            "/pay?v=1.2",
            "/pay?plan=3%20cuotas",
        ] {
            assert!(!leads_away(tail, &own), "{tail}");
        }
    }
}
