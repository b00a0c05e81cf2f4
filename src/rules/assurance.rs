//! Proof of identity: how often it may be tried, when it locks, and whether an answer is right.
//!
//! Two items of knowledge together (last four of the document, day and month of birth) are about one in a million per
//! try; the limits here keep guessing hopeless while a person who mistypes still gets through.

use crate::domain::debt::Person;
use crate::domain::time::{Millis, Timestamp};
use subtle::{Choice, ConstantTimeEq};

/// Limits of identity challenges and sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssuranceParameters {
    /// Wrong answers of one challenge before it locks.
    pub tries_max: u32,
    /// How long a failed challenge locks the person.
    pub lock: Millis,
    /// Challenges with a wrong answer in 24 hours.
    pub daily_max: usize,
    /// Challenges with a wrong answer in 30 days; then a human verifies.
    pub monthly_max: usize,
    /// Locks in 30 days; then a human verifies.
    pub locks_max: usize,
    /// An unfinished challenge is forgotten after this.
    pub challenge_open: Millis,
    /// A verified session ends after this long without a message.
    pub session_idle: Millis,
    /// Different persons tried from one address in 24 hours before the alarm.
    pub persons_per_address_max: usize,
}

impl Default for AssuranceParameters {
    fn default() -> Self {
        Self {
            tries_max: 3,
            lock: Millis::hours(24),
            daily_max: 2,
            monthly_max: 4,
            locks_max: 2,
            challenge_open: Millis::minutes(30),
            session_idle: Millis::minutes(30),
            persons_per_address_max: 3,
        }
    }
}

/// One challenge of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeRecord {
    pub started_at: Timestamp,
    pub last_try_at: Timestamp,
    pub wrong_tries: u32,
    pub passed: bool,
}

/// Challenges of one person, over all addresses, of at least the last 30 days; in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChallengeHistory {
    pub challenges: Vec<ChallengeRecord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeDecision {
    Allow {
        tries_left: u32,
    },
    Locked {
        until: Timestamp,
    },
    /// A human verifies this person.
    Human,
}

/// Whether the person may answer now.
///
/// Only challenges with a wrong answer count: someone who verifies every day is no attacker. Repeated calls with the same
/// arguments give the same decision; starting a challenge is not recorded here.
pub fn challenge(
    history: &ChallengeHistory,
    now: Timestamp,
    parameters: &AssuranceParameters,
) -> ChallengeDecision {
    let recent = |record: &&ChallengeRecord, length| now.since(record.last_try_at) < length;
    let month: Vec<&ChallengeRecord> = history
        .challenges
        .iter()
        .filter(|record| !record.passed && record.wrong_tries > 0 && recent(record, Millis::days(30)))
        .collect();
    let locks: Vec<&&ChallengeRecord> =
        month.iter().filter(|record| record.wrong_tries >= parameters.tries_max).collect();
    if locks.len() >= parameters.locks_max {
        return ChallengeDecision::Human;
    }
    let locked_until = locks.iter().map(|record| record.last_try_at.plus(parameters.lock)).max();
    if let Some(until) = locked_until.filter(|until| *until > now) {
        return ChallengeDecision::Locked { until };
    }
    let open = month.iter().find(|record| {
        record.wrong_tries < parameters.tries_max && recent(record, parameters.challenge_open)
    });
    if let Some(record) = open {
        return ChallengeDecision::Allow { tries_left: parameters.tries_max - record.wrong_tries };
    }
    if month.len() >= parameters.monthly_max {
        return ChallengeDecision::Human;
    }
    let mut day: Vec<Timestamp> = month
        .iter()
        .filter(|record| recent(record, Millis::days(1)))
        .map(|record| record.last_try_at)
        .collect();
    if day.len() >= parameters.daily_max {
        day.sort_unstable();
        let freed_by = day[day.len() - parameters.daily_max.max(1)];
        return ChallengeDecision::Locked { until: freed_by.plus(Millis::days(1)) };
    }
    ChallengeDecision::Allow { tries_left: parameters.tries_max }
}

