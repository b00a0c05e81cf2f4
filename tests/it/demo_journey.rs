//! What a newcomer does first: `acuerdo demo`, and an agreement on the phone of the page, with the real bot.

use crate::harness::process::{PROGRAM, alone};
use crate::phone::Phone;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Stdio};

const JORGE: &str = "Jorge Iván Salazar Gil";

/// The real program with a database of its own; it ends with the test.
struct Demo {
    process: Child,
    base: String,
    /// Open until the end: a program that can no longer write would stop.
    _said: BufReader<ChildStdout>,
    _data: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut process = alone(PROGRAM)
            .args(["demo", "--bind", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let base = (&mut said).lines().map_while(Result::ok).find_map(|line| {
            line.split_whitespace().find_map(|word| word.strip_suffix("/simulator")).map(str::to_owned)
        });
        Self { base: base.expect("the demo says where its phone is"), process, _said: said, _data: data }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Jorge says who he is and gets the menu.
async fn prove_identity(phone: &Phone) {
    phone.pick(JORGE).await;
    phone.write("hola").await;
    phone.wait_reply("los últimos 4 números de su cédula").await;
    phone.write("0404").await;
    phone.wait_reply("¿Qué día y mes nació?").await;
    phone.write("30 de enero").await;
    phone.wait_reply("¿En qué le ayudo?").await;
}

/// Keeps a picture for the documentation when `ACUERDO_PICTURES` names a folder (`scripts/pictures`).
async fn picture(phone: &Phone, name: &str) {
    if let Some(folder) = std::env::var_os("ACUERDO_PICTURES") {
        // The two ticks of the last message and the panel come after the words.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        phone.picture(&PathBuf::from(folder).join(name)).await;
    }
}

#[actix_web::test]
async fn the_demo_answers_only_under_its_own_address_and_to_its_own_page() {
    let demo = Demo::start();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asks = async |path: &str, header: &str, value: &str| {
        let url = format!("{}{path}", demo.base);
        let answer = http.get(url).header(header, value).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for path in ["/simulator", "/simulator/api/debtors", "/metrics"] {
        let (status, said) = asks(path, "host", "evil.example").await;
        assert!(status == 403 && said.contains("http://localhost"), "{path}: {status} {said}");
        assert_eq!(asks(path, "origin", "http://evil.example").await.0, 403, "{path}");
        assert_eq!(asks(path, "host", "localhost").await.0, 200, "{path}");
    }
    let posted = http
        .post(format!("{}/simulator/api/chats", demo.base))
        .header("origin", "http://evil.example")
        .json(&serde_json::json!({}))
        .send();
    assert_eq!(posted.await.unwrap().status().as_u16(), 403);
}

#[actix_web::test]
async fn a_newcomer_agrees_on_a_plan_and_asks_for_a_person() {
    let demo = Demo::start();
    let phone = Phone::open(&demo.base, (1280, 860)).await;
    prove_identity(&phone).await;
    phone.wait_inspector("verificada").await;

    phone.open_list().await;
    phone.choose_row("Opciones de pago").await;
    phone.wait_reply("Estas son sus opciones").await;
    phone.open_list().await;
    phone.choose_row("3 cuotas").await;
    phone.wait_reply("Plan para ponerse al día").await;
    phone.tap("Sí, acepto").await;

    phone.wait_reply("su acuerdo quedó registrado con la referencia").await;
    let reference = said_reference(&phone).await;
    phone.wait_inspector(&reference).await;
    picture(&phone, "simulator-1280.png").await;

    phone.write("asesor").await;
    phone.wait_inspector("en cola").await;
    phone.close().await;
}

/// The reference of the agreement as the chat gives it.
async fn said_reference(phone: &Phone) -> String {
    let said = phone
        .eval("document.getElementById('log').innerText.match(/con la referencia ([A-Z0-9-]+)/u)?.[1]")
        .await;
    said.as_str().expect("the chat gives the reference").to_owned()
}

#[actix_web::test]
async fn on_a_handset_one_picks_writes_and_taps() {
    let demo = Demo::start();
    let phone = Phone::open_handset(&demo.base, (390, 844)).await;
    assert_eq!(phone.eval("window.innerWidth").await, 390);
    prove_identity(&phone).await;

    phone.open_list().await;
    phone.choose_row("Opciones de pago").await;
    phone.wait_reply("Estas son sus opciones").await;
    phone.open_list().await;
    phone.choose_row("3 cuotas").await;
    phone.wait_reply("Plan para ponerse al día").await;
    picture(&phone, "simulator-390.png").await;
    phone.tap("Ver otras").await;

    phone.wait_own("Ver otras", "read").await;
    assert_eq!(phone.eval("document.documentElement.scrollWidth <= window.innerWidth").await, true);
    phone.close().await;
}
