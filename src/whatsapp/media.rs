//! Fetches what a person sent: media id → short-lived address → bytes, checked against their hash.
//!
//! Meta's addresses live five minutes and want our token, so the token goes only to hosts of Meta's
//! ([`crate::whatsapp::client::GraphConfig::media_hosts`]) and to the Graph API itself, and no redirect is followed.

use crate::ports::media::{MediaFailure, MediaFile, MediaSource};
use crate::ports::message_sender::{SendAccount, SendFailure};
use crate::whatsapp::client::{GraphClient, path_segment};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Response, Url};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Meta's largest inbound file, bytes (131052 beyond it).
pub const MEDIA_BYTES_MAX: usize = 100 * 1024 * 1024;

/// The object does not exist, or our token may not see it.
const NO_SUCH_OBJECT: i64 = 100;

#[async_trait]
impl MediaSource for GraphClient {
    async fn fetch(
        &self,
        account: &SendAccount,
        media_id: &str,
        sha256: Option<&str>,
        bytes_max: usize,
    ) -> Result<MediaFile, MediaFailure> {
        let max = bytes_max.min(MEDIA_BYTES_MAX);
        // An id that is none of Meta's would change the path of the request.
        let id = path_segment("media id", media_id).map_err(|_| MediaFailure::Unknown)?;
        let number = account.phone_number_id.as_str();
        let number = path_segment("phone number id", number).map_err(|error| refused(&error))?;
        let about = self.get(account, &format!("{id}?phone_number_id={number}")).await;
        let about = about.map_err(|error| refused(&error))?;
        let text = |key: &str| about.get(key).and_then(Value::as_str);
        let url = text("url").and_then(|url| Url::parse(url).ok());
        let url = url.ok_or_else(|| passing("Meta gave no address for the file"))?;
        if !self.is_media_host(&url) {
            return Err(MediaFailure::ForeignHost);
        }
        let told = about.get("file_size").and_then(Value::as_u64);
        if told.is_some_and(|told| told > max as u64) {
            return Err(MediaFailure::TooLarge { max: bytes_max });
        }
        let request = self.http.get(url).bearer_auth(account.token.expose_secret());
        let response =
            request.send().await.map_err(|_| passing("the address of the file was not reached"))?;
        if !response.status().is_success() {
            // 404 of an address that has expired: the next try asks for a new one.
            return Err(passing(&format!("the address of the file answered {}", response.status().as_u16())));
        }
        let bytes = whole(response, max).await?;
        let actual: [u8; 32] = Sha256::digest(&bytes).into();
        for expected in [sha256, text("sha256")].into_iter().flatten() {
            if hash_bytes(expected).as_deref() != Some(actual.as_slice()) {
                return Err(MediaFailure::WrongHash);
            }
        }
        let mime_type = text("mime_type").unwrap_or("application/octet-stream").to_owned();
        Ok(MediaFile { bytes, mime_type, sha256: hex::encode(actual) })
    }
}

impl GraphClient {
    fn is_media_host(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        // Whatever answers us has our token already: a simulator serves its files itself.
        if Url::parse(&self.root).is_ok_and(|root| root.origin() == url.origin()) {
            return true;
        }
        // Plain HTTP only when the Graph API itself is plain.
        let secure = url.scheme() == "https" || self.root.starts_with("http://");
        secure
            && self.media_hosts.iter().any(|allowed| match allowed.strip_prefix('.') {
                Some(_) => host.ends_with(allowed.as_str()),
                None => host == allowed,
            })
    }
}

/// The whole body, of at most `max` bytes.
async fn whole(mut response: Response, max: usize) -> Result<Vec<u8>, MediaFailure> {
    let too_large = || MediaFailure::TooLarge { max };
    let length = response.content_length();
    if length.is_some_and(|length| length > max as u64) {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0));
    loop {
        let chunk = response.chunk().await.map_err(|_| passing("the file broke off"))?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() + chunk.len() > max {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
}

fn passing(why: &str) -> MediaFailure {
    MediaFailure::Passing { why: why.to_owned() }
}

/// What the Graph API's refusal to name the address means.
fn refused(failure: &SendFailure) -> MediaFailure {
    match failure {
        SendFailure::Rejected { code: Some(NO_SUCH_OBJECT), .. }
        | SendFailure::Rejected { code: None, http_status: 404, .. } => MediaFailure::Unknown,
        SendFailure::Rejected { .. }
        | SendFailure::InDoubt { .. }
        | SendFailure::NotSent { .. }
        | SendFailure::Invalid { .. } => passing(&failure.to_string()),
    }
}

/// Base64 in the webhook, hexadecimal in the Graph API's answer.
fn hash_bytes(text: &str) -> Option<Vec<u8>> {
    match text.len() {
        64 => hex::decode(text).ok(),
        _ => STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 32),
    }
}
