//! Logs and metrics. Neither ever holds a text, name, phone, document, amount of a person, or secret.

mod catalogue;
pub mod pulse;

use crate::config::LogFormat;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use thiserror::Error;
use tracing_subscriber::EnvFilter;

#[derive(Debug, Error)]
pub enum TelemetryError {
    #[error("ACUERDO_LOG: `{filter}` is not a log filter ({why}); write for instance `info,acuerdo=debug`")]
    Filter { filter: String, why: String },
}

/// Upper bounds of durations, seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper bounds of batch sizes.
const SIZES: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// What strangers send that is no HTTP gets 400; it is no error of ours, and whoever likes could fill the log with it.
const OF_STRANGERS: &str = "actix_http::h1::dispatcher=off";

/// Logs to standard error, as JSON lines in production. A second call changes nothing.
pub fn init_logs(filter: &str, format: LogFormat) -> Result<(), TelemetryError> {
    if let Some(word) = unknown_level(filter) {
        let why = format!(
            "`{word}` is no level: write off, error, warn, info, debug or trace, or a part of the program with one, \
             such as `acuerdo::journey=debug`"
        );
        return Err(TelemetryError::Filter { filter: filter.to_owned(), why });
    }
    let parsed = EnvFilter::try_new(filter)
        .map_err(|error| TelemetryError::Filter { filter: filter.to_owned(), why: error.to_string() })?;
    let parsed = match OF_STRANGERS.parse() {
        Ok(quiet) if !filter.contains("actix_http") => parsed.add_directive(quiet),
        Ok(_) | Err(_) => parsed,
    };
    let logs = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(std::io::stderr);
    let done = match format {
        LogFormat::Json => logs.json().flatten_event(true).with_current_span(true).try_init(),
        LogFormat::Pretty => logs.with_target(false).try_init(),
    };
    // A test process that has its logs already keeps them.
    drop(done);
    Ok(())
}

/// A word of the filter that stands alone and is no level. The library takes it for the name of a part of the program,
/// which then nothing is: `inof` would silence the log.
fn unknown_level(filter: &str) -> Option<&str> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let lone = |word: &&str| !word.is_empty() && !word.contains(['=', '[', ':']);
    let known = |word: &str| {
        LEVELS.iter().any(|level| word.eq_ignore_ascii_case(level)) || word == env!("CARGO_PKG_NAME")
    };
    filter.split(',').map(str::trim).filter(lone).find(|word| !known(word))
}

/// A panic is logged with its place and without its text, which may quote what somebody wrote.
pub fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "the program panicked: a bug, please report the place");
    }));
}

/// The recorder of this process; every call gives the same one.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = buckets(builder, Matcher::Suffix("_seconds".to_owned()), SECONDS);
        let builder = buckets(builder, Matcher::Suffix("_batch".to_owned()), SIZES);
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Only the first recorder of a process counts; the handle of a later one would stay empty.
        drop(metrics::set_global_recorder(recorder));
        catalogue::register();
        handle
    })
}

/// Sets buckets; with none accepted the exporter falls back to summaries, which still work.
fn buckets(builder: PrometheusBuilder, matcher: Matcher, bounds: &[f64]) -> PrometheusBuilder {
    builder.set_buckets_for_metric(matcher, bounds).unwrap_or_else(|_| PrometheusBuilder::new())
}

#[cfg(test)]
mod tests {
    use super::unknown_level;

    #[test]
    fn a_misspelt_level_is_seen_and_a_filter_is_not() {
        for filter in ["inof", "info,debgu", "verbose", "acuerdo=debug, wran"] {
            assert!(unknown_level(filter).is_some(), "{filter}");
        }
        for filter in ["info", "INFO", "off", "", "info,acuerdo::journey=debug", "warn,sqlx=info", "acuerdo"]
        {
            assert_eq!(unknown_level(filter), None, "{filter}");
        }
    }
}
