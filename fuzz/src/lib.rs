//! What the fuzz targets share. `scripts/fuzz` runs them; docs/testing.md says what each holds.

pub mod chat;
pub mod consent;
pub mod samples;

use acuerdo::flow;
use std::collections::BTreeMap;
use std::path::Path;

/// A folder of the repository, whatever the working directory is.
pub fn folder(path: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    flow::read_folder(&root.join(path)).expect("the repository has this folder")
}
