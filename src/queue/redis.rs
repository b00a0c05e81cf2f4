//! The live queue in Redis: one Lua script per verb, so that each is atomic over all replicas.
//!
//! Redis is a cache of the tickets in the database. Run it with `maxmemory-policy noeviction`: a key that
//! Redis drops on its own is found again only by the next rebuild.

use crate::domain::ids::{AgentId, LenderId, TicketId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::handoff_queue::{HandoffQueue, Offer, QueueDepth, QueueError, QueuedTicket, Rebuild};
use crate::ports::records::Priority;
use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{FromRedisValue, RedisError, Script, ScriptInvocation};
use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;

const CONNECT_MAX: Duration = Duration::from_secs(1);
const RESPONSE_MAX: Duration = Duration::from_secs(1);
/// A verb with its reconnect; then the desk goes on with the database alone.
const VERB_MAX: Duration = Duration::from_secs(2);
const RECONNECT_DELAY_MAX: Duration = Duration::from_millis(500);

/// The code of what a replica refuses.
const READ_ONLY: &str = "READONLY";

/// Width of one priority in a score: above every time in milliseconds until the year 2248, and four of them
/// stay below 2^53, up to which Redis keeps a score exact.
const PRIORITY_WIDTH: i64 = 1 << 43;
const _: () = assert!(4 * PRIORITY_WIDTH < 1 << 53, "scores are exact");

#[derive(Debug, Error)]
pub enum ConnectError {
    /// The URL itself is never repeated: it may hold a password.
    #[error(
        "the Redis URL cannot be used ({why}): write redis://[user:password@]host[:port][/database], or \
             rediss:// for TLS with a certificate that this system trusts"
    )]
    Url { why: String },
    #[error("the Redis key prefix `{prefix}` must be 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.` and `:`")]
    Prefix { prefix: String },
}

/// Cheap to clone; all clones share one connection, which comes back by itself.
#[derive(Clone)]
pub struct RedisQueue {
    connection: Arc<Mutex<ConnectionManager>>,
    client: redis::Client,
    /// Where Redis is, for errors: `host:port`.
    place: String,
    prefix: String,
    verbs: Arc<Verbs>,
}

struct Verbs {
    enqueue: Script,
    hold: Script,
    take: Script,
    renew: Script,
    remove: Script,
    depths: Script,
    position: Script,
    needs_rebuild: Script,
    mark_rebuilt: Script,
    ping: Script,
}

macro_rules! verb {
    ($file:literal) => {
        Script::new(concat!(include_str!("lua/lib.lua"), include_str!($file)))
    };
}

impl Verbs {
    fn new() -> Self {
        Self {
            enqueue: verb!("lua/enqueue.lua"),
            hold: verb!("lua/hold.lua"),
            take: verb!("lua/take.lua"),
            renew: verb!("lua/renew.lua"),
            remove: verb!("lua/remove.lua"),
            depths: verb!("lua/depths.lua"),
            position: verb!("lua/position.lua"),
            needs_rebuild: Script::new(include_str!("lua/needs_rebuild.lua")),
            mark_rebuilt: Script::new(include_str!("lua/mark_rebuilt.lua")),
            ping: verb!("lua/ping.lua"),
        }
    }
}

impl fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisQueue").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Prepares a queue whose keys all begin with `prefix`; it connects at the first verb.
///
/// A Redis that is down is no error here: the desk starts on the database alone and the queue is rebuilt when
/// Redis answers. `ping` tells.
///
/// # Errors
/// Only for a URL or prefix that can never work.
pub async fn connect(url: &str, prefix: &str) -> Result<RedisQueue, ConnectError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(plain) {
        return Err(ConnectError::Prefix { prefix: prefix.to_owned() });
    }
    let wrong = |error: RedisError| ConnectError::Url { why: error.category().to_owned() };
    if url.ends_with("#insecure") {
        return Err(ConnectError::Url { why: "`#insecure` would trust any server".to_owned() });
    }
    if url.starts_with("rediss:") {
        // TLS with the ring provider; fails only when one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let client = redis::Client::open(url).map_err(wrong)?;
    let connection = Arc::new(Mutex::new(manager(&client).map_err(wrong)?));
    let place = client.get_connection_info().addr().to_string();
    Ok(RedisQueue { connection, client, place, prefix: prefix.to_owned(), verbs: Arc::new(Verbs::new()) })
}

