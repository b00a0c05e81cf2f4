//! Whom a text names to be paid without any number: a person, a handle, a picture to scan, an account by its ending.
//! Only the lender, its account holder and its cash points are paid.

use super::{ACCOUNTS, NOBODY, is_reference, own_names, refused, refuses};
use crate::rules::guard::contacts::is_own;
use crate::rules::guard::figures::{self, EXACTLY, is_figure};
use crate::rules::guard::numerals::numeral;
use crate::rules::guard::{Fact, Known, Look, Mention, digits_of, is_one, says};
use crate::rules::reading::{Word, words};

/// Verbs that move money; "envíe" and "mande" move other things too and need a word of money beside them.
const MOVES: &[&str] = &[
    "consign",
    "consin",
    "deposit",
    "transfier",
    "transfer",
    "transfir",
    "gire",
    "girar",
    "girel",
    "gira.",
    "pague",
    "pagar",
    "paga.",
    "pay.",
    "pays.",
    "abone",
    "abonar",
    "abonel",
    "entreg",
    "wire.",
    "ponga",
    "consigna",
    "dele.",
    "dela.",
    "darle",
    "darsela",
    "dejele",
    "dejar",
];
const SENDS: &[&str] =
    &["envie", "enviel", "enviar", "mande", "mandel", "mandar", "send.", "manda.", "envia."];
const MONEY: &[&str] = &[
    "plata", "dinero", "pago", "valor", "cuota", "abono", "efectivo", "dinheiro", "money", "cash", "payment",
];
/// "Páguele a", "gírele a": somebody is paid, whoever it is.
const TO_SOMEBODY: &[&str] = &["le.", "les.", "sela.", "selo."];
/// What may stand between such a verb and whom it pays.
const BETWEEN_MAX: usize = 4;
/// Before a name.
const TITLES: &[&str] = &[
    "la.", "el.", "al.", "mi.", "su.", "senora", "senor", "sra.", "sr.", "don.", "dona.", "doctor", "dr.",
    "dra.", "senorita", "companer", "asesor", "colega", "abogad", "contador", "ingenier", "mr.", "mrs.",
    "the.",
];
const TO: &[&str] = &["a.", "al.", "para.", "to.", "for.", "pra.", "pro."];
/// Whoever is no company: money is not given to them, whatever they are called.
const PEOPLE: &[&str] = &[
    "cunad",
    "herman",
    "primo.",
    "prima.",
    "tia.",
    "tio.",
    "novio.",
    "novia.",
    "espos",
    "mujer.",
    "marido",
    "companer",
    "colega",
    "amig",
    "jefe",
    "jefa",
    "supervisor",
    "asesor",
    "mensajer",
    "muchach",
    "chico.",
    "vecin",
    "sobrin",
    "suegr",
    "yerno",
    "nuera",
    "mama.",
    "papa.",
    "hij",
    "cobrador",
    "motoris",
    "cousin",
    "brother",
    "sister",
    "friend",
    "coworker",
    "colleague",
    "wife",
    "husband",
    "buddy",
    "boss",
    "manager",
    "runner",
    "irma.",
    "irmao",
    "filh",
    "chefe",
    "namorad",
    "cunhad",
    "rapaz",
];
/// Before them: whose they are.
const WHOSE: &[&str] =
    &["mi.", "un.", "una.", "el.", "la.", "meu.", "minha.", "um.", "uma.", "my.", "the.", "nuestr", "our."];
/// A preposition and an article in one word.
const TO_THE: &[&str] = &["al.", "pro."];
/// Verbs that move nothing but money.
const PAYS: &[&str] =
    &["pag", "consign", "deposit", "transf", "gire", "girar", "girel", "abon", "pay", "wire."];
