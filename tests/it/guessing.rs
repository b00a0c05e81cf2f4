//! No answer of the bot tells whether a document or a birthday is the one on file, but the comparison that is counted.

use crate::harness::app::TestApp;
use crate::harness::meta::Who;
use crate::identity::{on_file, say};
use acuerdo::domain::time::Millis;

/// On file: a document that ends in 7316, and a birthday on 23 June 1984.
const RIGHT: Guess =
    Guess { document: "1032857316", last_four: "7316", birthday: "23 de junio", slashed: "23/06/1984" };
/// Of the same shapes, and nobody's.
const WRONG: Guess =
    Guess { document: "1032857361", last_four: "7361", birthday: "24 de junio", slashed: "24/06/1984" };

struct Guess {
    document: &'static str,
    last_four: &'static str,
    birthday: &'static str,
    slashed: &'static str,
}

impl Guess {
    fn said(&self, template: &str) -> String {
        template
            .replace("{D}", self.document)
            .replace("{L}", self.last_four)
            .replace("{B}", self.birthday)
            .replace("{S}", self.slashed)
    }
}

/// What was said before, and what is guessed then, where nobody asked who writes.
const STATES: [(&str, &[&str]); 7] = [
    ("fresh", &[]),
    ("when it was paid", &["ya pagué"]),
    ("what is disputed", &["no reconozco esa deuda"]),
    ("whether it is wrong", &["número equivocado"]),
    ("another person", &["soy el hijo de ella, yo le aviso"]),
    ("people have the chat", &["asesor"]),
    ("lock", &["hola", "1111", "1 de enero", "1112", "2 de enero", "1113", "3 de enero"]),
];
const GUESSES: [&str; 9] = [
    "nací el {B}",
    "mi fecha de nacimiento es {S}",
    "{S}",
    "mi cédula es {D}",
    "{D}",
    "cc {L}",
    "cc 1398 cc {L} cc 1400",
    "{L}",
    "el comprobante es {L}, nasci em {B}",
];

/// The answers to a guess and to a word behind it, without what differs from chat to chat.
async fn answered(app: &TestApp, who: &Who, before: &[&str], guess: &str) -> String {
    for line in before {
        say(app, who, line).await;
    }
    let first = say(app, who, guess).await;
    let answers = format!("{first}\n{}", say(app, who, "y entonces?").await);
    answers.split_whitespace().filter(|word| !word.contains('*')).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_guess_where_nobody_asked_is_answered_as_a_wrong_one() {
    for (state, before) in STATES {
        for (n, template) in GUESSES.iter().enumerate() {
            let mut answers = Vec::new();
            for (of, guess) in [(0, &RIGHT), (1, &WRONG)] {
                let app = TestApp::new().await;
                let phone = format!("57310771{n:02}{of:02}");
                on_file(&app, "Q-1", RIGHT.document, "1984-06-23", &format!("+{phone}")).await;
                let who = Who::phone(&phone);
                answers.push(answered(&app, &who, before, &guess.said(template)).await);
                app.clock.advance(Millis::seconds(1));
            }
            assert_eq!(answers[0], answers[1], "{state}: {template}");
        }
    }
}
