//! A Graph API that costs as little as it can: it reads the address, counts, answers an id.

use actix_web::{App, HttpResponse, HttpServer, web};
use serde::Deserialize;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::Notify;

/// What reached one person.
#[derive(Default)]
pub struct Phone {
    /// How many messages, and when the newest came.
    heard: Mutex<Option<(usize, Instant)>>,
    arrived: Notify,
}

impl Phone {
    pub fn n_heard(&self) -> usize {
        self.heard.lock().unwrap().map_or(0, |(n, _)| n)
    }

    /// Until `n` messages have come; when the newest did.
    pub async fn wait(&self, n: usize) -> Instant {
        loop {
            if let Some((n_heard, at)) = *self.heard.lock().unwrap()
                && n_heard >= n
            {
                return at;
            }
            self.arrived.notified().await;
        }
    }
}

pub struct Graph {
    pub url: String,
    pub phones: Arc<Vec<Phone>>,
}

#[derive(Deserialize)]
struct Sent {
    to: String,
}

impl Graph {
    /// For the people `0..n`; it lives as long as the program.
    pub fn start(n: usize) -> Self {
        let phones: Arc<Vec<Phone>> = Arc::new((0..n).map(|_| Phone::default()).collect());
        let data = web::Data::new((phones.clone(), AtomicUsize::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(
                HttpServer::new(move || {
                    App::new().app_data(data.clone()).route("/{version}/{id}/messages", web::post().to(take))
                })
                .workers(1)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run(),
            )
        });
        Self { url, phones }
    }
}

async fn take(sent: web::Json<Sent>, data: web::Data<(Arc<Vec<Phone>>, AtomicUsize)>) -> HttpResponse {
    let (phones, n_taken) = data.as_ref();
    let phone = &phones[super::people::number_of(&sent.to)];
    {
        let mut heard = phone.heard.lock().unwrap();
        *heard = Some((heard.map_or(0, |(n, _)| n) + 1, Instant::now()));
    }
    phone.arrived.notify_one();
    let id = n_taken.fetch_add(1, Ordering::Relaxed);
    HttpResponse::Ok().content_type("application/json").body(format!(
        r#"{{"messaging_product":"whatsapp","contacts":[{{"input":"{0}","wa_id":"{0}"}}],"messages":[{{"id":"wamid.OUT{id}"}}]}}"#,
        sent.to.trim_start_matches('+'),
    ))
}
