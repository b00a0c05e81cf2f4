//! What a turn may know: the lender, its agents' hours, and as much of the person as the level allows.

use crate::domain::assurance::Assurance;
use crate::domain::debt::Person;
use crate::domain::ids::PersonId;
use crate::domain::time::Timestamp;
use crate::flow::facts::Facts;
use crate::flow::state::Session;
use crate::flow::value::Value;
use crate::ports::StoreError;
use crate::ports::conversations::Conversation;
use crate::ports::people::PeopleStore;
use crate::rules::assurance::{AssuranceParameters, session_stands};
use crate::rules::phone_variants::candidates_of;
use crate::rules::service_window::{ServiceWindow, service_window};
use crate::service::handoff::wait::{DeskLoad, expected_wait};
use crate::service::lenders::Lender;
use std::collections::BTreeMap;

/// Told when nobody knows how long it will take: the length of a working day.
const WAIT_UNKNOWN_MINUTES: i64 = 480;
/// More people than this on one phone: nobody is greeted by name, proof must pick.
const CANDIDATES_MAX: u32 = 5;

/// Persons who may be writing from this address; nobody when the identity is in conflict.
pub async fn candidates(
    store: &dyn PeopleStore,
    lender: &Lender,
    conversation: &Conversation,
) -> Result<Vec<Person>, StoreError> {
    if conversation.identity_conflict {
        return Ok(Vec::new());
    }
    let phones =
        conversation.identity.wa_id.as_ref().map_or_else(Vec::new, |wa_id| candidates_of(wa_id.expose()));
    let mut found = if phones.is_empty() {
        Vec::new()
    } else {
        store.persons_by_phone(&lender.id, &phones, CANDIDATES_MAX).await?
    };
    if let Some(linked) = conversation.person
        && !found.iter().any(|person| person.id == linked)
        && let Some(file) = store.person_file(&lender.id, linked).await?
    {
        found.push(file.person);
    }
    Ok(found)
}

/// The level that holds now: what was proven, unless it idled away or the identity is in doubt.
pub fn level(
    session: &Session,
    conversation: &Conversation,
    person: Option<PersonId>,
    known: bool,
    now: Timestamp,
) -> Assurance {
    if conversation.identity_conflict {
        return Assurance::Ninguna;
    }
    let channel = if known { Assurance::Canal } else { Assurance::Ninguna };
    let proven = session.assurance >= Assurance::Verificada
        && person.is_some()
        && session_stands(session.active_at, now, &AssuranceParameters::default());
    if proven { session.assurance } else { channel }
}

pub struct Known<'a> {
    pub lender: &'a Lender,
    /// The one person on file for this number, or the proven one.
    pub person: Option<&'a Person>,
    pub assurance: Assurance,
    pub last_inbound_at: Option<Timestamp>,
    /// Tickets waiting for an agent.
    pub waiting: u64,
    pub language: &'a str,
    pub now: Timestamp,
}

pub fn facts(known: &Known<'_>) -> Facts {
    let policy = &known.lender.policy;
    Facts {
        now: known.now,
        today: known.lender.today(known.now),
        currency: policy.currency,
        assurance: known.assurance,
        window_until: match service_window(known.last_inbound_at, known.now) {
            ServiceWindow::Open { until } => Some(until),
            ServiceWindow::Closed => None,
        },
        roots: BTreeMap::from([
            ("prestamista".to_owned(), lender(known.lender)),
            ("agentes".to_owned(), agents(known)),
            ("persona".to_owned(), person(known)),
        ]),
    }
}

fn lender(lender: &Lender) -> Value {
    let contact = &lender.policy.contact;
    Value::record([
        ("nombre", Value::text(&lender.policy.name)),
        ("asistente", Value::text(&contact.assistant)),
        ("telefono", Value::text(&contact.phone)),
        ("web", Value::text(&contact.web)),
        ("correo", Value::text(&contact.email)),
        ("linea_crisis", Value::text(&contact.crisis_line)),
    ])
}

fn agents(known: &Known<'_>) -> Value {
    let policy = &known.lender.policy;
    let hours = &policy.agents.hours;
    let open = hours.is_open(known.now, &policy.zone, &known.lender.calendar);
    let opens_at = if open { None } else { hours.next_open(known.now, &policy.zone, &known.lender.calendar) };
    let next = opens_at.map_or(Value::Nothing, |at| Value::Date(policy.zone.day(at)));
    let load = DeskLoad {
        position: known.waiting.saturating_add(1),
        agents_online: None,
        handle_minutes: u32::try_from(policy.agents.expected_wait_minutes).unwrap_or(u32::MAX),
        opens_at,
    };
    let wait = expected_wait(&load).at_most_minutes(known.now);
    let wait = wait.and_then(|minutes| i64::try_from(minutes).ok()).unwrap_or(WAIT_UNKNOWN_MINUTES);
    Value::record([
        ("abierto", Value::Bool(open)),
        ("horario", Value::text(policy.contact.hours_in(known.language))),
        ("espera_minutos", Value::Int(wait)),
        ("abre", next),
    ])
}

fn person(known: &Known<'_>) -> Value {
    let name = match known.person {
        Some(person) if known.assurance >= Assurance::Canal => Value::text(person.first_name.expose()),
        Some(_) | None => Value::Nothing,
    };
    Value::record([("conocida", Value::Bool(known.person.is_some())), ("primer_nombre", name)])
}
