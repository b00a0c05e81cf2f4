//! Single functions of the hot path: the micro-benchmarks time them, a test counts their allocations.

#![allow(clippy::unwrap_used, clippy::panic, reason = "prepared once, from files of the repository")]

use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::ids::Wamid;
use acuerdo::domain::inbound::MediaKind;
use acuerdo::domain::money::{Currency, Money};
use acuerdo::domain::time::{Timestamp, Zone};
use acuerdo::flow::engine::step;
use acuerdo::flow::expr;
use acuerdo::flow::facts::{Facts, Limits};
use acuerdo::flow::input::{Input, Said};
use acuerdo::flow::model::FlowSet;
use acuerdo::flow::state::{Session, Status};
use acuerdo::flow::value::Value;
use acuerdo::flow::{load_published, read_folder};
use acuerdo::rules::amortisation::french;
use acuerdo::rules::rate::MonthlyRate;
use acuerdo::understand::options::{OptionHow, OptionMatch};
use acuerdo::understand::{Context, Expectation, Understander, Understanding};
use acuerdo::whatsapp::signature::AppSecrets;
use acuerdo::whatsapp::webhook;
use secrecy::SecretString;
use std::hint::black_box;
use std::path::Path;

const NOW: Timestamp = Timestamp(1_795_186_800_000);

/// Something small that is done for every message, or at every start.
pub struct Workload {
    pub name: &'static str,
    run: Box<dyn Fn()>,
}

impl Workload {
    fn new<T>(name: &'static str, run: impl Fn() -> T + 'static) -> Self {
        Self { name, run: Box::new(move || drop(black_box(run()))) }
    }

    pub fn run(&self) {
        (self.run)();
    }
}

/// All of them, prepared.
pub fn workloads() -> Vec<Workload> {
    let [verify, parse] = receiving();
    let rate = MonthlyRate::from_ppm(18_300).unwrap();
    let principal = Money::new(472_500_000, Currency::Cop);
    vec![
        verify,
        parse,
        understanding(),
        engine(),
        Workload::new("parse a condition", || {
            expr::parse::parse(black_box("deuda.dias_mora > 30 and deuda.total >= 50000"))
        }),
        Workload::new("amortise 36 instalments", move || french(black_box(principal), rate, 36)),
    ]
}

/// What the webhook does before it stores: one delivery with one text message.
fn receiving() -> [Workload; 2] {
    let body = std::fs::read("fixtures/webhooks/text.json").unwrap();
    let secrets = AppSecrets::new(&[SecretString::from("app-secret-of-the-bench")]).unwrap();
    let header = secrets.sign(&body);
    let signed = body.clone();
    [
        Workload::new("verify the signature", move || {
            secrets.verify(Some(black_box(header.as_bytes())), black_box(&signed))
        }),
        Workload::new("parse the delivery", move || webhook::parse(black_box(&body))),
    ]
}

fn understanding() -> Workload {
    let understander = Understander::load(Path::new("flows/understanding")).unwrap();
    Workload::new("understand a sentence", move || {
        let context = Context {
            today: Zone::utc().day(NOW),
            currency: Currency::Cop,
            expects: Expectation::Nothing,
            options: &[],
            typed: Expectation::Nothing,
        };
        understander.understand(black_box("buenas, el viernes le pago 80 lucas"), &context)
    })
}

fn message(said: Said) -> Input {
    Input::Message { wamid: Wamid::new("wamid.1"), said, held_secret: false }
}

fn says(words: &str, meaning: Understanding) -> Input {
    let understanding = Box::new(Understanding { normalised: words.to_owned(), ..meaning });
    message(Said::Text { body: words.to_owned().into(), understanding })
}

fn photo() -> Input {
    message(Said::Media {
        kind: MediaKind::Image,
        media_id: "1".to_owned(),
        voice: false,
        caption: None,
        understanding: None,
    })
}

/// A whole chat: greeting, a miss, a choice, a sentence, a photo, a number.
fn inputs() -> Vec<Input> {
    let option = Some(OptionMatch { id: "datos".to_owned(), how: OptionHow::Exact });
    vec![
        says("hola", Understanding::default()),
        says("no se", Understanding::default()),
        says("dejar un mensaje", Understanding { option, ..Understanding::default() }),
        says("que me llamen por la tarde", Understanding::default()),
        photo(),
        says("2", Understanding { integer: Some(2), ..Understanding::default() }),
    ]
}

/// `flow::engine::step` alone: inputs are understood beforehand, nothing is stored or sent.
fn engine() -> Workload {
    let files = read_folder(Path::new("fixtures/flows/motor")).unwrap();
    let flows: FlowSet = load_published(&files).unwrap();
    let zone = Zone::parse("America/Bogota").unwrap();
    let lender = Value::record([("nombre", Value::text("Finanzas Sol")), ("asistente", Value::text("Lina"))]);
    let facts = Facts {
        now: NOW,
        today: zone.day(NOW),
        currency: Currency::Cop,
        assurance: Assurance::Canal,
        window_until: None,
        attended: false,
        opted_out: false,
        reserved: None,
        roots: [("prestamista".to_owned(), lender)].into_iter().collect(),
    };
    let (inputs, limits) = (inputs(), Limits::default());
    Workload::new("step, a chat of six messages", move || {
        let mut session = Session::new(flows.hash.clone(), "es", NOW);
        for input in &inputs {
            session = step(&flows, session, input, &facts, &limits).session;
        }
        assert!(matches!(session.status, Status::Ended { .. }), "the chat ends: {:?}", session.status);
        session
    })
}
