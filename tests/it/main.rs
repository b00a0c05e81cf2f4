//! The only integration binary.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod graph_client;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod phone;
#[cfg(test)]
mod simulator;
#[cfg(test)]
mod simulator_bot;
