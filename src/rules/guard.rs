//! What a human agent's text gives away or promises, found by comparing it with what the desk knows.
//!
//! Words can be said in a thousand ways, facts in few: the figures, dates, products and accounts of this person's file,
//! the payees, links and phones of the policy, the offers of this debt. A text that names one of the first before the
//! person proved who they are, or one of the others that is not the lender's own, may not leave. Which facts make a text
//! unlawful, and what to write instead, stands in `flows/policies/lint.yaml`; phrases are `rules::lint`.

mod acts;
mod agreed;
mod announced;
mod claims;
mod contacts;
mod dates;
mod effects;
mod figures;
mod filings;
mod guises;
mod identity;
mod labelled;
mod named;
mod numbers;
mod numerals;
mod offers;
mod payees;
mod pieces;
mod products;
mod waivers;
mod whole;

use crate::domain::assurance::{Assurance, Label};
use crate::domain::debt::{Agreement, Obligation, Offer, Person};
use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::rules::policy::model::Policy;
use crate::rules::reading::{Reading, Word};
pub use acts::{Act, Heard, is_harmless};
pub use guises::{guises, wholes};
use numbers::Number;
pub use pieces::{joined, parted};
use serde::Deserialize;

/// What was found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// An amount, or a figure of the file, to somebody unproved.
    Figure,
    /// A product of the file, to somebody unproved.
    Product,
    /// A part of an account or document number of the file, to somebody unproved.
    Account,
    /// A due date of the file, to somebody unproved.
    DueDate,
    /// An account, wallet, key or name to pay to that is not the lender's.
    Payee,
    /// A phone or e-mail address that is not the lender's.
    Contact,
    /// A web address that is not the lender's.
    Link,
    /// An amount that is neither in the file nor in an offer.
    Sum,
    /// A discount, a waiver or a rate that no offer gives.
    Discount,
    /// A number of payments or months, or a due date, that no offer gives.
    Term,
    /// The birth date or the document of somebody whose chat it may be.
    Identity,
    /// An account, a document, a birth date or a product of another one who shares the phone.
    Another,
    /// An agreement that is said to be registered where there is none.
    Agreement,
    /// A claim, complaint or erasure that is said to be filed or done where the file has none.
    Filing,
    /// Pressure to pay while a dispute is open.
    Pressed,
    /// A debt, to somebody unproved, in whatever words.
    Debt,
    /// A debt or a payment, where nobody speaks of them: see [`Known::quiet`].
    Quiet,
    /// A bad consequence of not paying.
    Threat,
    /// Hurry and insistence.
    Pressure,
    /// An insult, a blame, a pain made light of.
    Shame,
    /// The reason why somebody does not pay is asked for.
    Why,
    /// A password, a code or a card is asked for.
    Secret,
    /// Another person is named or sent word.
    Third,
    /// A lie is asked for or offered.
    Deceit,
    /// Somebody in danger or in mourning is sent away, put off or made light of.
    Alone,
    /// A payment is said to have come in, which the file does not show.
    Received,
    /// A dispute is said to be decided or closed, which is open.
    Decided,
    /// A right is denied, or somebody is brushed off.
    Denied,
}

/// A fact and where it stands: a half-open range of characters of the text as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    pub start: usize,
    pub end: usize,
    pub fact: Fact,
}

/// An open case, as an agent may speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// What the person asks with: `4QF-V3J`.
    pub number: String,
    /// Something that the person asked for or complained of; not what was told of their state.
    pub asked: bool,
}

/// What the desk knows of the person of a chat and of the lender, at this moment.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The level of the chat; the lowest where two identities contradict each other.
    pub level: Assurance,
    pub policy: &'a Policy,
    pub today: Day,
    /// The person of the chat, or all whose phone it may be.
    pub persons: &'a [Person],
    pub debts: &'a [Obligation],
    pub agreements: &'a [Agreement],
    /// What the policy gives for these debts now.
    pub offers: &'a [Offer],
    /// Smallest and greatest amount that may be promised for one of these debts.
    pub promises: &'a [(Money, Money)],
    /// The numbers of these people's open cases, and whether one is such as a claim or complaint becomes.
    pub filed: &'a [Filed],
    /// Whether a dispute of one of these debts is open.
    pub disputed: bool,
    /// Somebody is in danger, in mourning or a child: nobody speaks of debts or payments here.
    pub quiet: bool,
}

impl Known<'_> {
    /// Whether debts may be talked about.
    pub fn proved(&self) -> bool {
        self.level >= Label::Deuda.needs()
    }
}

/// A text with its numbers, and what it is compared with.
struct Look<'a> {
    reading: &'a Reading,
    numbers: &'a [Number],
    known: &'a Known<'a>,
    /// The text as written, by character.
    written: &'a [char],
}

