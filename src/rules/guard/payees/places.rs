//! Shops, networks and counters where a text says that one can pay, and where the lender does not collect.

use super::refused;
use crate::rules::guard::{Fact, Known, Look, Mention, is_one, says};
use crate::rules::reading::{Word, turns, words};

/// Shops and networks that take payments for others in Colombia, Mexico and Brazil. Those of the policy are taken out.
const SHOPS: &[&[&str]] = &[
    &["exito"],
    &["carulla"],
    &["olimpica"],
    &["surtimax"],
    &["surtimayorista"],
    &["supermu"],
    &["jumbo"],
    &["metro"],
    &["makro"],
    &["alkosto"],
    &["ara"],
    &["d1"],
    &["isimo"],
    &["justo", "y", "bueno"],
    &["la", "14"],
    &["cafam"],
    &["colsubsidio"],
    &["cruz", "verde"],
    &["farmatodo"],
    &["larebaja"],
    &["la", "rebaja"],
    &["homecenter"],
    &["falabella"],
    &["servientrega"],
    &["interrapidisimo"],
    &["inter", "rapidisimo"],
    &["paga", "todo"],
    &["pagatodo"],
    &["gana"],
    &["gane"],
    &["ptm"],
    &["punto", "red"],
    &["puntored"],
    &["super", "giros"],
    &["supergiros"],
    &["susuerte"],
    &["apostar"],
    &["acertemos"],
    &["jer"],
    &["red", "servi"],
    &["redservi"],
    &["sured"],
    &["movilred"],
    &["cotrafa"],
    &["walmart"],
    &["bodega", "aurrera"],
    &["aurrera"],
    &["soriana"],
    &["chedraui"],
    &["elektra"],
    &["coppel"],
    &["telecomm"],
    &["oxxo"],
    &["seven", "eleven"],
    &["7", "eleven"],
    &["lotericas"],
    &["loterica"],
    &["casas", "bahia"],
];
/// Banks behind "sucursal de".
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
    "santander",
    "bradesco",
    "bancamia",
    "avvillas",
    "falabella",
];
const COUNTERS: &[&str] =
    &["sucursal", "oficina", "corresponsal", "cajero", "agencia", "caja.", "ventanilla"];

/// Before the name of a place.
const AT: &[&str] = &[
    "en.",
    "a.",
    "al.",
    "por.",
    "hasta.",
    "cualquier",
    "un.",
    "una.",
    "el.",
    "la.",
    "los.",
    "las.",
    "almacen",
    "supermercado",
    "tienda",
    "punto",
    "puntos.",
    "o.",
    "y.",
    "no.",
    "na.",
    "em.",
    "at.",
    "any.",
    "de.",
];
/// Paying or being paid there.
const TAKES: &[&str] =
    &["pag", "recib", "consign", "abon", "deposit", "recaud", "cancel", "receb", "pay", "accept", "acept"];
/// "En X se lo reciben": whoever takes it is named only there.
const THEY_TAKE: &[&str] = &["reciben", "recaudan", "recebem"];
/// What the person did is asked or told, not what is to be done.
const PAST: &[&str] = &[
    "pago.",
    "pagaste.",
    "hizo.",
    "consigno.",
    "comprobante",
    "fez.",
    "pagou.",
    "paid.",
    "recibo.",
    "dijo.",
];

/// Places to pay that the policy does not name.
pub fn foreign(look: &Look<'_>) -> Vec<Mention> {
    let own = own(look.known);
    let mut found = Vec::new();
    for sentence in look.words().chunk_by(|a, b| a.sentence == b.sentence) {
        for part in sentence.chunk_by(|a, b| !turns(a, b)) {
            if !says(part, TAKES) || says(part, PAST) {
                continue;
            }
            found.extend(shops(part, &own));
            found.extend(counters(part, &own));
            found.extend(unknown_takers(look, part, &own));
        }
    }
    found
}

