//! The turn: claim a conversation, run its inputs through the engine, commit everything at once.
//!
//! A crash before the commit leaves the inputs pending; the same turn is then run again and derives the same ids.

mod events;
mod facts;
mod inputs;
mod media;
mod merge;
mod owed;
mod sessions;
mod set_aside;
pub(in crate::service) mod summary;
mod withheld;
mod work;

use crate::domain::time::{Millis, Timestamp};
use crate::flow::facts::Limits;
use crate::ports::clock::Clock;
use crate::ports::conversations::{Claim, CommitRefused, InputKind, TurnCommit};
use crate::ports::records::Record;
use crate::ports::{Store, StoreError};
use crate::service::flow_library::{FlowLibrary, LibraryError};
use crate::service::journey;
use crate::service::lenders::Lenders;
use crate::service::presence::{Presence, Seen};
use crate::service::traces::{Laps, Phase, Traces, Watch};
use crate::understand::Understander;
use facts::Known;
use futures_util::FutureExt;
use owed::Owed;
use set_aside::failures;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use thiserror::Error;
use work::{Work, Worked};

/// Inputs of one conversation in one claim; the rest come with the next.
const INPUTS_MAX: u32 = 20;
/// A worker that dies gives its conversations back after this.
const LEASE: Millis = Millis::seconds(30);
/// About a millisecond of computing.
const TURNS_AT_A_TIME: usize = 8;
/// Longer than a person waits in a chat without wondering; the setting `workers.slow_turn_ms` says otherwise.
const SLOW: Millis = Millis::seconds(5);
/// Runs of one claim when an action's `once` key, or another try of identity, appeared in between.
const ONCE_RETRIES: u32 = 2;
/// A conversation that failed waits 1 s, 4 s, 16 s … before it is tried again.
const RETRY_BASE: Millis = Millis::seconds(1);
const RETRY_MAX: Millis = Millis::minutes(10);
/// The longest wait after a failure that may pass: once the database is back, nobody waits minutes for an answer.
const RETRY_PASSING_MAX: Millis = Millis::seconds(15);
/// A turn that failed this often for a reason that will not pass is set aside.
const FAILURES_MAX: u32 = 3;

#[derive(Debug, Error)]
pub enum TurnError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error("the session of this conversation cannot be read: {0}")]
    Session(String),
    #[error("lender {0} is not configured")]
    UnknownLender(crate::domain::ids::LenderId),
    /// Without the value: it may hold what a person wrote.
    #[error("what the turn came to cannot be written as JSON: {0}")]
    Unwritable(String),
    #[error("a stored input cannot be read: {0}")]
    Input(String),
    #[error("the flow asked for more than {0} actions in one turn")]
    TooManyActions(u32),
    /// The panic's own text may quote a message, so it is not told here.
    #[error("the turn panicked: a bug of this program")]
    Panicked,
}

impl TurnError {
    /// A word for a failure that a repeat will not cure; `None` when it may pass, or is one of settings.
    fn cause(&self) -> Option<&'static str> {
        let of_store = |error: &StoreError| match error {
            StoreError::Unavailable { .. } => None,
            StoreError::Corrupt { .. } => Some("stored_row_unreadable"),
            StoreError::Conflict { .. } => Some("write_refused"),
            StoreError::Failed { .. } | StoreError::Missing { .. } => Some("store_failed"),
        };
        match self {
            Self::Store(error) | Self::Library(LibraryError::Store(error)) => of_store(error),
            Self::Library(LibraryError::Unknown(_)) => Some("flow_version_missing"),
            Self::Library(LibraryError::Unreadable { .. }) => Some("flow_version_unreadable"),
            Self::Session(_) => Some("session_unreadable"),
            Self::Unwritable(_) => Some("turn_unwritable"),
            Self::Input(_) => Some("input_unreadable"),
            Self::TooManyActions(_) => Some("too_many_actions"),
            Self::Panicked => Some("panic"),
            Self::Library(LibraryError::NotPublished(_)) | Self::UnknownLender(_) => None,
        }
    }
}

