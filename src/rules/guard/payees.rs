//! Whom a text asks to pay: accounts, wallets, keys and names that are not in the lender's policy.

mod persons;
mod places;

use crate::rules::guard::contacts::{NUMBERED, is_own};
use crate::rules::guard::figures::{self, CLOSELY, is_figure};
use crate::rules::guard::numbers::Number;
use crate::rules::guard::{Fact, Known, Look, Mention, is_one, says};
use crate::rules::reading::{Word, turns, words};

/// Asking for money, in three languages.
const PAYING: &[&str] = &[
    "pag", "abon", "consig", "consin", "transf", "trasf", "deposit", "gir", "enviar", "envie", "enviem",
    "mand", "pase.", "paseme", "pasame", "recib", "recoj", "entreg", "cancel", "pay", "send", "transfer",
    "wire", "deposit", "mande", "pague", "paga", "envia", "coloc", "pong", "recaud", "ingres", "plata",
    "dinero", "money", "dinheiro", "quet", "tirar", "tire", "hagame", "haga", "manda",
];

/// Ways to pay that somebody's own number or name opens. Cash networks of the policy are taken out.
const WALLETS: &[&str] = &[
    "nequi",
    "neki",
    "nequ",
    "daviplata",
    "dabiplata",
    "davi",
    "movii",
    "rappipay",
    "rappi",
    "tpaga",
    "dale",
    "breb",
    "bre",
    "pix",
    "yape",
    "plin",
    "mercadopago",
    "oxxo",
    "paypal",
    "zelle",
    "venmo",
    "cashapp",
    "bizum",
    "bitcoin",
    "btc",
    "usdt",
    "cripto",
    "criptomonedas",
    "crypto",
    "binance",
    "westernunion",
    "moneygram",
    "supergiros",
    "sured",
    "giros",
    "gana",
    "paga",
    "efecty",
    "baloto",
    "spin",
    "codi",
    "dimo",
    "nubank",
    "nu",
    "lulo",
    "transfiya",
    "ualá",
    "uala",
    "picpay",
    "western",
];

/// Banks and networks of others; a bank that the money comes from is none ("desde su Bancolombia").
const BANKS: &[&str] = &[
    "bancolombia",
    "davivienda",
    "bbva",
    "colpatria",
    "scotiabank",
    "itau",
    "banorte",
    "banamex",
    "bancomer",
    "bancoppel",
    "santander",
    "bradesco",
    "pichincha",
    "bancamia",
    "gane",
    "susuerte",
    "puntored",
    "redeban",
];

/// Whose wallet it is, where no word of paying stands.
const MINE: &[&str] = &["me.", "mi.", "mio.", "my.", "mine.", "meu.", "minha."];

/// What an account of somebody is called; a number that follows is one.
const ACCOUNTS: &[&str] = &[
    "cuenta",
    "cta",
    "ahorros",
    "corriente",
    "llave",
    "clabe",
    "cbu",
    "cvu",
    "alias",
    "iban",
    "account",
    "acct",
    "conta",
    "chave",
    "convenio",
    "nequi",
    "daviplata",
    "bancolombia",
    "davivienda",
    "bbva",
    "banorte",
    "wallet",
    "billetera",
    "routing",
    "agencia",
    "referencia",
];

/// Where the name of a payee follows.
const NAMED_BY: &[&[&str]] = &[
    &["a", "nombre", "de"],
    &["a", "nombre", "del"],
    &["titular"],
    &["beneficiario"],
    &["beneficiaria"],
    &["in", "the", "name", "of"],
    &["under", "the", "name"],
    &["em", "nome", "de"],
    &["no", "nome", "de"],
    &["account", "holder"],
    &["payable", "to"],
];

/// Digits of the shortest number whose holder may be named.
const NUMBER_DIGITS: usize = 7;

/// Words after them that are no foreign name.
const NOBODY: &[&str] = &[
    "quien",
    "usted",
    "ud",
    "la",
    "el",
    "los",
    "las",
    "este",
    "esta",
    "otra",
    "otro",
    "otras",
    "persona",
    "entidad",
    "terceros",
    "tercero",
    "un",
    "una",
    "particulares",
    "nadie",
    "de",
    "del",
    "debe",
    "es",
    "tiene",
    "puede",
    "para",
    "y",
    "que",
    "whom",
    "your",
    "who",
    "anyone",
    "someone",
    "ninguna",
    "su",
    "seu",
    "sua",
    "voce",
    "cuenta",
    "chat",
    "confirme",
    "producto",
    "linea",
    "asesores",
    "asesor",
    "empleados",
    "personas",
    "nosotros",
    "banco",
];

/// Accounts, wallets and names to pay to that the policy does not know.
pub fn foreign(look: &Look<'_>) -> Vec<Mention> {
    let mut found = accounts(look);
    found.extend(wallets(look));
    found.extend(names(look));
    found.extend(persons::named(look));
    found.extend(places::foreign(look));
    found
}

