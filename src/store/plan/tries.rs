//! What the stored tries of the identity challenge add up to.

use super::turns::{Locked, LockedConversation};
use crate::domain::ids::{PersonId, RECORDS};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::conversations::TurnCommit;
use crate::ports::people::{IdentityHistory, TriedElsewhere, TriesOf};
use crate::ports::records::{IdentityTry, Record};
use sqlx::FromRow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
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

/// What a commit must know before it stores tries: whose they are, the newest time at which one of them is judged, and
/// what to lock, so that of two commits about one address or person the second sees what the first one wrote.
#[derive(Debug, Default)]
pub(in crate::store) struct Judging {
    pub asked: Vec<TriesOf>,
    pub now: Timestamp,
    /// In the order in which everybody takes them.
    pub locks: Vec<i64>,
}

impl Judging {
    /// `None` when no commit stores a try.
    pub fn of(commits: &[&TurnCommit], locked: &Locked) -> Option<Self> {
        let mut judging = Self::default();
        let mut locks = BTreeSet::new();
        for commit in commits {
            let Some(row) = locked.get(&commit.conversation.0).filter(|_| tries_of(commit).next().is_some())
            else {
                continue;
            };
            let persons: BTreeSet<PersonId> = persons_of(commit).collect();
            judging.asked.push(TriesOf {
                conversation: commit.conversation,
                candidates: persons.into_iter().collect(),
            });
            judging.now = judging.now.max(commit.now);
            locks.extend(scopes(commit, row).iter().map(|scope| lock_key(scope)));
        }
        judging.locks = locks.into_iter().collect();
        (!judging.asked.is_empty()).then_some(judging)
    }

    /// The newest try that is stored, of each conversation that was asked for.
    pub fn newest(&self, rows: &[PlacedTryRow]) -> HashMap<Uuid, i64> {
        let of = |place: usize| rows.iter().filter(move |row| usize::try_from(row.place) == Ok(place));
        self.asked
            .iter()
            .enumerate()
            .map(|(place, asked)| (asked.conversation.0, newest(of(place).map(|placed| &placed.row))))
            .collect()
    }
}

pub(in crate::store) fn tries_of(commit: &TurnCommit) -> impl Iterator<Item = &IdentityTry> {
    commit
        .records
        .iter()
        .filter_map(|record| if let Record::IdentityTry(tried) = record { Some(tried) } else { None })
}

fn persons_of(commit: &TurnCommit) -> impl Iterator<Item = PersonId> {
    tries_of(commit).flat_map(|tried| tried.candidates.iter().chain(&tried.passed).copied())
}

/// What a commit's tries count against: the address that made them and the persons whom they are about.
pub(in crate::store) fn scopes(commit: &TurnCommit, row: &LockedConversation) -> BTreeSet<String> {
    if tries_of(commit).next().is_none() {
        return BTreeSet::new();
    }
    let address = [("wa", &row.wa_id), ("user", &row.bsuid)]
        .into_iter()
        .filter_map(|(kind, value)| value.as_ref().map(|value| format!("{kind}/{}/{value}", row.lender)));
    let persons = persons_of(commit).map(|person| format!("person/{}/{}", row.lender, person.0));
    address.chain(persons).collect()
}

fn lock_key(scope: &str) -> i64 {
    let (high, _) = Uuid::new_v5(&RECORDS, format!("tries/{scope}").as_bytes()).as_u64_pair();
    i64::from_ne_bytes(high.to_ne_bytes())
}

fn newest<'r>(rows: impl Iterator<Item = &'r TryRow>) -> i64 {
    rows.map(|row| row.seq).max().unwrap_or(0)
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
    let newest = newest(rows.iter());
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
        newest,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assurance::{
        AfterWrong, AssuranceParameters, ChallengeDecision, ChallengeHistory, after_wrong, challenge,
    };
    use proptest::prelude::*;

    const PERSON: PersonId = PersonId(Uuid::from_u128(7));

    fn view(history: &IdentityHistory) -> ChallengeHistory {
        ChallengeHistory {
            wrong_in_challenge: history.wrong_in_challenge,
            challenges_day: history.challenges_day,
            challenges_month: history.challenges_month,
            locked_until: history.locked_until,
            locks_month: history.locks_month,
        }
    }

    /// What one answer is stored as, if it may be compared at all.
    fn tried(history: &IdentityHistory, right: bool, now: Timestamp) -> Option<IdentityTry> {
        let params = AssuranceParameters::default();
        let ChallengeDecision::Allow { .. } = challenge(&view(history), now, &params) else { return None };
        let locked_until = match after_wrong(&view(history), now, &params) {
            AfterWrong::Lock { until } if !right => Some(until),
            AfterWrong::Lock { .. } | AfterWrong::TryAgain { .. } => None,
        };
        Some(IdentityTry {
            passed: right.then_some(PERSON),
            candidates: vec![PERSON],
            at: now,
            locked_until,
            starts_challenge: history.wrong_in_challenge == 0 && !right,
            judged_after: history.newest,
        })
    }

    fn row(seq: i64, tried: &IdentityTry) -> TryRow {
        TryRow {
            seq,
            person: None,
            own_conversation: true,
            passed: tried.passed.is_some(),
            starts_challenge: tried.starts_challenge,
            locked_until: tried.locked_until.map(|until| until.0),
            at: tried.at.0,
        }
    }

    /// Stores each answer before the next one is judged.
    fn one_by_one(answers: &[(bool, i64)], rows: &mut Vec<TryRow>, now: &mut Timestamp) -> Vec<IdentityTry> {
        let mut made = Vec::new();
        for (right, hours) in answers {
            *now = now.plus(Millis::hours(*hours));
            if let Some(tried) = tried(&history(rows, &[], *now), *right, *now) {
                rows.push(row(i64::try_from(rows.len()).unwrap() + 1, &tried));
                made.push(tried);
            }
        }
        made
    }

    proptest! {
        /// Answers that arrive together, of which none is stored before the next is judged, come to what they would have
        /// come to one by one.
        #[test]
        fn answers_that_come_together_count_as_one_after_the_other(
            before in proptest::collection::vec((any::<bool>(), 0_i64..200), 0..12),
            together in proptest::collection::vec(any::<bool>(), 0..12),
        ) {
            let (mut rows, mut now) = (Vec::new(), Timestamp(1_790_000_000_000));
            one_by_one(&before, &mut rows, &mut now);
            let mut held = history(&rows, &[], now);
            let mut at_once = Vec::new();
            for right in &together {
                if let Some(tried) = tried(&held, *right, now) {
                    held = held.after(&tried);
                    at_once.push(IdentityTry { judged_after: 0, ..tried });
                }
            }
            let answers: Vec<(bool, i64)> = together.iter().map(|right| (*right, 0)).collect();
            let stored = one_by_one(&answers, &mut rows, &mut now);
            let stored: Vec<IdentityTry> =
                stored.into_iter().map(|tried| IdentityTry { judged_after: 0, ..tried }).collect();
            prop_assert_eq!(&at_once, &stored);
            let after = history(&rows, &[], now);
            prop_assert_eq!(view(&held), view(&after));
            let wrong = at_once.iter().take_while(|tried| tried.passed.is_none()).count();
            prop_assert!(wrong <= 3, "{} wrong answers before a lock", wrong);
        }
    }
}
