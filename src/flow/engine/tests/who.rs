//! While it is in doubt who writes, the proof does not count and hardly anything leaves the question.

use super::{UNDERSTANDER, bogota, facts, folder};
use crate::domain::assurance::Assurance;
use crate::domain::time::Millis;
use crate::flow::facts::Facts;
use crate::flow::model::FlowSet;
use crate::flow::state::Status;
use crate::flow::talk::Talk;
use crate::flow::talk::script::Answers;
use crate::flow::value::Value;
use std::sync::LazyLock;

static SHIPPED: LazyLock<FlowSet> = LazyLock::new(|| folder("flows"));

fn proved() -> Facts {
    let mut facts = facts();
    facts.assurance = Assurance::Verificada;
    let persona = [("conocida", Value::Bool(true)), ("primer_nombre", Value::text("Diana"))];
    facts.roots.insert("persona".to_owned(), Value::record(persona));
    facts
}

fn talk() -> Talk<'static> {
    let mut talk = Talk::new(&SHIPPED, &UNDERSTANDER, bogota(), proved());
    talk.session.assurance = Assurance::Verificada;
    talk.write("hola", &mut Answers::default());
    talk
}

fn place(talk: &Talk<'_>) -> String {
    let open = talk.session.frames.last().filter(|_| matches!(talk.session.status, Status::Waiting { .. }));
    open.map_or_else(String::new, |frame| format!("{}.{}", frame.flow, frame.step))
}

/// The place and level after it.
fn say(talk: &mut Talk<'_>, words: &str) -> (String, Assurance) {
    talk.write(words, &mut Answers::default());
    (place(talk), talk.session.assurance)
}

#[test]
fn no_wish_leaves_the_question_who_writes() {
    for words in ["no, yo no soy Diana, soy la tía", "le habla Beatriz Mora", "soy Marcela, no Diana"] {
        let mut talk = talk();
        let (asks, level) = say(&mut talk, words);
        assert!(asks == "duda_segura.otra_persona" || asks == "duda_segura.numero", "{words}: {asks}");
        assert_eq!(level, Assurance::Canal, "{words}");
        for wish in ["cuánto es", "menu", "how much is it", "quiero pagar 70 mil mañana"] {
            let mut talk = talk.clone();
            let (at, level) = say(&mut talk, wish);
            assert_eq!((at, level), (asks.clone(), Assurance::Canal), "{words} {wish}");
        }
    }
}

#[test]
fn a_doubt_that_only_words_of_ours_raise_is_ended_by_a_word() {
    let mut talk = talk();
    // It may be the holder's own: nobody said that they are somebody else.
    say(&mut talk, "este celular es prestado");
    assert_eq!(talk.session.assurance, Assurance::Canal);
    let mut late = talk.clone();
    talk.tap("Soy titular", &mut Answers::default()).unwrap();
    assert_eq!(talk.session.assurance, Assurance::Verificada);
    assert_eq!(place(&talk), "menu.elegir");

    late.wait(Millis::minutes(31), &mut Answers::default());
    late.tap("Soy titular", &mut Answers::default()).unwrap();
    assert!(late.session.assurance < Assurance::Verificada, "the proof idled away meanwhile");
}

#[test]
fn who_said_that_they_are_another_person_proves_anew_that_they_are_the_holder() {
    for words in [
        "soy Marcela, la prima",
        "no, yo no soy Diana, soy la tía",
        "le habla Beatriz Mora",
        "contesta el vecino",
        "le escribo en nombre de mi mamá",
        "somos sus hijos",
        "tengo 11 años",
        "número equivocado",
        "este no es el teléfono de Diana, es mío ahora",
    ] {
        for yes in ["soy titular", "soy yo", "soy mayor de edad"] {
            let mut talk = talk();
            say(&mut talk, words);
            say(&mut talk, yes);
            let (_, level) = say(&mut talk, "soy titular");
            assert!(level < Assurance::Verificada, "{words} / {yes}: {}", place(&talk));
        }
    }
    // Said only when the question was open already.
    let mut talk = talk();
    say(&mut talk, "este celular es prestado");
    say(&mut talk, "soy la hermana de ella");
    let (_, level) = say(&mut talk, "soy titular");
    assert!(level < Assurance::Verificada, "{}", place(&talk));
}

#[test]
fn danger_and_the_wish_for_silence_or_a_person_leave_it() {
    for (words, flow) in [("me quiero morir", "angustia"), ("quiero hablar con un asesor", "asesor")] {
        let mut talk = talk();
        say(&mut talk, "soy la hermana de ella");
        say(&mut talk, words);
        assert!(talk.trail.iter().any(|visit| visit.flow.as_str() == flow), "{words}");
        assert!(talk.session.assurance < Assurance::Verificada, "{words}");
    }
}

#[test]
fn another_name_opens_no_chat_that_was_proved_a_moment_ago() {
    let mut talk = talk();
    talk.session.frames.clear();
    talk.session.status = Status::Ended { outcome: "listo".to_owned() };
    let (at, level) = say(&mut talk, "le habla Beatriz, cuánto debo");
    assert_eq!((at.as_str(), level), ("duda_segura.otra_persona", Assurance::Canal));
}
