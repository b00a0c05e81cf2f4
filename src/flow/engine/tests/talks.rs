//! Every `fixtures/flows/<case>/talks/*.txt`: what the person does and what must come back, as a person reads it.
//!
//! `ACUERDO_BLESS=1 cargo test talks` writes what came out; then read the difference.

use super::{MOTOR, UNDERSTANDER, bogota, facts, folder};
use crate::flow::talk::{Talk, script};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_written_conversation_comes_out_as_written() {
    let mut wrong = Vec::new();
    let mut visited = BTreeSet::new();
    for case in std::fs::read_dir("fixtures/flows").unwrap() {
        let case = case.unwrap().path();
        let Ok(talks) = std::fs::read_dir(case.join("talks")) else { continue };
        let flows = folder(case.to_str().unwrap());
        for file in talks {
            let file = file.unwrap().path();
            let written = std::fs::read_to_string(&file).unwrap();
            let mut talk = Talk::new(&flows, &UNDERSTANDER, bogota(), facts());
            let came = script::run(&mut talk, &written).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            visited.extend(talk.trail.iter().map(|visit| format!("{}.{}", visit.flow, visit.step)));
            if came != written {
                wrong.push(report(&file, &written, &came));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let written = MOTOR.flows.values().flat_map(|flow| {
        flow.steps
            .keys()
            .filter(|step| !step.as_str().starts_with('@'))
            .map(|step| format!("{}.{step}", flow.id))
    });
    let unseen: Vec<String> = written.filter(|step| !visited.contains(step)).collect();
    assert!(unseen.is_empty(), "no conversation goes through {unseen:?}");
}

fn report(file: &Path, written: &str, came: &str) -> String {
    if std::env::var_os("ACUERDO_BLESS").is_some() {
        std::fs::write(file, came).unwrap();
        return format!("{}: written anew", file.display());
    }
    let at = written.lines().zip(came.lines()).take_while(|(a, b)| a == b).count();
    let rest = |text: &str| text.lines().skip(at).take(8).collect::<Vec<_>>().join("\n  ");
    format!("{}:{}\n expected\n  {}\n came\n  {}", file.display(), at + 1, rest(written), rest(came))
}
