//! The PostgreSQL and the Redis of the drill, through the functions of `scripts/lib/services.sh`.

use crate::people;
use crate::process;
use crate::webhook::{APP_SECRET, NUMBER, VERIFY};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The role of the product: unlike an administrator it is refused when connections run out.
const ROLE: &str = "acuerdo_app";
const TEMPLATE: &str = "chaos_template";

pub struct Servers {
    pub program: String,
    pub n_people: usize,
    folder: tempfile::TempDir,
    admin: String,
    redis: String,
}

impl Servers {
    /// A template database with `n_people`; each scenario gets a copy.
    pub async fn prepare(program: &str, n_people: usize) -> Self {
        let variable = |name| std::env::var(name).expect("run it with scripts/chaos");
        let servers = Self {
            program: program.to_owned(),
            n_people,
            folder: tempfile::tempdir().unwrap(),
            admin: variable("ACUERDO_TEST_POSTGRES"),
            redis: variable("ACUERDO_TEST_REDIS"),
        };
        let password = servers.password();
        servers.administer(&format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'")).await;
        servers.administer(&format!("CREATE DATABASE {TEMPLATE} OWNER {ROLE}")).await;
        let (config, csv) = (servers.folder.path().join("template.toml"), servers.people());
        let url = servers.url_of(TEMPLATE);
        std::fs::write(&config, servers.settings(&url, Path::new("flows"), "http://127.0.0.1:9", "template"))
            .unwrap();
        std::fs::write(&csv, people::csv(n_people)).unwrap();
        process::run(process::acuerdo(program, &config, &["migrate"]));
        let import = ["import", "--lender", "andino", csv.to_str().unwrap()];
        process::run(process::acuerdo(program, &config, &import));
        servers
    }

    /// The file of everybody, for `acuerdo import`.
    pub fn people(&self) -> PathBuf {
        self.folder.path().join("people.csv")
    }

    /// Runs functions of `scripts/lib/services.sh` and returns what they print.
    pub async fn shell(&self, script: &str) -> String {
        let script = format!("set -euo pipefail; source scripts/lib/services.sh; {script}");
        let output = Command::new("bash").args(["-c", &script]).output().await.unwrap();
        assert!(output.status.success(), "`{script}`: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Tells Redis something.
    pub async fn redis(&self, command: &str) {
        self.shell(&format!("redis-cli -h 127.0.0.1 -p \"$REDIS_PORT\" {command}")).await;
    }

    /// One statement as administrator of PostgreSQL, whatever state it is in.
    pub async fn administer(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.admin).await.unwrap();
        sqlx::query("SET default_transaction_read_only = off").execute(&mut connection).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Ends every connection of the product.
    pub async fn disconnect(&self, database: &str) {
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}' AND datname = '{database}'"
        );
        self.administer(&end).await;
    }

    pub async fn limit_connections(&self, limit: i32) {
        self.administer(&format!("ALTER ROLE {ROLE} CONNECTION LIMIT {limit}")).await;
    }

    pub async fn read_only(&self, on: bool) {
        self.administer(&format!("ALTER SYSTEM SET default_transaction_read_only = {on}")).await;
        self.administer("SELECT pg_reload_conf()").await;
    }

    /// A copy of the template, or an empty one; its URL.
    pub async fn database(&self, name: &str, copied: bool) -> String {
        let template = if copied { TEMPLATE } else { "template1" };
        self.administer(&format!("CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template}")).await;
        self.url_of(name)
    }

    /// An address that stays ours between two lives of a process: no outgoing connection is given its port.
    pub async fn address(&self) -> String {
        format!("127.0.0.1:{}", self.shell("port_free").await)
    }

    pub fn subfolder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A settings file.
    pub fn settings(&self, database: &str, flows: &Path, graph: &str, prefix: &str) -> String {
        format!(
            "database_url = \"{database}\"\nredis_url = \"{}\"\nredis_prefix = \"{prefix}\"\nflows_dir = \"{}\"\n\
             read_receipts = false\nwhatsapp_app_secret = \"{APP_SECRET}\"\nwhatsapp_verify_token = \"{VERIFY}\"\n\
             whatsapp_graph_url = \"{graph}\"\nworkers = {{ sends_per_second = 1000 }}\n\
             [[lender]]\nid = \"andino\"\naccess_token = \"token\"\nwaba_id = \"waba\"\n\
             phone_number_ids = [\"{NUMBER}\"]\ncheckout_secret = \"checkout-secret-of-the-tests\"\n",
            self.redis,
            flows.display(),
        )
    }

    fn password(&self) -> &str {
        let (login, _) = self.admin.split_once('@').unwrap();
        login.rsplit_once(':').unwrap().1
    }

    /// For who looks at it from outside, whatever the product's role may do.
    pub fn url_as_administrator(&self, database: &str) -> String {
        let (server, _) = self.admin.rsplit_once('/').unwrap();
        format!("{server}/{database}")
    }

    fn url_of(&self, database: &str) -> String {
        let (_, place) = self.admin.split_once('@').unwrap();
        let (host, _) = place.split_once('/').unwrap();
        format!("postgres://{ROLE}:{}@{host}/{database}", self.password())
    }
}
