//! What an agent may write to this person now: everything that the desk knows is compared with the text.

use super::flows::{another_suspected, level_of, session_of};
use super::{HandoffError, HandoffService, SENT_MAX, named, written};
use crate::domain::assurance::{Assurance, Label};
use crate::domain::debt::{Agreement, Obligation, ObligationStatus, Offer, Person};
use crate::domain::ids::{OutboxId, TicketId, derive};
use crate::domain::money::Money;
use crate::domain::outbound::{Outbound, limits};
use crate::domain::pii::Pii;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::agents::Agent;
use crate::ports::conversations::{Conversation, Origin};
use crate::ports::outbox::{OutboxStatus, SentMessage};
use crate::ports::people::PersonFile;
use crate::ports::tickets::AgentAct;
use crate::rules::contact::{
    ContactFacts, ContactRequest, CountryRules, Decision, Initiator, ONE_NOTICE, Purpose, Reason, Role,
    agents_initiator, decide,
};
use crate::rules::guard::{self, Filed, Known, Mention, guises, joined, parted, wholes};
use crate::rules::lint::{self, Author, Fill, Hit, Instead};
use crate::rules::offer::{Hold, offers, promise_range};
use crate::rules::phone_variants::candidates_of;
use crate::rules::policy::model::Policy;
use crate::rules::secrets;
use crate::rules::service_window::{ServiceWindow, service_window};
use crate::service::actions::debts::{hold, offer_input_of};
use crate::service::cases::number;
use crate::service::contacts::{Chat, ContactPorts, history};
use crate::service::lenders::Lender;

/// Before the remedy of each rule that a text breaks there; agents read Spanish.
const ANOTHER_MAY_WRITE: &str = "Quizás escribe otra persona: desde sus palabras nadie está comprobado en este chat. Compruebe quién escribe con una llamada («verify»), o devuelva el chat y el asistente lo pregunta.";
/// Persons with one phone whose files are compared with a text while nobody proved who writes.
const CANDIDATES_MAX: u32 = 8;
/// Messages of agents that follow each other within this time are also read as one text.
const ONE_THOUGHT: Millis = Millis::minutes(10);

/// The outcome of a send; a repeat with the same key answers with the first message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub id: OutboxId,
    pub repeated: bool,
}

/// What the desk knows of the people behind a chat.
#[derive(Debug, Default)]
struct Files {
    persons: Vec<Person>,
    debts: Vec<Obligation>,
    agreements: Vec<Agreement>,
    offers: Vec<Offer>,
    promises: Vec<(Money, Money)>,
    filed: Vec<Filed>,
    /// An open case stops whatever is not an answer.
    on_hold: bool,
    /// A dispute is open: nobody is pressed to pay meanwhile.
    disputed: bool,
    /// Whoever else has the phone on file, while one person is proved on it: nothing of theirs is told.
    others: (Vec<Person>, Vec<Obligation>),
    /// The person asked not to be written to: where to pay is not told unasked.
    opted_out: bool,
}

