//! Domain values as the flow language sees them: the records `deuda`, `oferta`, `acuerdo`.

use crate::domain::debt::{
    Agreement, AgreementKind, AgreementStatus, Instalment, Obligation, ObligationStatus, Offer,
    ScheduledPayment,
};
use crate::domain::money::Money;
use crate::domain::time::{Day, Zone};
use crate::flow::effect::ActionCall;
use crate::flow::value::Value;
use crate::ports::people::PersonFile;
use crate::rules::covered::rest_beside;
use crate::rules::dpd::days_past_due;
use crate::rules::settlement::WHOLE_BPS;
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

/// An agreement that was kept and that the balance does not know of yet: what the balance says is owed is not so any
/// more, and how much is left nobody here knows until a newer one comes.
pub fn to_be_applied<'a>(file: &'a PersonFile, obligation: &Obligation) -> Option<&'a Agreement> {
    file.agreements.iter().find(|agreement| {
        agreement.offer.obligation == obligation.id
            && agreement.status == AgreementStatus::Kept
            && obligation.balance.as_of <= agreement.ended_at.unwrap_or(agreement.accepted_at)
    })
}

/// What may be claimed as overdue: nothing of a balance that is older than a kept agreement.
pub fn claimed(obligation: &Obligation, file: &PersonFile) -> Money {
    match to_be_applied(file, obligation) {
        Some(_) => Money::zero(obligation.currency),
        None => overdue(obligation),
    }
}

/// What is overdue and in no agreement: of a debt with one, what is beyond the amount that was agreed.
pub fn unagreed(obligation: &Obligation, file: &PersonFile, zone: &Zone) -> Money {
    let claimed = claimed(obligation, file);
    running(file, obligation).map_or(claimed, |agreement| {
        rest_beside(claimed, &agreement.offer, zone.day(obligation.balance.as_of))
    })
}

/// What is overdue; nothing when the parts do not add up to an amount.
pub fn overdue(obligation: &Obligation) -> Money {
    obligation.balance.overdue().unwrap_or_else(|_| Money::zero(obligation.currency))
}

