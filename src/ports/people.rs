//! Debtors, what they owe, their agreements, and tries to prove who they are.

use crate::domain::debt::{Agreement, Obligation, Person};
use crate::domain::ids::{ConversationId, LenderId, ObligationId, PersonId};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::records::{Case, IdentityTry, PaymentClaim};
use async_trait::async_trait;
use std::collections::HashMap;

/// Everything that one turn may need of a person, read at one moment.
#[derive(Debug, Clone)]
pub struct PersonFile {
    pub person: Person,
    pub obligations: Vec<Obligation>,
    /// Not superseded or cancelled, newest first.
    pub agreements: Vec<Agreement>,
    pub open_cases: Vec<Case>,
    /// Newest first.
    pub claims: Vec<PaymentClaim>,
}

/// Whose tries of the identity challenge are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriesOf {
    /// All conversations that its lender has with its address count.
    pub conversation: ConversationId,
    /// Tries about any of them from other addresses are told apart.
    pub candidates: Vec<PersonId>,
}

impl TriesOf {
    pub fn new(conversation: ConversationId, candidates: &[Person]) -> Self {
        Self { conversation, candidates: candidates.iter().map(|person| person.id).collect() }
    }
}

/// Tries of the identity challenge that count for a decision: of the address that writes, and beside them what other
/// addresses tried about the candidates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityHistory {
    /// Wrong tries of the running challenge.
    pub wrong_in_challenge: u32,
    /// Challenges begun from this address in the last 24 h and in the last 30 days that were not passed in the end.
    pub challenges_day: u32,
    pub challenges_month: u32,
    pub locked_until: Option<Timestamp>,
    /// Locks in the last 30 days.
    pub locks_month: u32,
    /// Different persons tried from this address in 24 h: enumeration.
    pub persons_day: u32,
    /// Candidates who were tried from other addresses, in the order of their ids.
    pub elsewhere: Vec<TriedElsewhere>,
    /// What the newest stored try of this address, or about a candidate, is known by; 0 when there is none. Newer ones
    /// are greater.
    pub newest: i64,
}

impl IdentityHistory {
    /// What the history is after this try of the same chat, which is not stored yet.
    #[must_use]
    pub fn after(mut self, tried: &IdentityTry) -> Self {
        if tried.passed.is_some() {
            self.wrong_in_challenge = 0;
            self.challenges_day = self.challenges_day.saturating_sub(1);
            self.challenges_month = self.challenges_month.saturating_sub(1);
        } else {
            self.wrong_in_challenge = if tried.starts_challenge { 1 } else { self.wrong_in_challenge + 1 };
            self.challenges_day += u32::from(tried.starts_challenge);
            self.challenges_month += u32::from(tried.starts_challenge);
        }
        if tried.locked_until.is_some() {
            self.wrong_in_challenge = 0;
            self.locked_until = self.locked_until.max(tried.locked_until);
            self.locks_month += 1;
        }
        let persons = u32::try_from(tried.candidates.len()).unwrap_or(u32::MAX);
        self.persons_day = self.persons_day.max(persons);
        self
    }
}

/// What other addresses tried about one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriedElsewhere {
    pub person: PersonId,
    /// Challenges begun in the last 30 days that were not passed in the end.
    pub challenges_month: u32,
}

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    pub persons_new: u64,
    pub persons_changed: u64,
    pub persons_same: u64,
    pub obligations_new: u64,
    pub obligations_changed: u64,
    pub obligations_same: u64,
}

/// Some rows of an import.
#[derive(Debug, Default)]
pub struct ImportBatch {
    /// With the newest balance that the whole import has of each.
    pub persons: Vec<(Person, Option<Timestamp>)>,
    /// Of persons of this batch, of one before, or of stored ones.
    pub obligations: Vec<Obligation>,
}

/// What an import writes, in batches that need not be in memory together.
pub trait ImportSource: Send + Sync {
    /// All batches from the beginning, the same each time: a transaction that collided with another one runs again.
    /// Only within one batch may a person or an account come twice.
    fn batches(&self) -> Box<dyn Iterator<Item = ImportBatch> + Send + '_>;
}

/// Rows that are in memory anyway.
struct Whole<'r> {
    persons: &'r [Person],
    obligations: &'r [Obligation],
}

