//! The Graph API over HTTPS: sends, marks read, checks a number; says exactly whether a message can have left.

use crate::domain::identity::WaIdentity;
use crate::domain::ids::Wamid;
use crate::domain::outbound::Outbound;
use crate::domain::reaction::Reaction;
use crate::domain::time::Millis;
use crate::ports::message_sender::{
    Accepted, AccountCheck, MessageSender, ReadReceipt, SendAccount, SendFailure,
};
use crate::whatsapp::answer::{self, Answer};
use crate::whatsapp::{errors, request};
use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Largest answer that is read; Meta's have some hundred bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Longest `Retry-After` that is obeyed.
const RETRY_AFTER_MAX: Millis = Millis::hours(1);

/// Idle connections are closed before Meta's load balancer does it: a request on a connection that the other side
/// is closing ends in doubt.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// A start waits no longer than this for its first connection.
const WARM_TIMEOUT: Duration = Duration::from_secs(3);

/// Where the Graph API is and how long we wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphConfig {
    /// Without the version, e.g. `https://graph.facebook.com`.
    pub base_url: String,
    /// Pinned, e.g. `v25.0`.
    pub version: String,
    pub connect_timeout: Duration,
    /// From the first byte sent to the last byte received; then the message is in doubt.
    pub timeout: Duration,
    /// Hosts from which media may be fetched, with our token; a leading dot admits every host below.
    pub media_hosts: Vec<String>,
}

impl Default for GraphConfig {
    fn default() -> Self {
        Self {
            base_url: "https://graph.facebook.com".to_owned(),
            version: "v25.0".to_owned(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(20),
            media_hosts: vec!["lookaside.fbsbx.com".to_owned(), ".fbcdn.net".to_owned()],
        }
    }
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not repeated: somebody may have pasted a token there.
    #[error("WHATSAPP_GRAPH_URL is no address of a Graph API; set it to https://graph.facebook.com")]
    BaseUrl,
    #[error("`{0}` is no Graph API version; set WHATSAPP_GRAPH_VERSION to one such as v25.0")]
    Version(String),
    #[error("the TLS client could not be set up; are the system's root certificates installed?")]
    Tls(#[source] reqwest::Error),
}

/// An HTTP client for calls with our token: with timeouts, without redirects, on the ring TLS provider.
///
/// A redirect could carry the token to another host, so none is followed.
pub fn http_client(connect_timeout: Duration, timeout: Duration) -> Result<reqwest::Client, ClientError> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .timeout(timeout)
        .pool_idle_timeout(POOL_IDLE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("acuerdo/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(ClientError::Tls)
}

/// [`MessageSender`] over the Graph API. Cheap to clone; all clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct GraphClient {
    pub(super) http: reqwest::Client,
    /// Base address and version, without a slash at the end.
    pub(super) root: String,
    pub(super) media_hosts: Vec<String>,
    timeout: Duration,
}

impl GraphClient {
    pub fn new(config: &GraphConfig) -> Result<Self, ClientError> {
        let base = config.base_url.trim_end_matches('/');
        let parsed = reqwest::Url::parse(base).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if parsed.is_none_or(|url| !url.has_host() || url.query().is_some()) {
            return Err(ClientError::BaseUrl);
        }
        let version = config.version.strip_prefix('v').unwrap_or_default();
        if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(ClientError::Version(config.version.clone()));
        }
        Ok(Self {
            http: http_client(config.connect_timeout, config.timeout)?,
            root: format!("{base}/{}", config.version),
            media_hosts: config.media_hosts.clone(),
            timeout: config.timeout,
        })
    }

    async fn post_message(&self, account: &SendAccount, body: Vec<u8>) -> Result<Answer, SendFailure> {
        let id = path_segment("phone number id", account.phone_number_id.as_str())?;
        let request = self.http.post(format!("{}/{id}/messages", self.root));
        call(request.header(CONTENT_TYPE, "application/json").body(body), account).await
    }

    /// GETs `path_and_query` below the versioned root and reads a JSON object.
    pub(super) async fn get(
        &self,
        account: &SendAccount,
        path_and_query: &str,
    ) -> Result<Value, SendFailure> {
        let request = self.http.get(format!("{}/{path_and_query}", self.root));
        answer::object(&call(request, account).await?)
    }
}

#[async_trait]
impl MessageSender for GraphClient {
    async fn send(
        &self,
        account: &SendAccount,
        to: &WaIdentity,
        message: &Outbound,
        callback: &str,
    ) -> Result<Accepted, SendFailure> {
        let body = request::message(to, message, callback).map_err(invalid)?;
        answer::accepted(&self.post_message(account, body).await?)
    }

