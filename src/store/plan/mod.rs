//! Decisions of the store that need no SQL, shared by both backends. Pure.

pub(super) mod accept;
pub(super) mod desk;
pub(super) mod import;
pub(super) mod statuses;
pub(super) mod tries;
pub(super) mod turns;
