//! What a person sends as a picture, document or voice note is fetched, kept, and opened by an agent who may see the chat.

use crate::contract::backends;
use crate::harness::app::{NUMBER, START, TestApp};
use crate::harness::graph_api::File;
use crate::harness::meta::Who;
use crate::harness::process::{PROGRAM, alone};
use acuerdo::crypto::token::token_sha256;
use acuerdo::domain::ids::{AgentId, LenderId, derive};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::agents::Agent;
use acuerdo::ports::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const DIANA: &str = "573005550003";
const PNG: &[u8] = b"\x89PNG\r\n\x1A\n a receipt of Bancolombia";
const HTML: &[u8] = b"<html><script>fetch('/api/v1/me')</script>";

fn file(bytes: &[u8]) -> File {
    File { bytes: bytes.to_vec(), sha256: hex::encode(Sha256::digest(bytes)), url: None }
}

fn image(id: &str) -> Value {
    let sha256 = STANDARD.encode(Sha256::digest(PNG));
    json!({"type": "image", "image": {"id": id, "mime_type": "image/png", "sha256": sha256, "caption": "ya pague"}})
}

/// An agent of this lender, who serves these queues (none: all); its token.
async fn agent(app: &TestApp, lender: &str, name: &str, queues: &[&str]) -> String {
    let token = format!("token-of-{name}-of-{lender}");
    let known = Agent {
        id: AgentId(derive(&Uuid::nil(), &token)),
        lender: LenderId::from(lender),
        name: name.to_owned(),
        queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        active: true,
        created_at: app.clock.now(),
    };
    app.started.store.add_agent(&known, token_sha256(&token)).await.unwrap();
    token
}

/// What came back, with the body as it came.
struct Opened {
    status: u16,
    headers: reqwest::header::HeaderMap,
    bytes: Vec<u8>,
}