/// It connects at its first use.
fn manager(client: &redis::Client) -> redis::RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(RESPONSE_MAX))
        .set_max_delay(RECONNECT_DELAY_MAX)
        .set_number_of_retries(1);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

impl RedisQueue {
    /// The hash tag `{…}` puts all keys of a lender into one slot of a cluster.
    fn base(&self, lender: &LenderId) -> String {
        format!("{}{{{lender}}}:", self.prefix)
    }

    fn markers(&self) -> [String; 3] {
        ["built", "rebuilds", "count"].map(|name| format!("{}{{rebuild}}:{name}", self.prefix))
    }

    async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, QueueError> {
        let mut connection = self.connection();
        self.within(call.invoke_async(&mut connection)).await
    }

    fn connection(&self) -> ConnectionManager {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn within<T>(&self, call: impl Future<Output = redis::RedisResult<T>>) -> Result<T, QueueError> {
        let error = match tokio::time::timeout(VERB_MAX, call).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(_) => return Err(self.unavailable(&format!("no answer in {} s", VERB_MAX.as_secs()))),
        };
        if error.code() == Some(READ_ONLY) {
            self.look_anew();
            return Err(self.unavailable(
                "it is a replica, which takes no writes (READONLY): let REDIS_URL lead to the primary",
            ));
        }
        Err(self.unavailable(&cause(&error)))
    }

    /// After a fail-over the name may lead to the new primary, and the old connection lives on.
    fn look_anew(&self) {
        if let Ok(fresh) = manager(&self.client) {
            *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }

    fn unavailable(&self, why: &str) -> QueueError {
        QueueError::Unavailable { why: format!("Redis at {}: {why}", self.place) }
    }
}

/// Kind and code, or what the system says of the connection; the details of an answer may quote keys or what was sent.
fn cause(error: &RedisError) -> String {
    if error.is_io_error()
        && let Some(io) = error.source()
    {
        return io.to_string();
    }
    match error.code() {
        Some(code) => format!("{} ({code})", error.category()),
        None => error.category().to_owned(),
    }
}

fn score(ticket: &QueuedTicket) -> i64 {
    let since = ticket.waiting_since.0.clamp(0, PRIORITY_WIDTH - 1);
    i64::from(ticket.priority.rank()) * PRIORITY_WIDTH + since
}

/// The arguments that describe a ticket, in the order that `enqueue` and `hold` read them.
fn describe<'a>(script: &'a Script, base: String, ticket: &QueuedTicket) -> ScriptInvocation<'a> {
    let mut call = script.key(base);
    call.arg(ticket.ticket.to_string())
        .arg(ticket.version)
        .arg(&ticket.queue)
        .arg(score(ticket))
        .arg(ticket.waiting_since.0);
    call
}

fn unreadable(what: &str) -> QueueError {
    QueueError::Unavailable { why: format!("Redis holds {what} that this program did not write") }
}

#[async_trait]
impl HandoffQueue for RedisQueue {
    async fn enqueue(&self, ticket: &QueuedTicket) -> Result<(), QueueError> {
        self.run(&describe(&self.verbs.enqueue, self.base(&ticket.lender), ticket)).await
    }

    async fn hold(&self, ticket: &QueuedTicket, agent: AgentId, until: Timestamp) -> Result<(), QueueError> {
        let mut call = describe(&self.verbs.hold, self.base(&ticket.lender), ticket);
        call.arg(agent.to_string()).arg(until.0);
        self.run(&call).await
    }

