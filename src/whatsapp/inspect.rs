//! Reads a body of `POST /{phone number id}/messages` as Meta would: for everything that plays Meta's part.
//!
//! The phone simulator and the fake Graph API of the tests refuse here what Meta refuses, and one thing more: a
//! BSUID in `to`, which Meta accepts with 200 and then loses.

use crate::domain::identity::{Bsuid, WaId, WaIdentity};
use crate::domain::ids::Wamid;
use crate::domain::outbound::{Choice, MediaSource, Outbound, Row, Section, Template, TemplateParameter};
use crate::domain::pii::Pii;
use crate::ports::message_sender::ReadReceipt;
use crate::whatsapp::limits::{self, LimitError};
use serde_json::{Value, json};

/// What a body asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutgoingView {
    Message(OutgoingMessage),
    /// A read receipt, maybe with the typing indicator.
    Read {
        wamid: Wamid,
        receipt: ReadReceipt,
    },
}

/// A message to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The phone, or the BSUID when no phone is given.
    pub to: WaIdentity,
    pub message: Outbound,
    /// `biz_opaque_callback_data`: comes back in every status.
    pub callback: Option<String>,
    /// The message that is answered.
    pub context: Option<Wamid>,
}

/// A refusal in Meta's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("(#{code}) {message}: {details}")]
pub struct GraphError {
    pub http_status: u16,
    pub code: i64,
    pub message: &'static str,
    pub details: String,
}

impl GraphError {
    pub fn new(code: i64, message: &'static str, details: impl Into<String>) -> Self {
        Self { http_status: 400, code, message, details: details.into() }
    }

    /// The answer for a missing or wrong bearer token.
    pub fn unauthorized() -> Self {
        let details = "Error validating access token.";
        Self { http_status: 401, ..Self::new(190, "Invalid OAuth access token", details) }
    }

    fn missing(parameter: &str) -> Self {
        Self::new(131_008, "Required parameter is missing", format!("Missing parameter: {parameter}"))
    }

    fn wrong(details: impl Into<String>) -> Self {
        Self::new(131_009, "Parameter value is not valid", details)
    }

    /// The body of the answer, in Meta's shape.
    pub fn to_json(&self, fbtrace_id: &str) -> Value {
        json!({"error": {
            "message": format!("(#{}) {}", self.code, self.message),
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": fbtrace_id,
        }})
    }
}

/// Reads and checks a body; the error is what Meta would answer.
pub fn inspect(body: &Value) -> Result<OutgoingView, GraphError> {
    if text(body, "/messaging_product") != Some("whatsapp") {
        return Err(GraphError::new(
            100,
            "Invalid parameter",
            "The parameter messaging_product is required.",
        ));
    }
    if body.get("status").is_some() {
        return read_receipt(body);
    }
    let callback = body.get("biz_opaque_callback_data");
    let callback =
        callback.map(|it| it.as_str().ok_or_else(|| GraphError::wrong("biz_opaque_callback_data")));
    let callback = callback.transpose()?;
    if let Some(callback) = callback {
        limits::check_callback(callback).map_err(refuse)?;
    }
    let to = recipient(body)?;
    let message = content(body)?;
    limits::check(&message).map_err(refuse)?;
    Ok(OutgoingView::Message(OutgoingMessage {
        to,
        message,
        callback: callback.map(str::to_owned),
        context: text(body, "/context/message_id").map(Wamid::new),
    }))
}

fn read_receipt(body: &Value) -> Result<OutgoingView, GraphError> {
    if text(body, "/status") != Some("read") {
        return Err(GraphError::wrong("status must be read"));
    }
    let wamid = text(body, "/message_id").ok_or_else(|| GraphError::missing("message_id"))?;
    let receipt = match body.get("typing_indicator") {
        None => ReadReceipt::Read,
        Some(typing) if text(typing, "/type") == Some("text") => ReadReceipt::ReadAndTyping,
        Some(_) => return Err(GraphError::wrong("typing_indicator.type must be text")),
    };
    Ok(OutgoingView::Read { wamid: Wamid::new(wamid), receipt })
}

/// `to` wins over `recipient`, as at Meta.
fn recipient(body: &Value) -> Result<WaIdentity, GraphError> {
    if !matches!(text(body, "/recipient_type"), None | Some("individual")) {
        return Err(GraphError::wrong("recipient_type must be individual"));
    }
    let bsuid = match text(body, "/recipient") {
        Some(id) => Some(Bsuid::parse(id).ok_or_else(|| GraphError::wrong("recipient is not a user id"))?),
        None => None,
    };
    let phone = match text(body, "/to") {
        Some(to) if Bsuid::parse(to).is_some() => {
            return Err(GraphError::new(
                131_026,
                "Message undeliverable",
                "A user id belongs into `recipient`.",
            ));
        }
        Some(to) if !to.starts_with('+') => {
            return Err(GraphError::wrong("`to` has no +, so that a country code might be put before it"));
        }
        Some(to) => {
            let digits: String = to.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
            Some(WaId::parse(&digits).ok_or_else(|| GraphError::wrong("`to` is not a phone"))?)
        }
        None => None,
    };
    let bsuid = if phone.is_some() { None } else { bsuid };
    let nobody = || GraphError::new(100, "Invalid parameter", "The parameter to is required.");
    WaIdentity::new(phone, bsuid).ok_or_else(nobody)
}

