//! A turn that fails for good: its inputs are set aside for an operator, and a person goes on with the chat.

use crate::domain::assurance::Assurance;
use crate::domain::ids::{OutboxId, PersonId, TicketId, derive};
use crate::flow::effect::Effect;
use crate::flow::engine::give_up;
use crate::flow::state::{Session, Status};
use crate::ports::conversations::{Claim, CommitRefused, InputKind, NewOutbox, Origin, TurnCommit};
use crate::ports::dead_letters::NewDeadTurn;
use crate::ports::records::{NewTicket, Priority, Record};
use crate::service::converse::events::Told;
use crate::service::converse::facts::{self, Basis};
use crate::service::converse::inputs::unheard;
use crate::service::converse::sessions::{empty_commit, read_session, write_session};
use crate::service::converse::{Converse, TurnError, events, media, summary};

/// Why an agent got the chat.
pub const REASON: &str = "technical_failure";
/// A claim takes fewer turns than this, so that a turn number made up from the version was never used.
const TURNS_PER_VERSION: u64 = 10_000;

impl Converse {
    /// Commits the hand-over of a claim that cannot be run; returns the messages that it queued.
    ///
    /// The chat begins anew on today's flows and without proof of identity: what was wrong may be in any of that.
    pub(super) async fn set_aside(
        &self,
        claim: &Claim,
        cause: &'static str,
        error: &TurnError,
    ) -> Result<u32, TurnError> {
        let watch = self.traces.watch(|| self.clock.now());
        let commit = self.hand_over(claim, cause, error).await?;
        let messages = u32::try_from(commit.outbox.len()).unwrap_or(u32::MAX);
        match self.store.commit_turns(std::slice::from_ref(&commit)).await?.into_iter().next() {
            Some(Ok(())) => {
                if let Some(watch) = watch {
                    self.traces.turned(claim, &commit, 1, watch, Vec::new());
                }
                metrics::counter!("acuerdo_dead_letters_total", "cause" => cause).increment(1);
                Ok(messages)
            }
            // Somebody else has the chat now.
            Some(Err(CommitRefused::Stale | CommitRefused::Once(_) | CommitRefused::Tried)) | None => Ok(0),
        }
    }

    async fn hand_over(
        &self,
        claim: &Claim,
        cause: &'static str,
        error: &TurnError,
    ) -> Result<TurnCommit, TurnError> {
        let conversation = &claim.conversation;
        let lender = self
            .lenders
            .get(&conversation.lender)
            .ok_or_else(|| TurnError::UnknownLender(conversation.lender.clone()))?;
        let now = self.clock.now();
        let flows = self.flows.current(&lender.id)?;
        let old = read_session(conversation.session.as_ref(), conversation.person).ok().flatten();
        let language = old.as_ref().map_or(&flows.bot.language, |session| &session.language);
        let mut session = Session::new(flows.hash.clone(), language, now);
        session.turn = last_turn(claim, old.as_ref());

        let mut commit = TurnCommit {
            consumed: claim.inputs.iter().map(|input| input.id).collect(),
            assurance: Assurance::Ninguna,
            timers: Some(Vec::new()),
            trace: self.traces.of_turn(claim),
            ..empty_commit(claim, &session, now)
        };
        if claim.inputs.iter().any(|input| matches!(input.kind, InputKind::System { .. })) {
            // The number may be another's from now on.
            commit.person = None;
        }
        // Its sender may well have sent the only proof there is.
        commit.records.extend(claim.inputs.iter().filter_map(media::wanted));
        let number = session.turn + 1;
        for input in claim.inputs.iter().filter_map(|input| unheard(&input.kind)) {
            commit.events.push(Told::SetAside { input: &input }.event(number, now)?);
        }
        let ticket = if let Some(ticket) = conversation.ticket {
            session.turn = number;
            commit.records.push(Record::CustomerSpoke { ticket });
            Some(ticket)
        } else {
            let known = facts::facts(&Basis {
                lender,
                person: None,
                assurance: Assurance::Ninguna,
                nameless: true,
                last_inbound_at: conversation.last_inbound_at,
                waiting: 0,
                attended: false,
                opted_out: conversation.opted_out,
                language: &session.language,
                reserved: None,
                now,
            });
            let turn = give_up(&flows, session, (REASON, cause), &known, &self.limits);
            session = turn.session;
            let person = self.person_of(claim, commit.person).await;
            let shown = old.as_ref().unwrap_or(&session);
            let known = summary::Known {
                assurance: Assurance::Ninguna,
                person: person.as_ref(),
                file: None,
                claims: &[],
                cases: &[],
            };
            let summary = summary::summary(lender, shown, &known, cause, now);
            let mut ticket = None;
            for effect in turn.effects {
                ticket = apply(&mut commit, number, effect, &summary)?.or(ticket);
            }
            ticket
        };
        session.status = Status::WithAgent { since: now };
        commit.records.push(Record::SetAside(dead_turn(
            claim,
            (cause, error),
            old.as_ref(),
            (number, ticket),
        )));
        commit.flow_hash = session.flow_hash.to_string();
        commit.session = write_session(&session)?;
        Ok(commit)
    }