impl HandoffService {
    /// Stores a text for the person; it goes through the outbox and the gate like every message.
    ///
    /// `key` makes a repeat harmless: the same key with the same text is one message.
    pub async fn send(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
        text: &str,
        key: &str,
    ) -> Result<Sent, HandoffError> {
        named("idempotency_key", key)?;
        let body = written("text", text, limits::TEXT_BODY_MAX)?;
        if secrets::mask(&body).is_some() {
            let why = "holds a card number, password or code: nobody may write one in a chat".to_owned();
            return Err(HandoffError::Invalid { field: "text", why });
        }
        let (ticket, lease) = self.lease(agent, id, token).await?;
        let outbox_id = OutboxId(derive(&id.0, &format!("agent/{key}")));
        let content = Outbound::Text { body: Pii::new(body) };
        let sent = self.ports.outbox.sent_messages(ticket.conversation, SENT_MAX).await?;
        if let Some(first) = sent.iter().find(|message| message.id == outbox_id) {
            let same = first.content == content;
            return if same {
                Ok(Sent { id: outbox_id, repeated: true })
            } else {
                Err(HandoffError::KeyReused)
            };
        }
        let conversation = self.conversation_of(&ticket).await?;
        let lender = self.lenders.get(&conversation.lender).ok_or(HandoffError::LenderNotServed)?;
        let level = level_of(&conversation);
        let mut files = self.files(&conversation, level, lender).await?;
        let before = written_before(&sent, self.now());
        let together = joined(&before, text);
        let sentence = together.rsplit('\n').next().unwrap_or_default();
        if secrets::mask(&before).is_none() && secrets::mask(sentence).is_some() {
            let why = "makes a card number, password or code with what was written before: nobody may write one in a \
                       chat";
            return Err(HandoffError::Invalid { field: "text", why: why.to_owned() });
        }
        files.opted_out = conversation.opted_out;
        let language = language_of(&conversation, &files);
        let said = (text, level, is_quiet(&conversation));
        let mut hits = self.hits(&files, said, (&before, &language), lender);
        let mut collects = false;
        if hits.is_empty() && !files.disputed {
            files.disputed = true;
            let pressing = self.hits(&files, said, (&before, &language), lender);
            collects = !pressing.is_empty();
            if collects && self.is_disputed_here(&ticket, lender).await? {
                hits = pressing;
            }
        }
        if another_suspected(&conversation) {
            for hit in &mut hits {
                hit.remedy = format!("{ANOTHER_MAY_WRITE} {}", hit.remedy);
            }
        }
        if !hits.is_empty() {
            metrics::counter!("acuerdo_handoff_lint_blocks_total").increment(1);
            return Err(HandoffError::Lint(hits));
        }
        let last_inbound_at = conversation.last_inbound_at;
        match service_window(last_inbound_at, self.now()) {
            ServiceWindow::Open { .. } => {}
            ServiceWindow::Closed => return Err(HandoffError::WindowClosed { last_inbound_at }),
        }
        // Nothing is asked of somebody in danger or in mourning, and they are not left alone.
        if !is_quiet(&conversation) {
            self.is_answer(&conversation, &words_of(&sent), collects).await?;
        }
        self.may_contact(&conversation, &files, &sent, lender).await?;
        // What only somebody proved may be told is looked at again when it leaves: the proof may be gone by then.
        let unproved = (text, Assurance::Ninguna, is_quiet(&conversation));
        let proved = level >= Label::Deuda.needs();
        let tells = proved && !self.hits(&files, unproved, (&before, &language), lender).is_empty();
        let label = if tells { Label::Deuda } else { Label::Publico };
        self.act(agent, lease, AgentAct::Send { id: outbox_id, content, label }).await?;
        metrics::counter!("acuerdo_handoff_messages_total").increment(1);
        Ok(Sent { id: outbox_id, repeated: false })
    }

