//! What a message brings besides its meaning, for the flow of the interrupt that takes it.

use crate::domain::debt::Acceptance;
use crate::domain::inbound::MediaKind;
use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::flow::facts::Facts;
use crate::flow::input::Said;
use crate::flow::steps::ask::which;
use crate::flow::text::fold::fold;
use crate::flow::value::{Type, Value};
use crate::understand::Understanding;
use crate::understand::phrases::has_negation;
use crate::understand::rights::{asks_for_silence, right_named};

/// The past day that it names: "ya pagué ayer".
const PAST_DATE_VAR: &str = "fecha_dicha";
/// The day to come that it names: "pago el viernes".
const COMING_DATE_VAR: &str = "dia_dicho";
/// The amount that it names: "quiero pagar 80 lucas".
pub(super) const AMOUNT_VAR: &str = "monto_dicho";
/// The right over their own data that the person names: "borren mis datos".
pub(super) const RIGHT_VAR: &str = "derecho_dicho";
/// Set when the message also asks not to be written to any more.
const SILENCE_VAR: &str = "baja_dicha";
/// Set when a complaint asks for documents or an answer: "derecho de petición".
const PETITION_VAR: &str = "peticion_dicha";
/// Beginnings of words of a petition, in all languages of the flows.
const PETITION: [&str; 4] = ["peticion", "peticao", "petition", "pagare"];
/// The picture or document above its words.
pub(crate) const MEDIA_VAR: &str = "adjunto";
/// The way of paying that it names: "por Nequi".
const MEANS_VAR: &str = "medio_dicho";
/// Ways of paying as people name them, in the languages of the flows.
const MEANS: [&str; 29] = [
    "nequi",
    "daviplata",
    "pse",
    "efecty",
    "baloto",
    "bancolombia",
    "davivienda",
    "bre b",
    "transfiya",
    "dale",
    "corresponsal",
    "transferencia",
    "transferi",
    "consignacion",
    "consigne",
    "efectivo",
    "cajero",
    "datafono",
    "con tarjeta",
    "con la tarjeta",
    "oxxo",
    "spei",
    "pix",
    "boleto",
    "com cartao",
    "no cartao",
    "transfer",
    "cash",
    "by card",
];
/// Set when the message names new terms for the whole debt, and not only instalments: "refinanciar".
const REFINANCE_VAR: &str = "refinancia_dicha";
/// Beginnings of the words for it, in all languages of the flows.
const REFINANCE: [&str; 7] =
    ["refinan", "reestruct", "restruct", "renegoci", "reprogram", "unific", "consolid"];
/// Set when the message names the whole debt as what is to be paid: "pagar todo".
const WHOLE_VAR: &str = "todo_dicho";
/// Words for the whole of it, and of paying it.
const WHOLE: [&str; 12] = [
    "todo",
    "toda",
    "completo",
    "completa",
    "totalidad",
    "total",
    "tudo",
    "inteira",
    "everything",
    "whole",
    "full",
    "entera",
];
const TO_PAY: [&str; 21] = [
    "pagar",
    "pago",
    "pagarlo",
    "pagarla",
    "pagara",
    "pagando",
    "pague",
    "page",
    "cancelar",
    "cancelo",
    "cancelarla",
    "saldar",
    "liquidar",
    "liquido",
    "quitar",
    "debo",
    "deuda",
    "credito",
    "divida",
    "pay",
    "debt",
];
/// Set when the message says that somebody lies ill: "está en el hospital".
const ILL_VAR: &str = "enferma_dicha";
/// Words of it, in all languages of the flows.
const ILL: [&str; 14] = [
    "hospital",
    "hospitalizado",
    "hospitalizada",
    "clinica",
    "uci",
    "urgencias",
    "internado",
    "internada",
    "operado",
    "operada",
    "enfermo",
    "enferma",
    "doente",
    "surgery",
];
/// Set when the message says that money went to a person or to an account that is not the lender's.
pub(super) const PAID_ELSEWHERE_VAR: &str = "pago_ajeno";
/// It says of whom it speaks: another person writes, or the holder is named, or it is a report and nothing else. Who also
/// speaks of paying, or has proved who they are, may tell of somebody near ("murió mi mamá y no pude pagar"). Unset when
/// it does not.
pub(super) const CLEAR_VAR: &str = "claro";
/// What the holder of the chat is called in all languages of the flows.
const HOLDER: [&str; 3] = ["titular", "holder", "debtor"];

