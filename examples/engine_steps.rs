//! How many calls of `flow::engine::step` one core makes in a second: `cargo run --release --example engine_steps`.
//!
//! The figure is the engine's alone: inputs are understood beforehand, nothing is stored or sent.

#![expect(clippy::print_stdout, reason = "a program whose output is its figure")]

use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::ids::Wamid;
use acuerdo::domain::inbound::MediaKind;
use acuerdo::domain::money::Currency;
use acuerdo::domain::time::{Timestamp, Zone};
use acuerdo::flow::engine::step;
use acuerdo::flow::facts::{Facts, Limits};
use acuerdo::flow::input::{Input, Said};
use acuerdo::flow::state::{Session, Status};
use acuerdo::flow::value::Value;
use acuerdo::flow::{load, read_folder};
use acuerdo::understand::Understanding;
use acuerdo::understand::options::{OptionHow, OptionMatch};
use std::path::Path;
use std::time::Instant;

const CONVERSATIONS: u64 = 200_000;

fn says(words: &str, meaning: Understanding) -> Input {
    let understanding = Box::new(Understanding { normalised: words.to_owned(), ..meaning });
    Input::Message {
        wamid: Wamid::new("wamid.1"),
        said: Said::Text { body: words.to_owned().into(), understanding },
    }
}

/// A whole chat: greeting, a choice, a text after a miss, a picture, a number.
fn inputs() -> Vec<Input> {
    let option = Some(OptionMatch { id: "datos".to_owned(), how: OptionHow::Exact });
    let picture = Said::Media {
        kind: MediaKind::Image,
        media_id: "1".to_owned(),
        voice: false,
        caption: None,
        understanding: None,
    };
    vec![
        says("hola", Understanding::default()),
        says("no se", Understanding::default()),
        says("dejar un mensaje", Understanding { option, ..Understanding::default() }),
        says("que me llamen por la tarde", Understanding::default()),
        Input::Message { wamid: Wamid::new("wamid.2"), said: picture },
        says("2", Understanding { integer: Some(2), ..Understanding::default() }),
    ]
}

fn main() -> anyhow::Result<()> {
    let files = read_folder(Path::new("fixtures/flows/motor"))
        .map_err(|error| anyhow::anyhow!("run it where fixtures/ is: {error:?}"))?;
    let flows = load(&files).map_err(|errors| anyhow::anyhow!("{errors:?}"))?.set;
    let now = Timestamp(1_795_186_800_000);
    let zone = Zone::parse("America/Bogota").unwrap_or(Zone::utc());
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
    let begun = Instant::now();
    let mut n_steps = 0_u64;
    for _ in 0..CONVERSATIONS {
        let mut session = Session::new(flows.hash.clone(), "es", now);
        for input in &inputs {
            session = step(&flows, session, input, &facts, &limits).session;
            n_steps += 1;
        }
        anyhow::ensure!(matches!(session.status, Status::Ended { .. }), "the chat does not end: {session:?}");
    }
    let micros = u64::try_from(begun.elapsed().as_micros())?.max(1);
    println!("{} steps/s, {} ns a step", n_steps * 1_000_000 / micros, micros * 1_000 / n_steps);
    Ok(())
}
