//! What must be true, whatever went wrong: judged from what people saw, what Meta was told, and the rows that stay.

use crate::base::Base;
use crate::desk::SIGNATURE;
use crate::meta::seen;
use crate::queue::QueueServer;
use crate::sim::Sim;
use crate::store::view::{MessageView, TicketView};
use acuerdo::domain::assurance::{Assurance, Label};
use acuerdo::domain::ids::{OutboxId, PersonId, TicketId};
use acuerdo::domain::outbound::Outbound;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::StoreError;
use acuerdo::ports::conversations::Origin;
use acuerdo::ports::handoff_queue::HandoffQueue;
use acuerdo::ports::outbox::{DoubtEnd, OpenDoubt, OutboxClaim};
use acuerdo::rules::doubt::NEIGHBOURS_MIN;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Verbs that change nothing.
const READS: &[&str] = &[
    "pending_notices",
    "unreadable_count",
    "conversation",
    "conversation_of",
    "events",
    "identity_conflicts",
    "backlog",
    "sent_messages",
    "open_doubts",
    "persons_by_phones",
    "person_files",
    "identity_histories",
    "agreement_by_once",
    "persons",
    "ticket",
    "open_tickets",
    "tickets",
    "unpublished_tickets",
    "agent_by_token",
    "agents",
    "flow_version",
    "dead_turns",
    "dead_deliveries",
    "delivery_body",
    "pinned_hashes",
    "stops",
    "ping",
    "schema_version",
];

/// What is watched while the run goes on.
#[derive(Default)]
pub struct Watch {
    pub flush_queue: bool,
    pulse: i64,
    violations: Vec<String>,
    deliveries: Vec<(String, i64)>,
    tickets: BTreeMap<Uuid, TicketView>,
    /// What the store said of the person when the message was claimed.
    claims: BTreeMap<Uuid, Known>,
    arrivals: BTreeMap<Uuid, u32>,
    /// How often each message was given back to the queue out of doubt.
    again: BTreeMap<Uuid, u32>,
    last_arrival: BTreeMap<Uuid, usize>,
}

/// The level of a chat, whether its identity is in doubt, and whom it was linked to.
type Known = (Assurance, bool, Option<PersonId>);

/// How much really happened in a run: a simulation in which nothing happens proves nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub messages: usize,
    pub replies: usize,
    pub proofs: usize,
    pub agreements: usize,
    pub tickets: usize,
    pub unconfirmed: usize,
    pub refused: usize,
}

impl Watch {
    pub fn violated(&mut self, what: String) {
        self.violations.push(what);
    }

    pub const fn has_violations(&self) -> bool {
        !self.violations.is_empty()
    }

    pub fn take_violations(&mut self) -> Vec<String> {
        std::mem::take(&mut self.violations)
    }
}

/// What a state of a message may become. Statuses only rise, and what ended stays ended.
fn may_become(old: &(String, i64), new: (&str, i64)) -> bool {
    let status = match old.0.as_str() {
        "accepted" | "refused" => new.0 == old.0,
        "unconfirmed" => matches!(new.0, "unconfirmed" | "accepted"),
        "in_doubt" => matches!(new.0, "in_doubt" | "unconfirmed" | "accepted" | "queued" | "refused"),
        _ => true,
    };
    let rank = match (old.1, new.1) {
        (0 | 1, -1) => true,
        (-1, rank) => rank == -1 || rank >= 2,
        (old, new) => new >= old,
    };
    status && rank
}

impl Sim {
    /// After each call of the store, as it took effect; tells whether it may have changed something.
    pub fn after_call(&self, process: usize, verb: &'static str, went_well: bool) -> bool {
        let writes = !READS.contains(&verb);
        {
            let mut core = self.core();
            core.mix(
                verb.bytes().fold(u64::from(went_well), |sum, byte| {
                    sum.wrapping_mul(31).wrapping_add(u64::from(byte))
                }),
            );
            if core.trace.is_some() && writes {
                // Rounds that found nothing are not told.
                let pulse = self.store.pulse();
                if pulse != core.watch.pulse || !went_well {
                    core.watch.pulse = pulse;
                    core.say(|| format!("p{process} {verb}{}", if went_well { "" } else { " failed" }));
                }
            }
        }
        if writes {
            self.watch_messages();
            self.watch_tickets();
            self.store_changed();
        }
        writes
    }

