//! The proof that the judge sees: a chat as it should be is clean, and each crime planted in it is found.

use crate::people::STEPS;
use crate::street::wamid;
use crate::verdict::{ASKED_AGAIN, ASKS, Evidence, Sent, Verdict};
use acuerdo::ports::outbox::OutboxStatus;

/// What a test runner calls it.
pub const NAME: &str = "planted_evidence_is_found";

/// Messages lost, doubled and out of order.
type Counts = (usize, usize, usize);

type Crime = (&'static str, Counts, fn(&mut Evidence));

const CRIMES: &[Crime] = &[
    ("an acknowledged message that was never read and answered", (1, 0, 0), |chat| {
        chat.read.pop();
        chat.sent.pop();
        chat.arrived.pop();
        chat.references = vec!["A-1".to_owned()];
    }),
    ("a chat that is not there", (STEPS, 0, 0), |chat| {
        (chat.read, chat.sent, chat.arrived) = Default::default();
        chat.references.clear();
    }),
    ("a message that was read and not answered", (1, 0, 0), |chat| {
        chat.sent.pop();
        chat.arrived.pop();
    }),
    ("an answer that counts as accepted and never came", (1, 0, 0), |chat| {
        chat.arrived.pop();
    }),
    ("an answer that was refused", (1, 0, 0), |chat| {
        chat.sent[STEPS - 1].status = OutboxStatus::Refused;
    }),
    ("an agreement that was accepted and not recorded", (1, 0, 0), |chat| chat.references.clear()),
    ("a yes that is asked for again and again", (1, 0, 0), |chat| {
        ask_again(chat, ASKED_AGAIN.to_owned());
        chat.references.clear();
    }),
    ("terms that came and are shown again", (1, 1, 0), |chat| {
        let terms = chat.sent[STEPS - 2].text.clone();
        ask_again(chat, terms);
    }),
    ("a message that was read twice", (0, 1, 1), |chat| chat.read.insert(1, wamid(chat.n, 0))),
    ("an answer that was sent twice", (0, 1, 0), |chat| chat.arrived.insert(1, callback(0))),
    ("an answer that was sent twice, late", (0, 1, 1), |chat| chat.arrived.push(callback(0))),
    ("an answer that was said again", (0, 1, 0), |chat| {
        let again = Sent { callback: "out:again".to_owned(), ..chat.sent[0].clone() };
        chat.arrived.push(again.callback.clone());
        chat.sent.push(again);
    }),
    ("a second agreement", (0, 1, 0), |chat| chat.references.push("A-2".to_owned())),
    ("messages that were read in another order", (0, 0, 1), |chat| chat.read.swap(2, 3)),
    ("answers that arrived in another order", (0, 0, 1), |chat| chat.arrived.swap(2, 3)),
];

/// Panics with the crime that was not found or the innocence that was not seen.
pub fn is_found() {
    for (what, counts, plant) in CRIMES {
        let mut chat = chat();
        plant(&mut chat);
        assert_eq!(counted(&chat), (*counts, false), "{what}");
    }
    for (what, chat) in innocents() {
        assert_eq!(counted(&chat), ((0, 0, 0), true), "{what}");
    }
}

fn innocents() -> [(&'static str, Evidence); 5] {
    let mut joined = chat();
    let second = joined.sent.remove(1);
    joined.sent[0].text += &format!("\n\n{}", second.text);
    joined.arrived.remove(1);
    let mut doubted = chat();
    doubted.sent[STEPS - 1].status = OutboxStatus::Unconfirmed;
    doubted.arrived.pop();
    let mut asked_again = chat();
    ask_again(&mut asked_again, ASKED_AGAIN.to_owned());
    let mut shown_again = chat();
    shown_again.sent[STEPS - 2].status = OutboxStatus::Unconfirmed;
    let terms = shown_again.sent[STEPS - 2].text.clone();
    ask_again(&mut shown_again, terms);
    [
        ("a yes that is asked for again, before anybody knew that the terms had come", asked_again),
        ("terms that are shown again, because they may never have come", shown_again),
        ("a chat as it should be", chat()),
        ("two messages that one answer answers", joined),
        ("an answer that is not repeated, because it may have come", doubted),
    ]
}

fn counted(chat: &Evidence) -> (Counts, bool) {
    let mut verdict = Verdict::default();
    let measure = chat_texts();
    verdict.weigh(chat, &[measure]);
    ((verdict.lost, verdict.doubled, verdict.disordered), verdict.holds())
}

fn chat() -> Evidence {
    let sent = chat_texts().into_iter().enumerate().map(|(step, text)| Sent {
        callback: callback(step),
        text,
        status: OutboxStatus::Accepted,
        why: None,
        doubted: false,
    });
    Evidence {
        n: 7,
        n_written: STEPS,
        read: (0..STEPS).map(|step| wamid(7, step)).collect(),
        sent: sent.collect(),
        references: vec!["A-1".to_owned()],
        arrived: (0..STEPS).map(callback).collect(),
    }
}

fn chat_texts() -> Vec<String> {
    let asks = |step| if step + 2 == STEPS { ASKS } else { "" };
    (0..STEPS).map(|step| format!("Answer {step}.{}", asks(step))).collect()
}

/// The first yes is answered with this, the second with the agreement.
fn ask_again(chat: &mut Evidence, text: String) {
    let again = Sent { callback: "out:again".to_owned(), text, ..chat.sent[0].clone() };
    chat.arrived.insert(STEPS - 1, again.callback.clone());
    chat.sent.insert(STEPS - 1, again);
    chat.read.push(wamid(chat.n, STEPS));
    chat.n_written += 1;
}

fn callback(step: usize) -> String {
    format!("out:{step}")
}
