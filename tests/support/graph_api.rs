//! A Graph API on loopback: validates as Meta does, answers wamids, records everything, fails as scripted.

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use acuerdo::domain::ids::Wamid;
use acuerdo::ports::message_sender::ReadReceipt;
use acuerdo::whatsapp::client::GraphConfig;
use acuerdo::whatsapp::inspect::{GraphError, OutgoingMessage, OutgoingView, inspect};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// What the next POST of a message meets instead of success.
#[derive(Debug, Clone)]
pub enum Script {
    /// Taken and answered as usual.
    Accept,
    /// Refused with one of Meta's codes.
    Refuse { http_status: u16, code: i64, details: &'static str },
    /// Answered with this status and body, without taking the message.
    Answer { http_status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// Taken, and answered only after this time.
    Slow(Duration),
    /// Taken, and answered only after [`GraphApi::release`].
    Held,
    /// Taken; then the answer breaks off in its middle.
    BreakOff,
    /// Taken, and answered 200 with bytes that are no JSON.
    Garbage,
    /// Taken, and answered 200 without a message id.
    NoWamid,
    /// Taken, and answered 200 with more than any client should read.
    Endless,
}

/// A POST to `/messages`, as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub phone_number_id: String,
    pub bearer: Option<String>,
    pub body: Value,
    pub view: Result<OutgoingView, GraphError>,
    /// The id of the message when it was taken, whatever was answered.
    pub wamid: Option<Wamid>,
}

/// A file that [`GraphApi`] serves.
#[derive(Debug, Clone)]
pub struct File {
    pub bytes: Vec<u8>,
    /// As the Graph API gives it: hexadecimal.
    pub sha256: String,
    /// Instead of this server's own address.
    pub url: Option<String>,
}

#[derive(Default)]
struct State {
    token: String,
    released: bool,
    received: Vec<Received>,
    scripts: VecDeque<Script>,
    /// Met in turn by every POST while the queue is empty.
    cycle: Vec<Script>,
    files: HashMap<String, File>,
    /// How often the address of a file is still dead.
    dead_addresses: u32,
    /// Ids of files whose address was asked for, in order.
    asked: Vec<String>,
    subscribed_apps: Vec<String>,
    n_taken: u64,
}

type Shared = Arc<(Mutex<State>, watch::Sender<usize>)>;

pub struct GraphApi {
    pub url: String,
    shared: Shared,
    server: actix_web::dev::ServerHandle,
}

impl Drop for GraphApi {
    fn drop(&mut self) {
        // The future only waits for the workers; the order is given at once.
        drop(self.server.stop(false));
    }
}

impl GraphApi {
    /// Starts on a free port; only `token` is let in.
    pub fn start(token: &str) -> Self {
        let state = State {
            token: token.to_owned(),
            subscribed_apps: vec!["Acuerdo".to_owned()],
            ..State::default()
        };
        let shared: Shared = Arc::new((Mutex::new(state), watch::Sender::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let data = web::Data::new((Arc::clone(&shared), url.clone()));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(1 << 20))
                .route("/{version}/{id}/messages", web::post().to(messages))
                .route("/{version}/{id}/subscribed_apps", web::get().to(subscribed_apps))
                .route("/{version}/{id}", web::get().to(object))
                .route("/files/of/meta/{id}", web::get().to(file))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, shared, server: handle }
    }

