//! A third store, in memory, behind the same contract: what the simulation runs on.
//!
//! The decisions (`plan`) and the reading of rows (`rows`) are the product's own files, compiled here a second
//! time, so that only what SQL does is written anew.

#[path = "memory/mod.rs"]
pub mod memory;
#[path = "../../src/store/plan/mod.rs"]
#[expect(dead_code, reason = "what only SQL needs")]
mod plan;
#[path = "../../src/store/rows/mod.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "what only SQL needs")]
mod rows;

/// What `rows` and `plan` say when a value cannot be written.
mod error {
    use crate::ports::StoreError;

    pub(super) const fn failed(why: String) -> StoreError {
        StoreError::Failed { why }
    }
}
