//! From rows to persons and obligations, each compared with the rows before.

use crate::debts::columns::Header;
use crate::debts::csv::{ImportContext, obligation_id, person_id, whole};
use crate::debts::error::ImportError;
use crate::debts::phones::phones;
use crate::debts::plausible::{self, Dates};
use crate::debts::reading::Taken;
use crate::debts::row::Row;
use crate::debts::values;
use crate::domain::debt::{Balance, Instalment, Obligation, ObligationStatus, Person};
use crate::domain::ids::{LenderId, PersonId};
use crate::domain::money::{Currency, Money};
use crate::domain::pii::Pii;
use crate::domain::time::Day;
use crate::rules::names::first_of;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// A hash of 128 bits, which two values do not share by chance.
type Hash = [u64; 2];

/// What earlier rows said, to compare with: hashes and lines, so that a large file takes little memory.
pub struct Rows<'a> {
    context: &'a ImportContext,
    today: Day,
    lender: Option<LenderId>,
    hashes: [RandomState; 2],
    /// By the hash of the reference: what the first row of the person says, as a hash, and its line.
    persons: HashMap<Hash, (Hash, u64)>,
    /// By the hash of the reference: the line.
    obligations: HashMap<Hash, u64>,
}

impl<'a> Rows<'a> {
    pub fn new(context: &'a ImportContext) -> Self {
        Self {
            context,
            today: context.zone.day(context.now),
            lender: None,
            hashes: [RandomState::new(), RandomState::new()],
            persons: HashMap::new(),
            obligations: HashMap::new(),
        }
    }

    /// The row, or everything that is wrong with it.
    pub fn read(
        &mut self,
        line: u64,
        record: &::csv::StringRecord,
        header: &Header,
    ) -> Result<Taken, Vec<ImportError>> {
        if let Some(error) = misfit(line, record, header) {
            return Err(vec![error]);
        }
        let mut row = Row { line, record, header, errors: Vec::new() };
        let parsed = self.row(&mut row);
        let (Some((person, obligation, tags)), true) = (parsed, row.errors.is_empty()) else {
            return Err(row.errors);
        };
        let lender = self.lender.get_or_insert_with(|| person.lender.clone()).clone();
        if let Some(obligation) = &obligation {
            self.obligations.insert(self.hash(&obligation.external_ref), line);
        }
        let (id, reference) = (person.id, self.hash(&person.external_ref));
        let new = if self.persons.contains_key(&reference) {
            None
        } else {
            self.persons.insert(reference, (self.content(&person), line));
            Some(person)
        };
        Ok(Taken { line, lender, person: id, new, obligation, tags })
    }

    fn row(&self, row: &mut Row<'_>) -> Option<(Person, Option<Obligation>, Vec<String>)> {
        let lender = self.lender(row);
        let person = self.person(row, lender.clone());
        let obligation = if row.text("obligation_ref").is_empty() {
            row.refuse_debt_without_number();
            Some(None)
        } else {
            self.obligation(row, lender, person.as_ref().map(|person| person.id)).map(Some)
        };
        let person = person?;
        if let Some((first, first_line)) = self.persons.get(&self.hash(&person.external_ref))
            && *first != self.content(&person)
        {
            let reason = format!("this person is described differently in line {first_line}");
            row.error("person_ref", &reason, "repeat the person's columns unchanged in each row");
        }
        let tags = row.text("tags").split_whitespace().map(str::to_owned).collect();
        Some((person, obligation?, tags))
    }

    fn hash(&self, value: impl Copy + std::hash::Hash) -> Hash {
        let [first, second] = &self.hashes;
        [first.hash_one(value), second.hash_one(value)]
    }

    /// The hash of all that a file says of a person.
    fn content(&self, person: &Person) -> Hash {
        let Person {
            id,
            lender,
            external_ref,
            full_name,
            first_name,
            document_type,
            document,
            birth_date,
            language,
            phones,
            reserved: _,
        } = person;
        let phones: Vec<&str> = phones.iter().map(|phone| phone.expose().as_str()).collect();
        let birth_date = birth_date.as_ref().map(|day| day.expose().to_string());
        self.hash((
            (id.0, lender.as_str(), external_ref, full_name.expose(), first_name.expose()),
            (document_type, document.expose(), birth_date.as_deref()),
            (language, phones.as_slice()),
        ))
    }

    fn lender(&self, row: &mut Row<'_>) -> Option<LenderId> {
        let text = row.needed("lender")?;
        let valid = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !valid {
            row.error("lender", "not the id of a lender", "write it as in its policy file: `andino`");
            return None;
        }
        let lender = LenderId::new(text);
        if self.lender.as_ref().is_some_and(|first| *first != lender) {
            row.error("lender", "another lender than in the rows before", "write one file per lender");
            return None;
        }
        Some(lender)
    }

