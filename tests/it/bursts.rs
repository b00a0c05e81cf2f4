//! Several messages in one webhook, all written before any answer: each is judged with the others in mind, and none of
//! them answers what nobody had been asked.

use crate::harness::app::{NUMBER, TestApp};
use crate::harness::meta::{self, Who};
use crate::identity::{on_file, say};
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::Millis;
use acuerdo::ports::clock::Clock;
use serde_json::{Value, json};

/// Diana, 20 days late.
const DIANA: &str = "573005550003";

/// One delivery with all of them, then every loop until nothing is left to do; what was said.
async fn at_once(app: &TestApp, who: &Who, texts: &[&str]) -> String {
    app.clock.advance(Millis::seconds(2));
    let mut whole: Option<Value> = None;
    for text in texts {
        let content = json!({"type": "text", "text": {"body": text}});
        let one = meta::message(who, &app.wamid(), app.clock.now(), &content);
        match &mut whole {
            None => whole = Some(one),
            Some(whole) => {
                let message = one["messages"][0].clone();
                whole["messages"].as_array_mut().unwrap().push(message);
            }
        }
    }
    let before = app.graph.taken().len();
    assert_eq!(app.deliver(meta::delivery(NUMBER, whole.unwrap())).await, 200);
    app.drain().await;
    let taken = app.graph.taken();
    taken[before..].iter().map(|(_, sent)| sent.message.readable()).collect::<Vec<_>>().join("\n")
}

async fn is_proved(app: &TestApp, who: &Who) -> bool {
    app.conversation(who).await.assurance >= Assurance::Verificada
}

