//! The loader of flow folders: each diagnostic has a place inside its file, and what loads can be played.
//!
//! The input is a file of a small correct folder, whole: the first byte says which folder and file.
#![no_main]

use acuerdo::flow::diagnostic::{Colour, Diagnostic, render, summary};
use acuerdo::flow::{hash, load, load_published};
use acuerdo_fuzz::chat::Chat;
use acuerdo_fuzz::folder;
use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::sync::LazyLock;

type Files = BTreeMap<String, String>;

static FOLDERS: LazyLock<[Files; 2]> =
    LazyLock::new(|| [folder("fixtures/flows/mini"), folder("fixtures/flows/motor")]);

fuzz_target!(|bytes: &[u8]| {
    let Some((which, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let mut files = FOLDERS[usize::from(which % 2)].clone();
    let n = usize::from(which / 2) % files.len();
    let Some(file) = files.values_mut().nth(n) else { return };
    text.clone_into(file);

    match load(&files) {
        Err(found) => {
            assert!(!found.is_empty(), "refused without a word");
            judge(&found, &files);
            let again = load(&files).expect_err("the same folder is refused again");
            assert_eq!(found, again, "the same folder, the same diagnostics");
        }
        Ok(loaded) => {
            judge(&loaded.warnings, &files);
            assert_eq!(loaded.set.hash, hash(&files));
            let published = load_published(&files).expect("what was proved can be published");
            assert_eq!(published.hash, loaded.set.hash);
            // The text itself says what happens in the chat.
            let _ = Chat::new(&loaded.set, None, true).play(&mut Unstructured::new(text.as_bytes()));
        }
    }
});

fn judge(found: &[Diagnostic], files: &Files) {
    for one in found {
        for place in std::iter::once(&one.place).chain(one.related.iter().map(|related| &related.place)) {
            let Some(text) = files.get(&place.file) else {
                // Something is missing from the folder as a whole.
                assert!(place.file.is_empty(), "`{}` is no file of the folder", place.file);
                continue;
            };
            assert!(text.get(place.range.start..place.range.end).is_some(), "{place:?} is outside its file");
            let before = &text[..place.range.start];
            assert_eq!(place.line, before.matches('\n').count() + 1, "{place:?}");
            let line = before.rsplit('\n').next().unwrap_or_default();
            assert_eq!(place.column, line.chars().count() + 1, "{place:?}");
        }
        assert!(!one.message.is_empty());
    }
    assert_eq!(render(found, files, Colour::Off).is_empty(), found.is_empty());
    assert!(!summary(found).is_empty());
    serde_json::to_string(found).expect("diagnostics are JSON");
}
