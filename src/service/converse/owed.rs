//! Claims that a failing database left unfinished: they are given back as soon as it answers, not when their lease ends.

use crate::domain::ids::ConversationId;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::conversations::Claim;
use crate::service::converse::{Converse, RETRY_BASE, RETRY_PASSING_MAX};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(super) struct Owed(Mutex<State>);

#[derive(Default)]
struct State {
    /// Conversation, token of its claim, and when it may be claimed again.
    claims: Vec<(ConversationId, i64, Timestamp)>,
    /// Batches in a row that came to nothing.
    failures: u32,
}

impl Owed {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch was worked off: the next one that fails is the first again.
    pub fn worked(&self) {
        self.state().failures = 0;
    }

    /// Nothing says that these chats are at fault, so their failures are not counted; the batches' are, so that a
    /// database that takes claims and no turns is not asked without a pause.
    fn owe(&self, claims: &[Claim], now: Timestamp) {
        let mut state = self.state();
        let wait = RETRY_BASE.0.saturating_mul(4_i64.saturating_pow(state.failures)).min(RETRY_PASSING_MAX.0);
        state.failures = state.failures.saturating_add(1);
        let retry_at = now.plus(Millis(wait));
        state.claims.extend(claims.iter().map(|claim| (claim.conversation.id, claim.token, retry_at)));
    }
}

impl Converse {
    /// The whole batch came to nothing, or part of it. What was committed all the same, was released, or has another
    /// holder by now, is not touched.
    pub(super) async fn unfinished(&self, claims: &[Claim], error: &StoreError) {
        self.owed.owe(claims, self.clock.now());
        match self.give_back().await {
            Ok(()) => tracing::warn!(error = %error, turns = claims.len(), "a batch of turns was given back"),
            Err(why) => {
                tracing::warn!(error = %why, turns = claims.len(), "a batch of turns is given back once that is possible");
            }
        }
    }

    /// Gives back what an outage kept.
    pub(super) async fn give_back(&self) -> Result<(), StoreError> {
        let owed = std::mem::take(&mut self.owed.state().claims);
        if owed.is_empty() {
            return Ok(());
        }
        let given = self.store.give_back(&owed).await;
        if given.as_ref().is_err_and(StoreError::is_transient) {
            self.owed.state().claims.extend(owed);
        }
        given
    }
}
