//! Whether a number is offered: not one that is refused, earned, owed, left over, or paid every month.

use super::date;
use super::tokens::Token;

/// Words that turn an offer into a refusal, in three languages; "don't" and its kin leave a `t`.
const DENIALS: [&str; 16] = [
    "no", "nunca", "jamas", "tampoco", "ni", "nao", "nem", "not", "never", "cannot", "dont", "cant", "t",
    "nada", "sin", "sem",
];
/// What follows a denial that denies nothing: "no más", "sin falta", "no se preocupe".
const HARMLESS: [&str; 9] =
    ["mas", "falta", "problema", "duda", "duvida", "excusa", "menos", "se", "preocupe"];

/// What money is that is not offered; the nearest verb before the number decides.
const OTHER_MONEY: [&str; 70] = [
    "pagaba",
    "pagabamos",
    "abonaba",
    "consignaba",
    "daba",
    "pagava",
    "dava",
    "debiendo",
    "devendo",
    "owing",
    "gano",
    "gana",
    "ganamos",
    "ganaba",
    "ganando",
    "sueldo",
    "salario",
    "ingreso",
    "ingresos",
    "devengo",
    "pagan",
    "pagaban",
    "pagaron",
    "recibo",
    "recibimos",
    "cobro",
    "cobra",
    "cobran",
    "cobraron",
    "cobrando",
    "renta",
    "arriendo",
    "alquiler",
    "aluguel",
    "mercado",
    "cuesta",
    "cuestan",
    "costo",
    "custa",
    "custou",
    "debo",
    "debia",
    "debemos",
    "adeudo",
    "devo",
    "deuda",
    "prestaron",
    "prestan",
    "falta",
    "faltan",
    "faltaban",
    "faltam",
    "resta",
    "restan",
    "sobran",
    "menos",
    "excepto",
    "salvo",
    "exceto",
    "except",
    "ganho",
    "recebo",
    "earn",
    "make",
    "salary",
    "rent",
    "owe",
    "costs",
    "wage",
    "left",
];
/// What money is that is offered: a verb nearer to the number than the one above.
const OFFERS: [&str; 26] = [
    "puedo",
    "podria",
    "pago",
    "pagar",
    "pagarle",
    "pagarles",
    "doy",
    "dar",
    "darle",
    "darles",
    "abono",
    "abonar",
    "abonarle",
    "consigno",
    "consignar",
    "transfiero",
    "ofrezco",
    "tengo",
    "posso",
    "pagaria",
    "pay",
    "can",
    "give",
    "alcanza",
    "giro",
    "deposito",
];

/// Whether the message refuses: "80 mil no", "no tengo 400 mil".
pub fn is_refused(tokens: &[Token<'_>]) -> bool {
    tokens
        .iter()
        .enumerate()
        .any(|(at, token)| token.is(&DENIALS) && !tokens.get(at + 1).is_some_and(|next| next.is(&HARMLESS)))
}

/// The value that stands behind a denial and is all that follows it: "no, el sábado", "no 90", "não, na sexta". Only
/// where a value was shown does it replace that one.
pub fn instead<'p, 't>(tokens: &'p [Token<'t>]) -> Option<&'p [Token<'t>]> {
    const OPENS: [&str; 18] = [
        "el", "la", "este", "para", "pa", "pal", "dia", "hoy", "manana", "pasado", "proximo", "otro", "na",
        "hoje", "amanha", "on", "the", "tomorrow",
    ];
    const WORDS_MAX: usize = 5;
    let denies = tokens.first()?.is(&["no", "nao", "nop", "nah"]);
    let rest = tokens.get(1..).filter(|_| denies)?;
    let first = rest.first()?;
    let value = |word| OPENS.contains(&word) || date::weekday(word).is_some();
    let opens = first.numeral().is_some() || first.is_sign('$') || first.word().is_some_and(value);
    (opens && rest.len() <= WORDS_MAX).then_some(rest)
}

