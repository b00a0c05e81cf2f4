//! Domain values as the flow language sees them: the records `deuda`, `oferta`, `acuerdo`.

use crate::domain::debt::{Agreement, AgreementKind, AgreementStatus, Obligation, ObligationStatus, Offer};
use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::flow::effect::ActionCall;
use crate::flow::value::Value;
use crate::ports::people::PersonFile;
use crate::rules::dpd::days_past_due;
use crate::rules::settlement::total_due;
use crate::service::actions::ActionContext;

/// The flow name of an agreement kind.
pub const fn kind_name(kind: AgreementKind) -> &'static str {
    match kind {
        AgreementKind::Promise => "promesa",
        AgreementKind::InstalmentPlan => "plan",
        AgreementKind::Refinancing => "refinanciacion",
        AgreementKind::Settlement => "descuento",
    }
}

pub fn kind_of(name: &str) -> Option<AgreementKind> {
    AgreementKind::ALL.into_iter().find(|kind| kind_name(*kind) == name)
}

/// An agreement that still binds: no second one for the same obligation.
pub fn running<'a>(file: &'a PersonFile, obligation: &Obligation) -> Option<&'a Agreement> {
    file.agreements.iter().find(|agreement| {
        agreement.offer.obligation == obligation.id
            && matches!(agreement.status, AgreementStatus::Accepted | AgreementStatus::Active)
    })
}

/// What is due now; nothing when the parts do not add up to an amount.
pub fn due(obligation: &Obligation) -> Money {
    total_due(&obligation.balance).unwrap_or_else(|_| Money::zero(obligation.currency))
}

/// One of `catalogue::SITUATIONS`.
pub fn situation(obligation: &Obligation, file: &PersonFile, today: Day) -> &'static str {
    match obligation.status {
        ObligationStatus::Settled => "saldada",
        ObligationStatus::Disputed => "en_disputa",
        ObligationStatus::Active | ObligationStatus::WrittenOff => {
            if running(file, obligation).is_some() {
                "con_acuerdo"
            } else if days_past_due(obligation.oldest_unpaid_due, today) > 0 {
                "vencida"
            } else if obligation.next_due.is_some() {
                "por_vencer"
            } else {
                "al_dia"
            }
        }
    }
}

/// `••4821`: enough to recognise an account, not enough to use it.
pub fn masked_number(external_ref: &str) -> String {
    let digits: Vec<char> = external_ref.chars().filter(char::is_ascii_alphanumeric).collect();
    let tail: String = digits[digits.len().saturating_sub(4)..].iter().collect();
    format!("••{tail}")
}

pub fn debt(obligation: &Obligation, file: &PersonFile, ctx: &ActionContext<'_>) -> Value {
    let balance = &obligation.balance;
    let zone = &ctx.lender.policy.zone;
    let next = obligation.next_due.as_ref();
    let date = |day: Option<Day>| day.map_or(Value::Nothing, Value::Date);
    let mut record = Value::record([
        ("id", Value::text(obligation.id.to_string())),
        ("producto", Value::text(&obligation.product_name)),
        ("numero", Value::text(masked_number(&obligation.external_ref))),
        ("situacion", Value::Choice(situation(obligation, file, ctx.today).to_owned())),
        ("total", Value::Money(due(obligation))),
        ("capital", Value::Money(balance.principal)),
        ("intereses", Value::Money(balance.interest)),
        ("mora", Value::Money(balance.late_interest)),
        ("gastos", Value::Money(balance.fees)),
        ("dias_mora", Value::Int(days_past_due(obligation.oldest_unpaid_due, ctx.today).max(0))),
        ("vencio", date(obligation.oldest_unpaid_due)),
        ("proxima_fecha", date(next.map(|instalment| instalment.due))),
        ("proxima_cuota", next.map_or(Value::Nothing, |instalment| Value::Money(instalment.amount))),
        ("corte", Value::Date(zone.day(balance.as_of))),
    ]);
    let title = ctx.lender.wording.debt_title(&record, ctx.language);
    put(&mut record, "titulo", Value::text(title));
    record
}

pub fn offer(offer: &Offer, ctx: &ActionContext<'_>) -> Value {
    let currency = offer.total.currency;
    let first = offer.payments.first();
    let last = offer.payments.last();
    // With a down payment the second is the usual one; of two payments, the first.
    let usual = offer.payments.get(1).filter(|_| offer.payments.len() > 2).or(first);
    let interest = Money::sum(currency, offer.payments.iter().map(|payment| payment.interest))
        .unwrap_or_else(|_| Money::zero(currency));
    let money = |amount: Option<Money>| amount.map_or(Value::Nothing, Value::Money);
    let date = |day: Option<Day>| day.map_or(Value::Nothing, Value::Date);
    let mut record = Value::record([
        ("id", Value::text(&offer.id)),
        ("tipo", Value::Choice(kind_name(offer.kind).to_owned())),
        ("total", Value::Money(offer.total)),
        ("descuento", Value::Money(offer.discount)),
        ("cuotas", Value::Int(i64::try_from(offer.payments.len()).unwrap_or(i64::MAX))),
        ("cuota", money(usual.map(|payment| payment.amount))),
        ("primera_cuota", money(first.map(|payment| payment.amount))),
        ("ultima_cuota", money(last.map(|payment| payment.amount))),
        ("primera_fecha", date(first.map(|payment| payment.due))),
        ("ultima_fecha", date(last.map(|payment| payment.due))),
        ("intereses", Value::Money(interest)),
        ("tasa_mensual", Value::Percent(offer.monthly_rate_ppm.unwrap_or(0))),
        ("vigencia", Value::Date(offer.valid_until)),
    ]);
    let (title, summary) = ctx.lender.wording.offer(kind_name(offer.kind), &record, ctx.language);
    put(&mut record, "titulo", Value::text(title));
    put(&mut record, "resumen", Value::text(summary));
    record
}

pub fn agreement(agreement: &Agreement, file: &PersonFile, today: Day) -> Value {
    let product = file
        .obligations
        .iter()
        .find(|obligation| obligation.id == agreement.offer.obligation)
        .map_or_else(String::new, |obligation| obligation.product_name.clone());
    let payments = &agreement.offer.payments;
    let next = payments.iter().find(|payment| payment.due >= today).or_else(|| payments.last());
    Value::record([
        ("referencia", Value::text(&agreement.reference)),
        ("tipo", Value::Choice(kind_name(agreement.offer.kind).to_owned())),
        ("producto", Value::text(product)),
        ("total", Value::Money(agreement.offer.total)),
        ("cuota", next.map_or(Value::Nothing, |payment| Value::Money(payment.amount))),
        ("cuotas", Value::Int(i64::try_from(payments.len()).unwrap_or(i64::MAX))),
        ("proxima_fecha", next.map_or(Value::Nothing, |payment| Value::Date(payment.due))),
    ])
}

/// The obligation that the argument `deuda` names, if it is this person's.
pub fn obligation_of<'a>(call: &ActionCall, file: &'a PersonFile) -> Option<&'a Obligation> {
    let Value::Text(id) = call.with.get("deuda")?.at(&["id".to_owned()])? else { return None };
    file.obligations.iter().find(|obligation| obligation.id.to_string() == *id)
}

fn put(record: &mut Value, name: &str, value: Value) {
    if let Value::Record(fields) = record {
        fields.insert(name.to_owned(), value);
    }
}