/// What the words say that a claim is about, where they do: "no reconozco esa deuda", "me cobran de más".
const CLAIM_VAR: &str = "reclamo_dicho";
/// Set when the message names a lawyer who speaks for whoever writes.
const LAWYER_VAR: &str = "abogado_dicho";
const LAWYERS: [&str; 9] = [
    "abogado",
    "abogada",
    "abogados",
    "advogado",
    "advogada",
    "lawyer",
    "attorney",
    "apoderado",
    "apoderada",
];
const OWN: [&str; 8] = ["mi", "tengo", "meu", "minha", "tenho", "my", "have", "nuestro"];

/// Variables of an interrupt's flow that get what the message brings, with the type of each.
pub(crate) const BROUGHT_VARS: [(&str, Type); 15] = [
    (PAST_DATE_VAR, Type::Date),
    (COMING_DATE_VAR, Type::Date),
    (AMOUNT_VAR, Type::Money),
    (MEDIA_VAR, Type::Text),
    (RIGHT_VAR, Type::Text),
    (SILENCE_VAR, Type::Text),
    (PETITION_VAR, Type::Text),
    (MEANS_VAR, Type::Text),
    (PAID_ELSEWHERE_VAR, Type::Text),
    (WHOLE_VAR, Type::Text),
    (ILL_VAR, Type::Text),
    (CLEAR_VAR, Type::Bool),
    (REFINANCE_VAR, Type::Text),
    (CLAIM_VAR, Type::Text),
    (LAWYER_VAR, Type::Text),
];

/// What this message brings. An amount beside a negation is none: "no puedo pagar 400 mil" offers nothing. Neither is
/// one that may mean two: it is kept until a question asks for it.
pub(super) fn brought(
    said: &Said,
    meaning: Option<&Understanding>,
    facts: &Facts,
    proved: bool,
) -> Vec<(&'static str, Value)> {
    let clear = meaning.is_some_and(|meaning| {
        let words = &meaning.normalised;
        meaning.other_writes || names_holder(words, facts) || !proved && !speaks_of_paying(words)
    });
    let day = meaning.and_then(|meaning| meaning.past_date).map(Value::Date);
    let plain = meaning.filter(|meaning| !has_negation(&meaning.normalised));
    let amount = plain.filter(|meaning| !meaning.amount_ambiguous).and_then(|meaning| meaning.amount);
    let amount = amount.map(Value::Money);
    let coming = plain.and_then(coming_day).map(Value::Date);
    let media = match said {
        Said::Media { kind: MediaKind::Image | MediaKind::Document, media_id, .. } => {
            Some(Value::text(media_id.as_str()))
        }
        Said::Media { kind: MediaKind::Audio | MediaKind::Video | MediaKind::Sticker, .. }
        | Said::Text { .. }
        | Said::Option { .. }
        | Said::Location
        | Said::Contacts
        | Said::Form { .. }
        | Said::Unreadable
        | Said::Ignored { .. } => None,
    };
    let words = meaning.map_or("", |meaning| meaning.normalised.as_str());
    let right = right_named(words).map(|right| Value::text(right.name()));
    let silence = asks_for_silence(words).then(|| Value::text("si"));
    let petitions = |word: &str| PETITION.iter().any(|begin| word.starts_with(begin));
    let petition = words.split(' ').any(petitions).then(|| Value::text("si"));
    let elsewhere = paid_a_person(words).then(|| Value::text("si"));
    let whole = plain.filter(|meaning| means_all(&meaning.normalised)).map(|_| Value::text("si"));
    let ill = words.split(' ').any(|word| ILL.contains(&word)).then(|| Value::text("si"));
    let clear = clear.then_some(Value::Bool(true));
    let new_terms = |word: &str| REFINANCE.iter().any(|begin| word.starts_with(begin));
    let refinance = words.split(' ').any(new_terms).then(|| Value::text("si"));
    let means = plain.and_then(|meaning| means(&meaning.normalised)).map(Value::text);
    let all = [
        (PAST_DATE_VAR, day),
        (COMING_DATE_VAR, coming),
        (AMOUNT_VAR, amount),
        (MEDIA_VAR, media),
        (RIGHT_VAR, right),
        (SILENCE_VAR, silence),
        (PETITION_VAR, petition),
        (MEANS_VAR, means),
        (PAID_ELSEWHERE_VAR, elsewhere),
        (WHOLE_VAR, whole),
        (ILL_VAR, ill),
        (CLEAR_VAR, clear),
        (REFINANCE_VAR, refinance),
        (CLAIM_VAR, claim(words).map(Value::text)),
        (LAWYER_VAR, has_lawyer(words).then(|| Value::text("si"))),
    ];
    all.into_iter().filter_map(|(var, value)| Some((var, value?))).collect()
}