    async fn take(
        &self,
        lender: &LenderId,
        queues: &[String],
        agent: AgentId,
        now: Timestamp,
        lease: Millis,
    ) -> Result<Option<Offer>, QueueError> {
        let until = now.plus(lease);
        let mut call = self.verbs.take.key(self.base(lender));
        call.arg(now.0).arg(until.0).arg(agent.to_string());
        for queue in queues {
            call.arg(queue);
        }
        let taken: Option<(String, i64)> = self.run(&call).await?;
        let Some((ticket, version)) = taken else { return Ok(None) };
        let ticket: TicketId = ticket.parse().map_err(|_| unreadable("a ticket id"))?;
        Ok(Some(Offer { ticket, version, until }))
    }

    async fn renew(
        &self,
        lender: &LenderId,
        ticket: TicketId,
        agent: AgentId,
        until: Timestamp,
    ) -> Result<bool, QueueError> {
        let mut call = self.verbs.renew.key(self.base(lender));
        call.arg(ticket.to_string()).arg(agent.to_string()).arg(until.0);
        self.run(&call).await
    }

    async fn remove(&self, lender: &LenderId, ticket: TicketId, version: i64) -> Result<(), QueueError> {
        let mut call = self.verbs.remove.key(self.base(lender));
        call.arg(ticket.to_string()).arg(version);
        self.run(&call).await
    }

    async fn depths(&self, lender: &LenderId, now: Timestamp) -> Result<Vec<QueueDepth>, QueueError> {
        let mut call = self.verbs.depths.key(self.base(lender));
        call.arg(now.0).arg(PRIORITY_WIDTH).arg(Priority::ALL.len());
        let rows: Vec<(String, u64, u64, String)> = self.run(&call).await?;
        let mut depths = rows
            .into_iter()
            .map(|(queue, waiting, held, oldest)| {
                let oldest_waiting_since = match oldest.as_str() {
                    "" => None,
                    text => Some(Timestamp(text.parse().map_err(|_| unreadable("a time"))?)),
                };
                Ok(QueueDepth { queue, waiting, held, oldest_waiting_since })
            })
            .collect::<Result<Vec<_>, QueueError>>()?;
        depths.sort_by(|a, b| a.queue.cmp(&b.queue));
        Ok(depths)
    }

    async fn position(&self, lender: &LenderId, ticket: TicketId) -> Result<Option<u64>, QueueError> {
        let mut call = self.verbs.position.key(self.base(lender));
        call.arg(ticket.to_string());
        self.run(&call).await
    }

    async fn needs_rebuild(&self) -> Result<Option<Rebuild>, QueueError> {
        let [built, rebuilds, count] = self.markers();
        let mut call = self.verbs.needs_rebuild.key(built);
        call.key(rebuilds).key(count);
        let rebuild: Option<String> = self.run(&call).await?;
        Ok(rebuild.map(Rebuild))
    }

    async fn mark_rebuilt(&self, rebuild: &Rebuild) -> Result<(), QueueError> {
        let [built, rebuilds, _] = self.markers();
        let mut call = self.verbs.mark_rebuilt.key(built);
        call.key(rebuilds).arg(&rebuild.0);
        self.run(&call).await
    }

    /// A replica answers `PING` as well, and no verb.
    async fn ping(&self) -> Result<(), QueueError> {
        let mut call = self.verbs.ping.prepare_invoke();
        call.key(format!("{}{{ping}}:", self.prefix));
        self.run(&call).await
    }
}

#[cfg(test)]
mod tests {
    use super::connect;

    #[tokio::test]
    async fn a_wrong_url_is_refused_without_its_password() {
        for url in ["redis//user:hunter2@x", "http://user:hunter2@x", "redis://user:hunter2@:x:/y"] {
            let error = connect(url, "acuerdo").await.unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        let queue = connect("redis://user:hunter2@127.0.0.1:1/0", "acuerdo").await.unwrap();
        assert!(!format!("{queue:?}").contains("hunter2"));
        let error = crate::ports::handoff_queue::HandoffQueue::ping(&queue).await.unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[tokio::test]
    async fn a_prefix_cannot_move_the_hash_tag() {
        assert!(connect("redis://127.0.0.1", "a{b}").await.is_err());
    }
}
