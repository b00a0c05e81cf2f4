//! What a bubble on the phone shows: the shapes that the page draws.

use crate::domain::time::Timestamp;
use serde::Serialize;

/// One message of a chat, in either direction.
#[derive(Clone, Serialize)]
pub(super) struct Bubble {
    pub wamid: String,
    /// True when the person who holds the phone wrote it.
    pub mine: bool,
    pub at: Timestamp,
    pub state: Ticks,
    pub content: Content,
    /// The message that this one answers.
    pub reply_to: Option<String>,
    /// Emoji that the person put on it.
    pub reaction_mine: Option<String>,
    /// Emoji that the business put on it.
    pub reaction_theirs: Option<String>,
    pub deleted: bool,
    /// Why it failed, in words for the person who tries the product.
    pub failure: Option<String>,
    /// The option that was tapped, so that the page can mark it.
    pub chosen: Option<String>,
    /// `read` was already sent to the business, or is on its way.
    #[serde(skip)]
    pub read_announced: bool,
    /// `biz_opaque_callback_data`, returned in every status.
    #[serde(skip)]
    pub callback_data: Option<String>,
    /// The webhook as it was posted, to be delivered once more on demand.
    #[serde(skip)]
    pub webhook: Option<serde_json::Value>,
}

/// How far a message came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ticks {
    /// Not yet acknowledged by the other side.
    Pending,
    Sent,
    Delivered,
    Read,
    Failed,
}

/// The body of a bubble.
#[derive(Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Content {
    Text {
        body: String,
    },
    /// Reply buttons, a list or a link under a text.
    Interactive(Interactive),
    Media(Media),
    Location {
        latitude: String,
        longitude: String,
        name: Option<String>,
        address: Option<String>,
    },
    Contacts {
        names: Vec<String>,
        phones: Vec<String>,
    },
    Template(TemplateBubble),
    /// A line in the middle of the chat, such as a change of number.
    Notice {
        body: String,
    },
    /// A type that the phone of this simulator cannot draw.
    Unsupported {
        name: String,
    },
}

#[derive(Clone, Serialize)]
pub(super) struct Interactive {
    pub header: Option<String>,
    pub body: String,
    pub footer: Option<String>,
    #[serde(flatten)]
    pub action: InteractiveAction,
}

#[derive(Clone, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(super) enum InteractiveAction {
    Buttons { options: Vec<ShownOption> },
    List { button: String, sections: Vec<ShownSection> },
    Link { display: String, url: String },
}

#[derive(Clone, Serialize)]
pub(super) struct ShownOption {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

#[derive(Clone, Serialize)]
pub(super) struct ShownSection {
    pub title: Option<String>,
    pub rows: Vec<ShownOption>,
}

#[derive(Clone, Serialize)]
pub(super) struct Media {
    pub media: MediaShape,
    /// Where the page may show it from; absent when only a media id is known.
    pub url: Option<String>,
    pub filename: Option<String>,
    pub caption: Option<String>,
    pub mime_type: String,
    pub size_bytes: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MediaShape {
    Image,
    Document,
    Audio,
    Video,
    Sticker,
}

#[derive(Clone, Serialize)]
pub(super) struct TemplateBubble {
    pub name: String,
    pub language: String,
    pub header: Option<String>,
    /// The approved text with its parameters; absent when the text is not known here.
    pub body: Option<String>,
    pub footer: Option<String>,
    pub parameters: Vec<ShownParameter>,
    /// Quick replies: `id` is the payload.
    pub options: Vec<ShownOption>,
}

/// A value put into a template; `name` is absent for a positional one.
#[derive(Clone, Serialize)]
pub(super) struct ShownParameter {
    pub name: Option<String>,
    pub value: String,
}

impl Content {
    /// One line for the list of chats.
    pub(super) fn preview(&self) -> String {
        match self {
            Self::Text { body } | Self::Notice { body } => one_line(body),
            Self::Interactive(interactive) => one_line(&interactive.body),
            Self::Media(media) => media_preview(media),
            Self::Location { .. } => "📍 Ubicación".to_owned(),
            Self::Contacts { names, .. } => format!("👤 {}", names.join(", ")),
            Self::Template(template) => one_line(template.body.as_deref().unwrap_or(&template.name)),
            Self::Unsupported { .. } => "Mensaje no compatible".to_owned(),
        }
    }

    /// The option with `id`, when this bubble offers it.
    pub(super) fn option(&self, id: &str) -> Option<(OfferedBy, &ShownOption)> {
        match self {
            Self::Interactive(interactive) => match &interactive.action {
                InteractiveAction::Buttons { options } => find(options, id).map(|o| (OfferedBy::Button, o)),
                InteractiveAction::List { sections, .. } => sections
                    .iter()
                    .find_map(|section| find(&section.rows, id))
                    .map(|option| (OfferedBy::List, option)),
                InteractiveAction::Link { .. } => None,
            },
            Self::Template(template) => find(&template.options, id).map(|o| (OfferedBy::Template, o)),
            Self::Text { .. }
            | Self::Media(_)
            | Self::Location { .. }
            | Self::Contacts { .. }
            | Self::Notice { .. }
            | Self::Unsupported { .. } => None,
        }
    }
}

/// Where an option was shown; the webhook's shape depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OfferedBy {
    Button,
    List,
    Template,
}

fn find<'a>(options: &'a [ShownOption], id: &str) -> Option<&'a ShownOption> {
    options.iter().find(|option| option.id == id)
}

fn media_preview(media: &Media) -> String {
    let label = match media.media {
        MediaShape::Image => "📷 Foto",
        MediaShape::Document => "📄 Documento",
        MediaShape::Audio => "🎤 Nota de voz",
        MediaShape::Video => "🎥 Video",
        MediaShape::Sticker => "Sticker",
    };
    let detail = media.caption.as_deref().or(media.filename.as_deref());
    detail.map_or_else(|| label.to_owned(), |detail| format!("{label} · {}", one_line(detail)))
}

/// The list of chats shows about this many characters.
const PREVIEW_CHARS_MAX: usize = 80;

fn one_line(text: &str) -> String {
    let mut line = String::new();
    for (index, character) in text.chars().enumerate() {
        if index == PREVIEW_CHARS_MAX {
            line.push('…');
            break;
        }
        line.push(if character.is_whitespace() { ' ' } else { character });
    }
    line
}
