//! `promesa.proponer`, `acuerdo.crear`, `acuerdo.consultar`, `acuerdo.reciente`: from terms to a binding record, exactly once.

use crate::domain::debt::{Agreement, AgreementStatus, Evidence, Obligation, Offer};
use crate::domain::ids::{AgreementId, OutboxId, derive};
use crate::domain::money::Money;
use crate::domain::time::{Day, Millis};
use crate::flow::effect::{ActionCall, Shown};
use crate::flow::value::Value;
use crate::ports::StoreError;
use crate::ports::people::PersonFile;
use crate::ports::records::Record;
use crate::rules::offer::{promise, promise_range};
use crate::service::actions::debts::{current_offers, offer_input};
use crate::service::actions::values::{self, kind_of, obligation_of, running};
use crate::service::actions::{ActionContext, Done};

/// So long after an agreement "no, mentira" is taken for a word about it.
const RECENT: Millis = Millis::minutes(30);

/// Outcomes: `ok`, `monto_bajo`, `monto_alto`, `fecha_lejana`, `fecha_pasada`, `no_disponible`, `caido`.
pub fn propose_promise(call: &ActionCall, ctx: &ActionContext<'_>) -> Done {
    let Some(file) = ctx.file else { return Done::outcome("caido") };
    let Some(obligation) = obligation_of(call, file) else { return Done::outcome("caido") };
    let (Some(Value::Money(amount)), Some(Value::Date(day))) =
        (call.with.get("monto"), call.with.get("fecha"))
    else {
        return Done::outcome("caido");
    };
    let input = offer_input(obligation, file, ctx);
    let Some(range) = promise_range(&ctx.lender.policy, &input) else {
        return Done::outcome("no_disponible");
    };
    let outcome = if *day < range.first_day {
        "fecha_pasada"
    } else if *day > range.last_day {
        "fecha_lejana"
    } else if amount.minor < range.least.minor {
        "monto_bajo"
    } else if amount.minor > range.most.minor {
        "monto_alto"
    } else {
        "ok"
    };
    let done = Done::outcome(outcome)
        .value("minimo", Value::Money(range.least))
        .value("maximo", Value::Money(range.most))
        .value("fecha_limite", Value::Date(range.last_day));
    if outcome != "ok" {
        return done;
    }
    match promise(&ctx.lender.policy, &input, *amount, *day) {
        Ok(offer) => done.value("oferta", values::offer(&offer, &values::debt(obligation, file, ctx), ctx)),
        Err(_) => Done::outcome("no_disponible"),
    }
}

/// What may be promised for a debt, before anything is asked. Outcomes: `ok`, `no_disponible`, `caido`.
pub fn promise_limits(call: &ActionCall, ctx: &ActionContext<'_>) -> Done {
    let Some(file) = ctx.file else { return Done::outcome("caido") };
    let Some(obligation) = obligation_of(call, file) else { return Done::outcome("caido") };
    let range = promise_range(&ctx.lender.policy, &offer_input(obligation, file, ctx));
    range.map_or_else(
        || Done::outcome("no_disponible"),
        |range| {
            Done::outcome("ok")
                .value("minimo", Value::Money(range.least))
                .value("maximo", Value::Money(range.most))
                .value("fecha_limite", Value::Date(range.last_day))
        },
    )
}

/// Records what the person accepted. Outcomes: `ok`, `ya_existe`, `vencida` (no longer offered), `caido`.
///
/// The terms are worked out again from today's data; only an offer that still holds, to the last unit, is bound.
pub async fn create(call: &ActionCall, ctx: &ActionContext<'_>) -> Result<Done, StoreError> {
    let (Some(file), Some(once), Some(shown)) = (ctx.file, call.once.as_ref(), call.evidence.as_ref()) else {
        return Ok(Done::outcome("caido"));
    };
    let Some(obligation) = obligation_of(call, file) else { return Ok(Done::outcome("caido")) };
    let (lender, person) = (&ctx.lender.id, file.person.id);
    if let Some(existing) = ctx.store.agreement_by_once(lender, person, obligation.id, once).await? {
        return Ok(found(&existing, file, ctx));
    }
    if let Some(existing) = running(file, obligation) {
        return Ok(found(existing, file, ctx));
    }
    let Some(offer) = still_offered(call, obligation, file, ctx) else {
        return Ok(Done::outcome("vencida"));
    };
    let agreement = bind(offer, once, shown, ctx, file);
    let record = values::agreement(&agreement, file, ctx);
    Ok(Done::outcome("ok")
        .value("referencia", Value::text(&agreement.reference))
        .value("acuerdo", record)
        .record(Record::Agreement(agreement)))
}

