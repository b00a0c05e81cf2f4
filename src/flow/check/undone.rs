//! Words that say that something was decided or done that no action of the catalogue does: a payment confirmed, data
//! erased, a charge annulled, a claim accepted, a certificate on its way. People do these things, and say so themselves.

use crate::flow::text::closing::found;
use crate::flow::text::fold::fold;

/// What it is about, and what is said to have been done with it.
type Deed = (&'static [&'static str], &'static [&'static str]);

const DEEDS: [Deed; 5] = [
    (
        &["pago", "pagos", "abono", "consignacion", "pagamento", "payment"],
        &[
            "confirmad*",
            "aplicad*",
            "recibid*",
            "acreditad*",
            "recebid*",
            "creditad*",
            "confirmed",
            "applied",
            "received",
            "credited",
        ],
    ),
    (
        &["datos", "informacion", "dados", "data", "information"],
        &[
            "borrad*",
            "eliminad*",
            "suprimid*",
            "corregid*",
            "apagad*",
            "excluid*",
            "corrigid*",
            "deleted",
            "erased",
            "removed",
            "corrected",
        ],
    ),
    (
        &["reclamo", "reclamacion", "disputa", "reclamacao", "contestacao", "claim", "dispute"],
        &[
            "aceptad*",
            "aprobad*",
            "resuelt*",
            "aceit*",
            "aprovad*",
            "resolvid*",
            "accepted",
            "approved",
            "resolved",
        ],
    ),
    (
        &[
            "acuerdo",
            "plan",
            "cobro",
            "cuota",
            "intereses",
            "acordo",
            "plano",
            "cobranca",
            "juros",
            "agreement",
            "charge",
        ],
        &["retirad*", "eliminad*", "borrad*", "condonad*", "perdoad*", "withdrawn", "removed", "waived"],
    ),
    (&[], &["anulad*", "cancelled", "annulled", "voided"]),
];
/// What stands before the deed when it has been done.
const DONE: [&str; 24] = [
    "quedo",
    "quedaron",
    "ya quedo",
    "fue",
    "fueron",
    "ya fue",
    "esta",
    "estan",
    "ya esta",
    "ha sido",
    "han sido",
    "ficou",
    "ficaram",
    "foi",
    "foram",
    "ja foi",
    "was",
    "were",
    "is",
    "are",
    "has been",
    "have been",
    "is now",
    "is already",
];
/// The same, in one piece.
const SAID: &[&str] = &[
    "saldo ya bajo",
    "saldo bajo",
    "saldo disminuyo",
    "saldo quedo actualizad*",
    "saldo fue actualizad*",
    "saldo ja baixou",
    "saldo baixou",
    "balance went down",
    "balance has gone down",
    "confirmamos su pago",
    "recibimos su pago",
    "aplicamos su pago",
    "recebemos o seu pagamento",
    "we received your payment",
    "we confirmed your payment",
    "borramos sus datos",
    "eliminamos sus datos",
    "apagamos os seus dados",
    "we deleted your data",
    "we erased your data",
    "aceptamos su reclamo",
    "anulamos su",
    "anulamos el",
    "no tiene que pagarlo",
    "no tiene que pagarla",
    "nao precisa paga lo",
    "nao precisa paga la",
    "do not have to pay it",
    "don t have to pay it",
];
/// A certificate that nothing is owed, and what is said of it.
const CERTIFICATE: &[&str] = &["paz y salvo", "carta de quitacao", "clearance letter", "no debt certificate"];
const GIVEN: &[&str] = &[
    "sirve de",
    "sirve como",
    "vale como",
    "es su",
    "llega",
    "llegara",
    "enviamos",
    "enviaremos",
    "mandamos",
    "mandaremos",
    "recibe",
    "recibira",
    "esta listo",
    "serve de",
    "serve como",
    "chega",
    "chegara",
    "enviaremos",
    "recebe",
    "recebera",
    "serves as",
    "is your",
    "will arrive",
    "arrives",
    "we will send",
    "you will receive",
];
/// Who keeps what is told of a debtor, and what nobody promises there: when a record changes, the law says.
const BUREAU: &[&str] = &[
    "datacredito",
    "transunion",
    "cifin",
    "buro",
    "centrales de riesgo",
    "central de riesgo",
    "centrales",
    "historial crediticio",
    // "No" is "in the" here.
    "no serasa",
    "no spc",
    "serasa",
    "spc",
    "credit bureau",
    "credit report",
    "credit score",
];
const BETTERED: &[&str] = &[
    "borramos",
    "borraremos",
    "lo borra",
    "la borra",
    "sacamos",
    "sacaremos",
    "quitamos",
    "quitaremos",
    "limpiamos",
    "limpia su",
    "retiramos",
    "eliminamos",
    "sale de",
    "saldra de",
    "mejora*",
    "apagamos",
    "tiramos",
    "limpamos",
    "sai do",
    "remove*",
    "erase*",
    "clear*",
    "improve*",
];
const DENIED: &[&str] = &["no", "nao", "not"];
/// What has not happened yet.
const LATER: &[&str] = &[
    "no", "si", "cuando", "hasta", "apenas", "nao", "quando", "not", "isn t", "if", "when", "until", "once",
];