/// Everything in `text` that this person may not be told now, in the order of the text. `heard` is what its words do, as
/// far as statistics tell.
pub fn mentions(text: &str, known: &Known<'_>, heard: &[Heard]) -> Vec<Mention> {
    let reading = Reading::of(text);
    let numbers = numbers::numbers(&reading);
    let written: Vec<char> = text.chars().collect();
    let look = Look { reading: &reading, numbers: &numbers, known, written: &written };
    let mut found = Vec::new();
    if known.proved() && !known.quiet {
        found.extend(offers::unknown_sums(&look));
        if !is_harmless(known, heard) {
            found.extend(offers::unknown_discounts(&look));
        }
        found.extend(offers::unknown_terms(&look));
        found.extend(offers::wrong_days_late(&look));
        found.extend(dates::unknown_due(&look));
        found.extend(products::unknown(&look));
        found.extend(offers::other_currency(&look));
        found.extend(named::misnamed(&look));
        found.extend(labelled::mislabelled(&look));
        found.extend(claims::unregistered(&look));
        found.extend(agreed::changed(&look));
        found.extend(agreed::received(&look));
        found.extend(filings::untrue(&look));
        found.extend(effects::wrong(&look));
        found.extend(effects::overdue_closes(&look));
        found.extend(whole::overdue(&look));
        found.extend(whole::monthly(&look));
    } else {
        found.extend(figures::told(&look));
        found.extend(figures::accounts(&look));
        found.extend(dates::due(&look));
        found.extend(products::named(&look));
        if known.quiet {
            for mention in &mut found {
                mention.fact = Fact::Quiet;
            }
        }
    }
    found.extend(identity::told(&look));
    if !is_harmless(known, heard) {
        found.extend(claims::pressed_in_dispute(&look));
    }
    found.extend(payees::foreign(&look));
    found.extend(announced::foreign(&look));
    found.extend(contacts::foreign(&look));
    // What was found in a sentence says more than the whole sentence does.
    let within = |one: &Mention, other: &Mention| one.start <= other.start && other.end <= one.end;
    let mut unfit = acts::unfit(&look, heard);
    unfit.retain(|one| !found.iter().any(|other| within(one, other)));
    found.extend(unfit);
    let is_true =
        |one: &Mention| one.fact == Fact::Discount && effects::is_true_of_offer(&look, (one.start, one.end));
    found.retain(|one| !is_true(one));
    found.sort_unstable();
    found.dedup();
    found
}

/// What `text` says of others who share the phone, whoever is proved on it: their accounts, documents and birth dates, and
/// their products by their full names. What the proved person has too is theirs to hear.
pub fn of_another(text: &str, others: &Known<'_>, own: &Known<'_>) -> Vec<Mention> {
    let reading = Reading::of(text);
    let numbers = numbers::numbers(&reading);
    let written: Vec<char> = text.chars().collect();
    let told = |known: &Known<'_>| {
        let look = Look { reading: &reading, numbers: &numbers, known, written: &written };
        let mut found: Vec<Mention> = figures::accounts(&look);
        // An amount is judged with the figures of the file.
        let is_money = |one: &Mention| numbers.iter().any(|number| number.money && number.start == one.start);
        found.retain(|one| !is_money(one));
        found.extend(identity::told(&look));
        found.extend(products::named_in_full(&look));
        found
    };
    let own = told(own);
    let mut found = told(others);
    found.retain(|one| !own.contains(one));
    for mention in &mut found {
        mention.fact = Fact::Another;
    }
    found
}

impl<'a> Look<'a> {
    fn words(&self) -> &'a [Word] {
        &self.reading.plain
    }

    fn mention(&self, fact: Fact, number: &Number) -> Mention {
        Mention { start: number.start, end: number.end, fact }
    }

    /// The words of the sentence that the word at `index` belongs to.
    fn sentence(&self, index: usize) -> &'a [Word] {
        let words = self.words();
        let Some(word) = words.get(index).or(words.last()) else { return &[] };
        let start = words.partition_point(|other| other.sentence < word.sentence);
        let end = words.partition_point(|other| other.sentence <= word.sentence);
        words.get(start..end).unwrap_or_default()
    }

    /// The words of its sentence within `reach` words before and after a number.
    fn around(&self, number: &Number, before: usize, after: usize) -> &'a [Word] {
        let words = self.words();
        let sentence = words.get(number.first_word).map(|word| word.sentence);
        let from = number.first_word.saturating_sub(before);
        let to = (number.next_word + after).min(words.len());
        let near = words.get(from..to).unwrap_or_default();
        let from = near.iter().position(|word| Some(word.sentence) == sentence).unwrap_or(0);
        let to =
            near.iter().rposition(|word| Some(word.sentence) == sentence).map_or(near.len(), |at| at + 1);
        near.get(from..to).unwrap_or_default()
    }
}

/// Whether one of the words begins with one of the stems; a stem that ends in `.` is the whole word.
fn says(words: &[Word], stems: &[&str]) -> bool {
    words.iter().any(|word| is_one(word, stems))
}

fn is_one(word: &Word, stems: &[&str]) -> bool {
    stems.iter().any(|stem| match stem.strip_suffix('.') {
        Some(whole) => word.text == whole,
        None => word.text.starts_with(stem),
    })
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests;
