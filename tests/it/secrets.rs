//! Secrets and personal data stay where they belong: the real program is given marked ones, and nothing that it
//! shows, writes or leaves behind may hold a mark.

use crate::harness::app::{APP_SECRET, lay_out_flows};
use crate::harness::graph_api::{GraphApi, Script};
use crate::harness::meta::{self, Who};
use crate::harness::webhook::Webhook;
use acuerdo::ports::clock::Clock;
use acuerdo::system::SystemClock;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const TOKEN: &str = "EAAmarkedAccessToken7f3a";
const VERIFY: &str = "markedVerifyToken91c2";
const CHECKOUT: &str = "markedCheckoutSecret55d0";
const NUMBER: &str = "100000000000001";
/// Diana of the sample debts, and what she writes.
const DIANA: &str = "573005550003";
const WRITTEN: &str = "mi vecina Hermenegilda sabe que la cédula termina en 0303";
const NAME: &str = "Diana Carolina Mejía Soto";

/// What only the settings and the running process may know.
const SECRETS: &[&str] = &[TOKEN, VERIFY, CHECKOUT, APP_SECRET];
/// What only the database may hold.
const PERSONAL: &[&str] =
    &[DIANA, "Hermenegilda", "Carolina", "Mejía", "1010000303", "25 de julio", "wamid.in"];

/// `acuerdo serve` with marked secrets in its environment and its log in a file.
struct Served {
    process: Child,
    url: String,
}

impl Served {
    async fn start(folder: &Path, graph: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let process = program(folder)
            .arg("serve")
            .env("ACUERDO_BIND", address.to_string())
            .env("WHATSAPP_GRAPH_URL", graph)
            // Everything that any part of the program could tell.
            .env("ACUERDO_LOG", "trace")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let served = Self { process, url: format!("http://{address}") };
        let http = client();
        for _ in 0..600 {
            if let Ok(answer) = http.get(format!("{}/health/ready", served.url)).send().await
                && answer.status() == 200
            {
                return served;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not ready: {}", std::fs::read_to_string(folder.join("log")).unwrap());
    }

    /// SIGTERM, so that the database is closed and whole.
    fn stop(mut self) {
        let told = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(told.success());
        assert!(self.process.wait().unwrap().success(), "it did not stop well");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The program with marked secrets, on the SQLite file of this folder.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acuerdo"));
    command
        .env_clear()
        .current_dir(folder)
        .env("DATABASE_URL", format!("sqlite:{}", folder.join("db.sqlite").display()))
        .env("ACUERDO_FLOWS_DIR", folder.join("flows"))
        .env("ACUERDO_CHECKOUT_SECRET", CHECKOUT)
        .env("WHATSAPP_APP_SECRET", APP_SECRET)
        .env("WHATSAPP_VERIFY_TOKEN", VERIFY)
        .env("WHATSAPP_ACCESS_TOKEN", TOKEN)
        .env("WHATSAPP_PHONE_NUMBER_ID", NUMBER);
    command
}

fn client() -> reqwest::Client {
    acuerdo::whatsapp::client::http_client(Duration::from_secs(5), Duration::from_secs(20)).unwrap()
}

fn ran(command: &mut Command) -> (bool, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout) + &text(output.stderr))
}

fn holds_none(what: &str, bytes: &[u8], marks: &[&str]) {
    for mark in marks {
        let found = bytes.windows(mark.len()).position(|part| part == mark.as_bytes());
        if let Some(at) = found {
            let around = &bytes[at.saturating_sub(200)..bytes.len().min(at + 100)];
            panic!("{what} holds `{mark}`: …{}…", String::from_utf8_lossy(around));
        }
    }
}

fn all_marks() -> Vec<&'static str> {
    SECRETS.iter().chain(PERSONAL).copied().collect()
}

fn body(at: u32, content: &Value) -> Vec<u8> {
    let wamid = format!("wamid.in.{at}");
    meta::delivery(NUMBER, meta::message(&Who::phone(DIANA), &wamid, SystemClock.now(), content))
}

