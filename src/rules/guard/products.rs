//! Products of the person's file, by name, by kind, or in another language.

use crate::domain::debt::Obligation;
use crate::rules::guard::{Fact, Known, Look, Mention};
use crate::rules::reading::{Word, words};

/// Words between "crédito" and what kind of one.
const REACH: usize = 4;

/// What any product is called.
const ANY_PRODUCT: &[&str] = &[
    "credito",
    "creditos",
    "creditico",
    "tarjeta",
    "tarjetica",
    "prestamo",
    "prestamos",
    "microcredito",
    "tc",
    "hipoteca",
    "hipotecario",
    "leasing",
    "credit",
    "card",
    "loan",
    "mortgage",
    "emprestimo",
    "cartao",
    "financiamento",
    "financiacion",
    "financiado",
    "financiada",
    "financiou",
    "financed",
    "cuenta",
    "saldo",
    "cuota",
    "cuotas",
    "deuda",
    "obligacion",
    "parcela",
    "parcelas",
    "divida",
    "plata",
];

/// Small words and words that every name has.
const EMPTY: &[&str] = &[
    "de", "del", "la", "las", "el", "los", "y", "para", "con", "da", "do", "of", "a", "e", "en", "credito",
    "tarjeta", "prestamo", "cuenta", "personal", "banco", "credit", "card", "loan",
];

/// Words of the same thing.
const SAME: &[&[&str]] = &[
    &[
        "vehiculo",
        "carro",
        "auto",
        "moto",
        "automovil",
        "coche",
        "camioneta",
        "car",
        "vehicle",
        "veiculo",
        "carrito",
        "motico",
        "motito",
        "carrinho",
        "nave",
        "camion",
        "taxi",
        "truck",
        "automotor",
        "wheels",
        "ride",
    ],
    &[
        "vivienda",
        "hipotecario",
        "hipoteca",
        "apartamento",
        "apto",
        "mortgage",
        "home",
        "habitacional",
        "imobiliario",
    ],
    &["libre", "inversion", "destino", "consumo"],
    &["microcredito", "micro", "negocio", "productivo"],
    &["educativo", "estudio", "estudiantil", "universidad"],
    &["nomina", "libranza", "payroll", "consignado"],
    &["electrodomesticos", "electrodomestico", "nevera", "hogar"],
];

/// Products told to somebody unproved.
pub fn named(look: &Look<'_>) -> Vec<Mention> {
    let lender: Vec<String> = words(&look.known.policy.name).into_iter().map(|word| word.text).collect();
    let mut found = Vec::new();
    for words in look.reading.readings() {
        for debt in look.known.debts {
            found.extend(kind_said(words, debt, &lender));
        }
    }
    found
}

/// Products whose whole name stands in the text.
pub fn named_in_full(look: &Look<'_>) -> Vec<Mention> {
    let said = look.words();
    let mut found = Vec::new();
    for debt in look.known.debts {
        let name = words(&debt.product_name);
        if name.is_empty() {
            continue;
        }
        let same = |window: &&[Word]| window.iter().zip(&name).all(|(said, name)| said.text == name.text);
        for window in said.windows(name.len()).filter(same) {
            if let (Some(first), Some(last)) = (window.first(), window.last()) {
                found.push(Mention { start: first.start, end: last.end, fact: Fact::Product });
            }
        }
    }
    found
}

/// "Su crédito hipotecario" to a proved person who has none.
pub fn unknown(look: &Look<'_>) -> Vec<Mention> {
    const YOUR: [&str; 5] = ["su", "tu", "your", "sua", "seu"];
    const LOAN: [&str; 6] = ["credito", "prestamo", "loan", "emprestimo", "financiamento", "mortgage"];
    let words = look.words();
    let names: Vec<Word> = look.known.debts.iter().flat_map(|debt| self::words(&debt.product_name)).collect();
    let has = |group: &[&str]| names.iter().any(|name| group.contains(&name.text.as_str()));
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate().filter(|(_, word)| LOAN.contains(&word.text.as_str())) {
        let yours = at
            .checked_sub(1)
            .and_then(|at| words.get(at))
            .is_some_and(|word| YOUR.contains(&word.text.as_str()));
        let kind = words.get(at..(at + 3).min(words.len())).unwrap_or_default().iter().find_map(|kind| {
            let group = SAME.iter().find(|group| group.contains(&kind.text.as_str()))?;
            (kind.sentence == word.sentence).then_some((kind, group))
        });
        if let Some((kind, group)) = kind.filter(|_| yours && !names.is_empty())
            && !has(group)
        {
            found.push(Mention { start: word.start, end: kind.end.max(word.end), fact: Fact::Sum });
        }
    }
    found
}

/// A debt, and the characters that name it.
#[derive(Debug, Clone, Copy)]
pub struct Named<'d> {
    pub start: usize,
    pub end: usize,
    pub debt: &'d Obligation,
}