    /// The rules that `text` breaks for these people; places count the characters of `text` as given.
    fn hits(
        &self,
        files: &Files,
        (text, level, quiet): (&str, Assurance, bool),
        (before, language): (&str, &str),
        lender: &Lender,
    ) -> Vec<Hit> {
        let known = Known {
            level,
            policy: &lender.policy,
            today: lender.today(self.now()),
            persons: &files.persons,
            debts: &files.debts,
            agreements: &files.agreements,
            offers: &files.offers,
            promises: &files.promises,
            filed: &files.filed,
            disputed: files.disputed,
            quiet,
        };
        let (persons, debts) = (&files.others.0, &files.others.1);
        let others = Known { level: Assurance::Ninguna, persons, debts, agreements: &[], ..known };
        let acts = self.understander.acts();
        let mut fill = fill(&lender.policy);
        if files.opted_out {
            fill.remove("cuenta");
        }
        let instead = Instead { language, fill };
        let judge = |text: &str, more: Vec<Mention>| {
            let heard = acts.heard(text);
            let mut mentions = guard::mentions(text, &known, &heard);
            mentions.extend(more);
            if !others.persons.is_empty() {
                mentions.extend(guard::of_another(text, &others, &known));
            }
            let harmless = guard::is_harmless(&known, &heard);
            let chat = lint::Chat { author: Author::Agent, level, quiet, harmless };
            self.lint.judge(text, chat, &mentions, &instead)
        };
        let mut hits = judge(text, parted(before, text, &known));
        let mut found = Vec::new();
        for guise in guises(text) {
            let place = (guise.start, guise.end);
            let phrase: String = text.chars().skip(place.0).take(place.1 - place.0).collect();
            let broken = judge(&guise.text, Vec::new()).into_iter();
            found.extend(broken.map(|hit| Hit { phrase: phrase.clone(), places: vec![place], ..hit }));
        }
        for (whole, earlier) in wholes(before, text, |word| acts.knows(word)) {
            let broken = judge(&whole, Vec::new());
            if broken.is_empty() {
                continue;
            }
            // What the earlier messages say by themselves was judged with them.
            let old = judge(&earlier, Vec::new());
            let place = (0, text.chars().count());
            let new = broken.into_iter().filter(|hit| old.iter().all(|old| old.rule != hit.rule));
            found.extend(new.map(|hit| Hit { places: vec![place], ..hit }));
        }
        for hit in found {
            if hits.iter().all(|known| known.rule != hit.rule) {
                hits.push(hit);
            }
        }
        hits
    }

    /// The decision that the bot's own words go through, with the facts of this person: an answer is always
    /// allowed, what the agent begins is a contact of the lender.
    async fn may_contact(
        &self,
        conversation: &Conversation,
        files: &Files,
        sent: &[SentMessage],
        lender: &Lender,
    ) -> Result<(), HandoffError> {
        let now = self.now();
        let last = conversation.last_inbound_at;
        let words = words_of(sent);
        let answered = words.iter().any(|word| last.is_none_or(|last| *word > last));
        let request = ContactRequest {
            initiator: agents_initiator(last, answered, now),
            purpose: Purpose::Collection,
            role: Role::Debtor,
            planned_at: now,
        };
        let Some(rules) = CountryRules::of(&lender.policy.country) else {
            return match request.initiator {
                Initiator::Consumer => Ok(()),
                Initiator::Lender => Err(HandoffError::Contact { reason: Reason::NeverOpen, until: None }),
            };
        };
        if request.initiator == Initiator::Consumer {
            return Ok(());
        }
        let ports = ContactPorts {
            conversations: &*self.ports.conversations,
            outbox: &*self.ports.outbox,
            people: &*self.ports.people,
        };
        let chat = Chat {
            id: conversation.id,
            identity: &conversation.identity,
            person: conversation.person,
            judged: None,
        };
        let mut known = history(ports, lender, chat, now).await?;
        // What follows at once is a part of the same notice.
        known.begun.retain(|contact| now.since(*contact) > ONE_NOTICE);
        let facts = ContactFacts {
            rules: &rules,
            zone: &lender.policy.zone,
            calendar: &lender.calendar,
            opted_out: conversation.opted_out,
            on_hold: files.on_hold || known.on_hold,
            wrong_number: known.wrong_number,
            recent_contacts: &known.begun,
        };
        let refused = match decide(&request, &facts) {
            Decision::Allow => return Ok(()),
            Decision::Defer { until, reason } => HandoffError::Contact { reason, until: Some(until) },
            Decision::Forbid(reason) => HandoffError::Contact { reason, until: None },
        };
        metrics::counter!("acuerdo_handoff_contact_blocks_total").increment(1);
        Err(refused)
    }

