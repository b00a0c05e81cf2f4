//! One question before every message of bot or human: may this person be contacted now?
//!
//! Hours are the debtor's local time, start inclusive, end exclusive. An answer inside a conversation that the person
//! started is not a contact by the lender and is allowed at any hour (Ley 2300 de 2023, art. 8; SFC 2023080946-002).

use crate::domain::time::{Millis, Timestamp, Zone};
use crate::rules::calendar::Calendar;
use crate::rules::hours::{Span, WeekHours};

/// Words of agents that may follow one another while the person is silent; house rule. The law counts contacts by the
/// day (Ley 2300 de 2023, art. 3) and allows whatever answers a consumer (art. 8): words that nobody answers are soon no
/// answer any more.
pub const UNANSWERED_MAX: usize = 10;
/// After this a word that nobody answered weighs no more.
pub const UNANSWERED_FOR: Millis = Millis::hours(24);

/// Until when nobody writes to a person who was silent over [`UNANSWERED_MAX`] words of agents; `words` are in any order.
pub fn silent_until(
    last_inbound: Option<Timestamp>,
    words: &[Timestamp],
    at: Timestamp,
) -> Option<Timestamp> {
    let unanswered =
        |word: &Timestamp| last_inbound.is_none_or(|last| *word > last) && at.since(*word) < UNANSWERED_FOR;
    let mut since: Vec<Timestamp> = words.iter().copied().filter(unanswered).collect();
    since.sort_unstable();
    let oldest = since.len().checked_sub(UNANSWERED_MAX).and_then(|first| since.get(first))?;
    Some(oldest.plus(UNANSWERED_FOR))
}

/// Who began the exchange that this message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initiator {
    Lender,
    Consumer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A reminder before the due date; treated as collection until counsel says otherwise.
    Preventive,
    Collection,
    /// Confirms a payment or an agreement.
    Confirmation,
    /// What the person asked for, sent later.
    RequestedInformation,
    FraudAlert,
}

/// What the person is to the obligation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Debtor,
    /// Co-debtor, guarantor or jointly liable: the same rules, own counters.
    CoDebtor,
    /// Personal or other references are never contacted (Ley 2300 de 2023, art. 4).
    Reference,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactRequest {
    pub initiator: Initiator,
    pub purpose: Purpose,
    pub role: Role,
    pub planned_at: Timestamp,
}

#[derive(Debug, Clone, Copy)]
pub struct ContactFacts<'a> {
    pub rules: &'a CountryRules,
    pub zone: &'a Zone,
    pub calendar: &'a Calendar,
    /// The person asked not to be written to.
    pub opted_out: bool,
    /// An open case: dispute, fraud fear, deceased, distress …
    pub on_hold: bool,
    /// The number was reported as somebody else's.
    pub wrong_number: bool,
    /// Contacts that the lender began, at least of the last 7 days, in any order.
    pub recent_contacts: &'a [Timestamp],
}

/// Contact rules of one country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountryRules {
    pub hours: WeekHours,
    /// Local days between two contacts: 1 is once a day.
    pub days_between_min: i64,
    /// Contacts in any 7 days.
    pub weekly_max: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    OutsideHours,
    ContactedRecently,
    WeeklyLimit,
    OptedOut,
    OnHold,
    WrongNumber,
    Reference,
    /// [`UNANSWERED_MAX`] words of agents, and no word of the person since.
    Unanswered,
    /// No hour of the next two weeks is open.
    NeverOpen,
}

impl Reason {
    /// A stable code for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutsideHours => "outside_hours",
            Self::ContactedRecently => "contacted_recently",
            Self::WeeklyLimit => "weekly_limit",
            Self::OptedOut => "opted_out",
            Self::OnHold => "on_hold",
            Self::WrongNumber => "wrong_number",
            Self::Reference => "reference",
            Self::Unanswered => "unanswered",
            Self::NeverOpen => "never_open",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allow,
    /// Ask again at `until`: other rules may then hold.
    Defer {
        until: Timestamp,
        reason: Reason,
    },
    Forbid(Reason),
}

