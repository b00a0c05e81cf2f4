//! What flows may `do`: one file per family of the catalogue.
//!
//! An action reads what the turn has loaded and returns an outcome, values and records; the records are written
//! in the turn's own commit, so an action never half-happens.

pub mod agreements;
pub mod contact;
pub mod debts;
pub mod identity;
pub mod payments;
pub mod values;

use crate::domain::debt::Person;
use crate::domain::ids::PersonId;
use crate::domain::time::{Day, Timestamp};
use crate::flow::effect::ActionCall;
use crate::flow::value::Value;
use crate::ports::StoreError;
use crate::ports::conversations::Conversation;
use crate::ports::people::{IdentityHistory, PeopleStore, PersonFile, TriesOf};
use crate::ports::records::Record;
use crate::service::lenders::Lender;
use std::collections::BTreeMap;

/// Everything that an action may look at.
pub struct ActionContext<'a> {
    pub store: &'a dyn PeopleStore,
    pub lender: &'a Lender,
    pub conversation: &'a Conversation,
    /// Who it may be: persons with this phone on file.
    pub candidates: &'a [Person],
    /// Tries of the identity challenge as they were before the turn, when they were read.
    pub tries: Option<&'a (TriesOf, IdentityHistory)>,
    /// What the claim's turns have made so far and nobody has stored.
    pub records: &'a [Record],
    /// The one person on file for this number, or the proven one.
    pub person: Option<PersonId>,
    /// The proven person's file; `None` below `verificada`.
    pub file: Option<&'a PersonFile>,
    pub language: &'a str,
    pub assurance: crate::domain::assurance::Assurance,
    pub now: Timestamp,
    pub today: Day,
    pub turn: u64,
}

/// What an action came to.
#[derive(Debug, Default)]
pub struct Done {
    pub outcome: &'static str,
    pub values: BTreeMap<String, Value>,
    pub records: Vec<Record>,
    /// The person that was proven by this action.
    pub proven: Option<PersonId>,
    /// The chat no longer belongs to the person that it was linked to.
    pub unlink: bool,
}

impl Done {
    pub fn outcome(outcome: &'static str) -> Self {
        Self { outcome, ..Self::default() }
    }

    #[must_use]
    pub fn value(mut self, name: &str, value: Value) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    #[must_use]
    pub fn record(mut self, record: Record) -> Self {
        self.records.push(record);
        self
    }
}

/// Runs one action of the catalogue. `None` when this program does not know it.
pub async fn run(call: &ActionCall, ctx: &ActionContext<'_>) -> Result<Option<Done>, StoreError> {
    let done = match call.action.as_str() {
        "identidad.iniciar" => identity::start(ctx).await?,
        "identidad.verificar" => identity::verify(call, ctx).await?,
        "deuda.consultar" => debts::consult(ctx),
        "oferta.consultar" => debts::offers(call, ctx),
        "promesa.limites" => agreements::promise_limits(call, ctx),
        "promesa.proponer" => agreements::propose_promise(call, ctx),
        "acuerdo.crear" => agreements::create(call, ctx).await?,
        "acuerdo.consultar" => agreements::consult(call, ctx),
        "acuerdo.reciente" => agreements::recent(ctx),
        "pago.enlace" => payments::link(call, ctx).await,
        "pago.medios" => payments::means(call, ctx),
        "pago.reportar" => payments::report(call, ctx),
        "caso.abrir" => contact::open_case(call, ctx),
        "contacto.excluir" => contact::opt_out(),
        "contacto.incluir" => contact::opt_in(),
        "contacto.numero_equivocado" => contact::wrong_number(ctx),
        // The engine does it, in the session and with its effects.
        "chat.reservar" | "chat.liberar" | "ticket.dejar" | "ticket.proteger" => Done::outcome("ok"),
        _ => return Ok(None),
    };
    Ok(Some(done))
}

/// The text of an argument; empty when it is absent or of another type.
pub fn text_of<'a>(call: &'a ActionCall, name: &str) -> &'a str {
    match call.with.get(name) {
        Some(Value::Text(text) | Value::Choice(text)) => text,
        _ => "",
    }
}
