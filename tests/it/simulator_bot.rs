//! A tiny business behind the simulator: checks signatures, keeps what arrives, answers through the Graph API.

use crate::harness::PATIENCE;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use acuerdo::domain::identity::WaIdentity;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::http::simulator::source::{
    DebtorCard, InspectedAgreement, InspectedTicket, Inspection, SimulatorSource, TemplateText,
};
use acuerdo::http::simulator::{self, Simulator, SimulatorConfig};
use acuerdo::ports::clock::Clock;
use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub const SECRET: &str = "app-secret-of-the-test";
pub const TOKEN: &str = "token-of-the-test";
pub const PHONE_NUMBER_ID: &str = "1065403522";
pub const ANA: &str = "573001112233";

/// A running simulator with its bot; everything stops when it is dropped.
pub struct Stage {
    pub base: String,
    pub http: reqwest::Client,
    pub clock: Arc<HandClock>,
    deliveries: Arc<Mutex<Vec<Delivered>>>,
    stop: CancellationToken,
}

/// One webhook as it arrived.
#[derive(Clone)]
pub struct Delivered {
    pub signed: bool,
    pub ascii: bool,
    pub body: Value,
}

/// Real seconds pass; the start is fixed, and tests may jump.
pub struct HandClock {
    base: Timestamp,
    started: Instant,
    jump: Mutex<Millis>,
}

impl HandClock {
    pub fn jump(&self, by: Millis) {
        self.jump.lock().unwrap().0 += by.0;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.started.elapsed().as_millis()).unwrap();
        self.base.plus(Millis(passed)).plus(*self.jump.lock().unwrap())
    }
}

