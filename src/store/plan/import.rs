//! What an import changes: compares the rows of a file with what is stored.

use crate::domain::debt::Person;
use crate::domain::ids::LenderId;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::people::{ImportBatch, ImportCounts};
use crate::store::error::failed;
use crate::store::rows::people::{ObligationRow, PersonRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Rows of one statement of an import.
pub(in crate::store) const CHUNK: usize = 1_000;

/// Checks what no row may hold: another lender's data, or two currencies in one balance.
pub(in crate::store) fn check(lender: &LenderId, batch: &ImportBatch) -> Result<(), StoreError> {
    let foreign = batch.persons.iter().any(|(person, _)| person.lender != *lender)
        || batch.obligations.iter().any(|obligation| obligation.lender != *lender);
    if foreign {
        return Err(failed("a row of the import belongs to another lender".to_owned()));
    }
    let mixed = batch.obligations.iter().find(|obligation| {
        let balance = &obligation.balance;
        [balance.principal, balance.interest, balance.late_interest, balance.fees]
            .into_iter()
            .chain(balance.principal_outstanding)
            .any(|part| part.currency != obligation.currency)
    });
    match mixed {
        Some(obligation) => {
            Err(failed(format!("the balance of obligation {} mixes currencies", obligation.id)))
        }
        None => Ok(()),
    }
}

/// Ids of persons in the file that are stored under another one.
#[derive(Debug, Default)]
pub(in crate::store) struct StoredIds(HashMap<Uuid, Uuid>);

impl StoredIds {
    fn note(&mut self, in_file: Uuid, stored: Uuid) {
        if in_file != stored {
            self.0.insert(in_file, stored);
        }
    }

    fn of(&self, in_file: Uuid) -> Uuid {
        self.0.get(&in_file).copied().unwrap_or(in_file)
    }

    /// Notes whom the dropped rows of [`unique_persons`] are.
    pub fn join(&mut self, twins: Twins) {
        for (dropped, kept) in twins {
            self.note(dropped, self.of(kept));
        }
    }
}

/// Rows that were dropped, and for whom: dropped id, kept id.
pub(in crate::store) type Twins = Vec<(Uuid, Uuid)>;

/// The rows of a batch's persons, one of each, and who was dropped for whom.
pub(in crate::store) fn person_rows(
    persons: &[(Person, Option<Timestamp>)],
) -> Result<(Vec<PersonRow>, Twins), StoreError> {
    let rows = persons.iter().map(|(person, as_of)| PersonRow::write(person, as_of.map(|at| at.0)));
    Ok(unique_persons(rows.collect::<Result<_, _>>()?))
}

/// Drops earlier rows of the same `external_ref`: the last one of a file counts.
fn unique_persons(rows: Vec<PersonRow>) -> (Vec<PersonRow>, Twins) {
    let mut kept: Vec<PersonRow> = Vec::with_capacity(rows.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut twins = Vec::new();
    for row in rows {
        match places.get(&row.external_ref).copied() {
            Some(place) => {
                let dropped = std::mem::replace(&mut kept[place], row);
                twins.push((dropped.id, kept[place].id));
            }
            None => {
                places.insert(row.external_ref.clone(), kept.len());
                kept.push(row);
            }
        }
    }
    (kept, twins)
}

/// Drops rows of the same `external_ref`: the newest balance counts, of equally new ones the last.
pub(in crate::store) fn unique_obligations(rows: Vec<ObligationRow>) -> Vec<ObligationRow> {
    let mut kept: Vec<ObligationRow> = Vec::with_capacity(rows.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in rows {
        match places.get(&row.external_ref).copied() {
            Some(place) if kept[place].as_of <= row.as_of => kept[place] = row,
            Some(_) => {}
            None => {
                places.insert(row.external_ref.clone(), kept.len());
                kept.push(row);
            }
        }
    }
    kept
}

/// Keeps the rows that change something, gives them the ids that are stored, and notes file id → stored id.
pub(in crate::store) fn persons(
    mut rows: Vec<PersonRow>,
    stored: Vec<PersonRow>,
    ids: &mut StoredIds,
    counts: &mut ImportCounts,
) -> Vec<PersonRow> {
    let stored: HashMap<String, PersonRow> =
        stored.into_iter().map(|row| (row.external_ref.clone(), row)).collect();
    rows.retain_mut(|row| {
        let Some(old) = stored.get(&row.external_ref) else {
            counts.persons_new += 1;
            return true;
        };
        ids.note(row.id, old.id);
        row.id = old.id;
        let older = matches!((row.as_of, old.as_of), (Some(new), Some(stored)) if new < stored);
        row.as_of = row.as_of.max(old.as_of);
        if older || row.same_content(old) {
            counts.persons_same += 1;
            // A newer confirmation of equal content still moves the time that guards against older files.
            return !older && row.as_of != old.as_of;
        }
        counts.persons_changed += 1;
        true
    });
    rows
}

/// Like [`persons`]; an obligation points to its person's stored id.
pub(in crate::store) fn obligations(
    mut rows: Vec<ObligationRow>,
    stored: Vec<ObligationRow>,
    persons: &StoredIds,
    counts: &mut ImportCounts,
) -> Vec<ObligationRow> {
    let stored: HashMap<String, ObligationRow> =
        stored.into_iter().map(|row| (row.external_ref.clone(), row)).collect();
    rows.retain_mut(|row| {
        row.person_id = persons.of(row.person_id);
        let Some(old) = stored.get(&row.external_ref) else {
            counts.obligations_new += 1;
            return true;
        };
        row.id = old.id;
        if row.as_of < old.as_of || *row == *old {
            counts.obligations_same += 1;
            return false;
        }
        counts.obligations_changed += 1;
        true
    });
    rows
}

/// A contact point on file.
#[derive(Debug)]
pub(in crate::store) struct PhoneRow {
    pub lender: String,
    pub phone: String,
    pub person: Uuid,
}

pub(in crate::store) fn phones(rows: &[PersonRow]) -> Result<Vec<PhoneRow>, StoreError> {
    let mut phones = Vec::new();
    for row in rows {
        let lender = || row.lender.clone();
        phones.extend(row.phone_list()?.into_iter().map(|phone| PhoneRow {
            lender: lender(),
            phone,
            person: row.id,
        }));
    }
    Ok(phones)
}
