//! Words and separators of the languages, and of the currencies' people.

use crate::domain::money::Currency;
use crate::domain::time::Weekday;

/// A space at which no line may break.
pub const NO_BREAK: &str = "\u{a0}";

/// How a language writes dates and numbers.
#[derive(Debug)]
pub struct Language {
    pub thousands: char,
    pub decimal: char,
    /// Between a number and `%`.
    pub percent_gap: &'static str,
    pub months: [&'static str; 12],
    /// Monday first.
    pub weekdays: [&'static str; 7],
    pub order: DateOrder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `viernes 27 de noviembre`, `27 de noviembre de 2026`.
    Spanish,
    /// `sexta-feira, 27 de novembro`, `27 de novembro de 2026`.
    Portuguese,
    /// `Friday, November 27`, `November 27, 2026`.
    English,
}

const SPANISH: Language = Language {
    thousands: '.',
    decimal: ',',
    percent_gap: NO_BREAK,
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    weekdays: ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
    order: DateOrder::Spanish,
};

const PORTUGUESE: Language = Language {
    thousands: '.',
    decimal: ',',
    percent_gap: "",
    months: [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
    weekdays: [
        "segunda-feira",
        "terça-feira",
        "quarta-feira",
        "quinta-feira",
        "sexta-feira",
        "sábado",
        "domingo",
    ],
    order: DateOrder::Portuguese,
};

const ENGLISH: Language = Language {
    thousands: ',',
    decimal: '.',
    percent_gap: "",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    order: DateOrder::English,
};

/// The languages that texts may be in.
pub const LANGUAGES: [&str; 3] = ["es", "pt", "en"];

/// The words of a language code such as `es` or `pt-BR`; Spanish when it is unknown.
pub fn language(code: &str) -> &'static Language {
    match code.split(['-', '_']).next() {
        Some("pt") => &PORTUGUESE,
        Some("en") => &ENGLISH,
        Some(_) | None => &SPANISH,
    }
}

/// Monday is 0.
pub const fn weekday_index(day: Weekday) -> usize {
    match day {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

/// How the people of a currency write amounts.
#[derive(Debug, Clone, Copy)]
pub struct MoneyStyle {
    /// With the gap that follows it.
    pub symbol: &'static str,
    pub thousands: char,
    pub decimal: char,
    /// Decimals that people write; COP has two by ISO 4217 but is paid in whole pesos.
    pub decimals: u32,
}

/// The separators of each currency's home, whatever the language of the chat: an amount looks as on the lender's
/// statement.
pub const fn money_style(currency: Currency) -> MoneyStyle {
    match currency {
        Currency::Cop | Currency::Clp => style("$", '.', ',', 0),
        Currency::Mxn => style("$", ',', '.', 2),
        Currency::Pen => style("S/\u{a0}", ',', '.', 2),
        Currency::Ars => style("$", '.', ',', 2),
        Currency::Brl => style("R$\u{a0}", '.', ',', 2),
        Currency::Usd => style("US$", ',', '.', 2),
    }
}

const fn style(symbol: &'static str, thousands: char, decimal: char, decimals: u32) -> MoneyStyle {
    MoneyStyle { symbol, thousands, decimal, decimals }
}
