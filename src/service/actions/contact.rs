//! Cases, opt-out and opt-in, wrong numbers.

use crate::domain::ids::{CaseId, derive};
use crate::domain::pii::Pii;
use crate::flow::effect::ActionCall;
use crate::ports::records::{Case, OptOutScope, Record};
use crate::service::actions::values::obligation_of;
use crate::service::actions::{ActionContext, Done, text_of};

/// Outcomes: `ok`, `ya_abierto`.
pub fn open_case(call: &ActionCall, ctx: &ActionContext<'_>) -> Done {
    let kind = text_of(call, "tipo");
    let obligation = ctx.file.and_then(|file| obligation_of(call, file)).map(|obligation| obligation.id);
    let open = ctx.file.is_some_and(|file| {
        file.open_cases.iter().any(|case| case.kind == kind && case.obligation == obligation)
    });
    if open {
        return Done::outcome("ya_abierto");
    }
    let note = Some(text_of(call, "nota")).filter(|note| !note.is_empty());
    Done::outcome("ok").record(Record::Case(Case {
        id: CaseId(derive(&ctx.conversation.id.0, &format!("case/{kind}/{}", ctx.turn))),
        lender: ctx.lender.id.clone(),
        person: ctx.person,
        obligation,
        kind: kind.to_owned(),
        note: note.map(|note| Pii::new(note.to_owned())),
        at: ctx.now,
    }))
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