/// The debts that a sentence names, in its order; also shortly: "la tarjeta", "el crédito", where no other debt of the
/// person is of a card, or all others are.
pub fn said<'d>(sentence: &[Word], known: &Known<'d>) -> Vec<Named<'d>> {
    const SHORT: [&str; 6] = ["tarjeta", "cartao", "card", "microcredito", "hipoteca", "mortgage"];
    const LOAN: [&str; 6] = ["credito", "prestamo", "loan", "emprestimo", "creditico", "prestamito"];
    const OF_A_CARD: [&str; 4] = ["tarjeta", "cartao", "card", "limite"];
    let lender: Vec<String> = words(&known.policy.name).into_iter().map(|word| word.text).collect();
    let is_card = |debt: &Obligation| debt.product.contains("tarjeta");
    let shortly = |debt: &Obligation, at: usize| {
        let Some(word) = sentence.get(at) else { return false };
        let before = sentence.get(at.saturating_sub(2)..at).unwrap_or_default();
        let of_a_card = before.iter().any(|word| OF_A_CARD.contains(&word.text.as_str()));
        if LOAN.contains(&word.text.as_str()) && !of_a_card {
            return !is_card(debt) && known.debts.iter().filter(|debt| !is_card(debt)).count() == 1;
        }
        let kind = |debt: &Obligation| {
            debt.product.contains(word.text.as_str())
                || self::words(&debt.product_name).iter().any(|known| known.text == word.text)
                || (["cartao", "card"].contains(&word.text.as_str()) && debt.product.contains("tarjeta"))
        };
        SHORT.contains(&word.text.as_str())
            && kind(debt)
            && known.debts.iter().filter(|debt| kind(debt)).count() == 1
    };
    let mut found = Vec::new();
    for debt in known.debts.iter().filter(|debt| !words(&debt.product_name).is_empty()) {
        let named = kind_said(sentence, debt, &lender).into_iter();
        found.extend(named.map(|Mention { start, end, .. }| Named { start, end, debt }));
        let short = (0..sentence.len()).filter(|at| shortly(debt, *at)).filter_map(|at| sentence.get(at));
        found.extend(short.map(|word| Named { start: word.start, end: word.end, debt }));
    }
    found.sort_by_key(|name| (name.start, name.end));
    found
}

/// "Su crédito de vehículo", "su Clásica", "your car loan".
fn kind_said(said: &[Word], debt: &Obligation, lender: &[String]) -> Vec<Mention> {
    let name = words(&debt.product_name);
    let telling: Vec<&Word> = name
        .iter()
        .filter(|word| !EMPTY.contains(&word.text.as_str()) && !lender.contains(&word.text))
        .collect();
    let is_telling = |word: &Word| {
        telling.iter().any(|known| {
            let same = SAME.iter().find(|group| group.contains(&known.text.as_str()));
            known.sound == word.sound || same.is_some_and(|group| group.contains(&word.text.as_str()))
        })
    };
    let mut found = Vec::new();
    for (at, word) in said.iter().enumerate().filter(|(_, word)| is_telling(word)) {
        let from = at.saturating_sub(REACH);
        let near = said.get(from..(at + REACH + 1).min(said.len())).unwrap_or_default();
        let product = near.iter().find(|other| {
            other.sentence == word.sentence
                && other.start != word.start
                && ANY_PRODUCT.contains(&other.text.as_str())
        });
        let alone = name.len() == 1
            || at.checked_sub(1).and_then(|before| said.get(before)).is_some_and(|before| {
                ["su", "tu", "your", "sua", "seu", "del", "la", "do", "da", "the", "el"]
                    .contains(&before.text.as_str())
                    && telling.len() == 1
                    && word.text.len() > 4
            });
        if let Some(product) = product {
            found.push(Mention {
                start: word.start.min(product.start),
                end: word.end.max(product.end),
                fact: Fact::Product,
            });
        } else if alone {
            found.push(Mention { start: word.start, end: word.end, fact: Fact::Product });
        }
    }
    found.extend(named_whole(said, &name));
    found.extend(card_of_credit(said, debt));
    found
}

/// The whole name, small words aside: a name may be of empty words only ("Crédito personal").
fn named_whole(said: &[Word], name: &[Word]) -> Vec<Mention> {
    let large = |words: &[Word]| -> Vec<Word> {
        words
            .iter()
            .filter(|word| {
                word.text.len() > 2 && !["para", "con", "del", "las", "los"].contains(&word.text.as_str())
            })
            .cloned()
            .collect()
    };
    let (said, name) = (large(said), large(name));
    if name.len() < 2 {
        return Vec::new();
    }
    let equal = |window: &&[Word]| window.iter().zip(&name).all(|(a, b)| a.sound == b.sound);
    let whole = said.windows(name.len()).filter(equal);
    whole
        .filter_map(|window| {
            Some(Mention { start: window.first()?.start, end: window.last()?.end, fact: Fact::Product })
        })
        .collect()
}

/// "Su tarjeta de crédito" where the person has one with this lender.
fn card_of_credit(said: &[Word], debt: &Obligation) -> Vec<Mention> {
    const OWNED: [&str; 8] = ["su", "tu", "your", "sua", "seu", "mi", "usted", "nuestra"];
    let kinds: &[&[&str]] = if debt.product.contains("tarjeta") {
        &[&["tarjeta", "de", "credito"], &["credit", "card"], &["cartao", "de", "credito"]]
    } else if debt.product.contains("vivienda") || debt.product.contains("hipotec") {
        &[&["credito", "hipotecario"], &["mortgage"], &["hipoteca"]]
    } else if debt.product.contains("micro") {
        &[&["microcredito"]]
    } else {
        &[]
    };
    let mut found = Vec::new();
    for kind in kinds {
        for (at, window) in said.windows(kind.len() + 1).enumerate() {
            let (Some((owner, rest)), Some(last)) = (window.split_first(), window.last()) else { continue };
            let security = said.get(at.saturating_sub(4)..at).unwrap_or_default();
            let asks_secret =
                security.iter().any(|word| ["numero", "clave", "cvv", "datos"].contains(&word.text.as_str()));
            if OWNED.contains(&owner.text.as_str())
                && !asks_secret
                && rest.iter().zip(*kind).all(|(word, kind)| word.text == *kind)
            {
                found.push(Mention { start: owner.start, end: last.end, fact: Fact::Product });
            }
        }
    }
    found
}
