//! The only integration binary.

#[cfg(test)]
mod graph_client;
mod harness;
mod contract_queue;
mod desk_api;
mod desk_fake;
mod desk_world;
