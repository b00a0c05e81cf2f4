//! How values are written in each language and currency.

use crate::domain::money::{Currency, Money};
use crate::domain::time::Day;
use crate::flow::expr::Expr;
use crate::flow::expr::eval::Scope;
use crate::flow::text::fold::fold;
use crate::flow::text::render::{format_value, render, write_money};
use crate::flow::text::{Format, Part, Text};
use crate::flow::value::Value;
use std::borrow::Cow;

#[test]
fn amounts_look_as_their_people_write_them() {
    let cases = [
        (124_000_000, Currency::Cop, "$1.240.000"),
        (124_000_050, Currency::Cop, "$1.240.001"),
        (1_240_000, Currency::Clp, "$1.240.000"),
        (124_000, Currency::Mxn, "$1,240.00"),
        (124_005, Currency::Pen, "S/\u{a0}1,240.05"),
        (124_000_000, Currency::Ars, "$1.240.000,00"),
        (124_000, Currency::Brl, "R$\u{a0}1.240,00"),
        (124_000, Currency::Usd, "US$1,240.00"),
        (-5_000, Currency::Cop, "-$50"),
        (0, Currency::Cop, "$0"),
    ];
    for (minor, currency, wanted) in cases {
        assert_eq!(write_money(Money::new(minor, currency)), wanted);
    }
}

#[test]
fn dates_and_numbers_follow_the_language() {
    let day = Value::Date(Day::parse("2026-11-27").unwrap());
    let cases = [
        (&day, Format::Date, "es", "viernes 27 de noviembre"),
        (&day, Format::Date, "pt-BR", "sexta-feira, 27 de novembro"),
        (&day, Format::Date, "en", "Friday, November 27"),
        (&day, Format::LongDate, "es", "27 de noviembre de 2026"),
        (&day, Format::LongDate, "en", "November 27, 2026"),
        (&Value::Percent(18_000), Format::Percent, "es", "1,8\u{a0}%"),
        (&Value::Percent(250_000), Format::Percent, "pt", "25%"),
        (&Value::Percent(18_725), Format::Percent, "en", "1.8725%"),
        (&Value::Int(-12_345), Format::Int, "es", "-12.345"),
        (&Value::Int(12_345), Format::Int, "en", "12,345"),
        (&Value::Nothing, Format::Money, "es", ""),
    ];
    for (value, format, language, wanted) in cases {
        assert_eq!(format_value(value, &format, language), wanted);
    }
}

#[test]
fn a_rate_has_the_decimal_sign_of_the_amounts_beside_it() {
    let part = |field: &str, format| Part::Slot {
        value: Expr::Path(vec!["n".to_owned(), field.to_owned()]),
        format,
    };
    let rate = Text { parts: vec![part("tasa", Format::Percent)], ..Text::default() };
    for (currency, language, wanted) in [
        (Currency::Mxn, "es", "42.58\u{a0}%"),
        (Currency::Cop, "es", "42,58\u{a0}%"),
        (Currency::Cop, "en", "42,58%"),
        (Currency::Mxn, "pt", "42.58%"),
    ] {
        let offer = [("tasa", Value::Percent(425_800)), ("total", Value::Money(Money::new(1, currency)))];
        assert_eq!(render(&rate, &One(Value::record(offer)), language), wanted);
    }
    let alone = Value::record([("tasa", Value::Percent(425_800))]);
    assert_eq!(render(&rate, &One(alone), "en"), "42.58%");
}

/// One variable.
struct One(Value);

impl Scope for One {
    fn get(&self, root: &str) -> Option<Cow<'_, Value>> {
        (root == "n").then_some(Cow::Borrowed(&self.0))
    }
}

#[test]
fn plural_writes_only_the_word() {
    let slot = |format| Part::Slot { value: Expr::Path(vec!["n".to_owned()]), format };
    let plural = Format::Plural { one: "cuota".to_owned(), other: "cuotas".to_owned() };
    let parts = vec![slot(Format::Int), Part::Literal(" ".to_owned()), slot(plural)];
    let text = Text { parts, ..Text::default() };
    assert_eq!(render(&text, &One(Value::Int(1)), "es"), "1 cuota");
    assert_eq!(render(&text, &One(Value::Int(6)), "es"), "6 cuotas");
}

#[test]
fn words_are_compared_without_accents_case_and_signs() {
    assert_eq!(fold("¡No me ESCRIBAN más!"), "no me escriban mas");
    assert_eq!(fold("  Sí,  acepto. "), "si acepto");
    assert_eq!(fold("…"), "");
}

#[test]
fn an_abbreviation_at_the_end_of_a_sentence_brings_its_full_stop() {
    let hours = |after: &str| {
        let slot = Part::Slot { value: Expr::Path(vec!["n".to_owned()]), format: Format::Plain };
        let parts = vec![slot, Part::Literal(after.to_owned())];
        let text = Text { parts, ..Text::default() };
        render(&text, &One(Value::text("de 8 a. m. a 6 p. m.")), "es")
    };
    assert_eq!(hours(". Gracias."), "de 8\u{a0}a.\u{a0}m. a 6\u{a0}p.\u{a0}m. Gracias.");
    assert_eq!(hours(", y ya."), "de 8\u{a0}a.\u{a0}m. a 6\u{a0}p.\u{a0}m., y ya.");
}
