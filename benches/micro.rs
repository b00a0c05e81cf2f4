//! Single functions of the hot path: `scripts/bench micro`.

#![expect(clippy::unwrap_used, reason = "a measuring program ends at the first surprise")]

use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::ids::Wamid;
use acuerdo::domain::money::{Currency, Money};
use acuerdo::domain::time::{Timestamp, Zone};
use acuerdo::flow::engine::step;
use acuerdo::flow::expr;
use acuerdo::flow::facts::{Facts, Limits};
use acuerdo::flow::input::{Input, Said};
use acuerdo::flow::model::FlowSet;
use acuerdo::flow::state::{Session, Status};
use acuerdo::flow::value::Value;
use acuerdo::flow::{load, read_folder};
use acuerdo::rules::amortisation::french;
use acuerdo::rules::rate::MonthlyRate;
use acuerdo::understand::options::{OptionHow, OptionMatch};
use acuerdo::understand::{Context, Expectation, Understander, Understanding};
use acuerdo::whatsapp::signature::AppSecrets;
use acuerdo::whatsapp::webhook;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use secrecy::SecretString;
use std::hint::black_box;
use std::path::Path;

/// What the webhook does before it stores: one delivery with one text message.
fn receiving(bench: &mut Criterion) {
    let body = std::fs::read("fixtures/webhooks/text.json").unwrap();
    let secrets = AppSecrets::new(&[SecretString::from("app-secret-of-the-bench")]).unwrap();
    let header = secrets.sign(&body);
    let mut group = bench.benchmark_group("receive");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("verify the signature", |bencher| {
        bencher.iter(|| secrets.verify(Some(black_box(header.as_bytes())), black_box(&body)));
    });
    group.bench_function("parse the delivery", |bencher| {
        bencher.iter(|| webhook::parse(black_box(&body)));
    });
    group.finish();
}

fn understanding(bench: &mut Criterion) {
    let understander = Understander::load(Path::new("flows/understanding")).unwrap();
    let context = Context {
        today: Zone::utc().day(Timestamp(1_795_186_800_000)),
        currency: Currency::Cop,
        expects: Expectation::Nothing,
        options: &[],
        typed: Expectation::Nothing,
    };
    bench.bench_function("understand a sentence", |bencher| {
        bencher.iter(|| understander.understand(black_box("buenas, el viernes le pago 80 lucas"), &context));
    });
}

fn says(words: &str, meaning: Understanding) -> Input {
    let understanding = Box::new(Understanding { normalised: words.to_owned(), ..meaning });
    Input::Message {
        wamid: Wamid::new("wamid.1"),
        said: Said::Text { body: words.to_owned().into(), understanding },
    }
}

/// A whole chat: greeting, a miss, a choice, a sentence, a number.
fn inputs() -> Vec<Input> {
    let option = Some(OptionMatch { id: "datos".to_owned(), how: OptionHow::Exact });
    vec![
        says("hola", Understanding::default()),
        says("no se", Understanding::default()),
        says("dejar un mensaje", Understanding { option, ..Understanding::default() }),
        says("que me llamen por la tarde", Understanding::default()),
        says("2", Understanding { integer: Some(2), ..Understanding::default() }),
    ]
}

/// `flow::engine::step` alone: inputs are understood beforehand, nothing is stored or sent.
fn engine(bench: &mut Criterion) {
    let files = read_folder(Path::new("fixtures/flows/motor")).unwrap();
    let flows: FlowSet = load(&files).unwrap().set;
    let now = Timestamp(1_795_186_800_000);
    let zone = Zone::parse("America/Bogota").unwrap();
    let lender = Value::record([("nombre", Value::text("Finanzas Sol")), ("asistente", Value::text("Lina"))]);
    let facts = Facts {
        now,
        today: zone.day(now),
        currency: Currency::Cop,
        assurance: Assurance::Canal,
        window_until: None,
        roots: [("prestamista".to_owned(), lender)].into_iter().collect(),
    };
    let (inputs, limits) = (inputs(), Limits::default());
    let chat = || {
        let mut session = Session::new(flows.hash.clone(), "es", now);
        for input in &inputs {
            session = step(&flows, session, input, &facts, &limits).session;
        }
        session
    };
    assert!(matches!(chat().status, Status::Ended { .. }), "the chat comes to its end");
    let mut group = bench.benchmark_group("engine");
    group.throughput(Throughput::Elements(inputs.len() as u64));
    group.bench_function("step, a chat of five messages", |bencher| bencher.iter(|| black_box(chat())));
    group.finish();
}

fn language(bench: &mut Criterion) {
    bench.bench_function("parse a condition", |bencher| {
        bencher.iter(|| expr::parse::parse(black_box("deuda.dias_mora > 30 and deuda.total >= 50000")));
    });
    bench.bench_function("load and prove the shipped flows", |bencher| {
        let files = read_folder(Path::new("flows")).unwrap();
        bencher.iter(|| load(black_box(&files)));
    });
}

fn money(bench: &mut Criterion) {
    let principal = Money::new(472_500_000, Currency::Cop);
    let rate = MonthlyRate::from_ppm(18_300).unwrap();
    bench.bench_function("amortise 36 instalments", |bencher| {
        bencher.iter(|| french(black_box(principal), rate, 36));
    });
}

criterion_group!(benches, receiving, understanding, engine, language, money);
criterion_main!(benches);