/// A conversation goes on for so long after the person's last word; house rule, the law names no time.
pub const CONVERSATION_LASTS: Millis = Millis::hours(1);
/// Words that follow one another this closely are one contact; house rule.
pub const ONE_NOTICE: Millis = Millis::minutes(2);

/// Who began the exchange that an agent's word at `at` belongs to.
///
/// The first word after the person's last message answers it whenever it comes: the person waits for it (Ley 2300 de
/// 2023, art. 8: what the consumer asked for). Further words belong to the same conversation for
/// [`CONVERSATION_LASTS`]; whatever comes later is the lender's own initiative.
pub fn agents_initiator(last_inbound: Option<Timestamp>, answered: bool, at: Timestamp) -> Initiator {
    match last_inbound {
        Some(last) if !answered || at.since(last) <= CONVERSATION_LASTS => Initiator::Consumer,
        Some(_) | None => Initiator::Lender,
    }
}

/// The lender's own contacts among an agent's words since the person's last message, oldest first.
///
/// Earlier ones are no part of it: the person answered them.
pub fn own_contacts(last_inbound: Option<Timestamp>, words: &[Timestamp]) -> Vec<Timestamp> {
    let mut words: Vec<Timestamp> =
        words.iter().copied().filter(|word| last_inbound.is_none_or(|last| *word > last)).collect();
    words.sort_unstable();
    let began = |(n, word): (usize, Timestamp)| {
        (agents_initiator(last_inbound, n > 0, word) == Initiator::Lender).then_some(word)
    };
    words.into_iter().enumerate().filter_map(began).collect()
}

const fn span(from_hour: u16, to_hour: u16) -> Option<Span> {
    Some(Span { from: from_hour * 60, to: to_hour * 60 })
}

impl CountryRules {
    /// Ley 2300 de 2023, art. 3.
    pub const COLOMBIA: Self = Self {
        hours: WeekHours {
            monday_to_friday: span(7, 19),
            saturday: span(8, 15),
            sunday: None,
            holiday: None,
        },
        days_between_min: 1,
        weekly_max: None,
    };
    /// CONDUSEF, general provisions on collection agencies (DOF 2014-10-07), in the strict reading: Monday to Friday.
    pub const MEXICO: Self = Self {
        hours: WeekHours { monday_to_friday: span(7, 22), saturday: None, sunday: None, holiday: None },
        days_between_min: 0,
        weekly_max: None,
    };
    /// Ley 29571, arts. 61 and 62.
    pub const PERU: Self = Self {
        hours: WeekHours { monday_to_friday: span(7, 20), saturday: None, sunday: None, holiday: None },
        days_between_min: 0,
        weekly_max: None,
    };
    /// Ley 19.496, art. 37, as amended by Ley 21.320: two messages a week, two days apart.
    pub const CHILE: Self = Self {
        hours: WeekHours {
            monday_to_friday: span(8, 20),
            saturday: span(8, 20),
            sunday: None,
            holiday: None,
        },
        days_between_min: 2,
        weekly_max: Some(2),
    };

    /// `None` where the rules are not known: then nobody may be contacted first.
    pub fn of(country: &str) -> Option<Self> {
        match country {
            "CO" => Some(Self::COLOMBIA),
            "MX" => Some(Self::MEXICO),
            "PE" => Some(Self::PERU),
            "CL" => Some(Self::CHILE),
            _ => None,
        }
    }
}

/// Decides at scheduling and again at sending; the order is role, holds, hours, frequency.
pub fn decide(request: &ContactRequest, facts: &ContactFacts<'_>) -> Decision {
    if request.initiator == Initiator::Consumer {
        return Decision::Allow;
    }
    if let Some(reason) = forbidden(request, facts) {
        return Decision::Forbid(reason);
    }
    match request.purpose {
        // Allowed at any hour (Ley 2300 de 2023, art. 8) and no contact that counts.
        Purpose::Confirmation | Purpose::RequestedInformation | Purpose::FraudAlert => Decision::Allow,
        Purpose::Preventive | Purpose::Collection => in_time(request.planned_at, facts),
    }
}