/// How the lender's own networks, bank and name sound.
fn own(known: &Known<'_>) -> Vec<String> {
    let policy = known.policy;
    let networks = policy.payment.cash_points.iter().flat_map(|point| words(&point.network));
    let bank = policy.payment.bank_transfer.iter().flat_map(|transfer| words(&transfer.bank));
    let page = words(&policy.name).into_iter();
    networks.chain(bank).chain(page).map(|word| word.sound).collect()
}

fn shops(part: &[Word], own: &[String]) -> Vec<Mention> {
    let mut found = Vec::new();
    for shop in SHOPS {
        for (at, window) in part.windows(shop.len()).enumerate() {
            let named = window.iter().zip(*shop).all(|(word, known)| word.text == *known);
            let ours = window.iter().all(|word| own.contains(&word.sound));
            let place = at.checked_sub(1).and_then(|at| part.get(at)).is_some_and(|word| is_one(word, AT));
            if let (true, false, true, Some((first, last))) = (
                named,
                ours,
                place && is_name(part, at) && !refused(part, at),
                window.first().zip(window.last()),
            ) {
                found.push(Mention { start: first.start, end: last.end, fact: Fact::Payee });
            }
        }
    }
    found
}

/// Shops whose names are words too: "le va a gana", "con éxito", "la ara", "el metro".
fn is_name(part: &[Word], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| part.get(at));
    let place = |stems: &[&str]| before.is_some_and(|word| is_one(word, stems));
    match part.get(at).map(|word| word.text.as_str()) {
        Some("gana" | "gane" | "ara" | "apostar" | "metro" | "jer" | "paga") => {
            place(&["un.", "los.", "las.", "en.", "cualquier", "punto", "almacen", "el."])
                && !part
                    .get(at + 1)
                    .is_some_and(|word| is_one(word, &["mas.", "menos.", "bien.", "la.", "el."]))
        }
        Some("exito") => !place(&["con.", "de."]),
        Some("la") => place(&["en.", "a.", "por."]),
        _ => true,
    }
}

/// "Cualquier sucursal de Bancolombia", "acérquese a un Davivienda".
fn counters(part: &[Word], own: &[String]) -> Vec<Mention> {
    let mut found = Vec::new();
    for (at, word) in part.iter().enumerate().filter(|(_, word)| BANKS.contains(&word.text.as_str())) {
        let before = part.get(at.saturating_sub(4)..at).unwrap_or_default();
        let counter = says(before, COUNTERS)
            || before.last().is_some_and(|word| is_one(word, &["un.", "cualquier", "al.", "any."]));
        if counter && !own.contains(&word.sound) && !refused(part, at) {
            found.push(Mention { start: word.start, end: word.end, fact: Fact::Payee });
        }
    }
    found
}

/// "En Dondepago se lo reciben": a name that nobody knows.
fn unknown_takers(look: &Look<'_>, part: &[Word], own: &[String]) -> Vec<Mention> {
    let mut found = Vec::new();
    for (at, word) in part.iter().enumerate().filter(|(_, word)| is_one(word, THEY_TAKE)) {
        let before = part.get(..at).unwrap_or_default();
        let Some(place) = before.iter().rposition(|word| is_one(word, &["en.", "na.", "no.", "em."])) else {
            continue;
        };
        let name = before.get(place + 1..).unwrap_or_default();
        let proper = name.iter().take(3).find(|word| {
            look.written.get(word.start).is_some_and(|c| c.is_uppercase())
                && !is_one(word, &["se.", "lo.", "le.", "banco", "oficina", "internet", "pse."])
        });
        let ours = name.iter().any(|word| own.contains(&word.sound))
            || says(name, &["oficina", "sede", "sucursal", "agencia"])
            || refused(part, place);
        if let (Some(proper), false) = (proper, ours) {
            found.push(Mention { start: proper.start, end: proper.end.max(word.start), fact: Fact::Payee });
        }
    }
    found
}
