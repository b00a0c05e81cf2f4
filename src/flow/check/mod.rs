//! Static checks over the compiled model, one concern per file.

pub mod names;
pub mod texts;
