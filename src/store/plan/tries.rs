//! What the stored tries of the identity challenge add up to.

use crate::domain::ids::PersonId;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::people::{IdentityHistory, TriedElsewhere};
use sqlx::FromRow;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// How far back tries count: the longest window of [`IdentityHistory`].
pub(in crate::store) const WINDOW: Millis = Millis::days(30);

/// Upper bound of tries read for one decision; whoever reaches it is locked many times over.
pub(in crate::store) const TRIES_MAX: i64 = 2_000;

/// A try of this address, or about a candidate, in order. One that is both comes once for each.
#[derive(Debug, Clone, FromRow)]
pub(in crate::store) struct TryRow {
    /// What the try is known by.
    pub seq: i64,
    /// The candidate whom it is about; `None` as a try of the address.
    pub person: Option<Uuid>,
    pub own_conversation: bool,
    pub passed: bool,
    pub starts_challenge: bool,
    pub locked_until: Option<i64>,
    pub at: i64,
}

/// A try that belongs to the question at `place`.
#[derive(Debug, FromRow)]
pub(in crate::store) struct PlacedTryRow {
    pub place: i64,
    #[sqlx(flatten)]
    pub row: TryRow,
}

/// A person who was tried in the last day from the address of the question at `place`.
#[derive(Debug, FromRow)]
pub(in crate::store) struct PlacedPerson {
    pub place: i64,
    pub person: Uuid,
}

/// The answers to `count` questions; the tries of each come newest first.
pub(in crate::store) fn histories(
    count: usize,
    rows: Vec<PlacedTryRow>,
    persons: &[PlacedPerson],
    now: Timestamp,
) -> Vec<IdentityHistory> {
    let mut tries: Vec<Vec<TryRow>> = vec![Vec::new(); count];
    for PlacedTryRow { place, row } in rows.into_iter().rev() {
        if let Some(of_place) = usize::try_from(place).ok().and_then(|place| tries.get_mut(place)) {
            of_place.push(row);
        }
    }
    let of = |place: usize| -> Vec<Uuid> {
        persons
            .iter()
            .filter(|tried| usize::try_from(tried.place) == Ok(place))
            .map(|tried| tried.person)
            .collect()
    };
    tries.iter().enumerate().map(|(place, rows)| history(rows, &of(place), now)).collect()
}

/// `persons_day` counts what `persons` (different persons tried from the address in the last day) holds.
pub(in crate::store) fn history(rows: &[TryRow], persons: &[Uuid], now: Timestamp) -> IdentityHistory {
    let rows_of_address: Vec<&TryRow> = rows.iter().filter(|row| row.person.is_none()).collect();
    let elsewhere = elsewhere(rows, &rows_of_address, now);
    let rows = rows_of_address;
    let day = now.minus(Millis::days(1)).0;
    let month = now.minus(WINDOW).0;
    let count = |wanted: &dyn Fn(&TryRow) -> bool| {
        u32::try_from(rows.iter().filter(|row| wanted(row)).count()).unwrap_or(u32::MAX)
    };
    let starts = unpassed_starts(&rows);
    let since =
        |at: i64| u32::try_from(starts.iter().filter(|start| **start > at).count()).unwrap_or(u32::MAX);
    IdentityHistory {
        wrong_in_challenge: wrong_in_challenge(&rows),
        challenges_day: since(day),
        challenges_month: since(month),
        locked_until: rows
            .iter()
            .filter_map(|row| row.locked_until)
            .max()
            .filter(|until| *until > now.0)
            .map(Timestamp),
        locks_month: count(&|row| row.locked_until.is_some() && row.at > month),
        persons_day: u32::try_from(persons.len()).unwrap_or(u32::MAX),
        elsewhere,
    }
}

/// Whoever tries a person from another address uses up nothing of this one; only much of it counts, and only for the
/// person who was tried.
fn elsewhere(rows: &[TryRow], of_address: &[&TryRow], now: Timestamp) -> Vec<TriedElsewhere> {
    let own: HashSet<i64> = of_address.iter().map(|row| row.seq).collect();
    let mut about: BTreeMap<Uuid, Vec<&TryRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !own.contains(&row.seq)) {
        if let Some(person) = row.person {
            about.entry(person).or_default().push(row);
        }
    }
    let month = now.minus(WINDOW).0;
    let tried = about.into_iter().map(|(person, rows)| {
        let starts = unpassed_starts(&rows).into_iter().filter(|start| *start > month).count();
        let challenges_month = u32::try_from(starts).unwrap_or(u32::MAX);
        TriedElsewhere { person: PersonId(person), challenges_month }
    });
    tried.filter(|tried| tried.challenges_month > 0).collect()
}

/// When the challenges began that were not passed in the end.
///
/// Whoever proves who they are, however often, is no attacker and must not use up the caps.
fn unpassed_starts(rows: &[&TryRow]) -> Vec<i64> {
    rows.iter().fold(Vec::new(), |mut starts, row| {
        if row.passed {
            starts.pop();
        } else if row.starts_challenge {
            starts.push(row.at);
        }
        starts
    })
}

/// A challenge of this conversation runs from its start until a try passes or locks.
fn wrong_in_challenge(rows: &[&TryRow]) -> u32 {
    rows.iter().filter(|row| row.own_conversation).fold(0, |wrong, row| {
        if row.passed || row.locked_until.is_some() {
            0
        } else if row.starts_challenge {
            1
        } else {
            wrong + 1
        }
    })
}
