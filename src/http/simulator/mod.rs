//! A phone in the browser that speaks Meta's real shapes: signed webhooks in, Graph API out (demo only).
//!
//! The simulator is a client of the real thing. It posts signed webhooks over HTTP to the application's own
//! `/webhook`, and serves over HTTP the Graph API that the sender calls. It must not know flows, debts or the
//! store; what the page shows of those comes through [`source::SimulatorSource`].

pub mod source;

mod api;
mod assets;
mod chats;
mod content;
mod delivery;
mod graph;
mod graph_answer;
mod graph_body;
mod page;
mod person;
mod samples;
mod webhook;

use crate::domain::time::Timestamp;
use crate::ports::clock::Clock;
use actix_web::web;
use chats::{Chat, Chats};
use content::Bubble;
use delivery::Delivery;
use page::PageEvent;
use secrecy::SecretString;
use source::SimulatorSource;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

/// What the simulator must agree on with the application.
#[derive(Clone)]
pub struct SimulatorConfig {
    /// The application's webhook, e.g. `http://127.0.0.1:8080/webhook`.
    pub webhook_url: String,
    /// Signs webhooks: the application's `WHATSAPP_APP_SECRET`.
    pub app_secret: SecretString,
    /// Expected as bearer token of Graph requests: the application's `WHATSAPP_ACCESS_TOKEN`.
    pub access_token: SecretString,
    pub phone_number_id: String,
    /// As WhatsApp shows it, digits with country code.
    pub display_number: String,
    pub waba_id: String,
    /// The name in the chat's header.
    pub business_name: String,
    /// Where this simulator is reached, without trailing slash, e.g. `http://127.0.0.1:8080`; media links need it.
    pub base_url: String,
    pub clock: Arc<dyn Clock>,
}

/// The phones of the demo's people, in the memory of this process.
pub struct Simulator {
    config: SimulatorConfig,
    source: Arc<dyn SimulatorSource>,
    http: reqwest::Client,
    chats: Mutex<Chats>,
    outgoing: mpsc::Sender<Delivery>,
    incoming: Mutex<Option<mpsc::Receiver<Delivery>>>,
    page: broadcast::Sender<PageEvent>,
    /// Ends the page's event streams, so that a graceful stop does not wait for them.
    closed: CancellationToken,
}

impl Simulator {
    /// Nothing is delivered until [`Simulator::run`] runs.
    pub fn new(config: SimulatorConfig, source: Arc<dyn SimulatorSource>, http: reqwest::Client) -> Self {
        let (outgoing, incoming) = mpsc::channel(delivery::QUEUE_MAX);
        let chats = Mutex::new(Chats::new(config.clock.now()));
        Self {
            config,
            source,
            http,
            chats,
            outgoing,
            incoming: Mutex::new(Some(incoming)),
            page: broadcast::Sender::new(page::EVENTS_MAX),
            closed: CancellationToken::new(),
        }
    }

    fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    fn business(&self) -> webhook::Business<'_> {
        webhook::Business {
            waba_id: &self.config.waba_id,
            phone_number_id: &self.config.phone_number_id,
            display_number: &self.config.display_number,
        }
    }

    /// A panic of another handler leaves whole values behind, so a poisoned lock is used on.
    fn chats(&self) -> MutexGuard<'_, Chats> {
        self.chats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_chat<T>(&self, id: &str, act: impl FnOnce(&mut Chat) -> T) -> Option<T> {
        self.chats().get_mut(id).map(act)
    }

    /// Changes a bubble and tells the page.
    fn update_bubble(&self, chat: &str, wamid: &str, change: impl FnOnce(&mut Bubble)) {
        let changed = self.with_chat(chat, |chat| {
            chat.bubble_mut(wamid).map(|bubble| {
                change(bubble);
                bubble.clone()
            })
        });
        if let Some(Some(bubble)) = changed {
            self.tell(PageEvent::Bubble { chat: chat.to_owned(), bubble: Box::new(bubble) });
        }
    }

    fn tell_summary(&self, id: &str) {
        if let Some(summary) = self.with_chat(id, |chat| chat.summary()) {
            self.tell(PageEvent::Summary { summary: Box::new(summary) });
        }
    }

    fn tell(&self, event: PageEvent) {
        // No page is open: nobody to tell.
        let _ = self.page.send(event);
    }
}

/// Mounts the page under `/simulator`, its API under `/simulator/api` and the Graph API under `/simulator/graph`.
pub fn configure(cfg: &mut web::ServiceConfig, simulator: Arc<Simulator>) {
    cfg.service(
        web::scope("/simulator")
            .app_data(web::Data::new(simulator))
            .service(web::scope("/graph").configure(graph::routes))
            .service(web::scope("/api").configure(api::routes))
            .configure(assets::routes),
    );
}
