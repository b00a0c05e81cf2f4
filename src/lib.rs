//! Acuerdo: people settle overdue debts in a respectful WhatsApp chat; lenders run that chat safely.
//!
//! The map, in reading order. Imports point from the bottom of this list to its top, never the other way;
//! `tests/it/tidy.rs` keeps it so.

pub mod domain;

pub mod rules;

pub mod understand;

pub mod flow;

pub mod ports;

pub mod service;

pub mod crypto;
pub mod debts;
pub mod otlp;
pub mod payments;
pub mod queue;
pub mod store;
pub mod whatsapp;

pub mod http;
pub mod worker;

pub mod app;
pub mod cli;
pub mod config;
pub mod system;
pub mod telemetry;
