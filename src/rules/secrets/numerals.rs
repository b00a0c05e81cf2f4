//! Numbers in words, as people dictate a card: digit by digit or in pairs, in Spanish, Portuguese and English.

use super::read::Token;

/// Words that are digits by themselves.
const DIGITS: [(&str, &str); 52] = [
    ("cero", "0"),
    ("uno", "1"),
    ("dos", "2"),
    ("tres", "3"),
    ("cuatro", "4"),
    ("cinco", "5"),
    ("seis", "6"),
    ("siete", "7"),
    ("ocho", "8"),
    ("nueve", "9"),
    ("diez", "10"),
    ("once", "11"),
    ("doce", "12"),
    ("trece", "13"),
    ("catorce", "14"),
    ("quince", "15"),
    ("dieciseis", "16"),
    ("diecisiete", "17"),
    ("dieciocho", "18"),
    ("diecinueve", "19"),
    ("zero", "0"),
    ("um", "1"),
    ("dois", "2"),
    ("duas", "2"),
    ("quatro", "4"),
    ("sete", "7"),
    ("oito", "8"),
    ("nove", "9"),
    ("meia", "6"),
    ("dez", "10"),
    ("onze", "11"),
    ("doze", "12"),
    ("treze", "13"),
    ("quatorze", "14"),
    ("quinze", "15"),
    ("dezesseis", "16"),
    ("dezessete", "17"),
    ("dezoito", "18"),
    ("dezenove", "19"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("oh", "0"),
];

/// Tens, which take a unit behind them: `cuarenta y uno`, `forty-one`.
const TENS: [(&str, char); 25] = [
    ("veinte", '2'),
    ("treinta", '3'),
    ("cuarenta", '4'),
    ("cincuenta", '5'),
    ("sesenta", '6'),
    ("setenta", '7'),
    ("ochenta", '8'),
    ("noventa", '9'),
    ("vinte", '2'),
    ("trinta", '3'),
    ("quarenta", '4'),
    ("cinquenta", '5'),
    ("sessenta", '6'),
    ("oitenta", '8'),
    ("noventa", '9'),
    ("twenty", '2'),
    ("thirty", '3'),
    ("forty", '4'),
    ("fifty", '5'),
    ("sixty", '6'),
    ("seventy", '7'),
    ("eighty", '8'),
    ("ninety", '9'),
    ("veinti", '2'),
    ("setenta", '7'),
];

/// The number that these tokens begin with, and how many of them it takes.
pub fn read(tokens: &[Token]) -> Option<(String, usize)> {
    let word = |at: usize| tokens.get(at).filter(|token| !token.is_number).map(|token| token.folded.as_str());
    let first = word(0)?;
    if let Some(digits) = plain(first) {
        return Some((digits.to_owned(), 1));
    }
    if let Some(unit) = first.strip_prefix("veinti").and_then(plain).filter(|unit| unit.len() == 1) {
        return Some((format!("2{unit}"), 1));
    }
    if let Some(joined) = joined(first) {
        return Some((joined, 1));
    }
    let tens = TENS.iter().find(|(name, _)| *name == first).map(|(_, digit)| *digit)?;
    let unit = |at: usize| word(at).and_then(plain).filter(|unit| unit.len() == 1 && *unit != "0");
    if matches!(word(1), Some("y" | "e" | "i"))
        && let Some(unit) = unit(2)
    {
        return Some((format!("{tens}{unit}"), 3));
    }
    // "forty one"; and "cuarenta uno", as people say it quickly.
    if let Some(unit) = unit(1) {
        return Some((format!("{tens}{unit}"), 2));
    }
    Some((format!("{tens}0"), 1))
}

/// "cuarentaicinco", "treintaydos", "quarentaecinco".
fn joined(word: &str) -> Option<String> {
    TENS.iter().find_map(|(name, digit)| {
        let unit = word.strip_prefix(name)?.strip_prefix(['i', 'y', 'e'])?;
        plain(unit).filter(|unit| unit.len() == 1 && *unit != "0").map(|unit| format!("{digit}{unit}"))
    })
}

fn plain(word: &str) -> Option<&'static str> {
    DIGITS.iter().find(|(name, _)| *name == word).map(|(_, digits)| *digits)
}

const HUNDREDS: [(&str, u32); 32] = [
    ("cien", 100),
    ("ciento", 100),
    ("doscientos", 200),
    ("trescientos", 300),
    ("cuatrocientos", 400),
    ("quinientos", 500),
    ("seiscientos", 600),
    ("setecientos", 700),
    ("ochocientos", 800),
    ("novecientos", 900),
    ("doscientas", 200),
    ("trescientas", 300),
    ("cuatrocientas", 400),
    ("quinientas", 500),
    ("seiscientas", 600),
    ("setecientas", 700),
    ("ochocientas", 800),
    ("novecientas", 900),
    ("cem", 100),
    ("cento", 100),
    ("duzentos", 200),
    ("trezentos", 300),
    ("quatrocentos", 400),
    ("quinhentos", 500),
    ("seiscentos", 600),
    ("setecentos", 700),
    ("oitocentos", 800),
    ("novecentos", 900),
    ("sietecientos", 700),
    ("nuevecientos", 900),
    ("cincocientos", 500),
    ("dozentos", 200),
];

/// Words for hundreds and thousands, without which no number is one of them.
pub fn is_large(word: &str) -> bool {
    matches!(word, "mil" | "thousand" | "hundred") || HUNDREDS.iter().any(|(name, _)| *name == word)
}

/// A number of hundreds or up to nine thousand, as people say one group of a card: `cuatro mil quinientos treinta y
/// nueve`; and how many tokens it takes.
pub fn cardinal(tokens: &[Token]) -> Option<(String, usize)> {
    let word =
        |at: usize| tokens.get(at).filter(|token| !token.is_number).map_or("", |token| token.folded.as_str());
    let unit =
        |at: usize| plain(word(at)).filter(|unit| unit.len() == 1).and_then(|unit| unit.parse::<u32>().ok());
    let joint = |at: usize| usize::from(matches!(word(at), "y" | "e" | "and"));
    let is_thousand = |at: usize| matches!(word(at), "mil" | "thousand");
    let (thousands, mut at) = match (is_thousand(0), unit(0)) {
        (true, _) => (1, 1),
        (false, Some(unit)) if is_thousand(1) => (unit, 2),
        _ => (0, 0),
    };
    let mut value = thousands * 1_000;
    let first = at + if thousands > 0 { joint(at) } else { 0 };
    let named = HUNDREDS.iter().find(|(name, _)| *name == word(first)).map(|(_, value)| (*value, first + 1));
    let counted = unit(first).filter(|_| word(first + 1) == "hundred").map(|unit| (unit * 100, first + 2));
    let hundreds = named.or(counted).filter(|(_, behind)| !is_thousand(*behind));
    if let Some((hundreds, behind)) = hundreds {
        (value, at) = (value + hundreds, behind);
    }
    if value == 0 {
        return None;
    }
    let first = at + joint(at);
    if let Some((rest, n_tokens)) = read(tokens.get(first..).unwrap_or_default())
        && rest.len() <= 2
        && !(rest.len() == 1 && is_thousand(first + n_tokens))
        && word(first + n_tokens) != "hundred"
        && let Ok(rest) = rest.parse::<u32>()
    {
        (value, at) = (value + rest, first + n_tokens);
    }
    let digits = if thousands > 0 { format!("{value:04}") } else { value.to_string() };
    Some((digits, at))
}
