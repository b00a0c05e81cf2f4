//! Number words of Spanish, Portuguese and English, and the scales of the street (`luca`, `palo`, `grand`).

use crate::rules::guard::numbers::Number;
use crate::rules::reading::Word;

/// "Un millón doscientos" is meant as 1 200 000: a remainder below this after millions may be thousands.
const SPOKEN_REMAINDER_MAX: i64 = 1_000;
const VALUE_MAX: i64 = 1_000_000_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numeral {
    Unit(i64),
    /// Multiplies what stands before it.
    Scale(i64),
}

/// Compounds that are one word are told apart by their ending: "veintitrés", "dieciséis".
const UNITS: &[(i64, &str)] = &[
    (0, "cero zero"),
    (1, "un uno una um uma one"),
    (2, "dos dois duas two"),
    (3, "tres three"),
    (4, "cuatro quatro four"),
    (5, "cinco five"),
    (6, "seis meia six"),
    (7, "siete sete seven"),
    (8, "ocho oito eight"),
    (9, "nueve nove nine"),
    (10, "diez dez ten"),
    (11, "once onze eleven"),
    (12, "doce doze twelve"),
    (13, "trece treze thirteen"),
    (14, "catorce quatorze catorze fourteen"),
    (15, "quince quinze fifteen"),
    (16, "dieciseis dezesseis sixteen"),
    (17, "diecisiete dezessete seventeen"),
    (18, "dieciocho dezoito eighteen"),
    (19, "diecinueve dezenove nineteen"),
    (20, "veinte vinte twenty"),
    (21, "veintiun veintiuno veintiuna"),
    (22, "veintidos"),
    (23, "veintitres"),
    (24, "veinticuatro"),
    (25, "veinticinco"),
    (26, "veintiseis"),
    (27, "veintisiete"),
    (28, "veintiocho"),
    (29, "veintinueve"),
    (30, "treinta trinta thirty"),
    (40, "cuarenta quarenta forty"),
    (50, "cincuenta cinquenta fifty"),
    (60, "sesenta sessenta sixty"),
    (70, "setenta seventy"),
    (80, "ochenta oitenta eighty"),
    (90, "noventa ninety"),
    (100, "cien ciento cem cento"),
    (200, "doscientos doscientas docientos duzentos duzentas"),
    (300, "trescientos trescientas trecientos trezentos trezentas"),
    (400, "cuatrocientos cuatrocientas quatrocentos quatrocentas"),
    (500, "quinientos quinientas quinhentos quinhentas"),
    (600, "seiscientos seiscientas seicientos seiscentos seiscentas"),
    (700, "setecientos setecientas setecentos setecentas"),
    (800, "ochocientos ochocientas oitocentos oitocentas"),
    (900, "novecientos novecientas novecentos novecentas"),
];

const SCALES: &[(i64, &str)] = &[
    (100, "hundred"),
    (1_000, "mil miles luca lucas k thousand grand conto contos milecito milesitos"),
    (
        1_000_000,
        "millon millones milloncito milloncitos millo palo palos palito palitos melon melones m mm milhao milhoes mi million millions",
    ),
];

const CURRENCIES: &[&str] = &[
    "peso", "pesos", "pesitos", "cop", "mxn", "pen", "clp", "ars", "brl", "usd", "real", "reais", "dolar",
    "dolares", "dollar", "dollars", "bucks", "varos", "barras", "mangos", "sol", "soles", "lucas", "luca",
    "euros",
];

/// What a word says as a number, if it is one.
pub fn numeral(word: &str) -> Option<Numeral> {
    let of = |table: &[(i64, &str)]| {
        table.iter().find(|(_, words)| words.split(' ').any(|known| known == word)).map(|(value, _)| *value)
    };
    of(UNITS).map(Numeral::Unit).or_else(|| of(SCALES).map(Numeral::Scale)).or_else(|| joined(word))
}

/// "Setentaicinco": how tens and units are written together by ear.
fn joined(word: &str) -> Option<Numeral> {
    let (tens, unit) =
        word.split_once("nta").and_then(|(tens, rest)| Some((tens, rest.strip_prefix(['i', 'y'])?)))?;
    match (numeral(&format!("{tens}nta"))?, numeral(unit)?) {
        (Numeral::Unit(tens), Numeral::Unit(unit @ 1..=9)) => Some(Numeral::Unit(tens + unit)),
        _ => None,
    }
}

pub fn is_currency(word: &str) -> bool {
    CURRENCIES.contains(&word)
}

/// Numbers that begin with a word; digits that are a part of one ("un millón 728 mil") leave `found`.
pub fn said(words: &[Word], found: &mut Vec<Number>) -> Vec<Number> {
    let mut said = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let scale = words.get(at).is_some_and(|word| matches!(numeral(&word.text), Some(Numeral::Scale(_))));
        let taken = |number: &Number| {
            (number.first_word < at && at < number.next_word) || (number.next_word == at && scale)
        };
        if found.iter().any(taken) {
            at += 1;
            continue;
        }
        match Spoken::read(words, at, found) {
            Some((number, next)) => {
                found.retain(|digits| digits.first_word < at || digits.first_word >= next);
                said.push(number);
                at = next;
            }
            None => at += 1,
        }
    }
    said
}

