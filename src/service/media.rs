//! Fetches the files that people send, a few at a time and beside their chats: an answer never waits for a picture.

use crate::domain::time::{Millis, Timestamp};
use crate::ports::clock::Clock;
use crate::ports::media::{Lost, MediaClaim, MediaFailure, MediaSource};
use crate::ports::message_sender::SendAccount;
use crate::ports::{Store, StoreError};
use crate::service::lenders::Lenders;
use futures_util::future::join_all;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Files under way at once: with the largest that settings allow, what one process holds in memory for them.
pub const AT_ONCE: u32 = 4;
/// Two requests with their timeouts, and a commit.
const LEASE: Millis = Millis::minutes(2);
/// WhatsApp keeps what a webhook brought for seven days (Meta, October 2025; 30 before).
const KEPT_BY_META: Millis = Millis::days(7);
/// An id that WhatsApp does not know may be one that a new token would see: an operator has this long.
const UNKNOWN_FOR: Millis = Millis::days(1);
/// Tries after which a foreign address or a wrong hash is no slip of a moment.
const DOUBTED_TRIES: u32 = 3;
/// The first pause; each further one is four times as long.
const PAUSE: Millis = Millis::seconds(2);
const PAUSE_MAX: Millis = Millis::hours(1);
/// A failed fetch is told in the log from this try on, and then once in so many: below, it is every day's.
const TOLD_EVERY: u32 = 5;
/// Files of one chat that are kept within a day: receipts are few, and a disk is finite.
pub const FILES_OF_DAY_MAX: u32 = 40;

/// What a failed try leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Another one after this pause.
    Again(Millis),
    Never(Lost),
}

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    pub claimed: u32,
    pub kept: u32,
}

pub struct MediaFetch {
    store: Arc<dyn Store>,
    source: Arc<dyn MediaSource>,
    lenders: Arc<Lenders>,
    clock: Arc<dyn Clock>,
    /// A larger file is given up, bytes.
    bytes_max: usize,
}

impl MediaFetch {
    pub fn new(
        store: Arc<dyn Store>,
        source: Arc<dyn MediaSource>,
        lenders: Arc<Lenders>,
        clock: Arc<dyn Clock>,
        bytes_max: usize,
    ) -> Self {
        // Born at nothing, so that the first loss is a rise.
        metrics::counter!("acuerdo_media_kept_total").increment(0);
        metrics::counter!("acuerdo_media_retries_total").increment(0);
        for why in Lost::ALL {
            metrics::counter!("acuerdo_media_lost_total", "why" => why.name()).increment(0);
        }
        Self { store, source, lenders, clock, bytes_max }
    }

    /// Fetches the next files, [`AT_ONCE`] at most, and keeps, postpones or gives up each by itself. When it is
    /// cancelled, what is under way is left to another process at once.
    pub async fn round(&self, cancel: &CancellationToken) -> Result<Round, StoreError> {
        let claims = self.store.claim_media(self.clock.now(), LEASE, AT_ONCE).await?;
        let done = join_all(claims.iter().map(|claim| self.fetch(claim, cancel))).await;
        let mut round =
            Round { claimed: u32::try_from(claims.len()).unwrap_or(u32::MAX), ..Round::default() };
        for kept in done {
            round.kept += u32::from(kept?);
        }
        Ok(round)
    }

    /// Whether it was kept.
    async fn fetch(&self, claim: &MediaClaim, cancel: &CancellationToken) -> Result<bool, StoreError> {
        if claim.kept_of_day >= FILES_OF_DAY_MAX {
            return self.lose(claim, Lost::TooMany).await.map(|()| false);
        }
        let Some(lender) = self.lenders.get(&claim.lender) else {
            // Another process may have its settings; the token is in none of ours.
            let failure = MediaFailure::Passing { why: "its lender is not configured here".to_owned() };
            return self.failed(claim, &failure).await.map(|()| false);
        };
        let account = SendAccount {
            phone_number_id: claim.phone_number_id.clone(),
            waba_id: lender.waba_id.clone(),
            token: lender.access_token.clone(),
        };
        let fetched = self.source.fetch(&account, &claim.media_id, claim.sha256.as_deref(), self.bytes_max);
        let fetched = tokio::select! {
            fetched = fetched => fetched,
            () = cancel.cancelled() => {
                self.store.postpone_media(claim, self.clock.now()).await?;
                return Ok(false);
            }
        };
        match fetched {
            Ok(file) => match self.store.keep_media(claim, &file, self.clock.now()).await {
                Ok(kept) => {
                    metrics::counter!("acuerdo_media_kept_total").increment(u64::from(kept));
                    Ok(kept)
                }
                Err(error) if error.is_transient() => Err(error),
                // Not for ever every few minutes: it ends with the others.
                Err(error) => {
                    let failure = MediaFailure::Passing { why: error.to_string() };
                    self.failed(claim, &failure).await.map(|()| false)
                }
            },
            Err(failure) => self.failed(claim, &failure).await.map(|()| false),
        }
    }

