//! Names of weekdays and months, also with a letter that slipped.

use crate::domain::time::Weekday;
use crate::understand::slip::is_one_slip;

/// The weekday of a name in two languages, one slip forgiven in a long one.
pub fn weekday(word: &str) -> Option<Weekday> {
    const NAMES: [(&str, Weekday); 22] = [
        ("lunes", Weekday::Monday),
        ("martes", Weekday::Tuesday),
        ("miercoles", Weekday::Wednesday),
        ("jueves", Weekday::Thursday),
        ("viernes", Weekday::Friday),
        ("sabado", Weekday::Saturday),
        ("domingo", Weekday::Sunday),
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
        ("lun", Weekday::Monday),
        ("mie", Weekday::Wednesday),
        ("jue", Weekday::Thursday),
        ("vie", Weekday::Friday),
        ("sab", Weekday::Saturday),
        ("dom", Weekday::Sunday),
        ("lunez", Weekday::Monday),
        ("martez", Weekday::Tuesday),
    ];
    let exact = NAMES.into_iter().find(|(name, _)| *name == word);
    // One slip in a long name: "vierns", "savado". Short names are too near to other words ("partes").
    let near = || {
        NAMES.into_iter().find(|(name, _)| {
            name.len() > 5
                && word.len() > 4
                && *name != "martes"
                && *name != "martez"
                && *name != "sunday"
                && *name != "monday"
                && is_one_slip(name, word)
        })
    };
    exact.or_else(near).map(|(_, day)| day)
}

/// A month in which one letter slipped ("henero", "febreo"), when no other is as near.
pub fn near_month(word: &str) -> Option<i64> {
    const NAMES: [&str; 26] = [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "setiembre",
        "octubre",
        "noviembre",
        "diciembre",
        "janeiro",
        "fevereiro",
        "marco",
        "maio",
        "junho",
        "julho",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
        "january",
        "february",
        "september",
    ];
    const ORDINARY: [&str; 4] = ["marco", "barco", "marca", "dinero"];
    if word.len() < 5 || ORDINARY.contains(&word) {
        return None;
    }
    let mut near = NAMES.into_iter().filter(|name| name.len() > 4 && is_one_slip(name, word));
    let found = month(near.next()?)?;
    near.all(|name| month(name) == Some(found)).then_some(found)
}

/// The month of a name in three languages, 1..=12.
pub fn month(word: &str) -> Option<i64> {
    Some(match word {
        "enero" | "ene" | "janeiro" | "jan" | "january" => 1,
        "febrero" | "feb" | "fevereiro" | "fev" | "february" => 2,
        "marzo" | "mar" | "marco" | "march" => 3,
        "abril" | "abr" | "april" | "apr" => 4,
        "mayo" | "may" | "maio" | "mai" => 5,
        "junio" | "jun" | "junho" | "june" => 6,
        "julio" | "jul" | "julho" | "july" => 7,
        "agosto" | "ago" | "august" | "aug" => 8,
        "septiembre" | "setiembre" | "sep" | "sept" | "set" | "setembro" | "september" => 9,
        "octubre" | "oct" | "outubro" | "out" | "october" => 10,
        "noviembre" | "nov" | "novembro" | "november" => 11,
        "diciembre" | "dic" | "dezembro" | "dez" | "december" | "dec" => 12,
        _ => return None,
    })
}