    fn watch_messages(&self) {
        let mut core = self.core();
        let watch = &mut core.watch;
        let (known, violations) = (&mut watch.deliveries, &mut watch.violations);
        self.store.delivery_states(|seq, status, rank| match known.get_mut(seq) {
            None => known.push((status.to_owned(), rank)),
            Some(old) => {
                if old.0 == status && old.1 == rank {
                    return;
                }
                if !may_become(old, (status, rank)) {
                    violations.push(format!("message {seq} went from {old:?} to {:?}", (status, rank)));
                }
                *old = (status.to_owned(), rank);
            }
        });
    }

    fn watch_tickets(&self) {
        let tickets = self.store.ticket_views();
        if tickets.is_empty() {
            return;
        }
        let mut core = self.core();
        // What the most advanced clock says: before that nobody else may have the ticket.
        let latest = core.now + core.offsets.iter().copied().max().unwrap_or(0);
        for ticket in tickets {
            let old = core.watch.tickets.get(&ticket.id).cloned();
            if let Some(old) = &old
                && old.status == "assigned"
                && ticket.status == "assigned"
                && old.agent != ticket.agent
                && old.leased_until > latest
            {
                core.watch.violated(format!("ticket {} was given to two agents at once", ticket.id));
            }
            if old.as_ref().is_some_and(|old| old.status == "closed" && ticket.status != "closed") {
                core.watch.violated(format!("ticket {} was opened again", ticket.id));
            }
            if old.as_ref() != Some(&ticket) {
                core.watch.tickets.insert(ticket.id, ticket);
            }
        }
    }

    /// What the store knew of the people when their messages were claimed.
    pub fn watch_claims(&self, claims: &Result<Vec<OutboxClaim>, StoreError>) {
        let mut core = self.core();
        for claim in claims.iter().flatten() {
            core.watch.claims.insert(claim.id.0, (claim.assurance, claim.identity_conflict, claim.person));
        }
    }

    /// Whoever gives a message of these open doubts back to the queue may say it twice: only what harms nobody, or what
    /// silence says never left.
    pub fn watch_ends(&self, open: &[OpenDoubt], ends: &[(OutboxId, i64, DoubtEnd)]) {
        let mut core = self.core();
        for doubt in open {
            if !ends.contains(&(doubt.id, doubt.token, DoubtEnd::Again)) {
                continue;
            }
            *core.watch.again.entry(doubt.id.0).or_default() += 1;
            let tells_nothing = doubt.label < Label::Deuda || doubt.names_agreement;
            let is_harmless = doubt.origin == Origin::Reply && tells_nothing;
            if !is_harmless && doubt.neighbours.n_told < NEIGHBOURS_MIN {
                let what =
                    format!("message {} of class {} is said again on a guess", doubt.id, doubt.label.name());
                core.watch.violated(what);
            }
        }
    }

    /// A message reaches WhatsApp.
    pub fn watch_arrival(&self, outbox: Option<Uuid>, content: &Outbound) {
        let found = outbox.and_then(|id| self.store.message(id));
        let mut core = self.core();
        let Some((seq, message)) = found else {
            core.watch.violated("a message without a row left".to_owned());
            return;
        };
        let again = core.watch.again.get(&message.id).copied().unwrap_or(0);
        let times = core.watch.arrivals.entry(message.id).or_default();
        *times += 1;
        if *times > 1 + again {
            core.watch.violated(format!("message {seq} ({}) reached WhatsApp twice", message.id));
        }
        let before = core.watch.last_arrival.insert(message.conversation, seq);
        if before.is_some_and(|before| before > seq) {
            core.watch.violated(format!("message {seq} reached WhatsApp after {before:?} of its chat"));
        }
        if message.origin == "agent" {
            return;
        }
        let (level, conflict, linked) = core.watch.claims.get(&message.id).copied().unwrap_or_default();
        let label = Label::parse(message.label).unwrap();
        let text = content.readable();
        let tells_money = text.contains('$');
        let other = core.screens.told_of(&text).find(|owner| Some(*owner) != linked);
        if let Some(other) = other {
            let what = format!("message {seq} tells of {other}, and {linked:?} was proved: {text}");
            core.watch.violated(what);
        }
        if label.needs() > level || conflict && label > Label::Publico {
            let what = format!("message {seq} of class {} left at level {}", message.label, level.name());
            core.watch.violated(what);
        }
        if tells_money && level < Assurance::Verificada {
            core.watch.violated(format!("message {seq} names money at level {}", level.name()));
        }
    }