    /// Any answer will do: nothing is asked, and no token is shown.
    async fn warm(&self) {
        if let Ok(mut response) = self.http.get(&self.root).timeout(WARM_TIMEOUT).send().await {
            // Read to its end, or the connection is not kept.
            read_capped(&mut response, ANSWER_BYTES_MAX).await;
        }
    }

    fn timeout(&self) -> Millis {
        Millis(i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX))
    }

    async fn mark_read(
        &self,
        account: &SendAccount,
        wamid: &Wamid,
        receipt: ReadReceipt,
    ) -> Result<(), SendFailure> {
        let body = request::mark_read(wamid, receipt).map_err(invalid)?;
        answer::object(&self.post_message(account, body).await?).map(|_| ())
    }

    async fn check(&self, account: &SendAccount) -> Result<AccountCheck, SendFailure> {
        let id = path_segment("phone number id", account.phone_number_id.as_str())?;
        let fields = "display_phone_number,verified_name,quality_rating,status,throughput";
        let number = self.get(account, &format!("{id}?fields={fields}")).await?;
        let subscribed_apps = match &account.waba_id {
            Some(waba_id) => {
                let id = path_segment("business account id", waba_id)?;
                Some(app_names(&self.get(account, &format!("{id}/subscribed_apps")).await?))
            }
            None => None,
        };
        let text = |path: &str| number.pointer(path).and_then(Value::as_str).map(str::to_owned);
        Ok(AccountCheck {
            display_phone_number: text("/display_phone_number"),
            verified_name: text("/verified_name"),
            quality_rating: text("/quality_rating"),
            status: text("/status"),
            throughput: text("/throughput/level"),
            subscribed_apps,
        })
    }

    fn reaction(&self, codes: &[i64]) -> Reaction {
        errors::of_status(codes)
    }
}

fn app_names(answer: &Value) -> Vec<String> {
    let apps = answer.get("data").and_then(Value::as_array).into_iter().flatten();
    apps.map(|app| {
        let data = app.get("whatsapp_business_api_data").unwrap_or(app);
        let name = data.get("name").or_else(|| data.get("id")).and_then(Value::as_str);
        name.unwrap_or("unnamed app").to_owned()
    })
    .collect()
}

/// An id of Meta's as a path segment; anything but letters, digits, `_` and `-` would change the path.
pub(super) fn path_segment<'a>(what: &str, id: &'a str) -> Result<&'a str, SendFailure> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if id.is_empty() || !id.bytes().all(plain) {
        return Err(SendFailure::NotSent { why: format!("the configured {what} is not one of Meta's ids") });
    }
    Ok(id)
}

fn invalid(error: request::RequestError) -> SendFailure {
    SendFailure::Invalid { why: error.to_string() }
}

/// Executes one request. What fails before the connection stands was surely not sent; everything later is in doubt.
async fn call(request: RequestBuilder, account: &SendAccount) -> Result<Answer, SendFailure> {
    let begun = Instant::now();
    let answer = exchange(request, account).await;
    let kind = match &answer {
        Ok(answer) if answer.http_status < 400 => "ok",
        Ok(answer) if answer.http_status < 500 => "refused",
        Ok(_) => "server_error",
        Err(_) => "no_answer",
    };
    metrics::histogram!("acuerdo_graph_seconds", "answer" => kind).record(begun.elapsed());
    answer
}

async fn exchange(request: RequestBuilder, account: &SendAccount) -> Result<Answer, SendFailure> {
    let response = request.bearer_auth(account.token.expose_secret()).send().await;
    let mut response = response.map_err(|error| classify(&error))?;
    let http_status = response.status().as_u16();
    let retry_after = retry_after(&response);
    let body = read_capped(&mut response, ANSWER_BYTES_MAX).await;
    Ok(Answer { http_status, retry_after, body })
}

/// The whole body, or nothing when it breaks off or is larger than `max`.
pub(super) async fn read_capped(response: &mut Response, max: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > max {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

/// Errors of reqwest carry the address, so their text is not repeated.
fn classify(error: &reqwest::Error) -> SendFailure {
    if error.is_builder() {
        let why = "the request could not be built; is the access token one line of plain characters?";
        SendFailure::NotSent { why: why.to_owned() }
    } else if error.is_connect() {
        let why = if error.is_timeout() {
            "the connection to the Graph API was not established in time"
        } else {
            "no connection to the Graph API (name, network, port or TLS)"
        };
        SendFailure::NotSent { why: why.to_owned() }
    } else if error.is_timeout() {
        SendFailure::InDoubt { why: "the Graph API did not answer in time".to_owned() }
    } else {
        SendFailure::InDoubt { why: "the connection broke before the answer".to_owned() }
    }
}

/// Seconds only; the form with a date is not used by Meta.
fn retry_after(response: &Response) -> Option<Millis> {
    let seconds: i64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds > 0).then(|| Millis::seconds(seconds.min(RETRY_AFTER_MAX.0 / 1_000)))
}