/// The words by which one sentence says that something is done that nothing here does.
pub fn undone(words: &str) -> Option<String> {
    if words.contains('?') {
        return None;
    }
    // «Sí» is no «si».
    let folded = fold(&words.to_lowercase().replace("sí", " "));
    // A condition makes such a promise no better.
    if let (Some(bureau), Some(bettered)) = (found(&folded, BUREAU), found(&folded, BETTERED))
        && found(&without(&folded, &bureau), DENIED).is_none()
    {
        return Some(format!("{bettered} … {bureau}"));
    }
    // These hold a «no» of their own.
    if let Some(said) = found(&folded, SAID) {
        return found(&without(&folded, &said), LATER).is_none().then_some(said);
    }
    if found(&folded, LATER).is_some() {
        return None;
    }
    let deed = DEEDS.iter().find_map(|(about, done)| {
        let named = about.is_empty() || found(&folded, about).is_some();
        done.iter().filter(|_| named).find_map(|deed| behind_done(&folded, deed))
    });
    deed.or_else(|| {
        let certificate = found(&folded, CERTIFICATE)?;
        found(&folded, GIVEN).map(|given| format!("{certificate} … {given}"))
    })
}

fn without(folded: &str, said: &str) -> String {
    folded.replacen(said, "", 1)
}

/// «quedó anulado», «quedaron ya borrados».
fn behind_done(folded: &str, deed: &str) -> Option<String> {
    DONE.iter().find_map(|done| found(folded, &[&format!("{done} {deed}")]))
}

#[cfg(test)]
mod tests {
    use super::undone;

    #[test]
    fn what_nothing_here_does_is_not_said_to_be_done() {
        for said in [
            "Su abono quedó confirmado y ya lo vemos.",
            "Su pago fue aplicado; su saldo ya bajó.",
            "Sus datos fueron eliminados.",
            "El cobro quedó anulado.",
            "Ese cobro es un error y no tiene que pagarlo.",
            "Sí, su reclamo quedó resuelto.",
            "Este mensaje le sirve como paz y salvo.",
            "El paz y salvo le llegará mañana.",
            "O seu pagamento foi recebido.",
            "Your data were deleted.",
            "Your claim has been approved.",
            "Si paga hoy, lo sacamos de Datacrédito.",
            "Assim limpamos o seu nome no Serasa.",
        ] {
            assert!(undone(said).is_some(), "{said}");
        }
        for harmless in [
            "Hasta que se confirme, su saldo sigue igual.",
            "Cuando el pago quede confirmado, una persona le avisa.",
            "Su solicitud de paz y salvo quedó registrada y la revisa una persona.",
            "El paz y salvo se entrega cuando no queda nada por pagar.",
            "Si no se completa en esa fecha, el descuento queda sin efecto.",
            "Su reclamo quedó con nuestro equipo.",
            "Hoy no tiene que pagar nada.",
            "¿Su pago fue aplicado?",
            "Lo que dicen las centrales de riesgo se lo explica una persona.",
        ] {
            assert_eq!(undone(harmless), None, "{harmless}");
        }
    }
}