fn forbidden(request: &ContactRequest, facts: &ContactFacts<'_>) -> Option<Reason> {
    if request.role == Role::Reference {
        return Some(Reason::Reference);
    }
    if facts.wrong_number {
        return Some(Reason::WrongNumber);
    }
    let presses = matches!(request.purpose, Purpose::Preventive | Purpose::Collection);
    if presses && facts.opted_out {
        return Some(Reason::OptedOut);
    }
    (presses && facts.on_hold).then_some(Reason::OnHold)
}

fn in_time(at: Timestamp, facts: &ContactFacts<'_>) -> Decision {
    let CountryRules { hours, days_between_min, weekly_max } = *facts.rules;
    let (zone, calendar) = (facts.zone, facts.calendar);
    let open_from = |at| hours.next_open(at, zone, calendar);
    let past = || facts.recent_contacts.iter().copied().filter(|contact| *contact <= at);
    let (mut earliest, mut reason) = (at, Reason::OutsideHours);
    if let Some(last) = past().max().filter(|_| days_between_min > 0) {
        let next = zone.at(zone.day(last).plus_days(days_between_min), 0);
        if next > earliest {
            (earliest, reason) = (next, Reason::ContactedRecently);
        }
    }
    if let Some(max) = weekly_max {
        let mut week: Vec<Timestamp> =
            past().filter(|contact| at.since(*contact) < Millis::days(7)).collect();
        week.sort_unstable();
        if let Some(first_to_leave) = week.len().checked_sub(max).and_then(|index| week.get(index)) {
            let next = first_to_leave.plus(Millis::days(7));
            if next > earliest {
                (earliest, reason) = (next, Reason::WeeklyLimit);
            }
        }
    }
    match open_from(earliest) {
        None => Decision::Forbid(Reason::NeverOpen),
        Some(until) if until == at => Decision::Allow,
        Some(until) => Decision::Defer { until, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::{
        ContactFacts, ContactRequest, CountryRules, Decision, Initiator, Purpose, Reason, Role,
        agents_initiator, decide, own_contacts,
    };
    use crate::domain::time::{Timestamp, Zone};
    use crate::rules::calendar::tests::shipped;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn request(text: &str) -> ContactRequest {
        ContactRequest {
            initiator: Initiator::Lender,
            purpose: Purpose::Collection,
            role: Role::Debtor,
            planned_at: at(text),
        }
    }

    fn with_facts<T>(country: &str, zone: &str, use_facts: impl FnOnce(ContactFacts<'_>) -> T) -> T {
        let (rules, zone) = (CountryRules::of(country).unwrap(), Zone::parse(zone).unwrap());
        let calendar = shipped().calendar(country).unwrap();
        use_facts(ContactFacts {
            rules: &rules,
            zone: &zone,
            calendar: &calendar,
            opted_out: false,
            on_hold: false,
            wrong_number: false,
            recent_contacts: &[],
        })
    }

    fn bogota(planned: &str) -> Decision {
        with_facts("CO", "America/Bogota", |facts| decide(&request(planned), &facts))
    }

    fn deferred(until: &str) -> Decision {
        Decision::Defer { until: at(until), reason: Reason::OutsideHours }
    }

    #[test]
    fn colombian_hours_to_the_minute() {
        // Friday 20 November 2026; Bogotá is UTC−5.
        assert_eq!(bogota("2026-11-20T11:59:59.999Z"), deferred("2026-11-20T12:00:00Z"));
        assert_eq!(bogota("2026-11-20T12:00:00Z"), Decision::Allow);
        assert_eq!(bogota("2026-11-20T23:59:59Z"), Decision::Allow);
        assert_eq!(bogota("2026-11-21T00:00:00Z"), deferred("2026-11-21T13:00:00Z"));
        assert_eq!(bogota("2026-11-21T19:59:59Z"), Decision::Allow);
        assert_eq!(bogota("2026-11-21T20:00:00Z"), deferred("2026-11-23T12:00:00Z"));
        // Monday 13 July 2026 is the holiday of Ley 2578.
        assert_eq!(bogota("2026-07-13T15:00:00Z"), deferred("2026-07-14T12:00:00Z"));
    }

    #[test]
    fn a_reply_is_allowed_at_any_hour_and_after_an_opt_out() {
        with_facts("CO", "America/Bogota", |facts| {
            let facts = ContactFacts { opted_out: true, on_hold: true, ..facts };
            let night = request("2026-11-22T05:00:00Z");
            let reply = ContactRequest { initiator: Initiator::Consumer, ..night };
            assert_eq!(decide(&reply, &facts), Decision::Allow);
            assert_eq!(decide(&night, &facts), Decision::Forbid(Reason::OptedOut));
            let confirmation = ContactRequest { purpose: Purpose::Confirmation, ..night };
            assert_eq!(decide(&confirmation, &facts), Decision::Allow);
        });
    }

    #[test]
    fn an_agents_word_is_an_answer_until_the_conversation_is_over() {
        let asked = at("2026-11-20T23:30:00Z");
        for (answered, word, initiator) in [
            (false, "2026-11-20T23:31:00Z", Initiator::Consumer),
            // Whoever asked in the evening is answered on Saturday night, too.
            (false, "2026-11-22T01:00:00Z", Initiator::Consumer),
            (true, "2026-11-21T00:30:00Z", Initiator::Consumer),
            (true, "2026-11-21T00:30:01Z", Initiator::Lender),
        ] {
            assert_eq!(agents_initiator(Some(asked), answered, at(word)), initiator, "{word}");
        }
        assert_eq!(agents_initiator(None, false, asked), Initiator::Lender);
        let words = ["2026-11-20T20:00:00Z", "2026-11-20T23:40:00Z", "2026-11-21T14:00:00Z"].map(at);
        assert_eq!(own_contacts(Some(asked), &words), [at("2026-11-21T14:00:00Z")]);
    }

    #[test]
    fn references_and_wrong_numbers_are_never_contacted() {
        with_facts("CO", "America/Bogota", |facts| {
            let noon = request("2026-11-20T17:00:00Z");
            let reference = ContactRequest { role: Role::Reference, purpose: Purpose::Confirmation, ..noon };
            assert_eq!(decide(&reference, &facts), Decision::Forbid(Reason::Reference));
            let wrong = ContactFacts { wrong_number: true, ..facts };
            assert_eq!(decide(&noon, &wrong), Decision::Forbid(Reason::WrongNumber));
            let held = ContactFacts { on_hold: true, ..facts };
            assert_eq!(decide(&noon, &held), Decision::Forbid(Reason::OnHold));
        });
    }

    #[test]
    fn once_a_day_by_the_local_day() {
        with_facts("CO", "America/Bogota", |facts| {
            let contacts = [at("2026-11-20T13:00:00Z")];
            let facts = ContactFacts { recent_contacts: &contacts, ..facts };
            let again =
                Decision::Defer { until: at("2026-11-21T13:00:00Z"), reason: Reason::ContactedRecently };
            assert_eq!(decide(&request("2026-11-20T22:00:00Z"), &facts), again);
            assert_eq!(decide(&request("2026-11-21T13:00:00Z"), &facts), Decision::Allow);
        });
    }

    #[test]
    fn chile_allows_two_a_week_two_days_apart() {
        with_facts("CL", "America/Santiago", |facts| {
            let contacts = [at("2026-11-16T15:00:00Z"), at("2026-11-18T15:00:00Z")];
            let facts = ContactFacts { recent_contacts: &contacts, ..facts };
            let expected = Decision::Defer { until: at("2026-11-23T15:00:00Z"), reason: Reason::WeeklyLimit };
            assert_eq!(decide(&request("2026-11-20T15:00:00Z"), &facts), expected);
            let one = ContactFacts { recent_contacts: &contacts[1..], ..facts };
            let gap = decide(&request("2026-11-19T15:00:00Z"), &one);
            assert!(matches!(gap, Decision::Defer { reason: Reason::ContactedRecently, .. }));
            assert_eq!(decide(&request("2026-11-20T15:00:00Z"), &one), Decision::Allow);
        });
    }
}
