//! Human agents at both replicas, who take whoever waits.

use crate::pair::Pair;
use crate::verdict::Verdict;
use acuerdo::whatsapp::client::http_client;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

const AGENTS: usize = 3;
/// Between two looks of an agent who found nobody.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Default)]
pub struct Desk {
    /// Which agent got which ticket; one may be told of its own again.
    taken: Mutex<BTreeSet<(usize, String)>>,
    closed: AtomicBool,
}

impl Desk {
    pub fn open(pair: &Pair, program: &str) -> Arc<Self> {
        let desk = Arc::new(Self::default());
        for n in 0..AGENTS {
            let name = format!("Agente {n}");
            let shown = pair.replicas[0].run(program, &["agent", "add", &name, "--lender", "andino"]);
            let token = shown.lines().find_map(|line| line.strip_prefix("token")).expect("a token is shown");
            let urls = [pair.replicas[n % 2].url(), pair.replicas[(n + 1) % 2].url()];
            tokio::spawn(desk.clone().work(n, token.trim().to_owned(), urls));
        }
        desk
    }

    /// Takes one after the other; whoever gets no answer tries the other replica.
    async fn work(self: Arc<Self>, agent: usize, token: String, urls: [String; 2]) {
        let http = http_client(Duration::from_secs(2), Duration::from_secs(20)).unwrap();
        let mut turn = 0;
        while !self.closed.load(Ordering::SeqCst) {
            turn += 1;
            let request =
                http.post(format!("{}/api/v1/tickets/take-next", urls[turn % 2])).bearer_auth(&token);
            let taken = match request.send().await {
                Ok(answer) if answer.status() == 200 => answer.text().await.ok(),
                Ok(_) | Err(_) => None,
            };
            match taken.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
                Some(taken) => {
                    let ticket = taken["ticket"]["id"].as_str().unwrap().to_owned();
                    self.taken.lock().unwrap().insert((agent, ticket));
                }
                None => sleep(LOOK).await,
            }
        }
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// No two agents got one person; `n_open` of `n_tickets` have none.
    pub fn judge(&self, n_tickets: usize, n_open: usize, verdict: &mut Verdict) {
        let taken = self.taken.lock().unwrap();
        let distinct: BTreeSet<&String> = taken.iter().map(|(_, ticket)| ticket).collect();
        verdict.note = format!("{n_tickets} people asked for a human, {} were taken", distinct.len());
        if distinct.len() != taken.len() {
            verdict.doubled(format!("{} tickets were given to two agents", taken.len() - distinct.len()));
        }
        if n_open > 0 {
            verdict.lost(n_open, format!("{n_open} people asked for a human and nobody took them"));
        }
    }
}
