//! Amounts as people write them, per currency: "80 lucas", "millón y medio", "$1'240.000", "1,240.50".
//!
//! A number that may be a part of another one, that stands in a refusal or counts an income, a remainder or a month is
//! no amount: it is asked again.
//!
//! Where money is counted in thousands (COP, CLP, ARS) a bare number under 1 000 means thousands: whoever is asked
//! how much and writes "80" means 80 000, because 80 pesos buy nothing; and "1.500" may be 1 500 or a million and a
//! half. Such a reading is flagged as ambiguous, with the other one beside it, so that the person chooses before it
//! counts.

use super::number::{self, Number, ONE};
use super::offer;
use super::tokens::Token;
use crate::domain::money::{Currency, Money};

/// An amount, and whether it must be read back before it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountRead {
    pub money: Money,
    /// A bare number was scaled or is too small to be meant as it stands, or the message holds several amounts.
    pub ambiguous: bool,
    /// What it may mean instead, where there is such a reading.
    pub other: Option<Money>,
}

/// Digits of a bare numeral that is taken for money although nobody asked for it; longer ones are documents or phones.
const BARE_DIGITS_MAX: usize = 7;
/// The same when an amount was asked for.
const ASKED_DIGITS_MAX: usize = 9;

/// Below so many units a number without "mil" may leave out its thousands, where money is counted in them.
const TOO_SMALL_UNITS: i128 = 10_000;

/// What follows a number that counts something else than money.
const COUNTED: [&str; 50] = [
    "cuota",
    "cuotas",
    "mes",
    "meses",
    "dia",
    "dias",
    "semana",
    "semanas",
    "ano",
    "anos",
    "vez",
    "veces",
    "vezes",
    "parcela",
    "parcelas",
    "x",
    "hijo",
    "hijos",
    "quincena",
    "quincenas",
    "persona",
    "personas",
    "month",
    "months",
    "week",
    "weeks",
    "day",
    "days",
    "years",
    "times",
    "am",
    "pm",
    "hrs",
    "hora",
    "horas",
    "h",
    "por",
    "porciento",
    "percent",
    "pagos",
    "payments",
    "abonos",
    "minutos",
    "de",
    "ra",
    "da",
    "th",
    "st",
    "nd",
    "filhos",
];

/// What precedes a number that names something else than money.
const NAMED: [&str; 24] = [
    "las", "numero", "ley", "cedula", "cc", "dni", "rut", "curp", "cpf", "celular", "cel", "tel", "telefono",
    "ultimos", "opcion", "articulo", "hace", "folio", "nro", "calle", "carrera", "conta", "cuenta", "last",
];

/// Names of documents and phones, also with a word between them and the number: "mi cédula es 1.020.304".
const DOCUMENTS: [&str; 19] = [
    "cedula",
    "cc",
    "ce",
    "dni",
    "rut",
    "curp",
    "cpf",
    "rg",
    "nit",
    "documento",
    "identificacion",
    "identidad",
    "pasaporte",
    "passport",
    "id",
    "celular",
    "telefono",
    "cel",
    "numero",
];

/// Verbs after which a bare number is money: "le puedo dar 80", "tengo 20".
const PAYING: [&str; 37] = [
    "pago",
    "pagar",
    "pagarle",
    "pagarte",
    "dar",
    "darle",
    "darles",
    "darte",
    "doy",
    "abonar",
    "abono",
    "abonarle",
    "tengo",
    "tenho",
    "deposito",
    "depositar",
    "consigno",
    "consignar",
    "transfiero",
    "transferir",
    "giro",
    "girar",
    "reciben",
    "recibe",
    "aceptan",
    "mandar",
    "mando",
    "entregar",
    "posso",
    "puedo",
    "pay",
    "have",
    "ofrezco",
    "seria",
    "son",
    "solo",
    "nomas",
];

