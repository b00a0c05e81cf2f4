//! Many persons' files out of one read: rows in, one file for each person that was asked for.

use crate::domain::debt::Person;
use crate::domain::ids::PersonId;
use crate::ports::StoreError;
use crate::ports::people::PersonFile;
use crate::store::rows::Place;
use crate::store::rows::people::{AgreementRow, ObligationRow, PersonRow};
use sqlx::FromRow;
use std::collections::HashMap;
use uuid::Uuid;

/// A person, and which of the asked sets of phones found them.
#[derive(Debug, FromRow)]
pub(in crate::store) struct PlacedPersonRow {
    pub place: i64,
    #[sqlx(flatten)]
    pub person: PersonRow,
}

/// Each phone with the place of its set.
pub(in crate::store) fn phone_places(sets: &[Vec<String>]) -> Vec<(i64, &String)> {
    (0_i64..).zip(sets).flat_map(|(place, phones)| phones.iter().map(move |phone| (place, phone))).collect()
}

/// The persons of each of `n` sets by name, at most `limit` of each; two phones of a set may have found the same one.
pub(in crate::store) fn placed(
    rows: Vec<PlacedPersonRow>,
    n: usize,
    limit: u32,
) -> Result<Vec<Vec<Person>>, StoreError> {
    let mut sets = vec![Vec::new(); n];
    for row in rows {
        if let Some(set) = usize::try_from(row.place).ok().and_then(|place| sets.get_mut(place)) {
            set.push(row.person.read()?);
        }
    }
    for set in &mut sets {
        set.sort_by(|a: &Person, b| {
            a.full_name.expose().cmp(b.full_name.expose()).then_with(|| a.id.0.cmp(&b.id.0))
        });
        set.dedup_by_key(|person| person.id);
        set.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(sets)
}

/// The stored document of a case or claim, and whose it is.
#[derive(Debug, FromRow)]
pub(in crate::store) struct PersonDocument {
    pub person_id: Uuid,
    pub id: Uuid,
    pub body: String,
}

impl PersonDocument {
    fn read<T: serde::de::DeserializeOwned>(&self, table: &'static str) -> Result<T, StoreError> {
        Place { table, id: &self.id }.json("body", &self.body)
    }
}

/// Everything of some persons, each kind in the order in which a file shows it.
pub(in crate::store) struct FileRows {
    pub persons: Vec<PersonRow>,
    pub obligations: Vec<ObligationRow>,
    pub agreements: Vec<AgreementRow>,
    pub cases: Vec<PersonDocument>,
    pub claims: Vec<PersonDocument>,
}

/// One entry for each asked id; the same person may be asked for twice.
pub(in crate::store) fn files(
    asked: &[PersonId],
    rows: FileRows,
) -> Result<Vec<Option<PersonFile>>, StoreError> {
    let mut files: HashMap<Uuid, PersonFile> = HashMap::with_capacity(rows.persons.len());
    for row in rows.persons {
        let person = row.read()?;
        files.insert(
            person.id.0,
            PersonFile {
                person,
                obligations: Vec::new(),
                agreements: Vec::new(),
                open_cases: Vec::new(),
                claims: Vec::new(),
            },
        );
    }
    for row in rows.obligations {
        if let Some(file) = files.get_mut(&row.person_id) {
            file.obligations.push(row.read()?);
        }
    }
    for row in rows.agreements {
        if let Some(file) = files.get_mut(&row.person_id) {
            file.agreements.push(row.read()?);
        }
    }
    for row in rows.cases {
        if let Some(file) = files.get_mut(&row.person_id) {
            file.open_cases.push(row.read("cases")?);
        }
    }
    for row in rows.claims {
        if let Some(file) = files.get_mut(&row.person_id) {
            file.claims.push(row.read("payment_claims")?);
        }
    }
    Ok(asked.iter().map(|id| files.get(&id.0).cloned()).collect())
}