/// The day to come that an answer to another question names: "80 mil el viernes", or, where a day was `said` before,
/// one that replaces it: "no, perdón, el 8". Where it is kept it is read back.
pub(super) fn day_beside(
    meaning: &Understanding,
    said: impl Fn(&str) -> bool,
) -> Option<(&'static str, Value)> {
    let plain = !has_negation(&meaning.normalised) && meaning.amount.is_some();
    let counts = plain || said(COMING_DATE_VAR);
    meaning.date.filter(|_| counts).map(|day| (COMING_DATE_VAR, Value::Date(day)))
}

fn coming_day(meaning: &Understanding) -> Option<Day> {
    meaning.date.filter(|_| !meaning.date_ambiguous)
}

/// What the amount of this message may mean, where it is not plain.
pub(super) fn brought_readings(meaning: Option<&Understanding>) -> Vec<Money> {
    let plain = meaning.filter(|meaning| !has_negation(&meaning.normalised));
    plain.map(which::readings).unwrap_or_default()
}

/// What the evidence keeps of a message that accepts terms.
pub(super) fn acceptance(said: &Said) -> Option<Acceptance> {
    match said {
        Said::Text { body, .. } => Some(Acceptance::Words { text: body.clone() }),
        Said::Option { title, .. } => Some(Acceptance::Tap { title: title.clone() }),
        Said::Media { .. }
        | Said::Location
        | Said::Contacts
        | Said::Form { .. }
        | Said::Unreadable
        | Said::Ignored { .. } => None,
    }
}

/// Whether the words name the person on file for this number, or "the holder".
pub(super) fn names_holder(words: &str, facts: &Facts) -> bool {
    let name = match facts.roots.get("persona").and_then(|person| person.at(&["primer_nombre".to_owned()])) {
        Some(Value::Text(name)) => fold(name),
        _ => String::new(),
    };
    let holder =
        |word: &str| HOLDER.contains(&word) || (!name.is_empty() && name.split(' ').any(|one| one == word));
    words.split(' ').any(holder)
}

/// Words of whoever explains why they did not pay.
const PAYING: [&str; 28] = [
    "debe",
    "debiendo",
    "deber",
    "deuda",
    "deudas",
    "credito",
    "owe",
    "owes",
    "pagar",
    "pago",
    "pague",
    "pagado",
    "pagarles",
    "pagarle",
    "cuota",
    "cuotas",
    "atrase",
    "atraso",
    "atrasado",
    "atrasada",
    "plata",
    "dinero",
    "gastos",
    "debo",
    "pagamento",
    "dinheiro",
    "pay",
    "money",
];

fn speaks_of_paying(words: &str) -> bool {
    words.split(' ').any(|word| PAYING.contains(&word))
}

/// Words of a payment that was made, and whom nobody pays who owes the lender.
const PAID: [&str; 12] = [
    "pague",
    "consigne",
    "transferi",
    "deposite",
    "mande",
    "envie",
    "di",
    "hice",
    "fue",
    "quedo",
    "cayo",
    "paguei",
];
const PEOPLE: [&str; 16] = [
    "senorita",
    "senora",
    "senor",
    "muchacha",
    "muchacho",
    "chica",
    "chico",
    "persona",
    "tipa",
    "tipo",
    "man",
    "ella",
    "particular",
    "asesora",
    "asesor",
    "abogado",
];
const ACCOUNTS: [&str; 8] = ["a", "para", "cuenta", "nequi", "daviplata", "de", "una", "nombre"];

/// Words of somebody who told the person where to pay.
const TOLD_TO: [&str; 12] = [
    "pidieron",
    "pidio",
    "dijeron",
    "dijo",
    "mandaron",
    "exigieron",
    "indicaron",
    "dieron",
    "pediram",
    "disseram",
    "told",
    "asked",
];
/// Where nobody pays who owes the lender, with the word before it that tells it from the lender's own.
const ANY: [&str; 8] = ["un", "una", "otro", "otra", "um", "uma", "a", "another"];
const WALLETS: [&str; 10] =
    ["daviplata", "nequi", "cuenta", "llave", "celular", "numero", "conta", "chave", "account", "wallet"];

/// Whether somebody told them to pay to some wallet, and they did: "me pidieron pagar a un daviplata y ya consigné".
fn was_told_to_pay(words: &[&str], paid: impl Fn(usize) -> bool) -> bool {
    let told = words.iter().position(|word| TOLD_TO.contains(word));
    let Some(rest) = told.and_then(|at| words.get(at..)) else { return false };
    let wallet = rest
        .windows(2)
        .any(|pair| matches!(pair, [any, wallet] if ANY.contains(any) && WALLETS.contains(wallet)));
    wallet && (0..words.len()).any(paid)
}

