//! HTTP faces: webhook, desk API, simulator, health, metrics.

pub mod api;
pub mod error;
pub mod simulator;