    fn person(&self, row: &mut Row<'_>, lender: Option<LenderId>) -> Option<Person> {
        let external_ref = row.key("person_ref");
        let full_name = row.name_of_person("full_name");
        let document_type = row.needed("document_type");
        let document = row.key("document");
        if document.as_ref().is_some_and(|text| text.chars().filter(|c| c.is_alphanumeric()).count() < 4) {
            row.error(
                "document",
                "fewer than four characters",
                "identity is proved with its last four: write it whole",
            );
        }
        if document.as_ref().is_some_and(|text| plausible::is_filler(text)) {
            row.error(
                "document",
                "one sign again and again: it is no document, and its last four would prove who anybody is",
                "write the person's own document",
            );
        }
        let birth_date = self.birth_date(row);
        let language = match row.text("language") {
            "" => Some("es".to_owned()),
            text @ ("es" | "pt" | "en") => Some(text.to_owned()),
            _ => {
                row.error("language", "no such language", "use `es`, `pt` or `en`");
                None
            }
        };
        let phones = row.read("phones", phones);
        let full_name = full_name?;
        let first_name = match row.text("first_name") {
            "" => first_of(&full_name).to_owned(),
            _ => row.name_of_person("first_name")?,
        };
        let (lender, external_ref) = (lender?, external_ref?);
        Some(Person {
            id: person_id(&lender, &external_ref),
            lender,
            external_ref,
            full_name: Pii::new(full_name),
            first_name: Pii::new(first_name),
            document_type: document_type?,
            document: Pii::new(document?),
            birth_date: birth_date.map(Pii::new),
            reserved: None,
            language: language?,
            phones: phones?.into_iter().map(Pii::new).collect(),
        })
    }

    fn birth_date(&self, row: &mut Row<'_>) -> Option<Day> {
        if row.text("birth_date").is_empty() {
            return None;
        }
        let day = row.read("birth_date", |text| values::day(text, self.today))?;
        if day.year() < 1900 || day >= self.today {
            row.error("birth_date", "before 1900 or not in the past", "write it as `1985-04-23`");
            return None;
        }
        if !plausible::is_adult(day, self.today) {
            row.error(
                "birth_date",
                "younger than 18 years",
                "write the holder's own date, or leave it empty when it is not known",
            );
            return None;
        }
        Some(day)
    }

    fn obligation(
        &self,
        row: &mut Row<'_>,
        lender: Option<LenderId>,
        person: Option<PersonId>,
    ) -> Option<Obligation> {
        let external_ref = row.key("obligation_ref")?;
        if let Some(first_line) = self.obligations.get(&self.hash(&external_ref)) {
            let reason = format!("this obligation is in line {first_line} already");
            row.error("obligation_ref", &reason, "write each obligation once");
        }
        let product = row.needed("product");
        let product_name = row.name_of_product("product_name");
        let status = row.read("status", values::status);
        let currency = self.currency(row);
        let oldest_unpaid_due = self.optional_day(row, "oldest_unpaid_due");
        let rate_ea_bps = row.optional("rate_ea", values::rate_bps);
        let currency = currency?;
        let balance = self.balance(row, currency);
        let next_due = self.next_due(row, currency);
        let instalments = row.read("instalments", |text| values::instalments(text, self.today, currency));
        let (status, balance, instalments) = (status?, balance?, instalments?);
        let unpaid = instalments.iter().find(|listed| !listed.paid && listed.due < self.today);
        if let (Some(oldest), Some(next)) = (oldest_unpaid_due, next_due) {
            let dates = Dates {
                status,
                balance: &balance,
                oldest_unpaid_due: oldest.or(unpaid.map(|listed| listed.due)),
                next_due: next.map(|(due, _)| due),
                unpaid,
            };
            plausible::refuse_contradictions(row, &dates, &self.context.zone);
        }
        if status == ObligationStatus::Settled && !nothing_owed(&balance) {
            row.error("status", "settled, but something is still owed", "correct the balance or the status");
        }
        Some(Obligation {
            id: obligation_id(lender.as_ref()?, &external_ref),
            lender: lender?,
            person: person?,
            external_ref,
            product: product?.to_lowercase(),
            product_name: product_name?,
            status,
            currency,
            balance,
            oldest_unpaid_due: oldest_unpaid_due?.or(unpaid.map(|listed| listed.due)),
            next_due: next_instalment(next_due?, &instalments, self.today),
            instalments,
            rate_ea_bps: rate_ea_bps?,
        })
    }

