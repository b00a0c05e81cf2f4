//! HTTP faces: webhook, desk API, simulator, health, metrics.

pub mod api;
pub mod closed_answers;
pub mod delivery_body;
pub mod error;
pub mod operations;
pub mod own_host;
pub mod request_id;
pub mod simulator;
pub mod webhook;
