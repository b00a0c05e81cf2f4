//! The law of the drill: from the evidence of one person at a time to what counts against us. Reads nothing.

use crate::people::STEPS;
use crate::street::wamid;
use acuerdo::ports::outbox::OutboxStatus;
use std::collections::BTreeSet;
use std::time::Duration;

/// What asks for a yes: the terms, and [`ASKED_AGAIN`].
pub const ASKS: &str = "[Sí, acepto]";
/// Said to a yes that was read before anybody knew that its terms had come.
pub const ASKED_AGAIN: &str = "Para registrarlo, toque el botón del sí o escriba «acepto».
[Sí, acepto]
[Ver otras]
[Hablar con alguien]";
/// Said where nobody knows whether a fact of a debt came: it is not said again.
pub const MAY_BE_MISSING: &str = "Puede que un mensaje mío no le haya llegado. Si le falta algo, escriba «me repite» o «menú» y lo vemos de nuevo.";
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
    /// Times that a yes was asked for again.
    pub asked_again: usize,
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
    /// No status came in time, it told of no debt, and it came twice.
    pub twice: usize,
    /// Messages of `ran_out` that had reached the person.
    pub had_arrived: usize,
    /// Not decided when the observation ended.
    pub open: usize,
}

/// What is known of one person.
#[derive(Debug, Clone)]
pub struct Evidence {
    pub n: usize,
    /// Their acknowledged messages.
    pub n_written: usize,
    /// Wamids that the product read, in order.
    pub read: Vec<String>,
    /// Our messages, in order.
    pub sent: Vec<Sent>,
    /// Of their agreements.
    pub references: Vec<String>,
    /// Callbacks of what the Graph API took, in order.
    pub arrived: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Sent {
    pub callback: String,
    /// As everybody reads it: the number of an agreement is each person's own.
    pub text: String,
    pub status: OutboxStatus,
    pub why: Option<String>,
    /// At some time nobody knew whether WhatsApp had it.
    pub doubted: bool,
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

    /// Weighs what is known of one person; `expected` is what the people of the measure were told.
    pub fn weigh(&mut self, evidence: &Evidence, expected: &[Vec<String>]) {
        let Evidence { n, n_written, read, sent, references, .. } = evidence;
        let distinct: BTreeSet<&String> = read.iter().collect();
        if distinct.len() != read.len() {
            self.doubled(format!("person {n}: a message was read twice: {read:?}"));
        }
        let held = sent.iter().any(|one| matches!(one.status, OutboxStatus::Sending | OutboxStatus::InDoubt));
        if !read.iter().enumerate().all(|(step, id)| *id == wamid(*n, step)) {
            self.disordered(format!("person {n}: read as {read:?}"));
        }
        let n_read = distinct.len();
        if n_read < *n_written && !held {
            self.lost(n_written - n_read, format!("person {n}: wrote {n_written}, read were {read:?}"));
        }
        let n_said = self.said(evidence, expected);
        if n_said < n_read && !held {
            let states: Vec<_> = sent.iter().map(|one| (&one.status, &one.why)).collect();
            self.lost(n_read - n_said, format!("person {n}: {n_read} read, {n_said} answered: {states:?}"));
        }
        self.agreements += references.len();
        match (references.len(), n_read) {
            (2.., _) => self.doubled(format!("person {n} has the agreements {references:?}")),
            (0, STEPS..) if !held => self.lost(1, format!("person {n} accepted a plan that is not recorded")),
            _ => {}
        }
    }

    /// Compares what was said with the measure; returns how many of the person's messages have an answer.
    fn said(&mut self, evidence: &Evidence, expected: &[Vec<String>]) -> usize {
        let Evidence { n, arrived, .. } = evidence;
        let mut said = Said::default();
        let mut arrivals = Vec::new();
        for Sent { callback, text, status, why, doubted } in &evidence.sent {
            let times = arrived.iter().filter(|one| *one == callback).count();
            if times == 2 && *doubted && !text.contains('$') {
                self.doubts.twice += 1;
            } else if times > 1 {
                self.doubled(format!("person {n}: {callback} was sent {times} times"));
            }
            let text = text.replace(MAY_BE_MISSING, "");
            let text = text.trim_matches('\n');
            let before = said;
            match said.with(text, expected) {
                Some(more) => said = more,
                None => self.doubled(format!("person {n}: after {} answers came `{text}`", said.answers())),
            }
            said.terms_lost |= *status == OutboxStatus::Unconfirmed && text.contains(ASKS);
            if times > 0 {
                arrivals.push(callback.clone());
                self.answered += said.answers() - before.answers();
            }
            match status {
                OutboxStatus::Accepted => {
                    self.doubts.proved += usize::from(*doubted);
                    if times == 0 {
                        self.lost(1, format!("person {n}: `{text}` counts as accepted and never came"));
                    }
                }
                OutboxStatus::Unconfirmed => {
                    self.doubts.ran_out += 1;
                    self.doubts.had_arrived += usize::from(times > 0);
                }
                OutboxStatus::InDoubt | OutboxStatus::Sending => self.doubts.open += 1,
                OutboxStatus::Refused => {
                    self.lost(1, format!("person {n}: `{text}` was refused: {why:?}"));
                }
                OutboxStatus::Queued => {}
            }
        }
        let mut once = arrived.clone();
        once.dedup();
        if once != arrivals {
            self.disordered(format!("person {n}: said {arrivals:?}, arrived {arrived:?}"));
        }
        self.asked_again += said.n_again;
        said.answers()
    }
}

/// How far a chat has come.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    /// Answers of a measure.
    n: usize,
    /// Times that a yes was asked for again.
    n_again: usize,
    /// Terms were sent of which no status told that they came: they may be shown again.
    terms_lost: bool,
}

impl Said {
    const fn answers(self) -> usize {
        self.n + self.n_again
    }

    /// After the text of one message, which may join several answers; `None` when it says what was said before.
    fn with(mut self, text: &str, expected: &[Vec<String>]) -> Option<Self> {
        let mut rest = text;
        while !rest.is_empty() {
            let answer =
                |n: usize| expected.iter().find_map(|measure| rest.strip_prefix(measure.get(n)?.as_str()));
            let asked = || Some(rest.strip_prefix(ASKED_AGAIN)?).filter(|_| self.n + 1 == STEPS);
            let shown = || answer(self.n.checked_sub(1)?).filter(|_| self.terms_lost && self.n + 1 == STEPS);
            rest = if let Some(after) = answer(self.n) {
                self.n += 1;
                after
            } else {
                let after = asked().or_else(shown)?;
                self.n_again += 1;
                after
            };
            rest = rest.trim_start_matches('\n');
        }
        Some(self)
    }
}
