//! What to do about a message of which nobody knows whether WhatsApp has it. Pure.
//!
//! WhatsApp reports on what it took within seconds, so silence is a sign, but only beside others: of the messages that
//! the same number had accepted just before, all must have been reported on. Where that says nothing, the kind of message
//! decides what costs less: said twice, or not said.

use crate::domain::time::{Millis, Timestamp};

/// Neighbours are messages that the same number had accepted within this time before.
pub const NEIGHBOURHOOD: Millis = Millis::seconds(5);
/// Silence beside fewer neighbours says nothing.
pub const NEIGHBOURS_MIN: u32 = 5;
/// The shortest silence that says something.
pub const SILENCE: Millis = Millis::seconds(15);
/// The same after our door was shut, so that WhatsApp brings again what it could not deliver.
const SILENCE_AFTER_REOPENING: Millis = Millis::seconds(60);
/// While our door was open all the time and nobody else waits for a report, nothing more is to come after this: the last
/// word is said early, since the chat waits for it.
const LAST_WORD_EARLY: Millis = Millis::seconds(45);

/// Who may be harmed by a message that comes twice, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// An answer without a fact of a debt: twice is a nuisance.
    Public,
    /// It names the agreement that the person made: twice with one reference is one agreement.
    Receipt,
    /// An answer that tells of a debt: twice may be pressure, and the person can ask for it again.
    Debt,
    /// We began: it counts as said.
    Proactive,
    /// A person wrote it and decides.
    Agent,
}

/// The control group: what was accepted just before, by the same number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Neighbours {
    pub n: u32,
    /// Those of which WhatsApp has reported something.
    pub n_told: u32,
    /// The longest that one of them waited for its first report.
    pub slowest: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    pub class: Class,
    /// When it was marked as being sent; it left a moment later, or never. Absent where an older program marked it.
    pub sent_at: Option<Timestamp>,
    /// When the last word is due.
    pub until: Timestamp,
    pub neighbours: Neighbours,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A status may still come.
    Wait,
    /// It is sent again.
    Again,
    /// It is not sent again, and the person reads that it may not have come.
    TellPerson,
    /// It is not sent again, and whoever wrote it learns that it may not have come.
    TellAgent,
    /// It is not sent again.
    Drop,
}

/// `open_since`: since when this process has taken in WhatsApp's reports without a gap.
pub fn verdict(doubt: &Doubt, open_since: Timestamp, now: Timestamp) -> Verdict {
    if never_left(doubt, open_since, now) {
        return Verdict::Again;
    }
    if now < doubt.until && !is_hopeless(doubt, open_since, now) {
        return Verdict::Wait;
    }
    match doubt.class {
        Class::Public | Class::Receipt => Verdict::Again,
        Class::Debt => Verdict::TellPerson,
        Class::Agent => Verdict::TellAgent,
        Class::Proactive => Verdict::Drop,
    }
}

fn never_left(doubt: &Doubt, open_since: Timestamp, now: Timestamp) -> bool {
    let Some(sent_at) = doubt.sent_at else { return false };
    let Neighbours { n, n_told, slowest } = doubt.neighbours;
    let silence = SILENCE.max(Millis(slowest.0.saturating_mul(2)));
    let shut = open_since > sent_at && now.since(open_since) < SILENCE_AFTER_REOPENING;
    n >= NEIGHBOURS_MIN && n_told == n && now.since(sent_at) >= silence && !shut
}

/// A status would have come by now.
fn is_hopeless(doubt: &Doubt, open_since: Timestamp, now: Timestamp) -> bool {
    let Neighbours { n, n_told, .. } = doubt.neighbours;
    let silent = |sent_at| open_since <= sent_at && now.since(sent_at) >= LAST_WORD_EARLY;
    n_told == n && doubt.sent_at.is_some_and(silent)
}

#[cfg(test)]
mod tests {
    use super::{Class, Doubt, Neighbours, Verdict, verdict};
    use crate::domain::time::{Millis, Timestamp};
    use proptest::prelude::*;

    const SENT: Timestamp = Timestamp(1_000_000);
    const BEFORE: Timestamp = Timestamp(0);

    fn after(seconds: i64) -> Timestamp {
        SENT.plus(Millis::seconds(seconds))
    }