/// Reads the first amount that is offered; `asked` when the open step waits for one.
///
/// None when a number of the message may be another one than it seems: then it is asked, not guessed.
pub fn read(tokens: &[Token<'_>], currency: Currency, asked: bool) -> Option<AmountRead> {
    if offer::is_refused(tokens) {
        return None;
    }
    let mut first: Option<AmountRead> = None;
    let mut at = 0;
    while at < tokens.len() {
        let rest = tokens.get(at..)?;
        if let Some(fraction) = fraction(tokens, at, currency) {
            let found = AmountRead { money: fraction.ok()?, ambiguous: false, other: None };
            first.get_or_insert(found);
            at += 4;
            continue;
        }
        let Some(number) = number::read(rest, currency) else {
            at += 1;
            continue;
        };
        if let Some(found) = judge(tokens, at, number, (currency, asked)) {
            if is_unsure(tokens, at, number, currency) {
                return None;
            }
            match &mut first {
                Some(earlier) if earlier.money != found.money => {
                    (earlier.ambiguous, earlier.other) = (true, Some(found.money));
                    return first;
                }
                // "50 mil hoy y 50 mil mañana" may be a hundred; "50 mil, sí, 50 mil" is fifty.
                Some(earlier) if is_added(tokens, at) => {
                    let minor = earlier.money.minor.checked_add(found.money.minor)?;
                    (earlier.ambiguous, earlier.other) = (true, Some(Money::new(minor, currency)));
                    return first;
                }
                Some(_) => {}
                None => first = Some(found),
            }
        }
        at += number.n_tokens.max(1);
    }
    first
}

/// Whether the number at `at` comes on top of another one.
fn is_added(tokens: &[Token<'_>], at: usize) -> bool {
    const AND: [&str; 9] = ["y", "e", "and", "mas", "mais", "otros", "otras", "outros", "plus"];
    at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|token| token.is(&AND))
}

/// "1/2 millón": its value, or the doubt about it. None when no fraction of something begins here.
fn fraction(tokens: &[Token<'_>], at: usize, currency: Currency) -> Option<Result<Money, ()>> {
    let digit = |at: usize| tokens.get(at).copied().and_then(Token::numeral);
    let (upper, lower) =
        (digit(at)?, digit(at + 2).filter(|_| tokens.get(at + 1).is_some_and(|t| t.is_sign('/')))?);
    let times = number::multiplies(tokens.get(at + 3)?.word()?, currency)?;
    let value = || {
        let (upper, lower) = (upper.parse::<i128>().ok()?, lower.parse::<i128>().ok()?);
        let alone =
            at.checked_sub(1).and_then(|at| tokens.get(at)).is_none_or(|token| token.numeral().is_none());
        let proper = alone && upper > 0 && upper < lower && lower < 10;
        let minor = proper.then(|| minor(times * ONE * upper / lower, currency)).flatten()?;
        Some(Money::new(minor, currency))
    };
    Some(value().ok_or(()))
}

/// Whether the number is only a part of what was meant, or may be.
fn is_unsure(tokens: &[Token<'_>], at: usize, number: Number, currency: Currency) -> bool {
    const BEFORE_BARE: [&str; 32] = [
        "de", "los", "las", "unos", "unas", "uns", "con", "com", "por", "como", "y", "e", "o", "a", "hasta",
        "solo", "serian", "casi", "otros", "apenas", "only", "about", "le", "les", "pues", "si", "ok",
        "bueno", "esos", "sao", "tem", "the",
    ];
    const AND_SOME: [&str; 8] = ["pico", "piquito", "algo", "tantos", "tanto", "pucho", "poco", "pouco"];
    let before = |n: usize| at.checked_sub(n).and_then(|at| tokens.get(at)).copied();
    let after = |n: usize| tokens.get(at + number.n_tokens + n).copied();
    let near = |token: Option<Token<'_>>| token.and_then(Token::word).is_some_and(number::is_near);
    let written = |token: Option<Token<'_>>| token.is_some_and(|token| token.numeral().is_some());
    // "1e5".
    let power =
        |e: Option<Token<'_>>, other: Option<Token<'_>>| e.is_some_and(|e| e.is(&["e"])) && written(other);
    let bare =
        tokens.get(at).copied().and_then(Token::word).and_then(|word| number::multiplies(word, currency));
    // "64.789.044-k" ends in no thousand.
    let behind_sign = before(1).is_some_and(|token| token.is_sign('-') || token.is_sign('/'));
    let stray = bare.is_some_and(|times| {
        behind_sign
            || before(1).and_then(Token::word).is_some_and(|word| {
                let fits = BEFORE_BARE.contains(&word) || PAYING.contains(&word);
                !fits || (word == "de" && times >= 1_000_000)
            })
    });
    let follows =
        tokens.get(at + number.n_tokens..).is_some_and(|rest| number::read(rest, currency).is_some());
    // "cien mil menos 20", "100 más 20": a sum that nobody has to work out here.
    let sum = after(0).is_some_and(|token| token.is(&["menos", "minus", "mas", "mais", "plus"]))
        && tokens.get(at + number.n_tokens + 1..).is_some_and(|rest| number::read(rest, currency).is_some());
    let some = after(0).is_some_and(|token| token.is(&["y", "e", "and"]))
        && after(1).is_some_and(|t| t.is(&AND_SOME));
    number.doubtful
        || near(before(1))
        || near(after(0))
        || written(before(1))
        || follows
        || power(after(0), after(1))
        || power(before(1), before(2))
        || stray
        || sum
        || some
}

/// Whether the number at `at` is money, and how much.
fn judge(
    tokens: &[Token<'_>],
    at: usize,
    number: Number,
    (currency, asked): (Currency, bool),
) -> Option<AmountRead> {
    let before = |n: usize| at.checked_sub(n).and_then(|at| tokens.get(at)).copied();
    let after = |n: usize| tokens.get(at + number.n_tokens + n).copied();
    // "200 mil de pesos", "100 mil pesos".
    let unit = after(0).filter(|token| !token.is(&["de"])).or_else(|| after(1));
    let unit = unit.and_then(Token::word).map_or(Unit::None, |word| Unit::of(word, currency));
    let prefix = before(1);
    let signed = prefix.is_some_and(|token| token.is_sign('$'))
        || (prefix.is_some_and(|token| token.is_sign('/'))
            && before(2).is_some_and(|token| token.is(&["s"])));
    match unit {
        Unit::Other => return None,
        Unit::None if !number.multiplied && !signed && counts_something_else(before, after, number) => {
            return None;
        }
        Unit::None | Unit::Own => {}
    }
    if offer::is_other_money(tokens, at, number.n_tokens)
        || foreign_sign(prefix, before(2), after(0), currency)
    {
        return None;
    }
    let evident = signed || unit == Unit::Own || number.multiplied || number.grouped;
    let paying = (1..=4).filter_map(before).any(|token| token.is(&PAYING));
    let digits_max = if asked { ASKED_DIGITS_MAX } else { BARE_DIGITS_MAX };
    if !evident && (number.n_digits > digits_max || !(asked || paying)) {
        return None;
    }
    let scaled = if number.multiplied || unit == Unit::Own { None } else { scaled(number, currency) };
    let millionths = scaled.unwrap_or(number.millionths);
    let money = |millionths| {
        let minor = minor(millionths, currency).filter(|minor| *minor > 0)?;
        Some(Money::new(minor, currency))
    };
    let small = in_thousands(currency)
        && (millionths < 1_000 * ONE || (!number.multiplied && millionths < TOO_SMALL_UNITS * ONE));
    let other = match scaled {
        Some(_) => as_written(number),
        None if small => number.millionths.checked_mul(1_000),
        None => None,
    };
    Some(AmountRead {
        money: money(millionths)?,
        ambiguous: scaled.is_some() || small || number.misspelt,
        other: other.and_then(money),
    })
}

/// "€ 80", "80 €", "US$ 80", "USD 200".
fn foreign_sign(
    prefix: Option<Token<'_>>,
    earlier: Option<Token<'_>>,
    suffix: Option<Token<'_>>,
    currency: Currency,
) -> bool {
    let foreign =
        |token: Option<Token<'_>>| token.is_some_and(|t| ['€', '£', '¥'].into_iter().any(|s| t.is_sign(s)));
    let dollars = prefix.is_some_and(|token| token.is_sign('$'))
        && earlier.is_some_and(|token| token.is(&["us", "usd", "u", "s"]));
    let named = ["usd", "eur", "euro", "euros", "dolar", "dolares", "dollars"];
    let other = prefix.is_some_and(|token| token.is(&named)) && currency != Currency::Usd;
    other || foreign(prefix) || foreign(suffix) || (dollars && currency != Currency::Usd)
}

fn counts_something_else<'a>(
    before: impl Fn(usize) -> Option<Token<'a>>,
    after: impl Fn(usize) -> Option<Token<'a>>,
    number: Number,
) -> bool {
    let follows = after(0).is_some_and(|token| {
        token.is(&COUNTED)
            || ['%', '/', '-', ':'].into_iter().any(|sign| token.is_sign(sign))
            || is_month(token)
    });
    let precedes = before(1).is_some_and(|token| {
        token.is(&NAMED)
            || ['/', '-', ':', '#'].into_iter().any(|sign| token.is_sign(sign))
            || is_month(token)
    });
    // "el 5", "dia 30": a day of the month, unless it is too large for one.
    let dated = before(1)
        .is_some_and(|token| token.is(&["el", "dia", "los", "al", "the", "martes", "lunes"]))
        && number.whole().is_some_and(|n| n <= 31)
        && !number.grouped;
    // "12 de marzo de 2026".
    let year = before(1).is_some_and(|token| token.is(&["de", "del"])) && before(2).is_some_and(is_month);
    let between = |token: Token<'_>| token.is(&["es", "e", "is", "numero", "nro", "n"]) || token.is_sign(':');
    let document = before(1).is_some_and(|token| token.is(&DOCUMENTS))
        || (before(1).is_some_and(between) && before(2).is_some_and(|token| token.is(&DOCUMENTS)));
    follows || precedes || dated || year || document
}

fn is_month(token: Token<'_>) -> bool {
    token.word().is_some_and(|word| word.len() > 3 && super::date::month(word).is_some())
}

/// A bare number where money is counted in thousands: "80" is 80 000, "1.5" is 1 500 000. None for all others.
fn scaled(number: Number, currency: Currency) -> Option<i128> {
    if !in_thousands(currency) || number.grouped || number.millionths >= 1_000 * ONE {
        return None;
    }
    Some(number.millionths * if is_of_millions(number) { 1_000_000 } else { 1_000 })
}

/// What a scaled number is when it is not scaled so far: "80" is 80, and "1.5" is 1 500.
const fn as_written(number: Number) -> Option<i128> {
    number.millionths.checked_mul(if is_of_millions(number) { 1_000 } else { 1 })
}

const fn is_of_millions(number: Number) -> bool {
    number.has_decimals() && number.millionths < 10 * ONE
}

const fn in_thousands(currency: Currency) -> bool {
    match currency {
        Currency::Cop | Currency::Clp | Currency::Ars => true,
        Currency::Mxn | Currency::Pen | Currency::Brl | Currency::Usd => false,
    }
}

/// Minor units, rounded half up to the step in which people pay.
fn minor(millionths: i128, currency: Currency) -> Option<i64> {
    let scale = ONE * i128::from(currency.step_minor());
    let steps = (millionths.checked_mul(i128::from(currency.unit_minor()))? + scale / 2) / scale;
    i64::try_from(steps.checked_mul(i128::from(currency.step_minor()))?).ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// The debt's currency.
    Own,
    /// Another currency: not an amount that can be used here.
    Other,
    None,
}

impl Unit {
    fn of(word: &str, currency: Currency) -> Self {
        let own: &[Currency] = match word {
            "peso" | "pesos" | "pesitos" => &[Currency::Cop, Currency::Mxn, Currency::Clp, Currency::Ars],
            "sol" | "soles" | "solcitos" | "pen" => &[Currency::Pen],
            "real" | "reais" | "conto" | "contos" | "pila" | "pilas" | "pau" | "paus" | "brl" => {
                &[Currency::Brl]
            }
            "euro" | "euros" | "eur" | "libra" | "libras" | "bolivar" | "bolivares" | "quetzal"
            | "quetzales" | "bitcoin" | "bitcoins" | "btc" | "usdt" => &[],
            "dolar" | "dolares" | "dollar" | "dollars" | "bucks" | "usd" => &[Currency::Usd],
            "varo" | "varos" | "baros" | "mxn" => &[Currency::Mxn],
            "mango" | "mangos" => &[Currency::Ars, Currency::Pen],
            "cop" => &[Currency::Cop],
            "clp" => &[Currency::Clp],
            "ars" => &[Currency::Ars],
            _ => return Self::None,
        };
        // "una persona real", "pilas": words of daily use elsewhere.
        let homonym = matches!(word, "real" | "pila" | "pilas" | "sol" | "mango" | "conto");
        match (own.contains(&currency), homonym) {
            (true, _) => Self::Own,
            (false, true) => Self::None,
            (false, false) => Self::Other,
        }
    }
}
