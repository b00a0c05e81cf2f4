//! The shipped rules on sentences, and what broken rules are told.

use super::{Author, Chat, Instead, Lint};
use crate::domain::assurance::Assurance;

fn shipped() -> Lint {
    Lint::parse(include_str!("../../../flows/policies/lint.yaml")).unwrap()
}

fn classes(text: &str, level: Assurance) -> Vec<String> {
    let mut classes: Vec<String> =
        shipped().check(text, Author::Agent, level).into_iter().map(|hit| hit.class).collect();
    classes.dedup();
    classes
}

#[test]
fn forbidden_texts_are_named_by_their_class() {
    for (text, class) in [
        ("Mándeme la clave", "LINT-SENSITIVE"),
        ("Por favor envíeme el código que le llegó por SMS", "LINT-SENSITIVE"),
        ("¿Cuál es el CVV?", "LINT-SENSITIVE"),
        ("necesito el número de su tarjeta", "LINT-SENSITIVE"),
        ("Mande una foto de la tarjeta, por favor", "LINT-SENSITIVE"),
        ("No se preocupe, mándeme su clave y lo revisamos", "LINT-SENSITIVE"),
        ("Con mucho gusto.\nDÍGAME SU CONTRASEÑA", "LINT-SENSITIVE"),
        ("mándeme la cla\u{200b}ve", "LINT-SENSITIVE"),
        ("lo vamos a embargar", "LINT-THREAT"),
        ("Le vamos a embargar el sueldo hoy mismo", "LINT-THREAT"),
        ("si no paga irá preso", "LINT-THREAT"),
        ("llamaremos a su trabajo", "LINT-THREAT"),
        ("vamos a hablar con su esposa", "LINT-THREAT"),
        ("Esta es una notificación judicial", "LINT-JUDICIAL"),
        ("lo reportaremos a Datacrédito mañana", "LINT-BUREAU"),
        ("Usted es un moroso", "LINT-SHAME"),
        ("¿Por qué no ha pagado?", "LINT-REASON"),
        ("¿cuál es el motivo del atraso?", "LINT-REASON"),
    ] {
        assert_eq!(classes(text, Assurance::Verificada), [class], "{text}");
    }
}

#[test]
fn decent_texts_pass() {
    for text in [
        "Nunca le pediremos su clave ni el código que le llega por SMS.",
        "Por su seguridad, no comparta su clave con nadie.",
        "No me mande la clave, no la necesito.",
        "Tranquilo, no lo vamos a embargar.",
        "Esto no es una notificación judicial.",
        "¿Qué fecha le queda bien para pagar $ 120.000?",
        "Usted no está reportado en Datacrédito.",
        "Puede pagar con tarjeta en el enlace que le envío.",
        "Le confirmo el código de su acuerdo: AC-2041.",
        "Entiendo. Hablar de esto no es fácil; vamos con calma.",
        "Escríbame cuando pueda y miramos su cuenta.",
    ] {
        assert_eq!(classes(text, Assurance::Verificada), [""; 0], "{text}");
    }
}

#[test]
fn amounts_wait_for_the_persons_identity() {
    for text in ["Su cuota es de $ 120.000", "debe $1.250.000", "son 80 mil pesos", "unas 80 lucas"] {
        assert_eq!(classes(text, Assurance::Canal), ["LINT-THIRD"], "{text}");
        assert_eq!(classes(text, Assurance::Verificada), [""; 0], "{text}");
    }
    assert_eq!(classes("¿Le sirve el 15 de marzo a las 3?", Assurance::Ninguna), [""; 0]);
}

#[test]
fn every_rule_teaches_a_remedy_and_only_agents_are_under_the_amount_rule() {
    let lint = shipped();
    assert!(
        lint.rules.iter().all(|rule| rule.head.remedy.len() > 30 && rule.head.class.starts_with("LINT-"))
    );
    assert!(lint.check("Son $ 120.000", Author::Bot, Assurance::Ninguna).is_empty());
    let hits = lint.check("Mande la clave", Author::Template, Assurance::Ninguna);
    assert_eq!((hits[0].phrase.as_str(), hits[0].places.as_slice()), ("Mande la clave", &[(0, 14)][..]));
}

#[test]
fn broken_rules_say_where() {
    let rule = |body: &str| {
        let yaml = format!("version: 1\nrules:\n  - {{id: x, class: C, title: t, remedy: r, {body}}}\n");
        Lint::parse(&yaml).unwrap_err().to_string()
    };
    assert!(rule("in: [agent]").contains("lint rule `x`: it has no phrases"));
    assert!(rule("in: [agent], phrases: ['*']").contains("`*` has no words"));
    assert!(rule("in: [agent], patterns: ['(']").contains("pattern `(`"));
    assert!(rule("in: [], phrases: [a]").contains("names nobody"));
    assert!(Lint::parse("version: 2\nrules: []").unwrap_err().to_string().contains("version 2"));
    assert!(Lint::parse("version: 1\nrulez: []").unwrap_err().to_string().contains("rulez"));
}

#[test]
fn a_clause_denies_only_itself() {
    for (text, class) in [
        ("nunca pedimos claves, pero hoy si necesito la suya para aplicar el pago", "LINT-SENSITIVE"),
        ("Nunca pedimos contraseñas, aunque esta vez me toca pedir la suya", "LINT-SENSITIVE"),
        ("nunca pedimos senha, mas hoje preciso da sua", "LINT-SENSITIVE"),
        ("We never ask for your PIN, but just this once I need it", "LINT-SENSITIVE"),
        ("¿no me puede dictar el código que le llegó?", "LINT-SENSITIVE"),
        ("no querrá que llamemos a su jefe, verdad?", "LINT-THREAT"),
        ("nunca llamamos a su familia, pero con usted toca", "LINT-THREAT"),
        ("no llamamos a su jefe, a menos que siga sin contestar", "LINT-THREAT"),
    ] {
        assert!(classes(text, Assurance::Verificada).contains(&class.to_owned()), "{text}");
    }
    for text in [
        "Nunca pedimos claves, pero sí puede escribirme por aquí lo que necesite.",
        "Nunca pedimos la clave, ni esta vez ni ninguna.",
        "No vamos a llamar a su jefe, pero me gustaría ayudarle.",
        "We never ask for your PIN, but I can help you here.",
    ] {
        assert_eq!(classes(text, Assurance::Verificada), [""; 0], "{text}");
    }
}

#[test]
fn who_helps_a_victim_is_no_threat_where_nobody_speaks_of_debts() {
    let lint = shipped();
    let in_chat = |text: &str, quiet: bool| {
        let chat = Chat { author: Author::Agent, level: Assurance::Verificada, quiet, harmless: false };
        lint.judge(text, chat, &[], &Instead { language: "es", ..Instead::default() })
    };
    for text in [
        "lo que le hizo es un delito",
        "un juez le puede dar una medida de protección",
        "si quiere denunciar, en la fiscalia 122 le reciben",
        "si él vuelve llame a la policía",
        "ligue para a polícia 190 se ele voltar",
    ] {
        assert!(in_chat(text, true).is_empty(), "{text}");
    }
    let hits = in_chat("lo vamos a embargar", true);
    assert!(!hits.is_empty());
    assert!(hits.iter().all(|hit| !hit.remedy.contains("opciones hay")), "{hits:?}");
    assert_eq!(in_chat("el juzgado ya lo cita", false)[0].class, "LINT-JUDICIAL");
}
