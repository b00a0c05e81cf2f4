//! Secrets and personal data stay where they belong: the real program is given marked ones, and nothing that it
//! shows, writes or leaves behind may hold a mark.

use crate::contract::backends;
use crate::contract_queue::{fresh_prefix, redis_url};
use crate::harness::PATIENCE;
use crate::harness::app::{APP_SECRET, lay_out_flows};
use crate::harness::graph_api::{GraphApi, Script};
use crate::harness::meta::{self, Who};
use crate::harness::process::{PROGRAM, alone};
use crate::harness::webhook::Webhook;
use acuerdo::config::LogFormat;
use acuerdo::ports::clock::Clock;
use acuerdo::system::SystemClock;
use acuerdo::telemetry;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const TOKEN: &str = "EAAmarkedAccessToken7f3a";
const VERIFY: &str = "markedVerifyToken91c2";
const REDIS: &str = "markedRedisPassword3e77";
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

/// Where one deployment keeps what: its settings beside those of [`program`], and the secrets in them.
struct Deployment {
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
    secrets: Vec<String>,
}

impl Deployment {
    /// With the sample debts; on an SQLite file unless the settings say otherwise.
    fn lay_out(settings: Vec<(&'static str, String)>, secrets: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        lay_out_flows(&folder.path().join("flows"));
        let understanding = std::path::absolute("flows/understanding").unwrap();
        std::os::unix::fs::symlink(understanding, folder.path().join("flows/understanding")).unwrap();
        let secrets = SECRETS.iter().chain(secrets).map(|secret| (*secret).to_owned()).collect();
        let deployment = Self { folder, settings, secrets };
        assert!(ran(deployment.program().arg("migrate")).0);
        let demo = std::path::absolute("fixtures/demo/andino.csv").unwrap();
        let (imported, told) = ran(deployment.program().arg("import").arg(demo));
        assert!(imported, "{told}");
        deployment.tells_none("what import tells", told.as_bytes());
        deployment
    }

    fn program(&self) -> Command {
        let mut program = program(self.folder.path());
        program.envs(self.settings.clone());
        program
    }

    /// What is neither secret nor of a person may be told.
    fn tells_none(&self, what: &str, bytes: &[u8]) {
        self.keeps_no_secret(what, bytes);
        holds_none(what, bytes, PERSONAL);
    }

    fn keeps_no_secret(&self, what: &str, bytes: &[u8]) {
        holds_none(what, bytes, &self.secrets.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// `acuerdo serve` with marked secrets in its environment and its log in a file.
struct Served {
    process: Child,
    url: String,
}

impl Served {
    async fn start(deployment: &Deployment, graph: &str) -> Self {
        let folder = deployment.folder.path();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let process = deployment
            .program()
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
        let begun = std::time::Instant::now();
        while begun.elapsed() < PATIENCE {
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
    let mut command = alone(PROGRAM);
    command
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
    acuerdo::whatsapp::client::http_client(PATIENCE, PATIENCE).unwrap()
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

fn body(at: u32, content: &Value) -> Vec<u8> {
    let wamid = format!("wamid.in.{at}");
    meta::delivery(NUMBER, meta::message(&Who::phone(DIANA), &wamid, SystemClock.now(), content))
}

fn text(words: &str) -> Value {
    json!({"type": "text", "text": {"body": words}})
}

/// What the log tells when Redis refuses.
const REFUSED: &str = "live queue could not be kept in step";

/// A whole chat up to a ticket, with refusals and garbage of WhatsApp's; nothing that can be seen of it holds a mark.
/// `midway` breaks something while it is served.
async fn served_chat(mut deployment: Deployment, midway: impl AsyncFnOnce()) -> Deployment {
    let graph = GraphApi::start(TOKEN);
    let (added, told) = ran(deployment.program().args(["agent", "add", "Luisa"]));
    assert!(added, "{told}");
    deployment.tells_none("what agent add tells", told.as_bytes());
    let agent_token =
        told.split_whitespace().find(|word| word.len() >= 40).expect("the agent's token").to_owned();
    deployment.secrets.push(agent_token.clone());
    let served = Served::start(&deployment, &graph.url).await;

    // WhatsApp refuses with an explanation that repeats the token and the person, and answers with garbage.
    let details: &'static str = format!("{TOKEN} may not write to {DIANA}, {NAME}").leak();
    graph.script([Script::Refuse { http_status: 400, code: 131_000, details }, Script::Garbage]);
    let webhook = Webhook::new();
    for (at, words) in (0..).zip(["hola", WRITTEN, "0303", "25 de julio", "cuanto debo", "asesor"]) {
        webhook.deliver(&served.url, &body(at, &text(words))).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    webhook.deliver(&served.url, &body(90, &json!({"type": "mystery", "mystery": {"of": WRITTEN}}))).await;
    midway().await;

    for (what, page) in pages(&served.url, &agent_token).await {
        deployment.tells_none(&what, page.as_bytes());
    }
    let pid = served.process.id();
    let of_process = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap();
    deployment.tells_none("the command line", &of_process("cmdline"));
    let limits = String::from_utf8(of_process("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");

    served.stop();
    let log = std::fs::read(deployment.folder.path().join("log")).unwrap();
    assert!(log.len() > 1_000, "the log has something to hide");
    deployment.tells_none("the log", &log);
    assert!(!graph.taken().is_empty(), "the chat went on");
    deployment
}

/// The database holds the chat and no secret.
fn holds_the_chat(deployment: &Deployment, database: &[u8]) {
    deployment.keeps_no_secret("the database", database);
    assert!(database.windows(12).any(|part| part == b"Hermenegilda"), "the chat is in the database");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_on_sqlite_leaves_no_mark_in_log_answers_arguments_or_file() {
    let deployment = served_chat(Deployment::lay_out(Vec::new(), &[]), async || ()).await;
    let file = |name: &str| std::fs::read(deployment.folder.path().join(name));
    let mut database = file("db.sqlite").unwrap();
    database.extend(file("db.sqlite-wal").unwrap_or_default());
    database.extend(file("db.sqlite.lock").unwrap_or_default());
    holds_the_chat(&deployment, &database);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_on_postgres_and_redis_leaves_no_mark_either_and_no_password() {
    let bench = backends::postgres().await;
    let password = bench.url.split(['@', '/', ':']).nth(4).expect("postgres://user:password@host").to_owned();
    let (prefix, admin) = (fresh_prefix(), redis_url());
    let user = format!("marked-{prefix}");
    told::<()>(&admin, &["ACL", "SETUSER", &user, "on", &format!(">{REDIS}"), "~*", "+@all"]).await;
    let host = admin.strip_prefix("redis://").unwrap();
    let settings = vec![
        ("DATABASE_URL", bench.url.clone()),
        ("REDIS_URL", format!("redis://{user}:{REDIS}@{host}")),
        ("ACUERDO_REDIS_PREFIX", prefix.clone()),
    ];
    let deployment = Deployment::lay_out(settings, &[REDIS, &password]);
    let path = deployment.folder.path().join("log");
    let log = || std::fs::read_to_string(&path).unwrap_or_default();
    let deployment = served_chat(deployment, async || {
        let mut kept = Vec::new();
        while kept.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
            kept = redis_dump(&admin, &prefix).await;
        }
        holds_none("Redis", &kept, &[SECRETS, PERSONAL, &[REDIS, &password]].concat());
        // From here on the password is wrong: what is told of that repeats none.
        told::<()>(&admin, &["ACL", "SETUSER", &user, "resetpass", ">another"]).await;
        told::<i64>(&admin, &["CLIENT", "KILL", "USER", &user]).await;
        while !log().contains(REFUSED) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    told::<i64>(&admin, &["ACL", "DELUSER", &user]).await;
    holds_the_chat(&deployment, &postgres_dump(&bench.url).await);
    bench.drop_schema().await;
}

/// What a command of Redis answers.
async fn told<T: redis::FromRedisValue>(url: &str, words: &[&str]) -> T {
    let mut connection = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut connection).await.unwrap()
}

/// All keys with this prefix and what they hold.
async fn redis_dump(url: &str, prefix: &str) -> Vec<u8> {
    let mut all = Vec::new();
    for key in told::<Vec<String>>(url, &["KEYS", &format!("{prefix}*")]).await {
        all.extend_from_slice(key.as_bytes());
        let read: &[&str] = match told::<String>(url, &["TYPE", &key]).await.as_str() {
            "string" => &["GET", &key],
            "hash" => &["HGETALL", &key],
            "zset" => &["ZRANGE", &key, "0", "-1"],
            "set" => &["SMEMBERS", &key],
            "none" => continue,
            other => panic!("a key of type {other}"),
        };
        let value: redis::Value = told(url, read).await;
        all.extend(format!("{value:?}").into_bytes());
    }
    all
}

/// Every value of every table, as `pg_dump` would write it, but with the bytes of raw bodies as they are.
pub async fn postgres_dump(url: &str) -> Vec<u8> {
    let mut hand = PgConnection::connect(url).await.unwrap();
    let columns =
        "SELECT table_name::text, column_name::text, data_type = 'bytea' FROM information_schema.columns
         WHERE table_schema = current_schema()";
    let columns: Vec<(String, String, bool)> = sqlx::query_as(columns).fetch_all(&mut hand).await.unwrap();
    assert!(columns.len() > 100, "only {} columns", columns.len());
    let mut all = Vec::new();
    for (table, column, is_bytes) in columns {
        let value = if is_bytes { column } else { format!("convert_to({column}::text, 'UTF8')") };
        let values = AssertSqlSafe(format!("SELECT COALESCE({value}, '') FROM {table}"));
        let values: Vec<Vec<u8>> = sqlx::query_scalar(values).fetch_all(&mut hand).await.unwrap();
        // Apart: a column of counts would else read as a long number.
        for value in &values {
            all.extend(value);
            all.push(b'\n');
        }
    }
    hand.close().await.unwrap();
    all
}

/// Set in a process that is to panic.
const PANICS: &str = "ACUERDO_TEST_PANICS";

/// Runs itself in a process of its own, whose whole output can be read.
#[test]
fn a_panic_is_told_by_its_place_and_never_by_its_words() {
    if std::env::var_os(PANICS).is_some() {
        return panics();
    }
    let name = "secrets::a_panic_is_told_by_its_place_and_never_by_its_words";
    let mut process = Command::new(std::env::current_exe().unwrap());
    let (well, told) = ran(process.args(["--exact", name, "--nocapture"]).env(PANICS, "yes"));
    assert!(well, "{told}");
    assert_eq!(told.matches("the program panicked").count(), 3, "{told}");
    assert_eq!(told.matches("secrets.rs:").count(), 3, "{told}");
    holds_none("what is told of panics", told.as_bytes(), &[TOKEN, "Hermenegilda", "No such file"]);
}

/// In a thread, in a task, and by a library's word about what it was given.
fn panics() {
    telemetry::init_logs("trace", LogFormat::Json).unwrap();
    telemetry::tell_panics();
    let thread = std::thread::spawn(|| panic!("{TOKEN} was refused for {WRITTEN}"));
    assert!(thread.join().is_err());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let task = runtime.block_on(async { tokio::spawn(async { panic!("{WRITTEN}") }).await });
    assert!(task.unwrap_err().is_panic());
    let caught = std::panic::catch_unwind(|| std::fs::read(WRITTEN).expect(TOKEN));
    assert!(caught.is_err());
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