fn text(words: &str) -> Value {
    json!({"type": "text", "text": {"body": words}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_served_chat_leaves_no_mark_in_log_answers_arguments_or_database() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    lay_out_flows(&folder.join("flows"));
    std::os::unix::fs::symlink(
        std::path::absolute("flows/understanding").unwrap(),
        folder.join("flows/understanding"),
    )
    .unwrap();
    let graph = GraphApi::start(TOKEN);
    assert!(ran(program(folder).arg("migrate")).0);
    let demo = std::path::absolute("fixtures/demo/andino.csv").unwrap();
    let (imported, told) = ran(program(folder).arg("import").arg(demo));
    assert!(imported, "{told}");
    holds_none("what import tells", told.as_bytes(), &all_marks());
    let (added, told) = ran(program(folder).args(["agent", "add", "Luisa"]));
    assert!(added, "{told}");
    let agent_token =
        told.split_whitespace().find(|word| word.len() >= 40).expect("the agent's token").to_owned();
    let served = Served::start(folder, &graph.url).await;

    // WhatsApp refuses with an explanation that repeats the token and the person, and answers with garbage.
    let details: &'static str = format!("{TOKEN} may not write to {DIANA}, {NAME}").leak();
    graph.script([Script::Refuse { http_status: 400, code: 131_000, details }, Script::Garbage]);
    let webhook = Webhook::new();
    for (at, words) in (0..).zip(["hola", WRITTEN, "0303", "25 de julio", "cuanto debo", "asesor"]) {
        webhook.deliver(&served.url, &body(at, &text(words))).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    webhook.deliver(&served.url, &body(90, &json!({"type": "mystery", "mystery": {"of": WRITTEN}}))).await;

    let pages = pages(&served.url, &agent_token).await;
    let marks = [&all_marks()[..], &[agent_token.as_str()]].concat();
    for (what, page) in pages {
        holds_none(&what, page.as_bytes(), &marks);
    }
    let pid = served.process.id();
    let of_process = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap();
    holds_none("the command line", &of_process("cmdline"), &marks);
    let limits = String::from_utf8(of_process("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");

    served.stop();
    let log = std::fs::read(folder.join("log")).unwrap();
    assert!(log.len() > 1_000, "the log has something to hide");
    holds_none("the log", &log, &marks);
    assert!(!graph.taken().is_empty(), "the chat went on");
    let secrets = [SECRETS, &[agent_token.as_str()]].concat();
    let mut database = std::fs::read(folder.join("db.sqlite")).unwrap();
    database.extend(std::fs::read(folder.join("db.sqlite-wal")).unwrap_or_default());
    database.extend(std::fs::read(folder.join("db.sqlite.lock")).unwrap_or_default());
    holds_none("the database", &database, &secrets);
    assert!(database.windows(12).any(|part| part == b"Hermenegilda"), "the chat is in the database");
}

/// What anybody can make the server answer, mistakes above all.
async fn pages(url: &str, agent_token: &str) -> Vec<(String, String)> {
    let http = client();
    let refused = |path: &str| http.get(format!("{url}{path}"));
    let requests = [
        refused("/metrics"),
        refused("/health/ready"),
        refused("/openapi.json"),
        refused("/nowhere"),
        refused(&format!("/webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY}x")),
        refused("/api/v1/tickets"),
        refused("/api/v1/tickets").bearer_auth(format!("{agent_token}x")),
        refused("/api/v1/tickets/not-an-id").bearer_auth(agent_token),
        http.post(format!("{url}/api/v1/tickets"))
            .bearer_auth(agent_token)
            .body(format!("{{\"a\": \"{DIANA}")),
        http.post(format!("{url}/webhook")).header("x-hub-signature-256", "sha256=00").body(WRITTEN),
    ];
    let mut pages = Vec::new();
    for (n, request) in requests.into_iter().enumerate() {
        let answer = request.send().await.unwrap();
        let headers = format!("{:?}", answer.headers());
        pages.push((format!("answer {n}"), format!("{headers}\n{}", answer.text().await.unwrap())));
    }
    pages
}

#[test]
fn settings_that_are_wrong_are_named_and_not_repeated() {
    const MARK: &str = "markedValue8842";
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let files = [
        format!("whatsapp_app_secret = \"{MARK}"),
        format!("whatsapp_app_secret = {MARK}"),
        format!("whatsapp_app_secret = [\"{MARK}\"]"),
        format!("whatsapp_app_secret = \"{MARK}\"\nwhatsapp_app_secret = \"{MARK}\""),
        format!("checkout_secret = '''\n{MARK}\n"),
        format!("checkout_secret = \"{MARK}\\q\""),
        format!("redis_url = \"redis://u:{MARK}@h\" x"),
        format!("[[lender]]\nid = \"a\"\naccess_token = {{ a = \"{MARK}\" }}"),
        format!("[[lender]]\nid = \"a\"\naccess_token = \"{MARK}\"\nphone_number_ids = \"{MARK}\""),
        format!("[workers]\ninbox_batch = \"{MARK}\""),
    ];
    for file in files {
        std::fs::write(folder.join("acuerdo.toml"), &file).unwrap();
        let mut program = program(folder);
        // The environment comes before the file.
        program.env_remove("WHATSAPP_APP_SECRET").env_remove("ACUERDO_CHECKOUT_SECRET");
        let (well, told) = ran(program.arg("doctor"));
        assert!(!well, "{file}");
        assert!(told.contains("acuerdo.toml"), "{file}\n{told}");
        holds_none(&format!("what is told of\n{file}\n"), told.as_bytes(), &[MARK]);
    }
    std::fs::remove_file(folder.join("acuerdo.toml")).unwrap();
    let variables = [
        ("DATABASE_URL", format!("postgres://u:{MARK}@127.0.0.1:1/x")),
        ("DATABASE_URL", format!("postgres://u:{MARK}@127.0.0.1:port/x")),
        ("DATABASE_URL", format!("mysql://u:{MARK}@127.0.0.1/x")),
        ("DATABASE_URL", MARK.to_owned()),
        ("REDIS_URL", format!("redis://u:{MARK}@127.0.0.1:1")),
        ("REDIS_URL", format!("redis://u:{MARK}@127.0.0.1:port")),
        ("REDIS_URL", format!("redsi://u:{MARK}@127.0.0.1:1")),
        ("REDIS_URL", MARK.to_owned()),
        ("WHATSAPP_GRAPH_URL", format!("https://u:{MARK}@127.0.0.1:1")),
        ("WHATSAPP_GRAPH_URL", format!("127.0.0.1 {MARK}")),
    ];
    for (variable, value) in variables {
        for command in ["doctor", "serve"] {
            let mut program = program(folder);
            if command == "doctor" {
                program.args(["doctor", "--deep"]);
            } else {
                program.arg(command);
            }
            program.env("ACUERDO_LOG", "debug").env("ACUERDO_BIND", "127.0.0.1:0");
            // A Graph address that is wrong does not keep the server from starting.
            if command == "serve" && variable == "WHATSAPP_GRAPH_URL" {
                continue;
            }
            let (well, told) = ran(program.env(variable, &value));
            assert!(!well, "{command} with {variable}={value}\n{told}");
            holds_none(&format!("{command} with {variable}={value}"), told.as_bytes(), &[MARK]);
        }
    }
}

#[test]
fn a_value_of_the_environment_is_the_text_that_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for value in ["106540352242922", "12345678901234567890123456789012", "1e5", "true", "[a]", "{b}", "0755"]
    {
        let mut program = program(folder.path());
        let (_, told) = ran(program
            .arg("doctor")
            .env("WHATSAPP_PHONE_NUMBER_ID", value)
            .env("WHATSAPP_APP_SECRET", value));
        assert!(!told.contains("expected a string"), "{value}: {told}");
        assert!(told.contains(&format!("WhatsApp {value}")), "{value}: {told}");
    }
}
