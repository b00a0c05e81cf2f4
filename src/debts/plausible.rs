//! What a row says as a whole: a debt that is late has a day since when, and nobody is told what contradicts itself.

use crate::debts::row::Row;
use crate::debts::values::{Mistake, mistake};
use crate::domain::debt::{Balance, Instalment, ObligationStatus};
use crate::domain::time::{Day, Zone};
use crate::rules::names::{Unlike, unlike_a_name};

/// Letters of a name that a person bears and a message shows.
const NAME_CHARS_MAX: usize = 80;
/// Who is younger owes nothing by a contract of their own: it is somebody else's date, or a typing error.
const ADULT_YEARS: i16 = 18;
/// No instalment that is still asked for fell due before: 1900-01-01 and 1970-01-01 are zeros of a database.
const FIRST_YEAR: i16 = 2000;
/// So many digits are a phone, an account or a document, not the year or the number of a product.
const PRODUCT_DIGITS_MAX: usize = 6;
/// Beginnings of words that ask for something or say that something is done, without accents.
const TELLING: [&str; 15] = [
    "visit",
    "ingres",
    "clic",
    "llame",
    "llamar",
    "consign",
    "transfier",
    "deposite",
    "pague",
    "comuniq",
    "escriba",
    "whatsapp",
    "pagad",
    "cancelad",
    "embarg",
];
/// Addresses of the web and of mail as they are told by mouth.
const SPELLED_LINKS: [&str; 8] =
    ["punto com", "punto co", "punto net", "ponto com", "dot com", " arroba ", "www ", "http"];
/// What systems write where they know no name.
const NOBODY: [&str; 13] = [
    "null",
    "none",
    "nan",
    "undefined",
    "n/a",
    "n.a.",
    "s/n",
    "sin nombre",
    "no registra",
    "no aplica",
    "desconocido",
    "xxx",
    "nn",
];
/// Endings that WhatsApp makes a link of.
const LINK_ENDINGS: [&str; 26] = [
    "com", "co", "net", "org", "info", "biz", "link", "me", "app", "io", "ly", "gd", "gl", "to", "xyz",
    "top", "site", "online", "shop", "club", "page", "click", "mx", "br", "ar", "pe",
];

/// The dates of one debt, beside its amounts.
pub struct Dates<'a> {
    pub status: ObligationStatus,
    pub balance: &'a Balance,
    /// As the row says it, or the first unpaid one of its instalments.
    pub oldest_unpaid_due: Option<Day>,
    /// As the row says it.
    pub next_due: Option<Day>,
    /// Of the list of instalments, for a row that leaves `oldest_unpaid_due` empty.
    pub unpaid: Option<&'a Instalment>,
}

/// Refuses what would be told as "up to date" with an overdue amount, or as overdue with none.
pub fn refuse_contradictions(row: &mut Row<'_>, dates: &Dates<'_>, zone: &Zone) {
    let as_of = zone.day(dates.balance.as_of);
    if dates.next_due.is_some_and(|next| next < as_of) {
        row.error(
            "next_due",
            "before the day of the balance (`as_of`)",
            "write the next instalment that is to come; what is late stands in `oldest_unpaid_due`",
        );
    }
    if dates.oldest_unpaid_due.is_some_and(|oldest| oldest.year() < FIRST_YEAR) {
        row.error(
            "oldest_unpaid_due",
            "before 2000: what systems write for a day that they do not know",
            "write the oldest due date that is unpaid, as it stands in the loan's schedule",
        );
        return;
    }
    if dates.status == ObligationStatus::Settled {
        return;
    }
    let is_overdue = dates.balance.overdue().is_ok_and(|overdue| overdue.is_positive());
    match (is_overdue, dates.oldest_unpaid_due) {
        (true, None) => row.error(
            "oldest_unpaid_due",
            "amounts are overdue, and no date says since when",
            "write the oldest due date that is unpaid, on or before `as_of`",
        ),
        (true, Some(oldest)) if oldest > as_of => row.error(
            "oldest_unpaid_due",
            "after the day of the balance (`as_of`), and amounts are overdue",
            "write the oldest due date that is unpaid, on or before `as_of`",
        ),
        (false, Some(_)) if dates.unpaid.is_some() && row.text("oldest_unpaid_due").is_empty() => row.error(
            "instalments",
            "an instalment is unpaid and past, but no amount is overdue",
            "mark the paid ones with `*`, or write what is overdue in `principal` and `interest`",
        ),
        (false, Some(_)) => row.error(
            "oldest_unpaid_due",
            "a due date that is unpaid, but no amount is overdue",
            "leave it empty when nothing is late, or write what is overdue in `principal` and `interest`",
        ),
        (true, Some(_)) | (false, None) => {}
    }
}

