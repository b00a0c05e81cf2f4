//! The composition root: the one place that names concrete parts.

mod graph;
mod lending;
mod obstacles;
mod traces;

pub use graph::graph_client;
use lending::lenders;
pub use lending::{read_lenders, unsigned_checkouts};
pub use obstacles::{lenders_at_rest, missing, obstacles, require_webhook_settings};

use crate::config::{LenderAccount, Settings};
use crate::domain::time::{Millis, Timestamp};
use crate::flow;
use crate::http::api::ApiState;
use crate::http::delivery_body::BodyBudget;
use crate::http::operations::OperationsState;
use crate::http::webhook::WebhookState;
use crate::http::{api, operations, webhook};
use crate::ports::Store;
use crate::ports::clock::{Clock, Random};
use crate::ports::handoff_queue::HandoffQueue;
use crate::ports::message_sender::MessageSender;
use crate::ports::switches::TakenOver;
use crate::queue::memory::MemoryQueue;
use crate::rules::lint::Lint;
use crate::rules::policy::PolicySet;
use crate::rules::policy::document::Diagnostic as PolicyMistake;
use crate::service::availability::CachedAvailability;
use crate::service::converse::{Converse, ConverseParts};
use crate::service::dispatch::{DOUBT, Dispatch};
use crate::service::doubts::Doubts;
use crate::service::flow_library::FlowLibrary;
use crate::service::handoff::{HandoffPorts, HandoffService, HandoffSettings};
use crate::service::lenders::Lenders;
use crate::service::media::MediaFetch;
use crate::service::notices::Notices;
use crate::service::pacing::Pacing;
use crate::service::presence::{PresenceLoop, presence};
use crate::service::receive::{Receive, Signer};
use crate::service::retention::{Keep, Retention};
use crate::service::traces::TraceLoop;
use crate::store::StoreOptions;
use crate::system::shared_clock::SharedClock;
use crate::understand::Understander;
use crate::whatsapp::signature::AppSecrets;
use crate::worker::inbox_writer::{InboxLoop, inbox_writer};
use crate::worker::supervisor::Supervisor;
use crate::worker::wake::Wake;
use crate::worker::{Periods, loops};
use crate::{queue, store};
use actix_web::web;
use anyhow::Context;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Loops that run turns: one computes while the other waits for its commit.
const CONVERSERS: usize = 2;
/// Loops that send: one claims while another records.
const DISPATCHERS: usize = 3;

/// Every part of a process, wired. Nothing runs yet.
pub struct App {
    pub settings: Settings,
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn HandoffQueue>,
    pub sender: Arc<dyn MessageSender>,
    pub lenders: Arc<Lenders>,
    pub library: Arc<FlowLibrary>,
    pub converse: Arc<Converse>,
    pub dispatch: Arc<Dispatch>,
    pub doubts: Arc<Doubts>,
    pub notices: Arc<Notices>,
    pub handoff: Arc<HandoffService>,
    pub retention: Arc<Retention>,
    /// Absent where files come from nowhere.
    pub media: Option<Arc<MediaFetch>>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub wake: Wake,
    understander: Arc<Understander>,
    shared_clock: Option<Arc<SharedClock>>,
    webhook: web::Data<WebhookState>,
    inbox: InboxLoop,
    seen: PresenceLoop,
    traces: Option<TraceLoop>,
}

/// The real world's time and randomness, or a test's.
#[derive(Clone)]
pub struct World {
    pub clock: Arc<dyn Clock>,
    /// A database with a clock of its own gives the time instead, so that all replicas have the same.
    pub shares_clock: bool,
    /// Proves the flow folders.
    pub load_flows: flow::Loader,
    pub random: Arc<dyn Random>,
    /// One that was built before, for many applications in one process; else the flow folder's.
    pub understander: Option<Arc<Understander>>,
    /// Another way to people than the Graph API: a terminal.
    pub sender: Option<Arc<dyn MessageSender>>,
}

/// HTTP state, cheap to clone into every server thread.
#[derive(Clone)]
pub struct Faces {
    webhook: web::Data<WebhookState>,
    operations: web::Data<OperationsState>,
    api: web::Data<ApiState>,
}

