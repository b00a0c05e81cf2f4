//! Debtors, what they owe and what they agreed, in memory.

use super::{MemoryStore, Tables, counted, rows};
use crate::domain::debt::{Agreement, Obligation, Person};
use crate::domain::identity::WaIdentity;
use crate::domain::ids::{ConversationId, LenderId, ObligationId, PersonId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::people::{
    IdentityHistory, ImportBatch, ImportCounts, ImportSource, PeopleStore, PersonFile, TriesOf,
};
use crate::ports::records::OptOutScope;
use crate::store::plan::import::{self, StoredIds};
use crate::store::plan::tries;
use crate::store::plan::turns::{OptOutRow, TryRow, scope_name};
use crate::store::rows::clean;
use crate::store::rows::files::{FileRows, PersonDocument, files};
use crate::store::rows::people::{AgreementRow, DocumentRow, ObligationRow, PersonRow, scoped_key};
use async_trait::async_trait;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use uuid::Uuid;

#[async_trait]
impl PeopleStore for MemoryStore {
    async fn persons_by_phones(
        &self,
        lender: &LenderId,
        phone_sets: &[Vec<String>],
        limit: u32,
    ) -> Result<Vec<Vec<Person>>, StoreError> {
        let tables = self.tables()?;
        phone_sets.iter().map(|phones| tables.with_phone(lender, phones, limit)).collect()
    }

    async fn is_wrong_number(&self, lender: &LenderId, phones: &[String]) -> Result<bool, StoreError> {
        let tables = self.tables()?;
        let on_file = tables
            .person_phones
            .iter()
            .filter(|((of, phone, _), _)| of == lender.as_str() && phones.contains(phone));
        let marks: Vec<bool> = on_file.map(|(_, wrong_at)| wrong_at.is_some()).collect();
        Ok(!marks.is_empty() && marks.into_iter().all(|wrong| wrong))
    }

    async fn person_files(
        &self,
        lender: &LenderId,
        persons: &[PersonId],
    ) -> Result<Vec<Option<PersonFile>>, StoreError> {
        let tables = self.tables()?;
        let asked = |id: Uuid| persons.iter().any(|person| person.0 == id);
        let of_lender = |name: &str| name == lender.as_str();
        let found = tables.persons.values().filter(|row| of_lender(&row.lender) && asked(row.id));
        let owed = tables.obligations.values().filter(|row| of_lender(&row.lender) && asked(row.person_id));
        let agreed = tables.agreements.iter().filter(|row| {
            of_lender(&row.lender)
                && asked(row.person_id)
                && !matches!(row.status.as_str(), "superseded" | "cancelled")
        });
        let mut obligations: Vec<ObligationRow> = owed.cloned().collect();
        obligations.sort_by(|one, other| one.external_ref.cmp(&other.external_ref));
        let mut agreements: Vec<AgreementRow> = agreed.cloned().collect();
        agreements.sort_by_key(|row| Reverse((row.accepted_at, row.id)));
        let rows = FileRows {
            persons: found.cloned().collect(),
            obligations,
            agreements,
            cases: documents(&tables.open_cases(), lender, persons),
            claims: documents(&tables.claims, lender, persons),
        };
        files(persons, rows)
    }

    async fn identity_histories(
        &self,
        asked: &[TriesOf],
        now: Timestamp,
    ) -> Result<Vec<IdentityHistory>, StoreError> {
        let tables = self.tables()?;
        Ok(asked.iter().map(|of| tables.identity_history(of.conversation, &of.candidates, now)).collect())
    }

    async fn import_from(
        &self,
        lender: &LenderId,
        source: &dyn ImportSource,
        _now: Timestamp,
    ) -> Result<ImportCounts, StoreError> {
        let mut all = ImportBatch::default();
        for batch in source.batches() {
            all.persons.extend(batch.persons);
            all.obligations.extend(batch.obligations);
        }
        import::check(lender, &all)?;
        let mut counts = ImportCounts::default();
        let mut tables = self.tables()?;
        // What a foreign key would refuse comes first: a refusal leaves nothing behind.
        let is_known = |id: PersonId| {
            all.persons.iter().any(|(person, _)| person.id == id) || tables.persons.contains_key(&id.0)
        };
        if !all.obligations.iter().all(|owed| is_known(owed.person)) {
            return Err(StoreError::Conflict { constraint: "obligations.person_id".to_owned() });
        }
        let ids = tables.import_persons(lender, &all.persons, &mut counts)?;
        tables.import_obligations(lender, &all.obligations, &ids, &mut counts)?;
        Ok(counts)
    }

    async fn agreement_by_once(
        &self,
        lender: &LenderId,
        person: PersonId,
        obligation: ObligationId,
        once_key: &str,
    ) -> Result<Option<Agreement>, StoreError> {
        let tables = self.tables()?;
        let key = scoped_key(person.0, obligation.0, once_key);
        let found = tables.agreements.iter().find(|row| row.lender == lender.as_str() && row.once_key == key);
        found.cloned().map(AgreementRow::read).transpose()
    }

    async fn add_agreement(&self, agreement: &Agreement) -> Result<bool, StoreError> {
        let row = AgreementRow::write(agreement, None)?;
        let mut tables = self.tables()?;
        let is_new =
            tables.agreements.iter().all(|old| old.lender != row.lender || old.once_key != row.once_key);
        if is_new {
            tables.agreements.push(row);
        }
        Ok(is_new)
    }

    async fn persons(&self, lender: &LenderId, limit: u32) -> Result<Vec<Person>, StoreError> {
        let tables = self.tables()?;
        read_persons(tables.persons.values().filter(|row| row.lender == lender.as_str()), limit)
    }

    async fn set_opt_out(
        &self,
        lender: &LenderId,
        identity: &WaIdentity,
        scope: OptOutScope,
        stop: bool,
        source: &str,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let row = OptOutRow {
            lender: lender.as_str().to_owned(),
            conversation: None,
            wa_id: identity.wa_id.as_ref().map(|wa_id| wa_id.expose().to_owned()),
            bsuid: identity.bsuid.as_ref().map(|bsuid| bsuid.expose().to_owned()),
            scope: scope_name(scope),
            stop,
            source: clean(source),
            at: now.0,
        };
        let mut tables = self.tables()?;
        let mut affected = 0;
        for chat in tables.conversations.values_mut() {
            if chat.state.lender == row.lender
                && chat.shares_address(row.wa_id.as_deref(), row.bsuid.as_deref())
            {
                affected += 1;
                if scope == OptOutScope::All {
                    chat.opted_out = stop;
                }
            }
        }
        tables.opt_outs.push(row);
        Ok(counted(affected))
    }
}

fn read_persons<'a>(
    found: impl Iterator<Item = &'a PersonRow>,
    limit: u32,
) -> Result<Vec<Person>, StoreError> {
    let mut found: Vec<&PersonRow> = found.collect();
    found.sort_by(|one, other| (&one.full_name, one.id).cmp(&(&other.full_name, other.id)));
    found.into_iter().take(rows(limit)).cloned().map(PersonRow::read).collect()
}

