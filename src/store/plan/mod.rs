//! Decisions of the store that need no SQL, shared by both backends. Pure.

pub(super) mod accept;
pub(super) mod desk;
mod directory;
mod handover;
pub(super) mod import;
pub(super) mod settled;
pub(super) mod statuses;
pub(super) mod tries;
mod turn_rows;
pub(super) mod turns;