/// A number that money is asked to, or that stands beside a word for an account.
fn accounts(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    let figures = figures::figures(known);
    let asked = says(look.words(), PAYING);
    let networks = networks(known);
    let is_payee = |number: &&Number| {
        let length = number.digits.len();
        if is_altered(look, number) {
            return true;
        }
        if length < 4
            || number.money
            || number.clock
            || number.percent
            || number.scaled
            || is_own(number, known)
        {
            return false;
        }
        if figures::is_year(number)
            || (known.proved() && is_figure(number, &figures, (CLOSELY, false)))
            || is_reference(number, known)
        {
            return false;
        }
        let before = look.around(number, 5, 0);
        let account = says(before, ACCOUNTS) && !number.coded;
        // "Pague a la cuenta terminada en 5004": the debt's own number, if it is known; else somebody's.
        let numbered = says(before, NUMBERED) && !account;
        let long = length >= 8 && asked && !numbered;
        // "Efecty con el 114208": a network of the lender, and the agreement of somebody else.
        let network = |words: &[Word]| words.iter().any(|word| networks.contains(&word.sound));
        let networked =
            network(before) || (says(before, &["conven"]) && network(look.sentence(number.first_word)));
        ((networked || (account && (asked || length >= 7))) && length >= 5) || long
    };
    look.numbers.iter().filter(is_payee).map(|number| look.mention(Fact::Payee, number)).collect()
}

/// The cash networks that the lender is paid through, by the sound of their names.
fn networks(known: &Known<'_>) -> Vec<String> {
    let points = known.policy.payment.cash_points.iter().flat_map(|point| words(&point.network));
    points.map(|word| word.sound).collect()
}

/// "45210-B": a number of the lender with a letter more.
fn is_altered(look: &Look<'_>, number: &Number) -> bool {
    let next = |n: usize| look.written.get(number.end + n).copied();
    let letter = next(0) == Some('-') && next(1).is_some_and(char::is_alphabetic);
    letter && number.digits.len() >= 5 && figures::is_public(number, look.known)
}

/// The reference that the policy makes of an obligation or agreement of this file.
fn is_reference(number: &Number, known: &Known<'_>) -> bool {
    let policy = &known.policy.payment;
    let patterns = policy
        .cash_points
        .iter()
        .map(|point| &point.reference)
        .chain(policy.bank_transfer.iter().map(|transfer| &transfer.reference));
    let mut references = patterns.flat_map(|pattern| {
        known.debts.iter().map(move |debt| super::digits_of(&pattern.render(&debt.external_ref, "")))
    });
    known.proved() && references.any(|reference| !reference.is_empty() && reference == number.digits)
}

/// "Pague por Nequi" where the policy has no Nequi, unless the money goes to an account of the lender.
fn wallets(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    let banks = known.policy.payment.bank_transfer.iter().flat_map(|transfer| words(&transfer.bank));
    let networks: Vec<String> = networks(known).into_iter().chain(banks.map(|word| word.sound)).collect();
    let own_account =
        look.numbers.iter().any(|number| number.digits.len() >= 6 && figures::is_public(number, known));
    let mut found = Vec::new();
    for words in look.reading.readings() {
        for (at, word) in words.iter().enumerate() {
            let known_name = WALLETS.contains(&word.text.as_str()) || BANKS.contains(&word.text.as_str());
            let wallet = known_name && !networks.contains(&word.sound);
            if !wallet || own_account || !is_wallet(words, at) {
                continue;
            }
            let from = words.partition_point(|other| other.sentence < word.sentence);
            let to = words.partition_point(|other| other.sentence <= word.sentence);
            let sentence = words.get(from..to).unwrap_or_default();
            if (says(sentence, PAYING) || says(sentence, MINE))
                && !refused(sentence, at - from)
                && !asks_of_the_past(sentence)
            {
                found.push(Mention { start: word.start, end: word.end, fact: Fact::Payee });
            }
        }
    }
    found
}

/// Names of wallets that are words too need a wallet's place.
fn is_wallet(words: &[Word], at: usize) -> bool {
    let text = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", |word| word.text.as_str());
    let (before, after) = (text(at.checked_sub(1)), text(Some(at + 1)));
    let by = [
        "por", "a", "al", "via", "mi", "en", "un", "el", "su", "tu", "to", "no", "pelo", "with", "through",
        "de", "by", "my",
    ]
    .contains(&before);
    match text(Some(at)) {
        "dale" => ["billetera", "por", "mi"].contains(&before),
        "bre" => after == "b",
        "paga" | "gana" | "nu" | "spin" | "giros" | "rappi" | "davi" | "western" => {
            by && before != "el" && before != "no" && before != "su" && before != "en"
        }
        "codi" | "dimo" => by,
        bank if BANKS.contains(&bank) => {
            ["en", "a", "al", "por", "na", "no", "em", "to", "at", "in", "cuenta", "conta", "ao"]
                .contains(&before)
        }
        _ => true,
    }
}