impl ImportSource for Whole<'_> {
    fn batches(&self) -> Box<dyn Iterator<Item = ImportBatch> + Send + '_> {
        let mut newest = HashMap::<PersonId, Timestamp>::new();
        for owed in self.obligations {
            let at = newest.entry(owed.person).or_insert(owed.balance.as_of);
            *at = owed.balance.as_of.max(*at);
        }
        let persons = self.persons.iter().map(|person| (person.clone(), newest.get(&person.id).copied()));
        let batch = ImportBatch { persons: persons.collect(), obligations: self.obligations.to_vec() };
        Box::new(std::iter::once(batch))
    }
}

#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// For each set of phones the persons of the lender who have one of them on file and not marked wrong, by name,
    /// at most `limit` of each set.
    async fn persons_by_phones(
        &self,
        lender: &LenderId,
        phone_sets: &[Vec<String>],
        limit: u32,
    ) -> Result<Vec<Vec<Person>>, StoreError>;

    /// [`PeopleStore::persons_by_phones`] of one set.
    async fn persons_by_phone(
        &self,
        lender: &LenderId,
        phones: &[String],
        limit: u32,
    ) -> Result<Vec<Person>, StoreError> {
        Ok(self.persons_by_phones(lender, &[phones.to_vec()], limit).await?.pop().unwrap_or_default())
    }

    /// Whether somebody told us that one of these numbers is not the person's, and nobody else of the lender has it.
    async fn is_wrong_number(&self, lender: &LenderId, phones: &[String]) -> Result<bool, StoreError>;

    /// For each id the file of that person of the lender, if there is one; all of one moment.
    async fn person_files(
        &self,
        lender: &LenderId,
        persons: &[PersonId],
    ) -> Result<Vec<Option<PersonFile>>, StoreError>;

    /// [`PeopleStore::person_files`] of one person.
    async fn person_file(
        &self,
        lender: &LenderId,
        person: PersonId,
    ) -> Result<Option<PersonFile>, StoreError> {
        Ok(self.person_files(lender, &[person]).await?.pop().flatten())
    }

    /// For each question its answer, in their order.
    async fn identity_histories(
        &self,
        asked: &[TriesOf],
        now: Timestamp,
    ) -> Result<Vec<IdentityHistory>, StoreError>;

    /// [`PeopleStore::identity_histories`] of one question.
    async fn identity_history(
        &self,
        conversation: ConversationId,
        candidates: &[PersonId],
        now: Timestamp,
    ) -> Result<IdentityHistory, StoreError> {
        let asked = TriesOf { conversation, candidates: candidates.to_vec() };
        Ok(self.identity_histories(&[asked], now).await?.pop().unwrap_or_default())
    }

    /// Inserts or updates by (lender, external_ref), all or nothing. An older `as_of` never replaces a newer one.
    async fn import_from(
        &self,
        lender: &LenderId,
        source: &dyn ImportSource,
        now: Timestamp,
    ) -> Result<ImportCounts, StoreError>;

    /// [`PeopleStore::import_from`] of rows that are in memory.
    async fn import(
        &self,
        lender: &LenderId,
        persons: &[Person],
        obligations: &[Obligation],
        now: Timestamp,
    ) -> Result<ImportCounts, StoreError> {
        self.import_from(lender, &Whole { persons, obligations }, now).await
    }

    /// A `once` key belongs to one debt of one person: whatever a flow makes it of, nobody gets another's agreement.
    async fn agreement_by_once(
        &self,
        lender: &LenderId,
        person: PersonId,
        obligation: ObligationId,
        once_key: &str,
    ) -> Result<Option<Agreement>, StoreError>;

    /// Records an agreement outside a conversation (imports, samples). The same `once_key` twice for one debt keeps
    /// the first.
    async fn add_agreement(&self, agreement: &Agreement) -> Result<bool, StoreError>;

    /// Persons of a lender, by name, for the demo and for tests.
    async fn persons(&self, lender: &LenderId, limit: u32) -> Result<Vec<Person>, StoreError>;

    /// Sets the opt-out of every conversation of an address; `user_preferences` comes without a chat.
    async fn set_opt_out(
        &self,
        lender: &LenderId,
        identity: &crate::domain::identity::WaIdentity,
        scope: crate::ports::records::OptOutScope,
        stop: bool,
        source: &str,
        now: Timestamp,
    ) -> Result<u32, StoreError>;
}
