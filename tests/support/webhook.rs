//! Meta's side of the webhook.

use super::meta::{self, Who};
use acuerdo::domain::time::Timestamp;
use acuerdo::whatsapp::client::http_client;
use acuerdo::whatsapp::signature::AppSecrets;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub const NUMBER: &str = "100000000000001";
pub const APP_SECRET: &str = "app-secret-of-the-tests";
pub const VERIFY: &str = "verify-token-of-the-tests";
/// A message that is not acknowledged by then never will be.
const PATIENCE: Duration = Duration::from_mins(10);

/// Signs, and tries again until it is acknowledged.
#[derive(Clone)]
pub struct Webhook {
    http: reqwest::Client,
    secrets: Arc<AppSecrets>,
}

impl Webhook {
    pub fn new() -> Self {
        Self {
            http: http_client(Duration::from_secs(2), Duration::from_secs(20)).unwrap(),
            secrets: Arc::new(AppSecrets::new(&[SecretString::from(APP_SECRET)]).unwrap()),
        }
    }

    /// One attempt: true when it was acknowledged.
    pub async fn post(&self, url: &str, body: Vec<u8>) -> bool {
        let signature = self.secrets.sign(&body);
        let request = self.http.post(format!("{url}/webhook"));
        let request =
            request.header("x-hub-signature-256", signature).header("content-type", "application/json");
        request.body(body).send().await.is_ok_and(|answer| answer.status() == 200)
    }

    /// Until it is acknowledged.
    pub async fn deliver(&self, url: &str, body: &[u8]) {
        let attempts = async {
            while !self.post(url, body.to_vec()).await {
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
        };
        tokio::time::timeout(PATIENCE, attempts).await.expect("a delivery was never acknowledged");
    }
}

/// A webhook body with one message of `wa_id`.
pub fn body_of(wa_id: &str, wamid: &str, at: Timestamp, content: &Value) -> Vec<u8> {
    meta::delivery(NUMBER, meta::message(&Who::phone(wa_id), wamid, at, content))
}

pub fn text(body: &str) -> Value {
    json!({"type": "text", "text": {"body": body}})
}
