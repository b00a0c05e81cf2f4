//! The only integration binary.

#[cfg(test)]
mod graph_client;
mod harness;
mod contract_queue;