/// Whether a verified session still stands.
pub fn session_stands(last_activity: Timestamp, now: Timestamp, parameters: &AssuranceParameters) -> bool {
    now.since(last_activity) < parameters.session_idle
}

/// Whether one address tries so many persons that somebody looks for debtors.
pub const fn is_enumeration(persons_tried_in_a_day: usize, parameters: &AssuranceParameters) -> bool {
    persons_tried_in_a_day > parameters.persons_per_address_max
}

/// The last four characters of a document as people write it: `1.023.456.789`, `CC 6789`, `1 023 456 789`.
///
/// Letters count (a CURP ends in letters and digits) and are made upper case. `None` when there are not four.
pub fn normalise_document_last4(text: &str) -> Option<String> {
    let fold = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    };
    let token = text
        .split_whitespace()
        .map(fold)
        .rfind(|token| token.len() >= 4 && token.bytes().any(|byte| byte.is_ascii_digit()));
    let whole = token.unwrap_or_else(|| text.chars().filter(char::is_ascii_digit).collect());
    let start = whole.len().checked_sub(4)?;
    whole.get(start..).map(str::to_owned)
}

/// Whether both answers are right; which one was wrong is not told, nor by the time it takes.
///
/// `last4` is as written; `day_month` is what the person said, `None` when it was no date. A person without a birth date
/// on file never matches.
pub fn matches(person: &Person, last4: &str, day_month: Option<(i8, i8)>) -> bool {
    let (document_known, document) = four(normalise_document_last4(person.document.expose()));
    let (answer_known, answer) = four(normalise_document_last4(last4));
    let birth = person.birth_date.as_ref().map(|birth| (birth.expose().day(), birth.expose().month()));
    let (birth_known, (day, month)) = (known(birth.is_some()), birth.unwrap_or_default());
    let (said_known, (said_day, said_month)) = (known(day_month.is_some()), day_month.unwrap_or_default());
    let same_document = document.ct_eq(&answer) & document_known & answer_known;
    let same_birth = day.ct_eq(&said_day) & month.ct_eq(&said_month) & birth_known & said_known;
    (same_document & same_birth).into()
}

fn four(text: Option<String>) -> (Choice, [u8; 4]) {
    let bytes = text.and_then(|text| <[u8; 4]>::try_from(text.as_bytes()).ok());
    (known(bytes.is_some()), bytes.unwrap_or_default())
}

fn known(present: bool) -> Choice {
    Choice::from(u8::from(present))
}

#[cfg(test)]
mod tests {
    use super::{
        AssuranceParameters, ChallengeDecision, ChallengeHistory, ChallengeRecord, challenge, is_enumeration,
        matches, normalise_document_last4, session_stands,
    };
    use crate::domain::debt::Person;
    use crate::domain::ids::{LenderId, PersonId};
    use crate::domain::pii::Pii;
    use crate::domain::time::{Day, Millis, Timestamp};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn wrong(tries: u32, ago: Millis) -> ChallengeRecord {
        let at = NOW.minus(ago);
        ChallengeRecord { started_at: at, last_try_at: at, wrong_tries: tries, passed: false }
    }

    fn decide(challenges: &[ChallengeRecord]) -> ChallengeDecision {
        let history = ChallengeHistory { challenges: challenges.to_vec() };
        challenge(&history, NOW, &AssuranceParameters::default())
    }

    #[test]
    fn three_tries_then_a_day_of_rest_then_again() {
        assert_eq!(decide(&[]), ChallengeDecision::Allow { tries_left: 3 });
        assert_eq!(decide(&[wrong(2, Millis::minutes(1))]), ChallengeDecision::Allow { tries_left: 1 });
        assert_eq!(
            decide(&[wrong(3, Millis::hours(1))]),
            ChallengeDecision::Locked { until: NOW.plus(Millis::hours(23)) }
        );
        assert_eq!(decide(&[wrong(3, Millis::hours(24))]), ChallengeDecision::Allow { tries_left: 3 });
    }

