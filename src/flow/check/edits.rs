//! Edits of the shipped flows: those that would mislead or leave somebody alone are errors, harmless ones are not.

use crate::flow::diagnostic::{Colour, Severity, render};
use crate::flow::load::load;
use crate::flow::source::read_folder;
use std::collections::BTreeMap;
use std::path::Path;

/// A file, what stands there (the first time), and what is written instead.
type Edit<'e> = (&'e str, &'e str, &'e str);

fn shipped() -> BTreeMap<String, String> {
    read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("flows")).unwrap()
}

/// The codes of the errors after an edit, and all that is said.
fn after(shipped: &BTreeMap<String, String>, (file, from, to): Edit<'_>) -> (Vec<&'static str>, String) {
    let mut files = shipped.clone();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    *text = text.replacen(from, to, 1);
    let Err(found) = load(&files) else { return (Vec::new(), String::new()) };
    let errors = found.iter().filter(|one| one.severity == Severity::Error).map(|one| one.code).collect();
    (errors, render(&found, &files, Colour::Off))
}

fn refused(edits: &[(&str, Edit<'_>)]) {
    let shipped = shipped();
    let passed: Vec<String> = edits
        .iter()
        .filter_map(|(code, edit)| {
            let (codes, said) = after(&shipped, *edit);
            (!codes.contains(code)).then(|| format!("{code} {edit:?}\n{said}"))
        })
        .collect();
    assert!(passed.is_empty(), "{}", passed.join("\n\n"));
}

fn allowed(edits: &[Edit<'_>]) {
    let shipped = shipped();
    let stopped: Vec<String> = edits
        .iter()
        .filter_map(|edit| {
            let (codes, said) = after(&shipped, *edit);
            (!codes.is_empty()).then(|| format!("{edit:?}\n{said}"))
        })
        .collect();
    assert!(stopped.is_empty(), "{}", stopped.join("\n\n"));
}

const RATE: &str = "Interés: {oferta.tasa_mensual|percent} mensual ({oferta.tasa_ea|percent} efectivo anual)";

#[test]
fn a_value_under_the_name_of_another_is_an_error() {
    refused(&[
        ("F056", ("acuerdo.yaml", "Total: {oferta.total|money}", "Total: {oferta.ultima_cuota|money}")),
        (
            "F056",
            ("acuerdo.yaml", "Primera: {oferta.primera_cuota|money}", "Primera: {oferta.ultima_cuota|money}"),
        ),
        ("F056", ("acuerdo.yaml", "Última: {oferta.ultima_cuota|money}", "Última: {oferta.total|money}")),
        (
            "F056",
            ("acuerdo.yaml", "el {oferta.ultima_fecha|long_date}", "el {oferta.primera_fecha|long_date}"),
        ),
        ("F056", ("acuerdo.yaml", "cuotas de {oferta.cuota|money}", "cuotas de {oferta.total|money}")),
        (
            "F056",
            ("acuerdo.yaml", "descuento de {oferta.descuento|money}", "descuento de {oferta.cuota|money}"),
        ),
        (
            "F056",
            ("acuerdo.yaml", "descuento de {oferta.descuento|money}", "descuento de {deuda.vencido|money}"),
        ),
        (
            "F056",
            (
                "acuerdo.yaml",
                "un solo pago de {oferta.total|money}",
                "un solo pago de {oferta.descuento|money}",
            ),
        ),
        ("F056", ("acuerdo.yaml", "en total {oferta.intereses|money}", "en total {oferta.descuento|money}")),
        (
            "F056",
            (
                "acuerdo.yaml",
                RATE,
                "Interés: {oferta.tasa_ea|percent} mensual ({oferta.tasa_mensual|percent} efectivo anual)",
            ),
        ),
        (
            "F056",
            (
                "acuerdo.yaml",
                RATE,
                "Tasa de interés mensual: {oferta.tasa_ea|percent}, efectiva anual: {oferta.tasa_mensual|percent}",
            ),
        ),
        ("F056", ("acuerdo.yaml", RATE, "Interés: {oferta.tasa_mensual|percent} y {oferta.tasa_ea|percent}")),
        ("F056", ("promesa.yaml", "deuda.vencido - oferta.total", "oferta.total - deuda.vencido")),
        ("F056", ("promesa.yaml", "usted paga {oferta.total|money}", "usted paga {oferta.descuento|money}")),
        (
            "F056",
            (
                "saldo.yaml",
                "para ponerse al día son {deuda.vencido|money}",
                "para ponerse al día bastan {deuda.proxima_cuota|money}",
            ),
        ),
        (
            "F056",
            ("locales/pt.yaml", "desconto de {oferta.descuento|money}", "desconto de {oferta.total|money}"),
        ),
        ("F056", ("locales/en.yaml", "Total: {oferta.total|money}", "Total: {oferta.primera_cuota|money}")),
        (
            "F056",
            ("locales/en.yaml", "{oferta.tasa_mensual|percent} a month", "{oferta.tasa_ea|percent} a month"),
        ),
        ("F058", ("acuerdo.yaml", RATE, "Interés: {oferta.tasa_mensual|percent} mensual")),
        ("F058", ("acuerdo.yaml", RATE, "Interés: {oferta.tasa_ea|percent} efectivo anual")),
    ]);
}

#[test]
fn other_words_for_the_same_value_are_no_error() {
    allowed(&[
        ("acuerdo.yaml", "Total: {oferta.total|money}, lo vencido hoy", "En total son {oferta.total|money}"),
        (
            "acuerdo.yaml",
            "Total: {oferta.total|money}, lo vencido hoy",
            "Usted paga {oferta.total|money} en total",
        ),
        (
            "acuerdo.yaml",
            "Primera: {oferta.primera_cuota|money}, el {oferta.primera_fecha|date}",
            "La primera cuota es de {oferta.primera_cuota|money} y vence el {oferta.primera_fecha|date}",
        ),
        (
            "acuerdo.yaml",
            "Primera: {oferta.primera_cuota|money}, el {oferta.primera_fecha|date}",
            "El {oferta.primera_fecha|date} paga la primera, de {oferta.primera_cuota|money}",
        ),
        (
            "acuerdo.yaml",
            "• {oferta.cuotas} cuotas de {oferta.cuota|money}",
            "• {oferta.cuotas} cuotas, cada una de {oferta.cuota|money}",
        ),
        (
            "acuerdo.yaml",
            "Con un descuento de {oferta.descuento|money} cierra {deuda.titulo}: un solo pago de {oferta.total|money}",
            "Así cierra {deuda.titulo}: con el descuento paga {oferta.total|money}, {oferta.descuento|money} de descuento",
        ),
        (
            "acuerdo.yaml",
            RATE,
            "Tasa de interés mensual: {oferta.tasa_mensual|percent}, efectiva anual: {oferta.tasa_ea|percent}",
        ),
        (
            "acuerdo.yaml",
            RATE,
            "Interés: {oferta.tasa_ea|percent} E.A., que es {oferta.tasa_mensual|percent} al mes",
        ),
        (
            "acuerdo.yaml",
            "Primero: {oferta.primera_cuota|money}, el",
            "Abono inicial: {oferta.primera_cuota|money}, el",
        ),
        ("promesa.yaml", "usted paga {oferta.total|money} el", "son {oferta.total|money} a más tardar el"),
        ("saldo.yaml", "Aparte, su próxima cuota es de", "Está al día en lo demás; su próxima cuota es de"),
    ]);
}

#[test]
fn whoever_may_be_in_danger_meets_a_person_a_line_and_no_word_of_paying() {
    refused(&[
        ("F072", ("angustia.yaml", "priority: urgent", "priority: normal")),
        ("F072", ("violencia.yaml", "priority: urgent", "priority: high")),
        ("F072", ("menor.yaml", "priority: high", "priority: normal")),
        (
            "F072",
            (
                "angustia.yaml",
                "llame ya al {prestamista.linea_emergencia}. En {prestamista.linea_crisis} le escuchan",
                "llame a alguien de confianza",
            ),
        ),
        ("F072", ("violencia.yaml", "llame ya al {prestamista.linea_emergencia}", "pida ayuda")),
        (
            "F072",
            (
                "angustia.yaml",
                "Aquí seguimos para lo que necesite, sin afán.",
                "Cuando esté mejor, recuerde su pago.",
            ),
        ),
        (
            "F072",
            (
                "fallecido.yaml",
                "por el momento no tiene que hacer nada más",
                "después le contamos cómo queda la deuda",
            ),
        ),
        ("F072", ("duda_segura.yaml", "    safety: true\n", "")),
        ("F072", ("duda_segura.yaml", "below: angustia_dejada", "below: fin")),
        (
            "F072",
            (
                "duda_segura.yaml",
                "retry: {texts: [], then: angustia_posible}",
                "retry: {texts: [], then: fin}",
            ),
        ),
        (
            "F072",
            (
                "duda_segura.yaml",
                "wait: {expire: 1h, then: violencia_posible}",
                "wait: {expire: 1h, then: fin}",
            ),
        ),
        ("F072", ("duda_segura.yaml", "\"por favor\"], goto: angustia}", "\"por favor\"], goto: fin}")),
    ]);
    allowed(&[
        ("angustia.yaml", "lo demás puede esperar", "lo de los pagos puede esperar"),
        ("menor.yaml", "priority: high", "priority: urgent"),
        (
            "duda_segura.yaml",
            "retry: {texts: [], then: angustia_posible}",
            "retry: {texts: [], then: angustia}",
        ),
    ]);
}

#[test]
fn what_the_law_gives_is_not_edited_away() {
    refused(&[
        (
            "F072",
            (
                "datos.yaml",
                "on: {ok: excluir, ya_abierto: excluir, caido: {retry: 1, then: excluir}}",
                "on: {ok: y_baja, ya_abierto: excluir, caido: {retry: 1, then: excluir}}",
            ),
        ),
        ("F072", ("datos.yaml", "; debe tener respuesta a más tardar el {plazo|date}", "")),
        ("F072", ("disputa.yaml", "    goto: abrir\n", "    goto: asesor\n")),
        ("F041", ("identidad.yaml", "no_coincide: otra_vez", "no_coincide: ok")),
        ("F041", ("identidad.yaml", "closed: no}", "closed: ok}")),
        (
            "F072",
            (
                "identidad.yaml",
                "Con esos datos no pude comprobar que es usted.",
                "La fecha de nacimiento no coincide.",
            ),
        ),
        (
            "F072",
            (
                "identidad.yaml",
                "Gracias. ¿Qué día y mes nació?",
                "Su documento es correcto. ¿Qué día y mes nació?",
            ),
        ),
        ("F073", ("acuerdo.yaml", "interruptible: [agente, ", "interruptible: [")),
        (
            "F072",
            (
                "bot.yaml",
                "    run: retracta\n    mode: stack\n    always: true\n",
                "    run: retracta\n    mode: stack\n",
            ),
        ),
    ]);
    allowed(&[
        ("datos.yaml", "debe tener respuesta a más tardar el", "la respuesta llega, como tarde, el"),
        ("disputa.yaml", "Su reclamo quedó con nuestro equipo.", "Ya tenemos su reclamo."),
        (
            "identidad.yaml",
            "Con esos datos no pude comprobar que es usted.",
            "No pude comprobar que es usted con lo que me escribió.",
        ),
    ]);
}

#[test]
fn nothing_is_said_to_be_done_that_nothing_does_and_no_debt_is_told_before_a_proof() {
    refused(&[
        (
            "F057",
            (
                "ya_pague.yaml",
                "say: \"Gracias, quedó anotado y lo revisa",
                "say: \"Gracias: su pago quedó confirmado y lo revisa",
            ),
        ),
        (
            "F057",
            (
                "datos.yaml",
                "text: \"Su solicitud sobre sus datos quedó radicada",
                "text: \"Sus datos quedaron borrados. Su solicitud quedó radicada",
            ),
        ),
        ("F057", ("disputa.yaml", "Su reclamo quedó con nuestro equipo.", "Su reclamo fue aceptado.")),
        (
            "F057",
            (
                "paz_y_salvo.yaml",
                "Si quiere saber cómo va, escriba «asesor».",
                "Su paz y salvo le llega pronto.",
            ),
        ),
        ("F059", ("bot.yaml", "hello: \"Hola.", "hello: \"Hola. Hay un valor pendiente.")),
        ("F059", ("tercero.yaml", "text: \"", "text: \"Es por un asunto pendiente de pago. ")),
    ]);
    allowed(&[
        (
            "ya_pague.yaml",
            "Hasta que se confirme, su saldo sigue igual.",
            "Su saldo cambia cuando el pago quede confirmado.",
        ),
        ("bot.yaml", "hello: \"Hola. Con gusto seguimos:", "hello: \"Hola de nuevo. Sigamos:"),
    ]);
}