/// A number while its words are read: `total` of closed scales, `open` below the next one.
#[derive(Debug, Default)]
struct Spoken {
    total: i64,
    open: i64,
    /// The least worth that was said.
    least: i64,
    top_scale: i64,
    half: bool,
    n_numerals: usize,
    units_only: bool,
}

impl Spoken {
    /// Reads from the word at `start`; the number and the index of the word after it.
    fn read(words: &[Word], start: usize, found: &[Number]) -> Option<(Number, usize)> {
        let sentence = words.get(start)?.sentence;
        let mut spoken = Self { units_only: true, ..Self::default() };
        let (mut at, mut end) = (start, start);
        while let Some(word) = words.get(at).filter(|word| word.sentence == sentence) {
            let digits = found.iter().find(|number| number.first_word == at && !number.clock);
            let goes_on = match (word.text.as_str(), digits) {
                ("y" | "e" | "and" | "de" | "con" | "of" | "a", _) => at > start || word.text == "a",
                ("medio" | "media" | "half" | "meio", _) => spoken.half(),
                (text, Some(number)) => {
                    let whole =
                        number.values.first().filter(|value| *value % 100 == 0).map(|value| value / 100);
                    let alone = number.next_word == at + 1 && text.chars().all(|c| c.is_ascii_digit());
                    alone && whole.is_some_and(|value| spoken.unit(value))
                }
                (text, None) => match numeral(text) {
                    Some(Numeral::Unit(value)) => spoken.unit(value),
                    Some(Numeral::Scale(scale)) => spoken.scale(scale),
                    None => false,
                },
            };
            if !goes_on {
                break;
            }
            at += 1;
            if !matches!(word.text.as_str(), "y" | "e" | "and" | "de" | "con" | "of" | "a") {
                end = at;
            }
        }
        let only_digits = words[start..end].iter().all(|word| word.text.chars().all(|c| c.is_ascii_digit()));
        if end == start || only_digits || spoken.is_small_talk(words, start, end) {
            return None;
        }
        Some((spoken.number(words, start, end), end))
    }

    fn unit(&mut self, value: i64) -> bool {
        // "uno dos tres" are three numbers, and "tres cuatrocientos" too.
        let fits = match self.open {
            0 => true,
            open => (value < 10 && open % 10 == 0 && open >= 20) || (value < 100 && open % 100 == 0),
        };
        if !fits || value >= VALUE_MAX {
            return false;
        }
        self.open += value;
        self.least = if value == 0 { self.least } else { last_place(value) };
        self.n_numerals += 1;
        true
    }

    fn scale(&mut self, scale: i64) -> bool {
        let times = self.open.max(1);
        if self.total != 0 && scale > self.top_scale && self.open == 0 {
            // "mil millones"
            self.total = self.total.saturating_mul(scale).min(VALUE_MAX);
        } else if scale == 100 {
            self.open = times.saturating_mul(100);
            self.least = 100;
            self.n_numerals += 1;
            self.units_only = false;
            return true;
        } else {
            self.total = self.total.saturating_add(times.saturating_mul(scale)).min(VALUE_MAX);
            self.open = 0;
        }
        self.least = self.least.max(1).saturating_mul(scale).min(last_place(self.total.max(1)).max(scale));
        self.top_scale = self.top_scale.max(scale);
        self.n_numerals += 1;
        self.units_only = false;
        true
    }

    /// "Medio millón" and "millón y medio".
    fn half(&mut self) -> bool {
        if self.top_scale >= 1_000 && self.open == 0 {
            self.total += self.top_scale / 2;
            self.least = self.top_scale / 10;
            return true;
        }
        if self.n_numerals > 0 || self.half {
            return false;
        }
        self.half = true;
        true
    }

    /// "Mil gracias", "una cuota", "a mil": no figures.
    fn is_small_talk(&self, words: &[Word], start: usize, end: usize) -> bool {
        let next = words.get(end).map_or("", |word| word.text.as_str());
        let thanks = [
            "gracias",
            "disculpas",
            "perdones",
            "excusas",
            "felicitaciones",
            "bendiciones",
            "desculpas",
            "obrigados",
            "apologies",
            "thanks",
            "amores",
        ];
        let lone_scale = end - start == 1 && self.top_scale > 0;
        let first = words.get(start).map_or("", |word| word.text.as_str());
        let begins_with_one = matches!(first, "un" | "una" | "um" | "uma" | "a" | "one" | "uno");
        let lone_article = self.units_only && end - start == 1 && begins_with_one;
        // "Mil gracias" and "un millón gracias", not "cuarenta y cinco mil, gracias".
        let thanked = thanks.contains(&next)
            && (lone_scale || (self.top_scale > 0 && end - start == 2 && begins_with_one));
        let no_scale_word = ["mi", "m", "k", "conto", "palito", "real"].contains(&first) && lone_scale;
        let to_mine = end - start == 2
            && first == "a"
            && words.get(start + 1).is_some_and(|word| ["mi", "k"].contains(&word.text.as_str()));
        let half_only = self.half && self.top_scale == 0;
        thanked || lone_article || no_scale_word || to_mine || half_only
    }

