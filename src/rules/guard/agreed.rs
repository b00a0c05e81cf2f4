//! Whether what a text says of an agreement is true of one on file: its days, amounts, number of payments, kind and
//! state; and payments that are said to have come in.

use crate::domain::debt::{Agreement, AgreementKind, AgreementStatus};
use crate::rules::guard::figures::{self, CLOSELY, due, is_figure};
use crate::rules::guard::{Fact, Known, Look, Mention, dates, is_one, says};
use crate::rules::reading::Word;

const DAY_MAX: i64 = 31;
/// The most payments that are counted by words ("en seis").
const PAYMENTS_MAX: i64 = 60;

const AGREEMENT: &[&str] = &[
    "acuerdo.",
    "acordo.",
    "agreement.",
    "promesa.",
    "promessa.",
    "promise.",
    "compromiso.",
    "compromisso.",
];
/// The day of one, which may be moved.
const DATED: &[&str] = &["fecha."];
/// What stands before a verb of the past: "ya le anulé", and not "cancele su acuerdo".
const BY_US: &[&str] =
    &["le.", "te.", "se.", "lo.", "la.", "ya.", "ja.", "yo.", "eu.", "i.", "ve.", "we.", "have.", "listo."];
/// An agreement is another one now.
const CHANGES: &[&str] = &[
    "movi.",
    "movimos.",
    "corri.",
    "corrimos.",
    "aplace.",
    "aplazamos.",
    "cambie.",
    "cambiamos.",
    "anule.",
    "anulamos.",
    "cancele.",
    "cancelamos.",
    "quite.",
    "quitamos.",
    "borre.",
    "elimine.",
    "modifique.",
    "reprograme.",
    "postergue.",
    "mudei.",
    "mudamos.",
    "cancelei.",
    "anulei.",
    "adiei.",
    "alterei.",
    "moved.",
    "changed.",
    "cancelled.",
    "canceled.",
    "voided.",
    "pushed.",
    "removed.",
    "postponed.",
];
const CHANGED: &[&str] = &[
    "movid",
    "cambiad",
    "anulad",
    "cancelad",
    "modificad",
    "reprogramad",
    "aplazad",
    "eliminad",
    "mudad",
    "adiad",
    "alterad",
    "cancelled.",
    "canceled.",
    "voided.",
    "moved.",
    "postponed.",
];
const KEPT: &[&str] = &["cumplio.", "cumplid", "cumpriu.", "cumprid", "kept.", "fulfilled.", "completed."];
const IS: &[&str] = &[
    "quedo.", "queda.", "esta.", "fue.", "ya.", "foi.", "ficou.", "ja.", "is.", "was.", "been.", "has.",
    "ha.", "you.", "usted.",
];
/// A condition, a wish, a denial, what comes: nothing is said to be done.
const NOT_YET: &[&str] = &[
    "si.",
    "if.",
    "cuando",
    "quando",
    "when.",
    "once.",
    "apenas",
    "no.",
    "nao.",
    "not.",
    "ningun",
    "nenhum",
    "sin.",
    "sem.",
    "quiere",
    "quier",
    "quer.",
    "puede",
    "puedo",
    "podemos",
    "pode.",
    "can.",
    "could.",
    "t.",
    "voy.",
    "vamos.",
    "vou.",
    "antes.",
    "todavia",
    "aun.",
    "ainda",
    "yet.",
    "falta",
    "espera",
    "hasta",
    "until",
    "necesita",
    "debe.",
    "nunca",
    "nadie",
    "asistente",
    "assistente",
    "assistant",
    "confirm",
    "verific",
    "revis",
    "cualquier",
    "any.",
];
const MANY: &[&str] = &["parcel", "cuotas.", "plan.", "instal", "payments.", "vezes.", "pagos."];
/// What is counted behind a number of payments.
const COUNTED: &[&str] = &[
    "cuota",
    "pagos.",
    "parcela",
    "partes.",
    "vezes.",
    "payments.",
    "parts.",
    "instal",
    "meses.",
    "months.",
];

