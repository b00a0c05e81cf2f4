//! Tests about the code: layers, homes of libraries, sizes, completeness of fixtures, links of documents.

mod docs;
mod fixtures;
mod layers;
mod modules;
mod moments;
mod privacy;

use std::path::{Path, PathBuf};

/// A text file of the repository, by its path from the root with `/` between.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    /// `src/store/postgres/inbox.rs` belongs to `store`, `src/app.rs` to `app`; outside `src` it is empty.
    pub fn module(&self) -> &str {
        let inner = self.path.strip_prefix("src/").unwrap_or("");
        inner.split('/').next().unwrap_or("").trim_end_matches(".rs")
    }

    /// Numbered lines of what is shipped: no comments, and nothing of the tests, which may reach anywhere.
    pub fn shipped_lines(&self) -> Vec<(usize, &str)> {
        if self.path.contains("/tests/") || self.is_test_module() {
            return Vec::new();
        }
        let lines: Vec<&str> = self.text.lines().collect();
        let tests = lines
            .windows(2)
            .position(|pair| {
                pair[0].trim() == "#[cfg(test)]" && pair[1].contains("mod ") && pair[1].ends_with('{')
            })
            .unwrap_or(lines.len());
        lines[..tests]
            .iter()
            .enumerate()
            .map(|(at, line)| (at + 1, *line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .collect()
    }
}

impl Source {
    /// Whether its parent declares it as `#[cfg(test)] mod name;`.
    fn is_test_module(&self) -> bool {
        let Some((folder, file)) = self.path.rsplit_once('/') else { return false };
        let declared = format!("#[cfg(test)]\nmod {};", file.trim_end_matches(".rs"));
        [format!("{folder}/mod.rs"), format!("{folder}.rs")].iter().any(|parent| {
            std::fs::read_to_string(root().join(parent)).is_ok_and(|text| text.contains(&declared))
        })
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with this ending, in the order of their paths. A folder that is not there has none.
pub fn sources(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    let mut sources: Vec<Source> = found
        .into_iter()
        .map(|path| (relative(&path), path))
        .filter(|(name, _)| name.ends_with(ending))
        .map(|(path, file)| Source { path, text: std::fs::read_to_string(file).unwrap() })
        .collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// Rust files that are compiled into the program.
pub fn program() -> Vec<Source> {
    let sources = sources("src", ".rs");
    assert!(sources.len() > 50, "the scan of src/ found only {} files", sources.len());
    sources
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/")
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !matches!(name, "target" | ".git" | "data" | "node_modules") {
                walk(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

/// Fails with every finding on a line of its own, so that all can be mended at once.
pub fn none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}\n  {}\n", findings.join("\n  "));
}