/// The value behind a denial that takes another one back, where one is asked for: "hoy no, mañana", "el 8 no, el 9",
/// "50 no, 80".
pub fn taken_back<'p, 't>(tokens: &'p [Token<'t>]) -> Option<&'p [Token<'t>]> {
    const DAYS: [&str; 9] =
        ["hoy", "manana", "pasado", "hoje", "amanha", "today", "tomorrow", "quincena", "finde"];
    const BEFORE_MAX: usize = 6;
    let at = tokens.iter().rposition(|token| token.is(&["no", "nao", "not"]))?;
    let before = tokens.get(..at).filter(|before| before.len() <= BEFORE_MAX)?;
    let value = |token: &Token<'_>| {
        let day = |word| DAYS.contains(&word) || date::weekday(word).is_some();
        token.numeral().is_some() || token.word().is_some_and(day)
    };
    before.iter().any(value).then(|| instead(tokens.get(at..)?)).flatten()
}

/// Whether the number of `n` tokens at `at` is money of another kind: earned, owed, left, or so much every month.
pub fn is_other_money(tokens: &[Token<'_>], at: usize, n: usize) -> bool {
    let verb = (1..=4).filter_map(|back| at.checked_sub(back).and_then(|at| tokens.get(at)));
    let other = verb
        .map_while(|token| token.numeral().is_none().then_some(token))
        .find(|token| token.is(&OTHER_MONEY) || token.is(&OFFERS))
        .is_some_and(|token| token.is(&OTHER_MONEY));
    let of_the = at >= 2
        && tokens.get(at - 1).is_some_and(|token| token.is(&["los", "las", "os"]))
        && tokens.get(at - 2).is_some_and(|token| token.is(&["de", "dos"]));
    other || of_the || is_each_time(tokens, at + n) || is_for_another(tokens, at + n)
}

/// "80 mil de arriendo", "80 mil pendientes", "80 left".
fn is_for_another(tokens: &[Token<'_>], from: usize) -> bool {
    const ENDS: [&str; 12] = [
        "arriendo",
        "alquiler",
        "renta",
        "mercado",
        "aluguel",
        "rent",
        "sueldo",
        "salario",
        "colegio",
        "servicios",
        "comida",
        "groceries",
    ];
    const OVER: [&str; 6] = ["left", "pendientes", "pendiente", "restantes", "restante", "atrasados"];
    let is = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| token.is(words));
    is(from, &OVER)
        || is(from + 1, &OVER)
        || ((from..from + 2).any(|at| is(at, &["de", "en", "for", "para", "no"]) && is(at + 1, &ENDS)))
}

/// "al mes", "cada quincena", "por semana", "mensuales", soon after the number.
fn is_each_time(tokens: &[Token<'_>], from: usize) -> bool {
    const PERIODS: [&str; 16] = [
        "mes",
        "meses",
        "quincena",
        "quincenas",
        "semana",
        "semanas",
        "dia",
        "dias",
        "ano",
        "month",
        "week",
        "day",
        "fortnight",
        "year",
        "mês",
        "quinzena",
    ];
    const EACH: [&str; 9] = ["cada", "por", "per", "every", "each", "ao", "todos", "todas", "a"];
    const BY_NAME: [&str; 14] = [
        "mensual",
        "mensuales",
        "mensualmente",
        "quincenal",
        "quincenales",
        "semanal",
        "semanales",
        "diarios",
        "diario",
        "mensal",
        "mensais",
        "monthly",
        "weekly",
        "semanais",
    ];
    (from..from + 4).any(|at| {
        let is = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| token.is(words));
        let period =
            |at: usize| is(at, &PERIODS) || (is(at, &["la", "los", "las", "os"]) && is(at + 1, &PERIODS));
        is(at, &BY_NAME)
            || (is(at, &EACH) && period(at + 1))
            || (is(at, &["al"]) && is(at + 1, &["mes", "ano"]))
    })
}