const PAYMENT: &[&str] = &[
    "pago.",
    "consignacion",
    "transferencia",
    "abono.",
    "deposito.",
    "plata.",
    "dinero.",
    "pagamento",
    "pix.",
    "payment.",
    "transfer.",
    "deposit.",
    "money.",
    "dinheiro.",
];
const ARRIVED: &[&str] = &[
    "recibimos.",
    "recibi.",
    "entro.",
    "ingreso.",
    "cayo.",
    "aplicado.",
    "aplicada.",
    "aplicamos.",
    "aplico.",
    "abonado.",
    "acreditado.",
    "acreditamos.",
    "descargo.",
    "descargado.",
    "descargamos.",
    "registrado.",
    "reflejado.",
    "reflejada.",
    "caiu.",
    "entrou.",
    "recebemos.",
    "recebi.",
    "baixado.",
    "received.",
    "got.",
    "posted.",
    "cleared.",
    "arrived.",
];
/// A picture of a payment comes in without it.
const RECEIPT: &[&str] = &[
    "comprobante",
    "comprovante",
    "recibo.",
    "soporte",
    "foto",
    "receipt",
    "voucher",
    "imagen",
    "captura",
    "pantallazo",
    "reporte",
    "aviso.",
    "mensaje",
    "correo",
    "datos",
    "informacion",
];

/// What is agreed and neither broken nor taken back.
pub fn running<'k>(known: &Known<'k>) -> impl Iterator<Item = &'k Agreement> {
    known.agreements.iter().filter(|agreement| match agreement.status {
        AgreementStatus::Proposed
        | AgreementStatus::Accepted
        | AgreementStatus::Active
        | AgreementStatus::Kept => true,
        AgreementStatus::Broken | AgreementStatus::Superseded | AgreementStatus::Cancelled => false,
    })
}

/// Whether the file shows that a payment came in: an agreement is kept, or nothing is due.
pub fn is_paid(known: &Known<'_>) -> bool {
    known.agreements.iter().any(|agreement| agreement.status == AgreementStatus::Kept)
        || (!known.debts.is_empty() && known.debts.iter().all(|debt| due(debt) <= 0))
}

/// Whether what the characters from `start` to `end` say is true of an agreement of the file.
pub fn holds(look: &Look<'_>, (start, end): (usize, usize)) -> bool {
    let words: Vec<&Word> =
        look.words().iter().filter(|word| start <= word.start && word.end <= end).collect();
    if words.iter().any(|word| is_one(word, CHANGES)) && alters(look, &words) {
        return false;
    }
    running(look.known).any(|agreement| is_of(look, (start, end), &words, agreement))
}

/// "Le moví la promesa", "cambié su fecha", "su acuerdo quedó anulado". Without its accent "cambie" asks for it.
fn alters(look: &Look<'_>, words: &[&Word]) -> bool {
    let accented = |word: &Word| {
        word.end.checked_sub(1).and_then(|at| look.written.get(at)).is_some_and(|c| matches!(c, 'é' | 'í'))
    };
    let past = words.iter().any(|word| is_one(word, CHANGES) && accented(word));
    past || words.windows(2).any(|two| {
        let [before, word] = two else { return false };
        (is_one(before, BY_US) && is_one(word, CHANGES)) || (is_one(before, IS) && is_one(word, CHANGED))
    })
}

fn is_of(look: &Look<'_>, (start, end): (usize, usize), words: &[&Word], agreement: &Agreement) -> bool {
    let offer = &agreement.offer;
    let says = |stems: &[&str]| words.iter().any(|word| is_one(word, stems));
    let kind = (!says(&["refinanc"]) || offer.kind == AgreementKind::Refinancing)
        && (!says(MANY) || offer.payments.len() > 1);
    let state = agreement.status == AgreementStatus::Kept || !says(KEPT);
    let days =
        dates::said(look).into_iter().filter(|said| start <= said.start && said.end <= end).all(|said| {
            let due = |day: i64, month: Option<i64>| {
                offer.payments.iter().any(|payment| {
                    i64::from(payment.due.day()) == day
                        && month.is_none_or(|month| i64::from(payment.due.month()) == month)
                })
            };
            said.day.is_none_or(|day| due(day, said.month))
        });
    let of_file: Vec<i64> =
        look.known.debts.iter().flat_map(figures::of_debt).chain(figures::of_offer(offer)).collect();
    let n_payments = i64::try_from(offer.payments.len()).unwrap_or(i64::MAX);
    let numbers = look.numbers.iter().filter(|number| start <= number.start && number.end <= end);
    let numbers = numbers.filter(|number| !number.percent && !number.coded).all(|number| {
        if number.money {
            return is_figure(number, &of_file, (CLOSELY, false));
        }
        let all = look.words();
        let before = number.first_word.checked_sub(1).and_then(|at| all.get(at));
        let after = all.get(number.next_word);
        let Some(value) = number.values.first().filter(|value| *value % 100 == 0).map(|value| value / 100)
        else {
            return true;
        };
        let counted = after.is_some_and(|word| is_one(word, COUNTED))
            || (number.digits.is_empty()
                && before.is_some_and(|word| is_one(word, &["en.", "em.", "into."])));
        if counted && (2..=PAYMENTS_MAX).contains(&value) {
            return value == n_payments;
        }
        let a_day = before.is_some_and(|word| is_one(word, &["dia.", "el.", "the.", "on."]))
            && !after.is_some_and(|word| is_one(word, &["por.", "porciento.", "percent.", "dias."]));
        !(a_day && (1..=DAY_MAX).contains(&value))
            || offer.payments.iter().any(|payment| i64::from(payment.due.day()) == value)
    });
    kind && state && days && numbers
}

