//! What the engine's effects come to in the commit.

use super::Work;
use crate::domain::assurance::Assurance;
use crate::domain::ids::{TicketId, derive};
use crate::flow::effect::Effect;
use crate::flow::state::OF_THE_PERSON;
use crate::ports::conversations::Origin;
use crate::ports::records::{NewTicket, Priority, Record};
use crate::service::converse::TurnError;
use crate::service::converse::events::{self, Told};

impl Work<'_> {
    pub(super) fn effect(&mut self, turn: u64, effect: Effect) -> Result<(), TurnError> {
        let id = self.claim.conversation.id;
        match effect {
            Effect::OpenTicket { queue, priority, reason, note } => {
                // One that is open already stays, and is raised.
                let did = self.ticket.map(|_| "raise");
                let new = || TicketId(derive(&id.0, &format!("ticket/{turn}")));
                let ticket = self.ticket.unwrap_or_else(new);
                let summary = self.summary(note.expose());
                let priority = Priority::ALL
                    .into_iter()
                    .find(|known| serde_json::to_value(known).is_ok_and(|name| name == priority.as_str()))
                    .unwrap_or(Priority::Normal);
                let record = NewTicket { id: ticket, queue, priority, reason, summary };
                self.commit.events.push(events::ticket_opened(turn, &record, did, self.now)?);
                self.commit.records.push(Record::OpenTicket(record));
                self.ticket = Some(ticket);
            }
            Effect::ForwardToAgent => {
                if let Some(ticket) = self.ticket {
                    self.commit.records.push(Record::CustomerSpoke { ticket });
                }
            }
            Effect::CloseTicket { outcome } => {
                self.attended = false;
                if let Some(ticket) = self.ticket.take() {
                    self.tell(turn, &Told::TicketClosed { ticket, did: "close", outcome: &outcome })?;
                    self.commit.records.push(Record::CloseTicket { ticket, outcome });
                }
            }
            Effect::Suspected { what, proof_dropped } => {
                self.tell(turn, &Told::Suspected { what: &what, proof_dropped })?;
            }
            Effect::Reservation { reserved } => {
                self.reserve(reserved.as_deref());
                if reserved.is_some() {
                    let of = |origin| Record::Withdraw { origin, why: "reserved".to_owned() };
                    self.commit.records.extend([Origin::Proactive, Origin::Reply].map(of));
                }
            }
            Effect::Ended { outcome } => self.tell(turn, &Told::Ended { outcome: &outcome })?,
            Effect::Assurance { level } => {
                let proved = self.known_person().filter(|_| level >= Assurance::Verificada);
                let person = proved.map(|person| person.external_ref.clone());
                self.tell(turn, &Told::Assurance { level: level.name(), person: person.as_deref() })?;
            }
            Effect::Fault { flow, step, what } => {
                metrics::counter!("acuerdo_flow_faults_total", "flow" => flow.to_string()).increment(1);
                tracing::error!(conversation.id = %id, flow.id = %flow, flow.step = %step, what, "flow fault");
                self.tell(turn, &Told::Fault { flow: &flow, step: &step, what: &what })?;
            }
            // `advance` takes these before it calls here.
            Effect::Send { .. } | Effect::RunAction(_) | Effect::SetTimer { .. } => {}
        }
        Ok(())
    }

    /// What is about the person is written with the person, so that it holds in each of their chats. Where several share
    /// a phone and none of them is proved, nobody knows of whom it is: then it holds in this chat.
    fn reserve(&mut self, reserved: Option<&str>) {
        let held = self.before.reserved.as_deref();
        let of_person = |what: Option<&str>| what.is_some_and(|what| OF_THE_PERSON.contains(&what));
        let person = match reserved {
            Some(_) => self.before.known.filter(|_| of_person(reserved)),
            None => self.person.filter(|_| of_person(held)),
        };
        if let Some(known) = self.candidates.iter_mut().find(|known| Some(known.id) == person)
            && known.reserved.as_deref() != reserved
        {
            known.reserved = reserved.map(str::to_owned);
            let (person, reserved) = (known.id, known.reserved.clone());
            self.commit.records.push(Record::Reserve { person, reserved });
        }
    }
}
