//! What we can say on WhatsApp, and Meta's limits of each kind.

use crate::domain::pii::Pii;
use serde::{Deserialize, Serialize};

/// Meta's limits, in characters unless the name says otherwise (Cloud API, messages).
pub mod limits {
    pub const TEXT_BODY_MAX: usize = 4096;
    pub const INTERACTIVE_BODY_MAX: usize = 1024;
    pub const LIST_BODY_MAX: usize = 4096;
    pub const HEADER_MAX: usize = 60;
    pub const FOOTER_MAX: usize = 60;
    pub const BUTTONS_MAX: usize = 3;
    pub const BUTTON_TITLE_MAX: usize = 20;
    pub const BUTTON_ID_MAX: usize = 256;
    pub const LIST_BUTTON_MAX: usize = 20;
    pub const LIST_ROWS_MAX: usize = 10;
    pub const LIST_SECTIONS_MAX: usize = 10;
    pub const ROW_ID_MAX: usize = 200;
    pub const ROW_TITLE_MAX: usize = 24;
    pub const ROW_DESCRIPTION_MAX: usize = 72;
    pub const SECTION_TITLE_MAX: usize = 24;
    pub const LINK_DISPLAY_MAX: usize = 20;
    pub const CAPTION_MAX: usize = 1024;
    pub const TEMPLATE_NAME_MAX: usize = 512;
    /// One substituted value; the whole body may have 1 024, which only Meta can count.
    pub const TEMPLATE_PARAMETER_MAX: usize = 1024;
    pub const TEMPLATE_BUTTONS_MAX: usize = 10;
    pub const CALLBACK_DATA_MAX: usize = 512;
    /// Ours: Meta documents none for links and file names.
    pub const URL_MAX: usize = 2000;
    pub const FILENAME_MAX: usize = 240;
}

/// One outgoing message. Texts are complete and rendered; ids are opaque to WhatsApp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outbound {
    Text {
        body: Pii<String>,
    },
    Buttons {
        body: Pii<String>,
        footer: Option<String>,
        buttons: Vec<Choice>,
    },
    List {
        body: Pii<String>,
        footer: Option<String>,
        button: String,
        sections: Vec<Section>,
    },
    /// A button that opens a web page (`cta_url`).
    Link {
        body: Pii<String>,
        display: String,
        url: Pii<String>,
    },
    Document {
        source: MediaSource,
        filename: String,
        caption: Option<Pii<String>>,
    },
    Image {
        source: MediaSource,
        caption: Option<Pii<String>>,
    },
    Template(Template),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub id: String,
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Needed only when there are several.
    pub title: Option<String>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaSource {
    /// An uploaded media id.
    Id(String),
    Link(Pii<String>),
}

/// An approved template; the only thing that may be sent outside the 24 h window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub name: String,
    /// For instance `es_CO`.
    pub language: String,
    /// Named body parameters in order; white space is flattened when sent.
    pub body: Vec<TemplateParameter>,
    /// Payload of each quick-reply button, by index.
    pub quick_replies: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateParameter {
    /// Absent for a positional template.
    pub name: Option<String>,
    pub value: Pii<String>,
}

impl Outbound {
    /// The text that the person reads, for transcripts and evidence; options are listed below it.
    pub fn readable(&self) -> String {
        match self {
            Self::Text { body } => body.expose().clone(),
            Self::Buttons { body, footer, buttons } => {
                let mut text = with_footer(body.expose(), footer.as_deref());
                for choice in buttons {
                    text.push_str(&format!("\n[{}]", choice.title));
                }
                text
            }
            Self::List { body, footer, button, sections } => {
                let mut text = with_footer(body.expose(), footer.as_deref());
                text.push_str(&format!("\n≡ {button}"));
                for section in sections {
                    if let Some(title) = &section.title {
                        text.push_str(&format!("\n  {title}:"));
                    }
                    for row in &section.rows {
                        text.push_str(&format!("\n  ({})", row.title));
                        if let Some(description) = &row.description {
                            text.push_str(&format!(" {description}"));
                        }
                    }
                }
                text
            }
            Self::Link { body, display, .. } => format!("{}\n[{display} ↗]", body.expose()),
            Self::Document { filename, caption, .. } => {
                format!("📄 {filename}\n{}", caption.as_ref().map_or("", |c| c.expose()))
            }
            Self::Image { caption, .. } => {
                format!("🖼 {}", caption.as_ref().map_or("", |c| c.expose()))
            }
            Self::Template(template) => {
                let values: Vec<&str> = template.body.iter().map(|p| p.value.expose().as_str()).collect();
                format!("«{}» {}", template.name, values.join(" · "))
            }
        }
    }

    /// Id and title of each option that the person may tap, in reading order.
    pub fn options(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Buttons { buttons, .. } => {
                buttons.iter().map(|choice| (choice.id.as_str(), choice.title.as_str())).collect()
            }
            Self::List { sections, .. } => {
                let rows = sections.iter().flat_map(|section| &section.rows);
                rows.map(|row| (row.id.as_str(), row.title.as_str())).collect()
            }
            Self::Text { .. }
            | Self::Link { .. }
            | Self::Document { .. }
            | Self::Image { .. }
            | Self::Template(_) => Vec::new(),
        }
    }

    /// The kind's name, for metrics and rows.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Buttons { .. } => "buttons",
            Self::List { .. } => "list",
            Self::Link { .. } => "link",
            Self::Document { .. } => "document",
            Self::Image { .. } => "image",
            Self::Template(_) => "template",
        }
    }
}

fn with_footer(body: &str, footer: Option<&str>) -> String {
    footer.map_or_else(|| body.to_owned(), |footer| format!("{body}\n_{footer}_"))
}