/// An agreement that is said to be moved, taken back or kept, or to be for another day: only the bot changes one.
pub fn changed(look: &Look<'_>) -> Vec<Mention> {
    let kept = look.known.agreements.iter().any(|agreement| agreement.status == AgreementStatus::Kept);
    let mut found = Vec::new();
    for clause in look.words().chunk_by(|a, b| a.clause == b.clause) {
        let Some(named) = clause.iter().find(|word| is_one(word, AGREEMENT) || is_one(word, DATED)) else {
            continue;
        };
        if clause.iter().any(|word| word.asked) {
            continue;
        }
        let words: Vec<&Word> = clause.iter().collect();
        let (Some(first), Some(last)) = (clause.first(), clause.last()) else { continue };
        let told = !says(clause, NOT_YET);
        let keeps = !kept && says(clause, AGREEMENT) && says(clause, KEPT) && says(clause, IS);
        // "La fecha de su acuerdo es el 18 de diciembre."
        let another_day = is_dated(clause)
            && running(look.known).next().is_some()
            && dates::said(look).iter().any(|said| first.start <= said.start && said.end <= last.end)
            && !running(look.known).any(|agreement| is_of(look, (first.start, last.end), &words, agreement));
        let alters_one = alters(look, &words) || is_begun(&words);
        if told && (alters_one || keeps) || another_day {
            found.push(Mention { start: named.start, end: named.end, fact: Fact::Agreement });
        }
    }
    found
}

/// "La fecha de su acuerdo es", "su promesa es para el", "your promise is for".
fn is_dated(clause: &[Word]) -> bool {
    let own = clause.windows(2).any(|two| {
        let [before, word] = two else { return false };
        is_one(word, AGREEMENT) && is_one(before, &["su.", "tu.", "seu.", "sua.", "your.", "o.", "a."])
    });
    let free =
        ["puede", "podria", "quiere", "si.", "may.", "can.", "pode.", "lejana", "ultima", "maxim", "no."];
    own && says(clause, &["es.", "e.", "is.", "vence.", "quedo."]) && !says(clause, &free)
}

/// "Anulé el acuerdo": what was done begins the clause.
fn is_begun(words: &[&Word]) -> bool {
    let sure =
        &["movi.", "corri.", "cancelei.", "mudei.", "anulei.", "adiei.", "moved.", "cancelled.", "canceled."];
    words.first().is_some_and(|word| is_one(word, sure))
}

/// "Recibimos su consignación", where the file shows no payment.
pub fn received(look: &Look<'_>) -> Vec<Mention> {
    if is_paid(look.known) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for clause in look.words().chunk_by(|a, b| a.clause == b.clause) {
        let Some(arrived) = clause.iter().find(|word| is_one(word, ARRIVED)) else { continue };
        let told = !clause.iter().any(|word| word.asked)
            && !says(clause, NOT_YET)
            && !says(clause, RECEIPT)
            && !says(clause, AGREEMENT);
        if told && says(clause, PAYMENT) {
            found.push(Mention { start: arrived.start, end: arrived.end, fact: Fact::Received });
        }
    }
    found
}