/// One of `catalogue::SITUATIONS`.
pub fn situation(obligation: &Obligation, file: &PersonFile, today: Day) -> &'static str {
    match obligation.status {
        ObligationStatus::Settled => "saldada",
        ObligationStatus::Disputed => "en_disputa",
        ObligationStatus::Active | ObligationStatus::WrittenOff => {
            if running(file, obligation).is_some() {
                "con_acuerdo"
            } else if to_be_applied(file, obligation).is_some() {
                "por_aplicar"
            } else if days_past_due(obligation.oldest_unpaid_due, today) > 0
                || overdue(obligation).is_positive()
            {
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
    masked(external_ref, NUMBER_SHOWN)
}

/// Characters of an account's number that are shown.
const NUMBER_SHOWN: usize = 4;

/// As [`masked_number`], and longer where another account of the same name in `file` ends alike.
fn number_in(file: &PersonFile, obligation: &Obligation) -> String {
    let alike = |shown: usize| {
        file.obligations.iter().any(|other| {
            other.id != obligation.id
                && other.product_name == obligation.product_name
                && masked(&other.external_ref, shown) == masked(&obligation.external_ref, shown)
        })
    };
    let shown = (NUMBER_SHOWN..obligation.external_ref.len()).find(|shown| !alike(*shown));
    masked(&obligation.external_ref, shown.unwrap_or(obligation.external_ref.len()))
}

fn masked(external_ref: &str, shown: usize) -> String {
    let signs: Vec<char> = external_ref.chars().filter(char::is_ascii_alphanumeric).collect();
    let tail: String = signs[signs.len().saturating_sub(shown)..].iter().collect();
    format!("••{tail}")
}

pub fn debt(obligation: &Obligation, file: &PersonFile, ctx: &ActionContext<'_>) -> Value {
    let balance = &obligation.balance;
    let zone = &ctx.lender.policy.zone;
    // No figure of a balance that is older than a kept agreement, whatever a flow makes of the record.
    let applies = situation(obligation, file, ctx.today) != "por_aplicar";
    let part = |money: Money| Value::Money(if applies { money } else { Money::zero(money.currency) });
    // A day that has passed since the import is not to come, and of nothing there is nothing to say.
    let comes = |next: &&Instalment| next.due >= ctx.today && next.amount.is_positive();
    let next = obligation.next_due.as_ref().filter(|_| applies).filter(comes);
    let oldest = obligation.oldest_unpaid_due.filter(|_| applies);
    let payoff = obligation.payoff().filter(|_| applies);
    let beside = Some(unagreed(obligation, file, zone)).filter(|rest| rest.is_positive());
    let date = |day: Option<Day>| day.map_or(Value::Nothing, Value::Date);
    let mut record = Value::record([
        ("id", Value::text(obligation.id.to_string())),
        ("producto", Value::text(&obligation.product_name)),
        ("numero", Value::text(number_in(file, obligation))),
        ("situacion", Value::Choice(situation(obligation, file, ctx.today).to_owned())),
        ("vencido", part(overdue(obligation))),
        ("pago_total", payoff.map_or(Value::Nothing, Value::Money)),
        // The name of flows that were published before `vencido` and `pago_total` were told apart.
        ("total", part(overdue(obligation))),
        ("sin_acordar", beside.map_or(Value::Nothing, Value::Money)),
        ("capital", part(balance.principal)),
        ("intereses", part(balance.interest)),
        ("mora", part(balance.late_interest)),
        ("gastos", part(balance.fees)),
        ("dias_mora", Value::Int(days_past_due(oldest, ctx.today).max(0))),
        ("vencio", date(oldest)),
        ("proxima_fecha", date(next.map(|instalment| instalment.due))),
        ("proxima_cuota", next.map_or(Value::Nothing, |instalment| Value::Money(instalment.amount))),
        ("corte", Value::Date(zone.day(balance.as_of))),
        // In millionths, as all rates of flows.
        (
            "tasa_ea",
            obligation.rate_ea_bps.map_or(Value::Nothing, |bps| Value::Percent(bps.saturating_mul(100))),
        ),
    ]);
    let title = ctx.lender.wording.debt_title(&record, ctx.language);
    put(&mut record, "titulo", Value::text(title));
    let parts = ctx.lender.wording.parts(&record, ctx.language);
    put(&mut record, "partes", Value::text(parts));
    record
}

/// The payment that stands for the others: the second after a down payment, else the first.
fn usual(offer: &Offer) -> Option<&ScheduledPayment> {
    let (first, second) = (offer.payments.first()?, offer.payments.get(1));
    // Of two equal payments the last absorbs the rounding.
    let step = offer.total.currency.step_minor();
    let differs = |second: &&ScheduledPayment| {
        offer.payments.len() > 2 || first.amount.minor.abs_diff(second.amount.minor) > step.unsigned_abs()
    };
    second.filter(differs).or(Some(first))
}

/// A rate in millionths as it is told: to hundredths of a percent, half-up.
pub const fn in_hundredths(ppm: i64) -> i64 {
    (ppm + 50) / 100 * 100
}

/// Whether a promise may be of less than all that is overdue.
pub fn takes_less(offer: &Offer) -> bool {
    let share = offer.derivation.input("min_share_bps").and_then(|share| share.parse::<i64>().ok());
    share.is_some_and(|share| share < WHOLE_BPS)
}

/// An offer for this debt, worded.
pub fn offer(offer: &Offer, debt: &Value, ctx: &ActionContext<'_>) -> Value {
    let currency = offer.total.currency;
    let first = offer.payments.first();
    let last = offer.payments.last();
    let usual = usual(offer);
    let interest = Money::sum(currency, offer.payments.iter().map(|payment| payment.interest))
        .unwrap_or_else(|_| Money::zero(currency));
    let money = |amount: Option<Money>| amount.map_or(Value::Nothing, Value::Money);
    let date = |day: Option<Day>| day.map_or(Value::Nothing, Value::Date);
    let mut record = Value::record([
        ("id", Value::text(&offer.id)),
        ("tipo", Value::Choice(kind_name(offer.kind).to_owned())),
        ("total", Value::Money(offer.total)),
        ("descuento", Value::Money(offer.discount)),
        ("cierra", Value::Bool(offer.closes())),
        ("flexible", Value::Bool(takes_less(offer))),
        ("queda", money(offer.leaves)),
        ("cuotas", Value::Int(i64::try_from(offer.payments.len()).unwrap_or(i64::MAX))),
        ("cuota", money(usual.map(|payment| payment.amount))),
        ("primera_cuota", money(first.map(|payment| payment.amount))),
        ("ultima_cuota", money(last.map(|payment| payment.amount))),
        ("primera_fecha", date(first.map(|payment| payment.due))),
        ("ultima_fecha", date(last.map(|payment| payment.due))),
        ("intereses", Value::Money(interest)),
        ("tasa_ea", offer.rate_ea_ppm.map_or(Value::Nothing, |ppm| Value::Percent(in_hundredths(ppm)))),
        ("tasa_mensual", Value::Percent(offer.monthly_rate_ppm.unwrap_or(0))),
        ("vigencia", Value::Date(offer.valid_until)),
    ]);
    let worded = ctx.lender.wording.offer(kind_name(offer.kind), &record, debt, ctx.language);
    put(&mut record, "titulo", Value::text(worded.title));
    put(&mut record, "resumen", Value::text(worded.summary));
    put(&mut record, "despues", Value::text(worded.afterwards));
    put(&mut record, "calendario", calendar(&offer.payments, ctx));
    let refinanced = ctx.lender.wording.refinanced(offer, debt, ctx.language);
    put(&mut record, "refinancia", Value::text(refinanced));
    let cost = ctx.lender.wording.yearly_cost(&ctx.lender.policy.country, offer, ctx.language);
    put(&mut record, "cat", Value::text(cost));
    record
}

/// Every day of these payments.
fn calendar(payments: &[ScheduledPayment], ctx: &ActionContext<'_>) -> Value {
    let days: Vec<Day> = payments.iter().map(|payment| payment.due).collect();
    let rule = ctx.lender.policy.business_days;
    Value::text(ctx.lender.wording.calendar(&days, rule, ctx.language))
}

pub fn agreement(agreement: &Agreement, file: &PersonFile, ctx: &ActionContext<'_>) -> Value {
    let today = ctx.today;
    let product = file
        .obligations
        .iter()
        .find(|obligation| obligation.id == agreement.offer.obligation)
        .map_or_else(String::new, |obligation| obligation.product_name.clone());
    let payments = &agreement.offer.payments;
    // Once all its days are past there is no next payment, and no text may name one.
    let next = payments.iter().find(|payment| payment.due >= today);
    Value::record([
        ("referencia", Value::text(&agreement.reference)),
        ("tipo", Value::Choice(kind_name(agreement.offer.kind).to_owned())),
        ("producto", Value::text(product)),
        ("total", Value::Money(agreement.offer.total)),
        ("cuota", next.map_or(Value::Nothing, |payment| Value::Money(payment.amount))),
        ("cuotas", Value::Int(i64::try_from(payments.len()).unwrap_or(i64::MAX))),
        ("proxima_fecha", next.map_or(Value::Nothing, |payment| Value::Date(payment.due))),
        ("ultima_fecha", payments.last().map_or(Value::Nothing, |payment| Value::Date(payment.due))),
        ("calendario", calendar(payments, ctx)),
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

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_number_shows_its_last_signs_and_nothing_else() {
        assert_eq!(masked("Z-100001", 4), "••0001");
        assert_eq!(masked("Z-100001", 6), "••100001");
        assert_eq!(masked("7", 4), "••7");
    }
}
