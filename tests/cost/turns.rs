//! Turns of the journey one after the other, in one process: what is counted follows from the code alone.

use crate::harness::app::{START, TestApp};
use crate::harness::load::import_people;
use crate::harness::meta::Who;
use crate::harness::people::{STEPS, line, wa_id};
use crate::harness::webhook::text;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;

/// Between two messages: nothing is held back to keep a pace.
const BETWEEN: Millis = Millis(1_000);

pub struct Street(TestApp);

impl Street {
    /// The whole application on this database, and people who will write to it.
    pub async fn on(database_url: &str, n_people: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = TestApp::on(database_url, folder, Timestamp::parse_rfc3339(START).unwrap()).await;
        let flows = app.started.settings.flows_dir.clone();
        import_people(&app.started.store, &flows, n_people, app.clock.now()).await;
        Self(app)
    }

    /// The whole journey of these people, each message after the answer to the one before.
    pub async fn chats(&self, people: std::ops::Range<usize>) {
        for n in people {
            let who = Who::phone(&wa_id(n));
            for step in 0..STEPS {
                self.0.clock.advance(BETWEEN);
                self.0.sends(&who, &text(&line(n, step))).await;
            }
        }
    }

    /// Closes the connections, after so many people have agreed on a plan.
    pub async fn close(self, n_people: usize) {
        let said = self.0.graph.taken();
        let n_agreed = said.iter().filter(|(_, sent)| sent.message.readable().contains("referencia")).count();
        assert_eq!(n_agreed, n_people, "everybody agreed on a plan");
        self.0.started.store.close().await;
    }
}

/// Without threads of its own: the order of what it does is the same each time.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Of so many chats.
pub fn per_100_turns(n: u64, chats: usize) -> u64 {
    n * 100 / u64::try_from(chats * STEPS).unwrap()
}
