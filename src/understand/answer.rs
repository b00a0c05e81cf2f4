//! Short answers: yes or no, the last digits of a document, the day and month of a birthday, a count.

use super::date;
use super::lexicon::YesNo;
use super::number;
use super::tokens::Token;
use crate::domain::money::Currency;

/// Words of a message that is nothing but yes or no.
const ANSWER_WORDS_MAX: usize = 6;

/// Words that make a message kinder and mean nothing more; longer ones first.
const COURTESIES: [&str; 38] = [
    "hola",
    "buenos dias",
    "buen dia",
    "buenas tardes",
    "buenas noches",
    "buenas",
    "disculpeme",
    "disculpe",
    "disculpa",
    "perdone",
    "perdon",
    "oiga",
    "por favor",
    "muchas gracias",
    "gracias",
    "pues",
    "y",
    "oi",
    "ola",
    "bom dia",
    "boa tarde",
    "boa noite",
    "desculpe",
    "desculpa",
    "obrigado",
    "obrigada",
    "hi",
    "hello",
    "hey",
    "good morning",
    "excuse me",
    "please",
    "pls",
    "plz",
    "porfa",
    "porfavor",
    "thanks",
    "sorry",
];

/// Words of a message that names an instalment which it does not offer.
const NOT_PAID: [&str; 15] = [
    "cuanto", "quanto", "cual", "how", "pasa", "acontece", "happens", "atraso", "atrasar", "atrase", "fallo",
    "incumplo", "cuelgo", "debo", "devo",
];

/// Instalments counted in a message at most; more is another number.
const INSTALMENTS_MAX: u16 = 120;

/// Digits of the longest document number that has no letters: a CPF, a CUIT.
const DOCUMENT_DIGITS_MAX: usize = 11;
/// Groups of four that a document is written in at most.
const DOCUMENT_FOURS_MAX: usize = 2;

/// Words that may open an answer without changing it.
const FILLERS: [&str; 14] =
    ["ah", "ay", "eh", "em", "mmm", "pues", "bueno", "oh", "hola", "buenas", "uy", "entonces", "che", "well"];