/// What turns are made with.
pub struct ConverseParts {
    pub store: Arc<dyn Store>,
    pub flows: Arc<FlowLibrary>,
    pub lenders: Arc<Lenders>,
    pub understander: Arc<Understander>,
    pub clock: Arc<dyn Clock>,
    pub availability: Arc<dyn AgentAvailability>,
}

pub struct Converse {
    pub(super) store: Arc<dyn Store>,
    pub(super) flows: Arc<FlowLibrary>,
    pub(super) lenders: Arc<Lenders>,
    pub(super) understander: Arc<Understander>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: Limits,
    pub(super) availability: Arc<dyn AgentAvailability>,
    presence: Option<Presence>,
    slow: Millis,
    owed: Owed,
    pub(super) traces: Traces,
}

/// How long a person would wait for an agent now.
#[async_trait::async_trait]
pub trait AgentAvailability: Send + Sync {
    /// Tickets that wait in the lender's queues.
    async fn waiting(&self, lender: &crate::domain::ids::LenderId) -> u64;
}

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    pub conversations: u32,
    pub inputs: u32,
    pub messages: u32,
    /// Tickets opened, closed or spoken to: the desk's queue must hear of them.
    pub tickets: u32,
    /// Files that are wanted now.
    pub files: u32,
    pub failed: u32,
}

impl Converse {
    pub fn new(parts: ConverseParts, presence: Option<Presence>) -> Self {
        let ConverseParts { store, flows, lenders, understander, clock, availability } = parts;
        let limits = Limits::default();
        Self {
            store,
            flows,
            lenders,
            understander,
            clock,
            limits,
            availability,
            presence,
            slow: SLOW,
            owed: Owed::default(),
            traces: Traces::default(),
        }
    }

    /// Tells its turns to these traces.
    #[must_use]
    pub fn traced(self, traces: Traces) -> Self {
        Self { traces, ..self }
    }

    /// A turn that a person waited longer for is told in the log.
    #[must_use]
    pub fn slow_after(self, slow: Millis) -> Self {
        Self { slow, ..self }
    }

    /// Works off up to `batch` conversations that have something pending.
    pub async fn round(&self, batch: u32) -> Result<Round, StoreError> {
        self.give_back().await?;
        let claims = self.store.claim_conversations(self.clock.now(), LEASE, batch, INPUTS_MAX).await?;
        if claims.is_empty() {
            return Ok(Round::default());
        }
        let round = self.turns(&claims).await;
        match &round {
            Ok(_) => self.owed.worked(),
            Err(error) => self.unfinished(&claims, error).await,
        }
        round
    }

    async fn turns(&self, claims: &[Claim]) -> Result<Round, StoreError> {
        let mut round = Round::default();
        claims.iter().for_each(|claim| self.show_seen(claim));
        round.conversations = u32::try_from(claims.len()).unwrap_or(u32::MAX);
        round.inputs = claims.iter().map(|claim| u32::try_from(claim.inputs.len()).unwrap_or(0)).sum();
        let watch = self.traces.watch(|| self.clock.now());
        let mut shared = Laps::of(watch);
        let began = shared.begin();
        let known = self.known(claims).await?;
        shared.end(began, || Phase::Load);
        let works = self.works(claims, known, watch).await;
        let mut commits = Vec::with_capacity(claims.len());
        let mut owners = Vec::with_capacity(claims.len());
        for (claim, work) in claims.iter().zip(works) {
            match work {
                Ok(Worked { commit, laps }) => {
                    commits.push(commit);
                    owners.push((claim, laps));
                }
                Err(error) => self.failed(claim, &error, &mut round).await?,
            }
        }
        for commit in &commits {
            round.messages += u32::try_from(commit.outbox.len()).unwrap_or(0);
            round.tickets += u32::from(commit.records.iter().any(Record::touches_ticket));
            round.files += u32::from(commit.records.iter().any(|record| matches!(record, Record::Media(_))));
        }
        let began = shared.begin();
        let results = self.commit(&commits).await?;
        shared.end(began, || Phase::Commit);
        for (((claim, laps), commit), result) in owners.into_iter().zip(&commits).zip(results) {
            match result {
                Ok(Ok(())) => {
                    journey::turned(claim, commit, self.slow);
                    if let Some(watch) = watch {
                        self.traces.turned(claim, commit, commits.len(), watch, laps.merged(&shared));
                    }
                }
                Ok(Err(CommitRefused::Once(_) | CommitRefused::Tried)) => {
                    self.again(claim, &mut round).await?;
                }
                Ok(Err(CommitRefused::Stale)) => {
                    metrics::counter!("acuerdo_turns_stale_total").increment(1);
                }
                Err(error) => self.failed(claim, &error, &mut round).await?,
            }
        }
        metrics::counter!("acuerdo_turn_inputs_total").increment(u64::from(round.inputs));
        Ok(round)
    }

