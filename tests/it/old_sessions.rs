//! A chat that an earlier program left in the middle goes on with this one.

use crate::harness::app::{START, TestApp};
use crate::harness::meta::Who;
use acuerdo::domain::ids::{FlowHash, LenderId};
use acuerdo::domain::time::Timestamp;
use acuerdo::flow::read_folder;
use acuerdo::ports::clock::Clock;
use serde_json::Value;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;

/// Diana, 20 days late.
const DIANA: &str = "573005550003";
/// Of the last program that wrote version 1, over `fixtures/flows/mini` and the sample debts: Diana has proved who she
/// is, has seen her three options, has chosen two instalments and is asked to confirm them.
const VERSION_1: &str = "fixtures/sessions/version_1.json";

/// What that program answered next; the reference of an agreement follows from ids that are another chat's here.
const NEXT: [&str; 4] = [
    "No le entendí bien. ¿Me lo dice de otra forma?\n[Sí, acepto]\n[No]",
    "Lo vencido es $432.350. ¿Cómo prefiere pagar?\n\
     ≡ Ver opciones\n  \
     (Elegir una fecha) Usted propone el valor y el día, hasta el jueves 3 de diciembre\n  \
     (2 cuotas) De $216.175, desde el lunes 30 de noviembre\n  \
     (3 cuotas) De $144.117, desde el lunes 30 de noviembre\n  \
     (Hablar con alguien)",
    "¿Confirma 2 cuotas de $216.175, la primera el lunes 30 de noviembre, en total $432.350?\n[Sí, acepto]\n[No]",
    "Listo, quedó registrado con la referencia ",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_version_1_is_read_continued_and_kept_as_version_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.sqlite");
    let url = format!("sqlite:{}", file.display());
    let app = TestApp::on(&url, folder, Timestamp::parse_rfc3339(START).unwrap()).await;
    let (diana, store) = (Who::phone(DIANA), &app.started.store);
    for line in ["hola", "0303", "25 de julio"] {
        app.says(&diana, line).await;
    }

    // Her chat as the old program left it, on flows that are not today's.
    let session = std::fs::read_to_string(VERSION_1).unwrap();
    let old: Value = serde_json::from_str(&session).unwrap();
    assert_eq!(old["v"], 1);
    let hash = old["flow_hash"].as_str().unwrap();
    let mini = read_folder(Path::new("fixtures/flows/mini")).unwrap();
    store.save_flow_version(&FlowHash::new(hash), &mini, app.clock.now()).await.unwrap();
    let options = SqliteConnectOptions::new().filename(&file);
    let mut hand: SqliteConnection = options.connect().await.unwrap();
    let chat = app.conversation(&diana).await;
    let left = "UPDATE conversations SET session = $1, flow_hash = $2, timers = '[]', next_timer_at = NULL
                WHERE id = $3";
    sqlx::query(left).bind(&session).bind(hash).bind(chat.id.0).execute(&mut hand).await.unwrap();

    let heard = || app.hear().join("\n");
    app.sends(&diana, &serde_json::json!({"type": "text", "text": {"body": "no entiendo nada"}})).await;
    assert_eq!(heard(), NEXT[0]);
    let kept = app.conversation(&diana).await.session.unwrap();
    let kept = kept.tree();
    assert_eq!((&kept["v"], &kept["flow_hash"]), (&Value::from(2), &old["flow_hash"]));
    let deuda = &kept["frames"][1]["vars"]["deuda"]["r"];
    assert_eq!(deuda["total"], serde_json::json!({"m": [43_235_000, "COP"]}));
    assert!(!kept.to_string().contains(r#""t":"#), "nothing is left in the old form: {kept}");

    // The policy has changed since, so the terms that she saw then no longer hold: the first yes brings today's.
    let taps = [
        ("No", NEXT[1]),
        ("2 cuotas", NEXT[2]),
        ("Sí, acepto", NEXT[1]),
        ("2 cuotas", NEXT[2]),
        ("Sí, acepto", NEXT[3]),
    ];
    for (title, next) in taps {
        app.sends(&diana, &app.tap_of(title).unwrap()).await;
        let heard = heard();
        assert!(heard == next || next == NEXT[3] && heard.starts_with(next), "after «{title}»: {heard}");
    }
    let person = app.conversation(&diana).await.person.unwrap();
    let file = store.person_file(&LenderId::from("andino"), person).await.unwrap().unwrap();
    let [agreement] = file.agreements.as_slice() else { panic!("{:?}", file.agreements) };
    assert_eq!(agreement.offer.payments.len(), 2, "{agreement:?}");
}
