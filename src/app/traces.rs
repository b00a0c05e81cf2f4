//! Traces, if the settings say where to.

use crate::app::World;
use crate::config::Settings;
use crate::otlp::{Collector, CollectorError};
use crate::ports::Store;
use crate::service::traces::{TraceLoop, Traces, traces};
use std::sync::Arc;

/// The collector of these settings; a wrong address is told before anything is opened.
pub(super) fn collector(settings: &Settings, world: &World) -> Result<Option<Collector>, CollectorError> {
    let Some(endpoint) = &settings.telemetry.otlp_endpoint else { return Ok(None) };
    Collector::new(endpoint, world.random.uuid(world.clock.now())).map(Some)
}

/// The handle of the services and its loop; without a collector the handle is off.
pub(super) fn followed(
    settings: &Settings,
    store: &Arc<dyn Store>,
    collector: Option<Collector>,
) -> (Traces, Option<TraceLoop>) {
    let Some(collector) = collector else { return Default::default() };
    let one_in = settings.telemetry.trace_one_in.get();
    let (traces, trace_loop) = traces(one_in, store.clone(), Arc::new(collector));
    (traces, Some(trace_loop))
}
