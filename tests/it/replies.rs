//! Replies said in the middle of a chat, put to the shipped flows: what may go wrong at most is in
//! `fixtures/replies/budget.toml`.

use acuerdo::flow::talk::replies::{measure, read_replies, read_scenes};
use acuerdo::flow::{load, read_folder};
use acuerdo::understand::Understander;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Shares in 1/10 000.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    rows: usize,
    acted_max: usize,
    asked_max: usize,
    unnoticed_max: usize,
    harm_max: usize,
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root(path)).unwrap()
}

#[test]
fn what_people_answer_is_understood_within_the_budget() {
    let flows = load(&read_folder(&root("flows")).unwrap()).unwrap().set;
    let understander = Understander::load(&root("flows/understanding")).unwrap();
    let scenes = read_scenes(&read("flows/understanding/scenes.tsv")).unwrap();
    let budgets: BTreeMap<String, Budget> =
        Figment::from(Toml::file_exact(root("fixtures/replies/budget.toml"))).extract().unwrap();
    let mut over = Vec::new();
    for (file, budget) in &budgets {
        let replies = read_replies(&read(&format!("fixtures/replies/{file}.tsv"))).unwrap();
        let report = measure(&flows, &understander, &scenes, &replies).unwrap();
        let total = report.total();
        assert_eq!(total.rows, budget.rows, "{file} lost or gained rows");
        let figures = [
            ("acted", total.alarm_bps(), budget.acted_max),
            ("asked", total.asked_bps(), budget.asked_max),
            ("unnoticed", total.unnoticed_bps(), budget.unnoticed_max),
            ("harm", total.harm_bps(), budget.harm_max),
        ];
        for (name, share, most) in figures {
            if share > most {
                over.push(format!("{file}: {name} {share} of 10000, at most {most}\n{report}"));
            }
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

#[test]
fn no_reply_that_measures_is_learnt_from() {
    let learnt: BTreeSet<String> = ["intents.tsv", "shared.tsv"]
        .iter()
        .flat_map(|file| {
            acuerdo::understand::lexicon::read_examples(&root("flows/understanding").join(file)).unwrap()
        })
        .map(|example| example.text.to_lowercase())
        .collect();
    // Of a few words everybody writes the same.
    let long = |text: &String| text.split_whitespace().count() > 4;
    let mut copied = Vec::new();
    for file in ["open", "reported"] {
        let replies = read_replies(&read(&format!("fixtures/replies/{file}.tsv"))).unwrap();
        let texts = replies.into_iter().map(|reply| reply.text.to_lowercase());
        copied.extend(texts.filter(|text| long(text) && learnt.contains(text)));
    }
    assert!(copied.is_empty(), "{copied:?}");
}
