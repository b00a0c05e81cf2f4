//! How often a number that is not on file may be given as the one that was called.
//!
//! The desk shows the last digits of the numbers on file, so that the agent knows which to call. Without a bound the rest
//! could be guessed, and with it a person be confirmed whom nobody called.

use super::{HandoffError, HandoffService};
use crate::domain::debt::Person;
use crate::domain::ids::{TicketId, person_id};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::agents::Agent;
use crate::ports::tickets::Ticket;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

const WINDOW: Millis = Millis::hours(24);
/// Wrong numbers in [`WINDOW`] for one ticket.
const TICKET_MAX: usize = 5;
/// Wrong numbers in [`WINDOW`] by one agent, whatever the tickets: somebody who serves many people mistypes more often.
const AGENT_MAX: usize = 10;

/// Persons with one number on file that are looked through.
const PERSONS_MAX: u32 = 50;
/// Events that are read at once.
const EVENTS_MAX: u32 = 500;

impl HandoffService {
    /// The person of that reference, who has this number on file.
    pub(super) async fn called(
        &self,
        agent: &Agent,
        ticket: TicketId,
        person: &str,
        digits: &str,
    ) -> Result<Person, HandoffError> {
        let now = self.now();
        if let Err(until) = self.guesses.begin(ticket.0, agent.id.0, now) {
            metrics::counter!("acuerdo_confirm_guesses_total", "outcome" => "refused").increment(1);
            return Err(HandoffError::TooManyGuesses { until });
        }
        let phones = [digits.to_owned()];
        let on_file = self.ports.people.persons_by_phone(&agent.lender, &phones, PERSONS_MAX).await;
        let found = on_file.map(|known| known.into_iter().find(|known| known.external_ref == person));
        if !matches!(found, Ok(None)) {
            self.guesses.forgive(ticket.0, agent.id.0, now);
        }
        if let Some(person) = found? {
            return Ok(person);
        }
        metrics::counter!("acuerdo_confirm_guesses_total", "outcome" => "wrong").increment(1);
        tracing::warn!(ticket.id = %ticket, agent.id = %agent.id, "an agent gave a number that is not on file as called");
        let known = self.ports.people.person_file(&agent.lender, person_id(&agent.lender, person)).await?;
        let (field, why) = if known.is_none() && !person.is_empty() {
            ("person", "is nobody's reference; write `external_ref` as the desk shows it")
        } else {
            (
                "called",
                "is no number on file of that person; call one that is, and write it with its country code",
            )
        };
        Err(HandoffError::Invalid { field, why: why.to_owned() })
    }

    /// Refuses a second person on one ticket: a row of persons is a search, and each needs a chat of their own.
    pub(super) async fn one_person(
        &self,
        agent: &Agent,
        ticket: &Ticket,
        person: &str,
    ) -> Result<(), HandoffError> {
        let Some(other) = self.confirmed_before(ticket).await?.filter(|other| other != person) else {
            return Ok(());
        };
        metrics::counter!("acuerdo_confirm_guesses_total", "outcome" => "another_person").increment(1);
        tracing::warn!(ticket.id = %ticket.id, agent.id = %agent.id, "an agent would confirm a second person on one ticket");
        let why =
            format!("is not `{other}`, who was confirmed on this ticket; somebody else needs a new ticket");
        Err(HandoffError::Invalid { field: "person", why })
    }

    /// Whose reference was confirmed on this ticket.
    async fn confirmed_before(&self, ticket: &Ticket) -> Result<Option<String>, HandoffError> {
        let mut after = 0;
        loop {
            let events = self.ports.conversations.events(ticket.conversation, after, EVENTS_MAX).await?;
            let Some((last, _)) = events.last() else { return Ok(None) };
            after = *last;
            for (_, event) in events.iter().filter(|(_, event)| event.kind == "identity") {
                let body = event.body.tree();
                let text = |key: &str| body.get(key).and_then(Value::as_str);
                if text("ticket") == Some(ticket.id.to_string().as_str()) && text("did") == Some("confirm") {
                    return Ok(text("person").map(ToOwned::to_owned));
                }
            }
        }
    }
}

/// The wrong guesses of the last day that this process has seen.
#[derive(Default)]
pub struct Guesses {
    /// By ticket and by agent; both are ids that nothing else has.
    of: Mutex<BTreeMap<Uuid, Vec<Timestamp>>>,
}

impl Guesses {
    pub const fn new() -> Self {
        Self { of: Mutex::new(BTreeMap::new()) }
    }

    /// Counts a guess before it is looked at, so that many at once are no way around the bound; the time until which none
    /// is taken, when there were too many.
    pub fn begin(&self, ticket: Uuid, agent: Uuid, now: Timestamp) -> Result<(), Timestamp> {
        let mut of = self.lock();
        of.retain(|_, at| {
            at.retain(|at| now.since(*at) < WINDOW);
            !at.is_empty()
        });
        let full = [(ticket, TICKET_MAX), (agent, AGENT_MAX)].into_iter().filter_map(|(id, max)| {
            let at = of.get(&id)?;
            let oldest = at.len().checked_sub(max).and_then(|excess| at.get(excess))?;
            Some(oldest.plus(WINDOW))
        });
        if let Some(until) = full.max() {
            return Err(until);
        }
        for id in [ticket, agent] {
            of.entry(id).or_default().push(now);
        }
        Ok(())
    }

    /// The guess that began at `now` was none, or was right.
    pub fn forgive(&self, ticket: Uuid, agent: Uuid, now: Timestamp) {
        let mut of = self.lock();
        for id in [ticket, agent] {
            if let Some(at) = of.get_mut(&id)
                && let Some(place) = at.iter().rposition(|at| *at == now)
            {
                at.remove(place);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Vec<Timestamp>>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{AGENT_MAX, Guesses, TICKET_MAX, WINDOW};
    use crate::domain::time::{Millis, Timestamp};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn a_ticket_and_an_agent_have_a_bound_each_and_a_day_frees_them() {
        let (guesses, agent) = (Guesses::new(), Uuid::from_u128(1));
        let ticket = |n: usize| Uuid::from_u128(100 + n as u128);
        let until = NOW.plus(WINDOW);
        for _ in 0..TICKET_MAX {
            assert_eq!(guesses.begin(ticket(0), agent, NOW), Ok(()));
        }
        assert_eq!(
            guesses.begin(ticket(0), Uuid::from_u128(2), NOW),
            Err(until),
            "another agent is no way out"
        );
        for n in TICKET_MAX..AGENT_MAX {
            assert_eq!(guesses.begin(ticket(n), agent, NOW), Ok(()));
        }
        assert_eq!(
            guesses.begin(ticket(99), agent, NOW.plus(Millis::hours(1))),
            Err(until),
            "nor another ticket"
        );
        assert_eq!(guesses.begin(ticket(0), agent, until), Ok(()));
    }

    #[test]
    fn a_right_number_uses_up_nothing() {
        let guesses = Guesses::new();
        let (ticket, agent) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for n in 0..3 * AGENT_MAX {
            let now = NOW.plus(Millis::seconds(i64::try_from(n).unwrap()));
            assert_eq!(guesses.begin(ticket, agent, now), Ok(()));
            guesses.forgive(ticket, agent, now);
        }
    }
}