    /// The proved person's file, and what others have who share the phone; before that, of everybody whose phone it may
    /// be: none of them may be talked about.
    async fn files(
        &self,
        conversation: &Conversation,
        level: Assurance,
        lender: &Lender,
    ) -> Result<Files, StoreError> {
        let mut ids: Vec<_> = conversation.person.into_iter().collect();
        if let Some(wa_id) = &conversation.identity.wa_id {
            let phones = candidates_of(wa_id.expose());
            let people = self.ports.people.persons_by_phone(&lender.id, &phones, CANDIDATES_MAX).await?;
            ids.extend(people.iter().map(|person| person.id));
            ids.sort_unstable();
            ids.dedup();
        }
        let found = self.ports.people.person_files(&lender.id, &ids).await?;
        let mut files = Files::default();
        for file in found.into_iter().flatten() {
            if level >= Assurance::Verificada && Some(file.person.id) != conversation.person {
                files.others.0.push(file.person);
                files.others.1.extend(file.obligations);
            } else {
                files.add(file, lender, self.now());
            }
        }
        Ok(files)
    }
}

impl Files {
    fn add(&mut self, file: PersonFile, lender: &Lender, now: Timestamp) {
        for debt in &file.obligations {
            let input = offer_input_of(debt, &file, lender, now);
            self.offers.extend(offers(&lender.policy, &input));
            let range = promise_range(&lender.policy, &input);
            self.promises.extend(range.map(|range| (range.least, range.most)));
        }
        self.filed.extend(file.open_cases.iter().map(|case| Filed {
            number: number(case.id),
            asked: !["angustia", "fallecido", "menor", "violencia"].contains(&case.kind.as_str()),
        }));
        self.on_hold |= hold(&file).is_some();
        self.disputed |= hold(&file) == Some(Hold::Dispute)
            || file.obligations.iter().any(|debt| debt.status == ObligationStatus::Disputed);
        self.persons.push(file.person);
        self.debts.extend(file.obligations);
        self.agreements.extend(file.agreements);
    }
}

/// When agents wrote here, of what left or may still leave.
fn words_of(sent: &[SentMessage]) -> Vec<Timestamp> {
    let left =
        |message: &&SentMessage| message.origin == Origin::Agent && message.status != OutboxStatus::Refused;
    sent.iter().filter(left).map(|message| message.created_at).collect()
}

/// Whether an agent speaks of no debt and of no payment here.
pub(super) fn is_quiet(conversation: &Conversation) -> bool {
    session_of(conversation)
        .is_some_and(|session| session.reserved.is_some() || session.desk.is_some_and(|desk| desk.quiet))
}

/// What agents wrote here within [`ONE_THOUGHT`], oldest first: a number can be cut into several messages.
fn written_before(sent: &[SentMessage], now: Timestamp) -> String {
    let mut before = String::new();
    for message in sent {
        let late = now.since(message.created_at) > ONE_THOUGHT;
        if message.origin != Origin::Agent || message.status == OutboxStatus::Refused || late {
            continue;
        }
        if let Outbound::Text { body } = &message.content {
            before = joined(&before, body.expose());
        }
    }
    before
}

/// The language of the chat: as it runs, else as the file has it.
fn language_of(conversation: &Conversation, files: &Files) -> String {
    match session_of(conversation) {
        Some(session) => session.language,
        None => files.persons.first().map_or_else(String::new, |person| person.language.clone()),
    }
}

/// The lender's own words for sentences to send instead.
fn fill(policy: &Policy) -> Fill {
    let contact = &policy.contact;
    let mut fill = Fill::from([
        ("prestamista", policy.name.clone()),
        ("telefono", contact.phone.clone()),
        ("web", contact.web.clone()),
        ("correo", contact.email.clone()),
    ]);
    if let Some(transfer) = &policy.payment.bank_transfer {
        fill.insert("banco", transfer.bank.clone());
        fill.insert("tipo", transfer.account_type.clone());
        fill.insert("cuenta", transfer.account_number.clone());
        fill.insert("titular", transfer.holder.clone());
    }
    fill
}
