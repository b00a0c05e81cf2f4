//! What an agent sees first on a ticket: who, what, why, what was offered and what was said to be paid.

use crate::domain::assurance::Assurance;
use crate::domain::debt::{Obligation, Person};
use crate::domain::time::Timestamp;
use crate::flow::state::Session;
use crate::ports::people::PersonFile;
use crate::ports::records::{Case, PaymentClaim};
use crate::ports::tickets::PROTECTED;
use crate::rules::dpd::days_past_due;
use crate::rules::offer::offers as offers_of;
use crate::service::actions::debts::offer_input_of;
use crate::service::actions::values::{kind_name, masked_number, overdue, running, situation, to_be_applied};
use crate::service::cases::{answer_by, number};
use crate::service::lenders::Lender;
use serde_json::{Value, json};

/// Reported payments that are told, newest first.
const CLAIMS_MAX: usize = 5;

/// Who writes, as far as it is known.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub assurance: Assurance,
    pub person: Option<&'a Person>,
    /// Of the person who was proved.
    pub file: Option<&'a PersonFile>,
    /// Payments that the chat reported and nobody has checked.
    pub claims: &'a [PaymentClaim],
    /// Open cases of the proved person, and of this chat.
    pub cases: &'a [Case],
}

pub fn summary(lender: &Lender, session: &Session, known: &Known<'_>, note: &str, now: Timestamp) -> Value {
    let path: Vec<String> =
        session.frames.iter().map(|frame| format!("{}.{}", frame.flow, frame.step)).collect();
    let mut summary = json!({
        "v": 1,
        "at_step": path,
        "note": note,
        PROTECTED: session.desk.as_ref().is_some_and(|desk| desk.protected),
    });
    tell(&mut summary, lender, known, now);
    summary
}

/// The summary of an open ticket, with the person who was proved since, and what the policy offers now for each debt.
pub fn refreshed(mut stored: Value, lender: &Lender, known: &Known<'_>, now: Timestamp) -> Value {
    if stored.is_object() {
        tell(&mut stored, lender, known, now);
        let obligations = known.file.map_or(&[][..], |file| file.obligations.as_slice());
        let debts = stored["debts"].as_array_mut().into_iter().flatten();
        for (debt, obligation) in debts.zip(obligations) {
            debt["offers"] =
                known.file.map_or_else(|| json!([]), |file| offers(obligation, file, lender, now));
        }
    }
    stored
}

fn offers(obligation: &Obligation, file: &PersonFile, lender: &Lender, now: Timestamp) -> Value {
    let offers = offers_of(&lender.policy, &offer_input_of(obligation, file, lender, now));
    let told = offers.into_iter().map(|offer| {
        json!({
            "kind": kind_name(offer.kind),
            "total_minor": offer.total.minor,
            "payments": offer.payments.len(),
            "first_due": offer.payments.first().map(|payment| payment.due),
            "valid_until": offer.valid_until,
        })
    });
    told.collect()
}

fn tell(summary: &mut Value, lender: &Lender, known: &Known<'_>, now: Timestamp) {
    summary["person"] = known.person.map_or(Value::Null, |person| {
        json!({
            "name": person.full_name.expose(),
            "reference": person.external_ref,
            "language": person.language,
        })
    });
    summary["assurance"] = json!(known.assurance.name());
    summary["debts"] = known.file.map_or_else(|| json!([]), |file| debts(file, lender, now));
    summary["cases"] = cases(known.cases, lender);
    summary["claims"] = known.claims.iter().take(CLAIMS_MAX).map(claim).collect();
}

fn debts(file: &PersonFile, lender: &Lender, now: Timestamp) -> Value {
    let today = lender.today(now);
    let debts = file.obligations.iter().map(|obligation| {
        json!({
            "product": obligation.product_name,
            "number": masked_number(&obligation.external_ref),
            "situation": situation(obligation, file, today),
            "overdue_minor": overdue(obligation).minor,
            "payoff_minor": obligation.payoff().map(|payoff| payoff.minor),
            "currency": obligation.currency,
            "days_past_due": days_past_due(obligation.oldest_unpaid_due, today).max(0),
            "as_of": obligation.balance.as_of.rfc3339(),
            "agreement": running(file, obligation).map(|agreement| json!({
                "reference": agreement.reference,
                "kind": kind_name(agreement.offer.kind),
                "total_minor": agreement.offer.total.minor,
            })),
            // The amounts above are from before it was kept.
            "kept_since": to_be_applied(file, obligation).map(|agreement| json!({
                "reference": agreement.reference,
                "total_minor": agreement.offer.total.minor,
            })),
        })
    });
    debts.collect()
}

/// Open cases, each with the number that the person asks with, and the last day for an answer where the law sets one.
pub fn cases(open: &[Case], lender: &Lender) -> Value {
    let cases = open.iter().map(|case| {
        json!({
            "kind": case.kind,
            "number": number(case.id),
            "answer_by": answer_by(case, lender).map(|by| by.day),
        })
    });
    cases.collect()
}

/// What a person says was paid: day, way and amount as they were told.
fn claim(claim: &PaymentClaim) -> Value {
    json!({
        "paid_on": claim.paid_on,
        "means": claim.means,
        "amount_minor": claim.amount.map(|amount| amount.minor),
        "currency": claim.amount.map(|amount| amount.currency.code()),
        "receipt": claim.receipt.is_some(),
        "reported_at": claim.at.rfc3339(),
    })
}