/// Whether it tells of money that went to somebody: "le pagué a una señorita", "fue a la cuenta de ella".
fn paid_a_person(words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let denied = |at: usize| has_negation(&words.get(at.saturating_sub(2)..at).unwrap_or_default().join(" "));
    let is_paid = |at: usize| words.get(at).is_some_and(|word| PAID.contains(word)) && !denied(at);
    if was_told_to_pay(&words, is_paid) {
        return true;
    }
    let paid = (0..words.len()).find(|at| is_paid(*at));
    let rest = paid.and_then(|at| words.get(at + 1..)).unwrap_or_default();
    let person = rest.iter().any(|word| PEOPLE.contains(word));
    person && rest.iter().any(|word| ACCOUNTS.contains(word))
}

/// Which claim the words name so plainly that it need not be asked.
fn claim(words: &str) -> Option<&'static str> {
    let words: Vec<&str> = words.split(' ').collect();
    let holds = |phrase: &[&str]| words.windows(phrase.len()).any(|window| window == phrase);
    let denies = [
        &["no", "reconozco"][..],
        &["no", "es", "mia"],
        &["no", "es", "mio"],
        &["no", "la", "reconozco"],
        &["no", "lo", "reconozco"],
        &["nunca", "saque"],
        &["nunca", "pedi"],
        &["nunca", "firme"],
        &["yo", "no", "saque"],
        &["yo", "no", "pedi"],
        &["desconozco"],
        &["suplantaron"],
        &["suplantacion"],
        &["clonaron"],
        &["nao", "reconheco"],
        &["nao", "e", "minha"],
        &["dont", "recognize"],
        &["not", "mine"],
        &["not", "my", "debt"],
    ];
    let counts = [
        &["de", "mas"][..],
        &["demas"],
        &["doble"],
        &["dos", "veces"],
        &["valor", "esta", "mal"],
        &["valor", "no", "es"],
        &["monto", "esta", "mal"],
        &["saldo", "esta", "mal"],
        &["valor", "ta", "errado"],
        &["valor", "esta", "errado"],
        &["a", "mais"],
        &["wrong", "amount"],
        &["amount", "is", "wrong"],
        &["twice"],
    ];
    let found = |all: &[&[&str]]| all.iter().any(|phrase| holds(phrase));
    if found(&denies) {
        return Some("no_reconozco");
    }
    found(&counts).then_some("valor")
}

/// Whether whoever writes says that they have a lawyer: "tengo abogada", "hablen con mi abogado".
fn has_lawyer(words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let lawyer = |word: &str| LAWYERS.contains(&word);
    words.iter().enumerate().any(|(at, word)| {
        let before = words.get(at.saturating_sub(3)..at).unwrap_or_default();
        lawyer(word) && before.iter().any(|word| OWN.contains(word)) && !has_negation(&before.join(" "))
    })
}

/// Whether it names the whole debt: "pagar todo", "toda la deuda completa"; not "todo lo vencido".
fn means_all(words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let together = words.windows(2).any(|pair| matches!(pair, ["todo" | "tudo", "junto"]));
    let names = |known: &[&str]| words.iter().any(|word| known.contains(word));
    (together || names(&WHOLE) && names(&TO_PAY))
        && !names(&["vencido", "vencida", "atrasado", "atrasada", "mora", "cuotas"])
}

/// The way of paying that whole words name.
fn means(words: &str) -> Option<&'static str> {
    let padded = format!(" {words} ");
    MEANS.into_iter().find(|means| padded.contains(&format!(" {means} ")))
}

#[cfg(test)]
mod tests {
    use super::paid_a_person;

    #[test]
    fn money_that_somebody_had_sent_elsewhere_went_to_a_person() {
        for words in [
            "me pidieron pagar a un daviplata y ya consigne",
            "me dijeron que pagara a una cuenta y ya pague",
            "me mandaron a consignar a un nequi y ayer mande la plata",
            "le pague a una senorita",
            "fue a la cuenta de ella",
        ] {
            assert!(paid_a_person(words), "{words}");
        }
        for words in [
            "me pidieron pagar a un daviplata y no pague",
            "me dijeron que pagara en la cuenta del banco y ya pague",
            "pague en efecty",
            "me pidieron una cuenta",
            "",
        ] {
            assert!(!paid_a_person(words), "{words}");
        }
    }
}
