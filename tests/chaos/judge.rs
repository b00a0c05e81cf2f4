//! What became of every message: from the database, from what the Graph API took, and from what people waited for.

use crate::meta::Who;
use crate::pair::Pair;
use crate::people::{STEPS, wa_id};
use crate::street::{Street, wamid};
use crate::webhook::NUMBER;
use acuerdo::domain::identity::{WaId, WaIdentity};
use acuerdo::domain::ids::{LenderId, PhoneNumberId};
use acuerdo::ports::Store;
use acuerdo::ports::outbox::{OutboxStatus, SentMessage};
use acuerdo::store::{StoreOptions, connect};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Findings that are told in words.
const TOLD: usize = 12;

#[derive(Debug, Default)]
pub struct Verdict {
    pub acknowledged: usize,
    pub answered: usize,
    /// Acknowledged, and neither answered nor in doubt.
    pub lost: usize,
    /// Read, said or agreed twice.
    pub doubled: usize,
    pub disordered: usize,
    /// Messages of which nobody knew at some time whether WhatsApp had them, by what became of them.
    pub doubts: Doubts,
    pub agreements: usize,
    /// From the fault's end, the worst of several, to the first answer to anybody.
    pub first_answer: Option<Duration>,
    /// Longest time from an acknowledgement to the answer, of people who wait for their answers.
    pub longest_wait: Option<Duration>,
    pub findings: Vec<String>,
    pub note: String,
}

#[derive(Debug, Default)]
pub struct Doubts {
    /// A status proved that WhatsApp had taken it.
    pub proved: usize,
    /// No status came in time: not sent again, and the chat went on.
    pub ran_out: usize,
    /// Messages of `ran_out` that had reached the person.
    pub had_arrived: usize,
    /// Not decided when the observation ended.
    pub open: usize,
}

impl Verdict {
    pub const fn holds(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.disordered == 0 && self.findings.is_empty()
    }

    pub fn lost(&mut self, n: usize, what: String) {
        self.lost += n;
        self.tell(what);
    }

    pub fn doubled(&mut self, what: String) {
        self.doubled += 1;
        self.tell(what);
    }

    fn disordered(&mut self, what: String) {
        self.disordered += 1;
        self.tell(what);
    }

    pub fn tell(&mut self, what: String) {
        if self.findings.len() < TOLD {
            self.findings.push(what);
        }
    }
}

pub struct Judge<'a> {
    pub street: &'a Street,
    /// People whom nothing disturbed, before and after.
    pub measures: Vec<usize>,
    pub doubts_seen: BTreeSet<uuid::Uuid>,
    /// When each fault ended.
    pub lifts: &'a [Instant],
}

/// What the database holds of one person.
struct Chat {
    /// Wamids, in order.
    read: Vec<String>,
    sent: Vec<SentMessage>,
    /// Of their agreements.
    references: Vec<String>,
}

impl Chat {
    /// As everybody reads it: the number of an agreement is each person's own.
    fn text(&self, message: &SentMessage) -> String {
        let text = message.content.readable();
        self.references.iter().fold(text, |text, reference| text.replace(reference, "REFERENCE"))
    }
}

async fn chat_of(store: &Arc<dyn Store>, n: usize) -> Option<Chat> {
    let conversation = store.conversation_of(&PhoneNumberId::from(NUMBER), &identity(n)).await.unwrap()?;
    let events = store.events(conversation.id, 0, 1_000).await.unwrap();
    let inputs = events.iter().filter(|(_, event)| event.kind == "input");
    let read = inputs
        .filter_map(|(_, event)| event.body.tree().pointer("/input/wamid")?.as_str().map(str::to_owned));
    let mut references = Vec::new();
    if let Some(person) = conversation.person {
        let file = store.person_file(&LenderId::from("andino"), person).await.unwrap().unwrap();
        references.extend(file.agreements.iter().map(|agreement| agreement.reference.to_string()));
    }
    let sent = store.sent_messages(conversation.id, 1_000).await.unwrap();
    Some(Chat { read: read.collect(), sent, references })
}

/// What the Graph API took for one person, in order.
type Taken = HashMap<String, Vec<String>>;

