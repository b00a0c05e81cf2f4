//! Numbers as people write them: numerals with any separators, number words in three languages, "mil", "palos".

use super::slip::is_one_slip;
use super::tokens::Token;
use crate::domain::money::Currency;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Numbers are counted in millionths, so that "1.5 millones" stays exact.
pub const ONE: i128 = 1_000_000;

/// Values beyond this many units are refused; no debt is larger.
const UNITS_MAX: i128 = 1_000_000_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    pub millionths: i128,
    /// Written with thousands separators.
    pub grouped: bool,
    /// Written with "mil", "k", "palos" …
    pub multiplied: bool,
    /// Digits as written, without separators; 0 for words.
    pub n_digits: usize,
    /// Tokens that it takes.
    pub n_tokens: usize,
    /// Spelt as no dictionary has it, though it sounds like only one number: it must be read back.
    pub misspelt: bool,
    /// It may well mean another number ("1 millón 200", "80 mil 90 mil"): it must be asked.
    pub doubtful: bool,
}

impl Number {
    pub const fn whole(self) -> Option<i128> {
        if self.millionths % ONE == 0 { Some(self.millionths / ONE) } else { None }
    }

    pub const fn has_decimals(self) -> bool {
        self.millionths % ONE != 0
    }
}

/// Reads the longest number that starts at the first token.
pub fn read(tokens: &[Token<'_>], currency: Currency) -> Option<Number> {
    let mut reading = Reading::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = tokens.get(at + 1).copied();
        let taken = match token {
            Token::Numeral(text) => reading.numeral(text).then_some(1),
            Token::Word(word) => reading.word(word, next, currency),
            // "twenty-five thousand".
            Token::Sign('-') => (next.is_some_and(counts) && reading.in_words()).then_some(1),
            Token::Sign(_) => None,
        };
        let Some(n) = taken else { break };
        at += n;
    }
    // A connector at the end ("200 mil y") belongs to what follows.
    reading.finish(at)
}

/// Whether a token is a number word.
fn counts(token: Token<'_>) -> bool {
    token.word().is_some_and(|word| word_value(word).is_some() || word == "hundred")
}

#[derive(Debug, Default)]
struct Reading {
    /// Finished millions.
    millions: i128,
    /// Finished thousands.
    thousands: i128,
    current: Option<i128>,
    /// Value of the last number word, to keep "cien veinte" from "veinte cien".
    last_word: i128,
    last_multiplier: i128,
    numeral: bool,
    grouped: bool,
    multiplied: bool,
    n_digits: usize,
    misspelt: bool,
    doubtful: bool,
    /// A connector was taken last: "mil e um".
    joined: bool,
}

impl Reading {
    /// Whether its last part so far is a word.
    const fn in_words(&self) -> bool {
        self.current.is_some() && !self.numeral
    }

    fn started(&self) -> bool {
        self.current.is_some() || self.multiplied
    }

    fn numeral(&mut self, text: &str) -> bool {
        if self.current.is_some() {
            return false;
        }
        let Some((value, grouped)) = numeral(text) else { return false };
        // "80 mil 500" ends in three digits; "80 mil 90" may be two amounts.
        self.doubtful |= self.multiplied && text.len() != 3;
        self.current = Some(value);
        self.numeral = true;
        self.grouped |= grouped;
        self.n_digits += text.bytes().filter(u8::is_ascii_digit).count();
        true
    }

    /// Tokens taken by a word, if it belongs to the number.
    fn word(&mut self, word: &str, next: Option<Token<'_>>, currency: Currency) -> Option<usize> {
        if let Some(times) = multiplier(word, currency) {
            return self.multiply(times).then_some(1);
        }
        let next_word = next.and_then(Token::word).unwrap_or_default();
        let next_multiplies = multiplier(next_word, currency).is_some() || next_word == "hundred";
        if matches!(word, "medio" | "media" | "meio" | "meia" | "half") {
            // "medio palo", "half a million"; "palo y medio" is read with its connector.
            let multiplies = next_multiplies || (word == "half" && next_word == "a");
            if self.started() || !multiplies {
                return None;
            }
            self.current = Some(ONE / 2);
            return Some(if next_multiplies { 1 } else { 2 });
        }
        if matches!(word, "y" | "e" | "and" | "con") {
            return self.connect(word, next_word);
        }
        if matches!(word, "un" | "una" | "um" | "uma" | "a" | "one") && next_multiplies {
            return self.one_more();
        }
        if matches!(word, "hundred" | "cientos") {
            return self.hundreds(word);
        }
        // Alone they are articles: "una entrada", "um boleto".
        let joined = std::mem::take(&mut self.joined);
        if matches!(word, "una" | "um" | "uma" | "one") && self.current.is_none() && !joined {
            return None;
        }
        let (value, misspelt) = spelt(word)?;
        let value = value * ONE;
        if self.numeral && self.current.is_some() {
            return None;
        }
        // Only a smaller word may follow: "doscientos cincuenta", never "cinco ocho".
        let fits = self.current.is_none()
            || (self.last_word >= 100 * ONE && value < 100 * ONE)
            || ((20 * ONE..100 * ONE).contains(&self.last_word) && value < 10 * ONE);
        if !fits {
            return None;
        }
        self.current = Some(self.current.unwrap_or(0) + value);
        self.last_word = value;
        self.misspelt |= misspelt;
        Some(1)
    }