    fn number(&self, words: &[Word], start: usize, end: usize) -> Number {
        let half = if self.half && self.top_scale > 0 { 2 } else { 1 };
        let sum = (self.total + self.open) / half;
        let mut values = vec![sum * 100];
        if self.top_scale >= 1_000_000 && self.open > 0 && self.open < SPOKEN_REMAINDER_MAX {
            values.push((self.total + self.open * 1_000) * 100);
        }
        let least =
            if self.top_scale > 0 && self.open == 0 { last_place(sum.max(1)) } else { self.least.max(1) };
        Number {
            start: words.get(start).map_or(0, |word| word.start),
            end: words.get(end - 1).map_or(0, |word| word.end),
            values,
            step: least * 100,
            scaled: self.top_scale >= 1_000,
            money: words[start..end]
                .iter()
                .any(|word| ["luca", "lucas", "palo", "palos", "grand"].contains(&word.text.as_str())),
            first_word: start,
            next_word: end,
            ..Number::default()
        }
    }
}

/// The worth of the last digit that is not zero.
fn last_place(value: i64) -> i64 {
    let mut place = 1;
    while value != 0 && value % (place * 10) == 0 && place < VALUE_MAX {
        place *= 10;
    }
    place
}

/// Takes in the scale, the currency, "por ciento" and "y pico" that stand beside a number.
pub fn scale(number: &mut Number, words: &[Word]) {
    let sentence = words.get(number.first_word).map(|word| word.sentence);
    let word = |at: usize| {
        words.get(at).filter(|word| Some(word.sentence) == sentence).map_or("", |word| word.text.as_str())
    };
    // "432k", "1728000pesos": the word of the digits goes on.
    let own = word(number.first_word);
    let tail = own.trim_start_matches(|c: char| c.is_ascii_digit());
    let attached = if number.digits.is_empty() || own.len() == tail.len() { "" } else { tail };
    if !attached.is_empty() {
        take_scale(number, attached);
        number.money |= is_currency(attached);
        number.end = number.end.max(words.get(number.first_word).map_or(0, |word| word.end));
    }
    while let Some(Numeral::Scale(_)) = numeral(word(number.next_word)).filter(|_| !number.digits.is_empty())
    {
        take_scale(number, word(number.next_word));
        number.end = words.get(number.next_word).map_or(number.end, |word| word.end);
        number.next_word += 1;
    }
    let next = number.next_word;
    let skip = usize::from(word(next) == "de");
    if is_currency(word(next + skip)) {
        number.money = true;
        number.end = words.get(next + skip).map_or(number.end, |word| word.end);
        number.next_word = next + skip + 1;
    }
    if number
        .first_word
        .checked_sub(1)
        .is_some_and(|before| is_currency(word(before)) && word(before) != "sol")
    {
        number.money = true;
    }
    let percent = |at: usize| match (word(at), word(at + 1)) {
        ("por" | "x", "ciento" | "cento" | "100") => 2,
        ("porciento" | "percent" | "pct", _) => 1,
        _ => 0,
    };
    let n_words = percent(number.next_word);
    if n_words > 0 {
        number.percent = true;
        number.end = words.get(number.next_word + n_words - 1).map_or(number.end, |word| word.end);
        number.next_word += n_words;
    }
    let (after, then) = (word(number.next_word), word(number.next_word + 1));
    let more = ["pico", "piquito", "tantos", "algo", "tanto", "poco"];
    number.and_more |= (matches!(after, "y" | "e" | "con") && more.contains(&then))
        || ["largos", "largo", "odd", "something", "pico", "tantos"].contains(&after);
}

fn take_scale(number: &mut Number, word: &str) {
    let Some(Numeral::Scale(scale)) = numeral(word) else { return };
    // "1.728 mil" may be 1 728 or 1,728 thousands.
    let mut values: Vec<i64> =
        number.values.iter().map(|value| value.saturating_mul(scale).min(VALUE_MAX * 100)).collect();
    values.extend(
        number
            .values
            .iter()
            .filter(|value| **value >= 100_000)
            .map(|value| (value / 1_000).saturating_mul(scale)),
    );
    number.values = values;
    number.step = number.step.saturating_mul(scale);
    number.scaled = true;
    number.money |= ["luca", "lucas", "palo", "palos", "grand", "k"].contains(&word);
}
