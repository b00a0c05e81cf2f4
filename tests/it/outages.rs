//! What a database that is away for a while must not change: how soon people are answered after it, and what became
//! of the messages that were on their way.

use crate::contract::backends;
use crate::harness::app::{NUMBER, START, TestApp, assemble, stored, understander};
use crate::harness::graph_api::Script;
use crate::harness::meta::{self, Who};
use acuerdo::domain::ids::{FlowHash, LenderId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::flow;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::flows::{FlowFiles, FlowVersionStore};
use acuerdo::ports::outbox::OutboxStatus;
use acuerdo::ports::{Store, StoreError};
use acuerdo::service::availability::CachedAvailability;
use acuerdo::service::converse::{Converse, ConverseParts};
use acuerdo::service::flow_library::FlowLibrary;
use async_trait::async_trait;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const PEOPLE: [&str; 3] = ["573005550001", "573005550002", "573005550003"];

/// The table of flow versions, which cannot be read until it is `back`.
struct Away {
    store: Arc<dyn Store>,
    back: AtomicBool,
}

#[async_trait]
impl FlowVersionStore for Away {
    async fn save_flow_version(
        &self,
        hash: &FlowHash,
        files: &FlowFiles,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store.save_flow_version(hash, files, now).await
    }

    async fn flow_version(&self, hash: &FlowHash) -> Result<Option<FlowFiles>, StoreError> {
        if self.back.load(Ordering::SeqCst) {
            return self.store.flow_version(hash).await;
        }
        Err(StoreError::Unavailable { why: "away for a while".to_owned() })
    }

    async fn pinned_hashes(&self) -> Result<Vec<FlowHash>, StoreError> {
        self.store.pinned_hashes().await
    }
}

#[tokio::test]
async fn a_turn_that_failed_for_a_passing_reason_never_waits_longer_than_15_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock) = assemble(folder.path()).await;
    let who = Who::phone(PEOPLE[0]);
    stored(&app, &who, "wamid.1", "hola").await;
    assert_eq!(app.converse.round(8).await.unwrap().failed, 0);

    // A process that knows other flows must read those that the chat began with.
    let away = Arc::new(Away { store: app.store.clone(), back: AtomicBool::new(false) });
    let library = FlowLibrary::new(away.clone());
    let files = flow::read_folder(Path::new("flows")).unwrap();
    let mut set = flow::load(&files).unwrap_or_else(|_| panic!("the shipped flows load")).set;
    set.hash = FlowHash::new("another");
    library.publish(&LenderId::from("andino"), &files, set, clock.now()).await.unwrap();
    let converse = Converse::new(
        ConverseParts {
            store: app.store.clone(),
            flows: Arc::new(library),
            lenders: app.lenders.clone(),
            understander: understander(),
            clock: clock.clone(),
            availability: Arc::new(CachedAvailability::new(app.queue.clone(), clock.clone())),
        },
        None,
    );
    stored(&app, &who, "wamid.2", "menu").await;
    assert_eq!(converse.round(8).await.unwrap().failed, 1);
    for wait in [1, 4, 15, 15, 15, 15] {
        clock.advance(Millis(wait * 1_000 - 1));
        assert_eq!(converse.round(8).await.unwrap().conversations, 0, "{wait} s are not over");
        clock.advance(Millis(1));
        assert_eq!(converse.round(8).await.unwrap().failed, 1, "{wait} s are over");
    }
    assert!(app.store.dead_turns(10).await.unwrap().is_empty(), "it may pass, however often it failed");

    away.back.store(true, Ordering::SeqCst);
    clock.advance(Millis::seconds(15));
    let round = converse.round(8).await.unwrap();
    assert_eq!((round.conversations, round.inputs, round.failed), (1, 1, 0));
    assert!(round.messages > 0, "answered");
}

/// From here on nothing that became of a send can be written: as when the disk is full, or a failover goes on.
const NO_RESULTS: &str = "
    CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER results BEFORE UPDATE ON outbox FOR EACH ROW
      WHEN (OLD.status = 'sending' AND NEW.status <> 'sending') EXECUTE FUNCTION away();";

/// It is back, and each result that is written is kept beside.
const COUNTED_RESULTS: &str = "
    CREATE TABLE results (id uuid NOT NULL, status text NOT NULL);
    CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO results VALUES (NEW.id, NEW.status); RETURN NEW; END $$;
    DROP TRIGGER results ON outbox;
    CREATE TRIGGER results AFTER UPDATE ON outbox FOR EACH ROW
      WHEN (OLD.status = 'sending' AND NEW.status <> 'sending') EXECUTE FUNCTION counted();";