impl Judge<'_> {
    pub async fn judge(self) -> Verdict {
        let options = StoreOptions {
            connections_max: 2,
            acquire_timeout: Duration::from_secs(30),
            ..StoreOptions::default()
        };
        let store = connect(&self.street.pair.url, &options).await.unwrap();
        let mut verdict = Verdict { acknowledged: self.street.n_acknowledged(), ..Verdict::default() };
        let taken = taken(&self.street.pair);
        let mut expected = Vec::new();
        for n in &self.measures {
            let texts = match chat_of(&store, *n).await {
                Some(chat) => chat.sent.iter().map(|message| chat.text(message)).collect(),
                None => Vec::new(),
            };
            if texts.len() != self.street.n_steps() {
                verdict
                    .tell(format!("person {n} is the measure and has {} answers: {texts:#?}", texts.len()));
            }
            expected.push(texts);
        }
        for n in 0..self.street.n_people() {
            self.person(&store, n, &expected, &taken, &mut verdict).await;
        }
        store.close().await;
        self.recovery(&mut verdict);
        verdict
    }

    async fn person(
        &self,
        store: &Arc<dyn Store>,
        n: usize,
        expected: &[Vec<String>],
        taken: &Taken,
        verdict: &mut Verdict,
    ) {
        let n_written = self.street.written(n).len();
        let Some(chat) = chat_of(store, n).await else {
            if n_written > 0 {
                verdict.lost(n_written, format!("person {n} wrote {n_written} messages and has no chat"));
            }
            return;
        };
        let Chat { read, sent, .. } = &chat;
        let distinct: BTreeSet<&String> = read.iter().collect();
        if distinct.len() != read.len() {
            verdict.doubled(format!("person {n}: a message was read twice: {read:?}"));
        }
        let held = sent.iter().any(|one| matches!(one.status, OutboxStatus::Sending | OutboxStatus::InDoubt));
        if !read.iter().enumerate().all(|(step, id)| *id == wamid(n, step)) {
            verdict.disordered(format!("person {n}: read as {read:?}"));
        }
        if read.len() < n_written && !held {
            verdict
                .lost(n_written - read.len(), format!("person {n}: wrote {n_written}, read were {read:?}"));
        }
        let n_said = self.said(n, &chat, expected, taken, verdict);
        if n_said < read.len() && !held {
            let states: Vec<_> = sent.iter().map(|one| (&one.status, &one.why)).collect();
            verdict.lost(
                read.len() - n_said,
                format!("person {n}: {} read, {n_said} answered: {states:?}", read.len()),
            );
        }
        verdict.agreements += chat.references.len();
        match (chat.references.len(), read.len()) {
            (2.., _) => verdict.doubled(format!("person {n} has the agreements {:?}", chat.references)),
            (0, STEPS..) if !held => {
                verdict.lost(1, format!("person {n} accepted a plan that is not recorded"))
            }
            _ => {}
        }
    }

    /// Compares what was said with the measure; returns how many of the person's messages have an answer.
    fn said(
        &self,
        n: usize,
        chat: &Chat,
        expected: &[Vec<String>],
        taken: &Taken,
        verdict: &mut Verdict,
    ) -> usize {
        let empty = Vec::new();
        let arrived = taken.get(&wa_id(n)).unwrap_or(&empty);
        let mut n_said = 0;
        let mut arrivals = Vec::new();
        for message in &chat.sent {
            let callback = format!("out:{}", message.id);
            let times = arrived.iter().filter(|one| **one == callback).count();
            if times > 1 {
                verdict.doubled(format!("person {n}: {callback} was sent {times} times"));
            }
            let (before, text) = (n_said, chat.text(message));
            match consumed(&text, expected, n_said) {
                Some(next) => n_said = next,
                None => verdict.doubled(format!("person {n}: after {n_said} answers came `{text}`")),
            }
            if times > 0 {
                arrivals.push(callback);
                verdict.answered += n_said - before;
            }
            let seen = self.doubts_seen.contains(&message.id.0);
            match message.status {
                OutboxStatus::Accepted => {
                    verdict.doubts.proved += usize::from(seen);
                    if times == 0 {
                        verdict.lost(1, format!("person {n}: `{text}` counts as accepted and never came"));
                    }
                }
                OutboxStatus::Unconfirmed => {
                    verdict.doubts.ran_out += 1;
                    verdict.doubts.had_arrived += usize::from(times > 0);
                }
                OutboxStatus::InDoubt | OutboxStatus::Sending => verdict.doubts.open += 1,
                OutboxStatus::Refused => {
                    verdict.lost(1, format!("person {n}: `{text}` was refused: {:?}", message.why));
                }
                OutboxStatus::Queued => {}
            }
        }
        let mut once = arrived.clone();
        once.dedup();
        if once != arrivals {
            verdict.disordered(format!("person {n}: said {arrivals:?}, arrived {arrived:?}"));
        }
        n_said
    }

    fn recovery(&self, verdict: &mut Verdict) {
        let answers = self.street.answers();
        let firsts =
            self.lifts.iter().filter_map(|lift| answers.iter().find(|at| *at > lift).map(|at| *at - *lift));
        verdict.first_answer = firsts.max();
        let written = (0..self.street.n_people()).flat_map(|n| self.street.written(n));
        verdict.longest_wait = written.filter_map(|one| Some(one.answered? - one.acknowledged)).max();
    }
}

/// After the text of one message, which may join several answers: how many answers of a measure were said.
fn consumed(text: &str, expected: &[Vec<String>], n_said: usize) -> Option<usize> {
    let (mut rest, mut n) = (text, n_said);
    while !rest.is_empty() {
        let after = expected.iter().find_map(|measure| rest.strip_prefix(measure.get(n)?.as_str()));
        rest = after?.trim_start_matches('\n');
        n += 1;
    }
    Some(n)
}

fn taken(pair: &Pair) -> Taken {
    let mut taken = Taken::new();
    for (_, sent) in pair.graph.taken() {
        let to = sent.to.wa_id.as_ref().unwrap().expose().to_owned();
        taken.entry(to).or_default().push(sent.callback.expect("every message carries its id"));
    }
    taken
}

fn identity(n: usize) -> WaIdentity {
    let wa_id = Who::phone(&wa_id(n)).wa_id.as_deref().and_then(WaId::parse);
    WaIdentity::new(wa_id, None).unwrap()
}
