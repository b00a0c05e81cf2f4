//! The memory store of the contract suite, with a view of its rows for the oracle.

#[path = "../support/memory/mod.rs"]
pub mod memory;
#[path = "../../src/store/plan/mod.rs"]
#[expect(dead_code, reason = "what only SQL needs")]
mod plan;
#[path = "../../src/store/rows/mod.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "what only SQL needs")]
mod rows;
#[path = "view.rs"]
pub mod view;

/// What `rows` and `plan` say when a value cannot be written.
mod error {
    use crate::ports::StoreError;

    pub(super) const fn failed(why: String) -> StoreError {
        StoreError::Failed { why }
    }
}