/// Newest first. Nothing closes a case yet.
fn documents(all: &[DocumentRow], lender: &LenderId, persons: &[PersonId]) -> Vec<PersonDocument> {
    let mine = |row: &&DocumentRow| {
        row.lender == lender.as_str() && row.person.is_some_and(|id| persons.contains(&PersonId(id)))
    };
    let mut found: Vec<&DocumentRow> = all.iter().filter(mine).collect();
    found.sort_by_key(|row| Reverse((row.at, row.id)));
    let document = |row: &DocumentRow| PersonDocument {
        person_id: row.person.unwrap_or_default(),
        id: row.id,
        body: row.body.clone(),
    };
    found.into_iter().map(document).collect()
}

impl Tables {
    pub(in crate::store) fn open_cases(&self) -> Vec<DocumentRow> {
        self.cases.iter().filter(|case| !self.closed_cases.contains_key(&case.id)).cloned().collect()
    }

    fn with_phone(
        &self,
        lender: &LenderId,
        phones: &[String],
        limit: u32,
    ) -> Result<Vec<Person>, StoreError> {
        let ids: BTreeSet<Uuid> = phones
            .iter()
            .flat_map(|phone| {
                let key = |person| (lender.as_str().to_owned(), phone.clone(), person);
                self.person_phones.range(key(Uuid::nil())..=key(Uuid::max()))
            })
            .filter(|(_, wrong_at)| wrong_at.is_none())
            .map(|((_, _, person), _)| *person)
            .collect();
        read_persons(ids.iter().filter_map(|id| self.persons.get(id)), limit)
    }

