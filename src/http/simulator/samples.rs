//! Sample media that a person can send: real bytes behind real media ids.

use crate::http::simulator::assets;
use crate::http::simulator::content::{Content, Media, MediaShape};
use actix_web::web::Bytes;
use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// What the attach menu offers.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SampleName {
    Receipt,
    Voice,
    Document,
}

/// A file that travels with the program.
pub(super) struct Sample {
    pub media_id: &'static str,
    pub mime_type: &'static str,
    pub filename: &'static str,
    pub shape: MediaShape,
    pub caption: Option<&'static str>,
}

static RECEIPT: Sample = Sample {
    media_id: "990000000000001",
    mime_type: "image/png",
    filename: "comprobante.png",
    shape: MediaShape::Image,
    caption: Some("Este es el comprobante"),
};
static VOICE: Sample = Sample {
    media_id: "990000000000002",
    mime_type: "audio/ogg; codecs=opus",
    filename: "nota-de-voz.ogg",
    shape: MediaShape::Audio,
    caption: None,
};
static DOCUMENT: Sample = Sample {
    media_id: "990000000000003",
    mime_type: "application/pdf",
    filename: "comprobante.pdf",
    shape: MediaShape::Document,
    caption: None,
};

pub(super) fn by_name(name: SampleName) -> &'static Sample {
    match name {
        SampleName::Receipt => &RECEIPT,
        SampleName::Voice => &VOICE,
        SampleName::Document => &DOCUMENT,
    }
}

pub(super) fn by_media_id(id: &str) -> Option<&'static Sample> {
    [&RECEIPT, &VOICE, &DOCUMENT].into_iter().find(|sample| sample.media_id == id)
}

impl Sample {
    pub(super) fn bytes(&self) -> Option<Bytes> {
        assets::bytes(&format!("samples/{}", self.filename))
    }

    /// The message type and its body in the webhook.
    pub(super) fn webhook_body(&self, base_url: &str) -> (&'static str, Value) {
        let mut body = json!({
            "id": self.media_id,
            "mime_type": self.mime_type,
            "sha256": self.sha256(),
            "url": self.link(base_url),
        });
        if let Some(caption) = self.caption {
            body["caption"] = json!(caption);
        }
        let kind = match self.shape {
            MediaShape::Image => "image",
            MediaShape::Audio => {
                body["voice"] = json!(true);
                "audio"
            }
            MediaShape::Document => {
                body["filename"] = json!(self.filename);
                "document"
            }
            MediaShape::Video => "video",
            MediaShape::Sticker => "sticker",
        };
        (kind, body)
    }

    /// What `GET /{media_id}` answers.
    pub(super) fn graph_object(&self, base_url: &str) -> Value {
        json!({
            "messaging_product": "whatsapp",
            "url": self.link(base_url),
            "mime_type": self.mime_type,
            "sha256": self.bytes().map(|bytes| hex::encode(Sha256::digest(&bytes))),
            "file_size": self.bytes().map(|bytes| bytes.len()),
            "id": self.media_id,
        })
    }

    pub(super) fn content(&self) -> Content {
        Content::Media(Media {
            media: self.shape,
            url: Some(format!("/simulator/samples/{}", self.filename)),
            filename: (self.shape == MediaShape::Document).then(|| self.filename.to_owned()),
            caption: self.caption.map(str::to_owned),
            mime_type: self.mime_type.to_owned(),
            size_bytes: self.bytes().map(|bytes| bytes.len()),
        })
    }

    fn link(&self, base_url: &str) -> String {
        format!("{base_url}/simulator/graph/media/{}", self.media_id)
    }

    /// Base64, as webhooks give it.
    fn sha256(&self) -> Option<String> {
        let bytes = self.bytes()?;
        Some(base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&bytes)))
    }
}