/// A name that messages show: no address of the web, not longer than a message can show.
pub fn name(text: &str) -> Result<(), Mistake> {
    if text.chars().count() > NAME_CHARS_MAX {
        return Err(mistake("longer than 80 letters", "write the name alone"));
    }
    if text.contains("://") || text.contains('@') || text.split_whitespace().any(is_link) {
        return Err(mistake("an address of the web, not a name", "write the name alone"));
    }
    Ok(())
}

/// What a product is called: every message about it shows this, so it tells nobody whom to call or where to pay.
pub fn name_of_product(text: &str) -> Result<(), Mistake> {
    const ALONE: &str = "write what the product is called, and nothing else";
    if text.chars().filter(char::is_ascii_digit).count() > PRODUCT_DIGITS_MAX {
        return Err(mistake("a phone or an account in the name of a product", ALONE));
    }
    let words = text.to_lowercase();
    let tells = |word: &str| TELLING.iter().any(|begin| word.starts_with(begin));
    let spelled = |spelled: &&str| words.contains(spelled);
    if text.contains(['<', '>', '{', '}', '=', '|', '@', '$', '`'])
        || text.trim_start().starts_with(['+', '-'])
    {
        return Err(mistake("a sign of markup, a formula or a template in the name of a product", ALONE));
    }
    if words.split(|c: char| !c.is_alphanumeric()).any(tells) || SPELLED_LINKS.iter().any(spelled) {
        return Err(mistake("a message to people, not the name of a product", ALONE));
    }
    Ok(())
}

/// A name as people bear it.
pub fn name_of_person(text: &str) -> Result<(), Mistake> {
    if NOBODY.contains(&text.trim().to_lowercase().as_str()) {
        return Err(mistake(
            "what a system writes where it knows no name",
            "write the name, as on the document",
        ));
    }
    if text.chars().any(char::is_numeric) {
        return Err(mistake("a name with digits", "write the name alone, as on the document"));
    }
    match unlike_a_name(text) {
        None => Ok(()),
        Some(Unlike::Empty) => Err(mistake("a name without letters", "write the name, as on the document")),
        Some(Unlike::Sign) => Err(mistake(
            "a sign that no name has (markup, a formula, a template, brackets)",
            "write the name alone, as on the document",
        )),
        Some(Unlike::Mark) => Err(mistake(
            "a mark of the case beside the name: whoever is greeted with it learns of a debt",
            "write the name alone, as on the document; a death is reported to people, not in a name",
        )),
    }
}

/// `0000000000`, `1111-1111`, `XXXX`: what is typed where a document is not known.
pub fn is_filler(document: &str) -> bool {
    let mut signs = document.chars().filter(|c| c.is_alphanumeric());
    let Some(first) = signs.next() else { return false };
    signs.all(|sign| sign == first)
}

/// Whether WhatsApp would make a link of this word.
fn is_link(word: &str) -> bool {
    let word = word.to_lowercase();
    let host = word.split('/').next().unwrap_or_default();
    let ending = host.rsplit_once('.').map(|(_, ending)| ending.trim_end_matches([',', ';', ')']));
    word.starts_with("www.") || ending.is_some_and(|ending| LINK_ENDINGS.contains(&ending))
}

/// Whether somebody born on this day is grown up today.
pub fn is_adult(birth: Day, today: Day) -> bool {
    (birth.year() + ADULT_YEARS, birth.month(), birth.day()) <= (today.year(), today.month(), today.day())
}
