//! The engine through its public seam: whole conversations, tables of single turns, and laws over random ones.

mod consent;
mod laws;
mod taken_back;
mod talks;
mod turns;
mod who;

use crate::domain::assurance::Assurance;
use crate::domain::money::Currency;
use crate::domain::time::{Timestamp, Zone};
use crate::flow::diagnostic::{Colour, render};
use crate::flow::facts::Facts;
use crate::flow::model::FlowSet;
use crate::flow::value::Value;
use crate::flow::{load_published, read_folder};
use crate::understand::Understander;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

pub static UNDERSTANDER: LazyLock<Understander> =
    LazyLock::new(|| Understander::load(Path::new("flows/understanding")).unwrap());

pub static MOTOR: LazyLock<FlowSet> = LazyLock::new(|| folder("fixtures/flows/motor"));

/// Not proved: these folders are what the engine is tested with, and lack what a bot for people must have.
pub fn folder(path: &str) -> FlowSet {
    let files = read_folder(Path::new(path)).unwrap();
    load_published(&files).unwrap_or_else(|errors| panic!("{}", render(&errors, &files, Colour::Off)))
}

pub fn bogota() -> Zone {
    Zone::parse("America/Bogota").unwrap()
}

/// Friday 20 November 2026, 10:00 in Bogotá; an unknown number; agents are there.
pub fn facts() -> Facts {
    let now = Timestamp::parse_rfc3339("2026-11-20T15:00:00Z").unwrap();
    let lender = Value::record([("nombre", Value::text("Finanzas Sol")), ("asistente", Value::text("Lina"))]);
    let agents = Value::record([("abierto", Value::Bool(true))]);
    let roots = [("prestamista".to_owned(), lender), ("agentes".to_owned(), agents)];
    Facts {
        now,
        today: bogota().day(now),
        currency: Currency::Cop,
        assurance: Assurance::Ninguna,
        window_until: None,
        attended: false,
        opted_out: false,
        reserved: None,
        roots: BTreeMap::from(roots),
    }
}
