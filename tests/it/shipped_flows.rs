//! The shipped bot passes its own checker, without a single warning.

use acuerdo::flow;
use std::path::Path;

#[test]
fn the_shipped_flows_have_no_errors_and_no_warnings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows");
    let files = flow::read_folder(&folder).unwrap();
    let found = match flow::load(&files) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    };
    let lines: Vec<String> = found
        .iter()
        .map(|one| {
            let help = one.help.as_deref().unwrap_or_default();
            format!(
                "{} {}:{}:{} {} {} | {help} {}",
                one.code,
                one.place.file,
                one.place.line,
                one.place.column,
                one.message,
                one.label,
                one.path.join(" → ")
            )
        })
        .collect();
    assert!(lines.is_empty(), "{} findings:\n{}", lines.len(), lines.join("\n"));
}