    #[test]
    fn two_locks_or_four_bad_challenges_in_a_month_need_a_human() {
        assert_eq!(decide(&[wrong(3, Millis::days(9)), wrong(3, Millis::days(2))]), ChallengeDecision::Human);
        let days = [3, 9, 12, 20].map(|days| wrong(1, Millis::days(days)));
        assert_eq!(decide(&days), ChallengeDecision::Human);
        assert_eq!(
            decide(&[wrong(3, Millis::days(31)), wrong(3, Millis::days(2))]),
            ChallengeDecision::Allow { tries_left: 3 }
        );
    }

    #[test]
    fn two_abandoned_challenges_a_day_are_enough() {
        let decision = decide(&[wrong(1, Millis::hours(20)), wrong(2, Millis::hours(5))]);
        assert_eq!(decision, ChallengeDecision::Locked { until: NOW.plus(Millis::hours(4)) });
    }

    #[test]
    fn verifying_every_day_is_never_locked() {
        let passed: Vec<ChallengeRecord> =
            (0..30).map(|n| ChallengeRecord { passed: true, ..wrong(1, Millis::hours(n)) }).collect();
        assert_eq!(decide(&passed), ChallengeDecision::Allow { tries_left: 3 });
    }

    #[test]
    fn sessions_idle_out_and_enumeration_is_seen() {
        let parameters = AssuranceParameters::default();
        assert!(session_stands(NOW.minus(Millis::minutes(29)), NOW, &parameters));
        assert!(!session_stands(NOW.minus(Millis::minutes(30)), NOW, &parameters));
        assert!(!is_enumeration(3, &parameters) && is_enumeration(4, &parameters));
    }

    #[test]
    fn documents_are_read_as_people_write_them() {
        for text in [
            "1.023.456.789",
            "CC 1023456789",
            "6789",
            " 67 89 ",
            "1 023 456 789",
            "son 6789, gracias",
            "cc6789",
        ] {
            assert_eq!(normalise_document_last4(text).as_deref(), Some("6789"), "{text}");
        }
        assert_eq!(normalise_document_last4("hegg560427mvzrrl04").as_deref(), Some("RL04"));
        assert_eq!(normalise_document_last4("0042").as_deref(), Some("0042"));
        for text in ["", "678", "hola", "no sé"] {
            assert_eq!(normalise_document_last4(text), None, "{text}");
        }
    }

    #[test]
    fn both_answers_must_be_right() {
        let mut person = Person {
            id: PersonId(Uuid::nil()),
            lender: LenderId::from("andino"),
            external_ref: "1".to_owned(),
            full_name: Pii::new("Ana".to_owned()),
            first_name: Pii::new("Ana".to_owned()),
            document_type: "CC".to_owned(),
            document: Pii::new("1023456789".to_owned()),
            birth_date: Day::parse("1990-03-14").map(Pii::new),
            language: "es".to_owned(),
            phones: Vec::new(),
        };
        assert!(matches(&person, "6789", Some((14, 3))));
        assert!(matches(&person, "1.023.456.789", Some((14, 3))));
        assert!(!matches(&person, "6788", Some((14, 3))));
        assert!(!matches(&person, "6789", Some((3, 14))));
        assert!(!matches(&person, "6789", None));
        assert!(!matches(&person, "", Some((14, 3))));
        person.birth_date = None;
        assert!(!matches(&person, "6789", Some((0, 0))));
        person.birth_date = Day::parse("1990-03-14").map(Pii::new);
        person.document = Pii::new("12".to_owned());
        assert!(!matches(&person, "12", Some((14, 3))));
    }
}
