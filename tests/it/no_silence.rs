//! Nobody who writes or taps is left without an answer: every interrupt as the first message, then every button.

use crate::scenario_format::{Driver, Given, Shown};
use crate::scenario_talk::{TalkDriver, root};
use acuerdo::understand::Understander;
use regex::Regex;

/// A first message for each interrupt of `bot.yaml`, and some that are none.
const FIRST: [&str; 33] = [
    "menu",
    "quien es usted",
    "quiero volver a recibir mensajes",
    "salir",
    "no quiero vivir mas",
    "mi papa fallecio",
    "murio mi mama y no pude pagar",
    "numero equivocado",
    "soy la esposa, yo le aviso",
    "esto es una estafa",
    "hablar con un asesor",
    "ya pague",
    "yo nunca saque ese credito",
    "malparidos dejen de joder",
    "no puedo pagar",
    "quiero pagar",
    "mi saldo",
    "quiero refinanciar",
    "por que",
    "volver",
    "gracias",
    "chao",
    "me gusta el futbol",
    "hola",
    "quiero un paz y salvo",
    "el no esta",
    "estoy en el hospital",
    "a quien buscan",
    "tengo abogada no me escriban mas a mi",
    "presento una queja formal",
    "estoy en ley de insolvencia",
    "mi cronograma de pagos",
    "no borren mis datos",
];
/// Taps after the first message.
const DEPTH: usize = 3;

#[test]
fn no_tap_after_any_first_message_is_answered_with_silence() {
    let flows = acuerdo::flow::load(&acuerdo::flow::read_folder(&root("flows")).unwrap()).unwrap().set;
    let understander = Understander::load(&root("flows/understanding")).unwrap();
    let title = Regex::new(r"\[([^\]\[↗]+)\]|^\s*\(([^()]+)\)").unwrap();
    let mut silent = Vec::new();
    for (person, verified) in [("C-1003", false), ("", false), ("C-1004", true)] {
        for first in FIRST {
            let given = Given { person: person.to_owned(), verified, ..Given::default() };
            let mut open = vec![Vec::<String>::new()];
            while let Some(taps) = open.pop() {
                let mut driver = TalkDriver::over(&flows, &understander);
                let (shown, waits) = play(&mut driver, &given, first, &taps);
                if shown.is_empty() && !waits {
                    silent.push(format!("{person:?} {first:?} then {taps:?}"));
                }
                if taps.len() < DEPTH {
                    let lines = shown.iter().flat_map(|one| one.text.lines());
                    let titles = lines.flat_map(|line| title.captures_iter(line)).filter_map(|found| {
                        found.get(1).or_else(|| found.get(2)).map(|title| title.as_str().trim().to_owned())
                    });
                    open.extend(titles.map(|title| taps.iter().cloned().chain([title]).collect()));
                }
            }
        }
    }
    assert!(silent.is_empty(), "{} without an answer:\n{}", silent.len(), silent.join("\n"));
}

/// What came after the last tap, and whether a person has the chat by then.
fn play(driver: &mut TalkDriver<'_>, given: &Given, first: &str, taps: &[String]) -> (Vec<Shown>, bool) {
    driver.begin(given).unwrap();
    let mut shown = driver.says(first).unwrap();
    for tap in taps {
        shown = driver.taps(tap).unwrap_or_default();
    }
    (shown, driver.ticket().is_some())
}
