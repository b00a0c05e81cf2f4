//! The flow language: load, check, and [`step`](engine::step), the pure engine.
//!
//! Data flow: `source` (YAML with places) → `syntax` (as written) → `compile` (names, types) → `check` (proofs over
//! the compiled [`model`]) → `engine`.
//! No clock, random, I/O or async anywhere below this module, except reading the folder in [`source::read_folder`].

mod align;
pub mod catalogue;
pub mod check;
pub mod compile;
pub mod diagnostic;
pub mod effect;
pub mod engine;
pub mod expr;
pub mod facts;
pub mod graph;
pub mod input;
pub mod load;
pub mod model;
pub mod render;
pub mod source;
pub mod state;
mod steps;
pub mod syntax;
pub mod talk;
pub mod text;
pub mod value;

pub use load::{Loaded, Loader, hash, load, load_published, load_to_try};
pub use source::read_folder;
