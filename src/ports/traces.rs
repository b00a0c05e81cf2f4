//! Where traces go: finished spans, in batches.
//!
//! A span carries ids of ours, counts and words of ours alone, never what a person wrote, is called or owes.

use crate::domain::trace::{SpanId, TraceId};
use async_trait::async_trait;

/// Nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

/// A finished stage of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub trace: TraceId,
    pub id: SpanId,
    pub parent: Option<SpanId>,
    pub name: String,
    pub kind: SpanKind,
    pub begin: Moment,
    pub end: Moment,
    pub attributes: Vec<(&'static str, Value)>,
    /// Spans of other traces that led to this one.
    pub links: Vec<(TraceId, SpanId)>,
    /// A word for what went wrong.
    pub error: Option<String>,
}

/// What OpenTelemetry calls the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Answers somebody's request.
    Server,
    /// Works off what was stored before.
    Consumer,
    /// Asks another system.
    Client,
    Internal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
}

/// A batch that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportFailed {
    /// The collector was not reached, or asks to be asked later.
    #[error("the collector did not take the spans: {0}")]
    Refused(String),
}

#[async_trait]
pub trait SpanExporter: Send + Sync {
    /// Hands over a batch, and returns when it was taken or after a limit of time.
    async fn export(&self, spans: Vec<Span>) -> Result<(), ExportFailed>;
}