    /// Everything has come to rest: what must hold now.
    pub fn judge(&self, queue: &QueueServer, base: &Base) {
        let found = [
            self.judge_inputs(),
            self.judge_messages(),
            self.judge_webhooks(),
            self.judge_agreements(),
            self.judge_desk(queue, base),
            self.judge_screens(),
        ];
        let mut core = self.core();
        found.into_iter().flatten().for_each(|violation| core.watch.violated(violation));
    }

    /// Every acknowledged message is worked off once, in order of arrival, and the log has it once.
    fn judge_inputs(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut arrived: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
        for input in self.store.inputs() {
            if !input.done {
                found.push(format!("an input is stuck after {} failures: {}", input.failures, input.body));
            }
            let message: serde_json::Value = serde_json::from_str(&input.body).unwrap();
            if let Some(wamid) = message.pointer("/message/wamid").and_then(serde_json::Value::as_str) {
                arrived.entry(input.conversation).or_default().push(wamid.to_owned());
            }
        }
        for chat in self.store.chats() {
            let log = self.store.log(chat.id);
            if log.iter().enumerate().any(|(place, (seq, ..))| i64::try_from(place + 1).unwrap() != *seq) {
                found.push(format!("the log of {} has gaps", chat.id));
            }
            let heard: Vec<String> = log
                .iter()
                .filter(|(_, kind, _)| kind == "input")
                .filter_map(|(_, _, body)| {
                    let body: serde_json::Value = serde_json::from_str(body).unwrap();
                    body.pointer("/input/wamid").and_then(serde_json::Value::as_str).map(str::to_owned)
                })
                .collect();
            let wanted = arrived.remove(&chat.id).unwrap_or_default();
            if heard != wanted {
                found.push(format!("{} has heard {heard:?}, arrived were {wanted:?}", chat.id));
            }
            if chat.next_claim_at.is_some() {
                found.push(format!("{} waits for ever to be claimed", chat.id));
            }
            if log.iter().any(|(_, kind, _)| kind == "fault") {
                found.push(format!("the flow of {} has a fault", chat.id));
            }
        }
        found
    }

    /// Every message that a turn caused was said, refused with a reason, or stays unconfirmed.
    fn judge_messages(&self) -> Vec<String> {
        let messages = self.store.messages();
        let core = self.core();
        let now = core.now;
        let wrong = |(seq, message): (usize, &MessageView)| {
            let arrived = core.watch.arrivals.get(&message.id).copied().unwrap_or(0);
            let again = core.watch.again.get(&message.id).copied().unwrap_or(0);
            let what = match message.status.as_str() {
                "accepted" if (1..=1 + again).contains(&arrived) => return None,
                "refused" if arrived <= again && message.why.is_some() => return None,
                "unconfirmed" if arrived <= 1 + again => return None,
                // What we begin ourselves waits for the hours in which people may be written to.
                "queued" if message.due_at > now && message.origin == "proactive" => return None,
                "queued" | "sending" | "in_doubt" => "is stuck",
                _ => "is told otherwise by its row",
            };
            Some(format!(
                "message {seq} {what}: {} ({:?}) after {} attempts, reached WhatsApp {arrived} times",
                message.status, message.why, message.attempts
            ))
        };
        let mut found: Vec<String> = messages.iter().enumerate().filter_map(wrong).collect();
        let logged: usize = self
            .store
            .chats()
            .iter()
            .map(|chat| self.store.log(chat.id).iter().filter(|(_, kind, _)| kind == "send").count())
            .sum();
        let said = messages.iter().filter(|message| message.origin != "agent").count();
        if logged != said {
            found.push(format!("turns said {logged} messages, {said} are in the outbox"));
        }
        found
    }

    fn judge_webhooks(&self) -> Vec<String> {
        let core = self.core();
        let mut found = Vec::new();
        for posted in &core.meta.deliveries {
            if !posted.acknowledged {
                found.push(format!("{:?} was never acknowledged", posted.dedupe_key));
            } else if let Some(key) = posted.dedupe_key.as_ref().filter(|key| !self.store.knows_item(key)) {
                found.push(format!("{key} was acknowledged and is lost"));
            }
        }
        let pending = self.store.n_pending_notices();
        if pending > 0 {
            found.push(format!("{pending} notices are never worked off"));
        }
        found
    }