impl Stage {
    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.base))
    }

    /// Sends to the Graph endpoint with the right token.
    pub async fn graph(&self, body: Value) -> (u16, Value) {
        let path = format!("/simulator/graph/v25.0/{PHONE_NUMBER_ID}/messages");
        let answer = self.post(&path).bearer_auth(TOKEN).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Does something on Ana's phone.
    pub async fn say(&self, said: Value) -> String {
        let answer = self.post("/simulator/api/chats/ana/messages").json(&said).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        answer.json::<Value>().await.unwrap()["wamid"].as_str().unwrap().to_owned()
    }

    pub async fn bubbles(&self, chat: &str) -> Vec<Value> {
        let answer = self.get(&format!("/simulator/api/chats/{chat}")).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["bubbles"].as_array().unwrap().clone()
    }

    pub fn deliveries(&self) -> Vec<Delivered> {
        self.deliveries.lock().unwrap().clone()
    }

    /// The messages that arrived, one per delivery, `value` and message.
    pub fn messages(&self) -> Vec<(Value, Value)> {
        let values = self.deliveries().into_iter().map(|d| d.body["entry"][0]["changes"][0]["value"].clone());
        values.filter(|v| v["messages"].is_array()).map(|v| (v.clone(), v["messages"][0].clone())).collect()
    }

    pub fn statuses(&self) -> Vec<Value> {
        let values = self.deliveries().into_iter().map(|d| d.body["entry"][0]["changes"][0]["value"].clone());
        values.flat_map(|v| v["statuses"].as_array().cloned().unwrap_or_default()).collect()
    }

    /// Looks until `found` gives something; panics with `what` when it never comes.
    pub async fn until<T>(&self, what: &str, mut found: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let limit = Instant::now() + PATIENCE;
        loop {
            if let Some(value) = found(self).await {
                return value;
            }
            assert!(Instant::now() < limit, "never happened: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Starts everything on a free port of this machine.
pub fn start() -> Stage {
    start_on(TcpListener::bind(("127.0.0.1", 0)).unwrap(), Timestamp(1_791_990_000_000))
}

pub fn start_on(listener: TcpListener, base_time: Timestamp) -> Stage {
    // Another test of this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let clock = Arc::new(HandClock { base: base_time, started: Instant::now(), jump: Mutex::new(Millis(0)) });
    let config = SimulatorConfig {
        webhook_url: format!("{base}/webhook"),
        app_secret: SECRET.into(),
        access_token: TOKEN.into(),
        phone_number_id: PHONE_NUMBER_ID.into(),
        display_number: "576015550100".into(),
        waba_id: "102290129340398".into(),
        business_name: "Crédito Andino".into(),
        base_url: base.clone(),
        clock: clock.clone(),
    };
    let simulator = Arc::new(Simulator::new(config, Arc::new(Sample), http.clone()));
    let deliveries = Arc::new(Mutex::new(Vec::new()));
    let (arrived, inbox) = mpsc::channel(256);
    let served = (simulator.clone(), deliveries.clone());
    let server = HttpServer::new(move || {
        let (simulator, deliveries) = served.clone();
        App::new()
            .app_data(web::Data::new((deliveries, arrived.clone())))
            .route("/webhook", web::post().to(webhook))
            .configure(move |cfg| simulator::configure(cfg, simulator))
    });
    let server = server.workers(1).disable_signals().shutdown_timeout(1).listen(listener).unwrap().run();
    let stop = CancellationToken::new();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let cancel = stop.clone();
    actix_web::rt::spawn(async move {
        simulator.run(cancel).await;
        handle.stop(false).await;
    });
    actix_web::rt::spawn(bot(base.clone(), http.clone(), inbox));
    Stage { base, http, clock, deliveries, stop }
}

type Inbox = web::Data<(Arc<Mutex<Vec<Delivered>>>, mpsc::Sender<Value>)>;

async fn webhook(request: HttpRequest, body: web::Bytes, inbox: Inbox) -> HttpResponse {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(&body);
    let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let given = request.headers().get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    let parsed: Value = serde_json::from_slice(&body).unwrap();
    let delivered =
        Delivered { signed: given == Some(&expected), ascii: body.is_ascii(), body: parsed.clone() };
    let seen_before = inbox.0.lock().unwrap().iter().any(|known| known.body == parsed);
    inbox.0.lock().unwrap().push(delivered);
    if !seen_before && parsed.to_string().contains("la primera vez no") {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let _ = inbox.1.send(parsed).await;
    HttpResponse::Ok().finish()
}

/// Answers each new message once, as a business would: reads, types, replies.
async fn bot(base: String, http: reqwest::Client, mut inbox: mpsc::Receiver<Value>) {
    let mut seen: Vec<String> = Vec::new();
    let url = format!("{base}/simulator/graph/v25.0/{PHONE_NUMBER_ID}/messages");
    while let Some(body) = inbox.recv().await {
        let message = &body["entry"][0]["changes"][0]["value"]["messages"][0];
        let Some(wamid) = message["id"].as_str() else { continue };
        if seen.iter().any(|known| known == wamid) {
            continue;
        }
        seen.push(wamid.to_owned());
        let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": wamid,
                          "typing_indicator": {"type": "text"}});
        post(&http, &url, read).await;
        let Some(mut reply) = reply_to(message) else { continue };
        reply["messaging_product"] = json!("whatsapp");
        reply["biz_opaque_callback_data"] = json!(format!("out:{wamid}"));
        match message["from"].as_str() {
            Some(from) => reply["to"] = json!(format!("+{from}")),
            None => reply["recipient"] = message["from_user_id"].clone(),
        }
        post(&http, &url, reply).await;
    }
}

async fn post(http: &reqwest::Client, url: &str, body: Value) {
    // A refusal is what some tests look for; the stage may also be closing.
    let _ = http.post(url).bearer_auth(TOKEN).json(&body).send().await;
}

fn reply_to(message: &Value) -> Option<Value> {
    let text = match message["type"].as_str()? {
        "text" => message["text"]["body"].as_str()?.to_owned(),
        "interactive" => {
            let reply = &message["interactive"];
            let chosen = reply.get("button_reply").or_else(|| reply.get("list_reply"))?;
            return Some(text_reply(&format!("Usted eligió *{}*", chosen["id"].as_str()?)));
        }
        "button" => return Some(text_reply(&format!("Botón {}", message["button"]["payload"].as_str()?))),
        "reaction" | "revoke" | "system" => return None,
        kind => return Some(text_reply(&format!("Recibí {kind}"))),
    };
    Some(match text.as_str() {
        "botones" => json!({"type": "interactive", "interactive": {
            "type": "button", "body": {"text": "¿Cómo prefiere pagar?"}, "footer": {"text": "Puede cambiarlo después"},
            "action": {"buttons": [
                {"type": "reply", "reply": {"id": "hoy", "title": "Pagar hoy"}},
                {"type": "reply", "reply": {"id": "cuotas", "title": "En cuotas"}},
                {"type": "reply", "reply": {"id": "agente", "title": "Hablar con alguien"}}]}}}),
        "lista" => json!({"type": "interactive", "interactive": {
            "type": "list", "body": {"text": "Estas son las cuotas posibles para su crédito de *$ 450.000*."},
            "action": {"button": "Ver opciones", "sections": [
                {"title": "Sin interés", "rows": [
                    {"id": "c2", "title": "2 cuotas", "description": "$ 225.000 cada una, primera el 30 de octubre"},
                    {"id": "c3", "title": "3 cuotas", "description": "$ 150.000 cada una, primera el 30 de octubre"}]},
                {"title": "Con interés", "rows": [
                    {"id": "c6", "title": "6 cuotas", "description": "$ 79.500 cada una, primera el 30 de octubre"},
                    {"id": "c9", "title": "9 cuotas", "description": "$ 55.200 cada una, primera el 30 de octubre"}]}]}}}),
        "enlace" => json!({"type": "interactive", "interactive": {
            "type": "cta_url", "body": {"text": "Pague aquí con PSE o tarjeta."},
            "action": {"name": "cta_url", "parameters": {
                "display_text": "Pagar $ 150.000", "url": "https://pagos.example/p/8f2k"}}}}),
        "documento" => json!({"type": "document", "document": {
            "link": "/simulator/samples/comprobante.pdf", "filename": "acuerdo-A-1042.pdf",
            "caption": "Su acuerdo, firmado hoy."}}),
        "plantilla" => json!({"type": "template", "template": {
            "name": "recordatorio", "language": {"code": "es_CO"}, "components": [
                {"type": "body", "parameters": [{"type": "text", "parameter_name": "nombre", "text": "Ana"}]},
                {"type": "button", "sub_type": "quick_reply", "index": "0",
                 "parameters": [{"type": "payload", "payload": "PAGUE"}]}]}}),
        "formato" => text_reply(
            "Hola, *Ana* 👋\nSu cuota _vence_ el ~28~ *30 de octubre*.\n- Valor: `$ 150.000`\n- Ref: ```M7 204```\n\
             > No comparta sus claves.\nMás en https://acuerdo.example/ayuda.",
        ),
        other => text_reply(&format!("Usted dijo: {other}")),
    })
}

fn text_reply(body: &str) -> Value {
    json!({"type": "text", "text": {"body": body}})
}

struct Sample;

#[async_trait]
impl SimulatorSource for Sample {
    async fn debtors(&self) -> Vec<DebtorCard> {
        let card =
            |(id, name): (&str, &str), wa_id: &str, document: &str, birthday: &str, situation: &str| {
                DebtorCard {
                    id: id.into(),
                    name: name.into(),
                    wa_id: wa_id.into(),
                    bsuid: None,
                    document_hint: document.into(),
                    birthday: birthday.into(),
                    situation: situation.into(),
                    language: "es-CO".into(),
                }
            };
        vec![
            card(
                ("ana", "Ana Lucía Pérez"),
                ANA,
                "CC 52.123.456",
                "1988-04-12",
                "Libre inversión, 38 días de mora, $ 450.000",
            ),
            card(
                ("jorge", "Jorge Iván Castaño"),
                "573015550111",
                "CC 79.456.210",
                "1975-11-03",
                "Dos créditos; ya hizo un acuerdo y pagó una cuota",
            ),
            card(
                ("marta", "Marta Quiñones"),
                "573025550122",
                "CC 31.908.774",
                "1992-01-30",
                "Dice que ya pagó; hay un pago sin aplicar",
            ),
            card(
                ("luis", "Luis Fernando Ñáñez"),
                "573035550133",
                "CC 10.554.019",
                "1969-07-19",
                "Mora de 190 días, puede pedir descuento",
            ),
            card(
                ("sofia", "Sofía Restrepo"),
                "573045550144",
                "CE 412.887",
                "2001-09-08",
                "Tarjeta, 12 días de mora",
            ),
        ]
    }

    async fn inspect(&self, who: &WaIdentity) -> Option<Inspection> {
        let ana = who.wa_id.as_ref().is_some_and(|wa_id| wa_id.expose() == ANA);
        ana.then(|| Inspection {
            flow: "pago".into(),
            step: "elegir_cuotas".into(),
            assurance: "verified".into(),
            status: "waiting".into(),
            last_turn_events: vec![
                "entrada: texto «lista»".into(),
                "intención: quiere_cuotas (0,93)".into(),
                "paso: menu → elegir_cuotas".into(),
                "salida: lista de 4 opciones".into(),
            ],
            agreements: vec![InspectedAgreement {
                reference: "A-1042".into(),
                kind: "Plan de pagos".into(),
                status: "activo".into(),
                summary: "$ 450.000 en 3 cuotas".into(),
                instalments: vec![
                    "30 oct 2026 · $ 150.000".into(),
                    "30 nov 2026 · $ 150.000".into(),
                    "30 dic 2026 · $ 150.000".into(),
                ],
            }],
            ticket: Some(InspectedTicket {
                reference: "T-77".into(),
                status: "en cola".into(),
                reason: "Pide hablar con una persona".into(),
                agent: None,
            }),
        })
    }

    async fn template(&self, name: &str, _language: &str) -> Option<TemplateText> {
        (name == "recordatorio").then(|| TemplateText {
            header: Some("Recordatorio".into()),
            body: "Hola, {{nombre}}. Su cuota vence mañana.".into(),
            footer: Some("Responda PARAR para no recibir avisos".into()),
            quick_replies: vec!["Ya pagué".into()],
        })
    }
}
