//! The page's live feed: server-sent events.

use crate::http::simulator::Simulator;
use crate::http::simulator::chats::ChatSummary;
use crate::http::simulator::content::Bubble;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Events that a slow page may be behind; then it is told to read everything again.
pub(super) const EVENTS_MAX: usize = 512;
/// Keeps proxies from closing a silent stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// News for the page. Everything in it can also be read from the API.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum PageEvent {
    /// A bubble is new or has changed.
    Bubble {
        chat: String,
        bubble: Box<Bubble>,
    },
    Summary {
        summary: Box<ChatSummary>,
    },
    /// The inspector may have something new.
    Turn {
        chat: String,
    },
    /// Events were lost: read again.
    Resync,
}

/// `GET /simulator/api/events`.
pub(super) async fn events(simulator: web::Data<Arc<Simulator>>) -> HttpResponse {
    let feed = Feed { news: simulator.page.subscribe(), closed: simulator.closed.clone(), greeted: false };
    HttpResponse::Ok()
        .insert_header(("content-type", "text/event-stream"))
        .insert_header(("cache-control", "no-store"))
        // Compression would hold events back.
        .insert_header(("content-encoding", "identity"))
        .streaming(stream::unfold(feed, next_frame))
}

struct Feed {
    news: broadcast::Receiver<PageEvent>,
    closed: CancellationToken,
    greeted: bool,
}

async fn next_frame(mut feed: Feed) -> Option<(Result<web::Bytes, actix_web::Error>, Feed)> {
    if !feed.greeted {
        feed.greeted = true;
        return Some((Ok(web::Bytes::from_static(b"retry: 1000\n\n")), feed));
    }
    let received = tokio::select! {
        () = feed.closed.cancelled() => return None,
        received = tokio::time::timeout(KEEP_ALIVE, feed.news.recv()) => received,
    };
    let frame = match received {
        Ok(Ok(event)) => frame(&event),
        Ok(Err(broadcast::error::RecvError::Lagged(_))) => frame(&PageEvent::Resync),
        Ok(Err(broadcast::error::RecvError::Closed)) => return None,
        Err(_) => web::Bytes::from_static(b": \n\n"),
    };
    Some((Ok(frame), feed))
}

fn frame(event: &PageEvent) -> web::Bytes {
    let json = serde_json::to_string(event).unwrap_or_else(|_| r#"{"type":"resync"}"#.to_owned());
    web::Bytes::from(format!("data: {json}\n\n"))
}
