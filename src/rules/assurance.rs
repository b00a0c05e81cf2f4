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
    pub daily_max: u32,
    /// Challenges with a wrong answer in 30 days; then a human verifies.
    pub monthly_max: u32,
    /// Locks in 30 days; then a human verifies.
    pub locks_max: u32,
    /// Challenges about one person from other addresses with a wrong answer in 30 days; then only a human verifies that
    /// person. More than one address can use up by itself, so that nobody locks others out of their own phones.
    pub elsewhere_max: u32,
    /// A verified session ends after this long without a message.
    pub session_idle: Millis,
    /// Different persons tried from one address in 24 hours before the alarm.
    pub persons_per_address_max: u32,
}

impl Default for AssuranceParameters {
    fn default() -> Self {
        Self {
            tries_max: 3,
            lock: Millis::hours(24),
            daily_max: 2,
            monthly_max: 4,
            locks_max: 2,
            elsewhere_max: 8,
            session_idle: Millis::minutes(30),
            persons_per_address_max: 3,
        }
    }
}

/// What counts against the address that writes.
///
/// Count only challenges with a wrong answer that were not passed in the end: someone who verifies every day is no
/// attacker and must not be locked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChallengeHistory {
    /// Wrong answers of the running challenge; zero when none runs.
    pub wrong_in_challenge: u32,
    /// Challenges of the last 24 hours.
    pub challenges_day: u32,
    /// Challenges of the last 30 days.
    pub challenges_month: u32,
    pub locked_until: Option<Timestamp>,
    /// Locks in the last 30 days.
    pub locks_month: u32,
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

/// Whether the person may answer now. Pure: asking twice changes nothing.
pub fn challenge(
    history: &ChallengeHistory,
    now: Timestamp,
    parameters: &AssuranceParameters,
) -> ChallengeDecision {
    if history.locks_month >= parameters.locks_max {
        return ChallengeDecision::Human;
    }
    if let Some(until) = history.locked_until.filter(|until| *until > now) {
        return ChallengeDecision::Locked { until };
    }
    let tries_left = parameters.tries_max.saturating_sub(history.wrong_in_challenge);
    if history.wrong_in_challenge > 0 {
        return if tries_left > 0 {
            ChallengeDecision::Allow { tries_left }
        } else {
            ChallengeDecision::Locked { until: now.plus(parameters.lock) }
        };
    }
    if history.challenges_month >= parameters.monthly_max {
        return ChallengeDecision::Human;
    }
    if history.challenges_day >= parameters.daily_max {
        return ChallengeDecision::Locked { until: now.plus(Millis::days(1)) };
    }
    ChallengeDecision::Allow { tries_left }
}

/// Whether so many challenges about a person failed from other addresses that no answer from this one proves them.
pub const fn is_barred(challenges_elsewhere_month: u32, parameters: &AssuranceParameters) -> bool {
    challenges_elsewhere_month >= parameters.elsewhere_max
}

/// What a wrong answer leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterWrong {
    TryAgain {
        tries_left: u32,
    },
    /// The challenge is used up: nobody of it may try before `until`.
    Lock {
        until: Timestamp,
    },
}

/// The consequence of one more wrong answer at `now`, to be recorded with it.
pub fn after_wrong(
    history: &ChallengeHistory,
    now: Timestamp,
    parameters: &AssuranceParameters,
) -> AfterWrong {
    match parameters.tries_max.saturating_sub(history.wrong_in_challenge.saturating_add(1)) {
        0 => AfterWrong::Lock { until: now.plus(parameters.lock) },
        tries_left => AfterWrong::TryAgain { tries_left },
    }
}

/// Whether a verified session still stands.
pub fn session_stands(last_activity: Timestamp, now: Timestamp, parameters: &AssuranceParameters) -> bool {
    now.since(last_activity) < parameters.session_idle
}

/// Whether one address tries so many persons that somebody looks for debtors.
pub const fn is_enumeration(persons_tried_in_a_day: u32, parameters: &AssuranceParameters) -> bool {
    persons_tried_in_a_day > parameters.persons_per_address_max
}

/// The last four characters of a document on file, whatever marks and blanks it is written with: `12.345.678-K` ends in
/// `678K`, `AB 1234 C` in `234C`. `None` when there are not four, or no digit is among them.
pub fn document_last4(document: &str) -> Option<String> {
    let whole: String =
        document.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let tail = whole.len().checked_sub(4).and_then(|start| whole.get(start..));
    match tail.filter(|tail| tail.bytes().any(|byte| byte.is_ascii_digit())) {
        Some(tail) => Some(tail.to_owned()),
        // A word stands behind it: `1023456789 de Bogotá`.
        None => normalise_document_last4(document),
    }
}

