//! Turns a message into the body of `POST /{phone number id}/messages` (Cloud API, messages reference).

use crate::domain::identity::WaIdentity;
use crate::domain::ids::Wamid;
use crate::domain::outbound::{Choice, MediaSource, Outbound, Section, Template};
use crate::ports::message_sender::ReadReceipt;
use crate::whatsapp::limits::{self, LimitError};
use crate::whatsapp::wire_out::{
    Action, Body, Component, Interactive, Language, Media, Parameter, Reply, ReplyButton, Request, Row,
    TemplateBody, Text, TypingIndicator, UrlParameters, WireSection,
};

/// Why no body could be made; the message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("the body could not be written as JSON")]
    Encoding(#[from] serde_json::Error),
}

/// The body that sends `message` to `to`, with `callback` (`out:<outbox id>`) echoed in every status.
///
/// A known phone goes into `to` with its `+` (without it Meta may prepend our own country code); otherwise the BSUID
/// goes into `recipient`. A BSUID in `to` would be accepted with 200 and then lost.
pub fn message(to: &WaIdentity, message: &Outbound, callback: &str) -> Result<Vec<u8>, RequestError> {
    limits::check(message)?;
    limits::check_callback(callback)?;
    let phone = to.wa_id.as_ref().map(|wa_id| format!("+{}", wa_id.expose()));
    let recipient = if phone.is_some() { None } else { to.bsuid.as_ref().map(|bsuid| bsuid.expose()) };
    if phone.is_none() && recipient.is_none() {
        return Err(LimitError::Empty { field: "to".to_owned() }.into());
    }
    let mut request = Request {
        recipient_type: Some("individual"),
        to: phone.as_deref(),
        recipient,
        biz_opaque_callback_data: Some(callback),
        ..Request::default()
    };
    fill(&mut request, message);
    Ok(serde_json::to_vec(&request)?)
}

/// The body that marks a message of the person as read, and may show that we are typing (up to 25 s).
pub fn mark_read(wamid: &Wamid, receipt: ReadReceipt) -> Result<Vec<u8>, RequestError> {
    if wamid.as_str().trim().is_empty() {
        return Err(LimitError::Empty { field: "message_id".to_owned() }.into());
    }
    let typing_indicator = match receipt {
        ReadReceipt::Read => None,
        ReadReceipt::ReadAndTyping => Some(TypingIndicator { kind: "text" }),
    };
    let request = Request {
        status: Some("read"),
        message_id: Some(wamid.as_str()),
        typing_indicator,
        ..Request::default()
    };
    Ok(serde_json::to_vec(&request)?)
}

fn fill<'a>(request: &mut Request<'a>, message: &'a Outbound) {
    match message {
        Outbound::Text { body } => {
            request.kind = Some("text");
            // A preview would fetch a payment link in the person's name.
            request.text = Some(Text { body: body.expose(), preview_url: false });
        }
        Outbound::Buttons { body, footer, buttons } => {
            let action =
                Action { buttons: Some(buttons.iter().map(reply_button).collect()), ..Action::default() };
            request.set_interactive("button", body.expose(), footer.as_deref(), action);
        }
        Outbound::List { body, footer, button, sections } => {
            let sections = Some(sections.iter().map(wire_section).collect());
            let action = Action { button: Some(button), sections, ..Action::default() };
            request.set_interactive("list", body.expose(), footer.as_deref(), action);
        }
        Outbound::Link { body, display, url } => {
            let parameters = Some(UrlParameters { display_text: display, url: url.expose() });
            let action = Action { name: Some("cta_url"), parameters, ..Action::default() };
            request.set_interactive("cta_url", body.expose(), None, action);
        }
        Outbound::Document { source, filename, caption } => {
            request.kind = Some("document");
            request.document =
                Some(media(source, caption.as_ref().map(|it| it.expose().as_str()), Some(filename)));
        }
        Outbound::Image { source, caption } => {
            request.kind = Some("image");
            request.image = Some(media(source, caption.as_ref().map(|it| it.expose().as_str()), None));
        }
        Outbound::Template(template) => {
            request.kind = Some("template");
            request.template = Some(template_body(template));
        }
    }
}

impl<'a> Request<'a> {
    fn set_interactive(
        &mut self,
        kind: &'static str,
        body: &'a str,
        footer: Option<&'a str>,
        action: Action<'a>,
    ) {
        self.kind = Some("interactive");
        let footer = footer.map(|text| Body { text });
        self.interactive = Some(Interactive { kind, body: Body { text: body }, footer, action });
    }
}

const fn reply_button(choice: &Choice) -> ReplyButton<'_> {
    ReplyButton { kind: "reply", reply: Reply { id: choice.id.as_str(), title: choice.title.as_str() } }
}

fn wire_section(section: &Section) -> WireSection<'_> {
    let rows = section.rows.iter();
    let rows =
        rows.map(|row| Row { id: &row.id, title: &row.title, description: row.description.as_deref() });
    WireSection { title: section.title.as_deref(), rows: rows.collect() }
}

fn media<'a>(source: &'a MediaSource, caption: Option<&'a str>, filename: Option<&'a str>) -> Media<'a> {
    let (id, link) = match source {
        MediaSource::Id(id) => (Some(id.as_str()), None),
        MediaSource::Link(link) => (None, Some(link.expose().as_str())),
    };
    Media { id, link, caption, filename }
}

fn template_body(template: &Template) -> TemplateBody<'_> {
    let mut components = Vec::new();
    if !template.body.is_empty() {
        let parameters = template.body.iter().map(|parameter| Parameter {
            kind: "text",
            parameter_name: parameter.name.as_deref(),
            text: Some(limits::flatten(parameter.value.expose())),
            payload: None,
        });
        components.push(Component { kind: "body", parameters: parameters.collect(), ..Component::default() });
    }
    for (index, payload) in template.quick_replies.iter().enumerate() {
        let parameter = Parameter { kind: "payload", payload: Some(payload), ..Parameter::default() };
        components.push(Component {
            kind: "button",
            sub_type: Some("quick_reply"),
            index: Some(index.to_string()),
            parameters: vec![parameter],
        });
    }
    TemplateBody { name: &template.name, language: Language { code: &template.language }, components }
}

#[cfg(test)]
mod tests;
