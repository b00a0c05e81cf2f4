//! A made-up person with one overdue debt: every action answers with its good outcome and values of the right type, so
//! that a new action or field needs nothing here.

use crate::domain::money::{Currency, Money};
use crate::domain::time::Day;
use crate::flow::catalogue;
use crate::flow::effect::ActionCall;
use crate::flow::talk::Outcomes;
use crate::flow::value::{Type, Value};
use std::collections::BTreeMap;

/// Where the first outcome in the catalogue is not what happens to this person.
const OUTCOMES: [(&str, &str); 2] = [("acuerdo.consultar", "ninguno"), ("acuerdo.reciente", "ninguno")];
/// Whole units that are due: more than what most replies name.
const DUE: i64 = 2_400_000;
const DAYS_OVERDUE: i64 = 40;
const DAYS_TO_PAY: i64 = 10;
const MONTHLY_RATE_PPM: i64 = 18_000;
/// Records within records and lists: the catalogue's own depth.
const DEPTH_MAX: u8 = 3;

/// Answers actions, and remembers which were called.
pub(super) struct Sample {
    today: Day,
    currency: Currency,
    pub calls: Vec<ActionCall>,
}

impl Sample {
    pub const fn new(today: Day, currency: Currency) -> Self {
        Self { today, currency, calls: Vec::new() }
    }

    fn value(&self, name: &str, ty: &Type, depth: u8) -> Value {
        if depth > DEPTH_MAX {
            return Value::Nothing;
        }
        match ty {
            Type::Bool => Value::Bool(true),
            Type::Int if name == "cantidad" => Value::Int(1),
            Type::Int => Value::Int(3),
            Type::Percent => Value::Percent(MONTHLY_RATE_PPM),
            Type::Text => Value::text(name),
            Type::Date => Value::Date(match name {
                "vencio" => self.today.plus_days(-DAYS_OVERDUE),
                "corte" => self.today,
                _ => self.today.plus_days(DAYS_TO_PAY),
            }),
            Type::Money => Value::Money(Money::new(DUE * self.currency.unit_minor(), self.currency)),
            Type::Enum(_) if name == "situacion" => Value::Choice("vencida".to_owned()),
            Type::Enum(members) => members.first().map_or(Value::Nothing, |one| Value::Choice(one.clone())),
            Type::List(of) if **of == Type::Record("oferta".to_owned()) => {
                let kinds = catalogue::OFFER_KINDS.iter();
                Value::List(kinds.map(|kind| self.offer(kind, of, depth)).collect())
            }
            Type::List(of) => Value::List(vec![self.value(name, of, depth + 1)]),
            Type::Record(record) => Value::Record(self.fields(record, depth)),
        }
    }

    fn fields(&self, record: &str, depth: u8) -> BTreeMap<String, Value> {
        let records = catalogue::records();
        let fields = records.into_iter().find(|(name, _)| *name == record).map(|(_, fields)| fields);
        let value = |field: &crate::flow::value::Field| {
            (field.name.to_owned(), self.value(field.name, &field.ty, depth + 1))
        };
        fields.unwrap_or_default().iter().map(value).collect()
    }

    /// One offer of each kind, called after it.
    fn offer(&self, kind: &str, ty: &Type, depth: u8) -> Value {
        let mut offer = self.value(kind, ty, depth + 1);
        if let Value::Record(fields) = &mut offer {
            for name in ["id", "titulo"] {
                fields.insert(name.to_owned(), Value::text(kind));
            }
            fields.insert("tipo".to_owned(), Value::Choice(kind.to_owned()));
        }
        offer
    }
}

impl Outcomes for Sample {
    fn of(&mut self, call: &ActionCall) -> Option<(String, BTreeMap<String, Value>)> {
        self.calls.push(call.clone());
        let action = catalogue::actions().into_iter().find(|action| action.name == call.action)?;
        let own = OUTCOMES.iter().find(|(name, _)| *name == call.action).map(|(_, outcome)| *outcome);
        let outcome = own.or_else(|| action.outcomes.first().copied())?;
        let values = action.outputs.iter();
        let values = values.map(|field| (field.name.to_owned(), self.value(field.name, &field.ty, 0)));
        Some((outcome.to_owned(), values.collect()))
    }
}

/// What is known before a turn. `sesion` is the engine's own.
pub(super) fn facts(today: Day, currency: Currency) -> BTreeMap<String, Value> {
    let sample = Sample::new(today, currency);
    let roots = catalogue::facts().into_iter().filter(|(root, _)| *root != "sesion");
    let record = |fields: Vec<crate::flow::value::Field>| {
        let value = |field: &crate::flow::value::Field| {
            (field.name.to_owned(), sample.value(field.name, &field.ty, 0))
        };
        Value::Record(fields.iter().map(value).collect())
    };
    roots.map(|(root, fields)| (root.to_owned(), record(fields))).collect()
}