/// Whether the word at `at` stands in what is refused: its clause refuses it, or goes on with a list that one before it
/// refuses. "No pague a extraños, pague a mi primo": the second clause pays by itself.
fn refused(sentence: &[Word], at: usize) -> bool {
    const ORDERS: &[&str] = &[
        "pague",
        "consigne",
        "deposite",
        "abone",
        "transfiera",
        "trasfiera",
        "gire.",
        "girele",
        "mande",
        "envie",
        "pase.",
        "paseme",
        "use.",
        "haga",
        "hagale",
        "dele.",
        "dela.",
        "pay.",
        "send.",
        "transfer.",
        "wire.",
        "me.",
        "deposita",
        "paga.",
        "manda.",
        "entreg",
    ];
    let mut refused = false;
    let mut from = 0;
    for part in sentence.chunk_by(|a, b| a.clause == b.clause && !turns(a, b)) {
        refused = refuses(part) || (refused && from > 0 && !says(part, ORDERS));
        from += part.len();
        if at < from {
            break;
        }
    }
    refused
}

/// "No recibimos pagos por Nequi", "nunca consigne a cuentas de asesores".
fn refuses(sentence: &[Word]) -> bool {
    const NEVER: &[&str] = &[
        "nunca.", "jamas.", "never.", "nao.", "don.", "cuidado", "fraude", "estafa", "desconfi", "evite",
        "scam", "golpe", "jamais.", "ningun", "sospech",
    ];
    let negated = sentence.windows(4).any(|window| {
        window.first().is_some_and(|word| word.text == "no" || word.text == "not")
            && window.iter().skip(1).any(|word| {
                is_one(word, PAYING)
                    || is_one(
                        word,
                        &["recib", "tenemos", "manej", "acept", "us", "hay.", "cont", "accept", "es."],
                    )
            })
    });
    says(sentence, NEVER) || negated
}

/// "¿Pagó por Nequi?": what the person did is asked, not what is to be done.
fn asks_of_the_past(sentence: &[Word]) -> bool {
    says(
        sentence,
        &[
            "pago.",
            "pagaste.",
            "hizo.",
            "hiciste.",
            "realizo.",
            "consigno.",
            "transfirio.",
            "envio.",
            "reporta",
            "comprobante",
            "did.",
            "paid.",
            "fez.",
            "pagou.",
        ],
    ) && !says(
        sentence,
        &[
            "pague",
            "consigne",
            "transfiera",
            "envie",
            "mande",
            "puede.",
            "debe.",
            "haga",
            "paguelo",
            "mi.",
            "realice",
            "deposite",
            "enviar",
            "hacerlo",
        ],
    )
}

/// "A nombre de Pedro Pérez": somebody who is not the lender.
fn names(look: &Look<'_>) -> Vec<Mention> {
    let said = look.words();
    let own = own_names(look.known);
    let mut found = Vec::new();
    for named_by in NAMED_BY {
        for (at, window) in said.windows(named_by.len()).enumerate() {
            if !window.iter().zip(*named_by).all(|(word, known)| word.text == *known) {
                continue;
            }
            let Some(first) = window.first() else { continue };
            let name = said.get(at + named_by.len()..).unwrap_or_default();
            let name: Vec<&Word> =
                name.iter().take_while(|word| word.sentence == first.sentence).take(4).collect();
            let Some(head) = name.first() else { continue };
            let nobody = NOBODY.contains(&head.text.as_str());
            let lender = name.iter().any(|word| own.contains(&word.text));
            let from = said.partition_point(|word| word.sentence < first.sentence);
            let to = said.partition_point(|word| word.sentence <= first.sentence);
            let sentence = said.get(from..to).unwrap_or_default();
            let paying = says(sentence, PAYING) || says(said, ACCOUNTS);
            let single = named_by.len() == 1;
            // "400-765432-10 a nombre de …", "Titular: …".
            let numbered = !single && look.numbers.iter().any(|number| number.digits.len() >= NUMBER_DIGITS);
            let begins = at.checked_sub(1).and_then(|before| said.get(before));
            let labelled = single
                && begins.is_none_or(|before| before.clause != first.clause)
                && name.len() > 1
                && name.iter().take(2).all(|word| starts_upper(look, word));
            let paying = paying || numbered || labelled;
            let proper = name.iter().take(2).all(|word| starts_upper(look, word)) || (!single && !nobody);
            if !nobody && !lender && paying && proper && !refused(sentence, at - from) {
                let end =
                    name.get(1).filter(|word| starts_upper(look, word)).map_or(head.end, |word| word.end);
                found.push(Mention { start: head.start, end, fact: Fact::Payee });
            }
        }
    }
    found
}

fn starts_upper(look: &Look<'_>, word: &Word) -> bool {
    look.written.get(word.start).is_some_and(|c| c.is_uppercase())
}

/// Words of the lender's and the account holder's names, and of the proved person's own.
fn own_names(known: &Known<'_>) -> Vec<String> {
    let policy = known.policy;
    let mut all: Vec<Word> = words(&policy.name);
    all.extend(policy.payment.bank_transfer.iter().flat_map(|transfer| words(&transfer.holder)));
    if known.proved() {
        all.extend(known.persons.iter().flat_map(|person| words(person.full_name.expose())));
    }
    all.into_iter().map(|word| word.text).filter(|word| word.len() > 2).collect()
}
