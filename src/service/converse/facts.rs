//! What a turn may know: the lender, its agents' hours, and as much of the person as the level allows.

use crate::domain::assurance::Assurance;
use crate::domain::debt::Person;
use crate::domain::ids::{LenderId, PersonId};
use crate::domain::time::{Millis, Timestamp};
use crate::flow::facts::Facts;
use crate::flow::state::Session;
use crate::flow::value::Value;
use crate::ports::StoreError;
use crate::ports::conversations::{Claim, Conversation};
use crate::ports::people::{IdentityHistory, PeopleStore, PersonFile, TriesOf};
use crate::ports::tickets::TicketStore;
use crate::rules::assurance::{AssuranceParameters, session_stands};
use crate::rules::names::to_greet_with;
use crate::rules::phone_variants::candidates_of;
use crate::rules::service_window::{ServiceWindow, service_window};
use crate::service::handoff::wait::{DeskLoad, expected_wait};
use crate::service::lenders::Lender;
use std::collections::BTreeMap;

/// Told when nobody knows how long it will take: the length of a working day.
const WAIT_UNKNOWN_MINUTES: i64 = 480;
/// What an agent needs to come to one of those who wait, from opening on.
const ANSWER_TIME: Millis = Millis::hours(1);
/// More people than this on one phone: nobody is greeted by name, proof must pick.
const CANDIDATES_MAX: u32 = 5;

/// Who may be writing, as the store knows them before the turn.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Persons with this address on file, and the one that the conversation is linked to; nobody when the identity is
    /// in conflict.
    pub candidates: Vec<Person>,
    /// The linked person's file; a turn looks into it only once the level allows.
    pub file: Option<PersonFile>,
    /// Tries of the address and about the candidates, while nobody is proven: the turn may challenge.
    pub tries: Option<(TriesOf, IdentityHistory)>,
}

/// What is known of the people behind these claims, with a handful of reads for each lender however many they are.
pub async fn known(
    store: &dyn PeopleStore,
    claims: &[&Claim],
    now: Timestamp,
) -> Result<Vec<Known>, StoreError> {
    let mut known = vec![Known::default(); claims.len()];
    let mut by_lender: BTreeMap<&LenderId, Vec<usize>> = BTreeMap::new();
    for (index, claim) in claims.iter().enumerate() {
        if !claim.conversation.identity_conflict {
            by_lender.entry(&claim.conversation.lender).or_default().push(index);
        }
    }
    for (lender, indexes) in by_lender {
        let of_lender = || indexes.iter().map(|index| (*index, &claims[*index].conversation));
        let phone_sets: Vec<Vec<String>> =
            of_lender().map(|(_, conversation)| phones(conversation)).collect();
        let candidates = store.persons_by_phones(lender, &phone_sets, CANDIDATES_MAX).await?;
        for (index, persons) in indexes.iter().zip(candidates) {
            known[*index].candidates = persons;
        }
        let (linked, persons): (Vec<usize>, Vec<PersonId>) =
            of_lender().filter_map(|(index, conversation)| Some((index, conversation.person?))).unzip();
        if persons.is_empty() {
            continue;
        }
        for (index, file) in linked.into_iter().zip(store.person_files(lender, &persons).await?) {
            known[index].link(file);
        }
    }
    read_tries(store, claims, &mut known, now).await?;
    Ok(known)
}

/// Whether an agent holds the chat's ticket at this moment.
pub async fn attended(
    store: &dyn TicketStore,
    conversation: &Conversation,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(ticket) = conversation.ticket else { return Ok(false) };
    let ticket = store.ticket(&conversation.lender, ticket).await?;
    Ok(ticket.is_some_and(|ticket| ticket.is_held(now)))
}

/// Reads what a challenge must know, for all who have not proven who they are.
async fn read_tries(
    store: &dyn PeopleStore,
    claims: &[&Claim],
    known: &mut [Known],
    now: Timestamp,
) -> Result<(), StoreError> {
    let (unproven, asked): (Vec<&mut Known>, Vec<TriesOf>) = claims
        .iter()
        .zip(known)
        .filter(|(claim, _)| claim.conversation.assurance < Assurance::Verificada)
        .map(|(claim, known)| {
            let asked = TriesOf::new(claim.conversation.id, &known.candidates);
            (known, asked)
        })
        .unzip();
    if asked.is_empty() {
        return Ok(());
    }
    let histories = store.identity_histories(&asked, now).await?;
    for ((known, asked), history) in unproven.into_iter().zip(asked).zip(histories) {
        known.tries = Some((asked, history));
    }
    Ok(())
}

