//! The command line of the simulation, and the few seeds that every test run plays.

use crate::base::Base;
use crate::mutants::Mutant;
use crate::oracle::Tally;
use crate::plan::Spec;
use crate::runner::{Outcome, run};
use crate::shrink::shrink;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

const HELP: &str = "\
Plays the product in a simulated world, once for each seed, and judges what came of it.

  --seeds N          how many seeds (default 200)
  --from SEED        the first seed (default 1)
  --replay SPEC      one run, as a failure names it: SEED or SEED:STEPS:FAULTS; prints its trace
  --mutants N        plants each known bug and looks for it with up to N seeds
  --explain N        how many failing seeds to make small and tell (default 2)
  --mutant NAME      plants this bug (with --seeds or --replay)
";

/// Seeds of a test run in a debug build, and of each planted bug in it.
const FEW: u64 = 15;

struct Asked {
    seeds: u64,
    from: u64,
    replay: Option<Spec>,
    mutants: Option<u64>,
    mutant: Option<Mutant>,
    explain: usize,
    few: bool,
}

pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // What test runners ask of a test binary.
    if has("--list") {
        if !has("--ignored") {
            println!("a_few_seeds_hold: test");
        }
        return ExitCode::SUCCESS;
    }
    if has("--help") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let Some(asked) = parse(&arguments) else {
        print!("{HELP}");
        return ExitCode::FAILURE;
    };
    let base = Base::load();
    let well = match (asked.replay, asked.mutants) {
        (Some(spec), _) => replay(&base, spec, asked.mutant),
        (None, Some(seeds)) => hunt(&base, asked.from, seeds),
        (None, None) if asked.few => a_few_seeds_hold(&base, asked),
        (None, None) => play(&base, &asked),
    };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parse(arguments: &[String]) -> Option<Asked> {
    let mut asked =
        Asked { seeds: 200, from: 1, replay: None, mutants: None, mutant: None, explain: 2, few: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seeds" => asked.seeds = rest.next()?.parse().ok()?,
            "--from" => asked.from = rest.next()?.parse().ok()?,
            "--replay" => asked.replay = Some(Spec::parse(rest.next()?)?),
            "--mutants" => asked.mutants = Some(rest.next()?.parse().ok()?),
            "--mutant" => asked.mutant = Some(Mutant::parse(rest.next()?)?),
            "--explain" => asked.explain = rest.next()?.parse().ok()?,
            "a_few_seeds_hold" => asked.few = true,
            "--exact" | "--nocapture" => {}
            _ => return None,
        }
    }
    Some(asked)
}

/// The only test that a test runner sees here.
fn a_few_seeds_hold(base: &Base, asked: Asked) -> bool {
    play(base, &Asked { seeds: FEW, ..asked })
}

fn replay(base: &Base, spec: Spec, mutant: Option<Mutant>) -> bool {
    let outcome = run(base, &spec.plan(), mutant, true);
    tell(&outcome);
    outcome.violations.is_empty()
}

fn tell(outcome: &Outcome) {
    outcome.trace.iter().for_each(|line| println!("{line}"));
    for violation in &outcome.violations {
        println!("VIOLATED: {violation}");
    }
}

/// What many runs came to together.
#[derive(Default)]
struct Sum {
    tally: Tally,
    n_faults: u64,
    n_events: u64,
    failed: Vec<(u64, String)>,
}

fn play(base: &Base, asked: &Asked) -> bool {
    if !repeats(base, asked) {
        println!("the same seed gave two different runs: something in it is not simulated");
        return false;
    }
    let started = Instant::now();
    let sum = sweep(base, asked.from, asked.seeds, asked.mutant, false);
    let elapsed = started.elapsed();
    let Tally { messages, replies, proofs, agreements, tickets, unconfirmed, refused } = sum.tally;
    println!(
        "{} seeds in {elapsed:.1?}: {messages} inputs, {replies} replies, {proofs} proofs of identity, {agreements} \
         agreements, {tickets} tickets, {unconfirmed} unconfirmed, {refused} refused, {} faults, {} events",
        asked.seeds, sum.n_faults, sum.n_events
    );
    for (seed, violation) in sum.failed.iter().take(40) {
        println!("seed {seed}: {violation}");
    }
    for (seed, _) in sum.failed.iter().take(asked.explain) {
        explain(base, *seed, asked.mutant);
    }
    sum.failed.is_empty()
}

/// The first seeds, played twice: everything in a run must follow from its seed.
fn repeats(base: &Base, asked: &Asked) -> bool {
    (asked.from..asked.from + asked.seeds.min(10)).all(|seed| {
        let once = || run(base, &Spec::whole(seed).plan(), asked.mutant, false).fingerprint;
        once() == once()
    })
}

fn explain(base: &Base, seed: u64, mutant: Option<Mutant>) {
    let (spec, outcome) = shrink(base, seed, mutant);
    println!("\n=== seed {seed}, made smaller: scripts/simulate --replay {spec} ===");
    tell(&outcome);
}

/// Every planted bug must be found.
fn hunt(base: &Base, from: u64, seeds: u64) -> bool {
    let mut well = true;
    for mutant in Mutant::ALL {
        let started = Instant::now();
        let sum = sweep(base, from, seeds, Some(mutant), true);
        match sum.failed.first() {
            Some((seed, _)) => {
                let (spec, outcome) = shrink(base, *seed, Some(mutant));
                println!(
                    "found   {:<28} in {:.1?}: {} (--mutant {} --replay {spec})",
                    mutant.name(),
                    started.elapsed(),
                    outcome.violations.first().map_or("", String::as_str),
                    mutant.name()
                );
            }
            None => {
                println!("MISSED  {:<28} with {seeds} seeds", mutant.name());
                well = false;
            }
        }
    }
    well
}

/// Plays seeds on every core; stops at the first failure when that is all that is asked.
fn sweep(base: &Base, from: u64, seeds: u64, mutant: Option<Mutant>, first_only: bool) -> Sum {
    let next = AtomicU64::new(from);
    let over = AtomicBool::new(false);
    let sum = Mutex::new(Sum::default());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds || over.load(Ordering::Relaxed) {
                        return;
                    }
                    let outcome = run(base, &Spec::whole(seed).plan(), mutant, false);
                    // Of a planted bug counts only what is not there without it.
                    if !outcome.violations.is_empty() && first_only {
                        let healthy = run(base, &Spec::whole(seed).plan(), None, false);
                        if !healthy.violations.is_empty() {
                            continue;
                        }
                    }
                    let mut sum = sum.lock().unwrap();
                    sum.add(seed, &outcome);
                    if first_only && !outcome.violations.is_empty() {
                        over.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut sum = sum.into_inner().unwrap();
    sum.failed.sort_unstable();
    sum
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: &Outcome) {
        let (sum, one) = (&mut self.tally, outcome.tally);
        sum.messages += one.messages;
        sum.replies += one.replies;
        sum.proofs += one.proofs;
        sum.agreements += one.agreements;
        sum.tickets += one.tickets;
        sum.unconfirmed += one.unconfirmed;
        sum.refused += one.refused;
        self.n_faults += u64::from(outcome.n_faults);
        self.n_events += u64::from(outcome.n_events);
        self.failed.extend(outcome.violations.first().map(|violation| (seed, violation.clone())));
    }
}
