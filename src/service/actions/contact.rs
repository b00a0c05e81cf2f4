//! Cases, opt-out and opt-in, wrong numbers.

use crate::domain::debt::Agreement;
use crate::domain::ids::{CaseId, derive};
use crate::domain::pii::Pii;
use crate::flow::effect::ActionCall;
use crate::flow::value::Value;
use crate::ports::people::PersonFile;
use crate::ports::records::{Case, OptOutScope, Record};
use crate::rules::data_rights::DataRight;
use crate::service::actions::values::obligation_of;
use crate::service::actions::{ActionContext, Done, text_of};
use crate::service::cases::{answer_by, number};

/// Outcomes: `ok`, `ya_abierto`; both tell the number, and the last day for an answer where the law sets one.
pub fn open_case(call: &ActionCall, ctx: &ActionContext<'_>) -> Done {
    let kind = text_of(call, "tipo");
    let agreement = ctx.file.and_then(|file| agreement_of(call, file));
    let named = ctx.file.and_then(|file| obligation_of(call, file)).map(|obligation| obligation.id);
    let obligation = named.or_else(|| agreement.map(|agreement| agreement.offer.obligation));
    let open = ctx.file.and_then(|file| {
        file.open_cases.iter().find(|case| case.kind == kind && case.obligation == obligation)
    });
    if let Some(open) = open {
        return told(Done::outcome("ya_abierto"), open, ctx);
    }
    // Where nobody is known whose open cases could be read, a request about the own data is one a day.
    let once = match DataRight::of_case(kind) {
        Some(_) if ctx.file.is_none() => ctx.today.to_string(),
        Some(_) | None => ctx.turn.to_string(),
    };
    let asked = Some(text_of(call, "nota")).filter(|note| !note.is_empty()).map(ToOwned::to_owned);
    let mut case = Case {
        id: CaseId(derive(&ctx.conversation.id.0, &format!("case/{kind}/{once}"))),
        lender: ctx.lender.id.clone(),
        person: ctx.person,
        obligation,
        kind: kind.to_owned(),
        note: None,
        at: ctx.now,
    };
    let term = answer_by(&case, ctx.lender)
        .map(|by| format!("Responder a más tardar el {} ({}).", by.day, by.source));
    let about = agreement.map(|agreement| format!("Acuerdo {}.", agreement.reference));
    let said: Vec<String> = about.into_iter().chain(asked.or(term)).collect();
    case.note = Some(said.join(" ")).filter(|note| !note.is_empty()).map(Pii::new);
    told(Done::outcome("ok"), &case, ctx).record(Record::Case(case))
}

/// The agreement that the argument `acuerdo` names, if it is this person's.
fn agreement_of<'a>(call: &ActionCall, file: &'a PersonFile) -> Option<&'a Agreement> {
    let Value::Text(reference) = call.with.get("acuerdo")?.at(&["referencia".to_owned()])? else {
        return None;
    };
    file.agreements.iter().find(|agreement| agreement.reference == *reference)
}

fn told(done: Done, case: &Case, ctx: &ActionContext<'_>) -> Done {
    let done = done.value("numero", Value::text(number(case.id)));
    match answer_by(case, ctx.lender) {
        Some(by) => done.value("plazo", Value::Date(by.day)),
        None => done,
    }
}

pub fn opt_out() -> Done {
    Done::outcome("ok").record(Record::OptOut { scope: OptOutScope::All, source: "chat".to_owned() })
}

pub fn opt_in() -> Done {
    Done::outcome("ok").record(Record::OptIn { source: "chat".to_owned() })
}

/// The number is somebody else's: cut the link, so that nothing of the person on file is ever said here.
pub fn wrong_number(ctx: &ActionContext<'_>) -> Done {
    let people = ctx
        .candidates
        .iter()
        .map(|person| Record::WrongNumber { person: Some(person.id) })
        .collect::<Vec<_>>();
    Done { unlink: true, records: people, ..Done::outcome("ok") }
}