impl Known {
    fn link(&mut self, file: Option<PersonFile>) {
        if let Some(file) = &file
            && !self.candidates.iter().any(|person| person.id == file.person.id)
        {
            self.candidates.push(file.person.clone());
        }
        self.file = file;
    }
}

fn phones(conversation: &Conversation) -> Vec<String> {
    conversation.identity.wa_id.as_ref().map_or_else(Vec::new, |wa_id| candidates_of(wa_id.expose()))
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
    if is_proven(session, conversation, person, now) {
        return session.assurance;
    }
    if known { Assurance::Canal } else { Assurance::Ninguna }
}

/// Whether the person that the chat is linked to is the one who was proved, a moment ago.
pub fn is_proven(
    session: &Session,
    conversation: &Conversation,
    person: Option<PersonId>,
    now: Timestamp,
) -> bool {
    !conversation.identity_conflict
        && session.assurance >= Assurance::Verificada
        && person.is_some()
        && session.subject == person
        && session_stands(session.active_at, now, &AssuranceParameters::default())
}

pub struct Basis<'a> {
    pub lender: &'a Lender,
    /// The one person on file for this number, or the proven one.
    pub person: Option<&'a Person>,
    pub assurance: Assurance,
    /// Nobody is called by name below the proof: the phone was another account's, and whose it is now was not proved.
    pub nameless: bool,
    pub last_inbound_at: Option<Timestamp>,
    /// Tickets waiting for an agent.
    pub waiting: u64,
    /// An agent holds the chat's ticket.
    pub attended: bool,
    pub opted_out: bool,
    pub language: &'a str,
    /// What people decide first about the person that the chat is linked to.
    pub reserved: Option<&'a str>,
    pub now: Timestamp,
}

pub fn facts(known: &Basis<'_>) -> Facts {
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
        attended: known.attended,
        opted_out: known.opted_out,
        reserved: known.reserved.map(str::to_owned),
        roots: BTreeMap::from([
            ("prestamista".to_owned(), lender(known.lender, known.language)),
            ("agentes".to_owned(), agents(known)),
            ("persona".to_owned(), person(known)),
        ]),
    }
}

fn lender(lender: &Lender, language: &str) -> Value {
    let contact = &lender.policy.contact;
    let (document, example) = lender.wording.document(&lender.policy.country, language);
    Value::record([
        ("nombre", Value::text(&lender.policy.name)),
        ("asistente", Value::text(&contact.assistant)),
        ("telefono", Value::text(&contact.phone)),
        ("web", Value::text(&contact.web)),
        ("correo", Value::text(&contact.email)),
        ("privacidad", contact.privacy_url.as_ref().map_or(Value::Nothing, Value::text)),
        ("linea_crisis", Value::text(&contact.crisis_line)),
        ("linea_emergencia", Value::text(lender.policy.emergency_line())),
        ("documento", Value::Text(document)),
        ("documento_ejemplo", Value::Text(example)),
    ])
}

fn agents(known: &Basis<'_>) -> Value {
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
        ("alcanza", Value::Bool(reaches(opens_at, known))),
    ])
}

/// Whether an agent can still answer inside WhatsApp's 24 hours: they are there, or open an hour before those end.
fn reaches(opens_at: Option<Timestamp>, known: &Basis<'_>) -> bool {
    let at = opens_at.unwrap_or(known.now).plus(ANSWER_TIME);
    match service_window(known.last_inbound_at, known.now) {
        ServiceWindow::Open { until } => at <= until,
        ServiceWindow::Closed => false,
    }
}

fn person(known: &Basis<'_>) -> Value {
    let level = if known.nameless { Assurance::Verificada } else { Assurance::Canal };
    let name = match known.person {
        // Files that were taken before names were looked at have marks of collection in them.
        Some(person) if known.assurance >= level => {
            to_greet_with(person.first_name.expose()).map_or(Value::Nothing, Value::text)
        }
        Some(_) | None => Value::Nothing,
    };
    Value::record([("conocida", Value::Bool(known.person.is_some())), ("primer_nombre", name)])
}
