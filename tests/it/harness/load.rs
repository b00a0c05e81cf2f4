//! Many people at once against processes whose loops run for real.

use crate::harness::app::{settings, understander};
use crate::harness::people;
use acuerdo::app::{App, World, read_policies};
use acuerdo::config::Settings;
use acuerdo::debts::{self, ImportContext};
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::Store;
use acuerdo::ports::clock::{Clock, Random};
use acuerdo::system::{SystemClock, SystemRandom};
use acuerdo::worker::supervisor::Supervisor;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The people `0..n`.
pub async fn import_people(store: &Arc<dyn Store>, flows: &Path, n: usize, now: Timestamp) {
    let policies = read_policies(flows).unwrap();
    let lender = LenderId::from("andino");
    let policy = policies.policy(&lender).unwrap();
    let context = ImportContext { now, zone: policy.zone.clone(), currency: policy.currency };
    let file = debts::parse(people::csv(n).as_bytes(), &context).all_or_nothing().unwrap();
    store.import(&lender, &file.persons, &file.obligations, now).await.unwrap();
}

/// Time that runs as in the real world, from another start.
pub struct ShiftedClock(pub i64);

impl ShiftedClock {
    pub fn starting(at: Timestamp) -> Self {
        Self(at.0 - SystemClock.now().0)
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0)
    }
}

/// One process of a deployment: server and loops as `acuerdo serve` runs them.
pub struct Replica {
    pub url: String,
    server: actix_web::dev::ServerHandle,
    supervisor: Supervisor,
}

impl Replica {
    /// `database` and `extra` are lines of the settings file; `clock` may be shared with other replicas.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let app = App::assemble(settings, world(clock, false)).await.unwrap();
        let faces = app.faces();
        let mut supervisor = Supervisor::new();
        let started = app.start_inbox(&mut supervisor);
        started.start_loops(&mut supervisor);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = actix_web::HttpServer::new(move || {
            let faces = faces.clone();
            actix_web::App::new()
                .wrap(actix_web::middleware::from_fn(acuerdo::http::closed_answers::closed_answers))
                .wrap(actix_web::middleware::from_fn(acuerdo::http::request_id::with_request_id))
                .configure(move |cfg| faces.configure(cfg))
        })
        .workers(2)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, server: handle, supervisor }
    }

    pub async fn stop(self) {
        self.server.stop(true).await;
        assert!(self.supervisor.shut_down(Duration::from_secs(20)).await, "a loop did not end");
    }
}

/// The real world but for its clock; with `shares_clock` the database's counts, if it has one.
pub fn world(clock: Arc<dyn Clock>, shares_clock: bool) -> World {
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    World {
        clock,
        shares_clock,
        load_flows: acuerdo::flow::load,
        random,
        understander: Some(understander()),
        sender: None,
    }
}

/// Settings of a process on this database that talks to this Graph API; `extra` are more lines of TOML.
pub fn settings_on(database_url: &str, flows: &Path, graph_url: &str, extra: &str) -> Settings {
    Settings::from_toml(&settings(database_url, flows, graph_url, extra)).unwrap()
}