    /// One agreement for each `once` key, and only with people who proved who they are.
    fn judge_agreements(&self) -> Vec<String> {
        let agreements = self.store.agreement_views();
        let proofs = self.store.proofs();
        let mut found = Vec::new();
        let mut keys: BTreeMap<&String, u32> = BTreeMap::new();
        for agreement in &agreements {
            *keys.entry(&agreement.once_key).or_default() += 1;
            if agreement.conversation.is_some_and(|chat| !proofs.contains_key(&chat)) {
                found.push(format!("{} was agreed without proof", agreement.reference));
            }
        }
        found.extend(
            keys.into_iter().filter(|(_, n)| *n > 1).map(|(key, n)| format!("{n} agreements for {key}")),
        );
        found
    }

    /// Open tickets wait in the live queue, closed ones do not, and nobody holds one for ever.
    fn judge_desk(&self, queue: &QueueServer, base: &Base) -> Vec<String> {
        let live = queue.live();
        let now = Timestamp(self.core().now);
        // Asking puts back what an agent who disappeared had been offered.
        let depths = crate::base::now(live.depths(&base.lender, now)).unwrap();
        let mut found = Vec::new();
        let mut n_open = 0;
        let open: BTreeMap<Uuid, Uuid> = self
            .store
            .ticket_views()
            .into_iter()
            .filter(|ticket| ticket.status != "closed")
            .map(|ticket| {
                n_open += 1;
                if ticket.status == "assigned" {
                    found.push(format!("ticket {} is held for ever", ticket.id));
                }
                let place = crate::base::now(live.position(&base.lender, TicketId(ticket.id))).unwrap();
                if place.is_none() {
                    found.push(format!("open ticket {} is not in the live queue", ticket.id));
                }
                (ticket.conversation, ticket.id)
            })
            .collect();
        let in_queue: u64 = depths.iter().map(|depth| depth.waiting + depth.held).sum();
        if in_queue != n_open {
            found.push(format!("the live queue has {in_queue} tickets, {n_open} are open"));
        }
        for chat in self.store.chats() {
            if chat.ticket != open.get(&chat.id).copied() {
                found.push(format!(
                    "{} says ticket {:?}, open is {:?}",
                    chat.id,
                    chat.ticket,
                    open.get(&chat.id)
                ));
            }
        }
        found
    }

    /// What people really saw fits together, whatever the rows say.
    fn judge_screens(&self) -> Vec<String> {
        let agreements = self.store.agreement_views();
        let core = self.core();
        let mut found = Vec::new();
        for (n, somebody) in core.screens.people.iter().enumerate() {
            let texts: Vec<String> = somebody.screen.iter().map(|(_, message)| seen(message).0).collect();
            for (place, text) in texts.iter().enumerate() {
                if text.contains(SIGNATURE) && texts[..place].contains(text) {
                    found.push(format!("person {n} read twice what an agent wrote once: {text}"));
                }
                for agreement in &agreements {
                    if somebody.persons().all(|person| person.id.0 != agreement.person)
                        && text.contains(&agreement.reference)
                    {
                        found.push(format!("person {n} saw the agreement of somebody else"));
                    }
                }
            }
            let others = core.screens.people.iter().enumerate().filter(|(other, _)| *other != n);
            for (_, other) in others {
                let name = other.subject.person.full_name.expose();
                if texts.iter().any(|text| text.contains(name.as_str())) {
                    found.push(format!("person {n} saw the name of somebody else"));
                }
            }
            let registered = texts.iter().filter(|text| text.contains("quedó registrado con la referencia"));
            for text in registered {
                if !agreements.iter().any(|agreement| text.contains(&agreement.reference)) {
                    found.push(format!("person {n} was told of an agreement that is not recorded"));
                }
            }
        }
        found
    }

    pub fn tally(&self) -> Tally {
        let messages = self.store.messages();
        let count = |status: &str| messages.iter().filter(|message| message.status == status).count();
        let agreed = self.store.agreement_views();
        Tally {
            messages: self.store.inputs().len(),
            replies: count("accepted"),
            proofs: self.store.proofs().values().sum(),
            agreements: agreed.iter().filter(|agreement| agreement.conversation.is_some()).count(),
            tickets: self.store.ticket_views().len(),
            unconfirmed: count("unconfirmed"),
            refused: count("refused"),
        }
    }
}