    /// "un mil", and the last word of "treinta y un mil", "ciento un mil".
    fn one_more(&mut self) -> Option<usize> {
        let follows = self.last_word >= 20 * ONE && !self.numeral;
        match self.current {
            Some(before) if follows => self.current = Some(before + ONE),
            Some(_) => return None,
            None => self.current = Some(ONE),
        }
        self.last_word = ONE;
        Some(1)
    }

    /// "two hundred"; "dos cientos" is "doscientos" in two words.
    fn hundreds(&mut self, word: &str) -> Option<usize> {
        let units = self.current.filter(|units| *units >= ONE && *units < 10 * ONE)?;
        self.current = Some(units * 100);
        self.last_word = units * 100;
        self.misspelt |= word == "cientos";
        Some(1)
    }

    fn connect(&mut self, word: &str, next: &str) -> Option<usize> {
        if matches!(next, "medio" | "media" | "meio" | "meia") && self.started() {
            let unit = if self.current.is_some() { ONE } else { self.last_multiplier * ONE };
            *if unit >= ONE * ONE { &mut self.millions } else { &mut self.thousands } += unit / 2;
            return Some(2);
        }
        let tens = (20 * ONE..100 * ONE).contains(&self.last_word);
        let one = matches!(next, "un" | "um").then_some(1);
        let value = one.or_else(|| spelt(next).map(|(value, _)| value))? * ONE;
        // "Mil e cem", "um milhão e duzentos mil"; Spanish joins so after millions only.
        let after_multiplier = self.multiplied && self.current.is_none();
        if after_multiplier && (word != "y" || self.last_multiplier >= 1_000_000) && word != "con" {
            self.joined = true;
            return Some(1);
        }
        (self.current.is_some() && (tens || self.last_word >= 100 * ONE) && value < self.last_word)
            .then_some(1)
    }

    fn multiply(&mut self, times: i128) -> bool {
        let base = match self.current.take() {
            Some(base) => base,
            // "mil" alone is a number; a second bare multiplier only follows a smaller one: "mil millones".
            None if !self.multiplied || times > self.last_multiplier => ONE,
            None => return false,
        };
        // Thousands come once: "80 mil 90 mil" are two amounts. "80.000 mil" says thousand twice.
        let again = times == 1_000 && self.thousands > 0;
        self.doubtful |= again || (self.grouped && self.numeral && base >= 1_000 * ONE);
        if times >= 1_000_000 {
            let lower = std::mem::take(&mut self.thousands);
            let base = if lower > 0 && base == ONE && self.last_multiplier == 1_000 { 0 } else { base };
            self.millions = (lower + base).saturating_mul(times);
        } else {
            self.thousands = self.thousands.saturating_add(base.saturating_mul(times));
        }
        self.multiplied = true;
        self.last_multiplier = times;
        self.last_word = 0;
        self.numeral = false;
        true
    }

    fn finish(self, n_tokens: usize) -> Option<Number> {
        let millionths =
            self.millions.saturating_add(self.thousands).saturating_add(self.current.unwrap_or(0));
        // "un millón doscientos" is a million and two hundred thousand in speech, and not in writing.
        let doubtful = self.doubtful || (self.last_multiplier >= 1_000_000 && self.current.is_some());
        let read = self.started() && (0..=UNITS_MAX * ONE).contains(&millionths);
        read.then_some(Number {
            millionths,
            grouped: self.grouped,
            multiplied: self.multiplied,
            n_digits: self.n_digits,
            n_tokens,
            misspelt: self.misspelt,
            doubtful,
        })
    }
}