    async fn failed(&self, claim: &MediaClaim, failure: &MediaFailure) -> Result<(), StoreError> {
        let now = self.clock.now();
        match next(failure, claim, now) {
            Next::Again(pause) => {
                metrics::counter!("acuerdo_media_retries_total").increment(1);
                if claim.tries.is_multiple_of(TOLD_EVERY) {
                    tracing::warn!(
                        input.id = %claim.id,
                        lender.id = %claim.lender,
                        tries = claim.tries,
                        error = %failure,
                        "a file could not be fetched and will be tried again"
                    );
                }
                self.store.postpone_media(claim, now.plus(pause)).await.map(drop)
            }
            Next::Never(why) => self.lose(claim, why).await,
        }
    }

    async fn lose(&self, claim: &MediaClaim, why: Lost) -> Result<(), StoreError> {
        if self.store.lose_media(claim, why, self.clock.now()).await? {
            metrics::counter!("acuerdo_media_lost_total", "why" => why.name()).increment(1);
            tracing::warn!(
                input.id = %claim.id,
                lender.id = %claim.lender,
                why = why.name(),
                "a file that a person sent could not be kept"
            );
        }
        Ok(())
    }
}

/// Pauses grow; what cannot get better ends, and so does what Meta has surely forgotten.
fn next(failure: &MediaFailure, claim: &MediaClaim, now: Timestamp) -> Next {
    let age = now.since(claim.received_at);
    let doubted = claim.tries < DOUBTED_TRIES;
    match failure {
        MediaFailure::TooLarge { .. } => Next::Never(Lost::TooLarge),
        MediaFailure::ForeignHost if !doubted => Next::Never(Lost::ForeignHost),
        MediaFailure::WrongHash if !doubted => Next::Never(Lost::WrongHash),
        MediaFailure::Unknown if age >= UNKNOWN_FOR => Next::Never(Lost::Unknown),
        MediaFailure::Passing { .. }
        | MediaFailure::Unknown
        | MediaFailure::ForeignHost
        | MediaFailure::WrongHash => match age >= KEPT_BY_META {
            true => Next::Never(Lost::Expired),
            false => Next::Again(pause(claim.tries)),
        },
    }
}

fn pause(tries: u32) -> Millis {
    let longer = 4_i64.saturating_pow(tries.saturating_sub(1).min(16));
    Millis(PAUSE.0.saturating_mul(longer).min(PAUSE_MAX.0))
}

#[cfg(test)]
mod tests {
    use super::{KEPT_BY_META, Next, PAUSE_MAX, UNKNOWN_FOR, next, pause};
    use crate::domain::ids::{InboxId, LenderId, PhoneNumberId};
    use crate::domain::time::{Millis, Timestamp};
    use crate::ports::media::{Lost, MediaClaim, MediaFailure};

    fn claim(tries: u32) -> MediaClaim {
        MediaClaim {
            id: InboxId(uuid::Uuid::nil()),
            lender: LenderId::from("andino"),
            phone_number_id: PhoneNumberId::from("1"),
            media_id: "77".to_owned(),
            sha256: None,
            received_at: Timestamp(0),
            tries,
            kept_of_day: 0,
        }
    }

    #[test]
    fn pauses_grow_to_an_hour() {
        assert_eq!([1, 2, 3, 4].map(|tries| pause(tries).0 / 1_000), [2, 8, 32, 128]);
        assert_eq!((pause(7), pause(u32::MAX)), (PAUSE_MAX, PAUSE_MAX));
    }

    #[test]
    fn a_file_is_given_up_only_when_no_try_can_help() {
        let passing = MediaFailure::Passing { why: "404".to_owned() };
        let soon = Timestamp(1_000);
        let at = |age: Millis| Timestamp(age.0);
        let never = Next::Never;
        for (failure, tries, now, expected) in [
            (&MediaFailure::TooLarge { max: 1 }, 1, soon, never(Lost::TooLarge)),
            (&MediaFailure::ForeignHost, 1, soon, Next::Again(pause(1))),
            (&MediaFailure::ForeignHost, 3, soon, never(Lost::ForeignHost)),
            (&MediaFailure::WrongHash, 2, soon, Next::Again(pause(2))),
            (&MediaFailure::WrongHash, 3, soon, never(Lost::WrongHash)),
            (&MediaFailure::Unknown, 9, soon, Next::Again(pause(9))),
            (&MediaFailure::Unknown, 9, at(UNKNOWN_FOR), never(Lost::Unknown)),
            (&passing, 99, at(UNKNOWN_FOR), Next::Again(PAUSE_MAX)),
            (&passing, 1, at(KEPT_BY_META), never(Lost::Expired)),
        ] {
            assert_eq!(next(failure, &claim(tries), now), expected, "{failure} {tries} {now:?}");
        }
    }
}
