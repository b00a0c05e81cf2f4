//! The ways to Meta: messages out, files in.

use super::World;
use crate::config::Settings;
use crate::ports::Store;
use crate::ports::clock::Clock;
use crate::ports::media::MediaSource;
use crate::ports::message_sender::MessageSender;
use crate::service::lenders::Lenders;
use crate::service::media::MediaFetch;
use crate::whatsapp::client::{GraphClient, GraphConfig};
use anyhow::Context;
use std::sync::Arc;

pub fn graph_client(settings: &Settings) -> anyhow::Result<GraphClient> {
    let config = GraphConfig {
        base_url: settings.whatsapp_graph_url.clone(),
        version: settings.whatsapp_graph_version.clone(),
        ..GraphConfig::default()
    };
    GraphClient::new(&config).context("WHATSAPP_GRAPH_URL")
}

/// How messages go out, and how files come in if they do.
type Ways = (Arc<dyn MessageSender>, Option<Arc<dyn MediaSource>>);

/// How messages go out and files come in. A terminal in the place of WhatsApp brings no files.
pub(super) fn ways(settings: &Settings, world: &World) -> anyhow::Result<Ways> {
    if let Some(given) = &world.sender {
        return Ok((given.clone(), None));
    }
    let client = Arc::new(graph_client(settings)?);
    Ok((client.clone(), Some(client)))
}

/// What fetches files, where they come from anywhere.
pub(super) fn media_fetch(
    source: Option<Arc<dyn MediaSource>>,
    store: &Arc<dyn Store>,
    lenders: &Arc<Lenders>,
    clock: &Arc<dyn Clock>,
    settings: &Settings,
) -> Option<Arc<MediaFetch>> {
    let (store, lenders, clock) = (store.clone(), lenders.clone(), clock.clone());
    source.map(|source| Arc::new(MediaFetch::new(store, source, lenders, clock, settings.media.bytes_max)))
}
