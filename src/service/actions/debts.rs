//! `deuda.consultar` and `oferta.consultar`: what is owed, and what the policy offers for it.

use crate::domain::debt::{Obligation, ObligationStatus, Offer};
use crate::domain::money::{Currency, Money};
use crate::domain::time::Timestamp;
use crate::flow::effect::ActionCall;
use crate::flow::value::Value;
use crate::ports::people::PersonFile;
use crate::rules::offer::{Hold, OfferInput, PersonFacts, explain, offers as offers_of};
use crate::service::actions::values::{
    self, kind_name, obligation_of, overdue, running, to_be_applied, unagreed,
};
use crate::service::actions::{ActionContext, Done, text_of};
use crate::service::lenders::Lender;

/// Outcomes: `una`, `varias`, `al_dia` (obligations, nothing due), `sin_deuda`, `caido`.
pub fn consult(ctx: &ActionContext<'_>) -> Done {
    let Some(file) = ctx.file else { return Done::outcome("caido") };
    let open: Vec<&Obligation> =
        file.obligations.iter().filter(|o| o.status != ObligationStatus::Settled).collect();
    let currency = ctx.lender.policy.currency;
    // What is in an agreement is paid as agreed, and is not asked for beside it; what it does not cover is.
    let zone = &ctx.lender.policy.zone;
    let total = Money::sum(currency, open.iter().map(|obligation| unagreed(obligation, file, zone)));
    let Ok(total) = total else { return Done::outcome("caido") };
    let owing: Vec<&Obligation> = open.iter().copied().filter(|o| overdue(o).is_positive()).collect();
    let shown = if owing.is_empty() { &open } else { &owing };
    let outcome = match (owing.len(), open.len()) {
        (0, 0) => "sin_deuda",
        (0, _) => "al_dia",
        (1, _) => "una",
        _ => "varias",
    };
    let records: Vec<Value> = shown.iter().map(|obligation| values::debt(obligation, file, ctx)).collect();
    let first = records.first().cloned().unwrap_or(Value::Nothing);
    Done::outcome(outcome)
        .value("cantidad", Value::Int(i64::try_from(records.len()).unwrap_or(i64::MAX)))
        .value("deudas", Value::List(records))
        .value("total", Value::Money(total))
        .value("vencido", Value::Money(total))
        .value("pago_total", payoff_of_all(&open, file, currency))
        .value("unica", first)
}

/// What all debts come to as a whole; nothing when one of them is not known.
fn payoff_of_all(open: &[&Obligation], file: &PersonFile, currency: Currency) -> Value {
    let payoff = |obligation: &&Obligation| match to_be_applied(file, obligation) {
        Some(_) => None,
        None => obligation.payoff(),
    };
    let payoffs: Option<Vec<Money>> = open.iter().map(payoff).collect();
    let sum = payoffs.and_then(|payoffs| Money::sum(currency, payoffs).ok());
    sum.map_or(Value::Nothing, Value::Money)
}

/// Outcomes: `ok`, `sin_ofertas`, `acuerdo_vigente`, `en_disputa`, `caido`.
pub fn offers(call: &ActionCall, ctx: &ActionContext<'_>) -> Done {
    let Some(file) = ctx.file else { return Done::outcome("caido") };
    let Some(obligation) = obligation_of(call, file) else { return Done::outcome("caido") };
    if obligation.status == ObligationStatus::Disputed || hold(file).is_some() {
        return Done::outcome("en_disputa");
    }
    if running(file, obligation).is_some() {
        return Done::outcome("acuerdo_vigente");
    }
    // The balance is from before: it has to come anew first.
    if to_be_applied(file, obligation).is_some() {
        return Done::outcome("sin_ofertas")
            .value("saldo_antiguo", Value::Bool(true))
            .value("sin_refinanciacion", Value::Bool(false));
    }
    let wanted = text_of(call, "tipo");
    let explanation = explain(&ctx.lender.policy, &offer_input(obligation, file, ctx));
    let given: Vec<&Offer> = explanation
        .offers
        .iter()
        .filter(|offer| wanted.is_empty() || kind_name(offer.kind) == wanted)
        .collect();
    if given.is_empty() {
        return Done::outcome("sin_ofertas")
            .value("saldo_antiguo", Value::Bool(explanation.balance_is_stale()))
            .value("sin_refinanciacion", Value::Bool(explanation.refinancing_is_off));
    }
    let debt = values::debt(obligation, file, ctx);
    let records: Vec<Value> = given.iter().map(|offer| values::offer(offer, &debt, ctx)).collect();
    let best = records.first().cloned().unwrap_or(Value::Nothing);
    Done::outcome("ok")
        .value("saldo_antiguo", Value::Bool(false))
        .value("sin_refinanciacion", Value::Bool(explanation.refinancing_is_off))
        .value("cantidad", Value::Int(i64::try_from(records.len()).unwrap_or(i64::MAX)))
        .value("ofertas", Value::List(records))
        .value("mejor", best)
}

/// The offers that hold at this moment; accepting one recomputes them and finds it by id.
pub fn current_offers(obligation: &Obligation, file: &PersonFile, ctx: &ActionContext<'_>) -> Vec<Offer> {
    offers_of(&ctx.lender.policy, &offer_input(obligation, file, ctx))
}

pub fn offer_input<'a>(
    obligation: &'a Obligation,
    file: &PersonFile,
    ctx: &ActionContext<'a>,
) -> OfferInput<'a> {
    OfferInput { today: ctx.today, ..offer_input_of(obligation, file, ctx.lender, ctx.now) }
}

/// What decides about the offers of an obligation, outside a turn too.
pub fn offer_input_of<'a>(
    obligation: &'a Obligation,
    file: &PersonFile,
    lender: &'a Lender,
    now: Timestamp,
) -> OfferInput<'a> {
    OfferInput {
        obligation,
        person: PersonFacts { hold: hold(file), broken_promises: broken_promises(file, obligation) },
        today: lender.today(now),
        now,
        caps: &lender.caps,
        calendar: &lender.calendar,
        has_active_agreement: running(file, obligation).is_some()
            || to_be_applied(file, obligation).is_some(),
    }
}

/// An open case that stops everything but answers.
pub fn hold(file: &PersonFile) -> Option<Hold> {
    file.open_cases.iter().find_map(|case| match case.kind.as_str() {
        "disputa" | "no_es_mia" | "queja" => Some(Hold::Dispute),
        "insolvencia" => Some(Hold::Insolvency),
        "fraude" => Some(Hold::FraudFear),
        "fallecido" => Some(Hold::Deceased),
        // Who is forced or in danger, or was answered for by a child, agrees to nothing.
        "angustia" | "violencia" | "menor" => Some(Hold::Distress),
        _ => None,
    })
}

fn broken_promises(file: &PersonFile, obligation: &Obligation) -> u32 {
    let broken = file
        .agreements
        .iter()
        .filter(|agreement| {
            agreement.offer.obligation == obligation.id
                && agreement.offer.kind == crate::domain::debt::AgreementKind::Promise
                && agreement.status == crate::domain::debt::AgreementStatus::Broken
        })
        .count();
    u32::try_from(broken).unwrap_or(u32::MAX)
}