/// The agreement about the argument `deuda`, else the newest that is running. Outcomes: `ok`, `ninguno`, `caido`.
pub fn consult(call: &ActionCall, ctx: &ActionContext<'_>) -> Done {
    let Some(file) = ctx.file else { return Done::outcome("caido") };
    let asked = obligation_of(call, file);
    let about = |obligation: &&Obligation| asked.is_none_or(|asked| asked.id == obligation.id);
    let running = file.obligations.iter().filter(about).filter_map(|obligation| running(file, obligation));
    running.max_by_key(|agreement| agreement.accepted_at).map_or_else(
        || Done::outcome("ninguno"),
        |agreement| Done::outcome("ok").value("acuerdo", values::agreement(agreement, file, ctx)),
    )
}

/// The newest agreement of the last half hour, while it is running. Outcomes: `ok`, `ninguno`, `caido`.
pub fn recent(ctx: &ActionContext<'_>) -> Done {
    let Some(file) = ctx.file else { return Done::outcome("caido") };
    let of_now = |agreement: &&Agreement| ctx.now.since(agreement.accepted_at) <= RECENT;
    let running = file.obligations.iter().filter_map(|obligation| running(file, obligation));
    running.filter(of_now).max_by_key(|agreement| agreement.accepted_at).map_or_else(
        || Done::outcome("ninguno"),
        |agreement| Done::outcome("ok").value("acuerdo", values::agreement(agreement, file, ctx)),
    )
}

fn found(agreement: &Agreement, file: &PersonFile, ctx: &ActionContext<'_>) -> Done {
    Done::outcome("ya_existe")
        .value("referencia", Value::text(&agreement.reference))
        .value("acuerdo", values::agreement(agreement, file, ctx))
}

/// The offer of the argument `oferta`, worked out anew; a promise is rebuilt from its amount and day.
fn still_offered(
    call: &ActionCall,
    obligation: &Obligation,
    file: &PersonFile,
    ctx: &ActionContext<'_>,
) -> Option<Offer> {
    let wanted = call.with.get("oferta")?;
    let field = |name: &str| wanted.at(&[name.to_owned()]);
    let Value::Text(id) = field("id")? else { return None };
    let Value::Choice(kind) = field("tipo")? else { return None };
    kind_of(kind)?;
    if let Some(offer) = current_offers(obligation, file, ctx).into_iter().find(|offer| offer.id == *id) {
        return Some(offer);
    }
    let (Value::Money(amount), Value::Date(day)) = (field("total")?, field("primera_fecha")?) else {
        return None;
    };
    promise_again(obligation, file, ctx, *amount, *day).filter(|offer| offer.id == *id)
}

fn promise_again(
    obligation: &Obligation,
    file: &PersonFile,
    ctx: &ActionContext<'_>,
    amount: Money,
    day: Day,
) -> Option<Offer> {
    promise(&ctx.lender.policy, &offer_input(obligation, file, ctx), amount, day).ok()
}

fn bind(offer: Offer, once: &str, shown: &Shown, ctx: &ActionContext<'_>, file: &PersonFile) -> Agreement {
    let (person, debt) = (file.person.id.0.simple(), offer.obligation.0.simple());
    let id = AgreementId(derive(&ctx.conversation.id.0, &format!("agreement/{person}/{debt}/{once}")));
    Agreement {
        id,
        lender: ctx.lender.id.clone(),
        person: file.person.id,
        once_key: once.to_owned(),
        status: AgreementStatus::Active,
        reference: reference(id),
        evidence: Evidence {
            rendered: shown.rendered.clone(),
            sha256: shown.sha256.clone(),
            shown_in: Some(OutboxId::derive(ctx.conversation.id, shown.turn, shown.index).to_string()),
            accepted_by: shown.answered_by.as_ref().map(ToString::to_string),
            assurance: ctx.assurance,
            acceptance: shown.answer.clone(),
        },
        offer,
        accepted_at: ctx.now,
        ended_at: None,
    }
}

/// Eight characters that can be read out: no 0/O, 1/I/L, and no vowels that could make words.
fn reference(id: AgreementId) -> String {
    const LETTERS: &[u8; 24] = b"23456789BCDFGHJKMNPQRSTV";
    let bytes = id.0.as_bytes();
    let code: String =
        bytes[..8].iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    format!("{}-{}", &code[..4], &code[4..])
}