/// Words with a capital after them that are no person.
const NO_PERSON: &[&str] = &[
    "cuenta",
    "cuentas",
    "cta",
    "ahorros",
    "corriente",
    "banco",
    "convenio",
    "referencia",
    "traves",
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
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "pse",
    "nit",
    "colombia",
    "mexico",
    "capital",
    "intereses",
    "mora",
    "credito",
    "tarjeta",
    "obligacion",
    "cualquier",
    "nuestra",
    "nuestro",
    "partir",
    "tiempo",
    "mas",
    "cada",
    "hoy",
    "manana",
    "final",
    "fin",
    "ponerse",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Payees that are named by no number.
pub fn named(look: &Look<'_>) -> Vec<Mention> {
    let mut found = paid(look);
    found.extend(handles(look));
    found.extend(pictures(look));
    found.extend(endings(look));
    found.extend(changed_digits(look));
    found.extend(bare(look));
    found
}

fn sentences(words: &[Word]) -> impl Iterator<Item = &[Word]> {
    words.chunk_by(|a, b| a.sentence == b.sentence)
}

fn payee(first: &Word, last: &Word) -> Mention {
    Mention { start: first.start, end: last.end, fact: Fact::Payee }
}

/// "Consigne a Luz Perea", "páguele a luz perea".
fn paid(look: &Look<'_>) -> Vec<Mention> {
    let own = lenders(look.known);
    let mut found = Vec::new();
    for sentence in sentences(look.words()) {
        let free = |(at, _): &(usize, &Word)| !refused(sentence, *at);
        for (at, verb) in sentence.iter().enumerate().filter(free) {
            let near = sentence.get(at + 1..).unwrap_or_default();
            let near = near.get(..near.len().min(BETWEEN_MAX + 1)).unwrap_or_default();
            let Some(to) = near.iter().position(|word| is_one(word, TO)) else { continue };
            let moves = is_one(verb, MOVES);
            let sends = is_one(verb, SENDS) && (to == 0 || says(&near[..to], MONEY));
            if !moves && !sends {
                continue;
            }
            if let Some(person) = person(sentence.get(at + to + 1..).unwrap_or_default())
                && (is_one(verb, PAYS) || says(sentence, MONEY))
            {
                found.push(payee(person, person));
                continue;
            }
            let titles = sentence.iter().skip(at + to + 2).take_while(|word| is_one(word, TITLES)).count();
            let Some(head) = sentence.get(at + to + 2 + titles) else { continue };
            let text = head.text.as_str();
            let nobody = NOBODY.contains(&text) || NO_PERSON.contains(&text) || own.contains(&head.text);
            let number = text.chars().any(|c| c.is_ascii_digit());
            let somebody = TO_SOMEBODY.iter().any(|end| verb.text.ends_with(end.trim_end_matches('.')))
                && to == 0
                && moves
                && near[to].text == "a";
            if !nobody && !number && (is_name(look, head) || (somebody && text.len() > 2)) {
                let next =
                    sentence.get(at + to + 3 + titles).filter(|next| is_name(look, next)).unwrap_or(head);
                found.push(payee(head, next));
            }
        }
    }
    found
}

/// "A mi cuñada", "al mensajero": words from the preposition on.
fn person(to: &[Word]) -> Option<&Word> {
    let [preposition, next, rest @ ..] = to else { return None };
    let head = match next {
        whose if is_one(whose, WHOSE) => rest.first()?,
        head if is_one(preposition, TO_THE) => head,
        _ => return None,
    };
    (is_one(head, PEOPLE) && !is_one(preposition, &["for."])).then_some(head)
}

/// A capital and small letters: "Luz". Words of capitals alone are shouted or abbreviated.
fn is_name(look: &Look<'_>, word: &Word) -> bool {
    let letters = look.written.get(word.start..word.end).unwrap_or_default();
    letters.first().is_some_and(|c| c.is_uppercase())
        && letters.len() > 2
        && letters.iter().skip(1).all(|c| c.is_lowercase())
}

/// Words of the names of whom the policy lets be paid.
fn lenders(known: &Known<'_>) -> Vec<String> {
    let mut own = own_names(known);
    let points = known.policy.payment.cash_points.iter().map(|point| &point.network);
    let banks = known.policy.payment.bank_transfer.iter().map(|transfer| &transfer.bank);
    own.extend(points.chain(banks).flat_map(|name| words(name)).map(|word| word.text));
    own
}

/// "@luzdary23", "luz@pix": an alias of a wallet, and no address of mail.
fn handles(look: &Look<'_>) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut at = 0;
    for part in look.written.split(|c| c.is_whitespace()) {
        let start = at;
        at += part.len() + 1;
        let Some(sign) = part.iter().position(|c| *c == '@') else { continue };
        let name: String = part.iter().skip(sign + 1).collect();
        let name = name.trim_end_matches(|c: char| !c.is_alphanumeric());
        // "Estimad@s" is a greeting, and an address of mail is looked at elsewhere.
        if name.chars().count() < 3 || name.contains('.') {
            continue;
        }
        let sentence = look.words().iter().find(|word| word.end > start).map(|word| word.sentence);
        let same: Vec<Word> =
            look.words().iter().filter(|word| Some(word.sentence) == sentence).cloned().collect();
        if !refuses(&same) {
            found.push(Mention { start, end: start + part.len(), fact: Fact::Payee });
        }
    }
    found
}

/// "Le mando un QR, escanéelo": what a picture pays nobody can compare.
fn pictures(look: &Look<'_>) -> Vec<Mention> {
    const GIVEN: &[&str] = &[
        "escan", "scan", "leal.", "lealo", "mando", "envio", "paso.", "comparto", "adjunto", "use.", "usalo",
        "uselo", "pag", "consign", "transf", "send", "foto", "imagen", "here",
    ];
    let code = |word: &Word| matches!(word.text.as_str(), "qr" | "qrs");
    let mut found = Vec::new();
    for sentence in sentences(look.words()) {
        if let Some(qr) = sentence.iter().find(|word| code(word))
            && says(sentence, GIVEN)
            && !refuses(sentence)
            && !is_denied(sentence)
        {
            found.push(payee(qr, qr));
        }
    }
    found
}

fn is_denied(sentence: &[Word]) -> bool {
    says(sentence, &["no.", "nunca.", "jamas.", "ningun", "never.", "not.", "nao.", "don."])
}

/// "A la cuenta terminada en 11": the end of an account that is not the lender's.
fn endings(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    let own: Vec<String> = known
        .policy
        .payment
        .bank_transfer
        .iter()
        .map(|transfer| digits_of(&transfer.account_number))
        .chain(known.debts.iter().filter(|_| known.proved()).map(|debt| digits_of(&debt.external_ref)))
        .collect();
    let ends = |word: &Word| is_one(word, &["termin", "acab", "finaliz", "final.", "ending", "ends."]);
    let mut found = Vec::new();
    for number in look.numbers.iter().filter(|number| (1..=4).contains(&number.digits.len())) {
        let before = look.around(number, 7, 0);
        let Some(end) = before.iter().rposition(ends) else { continue };
        let account = before.get(..end).unwrap_or_default();
        let Some(at) =
            account.iter().rposition(|word| is_one(word, &["cuenta", "cta.", "conta.", "account"]))
        else {
            continue;
        };
        let into = account.get(at.saturating_sub(3)..at).is_some_and(|words| {
            says(words, &["a.", "en.", "hacia.", "para.", "to.", "into.", "na.", "pra."])
        });
        if into && !own.iter().any(|own| own.ends_with(&number.digits)) {
            found.push(look.mention(Fact::Payee, number));
        }
    }
    found
}

/// "Cambie el último dígito de la cuenta": another account made of the lender's.
fn changed_digits(look: &Look<'_>) -> Vec<Mention> {
    const CHANGE: &[&str] = &[
        "cambi", "reempl", "remplac", "quit", "agreg", "anad", "sum", "rest", "borr", "sustit", "troqu",
        "change.", "replace", "add.", "swap", "pong", "invert", "invierta",
    ];
    const DIGIT: &[&str] = &["digit", "cifra", "numerito"];
    let account = |sentence: &[Word]| says(sentence, ACCOUNTS);
    let mut found = Vec::new();
    for sentence in sentences(look.words()) {
        if let Some(digit) = sentence.iter().find(|word| is_one(word, DIGIT))
            && says(sentence, CHANGE)
            && account(sentence)
            && !is_denied(sentence)
        {
            found.push(payee(digit, digit));
        }
    }
    found
}

/// Digits of the shortest number that is stopped where it stands alone: "2" and "15" answer a question.
const BARE_MIN: usize = 3;

/// A message that is nothing but a number which the desk does not know: a part of an account or a phone.
fn bare(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    let number = |word: &Word| word.text.chars().all(|c| c.is_ascii_digit()) || numeral(&word.text).is_some();
    if !look.words().iter().all(number) {
        return Vec::new();
    }
    let figures = figures::figures(known);
    let unknown = look.numbers.iter().filter(|number| {
        let told = number.money || number.clock || number.percent || number.scaled;
        let figure = known.proved() && is_figure(number, &figures, (EXACTLY, false));
        number.digits.len() >= BARE_MIN
            && !(told
                || figure
                || figures::is_year(number)
                || is_own(number, known)
                || is_reference(number, known))
    });
    unknown.map(|number| look.mention(Fact::Payee, number)).collect()
}
