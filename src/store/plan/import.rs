//! What an import changes: compares the rows of a file with what is stored.

use crate::domain::debt::{Obligation, Person};
use crate::domain::ids::LenderId;
use crate::ports::StoreError;
use crate::ports::people::ImportCounts;
use crate::store::error::failed;
use crate::store::rows::people::{ObligationRow, PersonRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Rows of one statement of an import.
pub(in crate::store) const CHUNK: usize = 1_000;

/// Checks what no row may hold: another lender's data, or two currencies in one balance.
pub(in crate::store) fn check(
    lender: &LenderId,
    persons: &[Person],
    obligations: &[Obligation],
) -> Result<(), StoreError> {
    let foreign = persons.iter().any(|person| person.lender != *lender)
        || obligations.iter().any(|obligation| obligation.lender != *lender);
    if foreign {
        return Err(failed("a row of the import belongs to another lender".to_owned()));
    }
    let mixed = obligations.iter().find(|obligation| {
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

/// The newest balance of each person's obligations in the file, by the person's id in the file.
pub(in crate::store) fn as_of(obligations: &[Obligation]) -> HashMap<Uuid, i64> {
    let mut newest = HashMap::new();
    for obligation in obligations {
        let at = newest.entry(obligation.person.0).or_insert(i64::MIN);
        *at = obligation.balance.as_of.0.max(*at);
    }
    newest
}

/// Drops earlier rows of the same `external_ref`: the last one of a file counts. Returns dropped id → kept id.
pub(in crate::store) fn unique_persons(rows: Vec<PersonRow>) -> (Vec<PersonRow>, Vec<(Uuid, Uuid)>) {
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
    ids: &mut HashMap<Uuid, Uuid>,
    counts: &mut ImportCounts,
) -> Vec<PersonRow> {
    let stored: HashMap<String, PersonRow> =
        stored.into_iter().map(|row| (row.external_ref.clone(), row)).collect();
    rows.retain_mut(|row| {
        let Some(old) = stored.get(&row.external_ref) else {
            ids.insert(row.id, row.id);
            counts.persons_new += 1;
            return true;
        };
        ids.insert(row.id, old.id);
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
    persons: &HashMap<Uuid, Uuid>,
    counts: &mut ImportCounts,
) -> Vec<ObligationRow> {
    let stored: HashMap<String, ObligationRow> =
        stored.into_iter().map(|row| (row.external_ref.clone(), row)).collect();
    rows.retain_mut(|row| {
        row.person_id = persons.get(&row.person_id).copied().unwrap_or(row.person_id);
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
