//! What became of every message: from the database, from what the Graph API took, and from what people waited for.

use crate::meta::Who;
use crate::pair::Pair;
use crate::people::wa_id;
use crate::street::Street;
use crate::verdict::{Evidence, Sent, Verdict};
use crate::webhook::NUMBER;
use acuerdo::domain::identity::{WaId, WaIdentity};
use acuerdo::domain::ids::{LenderId, PhoneNumberId};
use acuerdo::ports::Store;
use acuerdo::store::{StoreOptions, connect};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub struct Judge<'a> {
    pub street: &'a Street,
    /// People whom nothing disturbed, before and after.
    pub measures: Vec<usize>,
    pub doubts_seen: BTreeSet<uuid::Uuid>,
    /// When each fault ended.
    pub lifts: &'a [Instant],
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
            let evidence = self.evidence(&store, *n, &taken).await;
            let texts: Vec<String> = evidence.sent.into_iter().map(|one| one.text).collect();
            if texts.len() != self.street.n_steps() {
                verdict
                    .tell(format!("person {n} is the measure and has {} answers: {texts:#?}", texts.len()));
            }
            expected.push(texts);
        }
        for n in 0..self.street.n_people() {
            verdict.weigh(&self.evidence(&store, n, &taken).await, &expected);
        }
        store.close().await;
        self.recovery(&mut verdict);
        verdict
    }

    /// What the database holds of one person, and what reached them.
    async fn evidence(&self, store: &Arc<dyn Store>, n: usize, taken: &Taken) -> Evidence {
        let arrived = taken.get(&wa_id(n)).cloned().unwrap_or_default();
        let n_written = self.street.written(n).len();
        let (read, sent, references) = (Vec::new(), Vec::new(), Vec::new());
        let mut evidence = Evidence { n, n_written, read, sent, references, arrived };
        let number = PhoneNumberId::from(NUMBER);
        let Some(conversation) = store.conversation_of(&number, &identity(n)).await.unwrap() else {
            return evidence;
        };
        for (_, event) in store.events(conversation.id, 0, 1_000).await.unwrap() {
            if event.kind == "input" {
                let body = event.body.tree();
                let wamid = body.pointer("/input/wamid").and_then(|wamid| wamid.as_str());
                evidence.read.extend(wamid.map(str::to_owned));
            }
        }
        if let Some(person) = conversation.person {
            let file = store.person_file(&LenderId::from("andino"), person).await.unwrap().unwrap();
            evidence.references.extend(file.agreements.iter().map(|one| one.reference.to_string()));
        }
        for message in store.sent_messages(conversation.id, 1_000).await.unwrap() {
            let text = message.content.readable();
            let references = evidence.references.iter();
            evidence.sent.push(Sent {
                callback: format!("out:{}", message.id),
                text: references.fold(text, |text, reference| text.replace(reference, "REFERENCE")),
                doubted: self.doubts_seen.contains(&message.id.0),
                status: message.status,
                why: message.why,
            });
        }
        evidence
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
