//! `pago.enlace`, `pago.medios`, `pago.reportar`.

use crate::domain::ids::{ClaimId, derive};
use crate::flow::effect::ActionCall;
use crate::flow::value::Value;
use crate::ports::payment_provider::{LinkRequest, PaymentError};
use crate::ports::records::{PaymentClaim, Record};
use crate::service::actions::values::{obligation_of, running, to_be_applied};
use crate::service::actions::{ActionContext, Done, text_of};

/// Outcomes: `ok`, `no_disponible`, `caido`.
pub async fn link(call: &ActionCall, ctx: &ActionContext<'_>) -> Done {
    let (Some(file), Some(provider)) = (ctx.file, ctx.lender.payments.as_ref()) else {
        return Done::outcome("no_disponible");
    };
    let (Some(obligation), Some(Value::Money(amount))) = (obligation_of(call, file), call.with.get("monto"))
    else {
        return Done::outcome("no_disponible");
    };
    // Nobody is asked to pay what a kept agreement may have paid already.
    if to_be_applied(file, obligation).is_some() {
        return Done::outcome("no_disponible");
    }
    let request = LinkRequest {
        lender: ctx.lender.id.clone(),
        obligation: obligation.id,
        agreement: running(file, obligation).map(|agreement| agreement.id),
        reference: obligation.external_ref.clone(),
        amount: *amount,
        now: ctx.now,
        idempotency_key: format!("{}/{}/{}", obligation.id, ctx.today, amount.minor),
    };
    match provider.link(&request).await {
        Ok(link) => Done::outcome("ok")
            .value("url", Value::text(link.url.expose()))
            .value("referencia", Value::text(request.reference))
            .value("vence", Value::Date(ctx.lender.policy.zone.day(link.expires_at))),
        Err(PaymentError::NotConfigured(_)) => Done::outcome("no_disponible"),
        Err(error) => {
            tracing::warn!(error = %error, conversation.id = %ctx.conversation.id, "payment link refused");
            Done::outcome("caido")
        }
    }
}

/// Outcomes: `ok`, `no_disponible`.
pub fn means(call: &ActionCall, ctx: &ActionContext<'_>) -> Done {
    let Some(obligation) = ctx.file.and_then(|file| {
        obligation_of(call, file).filter(|obligation| to_be_applied(file, obligation).is_none())
    }) else {
        return Done::outcome("no_disponible");
    };
    let methods = &ctx.lender.policy.payment;
    let wording = &ctx.lender.wording;
    let debt = obligation.external_ref.as_str();
    let account = methods.bank_transfer.as_ref();
    let transfer = account.map(|account| wording.transfer(account, debt, ctx.language)).unwrap_or_default();
    let points = wording.cash_points(&methods.cash_points, debt, ctx.language);
    if transfer.is_empty() && points.is_empty() {
        return Done::outcome("no_disponible");
    }
    // As the lender books transfers: its own form of the debt's number.
    let reference = account.map_or_else(|| debt.to_owned(), |account| account.reference.render(debt, debt));
    // What a lender does not have is not there, and not an empty text.
    let known = |text: String| if text.is_empty() { Value::Nothing } else { Value::text(text) };
    Done::outcome("ok")
        .value("transferencia", known(transfer))
        .value("puntos", known(points))
        .value("referencia", Value::text(reference))
}

/// A word, not a payment: it pauses reminders and never touches a balance.
pub fn report(call: &ActionCall, ctx: &ActionContext<'_>) -> Done {
    let not_empty = |name| Some(text_of(call, name).to_owned()).filter(|text| !text.is_empty());
    let claim = PaymentClaim {
        id: ClaimId(derive(&ctx.conversation.id.0, &format!("claim/{}", ctx.turn))),
        lender: ctx.lender.id.clone(),
        person: ctx.person,
        obligation: None,
        amount: match call.with.get("monto") {
            Some(Value::Money(amount)) => Some(*amount),
            _ => None,
        },
        paid_on: match call.with.get("fecha") {
            Some(Value::Date(day)) => Some(*day),
            _ => None,
        },
        means: not_empty("medio"),
        receipt: not_empty("comprobante"),
        at: ctx.now,
    };
    Done::outcome("ok").record(Record::Claim(claim))
}