impl App {
    /// Opens the database and the queue, reads flows and policies, wires everything. Fails with what to mend.
    pub async fn assemble(settings: Settings, world: World) -> anyhow::Result<Self> {
        // Before the first counter counts.
        crate::telemetry::metrics();
        let accounts = settings.lenders()?;
        let keep = keep(&settings)?;
        settings.workers.check()?;
        let collector = traces::collector(&settings, &world)?;
        let store = open_served_store(&settings, world.clock.now()).await?;
        let (world, shared_clock) = share_clock(world, &store).await?;
        let queue = open_queue(&settings).await?;
        let policies = read_policies(&settings.flows_dir)?;
        for lender in unsigned_checkouts(&settings, &policies) {
            tracing::warn!(%lender, "its policy names a checkout and ACUERDO_CHECKOUT_SECRET is not set: no link is offered");
        }
        let lenders = Arc::new(Lenders::new(lenders(&accounts, &policies)?));
        let library = Arc::new(FlowLibrary::new(store.clone()));
        publish(&library, &accounts, &world).await?;
        let understander = match &world.understander {
            Some(shared) => shared.clone(),
            None => Arc::new(Understander::load(&settings.flows_dir.join("understanding"))?),
        };
        settings.media.check()?;
        let (sender, files) = graph::ways(&settings, &world)?;
        let lint = Arc::new(Lint::parse(&read(&settings.flows_dir.join("policies/lint.yaml"))?)?);
        let World { clock, random, .. } = world;
        let wake = Wake::default();
        let workers = &settings.workers;
        let (writer, inbox) =
            inbox_writer(store.clone(), workers.inbox_queue, workers.inbox_batch, wake.clone());
        let (traces, trace_loop) = traces::followed(&settings, &store, collector);
        let receive = Receive::new(lenders.clone(), Arc::new(writer), clock.clone(), random.clone());
        let receive = Arc::new(receive.traced(traces.clone()));
        let availability = Arc::new(CachedAvailability::new(queue.clone(), clock.clone()));
        let pacing = Arc::new(Pacing::new(workers.sends_per_second));
        let (tell, seen) = presence(sender.clone(), lenders.clone(), pacing.clone(), clock.clone());
        let parts = ConverseParts {
            store: store.clone(),
            flows: library.clone(),
            lenders: lenders.clone(),
            understander: understander.clone(),
            clock: clock.clone(),
            availability,
        };
        let converse = Converse::new(parts, settings.read_receipts.then_some(tell));
        let converse = converse.slow_after(Millis(workers.slow_turn_ms.into()));
        let converse = Arc::new(converse.traced(traces.clone()));
        let dispatch = Dispatch::new(
            store.clone(),
            sender.clone(),
            lenders.clone(),
            pacing,
            clock.clone(),
            random.clone(),
        );
        let dispatch = Arc::new(dispatch.traced(traces));
        let doubts = Arc::new(Doubts::new(store.clone(), clock.clone()));
        let notices = Arc::new(Notices::new(store.clone(), sender.clone(), clock.clone()));
        let ports = HandoffPorts::new(store.clone(), queue.clone(), clock.clone());
        let handoff = Arc::new(HandoffService::new(
            ports,
            lenders.clone(),
            lint,
            understander.clone(),
            library.clone(),
            HandoffSettings::default(),
        ));
        let media = graph::media_fetch(files, &store, &lenders, &clock, &settings);
        let rows = settings.retention.rows_per_round;
        let retention = Arc::new(Retention::new(store.clone(), clock.clone(), keep, rows));
        let webhook = web::Data::new(WebhookState {
            bodies: BodyBudget::default(),
            receive,
            secrets: AppSecrets::new(&settings.app_secrets()).context("WHATSAPP_APP_SECRET is not usable")?,
            signers: settings
                .app_keys()
                .into_iter()
                .map(|key| key.lenders.map_or(Signer::Deployment, Signer::Of))
                .collect(),
            verify_token: settings.whatsapp_verify_token.clone(),
        });
        Ok(Self {
            settings,
            store,
            queue,
            sender,
            lenders,
            library,
            converse,
            dispatch,
            doubts,
            notices,
            handoff,
            retention,
            media,
            clock,
            random,
            wake,
            understander,
            shared_clock,
            webhook,
            inbox,
            seen,
            traces: trace_loop,
        })
    }

    pub fn faces(&self) -> Faces {
        Faces {
            webhook: self.webhook.clone(),
            operations: web::Data::new(OperationsState {
                store: self.store.clone(),
                queue: self.queue.clone(),
                clock: self.clock.clone(),
                lenders: self.lenders.clone(),
            }),
            api: web::Data::new(ApiState {
                handoff: self.handoff.clone(),
                agents: self.store.clone(),
                random: self.random.clone(),
                brake: Arc::default(),
                looks: Arc::default(),
            }),
        }
    }

