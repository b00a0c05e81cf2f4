//! The last look at a message before it leaves: may it be said, to this person, now?

use crate::domain::assurance::{Assurance, Label};
use crate::domain::outbound::Outbound;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::conversations::Origin;
use crate::ports::outbox::OutboxClaim;
use crate::ports::switches::Stop;
use crate::rules::assurance::{AssuranceParameters, session_stands};
use crate::rules::contact::{
    ContactFacts, ContactRequest, CountryRules, Decision, Initiator, Purpose, Role, decide,
};
use crate::rules::service_window::{ServiceWindow, service_window};
use crate::service::contacts::ContactHistory;
use crate::service::lenders::Lender;

/// How long a message waits for a stop to be lifted before it is looked at again.
const STOP_RECHECK: Millis = Millis::minutes(1);
/// A reply that is older than this is not sent any more: the person has long gone on.
const REPLY_TOO_OLD: Millis = Millis::hours(24);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// Look again then; nothing is lost.
    Hold {
        until: Timestamp,
        why: &'static str,
    },
    /// Never send it.
    Refuse {
        why: &'static str,
    },
}

/// Decides by what is known at the moment of sending, not by what was known when it was written. `history` is asked for
/// only where the bot speaks first.
pub fn judge(
    message: &OutboxClaim,
    lender: &Lender,
    stops: &[Stop],
    history: &ContactHistory,
    now: Timestamp,
) -> Verdict {
    let stopped = |scope: &str| stops.iter().any(|stop| stop.lender == message.lender && stop.scope == scope);
    if stopped("outbound") {
        return if now.since(message.created_at) > REPLY_TOO_OLD {
            Verdict::Refuse { why: "outbound_stopped_too_long" }
        } else {
            Verdict::Hold { until: now.plus(STOP_RECHECK), why: "outbound_stopped" }
        };
    }
    if message.label.needs() > message.assurance {
        return Verdict::Refuse { why: "assurance_too_low" };
    }
    if message.subject.is_some() && message.subject != message.person {
        return Verdict::Refuse { why: "another_person" };
    }
    // Written while the proof stood, and held up for longer than a proof stands without a word of the person.
    if message.label.needs() >= Assurance::Verificada
        && message.origin != Origin::Agent
        && !session_stands(message.created_at, now, &AssuranceParameters::default())
    {
        return Verdict::Refuse { why: "session_over" };
    }
    let of_debt = message.label > Label::Publico;
    if message.reserved
        && (message.origin == Origin::Proactive || of_debt && message.origin != Origin::Proactive)
    {
        return Verdict::Refuse { why: "reserved" };
    }
    if message.identity_conflict && message.label > Label::Publico {
        return Verdict::Refuse { why: "identity_conflict" };
    }
    if message.origin == Origin::Proactive
        && let Some(verdict) = contact(message, lender, history, now)
    {
        return verdict;
    }
    match &message.content {
        Outbound::Template(template) if stopped(&format!("template:{}", template.name)) => {
            Verdict::Refuse { why: "template_held" }
        }
        Outbound::Template(_) => Verdict::Pass,
        Outbound::Text { .. }
        | Outbound::Buttons { .. }
        | Outbound::List { .. }
        | Outbound::Link { .. }
        | Outbound::Document { .. }
        | Outbound::Image { .. } => match service_window(message.last_inbound_at, now) {
            ServiceWindow::Open { .. } => Verdict::Pass,
            ServiceWindow::Closed => Verdict::Refuse { why: "window_closed" },
        },
    }
}

/// The country's contact rules for what we start ourselves; an answer is no contact and passes at any hour.
fn contact(
    message: &OutboxClaim,
    lender: &Lender,
    history: &ContactHistory,
    now: Timestamp,
) -> Option<Verdict> {
    let Some(rules) = CountryRules::of(&lender.policy.country) else {
        return Some(Verdict::Refuse { why: "country_rules_unknown" });
    };
    let request = ContactRequest {
        initiator: Initiator::Lender,
        purpose: Purpose::Collection,
        role: Role::Debtor,
        planned_at: now,
    };
    let facts = ContactFacts {
        rules: &rules,
        zone: &lender.policy.zone,
        calendar: &lender.calendar,
        opted_out: message.opted_out,
        on_hold: history.on_hold,
        wrong_number: history.wrong_number,
        // A nudge belongs to the contact that the person began and counts for none; one of an agent counts against it.
        recent_contacts: &history.begun,
    };
    match decide(&request, &facts) {
        Decision::Allow => None,
        Decision::Defer { until, reason } => Some(Verdict::Hold { until, why: reason.code() }),
        Decision::Forbid(reason) => Some(Verdict::Refuse { why: reason.code() }),
    }
}
