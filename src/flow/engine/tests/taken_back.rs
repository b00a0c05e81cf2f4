//! Words right behind a yes to terms: what goes against it, and what answers the question that came after it.

use super::{MOTOR, UNDERSTANDER, facts};
use crate::flow::engine::heard::{Heard, TermsSeen};
use crate::flow::input::Said;
use crate::understand::{Context, Expectation};

fn hears<T>(text: &str, tells: impl Fn(&Heard<'_>) -> T) -> T {
    let context = Context {
        today: facts().today,
        currency: facts().currency,
        expects: Expectation::YesNo,
        typed: Expectation::Nothing,
        options: &[],
    };
    let understanding = Box::new(UNDERSTANDER.understand(text, &context));
    let said = Said::Text { body: text.to_owned().into(), understanding };
    tells(&Heard::of(&said, &MOTOR.bot.interrupts, true, "Diana"))
}

#[test]
fn a_denial_a_correction_or_other_terms_go_against_a_yes() {
    for text in [
        "no",
        "ay no",
        "esa no",
        "no acepto",
        "era no",
        "mentira",
        "perdón",
        "espere",
        "mejor no",
        "pero la otra semana",
        "y en 6 cuotas",
        "não",
        "ah não",
        "quis dizer não",
        "mas em 3 parcelas",
        "wait no",
        "but in 3 installments",
    ] {
        assert!(hears(text, |heard| heard.goes_against()), "{text}");
    }
}

#[test]
fn thanks_and_what_answers_the_next_question_go_not_against_it() {
    for text in [
        "sí",
        "gracias",
        "no gracias",
        "no, muchas gracias",
        "listo",
        "por favor",
        "mándeme los datos",
        "el link",
        "transferencia",
        "nequi",
        "ok obrigado",
        "yes please",
        "no thanks",
        "👍",
    ] {
        assert!(!hears(text, |heard| heard.goes_against()), "{text}");
    }
}

#[test]
fn how_terms_were_seen_is_in_order() {
    assert!(TermsSeen::Before < TermsSeen::AskedLast && TermsSeen::AskedLast < TermsSeen::JustShown);
}
