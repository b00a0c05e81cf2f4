//! What an agent sees first on a ticket: who, what, why, and what was offered.

use crate::domain::assurance::Assurance;
use crate::domain::debt::Person;
use crate::flow::state::Session;
use crate::ports::people::PersonFile;
use crate::rules::dpd::days_past_due;
use crate::service::actions::values::{kind_name, masked_number, overdue, running, situation};
use crate::service::lenders::Lender;
use serde_json::{Value, json};

pub fn summary(
    lender: &Lender,
    session: &Session,
    assurance: Assurance,
    person: Option<&Person>,
    file: Option<&PersonFile>,
    note: &str,
    now: crate::domain::time::Timestamp,
) -> Value {
    let today = lender.today(now);
    let debts = file.map_or_else(Vec::new, |file| {
        file.obligations
            .iter()
            .map(|obligation| {
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
                })
            })
            .collect()
    });
    let path: Vec<String> =
        session.frames.iter().map(|frame| format!("{}.{}", frame.flow, frame.step)).collect();
    json!({
        "v": 1,
        "person": person.map(|person| json!({
            "name": person.full_name.expose(),
            "reference": person.external_ref,
            "language": person.language,
        })),
        "assurance": assurance.name(),
        "at_step": path,
        "note": note,
        "debts": debts,
        "cases": file.map_or_else(Vec::new, |file| {
            file.open_cases.iter().map(|case| case.kind.clone()).collect::<Vec<_>>()
        }),
    })
}