    /// Starts only the loop that stores what the webhook receives.
    pub fn start_inbox(self, supervisor: &mut Supervisor) -> Started {
        let started = Started {
            converse: self.converse,
            dispatch: self.dispatch,
            doubts: self.doubts,
            notices: self.notices,
            handoff: self.handoff,
            retention: self.retention,
            media: self.media,
            store: self.store,
            clock: self.clock,
            wake: self.wake,
            understander: self.understander,
            settings: self.settings,
        };
        if let Some(clock) = self.shared_clock {
            let store = started.store.clone();
            supervisor.keep("clock", move |cancel| clock.clone().follow(store.clone(), cancel));
        }
        supervisor.once("inbox", self.inbox.run(supervisor.cancel()));
        supervisor.once("presence", self.seen.run(supervisor.cancel()));
        if let Some(traces) = self.traces {
            supervisor.once("traces", traces.run(supervisor.cancel()));
        }
        started
    }
}

/// A process whose inbox is open: the other loops can be started, or driven by hand in a test.
pub struct Started {
    pub converse: Arc<Converse>,
    pub dispatch: Arc<Dispatch>,
    pub doubts: Arc<Doubts>,
    pub notices: Arc<Notices>,
    pub handoff: Arc<HandoffService>,
    pub retention: Arc<Retention>,
    pub media: Option<Arc<MediaFetch>>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub wake: Wake,
    pub understander: Arc<Understander>,
    pub settings: Settings,
}

impl Started {
    /// Learns what agents' words do beside the start, so that the first agent does not wait for it.
    pub fn warm_up(&self) {
        let understander = self.understander.clone();
        tokio::task::spawn_blocking(move || understander.acts().learn());
    }

    pub fn start_loops(&self, supervisor: &mut Supervisor) {
        let workers = self.settings.workers.clone();
        let poll = Duration::from_millis(workers.poll_ms);
        let periods = Periods { poll, batch: workers.turn_batch };
        let (service, wake) = (self.converse.clone(), self.wake.clone());
        for _ in 0..CONVERSERS {
            let (service, wake) = (service.clone(), wake.clone());
            supervisor.keep("converse", move |cancel| {
                loops::converse(service.clone(), wake.clone(), periods, cancel)
            });
        }
        let periods = Periods { poll, batch: workers.send_batch };
        for _ in 0..DISPATCHERS {
            let (service, wake) = (self.dispatch.clone(), self.wake.clone());
            supervisor.keep("dispatch", move |cancel| {
                loops::dispatch(service.clone(), wake.clone(), periods, cancel)
            });
        }
        let (service, wake) = (self.notices.clone(), self.wake.clone());
        supervisor.keep("notices", move |cancel| loops::notices(service.clone(), wake.clone(), poll, cancel));
        let (store, clock, wake) = (self.store.clone(), self.clock.clone(), self.wake.clone());
        supervisor.keep("timers", move |cancel| {
            loops::timers(store.clone(), clock.clone(), wake.clone(), poll, cancel)
        });
        let (service, wake) = (self.doubts.clone(), self.wake.clone());
        supervisor.keep("doubts", move |cancel| loops::doubts(service.clone(), wake.clone(), cancel));
        let (service, wake) = (self.handoff.clone(), self.wake.clone());
        supervisor.keep("tickets", move |cancel| loops::tickets(service.clone(), wake.clone(), poll, cancel));
        if let Some(service) = &self.media {
            let (service, wake) = (service.clone(), self.wake.clone());
            supervisor.keep("media", move |cancel| loops::media(service.clone(), wake.clone(), poll, cancel));
        }
        let (service, pause) =
            (self.retention.clone(), Duration::from_millis(self.settings.retention.pause_ms));
        supervisor.keep("retention", move |cancel| loops::retention(service.clone(), pause, cancel));
    }
}

impl Faces {
    /// Every route of production on one address.
    pub fn configure(&self, cfg: &mut web::ServiceConfig) {
        self.configure_public(cfg);
        self.configure_internal(cfg);
    }

    /// What Meta and agents' consoles call: the webhook and the desk.
    pub fn configure_public(&self, cfg: &mut web::ServiceConfig) {
        webhook::configure(cfg, self.webhook.clone());
        cfg.app_data(self.api.clone()).configure(api::configure);
    }

