//! Who the person of a turn is, as far as that is known, and what is known of them.

use super::Work;
use crate::domain::assurance::Assurance;
use crate::domain::debt::Person;
use crate::domain::ids::PersonId;
use crate::domain::time::Timestamp;
use crate::flow::facts::Facts;
use crate::flow::state::Session;
use crate::ports::records::{Case, PaymentClaim, Proved, Record};
use crate::service::converse::facts::{self, Basis};
use crate::service::converse::summary;

/// Who was proved when this session was stored, whether or not that still stands.
pub(super) fn proved_in(session: &Session) -> Option<PersonId> {
    session.subject.filter(|_| session.assurance >= Assurance::Verificada)
}

impl Work<'_> {
    /// The proven person; below that the only one whom the file has on this number. Where several share it, or the file
    /// names another one than the chat is linked to, nobody is known before proof.
    pub(super) fn known_person(&self) -> Option<&Person> {
        if self.is_proven() {
            return self.candidates.iter().find(|person| Some(person.id) == self.person);
        }
        match self.candidates.as_slice() {
            [one] if Some(one.id) == self.person => Some(one),
            [] | [_, ..] => None,
        }
    }

    pub(super) fn is_proven(&self) -> bool {
        facts::is_proven(&self.session, &self.claim.conversation, self.person, self.now)
    }

    /// Notes where it changes whose words the chat holds: an input that proves somebody is theirs already, one that ends
    /// a proof is theirs no more.
    pub(super) fn tell_whose(&mut self, events_before: usize, since: Timestamp) {
        let person = self.person.filter(|_| self.is_proven());
        if person != self.proved {
            self.proved = person;
            self.commit.records.push(Record::Proved(Proved { person, since, events_before }));
        }
    }

    /// Of whom a text that is not for everybody tells something.
    pub(super) fn shown_person(&self) -> Option<PersonId> {
        self.known_person().map(|person| person.id)
    }

    /// Another account had the phone before, and this one has not been proved to be the person on file.
    fn is_nameless(&self) -> bool {
        let subject = self.session.subject;
        self.claim.conversation.number_changed_hands && (subject.is_none() || subject != self.person)
    }

    pub(super) fn level(&self) -> Assurance {
        let known = self.known_person().is_some();
        facts::level(&self.session, &self.claim.conversation, self.person, known, self.now)
    }

    pub(super) fn facts(&self) -> Facts {
        self.facts_in(&self.session.language)
    }

    pub(super) fn facts_in(&self, language: &str) -> Facts {
        facts::facts(&Basis {
            lender: self.lender,
            person: self.known_person(),
            assurance: self.level(),
            nameless: self.is_nameless(),
            last_inbound_at: self.last_inbound_at,
            waiting: self.waiting,
            attended: self.attended,
            opted_out: self.claim.conversation.opted_out,
            language,
            reserved: self.linked().and_then(|person| person.reserved.as_deref()),
            now: self.now,
        })
    }

    /// Whom the chat is linked to, proven or not.
    pub(super) fn linked(&self) -> Option<&Person> {
        self.candidates.iter().find(|person| Some(person.id) == self.person)
    }

    pub(super) fn summary(&self, note: &str) -> serde_json::Value {
        let known = summary::Known {
            assurance: self.level(),
            person: self.known_person(),
            file: self.file.as_ref(),
            claims: &self.claims(),
            cases: &self.cases(),
        };
        summary::summary(self.lender, &self.session, &known, note, self.now)
    }

    /// Reported payments of the proved person; before proof those that this turn reports.
    pub(super) fn claims(&self) -> Vec<PaymentClaim> {
        if let Some(file) = &self.file {
            return file.claims.clone();
        }
        let claim =
            |record: &Record| if let Record::Claim(claim) = record { Some(claim.clone()) } else { None };
        self.commit.records.iter().filter_map(claim).collect()
    }

    /// Open cases of the proved person; before proof those that this turn opens.
    pub(super) fn cases(&self) -> Vec<Case> {
        if let Some(file) = &self.file {
            return file.open_cases.clone();
        }
        let case = |record: &Record| if let Record::Case(case) = record { Some(case.clone()) } else { None };
        self.commit.records.iter().filter_map(case).collect()
    }
}
