//! Fetches what a person sent: media id → short-lived address → bytes, checked against their hash.
//!
//! Meta's addresses live five minutes and want our token, so the token goes only to hosts of Meta's
//! ([`crate::whatsapp::client::GraphConfig::media_hosts`]), and no redirect is followed.

use crate::ports::message_sender::{SendAccount, SendFailure};
use crate::whatsapp::client::{GraphClient, path_segment, read_capped};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use std::fmt;

/// Meta's largest inbound file (131052 beyond it).
pub const MEDIA_BYTES_MAX: usize = 100 * 1024 * 1024;

/// A downloaded file, whole and matching its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaFile {
    pub bytes: Vec<u8>,
    pub mime_type: String,
    /// Hexadecimal SHA-256 of `bytes`.
    pub sha256: String,
}

impl fmt::Debug for MediaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaFile({}, {} bytes)", self.mime_type, self.bytes.len())
    }
}

/// Why a file could not be had.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error(transparent)]
    Graph(#[from] SendFailure),
    #[error("Meta gave no address for the file")]
    NoAddress,
    #[error("the file lies on a host that is not one of Meta's; our token is not sent there")]
    ForeignHost,
    #[error("the address answered HTTP {0}; ask for a new address and try again")]
    Http(u16),
    #[error("the file did not arrive whole, or is larger than {max} bytes")]
    Incomplete { max: usize },
    #[error("the file does not match the hash that Meta gave")]
    WrongHash,
    #[error("the download failed before the file came; try again")]
    Network,
}

impl GraphClient {
    /// Downloads a file of at most `max` bytes. `sha256` is the hash of the webhook, when it gave one.
    ///
    /// Repeating is harmless. An address that has expired answers 404: call again.
    pub async fn download(
        &self,
        account: &SendAccount,
        media_id: &str,
        sha256: Option<&str>,
        max: usize,
    ) -> Result<MediaFile, MediaError> {
        let id = path_segment("media id", media_id)?;
        let number = path_segment("phone number id", account.phone_number_id.as_str())?;
        let about = self.get(account, &format!("{id}?phone_number_id={number}")).await?;
        let text = |key: &str| about.get(key).and_then(serde_json::Value::as_str);
        let url = text("url").and_then(|url| reqwest::Url::parse(url).ok()).ok_or(MediaError::NoAddress)?;
        if !self.is_media_host(&url) {
            return Err(MediaError::ForeignHost);
        }
        let request = self.http.get(url).bearer_auth(account.token.expose_secret());
        let mut response = request.send().await.map_err(|_| MediaError::Network)?;
        if !response.status().is_success() {
            return Err(MediaError::Http(response.status().as_u16()));
        }
        let bytes = read_capped(&mut response, max.min(MEDIA_BYTES_MAX)).await;
        let bytes = bytes.ok_or(MediaError::Incomplete { max })?;
        let actual: [u8; 32] = Sha256::digest(&bytes).into();
        for expected in [sha256, text("sha256")].into_iter().flatten() {
            if hash_bytes(expected).as_deref() != Some(actual.as_slice()) {
                return Err(MediaError::WrongHash);
            }
        }
        let mime_type = text("mime_type").unwrap_or("application/octet-stream").to_owned();
        Ok(MediaFile { bytes, mime_type, sha256: hex::encode(actual) })
    }

    fn is_media_host(&self, url: &reqwest::Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        // Plain HTTP only when the Graph API itself is plain, as a simulator on this machine is.
        let secure = url.scheme() == "https" || self.root.starts_with("http://");
        secure
            && self.media_hosts.iter().any(|allowed| match allowed.strip_prefix('.') {
                Some(_) => host.ends_with(allowed.as_str()),
                None => host == allowed,
            })
    }
}

/// Base64 in the webhook, hexadecimal in the Graph API's answer.
fn hash_bytes(text: &str) -> Option<Vec<u8>> {
    match text.len() {
        64 => hex::decode(text).ok(),
        _ => STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 32),
    }
}
