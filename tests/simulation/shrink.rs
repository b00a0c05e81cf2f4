//! Makes a failing run small: leaves out steps and faults as long as it still breaks the same promise.

use crate::base::Base;
use crate::mutants::Mutant;
use crate::plan::{Plan, Spec};
use crate::runner::{Outcome, run};

/// What a violation is about, without the ids and numbers of the run.
fn kind_of(violation: &str) -> String {
    violation
        .chars()
        .filter(|c| c.is_alphabetic() || *c == ' ')
        .take(200)
        .collect::<String>()
        .split_whitespace()
        .filter(|word| {
            word.len() > 2 && word.chars().all(|c| !c.is_ascii_hexdigit() || c.is_ascii_lowercase())
        })
        .take(4)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The smallest run found, and what it came to with a trace.
pub fn shrink(base: &Base, seed: u64, mutant: Option<Mutant>) -> (Spec, Outcome) {
    let whole = Plan::of(seed);
    let all = |n: usize| if n >= 64 { u64::MAX } else { (1 << n) - 1 };
    let mut spec = Spec { seed, steps: all(whole.steps.len()), faults: all(whole.faults.len()) };
    let fails = |spec: &Spec| {
        let outcome = run(base, &whole.only(spec.steps, spec.faults), mutant, false);
        outcome.violations.first().map(|violation| kind_of(violation))
    };
    let wanted = fails(&spec);
    let still = |spec: &Spec| wanted.is_some() && fails(spec) == wanted;
    loop {
        let before = spec;
        spec.faults = smaller(spec.faults, |faults| still(&Spec { faults, ..spec }));
        spec.steps = smaller(spec.steps, |steps| still(&Spec { steps, ..spec }));
        if spec == before {
            break;
        }
    }
    let outcome = run(base, &spec.plan(), mutant, true);
    (spec, outcome)
}

/// Takes out runs of bits, long ones first, as long as `fails` says so.
fn smaller(mut mask: u64, fails: impl Fn(u64) -> bool) -> u64 {
    let mut length = 32;
    while length > 0 {
        let kept: Vec<u32> = (0..64).filter(|bit| mask & (1 << bit) != 0).collect();
        for part in kept.chunks(length) {
            let without = part.iter().fold(mask, |mask, bit| mask & !(1 << bit));
            if without != mask && fails(without) {
                mask = without;
            }
        }
        length /= 2;
    }
    mask
}