impl Opened {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn problem(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

async fn get(app: &TestApp, token: &str, path: &str) -> Opened {
    let request = app.http.get(format!("{}/api/v1{path}", app.url)).bearer_auth(token);
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Opened { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

async fn json_of(app: &TestApp, token: &str, path: &str) -> Value {
    let opened = get(app, token, path).await;
    assert_eq!(opened.status, 200, "{path}");
    opened.problem()
}

/// The only open ticket.
async fn ticket(app: &TestApp, token: &str) -> String {
    let list = json_of(app, token, "/tickets").await;
    assert_eq!(list["tickets"].as_array().unwrap().len(), 1, "{list}");
    list["tickets"][0]["id"].as_str().unwrap().to_owned()
}

/// The lines of the story that are of this kind.
async fn lines(app: &TestApp, token: &str, ticket: &str, kind: &str) -> Vec<Value> {
    let story = json_of(app, token, &format!("/tickets/{ticket}/messages")).await;
    let lines = story["messages"].as_array().unwrap().iter();
    lines.filter(|line| line["kind"] == kind).cloned().collect()
}

/// Diana sends a picture and asks for a person; the ticket.
async fn receipt_and_agent(app: &TestApp, token: &str, media: &Value) -> String {
    let diana = Who::phone(DIANA);
    app.says(&diana, "hola").await;
    app.sends(&diana, media).await;
    app.says(&diana, "asesor").await;
    ticket(app, token).await
}

async fn on(url: &str) -> TestApp {
    TestApp::on(url, tempfile::tempdir().unwrap(), Timestamp::parse_rfc3339(START).unwrap()).await
}

async fn a_receipt_is_kept_and_opened(url: &str) {
    let app = on(url).await;
    app.graph.put_file("77", file(PNG));
    let ana = agent(&app, "andino", "Ana", &[]).await;
    let ticket = receipt_and_agent(&app, &ana, &image("77")).await;
    assert_eq!(app.graph.asked_files(), ["77"], "fetched soon after it came, and once");

    let line = lines(&app, &ana, &ticket, "image").await.remove(0);
    let media = &line["media"];
    assert_eq!((&line["text"], &media["state"]), (&json!("ya pague"), &json!("kept")), "{line}");
    assert_eq!((media["bytes"].as_u64(), &media["filename"]), (Some(PNG.len() as u64), &Value::Null));
    let id = media["id"].as_str().unwrap();

    let opened = get(&app, &ana, &format!("/tickets/{ticket}/media/{id}")).await;
    assert_eq!((opened.status, opened.bytes.as_slice()), (200, PNG));
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "private, no-store"),
    ] {
        assert_eq!(opened.header(name), value, "{name}");
    }
    assert!(opened.header("content-disposition").starts_with("inline; "));
    let seen = lines(&app, &ana, &ticket, "media_opened").await;
    assert_eq!((seen.len(), &seen[0]["by"]), (1, &json!("Ana")), "the chat's log says who has seen it");

    // Nobody else: another lender's agent, one who does not serve the queue, one without a token.
    let eve = agent(&app, "norte", "Eva", &[]).await;
    let raul = agent(&app, "andino", "Raul", &["otra"]).await;
    let path = format!("/tickets/{ticket}/media/{id}");
    assert_eq!(get(&app, &eve, &path).await.status, 404);
    assert_eq!(get(&app, &raul, &path).await.status, 403);
    assert_eq!(get(&app, "wrong", &path).await.status, 401);
    for foreign in [Uuid::nil().to_string(), "nonsense".to_owned()] {
        let opened = get(&app, &ana, &format!("/tickets/{ticket}/media/{foreign}")).await;
        assert_eq!((opened.status, &opened.problem()["code"]), (404, &json!("media_unknown")));
    }
    assert_eq!(lines(&app, &ana, &ticket, "media_opened").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_kept_and_an_agent_opens_it_on_sqlite() {
    let (_folder, url) = backends::sqlite_file();
    a_receipt_is_kept_and_opened(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_kept_and_an_agent_opens_it_on_postgres() {
    let bench = backends::postgres().await;
    a_receipt_is_kept_and_opened(&bench.url).await;
    bench.drop_schema().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_has_expired_is_asked_for_again() {
    let app = TestApp::new().await;
    app.graph.put_file("77", file(PNG));
    app.graph.kill_addresses(2);
    let ana = agent(&app, "andino", "Ana", &[]).await;
    let ticket = receipt_and_agent(&app, &ana, &image("77")).await;
    let state = async || lines(&app, &ana, &ticket, "image").await.remove(0)["media"].clone();
    let media = state().await;
    assert_eq!((&media["state"], &media["bytes"]), (&json!("wanted"), &Value::Null));
    let path = format!("/tickets/{ticket}/media/{}", media["id"].as_str().unwrap());
    let opened = get(&app, &ana, &path).await;
    assert_eq!((opened.status, &opened.problem()["code"]), (409, &json!("media_wanted")));
    assert!(opened.problem()["remedy"].is_string() && !opened.header("retry-after").is_empty());

    app.waits(Millis::seconds(2)).await;
    assert_eq!(state().await["state"], "wanted");
    app.waits(Millis::seconds(8)).await;
    assert_eq!(state().await["state"], "kept");
    assert_eq!(app.graph.asked_files(), ["77", "77", "77"]);
    assert_eq!(get(&app, &ana, &path).await.bytes, PNG);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_kept_says_why() {
    let app = TestApp::with_extra("[media]\nbytes_max = 64").await;
    let (too_large, away) = (vec![0; 65], "https://files.example/77".to_owned());
    app.graph.put_file("1", File { bytes: too_large, ..file(PNG) });
    app.graph.put_file("2", File { url: Some(away), ..file(PNG) });
    app.graph.put_file("3", file(b"another picture"));
    let ana = agent(&app, "andino", "Ana", &[]).await;
    let diana = Who::phone(DIANA);
    app.says(&diana, "hola").await;
    for id in ["1", "2", "3"] {
        app.sends(&diana, &image(id)).await;
    }
    app.says(&diana, "asesor").await;
    for _ in 0..2 {
        app.waits(Millis::seconds(10)).await;
    }
    let ticket = ticket(&app, &ana).await;
    let lost = lines(&app, &ana, &ticket, "image").await;
    let whys: Vec<&str> = lost.iter().map(|line| line["media"]["why"].as_str().unwrap_or("-")).collect();
    assert_eq!(whys, ["too_large", "foreign_host", "wrong_hash"]);
    for line in lost {
        let path = format!("/tickets/{ticket}/media/{}", line["media"]["id"].as_str().unwrap());
        let opened = get(&app, &ana, &path).await;
        let problem = opened.problem();
        assert_eq!((opened.status, &problem["code"]), (410, &json!("media_lost")));
        assert_eq!((&problem["reason"], problem["remedy"].is_string()), (&line["media"]["why"], true));
    }
    assert!(lines(&app, &ana, &ticket, "media_opened").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_whatsapp_no_longer_has_is_given_up_after_its_time() {
    let app = TestApp::new().await;
    app.graph.put_file("77", File { url: Some("no address".to_owned()), ..file(PNG) });
    let ana = agent(&app, "andino", "Ana", &[]).await;
    let ticket = receipt_and_agent(&app, &ana, &image("77")).await;
    app.waits(Millis::days(7)).await;
    let line = lines(&app, &ana, &ticket, "image").await.remove(0);
    assert_eq!((&line["media"]["state"], &line["media"]["why"]), (&json!("lost"), &json!("expired")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_calls_itself_a_picture_and_is_none_is_saved_and_never_shown() {
    let app = TestApp::new().await;
    app.graph.put_file("77", file(HTML));
    app.graph.put_file("78", file(b"%PDF-1.4 a receipt"));
    let ana = agent(&app, "andino", "Ana", &[]).await;
    let disguised = json!({"type": "image", "image": {"id": "77", "mime_type": "image/png"}});
    let ticket = receipt_and_agent(&app, &ana, &disguised).await;
    let pdf = json!({"type": "document", "document": {"id": "78", "mime_type": "text/html",
        "filename": "<b>recibo.html"}});
    app.sends(&Who::phone(DIANA), &pdf).await;
    for (kind, expected, extension) in
        [("image", "application/octet-stream", "bin"), ("document", "application/pdf", "pdf")]
    {
        let line = lines(&app, &ana, &ticket, kind).await.remove(0);
        let id = line["media"]["id"].as_str().unwrap();
        let opened = get(&app, &ana, &format!("/tickets/{ticket}/media/{id}")).await;
        assert_eq!(opened.header("content-type"), expected);
        assert_eq!(
            opened.header("content-disposition"),
            format!("attachment; filename=\"{id}.{extension}\"")
        );
        assert_eq!(opened.header("x-content-type-options"), "nosniff");
    }
    let line = lines(&app, &ana, &ticket, "document").await.remove(0);
    assert_eq!(line["media"]["filename"], "<b>recibo.html", "as the person called it");
}

/// A sticker is nothing that anybody opens later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sticker_is_not_kept() {
    let app = TestApp::new().await;
    app.graph.put_file("77", file(PNG));
    let ana = agent(&app, "andino", "Ana", &[]).await;
    let sticker = json!({"type": "sticker", "sticker": {"id": "77", "mime_type": "image/webp"}});
    let ticket = receipt_and_agent(&app, &ana, &sticker).await;
    assert_eq!(lines(&app, &ana, &ticket, "sticker").await[0]["media"], Value::Null);
    assert!(app.graph.asked_files().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_a_dead_process_was_fetching_is_fetched_by_another_one() {
    let app = TestApp::new().await;
    app.graph.put_file("77", file(PNG));
    let diana = Who::phone(DIANA);
    let content = image("77");
    let value = crate::harness::meta::message(&diana, &app.wamid(), app.clock.now(), &content);
    assert_eq!(app.deliver(crate::harness::meta::delivery(NUMBER, value)).await, 200);
    app.started.converse.round(16).await.unwrap();
    app.expect_files();
    // It claims, and is never heard of again.
    let dead = app.started.store.claim_media(app.clock.now(), Millis::minutes(2), 4).await.unwrap();
    assert_eq!(dead.len(), 1);
    app.says(&diana, "asesor").await;
    assert!(app.graph.asked_files().is_empty(), "while the lease lives nobody else fetches it");
    app.waits(Millis::minutes(2)).await;
    assert_eq!(app.graph.asked_files(), ["77"]);
    let ana = agent(&app, "andino", "Ana", &[]).await;
    let ticket = ticket(&app, &ana).await;
    assert_eq!(lines(&app, &ana, &ticket, "image").await[0]["media"]["state"], "kept");
}

/// Floods of pictures do not fill the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_has_so_many_files_kept_in_a_day() {
    let app = TestApp::new().await;
    app.graph.put_file("77", file(PNG));
    let ana = agent(&app, "andino", "Ana", &[]).await;
    let diana = Who::phone(DIANA);
    let n_max = usize::try_from(acuerdo::service::media::FILES_OF_DAY_MAX).unwrap();
    app.says(&diana, "asesor").await;
    for _ in 0..=n_max {
        app.sends(&diana, &image("77")).await;
    }
    let ticket = ticket(&app, &ana).await;
    let lines = lines(&app, &ana, &ticket, "image").await;
    let kept = lines.iter().filter(|line| line["media"]["state"] == "kept").count();
    assert_eq!((lines.len(), kept), (n_max + 1, n_max));
    assert_eq!(lines.last().unwrap()["media"]["why"], "too_many");
}

async fn erased_with_its_person(url: &str) {
    let app = on(url).await;
    app.graph.put_file("77", file(PNG));
    let ana = agent(&app, "andino", "Ana", &[]).await;
    let ticket = receipt_and_agent(&app, &ana, &image("77")).await;
    let line = lines(&app, &ana, &ticket, "image").await.remove(0);
    let path = format!("/tickets/{ticket}/media/{}", line["media"]["id"].as_str().unwrap());
    assert_eq!(get(&app, &ana, &path).await.status, 200);

    let command = |arguments: &[&str]| {
        let output = alone(PROGRAM)
            .args(arguments)
            .env("DATABASE_URL", url)
            .env("WHATSAPP_ACCESS_TOKEN", "t")
            .env("WHATSAPP_PHONE_NUMBER_ID", "1")
            .env("USER", "ops-7")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let copy: Value =
        serde_json::from_str(&command(&["person", "export", "C-1003", "--lender", "andino"])).unwrap();
    let kept = &copy["files_received"][0];
    assert_eq!((&kept["state"], kept["size_bytes"].as_u64()), (&json!("kept"), Some(PNG.len() as u64)));
    assert_eq!(kept["sha256"], hex::encode(Sha256::digest(PNG)));
    let told = command(&["person", "erase", "C-1003", "--lender", "andino", "--yes"]);
    assert!(told.contains("files received"), "{told}");
    assert_eq!(get(&app, &ana, &path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_an_erased_person_are_gone_on_sqlite() {
    let (_folder, url) = backends::sqlite_file();
    erased_with_its_person(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_an_erased_person_are_gone_on_postgres() {
    let bench = backends::postgres().await;
    erased_with_its_person(&bench.url).await;
    bench.drop_schema().await;
}
