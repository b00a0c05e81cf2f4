//! Meta's JSON of what we send, field by field; borrowed, written once.

use serde::Serialize;

/// The body of a send or of a read receipt; absent members are not written.
#[derive(Serialize)]
pub struct Request<'a> {
    pub messaging_product: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interactive: Option<Interactive<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Media<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Media<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biz_opaque_callback_data: Option<&'a str>,
    /// Read receipts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing_indicator: Option<TypingIndicator>,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            messaging_product: "whatsapp",
            recipient_type: None,
            to: None,
            recipient: None,
            kind: None,
            text: None,
            interactive: None,
            document: None,
            image: None,
            template: None,
            biz_opaque_callback_data: None,
            status: None,
            message_id: None,
            typing_indicator: None,
        }
    }
}

#[derive(Serialize)]
pub struct Text<'a> {
    pub body: &'a str,
    pub preview_url: bool,
}

#[derive(Serialize)]
pub struct Interactive<'a> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub body: Body<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<Body<'a>>,
    pub action: Action<'a>,
}

/// Body or footer.
#[derive(Serialize)]
pub struct Body<'a> {
    pub text: &'a str,
}

#[derive(Default, Serialize)]
pub struct Action<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<UrlParameters<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buttons: Option<Vec<ReplyButton<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sections: Option<Vec<WireSection<'a>>>,
}

#[derive(Serialize)]
pub struct UrlParameters<'a> {
    pub display_text: &'a str,
    pub url: &'a str,
}

#[derive(Serialize)]
pub struct ReplyButton<'a> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub reply: Reply<'a>,
}

#[derive(Serialize)]
pub struct Reply<'a> {
    pub id: &'a str,
    pub title: &'a str,
}

#[derive(Serialize)]
pub struct WireSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    pub rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
pub struct Row<'a> {
    pub id: &'a str,
    pub title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
}

#[derive(Serialize)]
pub struct Media<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<&'a str>,
}

#[derive(Serialize)]
pub struct TemplateBody<'a> {
    pub name: &'a str,
    pub language: Language<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component<'a>>,
}

#[derive(Serialize)]
pub struct Language<'a> {
    pub code: &'a str,
}

#[derive(Default, Serialize)]
pub struct Component<'a> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_type: Option<&'static str>,
    /// A decimal string, as Meta writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    pub parameters: Vec<Parameter<'a>>,
}

#[derive(Default, Serialize)]
pub struct Parameter<'a> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<&'a str>,
}

#[derive(Serialize)]
pub struct TypingIndicator {
    #[serde(rename = "type")]
    pub kind: &'static str,
}