    /// The lender's: its policy has amounts in this currency, and a sum of two has no meaning.
    fn currency(&self, row: &mut Row<'_>) -> Option<Currency> {
        let own = self.context.currency;
        let written = row.needed("currency")?;
        match Currency::parse(&written.to_uppercase()) {
            Some(currency) if currency == own => return Some(own),
            Some(_) => row.error(
                "currency",
                &format!("another currency than the lender's, which is {}", own.code()),
                "write a file for a lender whose policy has this currency; nothing is converted",
            ),
            None => row.error("currency", "no such currency", &format!("use one of {}", codes())),
        }
        None
    }

    fn balance(&self, row: &mut Row<'_>, currency: Currency) -> Option<Balance> {
        let as_of = row.read("as_of", |text| values::instant(text, self.today, &self.context.zone));
        if as_of.is_some_and(|as_of| as_of > self.context.now) {
            row.error("as_of", "the balance is from the future", "write the day of the balance");
        }
        let mut amount = |column| row.read(column, |text| values::amount(text, currency));
        let (principal, interest) = (amount("principal"), amount("interest"));
        let (late_interest, fees) = (amount("late_interest"), amount("fees"));
        let outstanding = row.optional("principal_outstanding", |text| values::amount(text, currency));
        let principal = principal?;
        let principal_outstanding = outstanding?;
        if principal_outstanding.is_some_and(|outstanding| outstanding.minor < principal.minor) {
            let remedy = "it is all principal that is owed, overdue or not";
            row.error("principal_outstanding", "less than the overdue principal", remedy);
        }
        Some(Balance {
            as_of: as_of?,
            principal,
            interest: interest?,
            late_interest: late_interest?,
            fees: fees?,
            principal_outstanding,
        })
    }

    #[expect(clippy::option_option, reason = "absent, mistaken and present are three outcomes")]
    fn optional_day(&self, row: &mut Row<'_>, column: &'static str) -> Option<Option<Day>> {
        row.optional(column, |text| values::day(text, self.today))
    }

    /// Date and amount of the next instalment, `Some(None)` when the row does not say.
    #[expect(clippy::option_option, reason = "absent, mistaken and present are three outcomes")]
    fn next_due(&self, row: &mut Row<'_>, currency: Currency) -> Option<Option<(Day, Money)>> {
        let due = self.optional_day(row, "next_due");
        let amount = row.optional("next_amount", |text| values::amount(text, currency));
        match (due?, amount?) {
            (Some(_), Some(amount)) if amount.is_zero() => {
                row.error(
                    "next_amount",
                    "an instalment of nothing",
                    "write what is due on that day, or leave both empty",
                );
                None
            }
            (Some(due), Some(amount)) => Some(Some((due, amount))),
            (None, None) => Some(None),
            (Some(_), None) | (None, Some(_)) => {
                row.error(
                    "next_due",
                    "date and amount of the next instalment go together",
                    "fill both or none",
                );
                None
            }
        }
    }
}

/// Why the row does not fit below the heading.
fn misfit(line: u64, record: &::csv::StringRecord, header: &Header) -> Option<ImportError> {
    let stray = header.stray(record.iter());
    if record.len() < header.width || stray.is_some_and(|field| field >= header.width) {
        let reason = format!("the row has {} fields, the heading {}", record.len(), header.width);
        // An opened quote takes all lines up to the next one.
        let remedy = if record.iter().any(|value| value.contains('\n')) {
            "close the quote that is opened in it, and write quotes inside a value twice"
        } else {
            "quote fields that contain the separator"
        };
        return Some(whole(line, &reason, remedy));
    }
    let reason = format!("field {} has a value and no heading", stray? + 1);
    Some(whole(line, &reason, "name the column in the heading, `x_…` for one of your own"))
}

/// What the row says of the next instalment, numbered as in its list; else the list's first unpaid one from today on.
fn next_instalment(said: Option<(Day, Money)>, list: &[Instalment], today: Day) -> Option<Instalment> {
    match said {
        Some((due, amount)) => {
            let number = list.iter().find(|listed| listed.due == due).map_or(1, |listed| listed.number);
            Some(Instalment { number, due, amount, paid: false })
        }
        None => list.iter().find(|listed| !listed.paid && listed.due >= today).cloned(),
    }
}

fn nothing_owed(balance: &Balance) -> bool {
    [balance.principal, balance.interest, balance.late_interest, balance.fees]
        .into_iter()
        .chain(balance.principal_outstanding)
        .all(Money::is_zero)
}

fn codes() -> String {
    Currency::ALL.map(Currency::code).join(", ")
}
