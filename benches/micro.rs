//! Single functions of the hot path: `scripts/bench micro`.

#![expect(clippy::expect_used, reason = "a measuring program ends at the first surprise")]

#[path = "../tests/support/workloads.rs"]
mod workloads;

use acuerdo::flow::{load, read_folder};
use acuerdo::ports::flows::FlowFiles;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;

fn hot_path(bench: &mut Criterion) {
    for workload in workloads::workloads() {
        bench.bench_function(workload.name, |bencher| bencher.iter(|| workload.run()));
    }
}

/// Steps of the made-up flow.
const STEPS: usize = 1_000;

/// A folder whose bot is one flow of a thousand steps: sentences, questions, choices, conditions, assignments in turn.
fn thousand_steps() -> FlowFiles {
    let mut files = read_folder(Path::new("fixtures/flows/mini")).expect("a small bot");
    files.retain(|path, _| !["menu.yaml", "acuerdo_pago.yaml", "locales/pt.yaml"].contains(&path.as_str()));
    let bot = files.get_mut("bot.yaml").expect("the bot");
    *bot = bot.replace("start: menu", "start: largo").replace("[es, pt]", "[es]");
    let mut flow = "flow: largo\nabout: \"Mil pasos.\"\nstart: p0\nvars:\n  texto: {type: text}\n  \
                    n: {type: int, initial: 0}\nsteps:\n"
        .to_owned();
    for at in 0..STEPS - 1 {
        let next = if at + 2 == STEPS { "fin".to_owned() } else { format!("p{}", at + 1) };
        let step = match at % 5 {
            0 => format!("{{say: \"Paso número {at} de {{prestamista.nombre}}.\", goto: {next}}}"),
            1 => format!("{{ask: texto, expects: text, text: \"¿Qué nos cuenta ({at})?\", goto: {next}}}"),
            2 => format!(
                "{{choose: c{at}, text: \"¿Cuál ({at})?\", options: {{si: {{title: \"Sí {at}\", goto: {next}}}, \
                 no: {{title: \"No {at}\", goto: {next}}}}}}}"
            ),
            3 => format!(
                "{{decide: [{{if: 'n + {at} > 3 and c{} == \"si\"', goto: {next}}}, {{else: {next}}}]}}",
                at - 1
            ),
            _ => format!("{{set: {{n: n + 1}}, goto: {next}}}"),
        };
        flow.push_str(&format!("  p{at}: {step}\n"));
    }
    flow.push_str("  fin: {end: fin}\n");
    files.insert("largo.yaml".to_owned(), flow);
    files
}

/// Reading flows and proving them, as at every start.
fn start(bench: &mut Criterion) {
    let files = thousand_steps();
    if let Err(diagnostics) = load(&files) {
        let first = diagnostics.first().map(|diagnostic| diagnostic.message.as_str());
        unreachable!("the made-up flow is wrong: {first:?}");
    }
    bench.bench_function("load and prove a flow of 1 000 steps", |bencher| {
        bencher.iter(|| load(black_box(&files)));
    });
    let files = read_folder(Path::new("flows")).expect("the shipped flows");
    bench.bench_function("load and prove the shipped flows", |bencher| {
        bencher.iter(|| load(black_box(&files)));
    });
}

criterion_group!(benches, hot_path, start);
criterion_main!(benches);