    /// The turns of all claims, a few at a time: a turn is mostly computing, and what else waits for this thread, the
    /// holder of the database's write lock among it, need not wait for all of them.
    async fn works(
        &self,
        claims: &[Claim],
        known: Vec<Result<Known, TurnError>>,
        watch: Option<Watch>,
    ) -> Vec<Result<Worked, TurnError>> {
        let mut works = Vec::with_capacity(claims.len());
        let mut known = known.into_iter();
        for claims in claims.chunks(TURNS_AT_A_TIME) {
            let part = claims
                .iter()
                .zip(known.by_ref())
                .map(|(claim, known)| self.guarded(claim, known, Laps::of(watch)));
            works.extend(futures_util::future::join_all(part).await);
            tokio::task::yield_now().await;
        }
        works
    }

    /// Marks the newest message as read, unless a human has the chat and reads for themselves.
    fn show_seen(&self, claim: &Claim) {
        let newest = claim.inputs.iter().rev().find_map(|input| match &input.kind {
            InputKind::Message { message } => Some(message),
            InputKind::System { .. }
            | InputKind::Echo { .. }
            | InputKind::Timer { .. }
            | InputKind::AgentReturned { .. }
            | InputKind::TicketClosed { .. }
            | InputKind::PersonConfirmed { .. }
            | InputKind::DeliveryFailed { .. }
            | InputKind::Broken { .. } => None,
        });
        if let (Some(presence), Some(message), None) = (&self.presence, newest, claim.conversation.ticket) {
            presence.seen(Seen {
                lender: claim.conversation.lender.clone(),
                phone_number_id: message.phone_number_id.clone(),
                wamid: message.wamid.clone(),
            });
        }
    }

    /// The whole turn of one claim; nothing is written yet.
    async fn work(&self, claim: &Claim, known: Known, laps: Laps) -> Result<Worked, TurnError> {
        let lender = self
            .lenders
            .get(&claim.conversation.lender)
            .ok_or_else(|| TurnError::UnknownLender(claim.conversation.lender.clone()))?;
        let mut work = Work::begin(self, lender, claim, known, laps).await?;
        for input in &claim.inputs {
            work.take(input).await?;
        }
        work.finish()
    }

