//! Reads the body of a request that anybody may send: in bounded time, and with bounded memory for all of them together.
//!
//! Meta sends one to a few kilobytes at once, uncompressed, and up to 3 MB for a full batch. So the first 16 KiB of each
//! body count against one budget and the rest against another: whoever lets thousands of large bodies hang fills the
//! second, and ordinary deliveries still pass.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A whole body must be here by then. Meta sends what it has at once.
pub const READ_MAX: Duration = Duration::from_secs(10);
/// Of each body, on the budget of the small ones.
const SMALL_BYTES: usize = 16 * 1024;
/// A large buffer grows by so much: twice as much each time, as vectors do, would be memory that the budgets know nothing of.
const GROWN_BYTES: usize = 256 * 1024;
/// All that is being read and stored at once, of the first bytes and of the others.
const SMALL_KIB: usize = 32 * 1024;
const LARGE_KIB: usize = 48 * 1024;

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// Compressed: Meta never is, and a few kilobytes would become gigabytes before the signature could be looked at.
    Encoded,
    /// Longer than what is taken.
    TooLarge,
    /// Not here within [`READ_MAX`].
    TooSlow,
    /// Others fill the memory for bodies.
    Busy,
    /// The connection ended before the body did.
    Broken,
}

impl BodyError {
    /// The metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Encoded => "encoded",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Busy => "busy",
            Self::Broken => "broken",
        }
    }
}

/// The memory for all bodies of one process.
pub struct BodyBudget {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Default for BodyBudget {
    fn default() -> Self {
        Self { small: Arc::new(Semaphore::new(SMALL_KIB)), large: Arc::new(Semaphore::new(LARGE_KIB)) }
    }
}

/// A body with its share of the budget, which it gives back when it is dropped.
pub struct Body {
    pub bytes: Vec<u8>,
    small: Share,
    large: Share,
}

/// Kibibytes of one budget.
#[derive(Default)]
struct Share {
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Makes it `bytes` large, or says that there is no room.
    fn grow(&mut self, budget: &Arc<Semaphore>, bytes: usize) -> Result<(), BodyError> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more =
            u32::try_from(bytes.div_ceil(1024).saturating_sub(held)).map_err(|_| BodyError::TooLarge)?;
        if more == 0 {
            return Ok(());
        }
        let permit = Arc::clone(budget).try_acquire_many_owned(more).map_err(|_| BodyError::Busy)?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }
}

/// What the head of a request says against its body, before a byte of it is read.
pub fn refused_by_head(request: &HttpRequest, max: usize) -> Option<BodyError> {
    if request.headers().contains_key(CONTENT_ENCODING) {
        return Some(BodyError::Encoded);
    }
    let declared =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    declared.filter(|length| *length > max).map(|_| BodyError::TooLarge)
}

impl BodyBudget {
    /// The whole body, of at most `max` bytes.
    pub async fn read(&self, payload: web::Payload, max: usize) -> Result<Body, BodyError> {
        tokio::time::timeout(READ_MAX, self.read_on(payload, max)).await.unwrap_or(Err(BodyError::TooSlow))
    }

    async fn read_on(&self, mut payload: web::Payload, max: usize) -> Result<Body, BodyError> {
        let mut body = Body { bytes: Vec::new(), small: Share::default(), large: Share::default() };
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| BodyError::Broken)?;
            let length = body.bytes.len() + chunk.len();
            if length > max {
                return Err(BodyError::TooLarge);
            }
            body.small.grow(&self.small, length.min(SMALL_BYTES))?;
            body.large.grow(&self.large, length.saturating_sub(SMALL_BYTES))?;
            if length > SMALL_BYTES && length > body.bytes.capacity() {
                body.bytes.reserve_exact(length.next_multiple_of(GROWN_BYTES) - body.bytes.len());
            }
            body.bytes.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
