//! Meta's WhatsApp Cloud API: signatures, webhooks, sending, errors.
//!
//! Nothing outside this module knows Meta's JSON. Inbound: [`signature`] over the raw bytes, then [`webhook`].
//! Outbound: [`request`] turns a message into a body within Meta's limits, [`client`] posts it and says exactly
//! whether it can have left, [`errors`] says what to do about a refusal. [`inspect`] reads such a body back, for
//! everything that plays Meta's part (the phone simulator, tests).

pub mod answer;
pub mod client;
pub mod errors;
pub mod inspect;
pub mod limits;
pub mod media;
pub mod request;
pub mod signature;
pub mod webhook;
mod wire_out;
