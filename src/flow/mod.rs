//! The flow language: load, check, and [`step`](engine::step), the pure engine.
//!
//! Data flow: `source` (YAML with places) → `syntax` (as written) → `check` → [`model`] (compiled) → `engine`.
//! No clock, random, I/O or async anywhere below this module, except reading the folder in `load`.

pub mod catalogue;
pub mod effect;
pub mod expr;
pub mod facts;
pub mod input;
pub mod model;
pub mod state;
pub mod text;
pub mod value;