    /// One turn that panics must not take its neighbours along, again and again.
    async fn guarded(
        &self,
        claim: &Claim,
        known: Result<Known, TurnError>,
        laps: Laps,
    ) -> Result<Worked, TurnError> {
        let work = self.work(claim, known?, laps);
        AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(TurnError::Panicked))
    }

    /// The people behind all claims at once; when they cannot be read for good, one by one, so that only the claim with
    /// the bad row fails.
    async fn known(&self, claims: &[Claim]) -> Result<Vec<Result<Known, TurnError>>, StoreError> {
        let (store, now) = (self.store.as_ref(), self.clock.now());
        match facts::known(store, &claims.iter().collect::<Vec<_>>(), now).await {
            Ok(known) => return Ok(known.into_iter().map(Ok).collect()),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                tracing::warn!(error = %error, turns = claims.len(), "the people of a batch are read one by one");
            }
        }
        let mut known = Vec::with_capacity(claims.len());
        for claim in claims {
            known.push(match facts::known(store, &[claim], now).await {
                Ok(mut one) => Ok(one.pop().unwrap_or_default()),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => Err(TurnError::Store(error)),
            });
        }
        Ok(known)
    }

    /// Commits all turns at once; when the store refuses the batch for good, one by one, so that only the bad one fails.
    ///
    /// A turn of the batch that was applied all the same is stale then, which is no failure.
    async fn commit(
        &self,
        commits: &[TurnCommit],
    ) -> Result<Vec<Result<Result<(), CommitRefused>, TurnError>>, StoreError> {
        match self.store.commit_turns(commits).await {
            Ok(results) => return Ok(results.into_iter().map(Ok).collect()),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                tracing::warn!(error = %error, turns = commits.len(), "a batch of turns is committed one by one")
            }
        }
        let mut results = Vec::with_capacity(commits.len());
        for commit in commits {
            results.push(match self.store.commit_turns(std::slice::from_ref(commit)).await {
                Ok(result) => Ok(result.into_iter().next().unwrap_or(Err(CommitRefused::Stale))),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => Err(TurnError::Store(error)),
            });
        }
        Ok(results)
    }

    /// Somebody else recorded the same agreement first, or tried to prove the same person: fresh data show it.
    async fn again(&self, claim: &Claim, round: &mut Round) -> Result<(), StoreError> {
        for _ in 0..ONCE_RETRIES {
            let watch = self.traces.watch(|| self.clock.now());
            let known = facts::known(self.store.as_ref(), &[claim], self.clock.now())
                .await?
                .pop()
                .unwrap_or_default();
            let Worked { commit, laps } = match self.guarded(claim, Ok(known), Laps::of(watch)).await {
                Ok(worked) => worked,
                Err(error) => return self.failed(claim, &error, round).await,
            };
            match self.commit(std::slice::from_ref(&commit)).await?.into_iter().next() {
                Some(Ok(Err(CommitRefused::Once(_) | CommitRefused::Tried))) => {}
                Some(Ok(Ok(()))) => {
                    journey::turned(claim, &commit, self.slow);
                    if let Some(watch) = watch {
                        self.traces.turned(claim, &commit, 1, watch, laps.merged(&Laps::default()));
                    }
                    return Ok(());
                }
                Some(Ok(Err(CommitRefused::Stale))) | None => return Ok(()),
                Some(Err(error)) => return self.failed(claim, &error, round).await,
            }
        }
        self.store.release(claim.conversation.id, claim.token, self.retry_at(claim, RETRY_PASSING_MAX)).await
    }

    /// A turn that could not be run stays pending, is counted and tried again later; one that will never run is set
    /// aside, and a person goes on with the chat.
    async fn failed(&self, claim: &Claim, error: &TurnError, round: &mut Round) -> Result<(), StoreError> {
        round.failed += 1;
        metrics::counter!("acuerdo_turns_failed_total").increment(1);
        self.traces.turn_failed(claim, failures(claim), error.cause().unwrap_or("passing"), self.clock.now());
        let (conversation, lender) = (claim.conversation.id, &claim.conversation.lender);
        if let Some(cause) = error.cause()
            && failures(claim) + 1 >= FAILURES_MAX
        {
            let done = AssertUnwindSafe(self.set_aside(claim, cause, error)).catch_unwind().await;
            match done.unwrap_or(Err(TurnError::Panicked)) {
                Ok(messages) => {
                    round.messages += messages;
                    round.tickets += 1;
                    tracing::error!(
                        conversation.id = %conversation,
                        lender.id = %lender,
                        cause,
                        error = %error,
                        "turn set aside after {FAILURES_MAX} failures, a person has the chat: see `acuerdo dead list`"
                    );
                    return Ok(());
                }
                Err(why) => {
                    tracing::error!(conversation.id = %conversation, error = %why, "the turn could not be set aside");
                }
            }
        }
        tracing::error!(
            conversation.id = %conversation,
            lender.id = %lender,
            error = %error,
            "turn failed, will be tried again"
        );
        let most = if error.cause().is_none() { RETRY_PASSING_MAX } else { RETRY_MAX };
        self.store.release(conversation, claim.token, self.retry_at(claim, most)).await
    }

    fn retry_at(&self, claim: &Claim, most: Millis) -> Timestamp {
        let failures = failures(claim).min(8);
        let wait = RETRY_BASE.0.saturating_mul(4_i64.saturating_pow(failures)).min(most.0);
        self.clock.now().plus(Millis(wait))
    }
}