/// A wrong document with a day is asked for both, so a pair is two messages.
fn pairs(wrong: usize, right: [&'static str; 2]) -> Vec<&'static str> {
    let mut texts: Vec<&str> = std::iter::repeat_n(["9876", "2 de enero"], wrong).flatten().collect();
    texts.extend(right);
    texts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_answers_that_come_together_lock_at_the_third_pair() {
    for wrong in [3, 5, 8] {
        let app = TestApp::new().await;
        on_file(&app, "B-1", "1010007711", "1970-05-21", "+573106700301").await;
        let who = Who::phone("573106700301");
        say(&app, &who, "hola").await;
        let said = at_once(&app, &who, &pairs(wrong, ["7711", "21 de mayo"])).await;
        assert!(said.contains("24 horas"), "{wrong}: {said}");
        assert!(!is_proved(&app, &who).await, "{wrong}: {said}");
        // And the lock holds.
        say(&app, &who, "cuanto debo").await;
        say(&app, &who, "7711").await;
        let said = say(&app, &who, "21 de mayo").await;
        assert!(!said.contains('$') && !is_proved(&app, &who).await, "{wrong}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_wrong_answers_that_come_together_still_let_the_right_one_in() {
    let app = TestApp::new().await;
    on_file(&app, "B-1", "1010007711", "1970-05-21", "+573106700301").await;
    let who = Who::phone("573106700301");
    say(&app, &who, "hola").await;
    at_once(&app, &who, &pairs(2, ["7711", "21 de mayo"])).await;
    assert!(is_proved(&app, &who).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_answers_in_parallel_deliveries_lock_too() {
    let app = TestApp::new().await;
    on_file(&app, "B-1", "1010007711", "1970-05-21", "+573106700301").await;
    let who = Who::phone("573106700301");
    say(&app, &who, "hola").await;
    for text in pairs(5, ["7711", "21 de mayo"]) {
        let content = json!({"type": "text", "text": {"body": text}});
        let one = meta::message(&who, &app.wamid(), app.clock.now(), &content);
        assert_eq!(app.deliver(meta::delivery(NUMBER, one)).await, 200);
    }
    app.drain().await;
    assert!(!is_proved(&app, &who).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_beside_a_wrong_number_answers_no_question() {
    for said in
        [["número equivocado", "sí"], ["aquí no vive ninguna Diana", "si señor"], ["wrong number", "yes"]]
    {
        let app = TestApp::new().await;
        let who = Who::phone(DIANA);
        say(&app, &who, "hola").await;
        let asked = at_once(&app, &who, &said).await;
        assert!(!app.conversation(&who).await.opted_out, "{said:?}: {asked}");
        let phones = [DIANA.to_owned()];
        let store = &app.started.store;
        assert!(
            !store.is_wrong_number(&LenderId::from("andino"), &phones).await.unwrap(),
            "{said:?}: {asked}"
        );
        assert!(asked.contains('¿') || asked.contains('?'), "{said:?} is asked about: {asked}");
        // The same word counts once the question has been read.
        let done = say(&app, &who, "sí").await;
        let wrong = store.is_wrong_number(&LenderId::from("andino"), &phones).await.unwrap();
        assert!(wrong, "{said:?}: {done}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_well_who_was_not_asked_how_they_are() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    say(&app, &who, "hola").await;
    let said = at_once(&app, &who, &["estoy desesperada, no duermo", "no"]).await;
    let again = say(&app, &who, "hola").await;
    assert!(said.contains('¿'), "{said}");
    assert!(!again.contains("documento"), "the question about their safety stands: {again}");
}

/// A chat in which the terms of a promise were just shown.
async fn at_the_terms() -> (TestApp, Who) {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "menu", "acordar una fecha"] {
        app.says(&who, line).await;
    }
    app.taps(&who, "Todo el saldo vencido").await;
    app.says(&who, "el viernes").await;
    (app, who)
}

async fn n_agreements(app: &TestApp, who: &Who) -> usize {
    let Some(person) = app.conversation(who).await.person else { return 0 };
    let file = app.started.store.person_file(&LenderId::from("andino"), person).await.unwrap().unwrap();
    file.agreements.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_behind_a_wish_in_the_same_breath_binds_nothing() {
    for before in [
        "quiero 3 cuotas",
        "llámeme",
        "acepto solo si me quitan los gastos",
        "¿y si me atraso?",
        "de 100.000 cada una",
        "prefiero el 20",
    ] {
        let (app, who) = at_the_terms().await;
        at_once(&app, &who, &[before, "sí acepto"]).await;
        assert_eq!(n_agreements(&app, &who).await, 0, "{before}");
    }
    let (app, who) = at_the_terms().await;
    at_once(&app, &who, &["si", "sí acepto"]).await;
    assert_eq!(n_agreements(&app, &who).await, 1, "said twice");
    // A greeting has the terms asked again, and the yes was written before that: it is asked for once more.
    let (app, who) = at_the_terms().await;
    let said = at_once(&app, &who, &["buenas tardes", "sí acepto"]).await;
    assert_eq!(n_agreements(&app, &who).await, 0, "greeted");
    assert!(said.contains("Sí, confirmo"), "{said}");
    app.clock.advance(Millis::seconds(5));
    say(&app, &who, "sí, confirmo").await;
    assert_eq!(n_agreements(&app, &who).await, 1, "and said again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gives_another_name_at_the_terms_is_asked_who_writes() {
    for words in [
        "soy Iván",
        "soy adrian",
        "soy Esteban",
        "soy Ian",
        "soy Julián",
        "Diana me prestó el celular",
        "ahora escribe Pedro",
        "aquí Julián",
        "con Pedro",
        "Pedro al habla",
    ] {
        let (app, who) = at_the_terms().await;
        let asked = say(&app, &who, words).await;
        assert!(asked.contains("titular"), "{words}: {asked}");
        assert!(!is_proved(&app, &who).await, "{words}");
        for answer in ["sí, soy mayor", "acepto"] {
            let said = say(&app, &who, answer).await;
            assert!(!said.contains('$') && !is_proved(&app, &who).await, "{words} / {answer}: {said}");
        }
        assert_eq!(n_agreements(&app, &who).await, 0, "{words}");
    }
}