/// Whether the file holds what the identity questions are compared with. Of one without it no answer is right or wrong.
pub fn is_comparable(person: &Person) -> bool {
    person.birth_date.is_some() && document_last4(person.document.expose()).is_some()
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
    let (document_known, document) = four(document_last4(person.document.expose()));
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
        AfterWrong, AssuranceParameters, ChallengeDecision, ChallengeHistory, after_wrong, challenge,
        document_last4, is_barred, is_comparable, is_enumeration, matches, normalise_document_last4,
        session_stands,
    };
    use crate::domain::debt::Person;
    use crate::domain::ids::{LenderId, PersonId};
    use crate::domain::pii::Pii;
    use crate::domain::time::{Day, Millis, Timestamp};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn decide(history: ChallengeHistory) -> ChallengeDecision {
        challenge(&history, NOW, &AssuranceParameters::default())
    }

    #[test]
    fn three_tries_then_a_day_of_rest_then_again() {
        let parameters = AssuranceParameters::default();
        let mut history = ChallengeHistory::default();
        for left in [3, 2, 1] {
            assert_eq!(decide(history), ChallengeDecision::Allow { tries_left: left });
            let expected = match left {
                1 => AfterWrong::Lock { until: NOW.plus(Millis::hours(24)) },
                _ => AfterWrong::TryAgain { tries_left: left - 1 },
            };
            assert_eq!(after_wrong(&history, NOW, &parameters), expected);
            history.wrong_in_challenge += 1;
        }
        let until = NOW.plus(Millis::hours(24));
        assert_eq!(decide(history), ChallengeDecision::Locked { until });
        let locked = ChallengeHistory {
            locked_until: Some(until),
            locks_month: 1,
            challenges_day: 1,
            ..ChallengeHistory::default()
        };
        assert_eq!(decide(locked), ChallengeDecision::Locked { until });
        assert_eq!(challenge(&locked, until, &parameters), ChallengeDecision::Allow { tries_left: 3 });
    }

    #[test]
    fn two_locks_or_four_bad_challenges_in_a_month_need_a_human() {
        let none = ChallengeHistory::default();
        assert_eq!(decide(ChallengeHistory { locks_month: 2, ..none }), ChallengeDecision::Human);
        assert_eq!(decide(ChallengeHistory { challenges_month: 4, ..none }), ChallengeDecision::Human);
        assert_eq!(
            decide(ChallengeHistory { challenges_month: 3, ..none }),
            ChallengeDecision::Allow { tries_left: 3 }
        );
    }

    #[test]
    fn two_bad_challenges_a_day_are_enough_but_a_running_one_may_end() {
        let two = ChallengeHistory { challenges_day: 2, challenges_month: 2, ..ChallengeHistory::default() };
        assert_eq!(decide(two), ChallengeDecision::Locked { until: NOW.plus(Millis::days(1)) });
        let running = ChallengeHistory { wrong_in_challenge: 1, ..two };
        assert_eq!(decide(running), ChallengeDecision::Allow { tries_left: 2 });
    }

    #[test]
    fn sessions_idle_out_and_enumeration_is_seen() {
        let parameters = AssuranceParameters::default();
        assert!(session_stands(NOW.minus(Millis::minutes(29)), NOW, &parameters));
        assert!(!session_stands(NOW.minus(Millis::minutes(30)), NOW, &parameters));
        assert!(!is_enumeration(3, &parameters) && is_enumeration(4, &parameters));
    }

    #[test]
    fn one_address_cannot_bar_a_person_from_another() {
        let parameters = AssuranceParameters::default();
        let by_one = parameters.monthly_max;
        assert!(!is_barred(by_one, &parameters), "it is a human's before it reaches that many");
        assert!(is_barred(2 * by_one, &parameters), "guessing from phone to phone ends");
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
    fn documents_on_file_end_in_letters_too() {
        for (document, last4) in [
            ("GATM900101MNLRRR01", Some("RR01")),
            ("12.345.678-K", Some("678K")),
            ("12345678-5", Some("6785")),
            ("ab1234c", Some("234C")),
            ("AB 1234 C", Some("234C")),
            ("123.456.789-09", Some("8909")),
            ("X1234567L", Some("567L")),
            ("CC 1.023.456.789", Some("6789")),
            ("1023456789 de Bogotá", Some("6789")),
            ("12", None),
            ("ABCDEF", None),
        ] {
            assert_eq!(document_last4(document).as_deref(), last4, "{document}");
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
            reserved: None,
            language: "es".to_owned(),
            phones: Vec::new(),
        };
        assert!(matches(&person, "6789", Some((14, 3))));
        assert!(matches(&person, "1.023.456.789", Some((14, 3))));
        assert!(!matches(&person, "6788", Some((14, 3))));
        assert!(!matches(&person, "6789", Some((3, 14))));
        assert!(!matches(&person, "6789", None));
        assert!(!matches(&person, "", Some((14, 3))));
        assert!(is_comparable(&person));
        person.birth_date = None;
        assert!(!is_comparable(&person));
        assert!(!matches(&person, "6789", Some((0, 0))));
        person.birth_date = Day::parse("1990-03-14").map(Pii::new);
        person.document = Pii::new("AB1234C".to_owned());
        assert!(matches(&person, "234c", Some((14, 3))) && !matches(&person, "1234", Some((14, 3))));
        person.document = Pii::new("12".to_owned());
        assert!(!matches(&person, "12", Some((14, 3))));
    }
}
