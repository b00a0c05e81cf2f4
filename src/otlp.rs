//! Traces to a collector, by OpenTelemetry's protocol (OTLP, protobuf over HTTP).
//!
//! What must not stand in a settings file is read from the variables that all exporters share:
//! `OTEL_EXPORTER_OTLP_HEADERS` (a collector's key) and `OTEL_RESOURCE_ATTRIBUTES` (the name of a deployment).

use crate::ports::traces::{ExportFailed, Moment, Span, SpanExporter, SpanKind, Value};
use async_trait::async_trait;
use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind as Kind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{RetryPolicy, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use reqwest::Url;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

const CONNECT_MAX: Duration = Duration::from_secs(3);
/// From the first byte sent to the last byte received; the next batch waits for it.
const EXPORT_MAX: Duration = Duration::from_secs(10);

/// Why no collector can be asked.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// Not repeated: somebody may have pasted a key there.
    #[error(
        "telemetry.otlp_endpoint (ACUERDO_OTLP_ENDPOINT) is no address of a collector; write for instance \
         http://collector:4318"
    )]
    Address,
    #[error(
        "telemetry.otlp_endpoint (ACUERDO_OTLP_ENDPOINT) holds a user or password; set \
         OTEL_EXPORTER_OTLP_HEADERS=\"authorization=…\" instead"
    )]
    Credentials,
    #[error("the TLS client could not be set up; are the system's root certificates installed?")]
    Tls(#[source] reqwest::Error),
    #[error("the exporter of traces cannot be made: {0}")]
    Exporter(String),
}

/// A collector of traces at an address.
#[derive(Debug)]
pub struct Collector {
    exporter: opentelemetry_otlp::SpanExporter,
    scope: InstrumentationScope,
}

impl Collector {
    /// `endpoint` is the collector's base address, for instance `http://collector:4318`; `/v1/traces` is added, as the
    /// protocol says. `instance` tells the replicas apart.
    pub fn new(endpoint: &str, instance: Uuid) -> Result<Self, CollectorError> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_MAX)
            .timeout(EXPORT_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("acuerdo/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(CollectorError::Tls)?;
        let mut exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(http)
            .with_endpoint(traces_url(endpoint)?)
            .with_timeout(EXPORT_MAX)
            // Retries are the loop's, which also ends them at a shutdown.
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .map_err(|error| CollectorError::Exporter(error.to_string()))?;
        let resource = Resource::builder()
            .with_service_name("acuerdo")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("service.instance.id", instance.to_string()))
            .build();
        exporter.set_resource(&resource);
        let scope = InstrumentationScope::builder("acuerdo").with_version(env!("CARGO_PKG_VERSION")).build();
        Ok(Self { exporter, scope })
    }

    fn data(&self, span: Span) -> SpanData {
        SpanData {
            span_context: context(span.trace.0, span.id.0, false),
            parent_span_id: span.parent.map_or(SpanId::INVALID, |parent| SpanId::from_bytes(parent.0)),
            // Whether another process did the stage before is not known, and may be.
            parent_span_is_remote: span.parent.is_some() && span.kind != SpanKind::Internal,
            span_kind: match span.kind {
                SpanKind::Server => Kind::Server,
                SpanKind::Consumer => Kind::Consumer,
                SpanKind::Client => Kind::Client,
                SpanKind::Internal => Kind::Internal,
            },
            name: span.name.into(),
            start_time: time(span.begin),
            end_time: time(span.end),
            attributes: span.attributes.into_iter().map(|(name, value)| attribute(name, value)).collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: links(span.links.into_iter().map(|(trace, span)| context(trace.0, span.0, true))),
            status: span.error.map_or(Status::Unset, Status::error),
            instrumentation_scope: self.scope.clone(),
        }
    }
}

#[async_trait]
impl SpanExporter for Collector {
    async fn export(&self, spans: Vec<Span>) -> Result<(), ExportFailed> {
        let batch = spans.into_iter().map(|span| self.data(span)).collect();
        // The text names the address, the status or the fault of the network; never what was in the request.
        self.exporter.export(batch).await.map_err(|error| ExportFailed::Refused(error.to_string()))
    }
}

fn traces_url(endpoint: &str) -> Result<String, CollectorError> {
    let url = Url::parse(endpoint.trim()).map_err(|_| CollectorError::Address)?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.query().is_some() {
        return Err(CollectorError::Address);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(CollectorError::Credentials);
    }
    Ok(format!("{}/v1/traces", url.as_str().trim_end_matches('/')))
}

fn context(trace: Uuid, span: [u8; 8], remote: bool) -> SpanContext {
    let trace = TraceId::from_bytes(trace.into_bytes());
    SpanContext::new(trace, SpanId::from_bytes(span), TraceFlags::SAMPLED, remote, TraceState::NONE)
}

fn links(contexts: impl Iterator<Item = SpanContext>) -> SpanLinks {
    let mut links = SpanLinks::default();
    links.links = contexts.map(|context| Link::new(context, Vec::new(), 0)).collect();
    links
}

fn time(at: Moment) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(at.0)
}

fn attribute(name: &'static str, value: Value) -> KeyValue {
    match value {
        Value::Text(text) => KeyValue::new(name, text),
        Value::Number(number) => KeyValue::new(name, number),
    }
}

#[cfg(test)]
mod tests {
    use super::{CollectorError, traces_url};

    #[test]
    fn the_path_of_traces_is_added_to_a_base_address() {
        for (endpoint, url) in [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            (" https://otel.example/base/ ", "https://otel.example/base/v1/traces"),
        ] {
            assert_eq!(traces_url(endpoint).unwrap(), url);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for wrong in
            ["", "collector:4318", "ftp://collector", "http://", "http://c/?key=markedKey", "markedKey"]
        {
            let error = traces_url(wrong).unwrap_err();
            assert!(matches!(error, CollectorError::Address), "{wrong}: {error}");
            assert!(!error.to_string().contains("marked"), "{error}");
        }
        let error = traces_url("https://user:markedKey@collector").unwrap_err();
        assert!(matches!(error, CollectorError::Credentials), "{error}");
        assert!(!error.to_string().contains("marked"), "{error}");
    }
}