    /// Whom the agent will talk to, as far as that can be read at all.
    async fn person_of(
        &self,
        claim: &Claim,
        linked: Option<PersonId>,
    ) -> Option<crate::domain::debt::Person> {
        let lender = &claim.conversation.lender;
        self.store.person_file(lender, linked?).await.ok().flatten().map(|file| file.person)
    }
}

/// What the hand-over says and opens; its ticket, if this effect opens one.
fn apply(
    commit: &mut TurnCommit,
    turn: u64,
    effect: Effect,
    summary: &serde_json::Value,
) -> Result<Option<TicketId>, TurnError> {
    let (conversation, now) = (commit.conversation, commit.now);
    Ok(match effect {
        Effect::OpenTicket { queue, reason, .. } => {
            let id = TicketId(derive(&conversation.0, &format!("ticket/{turn}")));
            let summary = summary.clone();
            let ticket = NewTicket { id, queue, priority: Priority::High, reason, summary };
            commit.events.push(events::ticket_opened(turn, &ticket, None, now)?);
            commit.records.push(Record::OpenTicket(ticket));
            Some(id)
        }
        Effect::Send { index, content, label, proactive: _ } => {
            let (id, origin) = (OutboxId::derive(conversation, turn, index), Origin::Reply);
            let message = NewOutbox { id, content, label, origin, subject: None };
            commit.events.push(events::sent(turn, &message, now)?);
            commit.outbox.push(message);
            None
        }
        Effect::RunAction(_)
        | Effect::SetTimer { .. }
        | Effect::ForwardToAgent
        | Effect::Suspected { .. }
        | Effect::CloseTicket { .. }
        | Effect::Ended { .. }
        | Effect::Reservation { .. }
        | Effect::Assurance { .. }
        | Effect::Fault { .. } => None,
    })
}

fn dead_turn(
    claim: &Claim,
    (cause, error): (&str, &TurnError),
    session: Option<&Session>,
    (number, ticket): (u64, Option<TicketId>),
) -> NewDeadTurn {
    let frame = session.and_then(|session| session.frames.last());
    NewDeadTurn {
        id: derive(&claim.conversation.id.0, &format!("dead/{number}")),
        inputs: claim.inputs.iter().map(|input| input.id).collect(),
        cause: cause.to_owned(),
        detail: error.to_string(),
        flow_hash: session.map(|session| session.flow_hash.clone()),
        step: frame.map(|frame| format!("{}.{}", frame.flow, frame.step)),
        failures: failures(claim) + 1,
        ticket,
    }
}

/// Times that the first input of the claim failed before.
pub(super) fn failures(claim: &Claim) -> u32 {
    claim.inputs.first().map_or(0, |input| input.failures)
}

/// Ids of messages follow from turn numbers, so a number is never used again, even when the session is lost.
fn last_turn(claim: &Claim, session: Option<&Session>) -> u64 {
    let stored = claim.conversation.session.as_ref().and_then(|raw| raw.tree().get("turn")?.as_u64());
    session.map(|session| session.turn).or(stored).unwrap_or_else(|| {
        u64::try_from(claim.conversation.version).unwrap_or(0).saturating_mul(TURNS_PER_VERSION)
    })
}