/// Value in millionths, and whether thousands were separated. Both conventions are read: the last separator is
/// decimal only when one or two digits follow it (or it follows a lone zero) and it is the only one of its kind.
fn numeral(text: &str) -> Option<(i128, bool)> {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    let (whole, decimals, grouped) = match text.rfind(['.', ',', '\'']) {
        None => (text.as_str(), "", false),
        Some(at) => {
            let (before, after) = (text.get(..at)?, text.get(at + 1..)?);
            let sign = text.get(at..=at)?;
            let decimal = sign != "'" && !before.contains(sign) && (after.len() <= 2 || before == "0");
            if decimal {
                (before, after, before.contains(['.', ',', '\'']))
            } else if after.len() == 3 {
                (text.as_str(), "", true)
            } else {
                return None;
            }
        }
    };
    let groups: Vec<&str> = whole.split(['.', ',', '\'']).collect();
    let well_grouped = groups.iter().skip(1).all(|group| group.len() == 3)
        && (groups.len() == 1 || groups.first().is_some_and(|group| group.len() <= 3));
    if !well_grouped || decimals.len() > 6 {
        return None;
    }
    let whole: i128 = groups.concat().parse().ok().filter(|whole| *whole <= UNITS_MAX)?;
    let decimals: i128 = format!("{decimals:0<6}").parse().ok()?;
    Some((whole * ONE + decimals, grouped))
}

/// Slang follows the country: a "luca" is a thousand pesos but one sol, a "gamba" a hundred pesos.
fn multiplier(word: &str, currency: Currency) -> Option<i128> {
    let peru = currency == Currency::Pen;
    Some(match word {
        "mil" | "k" | "miles" | "thousand" | "grand" => 1_000,
        "luca" | "lucas" | "luka" | "lukas" | "luquitas" | "lucazas" if peru => 1,
        "luca" | "lucas" | "luka" | "lukas" | "luquitas" | "lucazas" | "milanesas" => 1_000,
        "barra" | "barras" if currency == Currency::Cop => 1_000,
        "gamba" | "gambas" if matches!(currency, Currency::Clp | Currency::Ars) => 100,
        "millon" | "millones" | "millonsito" | "milloncito" | "milloncitos" | "mm" | "millions"
        | "million" | "milhao" | "milhoes" | "palo" | "palos" | "palito" | "palitos" | "melon"
        | "melones" => 1_000_000,
        _ => return None,
    })
}

/// Whether a word only multiplies: "mil", "palos".
pub fn multiplies(word: &str, currency: Currency) -> Option<i128> {
    multiplier(word, currency)
}

/// The value of a number word, and whether it is spelt as no dictionary has it.
fn spelt(word: &str) -> Option<(i128, bool)> {
    word_value(word).map(|value| (value, false)).or_else(|| misspelt(word).map(|value| (value, true)))
}

/// A word that sounds like one number and no other ("docientos", "dies", "sinco"), or joins two ("treintaidos").
fn misspelt(word: &str) -> Option<i128> {
    if word == "veinti" {
        return Some(20);
    }
    let tens = ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa", "veinte"];
    let joined = tens.into_iter().find_map(|ten| {
        let unit = word.strip_prefix(ten)?.trim_start_matches(['i', 'y']);
        let unit = if unit == "un" { 1 } else { word_value(unit).filter(|unit| (1..10).contains(unit))? };
        Some(word_value(ten)? + unit)
    });
    let heard = || HEARD.get(sound(word).as_str()).copied().flatten();
    // "siento" is what people say before a refusal.
    joined.or_else(|| (word.len() >= 4 && word != "siento").then(heard).flatten())
}

/// The number of each sound; none where two numbers sound alike.
static HEARD: LazyLock<HashMap<String, Option<i128>>> = LazyLock::new(|| {
    let mut heard = HashMap::new();
    for name in LONG_NAMES {
        let value = word_value(name);
        let same = heard.entry(sound(name)).or_insert(value);
        *same = same.filter(|same| Some(*same) == value);
    }
    heard
});

/// How a word of Latin America's Spanish is heard: z, s and soft c alike, b and v, y and i, no h, no double letters.
fn sound(word: &str) -> String {
    let mut heard = String::with_capacity(word.len());
    let mut letters = word.chars().peekable();
    let mut before = None;
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().unwrap_or_default();
        let before = before.replace(letter);
        let c = match letter {
            'z' => 's',
            'c' if matches!(next, 'e' | 'i') => 's',
            'c' | 'q' => 'k',
            'v' => 'b',
            'y' => 'i',
            'h' => continue,
            'u' if before == Some('q') => continue,
            other => other,
        };
        if !heard.ends_with(c) {
            heard.push(c);
        }
    }
    heard
}