    fn doubt(class: Class, n: u32, n_told: u32) -> Doubt {
        let neighbours = Neighbours { n, n_told, slowest: Millis::seconds(2) };
        Doubt { class, sent_at: Some(SENT), until: after(120), neighbours }
    }

    #[test]
    fn silence_says_something_only_beside_enough_neighbours_that_were_all_heard_of() {
        for (n, n_told, expected) in
            [(5, 5, Verdict::Again), (4, 4, Verdict::Wait), (9, 8, Verdict::Wait), (0, 0, Verdict::Wait)]
        {
            let doubt = doubt(Class::Debt, n, n_told);
            assert_eq!(verdict(&doubt, BEFORE, after(14)), Verdict::Wait);
            assert_eq!(verdict(&doubt, BEFORE, after(15)), expected, "{n_told} of {n}");
        }
    }

    #[test]
    fn a_slow_day_is_waited_for_twice_as_long() {
        let neighbours = Neighbours { n: 6, n_told: 6, slowest: Millis::seconds(20) };
        let doubt = Doubt { neighbours, ..doubt(Class::Public, 6, 6) };
        assert_eq!(verdict(&doubt, BEFORE, after(39)), Verdict::Wait);
        assert_eq!(verdict(&doubt, BEFORE, after(40)), Verdict::Again);
    }

    #[test]
    fn after_our_door_was_shut_whatsapp_has_a_minute_to_come_again() {
        let doubt = doubt(Class::Public, 6, 6);
        assert_eq!(verdict(&doubt, after(10), after(69)), Verdict::Wait);
        assert_eq!(verdict(&doubt, after(10), after(70)), Verdict::Again);
        assert_eq!(verdict(&doubt, SENT, after(15)), Verdict::Again, "it was open all the time");
    }

    #[test]
    fn without_a_sign_the_class_has_the_last_word() {
        let last = |class| {
            // Our door was shut in between.
            let doubt = doubt(class, 0, 0);
            assert_eq!(verdict(&doubt, after(1), after(119)), Verdict::Wait);
            verdict(&doubt, after(1), after(120))
        };
        assert_eq!(last(Class::Public), Verdict::Again);
        assert_eq!(last(Class::Receipt), Verdict::Again);
        assert_eq!(last(Class::Debt), Verdict::TellPerson);
        assert_eq!(last(Class::Agent), Verdict::TellAgent);
        assert_eq!(last(Class::Proactive), Verdict::Drop);
    }

    #[test]
    fn the_last_word_is_early_while_our_door_was_open_and_nobody_else_waits_for_a_report() {
        for (n, n_told, open, expected) in [
            (0, 0, BEFORE, Verdict::TellPerson),
            (2, 2, BEFORE, Verdict::TellPerson),
            (2, 1, BEFORE, Verdict::Wait),
            (0, 0, after(1), Verdict::Wait),
        ] {
            let doubt = doubt(Class::Debt, n, n_told);
            assert_eq!(verdict(&doubt, open, after(44)), Verdict::Wait);
            assert_eq!(verdict(&doubt, open, after(45)), expected, "{n_told} of {n}, open since {open:?}");
        }
    }

    fn class() -> impl Strategy<Value = Class> {
        prop_oneof![
            Just(Class::Public),
            Just(Class::Receipt),
            Just(Class::Debt),
            Just(Class::Proactive),
            Just(Class::Agent)
        ]
    }

    proptest! {
        /// While nobody was heard of, a fact of a debt is said once, whatever the time.
        #[test]
        fn without_any_status_no_debt_is_told_twice(
            class in class(), n in 1..50_u32, open in 0..400_i64, seconds in 0..10_000_i64,
        ) {
            let verdict = verdict(&doubt(class, n, 0), after(open - 200), after(seconds));
            let again = verdict == Verdict::Again;
            prop_assert!(!again || matches!(class, Class::Public | Class::Receipt) && seconds >= 120);
        }

        /// Every doubt ends.
        #[test]
        fn no_doubt_is_for_ever(class in class(), n in 0..50_u32, n_told in 0..50_u32, open in 0..400_i64) {
            let doubt = doubt(class, n, n_told.min(n));
            prop_assert!(verdict(&doubt, after(open - 200), after(120)) != Verdict::Wait);
        }
    }
}
