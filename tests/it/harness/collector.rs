//! An OpenTelemetry collector on loopback: takes OTLP over HTTP, keeps the bytes, reads them as real ones do.

use crate::harness::PATIENCE;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

type Bodies = Arc<Mutex<Vec<Vec<u8>>>>;

pub struct Collector {
    pub url: String,
    bodies: Bodies,
    server: actix_web::dev::ServerHandle,
}

impl Drop for Collector {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// A span with the process that sent it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub instance: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    pub begin: u64,
    pub end: u64,
    pub attributes: HashMap<String, String>,
    pub links: Vec<String>,
    pub failed: bool,
}

impl Collector {
    pub fn start() -> Self {
        let bodies = Bodies::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let data = web::Data::new(bodies.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(1 << 22))
                .route("/v1/traces", web::post().to(take))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, bodies, server: handle }
    }

    /// Lines of a settings file.
    pub fn settings(&self) -> String {
        settings_for(&self.url)
    }

    /// Everything that came, as it came.
    pub fn bytes(&self) -> Vec<u8> {
        self.bodies.lock().unwrap().concat()
    }

    pub fn requests(&self) -> usize {
        self.bodies.lock().unwrap().len()
    }

    pub fn spans(&self) -> Vec<Seen> {
        let bodies = self.bodies.lock().unwrap().clone();
        bodies.iter().flat_map(|body| read(body)).collect()
    }

    /// The spans, once they are as they should be.
    pub async fn spans_when(&self, what: &str, done: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let begun = Instant::now();
        loop {
            let spans = self.spans();
            if done(&spans) {
                return spans;
            }
            assert!(begun.elapsed() < PATIENCE, "{what} never came; there are {spans:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub fn settings_for(endpoint: &str) -> String {
    format!("[telemetry]\notlp_endpoint = \"{endpoint}\"\n")
}

async fn take(request: HttpRequest, body: web::Bytes, bodies: web::Data<Bodies>) -> HttpResponse {
    let kind = request.headers().get("content-type").map(|value| value.to_str().unwrap());
    if kind != Some("application/x-protobuf") || ExportTraceServiceRequest::decode(body.as_ref()).is_err() {
        return HttpResponse::build(StatusCode::BAD_REQUEST).finish();
    }
    bodies.lock().unwrap().push(body.to_vec());
    HttpResponse::Ok().content_type("application/x-protobuf").finish()
}

fn read(body: &[u8]) -> Vec<Seen> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut seen = Vec::new();
    for of_process in request.resource_spans {
        let resource = attributes(of_process.resource.unwrap().attributes);
        assert_eq!(resource["service.name"], "acuerdo");
        let spans = of_process.scope_spans.into_iter().flat_map(|scope| scope.spans);
        seen.extend(spans.map(|span| seen_of(resource["service.instance.id"].clone(), span)));
    }
    seen
}

fn seen_of(instance: String, span: Span) -> Seen {
    Seen {
        instance,
        trace: hex::encode(span.trace_id),
        id: hex::encode(span.span_id),
        parent: hex::encode(span.parent_span_id),
        name: span.name,
        begin: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        attributes: attributes(span.attributes),
        links: span.links.into_iter().map(|link| hex::encode(link.trace_id)).collect(),
        failed: span.status.is_some_and(|status| status.code == 2),
    }
}

fn attributes(pairs: Vec<opentelemetry_proto::tonic::common::v1::KeyValue>) -> HashMap<String, String> {
    let text = |value| match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("an attribute of a kind that nobody uses here: {other:?}"),
    };
    pairs.into_iter().map(|pair| (pair.key, text(pair.value.unwrap().value))).collect()
}