    /// Of all conversations that the lender has with the address of this one, or about a candidate.
    pub(super) fn identity_history(
        &self,
        conversation: ConversationId,
        candidates: &[PersonId],
        now: Timestamp,
    ) -> IdentityHistory {
        let Some(own) = self.conversations.get(&conversation.0) else {
            return tries::history(&[], &[], now);
        };
        let address: BTreeSet<Uuid> = self
            .conversations
            .values()
            .filter(|chat| chat.state.lender == own.state.lender)
            .filter(|chat| {
                chat.state.id == own.state.id
                    || chat.shares_address(own.state.wa_id.as_deref(), own.state.bsuid.as_deref())
            })
            .map(|chat| chat.state.id)
            .collect();
        let is_about = |row: &TryRow, person: Uuid| {
            self.try_persons.get(&(row.id, person)).is_some_and(|lender| *lender == own.state.lender)
        };
        // As a try of the address, and as one about each candidate.
        let ways = |row: &TryRow| {
            let of_address = address.contains(&row.conversation).then_some(None);
            let about = candidates.iter().map(|person| person.0).filter(|person| is_about(row, *person));
            of_address.into_iter().chain(about.map(Some)).collect::<Vec<Option<Uuid>>>()
        };
        let since = now.minus(tries::WINDOW).0;
        let counts = |row: &TryRow| row.at > since || row.locked_until.is_some_and(|until| until > now.0);
        let mut found: Vec<tries::TryRow> = self
            .tries
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, row)| counts(row))
            .flat_map(|(seq, row)| ways(row).into_iter().map(move |person| (row, seq, person)))
            .take(usize::try_from(tries::TRIES_MAX).unwrap())
            .map(|(row, seq, person)| tries::TryRow {
                seq: i64::try_from(seq + 1).unwrap(),
                person,
                own_conversation: row.conversation == conversation.0,
                passed: row.passed.is_some(),
                starts_challenge: row.starts_challenge,
                locked_until: row.locked_until,
                at: row.at,
            })
            .collect();
        found.reverse();
        let day = now.minus(Millis::days(1)).0;
        let of_day = self.tries.iter().filter(|row| row.at > day && address.contains(&row.conversation));
        let tried: BTreeSet<Uuid> = of_day
            .flat_map(|row| self.try_persons.range((row.id, Uuid::nil())..=(row.id, Uuid::max())))
            .map(|((_, person), _)| *person)
            .collect();
        tries::history(&found, &tried.into_iter().collect::<Vec<_>>(), now)
    }

    fn import_persons(
        &mut self,
        lender: &LenderId,
        persons: &[(Person, Option<Timestamp>)],
        counts: &mut ImportCounts,
    ) -> Result<StoredIds, StoreError> {
        let (new, twins) = import::person_rows(persons)?;
        let mut ids = StoredIds::default();
        let stored = self.persons.values().filter(|row| row.lender == lender.as_str()).cloned().collect();
        let changed = import::persons(new, stored, &mut ids, counts);
        let phones = import::phones(&changed)?;
        let written: BTreeSet<Uuid> = changed.iter().map(|row| row.id).collect();
        for row in changed {
            // What people decide about a person is none of the file's business.
            let reserved = self.persons.get(&row.id).and_then(|stored| stored.reserved.clone());
            self.persons.insert(row.id, PersonRow { reserved, ..row });
        }
        // A wrong number keeps its mark, so that the next file does not bring it back.
        self.person_phones.retain(|(_, _, person), wrong_at| wrong_at.is_some() || !written.contains(person));
        for phone in phones {
            self.person_phones.entry((phone.lender, phone.phone, phone.person)).or_insert(None);
        }
        ids.join(twins);
        Ok(ids)
    }

    fn import_obligations(
        &mut self,
        lender: &LenderId,
        obligations: &[Obligation],
        persons: &StoredIds,
        counts: &mut ImportCounts,
    ) -> Result<(), StoreError> {
        let new = obligations.iter().map(ObligationRow::write).collect::<Result<_, _>>()?;
        let stored = self.obligations.values().filter(|row| row.lender == lender.as_str()).cloned().collect();
        let changed = import::obligations(import::unique_obligations(new), stored, persons, counts);
        self.obligations.extend(changed.into_iter().map(|row| (row.id, row)));
        Ok(())
    }
}