    /// What operators call without signing in: health, metrics, the description of the API.
    pub fn configure_internal(&self, cfg: &mut web::ServiceConfig) {
        cfg.configure(api::describe);
        operations::configure(cfg, self.operations.clone());
    }
}

/// The database for a tool that may run beside a serving process.
pub async fn open_store(settings: &Settings) -> anyhow::Result<Arc<dyn Store>> {
    open(settings, StoreOptions::default()).await
}

/// The same, if it is there: a file of SQLite whose name is misspelt is not created.
pub async fn open_existing_store(settings: &Settings) -> anyhow::Result<Arc<dyn Store>> {
    open(settings, StoreOptions { create: false, ..StoreOptions::default() }).await
}

/// The database for the process that serves; what a dead one held in an SQLite file is free at once.
async fn open_served_store(settings: &Settings, now: Timestamp) -> anyhow::Result<Arc<dyn Store>> {
    let store = open(settings, StoreOptions { owner: true, ..StoreOptions::default() }).await?;
    let taken = store.take_over(now, DOUBT).await?;
    if taken != TakenOver::default() {
        tracing::warn!(
            turns = taken.turns,
            sends_in_doubt = taken.sends,
            sends_given_back = taken.claims,
            "the last process ended without finishing; its work goes on"
        );
    }
    Ok(store)
}

/// Puts the database's clock in the place of the host's, if the world lets it and the database has one.
pub async fn share_clock(
    world: World,
    store: &Arc<dyn Store>,
) -> anyhow::Result<(World, Option<Arc<SharedClock>>)> {
    if !world.shares_clock {
        return Ok((world, None));
    }
    let shared = Arc::new(SharedClock::new(world.clock.clone()));
    if !shared.look(store.as_ref()).await? {
        return Ok((world, None));
    }
    Ok((World { clock: shared.clone(), ..world }, Some(shared)))
}

async fn open(settings: &Settings, options: StoreOptions) -> anyhow::Result<Arc<dyn Store>> {
    settings.workers.check()?;
    let url = settings.database_url.expose_secret();
    let options = StoreOptions {
        connections_max: settings.workers.connections,
        // An embedded file belongs to this process alone; a shared database is migrated by `acuerdo migrate`.
        migrate: url.starts_with("sqlite:"),
        ..options
    };
    store::connect(url, &options).await.context("DATABASE_URL")
}

pub async fn open_queue(settings: &Settings) -> anyhow::Result<Arc<dyn HandoffQueue>> {
    match &settings.redis_url {
        Some(url) => {
            let queue = queue::redis::connect(url.expose_secret(), &settings.redis_prefix)
                .await
                .context("REDIS_URL")?;
            Ok(Arc::new(queue))
        }
        None => Ok(Arc::new(MemoryQueue::new())),
    }
}

/// How long data are kept, unless that would do harm.
pub fn keep(settings: &Settings) -> anyhow::Result<Keep> {
    let kept = &settings.retention;
    kept.check()?;
    let days = |days: u32| (days > 0).then(|| Millis::days(i64::from(days)));
    Ok(Keep {
        deliveries: days(kept.deliveries_days),
        updates: days(kept.updates_days),
        chats: days(kept.chats_days),
    })
}

/// The policies of a flow folder, or every mistake in them.
pub fn read_policies(flows_dir: &Path) -> anyhow::Result<PolicySet> {
    parse_policies(flows_dir)?.map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("policies cannot be used:\n{}", lines.join("\n"))
    })
}

/// The same with each mistake at its place.
///
/// # Errors
/// When a file cannot be read.
pub fn parse_policies(flows_dir: &Path) -> anyhow::Result<Result<PolicySet, Vec<PolicyMistake>>> {
    let folder = flows_dir.join("policies");
    let mut files = BTreeMap::new();
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "csv") {
            files.insert(path.display().to_string(), read(&path)?);
        }
    }
    let texts = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    Ok(PolicySet::parse(texts))
}

async fn publish(library: &FlowLibrary, accounts: &[LenderAccount], world: &World) -> anyhow::Result<()> {
    for account in accounts {
        let files = flow::read_folder(&account.flows_dir)?;
        let loaded = (world.load_flows)(&files).map_err(|diagnostics| {
            anyhow::anyhow!(
                "the flows in {} cannot be used:\n{}",
                account.flows_dir.display(),
                flow::diagnostic::render(&diagnostics, &files, flow::diagnostic::Colour::Off)
            )
        })?;
        library.publish(&account.id, &files, loaded.set, world.clock.now()).await?;
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
