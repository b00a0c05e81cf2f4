//! Sends messages to people, and tells exactly whether a message can have left.

use crate::domain::identity::{Bsuid, WaId, WaIdentity};
use crate::domain::ids::{PhoneNumberId, Wamid};
use crate::domain::outbound::Outbound;
use crate::domain::pii::Pii;
use crate::domain::reaction::Reaction;
use crate::domain::time::Millis;
use async_trait::async_trait;
use secrecy::SecretString;

/// The number that sends, with the right to use it.
#[derive(Debug, Clone)]
pub struct SendAccount {
    pub phone_number_id: PhoneNumberId,
    /// The WhatsApp Business Account of the number, when configured; only [`MessageSender::check`] needs it.
    pub waba_id: Option<String>,
    /// A system user's access token.
    pub token: SecretString,
}

/// WhatsApp took the message. It is not delivered yet, and may still fail by status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub wamid: Wamid,
    /// The person's phone as WhatsApp knows it; given when the message went to a phone.
    pub wa_id: Option<WaId>,
    /// The person's business-scoped user id, when the answer names it: a sure pair with `wa_id`.
    pub user_id: Option<Bsuid>,
    /// Templates only: `accepted`, `held_for_quality_assessment` or `paused`.
    pub message_status: Option<String>,
}

/// A message did not go out, or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// WhatsApp answered no; the message did not go out.
    #[error("refused by WhatsApp: code {}, HTTP {http_status}, reaction {}, trace {}", code.unwrap_or(-1), reaction.name(), fbtrace_id.as_deref().unwrap_or("-"))]
    Rejected {
        reaction: Reaction,
        /// Meta's code; absent when the answer held none.
        code: Option<i64>,
        http_status: u16,
        /// What Meta's support asks for.
        fbtrace_id: Option<String>,
        /// Meta's own explanation; may repeat what was sent.
        details: Option<Pii<String>>,
    },
    /// The request may have reached WhatsApp and no usable answer came back. Never send again on this alone: wait for
    /// a status that carries the callback.
    #[error("in doubt: {why}")]
    InDoubt { why: String },
    /// The request surely never left: sending again cannot double the message.
    #[error("not sent: {why}")]
    NotSent { why: String },
    /// The message breaks a limit of WhatsApp; it was not sent and must not be tried again as it is.
    #[error("not sendable: {why}")]
    Invalid { why: String },
}

/// Whether a read receipt also shows that we are typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadReceipt {
    Read,
    ReadAndTyping,
}

/// What Meta says about a number, for `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCheck {
    pub display_phone_number: Option<String>,
    pub verified_name: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub quality_rating: Option<String>,
    /// `CONNECTED` when the number can send.
    pub status: Option<String>,
    /// `STANDARD`, `HIGH` …
    pub throughput: Option<String>,
    /// The apps that receive webhooks of the account. Absent when no `waba_id` is configured; empty means that no
    /// real message will ever arrive.
    pub subscribed_apps: Option<Vec<String>>,
}

/// The way to people. Implementations keep no state between calls and never repeat a send by themselves.
#[async_trait]
pub trait MessageSender: Send + Sync {
    /// Sends one message. `callback` comes back in every status of it (`out:<outbox id>`).
    ///
    /// WhatsApp knows no idempotency: two calls are two messages. Returns within [`MessageSender::timeout`].
    async fn send(
        &self,
        account: &SendAccount,
        to: &WaIdentity,
        message: &Outbound,
        callback: &str,
    ) -> Result<Accepted, SendFailure>;

    /// Opens a connection, so that the first message need not wait for it; whether it could shows at the first send.
    async fn warm(&self) {}

    /// The longest that [`MessageSender::send`] takes, with the connection.
    fn timeout(&self) -> Millis {
        Millis::seconds(20)
    }

    /// Shows the person that the message `wamid` (and those before it) was read. Repeating is harmless.
    async fn mark_read(
        &self,
        account: &SendAccount,
        wamid: &Wamid,
        receipt: ReadReceipt,
    ) -> Result<(), SendFailure>;

    /// Asks Meta about the number and its webhook subscription; changes nothing.
    async fn check(&self, account: &SendAccount) -> Result<AccountCheck, SendFailure>;

    /// What a `failed` status with these codes asks for; the gravest when there are several. Pure.
    fn reaction(&self, codes: &[i64]) -> Reaction;
}
