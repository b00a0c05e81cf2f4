//! HTTP faces: webhook, desk API, simulator, health, metrics.

pub mod simulator;
