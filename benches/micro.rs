//! Single functions of the hot path: `scripts/bench micro`.

#![expect(clippy::expect_used, reason = "a measuring program ends at the first surprise")]

#[path = "../tests/support/workloads.rs"]
mod workloads;

use acuerdo::flow::{load, read_folder};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;

fn hot_path(bench: &mut Criterion) {
    for workload in workloads::workloads() {
        bench.bench_function(workload.name, |bencher| bencher.iter(|| workload.run()));
    }
}

/// Reading the shipped flows and proving them, as at every start.
fn start(bench: &mut Criterion) {
    let files = read_folder(Path::new("flows")).expect("the shipped flows");
    bench.bench_function("load and prove the shipped flows", |bencher| {
        bencher.iter(|| load(black_box(&files)));
    });
}

criterion_group!(benches, hot_path, start);
criterion_main!(benches);
