//! The live hand-off queue: Redis, or memory for one process.

pub mod memory;
pub mod redis;