/// Whether a word is one slip away from a number word, so that the number beside it may not be the whole number.
pub fn is_near(word: &str) -> bool {
    const ORDINARY: [&str; 14] = [
        "siento", "cuento", "cierto", "nuevo", "nueva", "nuevos", "there", "novena", "right", "medica",
        "tries", "centro", "papito", "conto",
    ];
    let near = |name: &&str| is_one_slip(name, word);
    word.len() >= 5
        && word_value(word).is_none()
        && !ORDINARY.contains(&word)
        && LONG_NAMES.iter().filter(|name| name.len() >= 5).any(near)
}

/// Number words of four letters and more, whose sound and neighbours are looked for.
const LONG_NAMES: [&str; 74] = [
    "cero",
    "tres",
    "cuatro",
    "quatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciseis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "vinte",
    "veintiuno",
    "veintidos",
    "veintitres",
    "veinticuatro",
    "veinticinco",
    "veintiseis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
    "treinta",
    "trinta",
    "cuarenta",
    "quarenta",
    "cincuenta",
    "cinquenta",
    "sesenta",
    "sessenta",
    "setenta",
    "ochenta",
    "oitenta",
    "noventa",
    "cien",
    "ciento",
    "doscientos",
    "duzentos",
    "trescientos",
    "trezentos",
    "cuatrocientos",
    "quatrocentos",
    "quinientos",
    "quinhentos",
    "seiscientos",
    "seiscentos",
    "setecientos",
    "setecentos",
    "ochocientos",
    "oitocentos",
    "novecientos",
    "novecentos",
    "three",
    "seven",
    "eight",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "ninety",
];

/// Number words of Spanish, Portuguese and English.
pub fn word_value(word: &str) -> Option<i128> {
    Some(match word {
        "cero" | "zero" => 0,
        "uno" | "una" | "um" | "uma" | "one" => 1,
        "dos" | "dois" | "duas" | "two" => 2,
        "tres" | "three" => 3,
        "cuatro" | "quatro" | "four" => 4,
        "cinco" | "five" => 5,
        "seis" | "six" => 6,
        "siete" | "sete" | "seven" => 7,
        "ocho" | "oito" | "eight" => 8,
        "nueve" | "nove" | "nine" => 9,
        "diez" | "dez" | "ten" => 10,
        "once" | "onze" | "eleven" => 11,
        "doce" | "doze" | "twelve" => 12,
        "trece" | "treze" | "thirteen" => 13,
        "catorce" | "catorze" | "quatorze" | "fourteen" => 14,
        "quince" | "quinze" | "fifteen" => 15,
        "dieciseis" | "dezesseis" | "sixteen" => 16,
        "diecisiete" | "dezessete" | "seventeen" => 17,
        "dieciocho" | "dezoito" | "eighteen" => 18,
        "diecinueve" | "dezenove" | "nineteen" => 19,
        "veinte" | "vinte" | "twenty" => 20,
        "veintiuno" | "veintiun" => 21,
        "veintidos" => 22,
        "veintitres" => 23,
        "veinticuatro" => 24,
        "veinticinco" => 25,
        "veintiseis" => 26,
        "veintisiete" => 27,
        "veintiocho" => 28,
        "veintinueve" => 29,
        "treinta" | "trinta" | "thirty" => 30,
        "cuarenta" | "quarenta" | "forty" => 40,
        "cincuenta" | "cinquenta" | "fifty" => 50,
        "sesenta" | "sessenta" | "sixty" => 60,
        "setenta" | "seventy" => 70,
        "ochenta" | "oitenta" | "eighty" => 80,
        "noventa" | "ninety" => 90,
        "cien" | "ciento" | "cem" | "cento" => 100,
        "doscientos" | "doscientas" | "duzentos" | "duzentas" => 200,
        "trescientos" | "trescientas" | "trezentos" => 300,
        "cuatrocientos" | "cuatrocientas" | "quatrocentos" => 400,
        "quinientos" | "quinientas" | "quinhentos" => 500,
        "seiscientos" | "seiscientas" | "seiscentos" => 600,
        "setecientos" | "setecientas" | "setecentos" => 700,
        "ochocientos" | "ochocientas" | "oitocentos" => 800,
        "novecientos" | "novecientas" | "novecentos" => 900,
        _ => return None,
    })
}
