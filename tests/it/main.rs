//! The only integration binary.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says where it stopped"
)]

mod agent_words;
mod allocations;
mod batches;
mod bodies;
mod browser;
mod bursts;
mod cases;
mod commands;
mod consent;
mod contract;
mod contract_queue;
mod crash;
mod dead_letters;
mod demo_journey;
mod desk_api;
mod desk_bounds;
mod desk_care;
mod desk_doubts;
mod desk_guard;
mod desk_lists;
mod desk_openapi;
mod desk_rights;
mod desk_words;
mod desk_world;
mod doctor_deep;
mod doors;
mod floods;
mod graph_client;
mod guessing;
mod harness;
mod identity;
mod imports;
mod intake;
mod journey;
mod journey_log;
mod masking;
mod media;
mod missed;
mod mourning;
mod no_silence;
mod numbers;
mod old_sessions;
mod outages;
mod person;
mod phone;
mod promises;
mod query_plans;
mod replays;
mod replicas;
mod replies;
mod retention;
mod sample_days;
mod scenario_answers;
mod scenario_app;
mod scenario_format;
mod scenario_talk;
mod scenario_world;
mod secrets;
mod settings;
mod shared_phone;
mod shipped_flows;
mod simulator;
mod simulator_bot;
mod slow_requests;
#[path = "../support/store.rs"]
mod store;
mod tidy;
mod times;
mod traces;
mod withheld;
mod work;

// Under the names that the product's own files use, which `store` compiles a second time.
use acuerdo::{domain, ports, rules};
