//! What a debt file is as a whole: what must be known of all rows before the first one is written.

use crate::debts::csv::{ImportContext, Judged};
use crate::debts::encoding::DebtText;
use crate::debts::reading::{Reader, Taken};
use crate::domain::debt::{Obligation, ObligationStatus, Person};
use crate::domain::ids::{LenderId, PersonId};
use crate::domain::time::{Day, Timestamp};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Days after which whoever imports is told that a balance is old.
pub const OLD_AFTER_DAYS: i64 = 7;
/// So many persons are no household any more.
pub const SHARED_PHONE_MIN: usize = 6;

/// Documents and phones that several persons of a file have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shared {
    /// Persons whose document is another person's too: whoever knows it may prove to be any of them.
    pub documents: usize,
    /// Phones of at least [`SHARED_PHONE_MIN`] persons.
    pub phones: usize,
}

/// Balances that are old news at the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldBalances {
    pub n: usize,
    pub oldest: Day,
}

/// Whose file it is, who is in it and what is odd about it. It holds no more of a row than its references and hashes.
#[derive(Debug, Default)]
pub struct Survey {
    pub judged: Judged,
    /// `None` only when no row could be read.
    pub lender: Option<LenderId>,
    /// The lender's references of the persons, in their order.
    pub references: Vec<Box<str>>,
    /// Good rows.
    pub n_rows: u64,
    pub n_obligations: usize,
    /// Balances of more than [`OLD_AFTER_DAYS`] days ago, but of debts that are settled.
    pub old: Option<OldBalances>,
    /// The newest balance of each person who owes.
    pub as_of: HashMap<PersonId, Timestamp>,
    /// How many persons have each; by hash, which two values share by chance as good as never.
    documents: HashMap<u64, u32>,
    phones: HashMap<u64, u32>,
}

impl Survey {
    /// Reads the whole file once and shows each good row.
    pub fn of(text: &DebtText, context: &ImportContext, mut each: impl FnMut(&Taken)) -> Self {
        let (mut survey, mut reader) = (Self::default(), Reader::new(text, context));
        let hashes = RandomState::new();
        let today = context.zone.day(context.now);
        for taken in reader.by_ref() {
            each(&taken);
            survey.n_rows += 1;
            survey.lender.get_or_insert_with(|| taken.lender.clone());
            if let Some(person) = &taken.new {
                survey.person(person, &hashes);
            }
            if let Some(owed) = &taken.obligation {
                survey.obligation(owed, context, today);
            }
        }
        survey.judged = reader.judged();
        survey
    }

    fn person(&mut self, person: &Person, hashes: &RandomState) {
        self.references.push(person.external_ref.as_str().into());
        let document = hashes.hash_one((&person.document_type, person.document.expose()));
        *self.documents.entry(document).or_default() += 1;
        for phone in &person.phones {
            *self.phones.entry(hashes.hash_one(phone.expose())).or_default() += 1;
        }
    }

    fn obligation(&mut self, owed: &Obligation, context: &ImportContext, today: Day) {
        self.n_obligations += 1;
        let newest = self.as_of.entry(owed.person).or_insert(owed.balance.as_of);
        *newest = owed.balance.as_of.max(*newest);
        let as_of = context.zone.day(owed.balance.as_of);
        if owed.status != ObligationStatus::Settled && as_of < today.plus_days(-OLD_AFTER_DAYS) {
            let old = self.old.get_or_insert(OldBalances { n: 0, oldest: as_of });
            *old = OldBalances { n: old.n + 1, oldest: old.oldest.min(as_of) };
        }
    }

    /// What several persons have in common that should be of one.
    pub fn shared(&self) -> Shared {
        let persons = |n: &u32| usize::try_from(*n).unwrap_or(usize::MAX);
        Shared {
            documents: self.documents.values().filter(|n| **n > 1).map(persons).sum(),
            phones: self.phones.values().filter(|n| persons(n) >= SHARED_PHONE_MIN).count(),
        }
    }
}