async fn column(hand: &mut PgConnection, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(hand).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_of_a_send_is_kept_until_the_database_can_take_it_and_nothing_goes_twice() {
    let (bench, app, mut hand) = three_wait().await;
    let (converse, dispatch) = (&app.started.converse, &app.started.dispatch);
    converse.round(16).await.unwrap();
    run(&mut hand, NO_RESULTS).await;

    // Two are taken and one is refused for a passing reason; none of that can be written.
    app.graph.script([Script::Accept, Script::Accept, refused_for_now()]);
    assert!(dispatch.round(16).await.unwrap_err().is_transient());
    assert_eq!(app.graph.taken().len(), 2);
    // Longer than the lease of a send: who forgot the results would have to hold the messages in doubt.
    for _ in 0..3 {
        app.clock.advance(Millis::minutes(1));
        assert!(dispatch.round(16).await.unwrap_err().is_transient());
    }
    assert_eq!(app.graph.taken().len(), 2, "nothing is sent while its fate cannot be written");
    let states = "SELECT status FROM outbox ORDER BY status";
    assert_eq!(column(&mut hand, states).await, ["sending"; 3]);

    run(&mut hand, COUNTED_RESULTS).await;
    dispatch.round(16).await.unwrap();
    let written = "SELECT status FROM results ORDER BY status";
    // What was refused for a passing reason is due again by now.
    assert_eq!(column(&mut hand, written).await, ["accepted", "accepted", "accepted", "queued"]);
    app.waits(Millis::minutes(2)).await;
    assert_eq!(column(&mut hand, states).await, ["accepted"; 3]);
    let results = column(&mut hand, "SELECT id::text || ' ' || status FROM results").await;
    assert_eq!((results.len(), HashSet::<&String>::from_iter(&results).len()), (4, 4), "{results:?}");
    let sent = app.graph.taken();
    let messages: HashSet<_> = sent.iter().map(|(_, sent)| sent.callback.clone().unwrap()).collect();
    assert_eq!((sent.len(), messages.len()), (3, 3), "each message went once");
    let known = column(&mut hand, "SELECT wamid FROM outbox ORDER BY wamid").await;
    let mut given: Vec<_> = sent.iter().map(|(wamid, _)| wamid.as_str().to_owned()).collect();
    given.sort();
    assert_eq!(known, given);
    hand.close().await.unwrap();
    drop(app);
    bench.drop_schema().await;
}

const fn refused_for_now() -> Script {
    Script::Refuse { http_status: 400, code: 131_000, details: "Something went wrong" }
}

async fn run(hand: &mut PgConnection, statements: &'static str) {
    sqlx::raw_sql(statements).execute(hand).await.unwrap();
}

/// On PostgreSQL, where everybody of [`PEOPLE`] has written.
async fn three_wait() -> (backends::Bench, TestApp, PgConnection) {
    let bench = backends::postgres().await;
    let start = Timestamp::parse_rfc3339(START).unwrap();
    let app = TestApp::on(&bench.url, tempfile::tempdir().unwrap(), start).await;
    for (at, who) in (0..).zip(PEOPLE.map(Who::phone)) {
        let content = json!({"type": "text", "text": {"body": "hola"}});
        let value = meta::message(&who, &format!("wamid.in.{at}"), app.clock.now(), &content);
        assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    }
    let hand = PgConnection::connect(&bench.url).await.unwrap();
    (bench, app, hand)
}

/// From here on no turn can be committed; claims are taken and given back.
const NO_TURNS: &str = "
    CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER turns BEFORE UPDATE ON conversations FOR EACH ROW
      WHEN (OLD.version <> NEW.version) EXECUTE FUNCTION away();";

/// From here on a claim can neither be worked off nor given back.
const NO_ENDS_OF_CLAIMS: &str = "
    CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER turns BEFORE UPDATE ON conversations FOR EACH ROW
      WHEN (NEW.leased_until = 0 AND OLD.leased_until > 0) EXECUTE FUNCTION away();";

const BACK: &str = "DROP TRIGGER turns ON conversations";
const FAILURES: &str = "SELECT failures::text FROM inputs WHERE done_at IS NULL";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_cannot_be_committed_is_given_back_and_never_waits_longer_than_15_seconds() {
    let (bench, app, mut hand) = three_wait().await;
    let converse = &app.started.converse;
    run(&mut hand, NO_TURNS).await;
    assert!(converse.round(16).await.unwrap_err().is_transient());
    for wait in [1, 4, 15, 15, 15] {
        app.clock.advance(Millis(wait * 1_000 - 1));
        assert_eq!(converse.round(16).await.unwrap().conversations, 0, "{wait} s are not over");
        app.clock.advance(Millis(1));
        assert!(converse.round(16).await.unwrap_err().is_transient(), "{wait} s are over");
    }
    assert_eq!(column(&mut hand, FAILURES).await, ["0"; 3], "the database failed, not the chats");

    run(&mut hand, BACK).await;
    app.clock.advance(Millis::seconds(15));
    let round = converse.round(16).await.unwrap();
    assert_eq!((round.conversations, round.failed), (3, 0));
    app.drain().await;
    assert_eq!(app.graph.taken().len(), 3, "each was answered once");
    assert!(app.started.store.dead_turns(10).await.unwrap().is_empty());
    hand.close().await.unwrap();
    drop(app);
    bench.drop_schema().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_outage_left_unfinished_goes_on_when_the_database_is_back_and_not_when_its_lease_ends() {
    let (bench, app, mut hand) = three_wait().await;
    let converse = &app.started.converse;
    run(&mut hand, NO_ENDS_OF_CLAIMS).await;
    for _ in 0..5 {
        assert!(converse.round(16).await.unwrap_err().is_transient());
        app.clock.advance(Millis::seconds(2));
    }
    run(&mut hand, BACK).await;
    let round = converse.round(16).await.unwrap();
    assert_eq!((round.conversations, round.failed), (3, 0), "20 s before the leases end");

    // Longer away than the lease: who has the chats by then keeps them.
    let content = json!({"type": "text", "text": {"body": "menu"}});
    let value = meta::message(&Who::phone(PEOPLE[0]), "wamid.more", app.clock.now(), &content);
    assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    run(&mut hand, "DROP FUNCTION away CASCADE").await;
    run(&mut hand, NO_ENDS_OF_CLAIMS).await;
    assert!(converse.round(16).await.unwrap_err().is_transient());
    app.clock.advance(Millis::seconds(31));
    let other = bench.store.claim_conversations(app.clock.now(), Millis::seconds(30), 16, 20).await.unwrap();
    assert_eq!(other.len(), 1);
    run(&mut hand, BACK).await;
    assert_eq!(converse.round(16).await.unwrap().conversations, 0, "it is another's");
    bench.store.give_back(&[(other[0].conversation.id, other[0].token, app.clock.now())]).await.unwrap();
    app.drain().await;
    assert_eq!(app.graph.taken().len(), 4, "each message was answered once");
    hand.close().await.unwrap();
    drop(app);
    bench.drop_schema().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_claimed_and_never_tried_is_not_in_doubt() {
    let (bench, app, mut hand) = three_wait().await;
    app.started.converse.round(16).await.unwrap();
    run(&mut hand, "ALTER TABLE stops RENAME TO stops_away").await;
    app.started.dispatch.round(16).await.unwrap_err();
    assert_eq!(column(&mut hand, "SELECT status FROM outbox").await, ["queued"; 3]);
    assert_eq!(column(&mut hand, "SELECT attempts::text FROM outbox").await, ["0"; 3]);
    run(&mut hand, "ALTER TABLE stops_away RENAME TO stops").await;
    app.started.dispatch.round(16).await.unwrap();
    assert_eq!(app.graph.taken().len(), 3);
    hand.close().await.unwrap();
    drop(app);
    bench.drop_schema().await;
}

/// Meta's own body of an incident, for 14 seconds, 2 minutes and 20 minutes: nothing is given up, and all is said within
/// ten seconds of its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_of_the_graph_api_erases_no_reply_however_long_it_is() {
    for (seconds, http_status, code) in [(14, 503, 131_000), (120, 500, 1), (1_200, 500, 131_000)] {
        let app = TestApp::new().await;
        let incident = Script::Refuse { http_status, code, details: "Something went wrong" };
        app.graph.always(Some(incident));
        for (n, phone) in PEOPLE.iter().chain(&["573005550004", "573005550005"]).enumerate() {
            let content = json!({"type": "text", "text": {"body": "hola"}});
            let value = meta::message(&Who::phone(phone), &format!("wamid.{n}"), app.clock.now(), &content);
            assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
        }
        app.drain().await;
        for _ in 0..seconds {
            app.waits(Millis::seconds(1)).await;
        }
        let tried = app.graph.received().len();
        assert!(tried <= 20 + seconds, "{code}: {tried} tries in {seconds} s: one probe a second");
        assert!(app.graph.taken().is_empty());
        app.graph.always(None);
        for _ in 0..10 {
            app.waits(Millis::seconds(1)).await;
        }
        let taken: HashSet<Option<String>> =
            app.graph.taken().iter().map(|(_, sent)| sent.callback.clone()).collect();
        assert_eq!((taken.len(), app.graph.taken().len()), (5, 5), "{code} for {seconds} s");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_always_fails_while_others_pass_is_given_up() {
    let app = TestApp::new().await;
    let who = Who::phone(PEOPLE[0]);
    app.graph.script([Script::Refuse { http_status: 500, code: 131_000, details: "Something went wrong" }]);
    app.says(&who, "hola").await;
    for round in 0..4 {
        // Neighbours get through between its tries.
        for phone in ["573005550011", "573005550012", "573005550013"] {
            app.says(&Who::phone(phone), &format!("hola {round}")).await;
        }
        app.graph.script([Script::Refuse {
            http_status: 500,
            code: 131_000,
            details: "Something went wrong",
        }]);
        app.waits(Millis::minutes(2)).await;
    }
    let conversation = app.conversation(&who).await;
    let sent = app.started.store.sent_messages(conversation.id, 10).await.unwrap();
    let refused = sent.iter().any(|message| message.status == OutboxStatus::Refused);
    assert!(refused, "{sent:#?}");
}