    /// Settings of a client that talks to this server, with short limits.
    pub fn config(&self) -> GraphConfig {
        GraphConfig {
            base_url: self.url.clone(),
            timeout: Duration::from_secs(10),
            media_hosts: vec!["127.0.0.1".to_owned()],
            ..GraphConfig::default()
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.0.lock().unwrap()
    }

    /// Queues what the next messages meet, one each.
    pub fn script(&self, scripts: impl IntoIterator<Item = Script>) {
        self.state().scripts.extend(scripts);
    }

    /// What every message meets from now on when nothing is queued; `None` is success again.
    pub fn always(&self, script: Option<Script>) {
        self.cycle(script.into_iter().collect());
    }

    /// What messages meet in turn from now on when nothing is queued; nothing is success again.
    pub fn cycle(&self, scripts: Vec<Script>) {
        self.state().cycle = scripts;
    }

    pub fn set_subscribed_apps(&self, apps: &[&str]) {
        self.state().subscribed_apps = apps.iter().map(|app| (*app).to_owned()).collect();
    }

    pub fn put_file(&self, media_id: &str, file: File) {
        self.state().files.insert(media_id.to_owned(), file);
    }

    /// The next `n` addresses of files have expired when they are opened.
    pub fn kill_addresses(&self, n: u32) {
        self.state().dead_addresses = n;
    }

    /// Ids whose address was asked for, in order.
    pub fn asked_files(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// Answers what was [`Script::Held`], from now on at once.
    pub fn release(&self) {
        self.state().released = true;
        self.shared.1.send_modify(|_| ());
    }

    /// Everything that came to `/messages`, in order.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// Changes whenever something comes to `/messages`.
    pub fn changes(&self) -> watch::Receiver<usize> {
        self.shared.1.subscribe()
    }

    /// The messages that were taken, in order, whatever was answered.
    pub fn taken(&self) -> Vec<(Wamid, OutgoingMessage)> {
        self.taken_since(&mut 0)
    }

    /// Those that were taken after the first `n_seen` requests; counts it up.
    pub fn taken_since(&self, n_seen: &mut usize) -> Vec<(Wamid, OutgoingMessage)> {
        let new = self.state().received[*n_seen..].to_vec();
        *n_seen += new.len();
        new.into_iter()
            .filter_map(|one| match (one.wamid, one.view) {
                (Some(wamid), Ok(OutgoingView::Message(message))) => Some((wamid, message)),
                _ => None,
            })
            .collect()
    }

    /// The read receipts, in order.
    pub fn reads(&self) -> Vec<(Wamid, ReadReceipt)> {
        let received = self.received();
        received
            .into_iter()
            .filter_map(|one| match one.view {
                Ok(OutgoingView::Read { wamid, receipt }) => Some((wamid, receipt)),
                Ok(OutgoingView::Message(_)) | Err(_) => None,
            })
            .collect()
    }

    /// Waits until `n` messages were taken; panics with what came when that takes longer than `limit`.
    pub async fn wait_for_taken(&self, n: usize, limit: Duration) -> Vec<(Wamid, OutgoingMessage)> {
        let mut changes = self.changes();
        let enough = async {
            while self.taken().len() < n {
                changes.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(limit, enough).await.is_err() {
            panic!("waited for {n} messages, received: {:#?}", self.received());
        }
        self.taken()
    }
}

type Data = web::Data<(Shared, String)>;

async fn messages(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Bytes,
    data: Data,
) -> HttpResponse {
    let (shared, _) = data.as_ref();
    let (script, outcome) = take(&shared.0, &request, path.into_inner().1, &body);
    shared.1.send_modify(|n| *n += 1);
    let success = match outcome {
        Err(response) => return response,
        Ok(success) => success,
    };
    match script {
        Script::Accept => HttpResponse::Ok().json(success),
        Script::Refuse { http_status, code, details } => {
            let error = GraphError { http_status, ..GraphError::new(code, "Scripted", details) };
            refuse(&error)
        }
        Script::Answer { http_status, headers, body } => {
            let mut response = HttpResponse::build(StatusCode::from_u16(http_status).unwrap());
            for header in headers {
                response.insert_header(header);
            }
            response.body(body)
        }
        Script::Slow(time) => {
            tokio::time::sleep(time).await;
            HttpResponse::Ok().json(success)
        }
        Script::Held => {
            let mut changes = shared.1.subscribe();
            while !shared.0.lock().unwrap().released {
                changes.changed().await.unwrap();
            }
            HttpResponse::Ok().json(success)
        }
        Script::BreakOff => {
            let half = success.to_string().into_bytes();
            let chunks = vec![
                Ok(web::Bytes::from(half[..half.len() / 2].to_vec())),
                Err(std::io::Error::other("cut")),
            ];
            HttpResponse::Ok().streaming(futures_util::stream::iter(chunks))
        }
        Script::Garbage => HttpResponse::Ok().body("<html>502 but not really</html>"),
        Script::NoWamid => HttpResponse::Ok().json(json!({"messaging_product": "whatsapp", "messages": []})),
        Script::Endless => HttpResponse::Ok().body(vec![b' '; 300_000]),
    }
}

/// Validates and records; the success is what Meta would answer to this body.
fn take(
    state: &Mutex<State>,
    request: &HttpRequest,
    phone_number_id: String,
    body: &[u8],
) -> (Script, Result<Value, HttpResponse>) {
    let mut state = state.lock().unwrap();
    let bearer = bearer(request);
    let json = serde_json::from_slice(body).unwrap_or(Value::Null);
    let view = match bearer.as_deref() {
        Some(token) if token == state.token => inspect(&json),
        _ => Err(GraphError::unauthorized()),
    };
    let script = match &view {
        Ok(OutgoingView::Message(_)) => next_script(&mut state),
        Ok(OutgoingView::Read { .. }) | Err(_) => Script::Accept,
    };
    let takes = !matches!(script, Script::Refuse { .. } | Script::Answer { .. });
    let mut received = Received { phone_number_id, bearer, body: json, view, wamid: None };
    let success = match &received.view {
        Err(error) => Err(refuse(error)),
        Ok(OutgoingView::Read { .. }) => Ok(json!({"success": true})),
        Ok(OutgoingView::Message(message)) => {
            let mut contact = json!({});
            if let Some(wa_id) = &message.to.wa_id {
                contact = json!({"input": format!("+{}", wa_id.expose()), "wa_id": wa_id.expose()});
            }
            if let Some(bsuid) = &message.to.bsuid {
                contact["user_id"] = json!(bsuid.expose());
            }
            if takes {
                state.n_taken += 1;
                received.wamid = Some(Wamid(format!("wamid.FAKE{:08}", state.n_taken)));
            }
            Ok(json!({"messaging_product": "whatsapp", "contacts": [contact],
                "messages": [{"id": received.wamid.as_ref().map_or("", |wamid| wamid.as_str())}]}))
        }
    };
    state.received.push(received);
    (script, success)
}

fn next_script(state: &mut State) -> Script {
    if let Some(script) = state.scripts.pop_front() {
        return script;
    }
    if state.cycle.is_empty() {
        return Script::Accept;
    }
    state.cycle.rotate_left(1);
    state.cycle.last().cloned().unwrap_or(Script::Accept)
}

async fn object(request: HttpRequest, path: web::Path<(String, String)>, data: Data) -> HttpResponse {
    let (shared, url) = data.as_ref();
    let mut state = shared.0.lock().unwrap();
    if bearer(&request).as_deref() != Some(state.token.as_str()) {
        return refuse(&GraphError::unauthorized());
    }
    let id = &path.1;
    if request.query_string().starts_with("phone_number_id=") {
        state.asked.push(id.clone());
    }
    match state.files.get(id) {
        Some(file) => HttpResponse::Ok().json(json!({
            "messaging_product": "whatsapp",
            "url": file.url.clone().unwrap_or_else(|| format!("{url}/files/of/meta/{id}")),
            "mime_type": "image/jpeg",
            "sha256": file.sha256,
            "file_size": file.bytes.len(),
            "id": id,
        })),
        None => HttpResponse::Ok().json(json!({
            "display_phone_number": "+57 601 5550100",
            "verified_name": "Acuerdo",
            "quality_rating": "GREEN",
            "status": "CONNECTED",
            "throughput": {"level": "STANDARD"},
            "id": id,
        })),
    }
}

async fn subscribed_apps(request: HttpRequest, data: Data) -> HttpResponse {
    let state = data.as_ref().0.0.lock().unwrap();
    if bearer(&request).as_deref() != Some(state.token.as_str()) {
        return refuse(&GraphError::unauthorized());
    }
    let apps = state.subscribed_apps.iter();
    let apps: Vec<Value> =
        apps.map(|name| json!({"whatsapp_business_api_data": {"name": name, "id": "1"}})).collect();
    HttpResponse::Ok().json(json!({"data": apps}))
}

async fn file(request: HttpRequest, path: web::Path<String>, data: Data) -> HttpResponse {
    let mut state = data.as_ref().0.0.lock().unwrap();
    if state.dead_addresses > 0 {
        state.dead_addresses -= 1;
        return HttpResponse::NotFound().finish();
    }
    match state.files.get(path.as_str()) {
        Some(file) if bearer(&request).as_deref() == Some(state.token.as_str()) => {
            HttpResponse::Ok().body(file.bytes.clone())
        }
        Some(_) => HttpResponse::Unauthorized().finish(),
        None => HttpResponse::NotFound().finish(),
    }
}

fn bearer(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get("authorization")?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::to_owned)
}

fn refuse(error: &GraphError) -> HttpResponse {
    HttpResponse::build(StatusCode::from_u16(error.http_status).unwrap()).json(error.to_json("AbCdEf123"))
}
