//! The only integration binary.

#[cfg(test)]
mod graph_client;
#[cfg(test)]
mod harness;
