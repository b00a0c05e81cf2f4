//! The live hand-off queue: Redis, or memory for one process.

pub mod inspect;
pub mod memory;
pub mod redis;