/// Yes or no; `asked` when the open step waits for one, so that more words may follow.
///
/// The longest listed phrase at the start decides; a message that says both, or neither, is no answer.
pub fn yes_no(words: &str, phrases: &[(String, YesNo)], asked: bool) -> Option<bool> {
    let list: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    if list.len() > if asked { ANSWER_WORDS_MAX * 4 } else { ANSWER_WORDS_MAX } {
        return None;
    }
    let start = |list: &[&str]| {
        let text = list.join(" ");
        phrases
            .iter()
            .find(|(phrase, _)| {
                text.strip_prefix(phrase.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            })
            .map(|(phrase, answer)| (phrase.split(' ').count(), *answer))
    };
    let fillers = list.iter().take_while(|word| FILLERS.contains(word)).count();
    let (skipped, (taken, answer)) = start(&list)
        .map(|found| (0, found))
        .or_else(|| start(list.get(fillers..)?).map(|found| (fillers, found)))?;
    // "bueno no", "ok si": what follows a filler is the answer.
    let answered = if skipped == 0 && fillers >= taken {
        list.get(fillers..).and_then(start).map_or(answer, |(_, later)| later)
    } else {
        answer
    };
    let rest = list.get(skipped + taken..).unwrap_or_default();
    let contradicts = |word: &&&str| match answered {
        YesNo::Yes => matches!(**word, "no" | "nao" | "pero" | "mas" | "but"),
        YesNo::No => matches!(**word, "si" | "sim" | "yes"),
        YesNo::Neither => false,
    };
    let both = rest.iter().any(|word| contradicts(&word)) && fillers < taken.max(1);
    // Unasked, "si" and "no" often only open a sentence: "no reconozco esa deuda".
    let opens_sentence = !asked && rest.len() > 2;
    match answered {
        YesNo::Yes if !both && !opens_sentence => Some(true),
        YesNo::No if !both && !opens_sentence => Some(false),
        YesNo::Yes | YesNo::No | YesNo::Neither => None,
    }
}

/// The last four digits of a document: "4821", "los últimos son 4821", "CC 1.020.304.821", "4 8 2 1".
pub fn last_four(folded: &str) -> Option<String> {
    let mut runs: Vec<String> = Vec::new();
    // Four digits written together are whole; what follows them is another number.
    let mut whole = false;
    let mut open = false;
    for piece in folded.split([' ', '.', ',', '-', '\'', ';', ':']) {
        let digits: Option<String> = if piece.is_empty() {
            continue;
        } else if piece.bytes().all(|byte| byte.is_ascii_digit()) {
            Some(piece.to_owned())
        } else {
            number::word_value(piece).filter(|value| *value <= 9).map(|value| value.to_string())
        };
        // "CC1020304821" is a run of its own.
        let digits = digits.or_else(|| {
            let inner = piece.trim_matches(|c: char| !c.is_ascii_digit());
            (inner.len() >= 4 && inner.bytes().all(|byte| byte.is_ascii_digit())).then(|| inner.to_owned())
        });
        match (digits, runs.last_mut()) {
            (Some(digits), Some(run)) if open && !whole => run.push_str(&digits),
            (Some(digits), _) => {
                whole = digits.len() == 4;
                runs.push(digits);
            }
            (None, _) => {
                open = false;
                continue;
            }
        }
        open = true;
    }
    // No document has so many digits, in one piece or in the fours of a card: whose end they are, nobody knows.
    let fours = runs.windows(DOCUMENT_FOURS_MAX + 1).any(|runs| runs.iter().all(|run| run.len() == 4));
    if fours || runs.iter().any(|run| run.len() > DOCUMENT_DIGITS_MAX) {
        return None;
    }
    let run = runs.iter().find(|run| run.len() == 4).or_else(|| runs.iter().find(|run| run.len() > 4))?;
    run.get(run.len() - 4..).map(str::to_owned)
}

/// The day and month of a birthday: "12 de marzo", "marzo 12", "12/03", "1203", "12 03 1985".
///
/// Day first, as in all our countries but the United States; USD reads the month first where both fit.
pub fn day_month(tokens: &[Token<'_>], currency: Currency) -> Option<(u8, u8)> {
    let numbers: Vec<i64> = tokens.iter().copied().flat_map(digit_groups).collect();
    let named = tokens.iter().copied().filter_map(Token::word).find_map(date::month);
    let (day, month) = if let Some(month) = named {
        let worded = || tokens.iter().copied().filter_map(Token::word).find_map(worded_day);
        (numbers.iter().copied().find(|n| (1..=31).contains(n)).or_else(worded)?, month)
    } else {
        let (a, b) = match numbers.as_slice() {
            [year, month, day] if *year > 1_000 => (*day, *month),
            // "1203", "12031985".
            [run] => split_run(tokens, *run)?,
            [a, b] | [a, b, _] => (*a, *b),
            _ => return None,
        };
        if (currency == Currency::Usd || b > 12) && a <= 12 { (b, a) } else { (a, b) }
    };
    const LONGEST: [i64; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days = *LONGEST.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1..=days).contains(&day) {
        return None;
    }
    Some((u8::try_from(day).ok()?, u8::try_from(month).ok()?))
}

fn digit_groups(token: Token<'_>) -> Vec<i64> {
    let Token::Numeral(text) = token else { return Vec::new() };
    text.split(['.', ',', '\'', ' ']).filter_map(|part| part.parse().ok()).collect()
}

fn worded_day(word: &str) -> Option<i64> {
    if matches!(word, "primero" | "primeiro" | "first") {
        return Some(1);
    }
    number::word_value(word).and_then(|value| i64::try_from(value).ok()).filter(|day| (2..=31).contains(day))
}

fn split_run(tokens: &[Token<'_>], run: i64) -> Option<(i64, i64)> {
    let n_digits = tokens.iter().copied().find_map(Token::numeral)?.len();
    match n_digits {
        3 | 4 => Some((run / 100, run % 100)),
        6 => Some((run / 10_000, run / 100 % 100)),
        8 => Some((run / 1_000_000, run / 10_000 % 100)),
        _ => None,
    }
}

/// The words without the greetings and thanks around them; all of them when they are nothing else.
pub fn without_courtesy(words: &str) -> &str {
    let mut rest = words;
    let strip = |rest: &str, one: &str, front: bool| -> Option<usize> {
        let left = if front { rest.strip_prefix(one)? } else { rest.strip_suffix(one)? };
        let whole = if front { left.starts_with(' ') } else { left.ends_with(' ') };
        whole.then(|| left.trim().len())
    };
    loop {
        let before = rest;
        for one in COURTESIES {
            if let Some(n) = strip(rest, one, true) {
                rest = rest.get(rest.len() - n..).unwrap_or(rest);
            }
            if let Some(n) = strip(rest, one, false) {
                rest = rest.get(..n).unwrap_or(rest);
            }
        }
        if rest == before {
            return rest;
        }
    }
}

/// A number of instalments: "dos cuotas", "2 parcelas", "una sola cuota"; where an amount is `asked`, "la cuota" is one.
pub fn instalments(tokens: &[Token<'_>], currency: Currency, asked: bool) -> Option<u16> {
    const UNITS: [&str; 10] = [
        "cuota",
        "cuotas",
        "cuotica",
        "parcela",
        "parcelas",
        "prestacao",
        "instalment",
        "instalments",
        "installment",
        "installments",
    ];
    let unit = tokens.iter().position(|token| token.is(&UNITS))?;
    let before = tokens.get(..unit)?;
    // "la cuota 3" and "la segunda cuota" name one; "2 cuotas" counts them.
    let named = tokens.get(unit + 1).is_some_and(|next| next.numeral().is_some());
    let counted = (1..=before.len().min(2)).rev().find_map(|n| {
        let number = number::read(before.get(before.len() - n..)?, currency)?;
        number.whole().filter(|_| !number.grouped && !number.multiplied)
    });
    let one = || {
        let before_it = |words: &[&str]| before.last().is_some_and(|token| token.is(words));
        // "La cuota" and "solo la cuota, gracias" answer; "no me alcanza para la cuota" tells.
        let alone = before.len() <= 2 && tokens.len() <= before.len() + 3;
        let denied = tokens.iter().any(|token| token.is(&["no", "nao", "not", "sin", "sem", "ni", "menos"]));
        let asks = tokens.first().is_some_and(|token| token.is(&["cuanto", "quanto", "que", "cual", "how"]));
        let this = asked && !asks && alone && !denied && before_it(&["la", "mi", "a", "minha", "the", "my"]);
        // "¿cuánto es una cuota?" asks, "me atraso una cuota" tells of another thing.
        let other = denied || tokens.iter().any(|token| token.is(&NOT_PAID));
        ((before_it(&["una", "uma", "one", "sola"]) && !(asked && other)) || this).then_some(1)
    };
    u16::try_from(counted.or_else(one)?).ok().filter(|n| (1..=INSTALMENTS_MAX).contains(n) && !named)
}

/// A count without unit: "3", "tres cuotas", "en 12".
pub fn integer(tokens: &[Token<'_>], currency: Currency) -> Option<i64> {
    let mut found = None;
    let mut at = 0;
    while let Some(rest) = tokens.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(number) = number::read(rest, currency) {
            // Two numbers are no count.
            if found.is_some() {
                return None;
            }
            found = Some(number.whole()?);
            at += number.n_tokens;
        } else {
            at += 1;
        }
    }
    let one = || tokens.iter().any(|token| token.is(&["un", "una", "um", "uma", "one"])).then_some(1);
    i64::try_from(found.or_else(one)?).ok()
}
