//! The simulator's own small view of what is posted to `/{phone_number_id}/messages`.
//!
//! It reads what a phone must draw and refuses what Meta would refuse outright; the full set of Meta's limits is
//! the sender's business.

use crate::domain::identity::Bsuid;
use crate::domain::outbound::limits;
use crate::http::simulator::content::{
    Content, Interactive, InteractiveAction, Media, MediaShape, ShownOption, ShownParameter, ShownSection,
    TemplateBubble,
};
use serde_json::Value;

/// What the business asks for.
pub(super) enum GraphRequest {
    Send(Box<SendRequest>),
    React {
        address: Address,
        to: String,
        emoji: Option<String>,
    },
    /// `typing` comes along with it.
    MarkRead {
        wamid: String,
        typing: Typing,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Typing {
    Shown,
    NotShown,
}

pub(super) struct SendRequest {
    pub address: Address,
    pub content: Content,
    pub reply_to: Option<String>,
    pub callback_data: Option<String>,
}

/// Where the message goes.
#[derive(Clone)]
pub(super) enum Address {
    /// `to`: digits without `+`, and the text as it was given.
    Phone { digits: String, input: String },
    /// `recipient`.
    Bsuid(String),
    /// A BSUID in `to`: Meta accepts it and the message dies later with 131026.
    Misplaced { input: String },
}

/// A body that Meta would refuse: code and `error_data.details`.
pub(super) struct Refused {
    pub code: i64,
    pub details: String,
}

type Parsed<T> = Result<T, Refused>;

pub(super) fn parse(body: &Value) -> Parsed<GraphRequest> {
    if text(body, "messaging_product") != Some("whatsapp") {
        return Err(parameter("messaging_product must be \"whatsapp\""));
    }
    if text(body, "status") == Some("read") {
        let wamid =
            text(body, "message_id").ok_or_else(|| parameter("message_id is required with status"))?;
        let typing = if body.get("typing_indicator").is_some() { Typing::Shown } else { Typing::NotShown };
        return Ok(GraphRequest::MarkRead { wamid: wamid.to_owned(), typing });
    }
    let address = address(body)?;
    if text(body, "type") == Some("reaction") {
        let reaction = object(body, "reaction")?;
        let to = text(reaction, "message_id").ok_or_else(|| parameter("reaction.message_id is required"))?;
        let emoji = text(reaction, "emoji").filter(|emoji| !emoji.is_empty()).map(str::to_owned);
        return Ok(GraphRequest::React { address, to: to.to_owned(), emoji });
    }
    let callback_data = owned(body, "biz_opaque_callback_data");
    if callback_data.as_ref().is_some_and(|data| data.chars().count() > limits::CALLBACK_DATA_MAX) {
        return Err(parameter("biz_opaque_callback_data is longer than 512 characters"));
    }
    let reply_to = body.get("context").and_then(|context| owned(context, "message_id"));
    let content = content(body)?;
    Ok(GraphRequest::Send(Box::new(SendRequest { address, content, reply_to, callback_data })))
}

fn address(body: &Value) -> Parsed<Address> {
    // Both given: the phone wins (Meta, business-scoped user ids).
    if let Some(to) = text(body, "to") {
        if Bsuid::parse(to).is_some() {
            return Ok(Address::Misplaced { input: to.to_owned() });
        }
        let digits: String = to.chars().filter(|c| !matches!(c, '+' | ' ' | '-' | '(' | ')')).collect();
        let valid = (6..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        return if valid {
            Ok(Address::Phone { digits, input: to.to_owned() })
        } else {
            Err(parameter("to is not a phone number"))
        };
    }
    let recipient = text(body, "recipient").ok_or_else(|| parameter("to or recipient is required"))?;
    Bsuid::parse(recipient)
        .map(|bsuid| Address::Bsuid(bsuid.expose().to_owned()))
        .ok_or_else(|| parameter("recipient is not a business-scoped user id"))
}

fn content(body: &Value) -> Parsed<Content> {
    let kind = text(body, "type").unwrap_or("text");
    match kind {
        "text" => {
            let body = required(object(body, "text")?, "body", limits::TEXT_BODY_MAX)?;
            Ok(Content::Text { body })
        }
        "interactive" => interactive(object(body, "interactive")?),
        "image" => media(object(body, "image")?, MediaShape::Image),
        "document" => media(object(body, "document")?, MediaShape::Document),
        "audio" => media(object(body, "audio")?, MediaShape::Audio),
        "video" => media(object(body, "video")?, MediaShape::Video),
        "sticker" => media(object(body, "sticker")?, MediaShape::Sticker),
        "template" => template(object(body, "template")?),
        "location" => {
            let location = object(body, "location")?;
            Ok(Content::Location {
                latitude: number_text(location, "latitude")?,
                longitude: number_text(location, "longitude")?,
                name: owned(location, "name"),
                address: owned(location, "address"),
            })
        }
        "contacts" => Ok(contacts(array(body, "contacts"))),
        other => Err(parameter(&format!("type {other:?} is not a message type"))),
    }
}

fn interactive(value: &Value) -> Parsed<Content> {
    let kind = text(value, "type").ok_or_else(|| parameter("interactive.type is required"))?;
    let body_max = if kind == "list" { limits::LIST_BODY_MAX } else { limits::INTERACTIVE_BODY_MAX };
    let body = required(object(value, "body")?, "text", body_max)?;
    let action = object(value, "action")?;
    let action = match kind {
        "button" => buttons(action)?,
        "list" => list(action)?,
        "cta_url" => {
            let parameters = object(action, "parameters")?;
            let display = required(parameters, "display_text", limits::LINK_DISPLAY_MAX)?;
            InteractiveAction::Link { display, url: required(parameters, "url", URL_MAX)? }
        }
        other => return Ok(Content::Unsupported { name: format!("interactive/{other}") }),
    };
    let part = |name: &str| value.get(name).and_then(|part| owned(part, "text"));
    Ok(Content::Interactive(Interactive { header: part("header"), body, footer: part("footer"), action }))
}

/// No documented limit; browsers and Meta take about this much.
const URL_MAX: usize = 2_000;

fn buttons(action: &Value) -> Parsed<InteractiveAction> {
    let mut options = Vec::new();
    for button in array(action, "buttons") {
        let reply = object(button, "reply")?;
        options.push(ShownOption {
            id: required(reply, "id", limits::BUTTON_ID_MAX)?,
            title: required(reply, "title", limits::BUTTON_TITLE_MAX)?,
            description: None,
        });
    }
    if options.is_empty() || options.len() > limits::BUTTONS_MAX {
        return Err(parameter("interactive.action.buttons must have 1 to 3 buttons"));
    }
    Ok(InteractiveAction::Buttons { options })
}

fn list(action: &Value) -> Parsed<InteractiveAction> {
    let button = required(action, "button", limits::LIST_BUTTON_MAX)?;
    let mut sections = Vec::new();
    for section in array(action, "sections") {
        let mut rows = Vec::new();
        for row in array(section, "rows") {
            rows.push(ShownOption {
                id: required(row, "id", limits::ROW_ID_MAX)?,
                title: required(row, "title", limits::ROW_TITLE_MAX)?,
                description: owned(row, "description"),
            });
        }
        sections.push(ShownSection { title: owned(section, "title"), rows });
    }
    let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
    if rows == 0 || rows > limits::LIST_ROWS_MAX {
        return Err(parameter("interactive.action.sections must have 1 to 10 rows in all"));
    }
    Ok(InteractiveAction::List { button, sections })
}

fn media(value: &Value, shape: MediaShape) -> Parsed<Content> {
    let url = owned(value, "link");
    if url.is_none() && text(value, "id").is_none() {
        return Err(parameter("media needs id or link"));
    }
    let caption = owned(value, "caption");
    if caption.as_ref().is_some_and(|caption| caption.chars().count() > limits::CAPTION_MAX) {
        return Err(parameter("caption is longer than 1024 characters"));
    }
    let mime_type = match shape {
        MediaShape::Image => "image/jpeg",
        MediaShape::Document => "application/pdf",
        MediaShape::Audio => "audio/ogg; codecs=opus",
        MediaShape::Video => "video/mp4",
        MediaShape::Sticker => "image/webp",
    };
    Ok(Content::Media(Media {
        media: shape,
        url,
        filename: owned(value, "filename"),
        caption,
        mime_type: mime_type.to_owned(),
        size_bytes: None,
    }))
}

fn template(value: &Value) -> Parsed<Content> {
    let name = required(value, "name", limits::TEMPLATE_NAME_MAX)?;
    let language = object(value, "language").and_then(|language| required(language, "code", 15))?;
    let mut parameters = Vec::new();
    let mut options = Vec::new();
    for component in array(value, "components") {
        let given = array(component, "parameters");
        match text(component, "type") {
            Some("body") => {
                for parameter in given {
                    parameters.push(ShownParameter {
                        name: owned(parameter, "parameter_name"),
                        value: text(parameter, "text").unwrap_or_default().to_owned(),
                    });
                }
            }
            Some("button") if text(component, "sub_type") == Some("quick_reply") => {
                let payload = given.first().and_then(|first| owned(first, "payload")).unwrap_or_default();
                options.push(ShownOption { id: payload.clone(), title: payload, description: None });
            }
            _ => {}
        }
    }
    Ok(Content::Template(TemplateBubble {
        name,
        language,
        header: None,
        body: None,
        footer: None,
        parameters,
        options,
    }))
}

fn contacts(cards: &[Value]) -> Content {
    let mut names = Vec::new();
    let mut phones = Vec::new();
    for card in cards {
        names.extend(card.get("name").and_then(|name| owned(name, "formatted_name")));
        phones.extend(array(card, "phones").iter().filter_map(|phone| owned(phone, "phone")));
    }
    Content::Contacts { names, phones }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn owned(value: &Value, name: &str) -> Option<String> {
    text(value, name).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn object<'a>(value: &'a Value, name: &str) -> Parsed<&'a Value> {
    value.get(name).filter(|inner| inner.is_object()).ok_or_else(|| parameter(&format!("{name} is required")))
}

fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn number_text(value: &Value, name: &str) -> Parsed<String> {
    match value.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(parameter(&format!("{name} is required"))),
    }
}

fn required(value: &Value, name: &str, chars_max: usize) -> Parsed<String> {
    let found = owned(value, name).ok_or_else(|| parameter(&format!("{name} is required")))?;
    if found.chars().count() > chars_max {
        return Err(parameter(&format!("{name} is longer than {chars_max} characters")));
    }
    Ok(found)
}

/// Meta's code for a parameter that is missing or out of range.
fn parameter(details: &str) -> Refused {
    Refused { code: 100, details: details.to_owned() }
}