fn content(body: &Value) -> Result<Outbound, GraphError> {
    match text(body, "/type").unwrap_or("text") {
        "text" => Ok(Outbound::Text { body: personal(body, "/text/body")? }),
        "interactive" => {
            interactive(body.get("interactive").ok_or_else(|| GraphError::missing("interactive"))?)
        }
        "document" => Ok(Outbound::Document {
            source: source(body, "document")?,
            filename: text(body, "/document/filename").unwrap_or("Untitled").to_owned(),
            caption: text(body, "/document/caption").map(|caption| Pii::new(caption.to_owned())),
        }),
        "image" => Ok(Outbound::Image {
            source: source(body, "image")?,
            caption: text(body, "/image/caption").map(|caption| Pii::new(caption.to_owned())),
        }),
        "template" => template(body.get("template").ok_or_else(|| GraphError::missing("template"))?)
            .map(Outbound::Template),
        other => Err(GraphError::new(131_051, "Unsupported message type", format!("type {other}"))),
    }
}

fn interactive(part: &Value) -> Result<Outbound, GraphError> {
    let body = personal(part, "/body/text")?;
    let footer = text(part, "/footer/text").map(str::to_owned);
    match text(part, "/type") {
        Some("button") => {
            Ok(Outbound::Buttons { body, footer, buttons: each(part, "/action/buttons", button)? })
        }
        Some("list") => Ok(Outbound::List {
            body,
            footer,
            button: required(part, "/action/button")?,
            sections: each(part, "/action/sections", section)?,
        }),
        Some("cta_url") if text(part, "/action/name") == Some("cta_url") => Ok(Outbound::Link {
            body,
            display: required(part, "/action/parameters/display_text")?,
            url: personal(part, "/action/parameters/url")?,
        }),
        other => Err(GraphError::wrong(format!("interactive.type {}", other.unwrap_or("is missing")))),
    }
}

fn button(part: &Value) -> Result<Choice, GraphError> {
    if text(part, "/type") != Some("reply") {
        return Err(GraphError::wrong("a button's type must be reply"));
    }
    Ok(Choice { id: required(part, "/reply/id")?, title: required(part, "/reply/title")? })
}

fn section(part: &Value) -> Result<Section, GraphError> {
    Ok(Section { title: text(part, "/title").map(str::to_owned), rows: each(part, "/rows", row)? })
}

fn row(part: &Value) -> Result<Row, GraphError> {
    Ok(Row {
        id: required(part, "/id")?,
        title: required(part, "/title")?,
        description: text(part, "/description").map(str::to_owned),
    })
}

fn source(body: &Value, kind: &str) -> Result<MediaSource, GraphError> {
    match (text(body, &format!("/{kind}/id")), text(body, &format!("/{kind}/link"))) {
        (Some(id), None) => Ok(MediaSource::Id(id.to_owned())),
        (None, Some(link)) => Ok(MediaSource::Link(Pii::new(link.to_owned()))),
        (Some(_), Some(_)) => Err(GraphError::wrong(format!("{kind} has both id and link"))),
        (None, None) => Err(GraphError::missing(&format!("{kind}.id"))),
    }
}

fn template(part: &Value) -> Result<Template, GraphError> {
    let mut template = Template {
        name: required(part, "/name")?,
        language: required(part, "/language/code")?,
        body: Vec::new(),
        quick_replies: Vec::new(),
    };
    for component in part.get("components").and_then(Value::as_array).into_iter().flatten() {
        match (text(component, "/type"), text(component, "/sub_type")) {
            (Some("body"), None) => template.body = each(component, "/parameters", parameter)?,
            (Some("button"), Some("quick_reply")) => {
                if text(component, "/index") != Some(template.quick_replies.len().to_string().as_str()) {
                    return Err(GraphError::wrong("a button's index must be its place, as a string"));
                }
                template.quick_replies.push(required(component, "/parameters/0/payload")?);
            }
            _ => return Err(GraphError::wrong("a template component of a kind that is not used here")),
        }
    }
    Ok(template)
}

fn parameter(part: &Value) -> Result<TemplateParameter, GraphError> {
    if text(part, "/type") != Some("text") {
        return Err(GraphError::new(132_012, "Parameter format mismatch", "A body parameter must be text."));
    }
    let value = required(part, "/text")?;
    if value.contains(['\n', '\t', '\r']) || value.contains("     ") {
        let details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
        return Err(GraphError::new(132_018, "Template parameters issue", details));
    }
    Ok(TemplateParameter { name: text(part, "/parameter_name").map(str::to_owned), value: Pii::new(value) })
}

/// A broken limit as Meta's code.
fn refuse(error: LimitError) -> GraphError {
    let details = error.to_string();
    match error {
        LimitError::Empty { .. } => GraphError::new(131_008, "Required parameter is missing", details),
        LimitError::TooLong { .. }
        | LimitError::TooMany { .. }
        | LimitError::Duplicate { .. }
        | LimitError::Format { .. } => GraphError::wrong(details),
    }
}

fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.pointer(path).and_then(Value::as_str)
}

fn required(value: &Value, path: &str) -> Result<String, GraphError> {
    let name = || path.trim_start_matches('/').replace('/', ".");
    text(value, path).map(str::to_owned).ok_or_else(|| GraphError::missing(&name()))
}

fn personal(value: &Value, path: &str) -> Result<Pii<String>, GraphError> {
    required(value, path).map(Pii::new)
}

fn each<T>(
    value: &Value,
    path: &str,
    read: fn(&Value) -> Result<T, GraphError>,
) -> Result<Vec<T>, GraphError> {
    let list = value.pointer(path).and_then(Value::as_array);
    list.ok_or_else(|| GraphError::missing(path.trim_start_matches('/')))?.iter().map(read).collect()
}
