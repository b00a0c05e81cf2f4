//! Checks a message against Meta's limits before it is sent, so that a refusal never comes as a surprise.
//!
//! Lengths are counted in characters (Unicode scalar values). Errors name the field, never its text.

use crate::domain::outbound::{Choice, MediaSource, Outbound, Row, Section, Template, limits};
use std::collections::HashSet;
use std::fmt::Arguments;

/// What is wrong with which field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    #[error("`{field}` has {actual} characters; WhatsApp allows {max}")]
    TooLong { field: String, max: usize, actual: usize },
    #[error("`{field}` has {actual} entries; WhatsApp allows {max}")]
    TooMany { field: String, max: usize, actual: usize },
    #[error("`{field}` is empty")]
    Empty { field: String },
    #[error("`{field}` is the same as an earlier one; WhatsApp wants them distinct")]
    Duplicate { field: String },
    #[error("`{field}` {rule}")]
    Format { field: String, rule: &'static str },
}

/// Checks every limit of `message`; the first breach in reading order is reported.
pub fn check(message: &Outbound) -> Result<(), LimitError> {
    match message {
        Outbound::Text { body } => text(format_args!("body"), body.expose(), limits::TEXT_BODY_MAX),
        Outbound::Buttons { body, footer, buttons } => {
            text(format_args!("body"), body.expose(), limits::INTERACTIVE_BODY_MAX)?;
            optional(format_args!("footer"), footer.as_deref(), limits::FOOTER_MAX)?;
            check_buttons(buttons)
        }
        Outbound::List { body, footer, button, sections } => {
            text(format_args!("body"), body.expose(), limits::LIST_BODY_MAX)?;
            optional(format_args!("footer"), footer.as_deref(), limits::FOOTER_MAX)?;
            text(format_args!("button"), button, limits::LIST_BUTTON_MAX)?;
            check_sections(sections)
        }
        Outbound::Link { body, display, url } => {
            text(format_args!("body"), body.expose(), limits::INTERACTIVE_BODY_MAX)?;
            text(format_args!("display"), display, limits::LINK_DISPLAY_MAX)?;
            check_url(format_args!("url"), url.expose())
        }
        Outbound::Document { source, filename, caption } => {
            check_source(source)?;
            text(format_args!("filename"), filename, limits::FILENAME_MAX)?;
            optional(
                format_args!("caption"),
                caption.as_ref().map(|it| it.expose().as_str()),
                limits::CAPTION_MAX,
            )
        }
        Outbound::Image { source, caption } => {
            check_source(source)?;
            optional(
                format_args!("caption"),
                caption.as_ref().map(|it| it.expose().as_str()),
                limits::CAPTION_MAX,
            )
        }
        Outbound::Template(template) => check_template(template),
    }
}

/// Checks the text that Meta echoes in every status of the message.
pub fn check_callback(callback: &str) -> Result<(), LimitError> {
    text(format_args!("biz_opaque_callback_data"), callback, limits::CALLBACK_DATA_MAX)
}

fn check_buttons(buttons: &[Choice]) -> Result<(), LimitError> {
    count(format_args!("buttons"), buttons.len(), limits::BUTTONS_MAX)?;
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for (index, choice) in buttons.iter().enumerate() {
        let id = format_args!("buttons[{index}].id");
        text(id, &choice.id, limits::BUTTON_ID_MAX)?;
        if choice.id.trim() != choice.id {
            let rule = "begins or ends with white space";
            return Err(LimitError::Format { field: format!("buttons[{index}].id"), rule });
        }
        distinct(format_args!("buttons[{index}].id"), ids.insert(choice.id.as_str()))?;
        text(format_args!("buttons[{index}].title"), &choice.title, limits::BUTTON_TITLE_MAX)?;
        distinct(format_args!("buttons[{index}].title"), titles.insert(choice.title.as_str()))?;
    }
    Ok(())
}

fn check_sections(sections: &[Section]) -> Result<(), LimitError> {
    count(format_args!("sections"), sections.len(), limits::LIST_SECTIONS_MAX)?;
    let n_rows = sections.iter().map(|section| section.rows.len()).sum();
    count(format_args!("sections[].rows (in all)"), n_rows, limits::LIST_ROWS_MAX)?;
    let mut ids = HashSet::new();
    for (at, section) in sections.iter().enumerate() {
        match section.title.as_deref() {
            Some(title) => text(format_args!("sections[{at}].title"), title, limits::SECTION_TITLE_MAX)?,
            None if sections.len() > 1 => {
                return Err(LimitError::Empty { field: format!("sections[{at}].title") });
            }
            None => {}
        }
        if section.rows.is_empty() {
            return Err(LimitError::Empty { field: format!("sections[{at}].rows") });
        }
        for (index, row) in section.rows.iter().enumerate() {
            check_row(at, index, row)?;
            distinct(format_args!("sections[{at}].rows[{index}].id"), ids.insert(row.id.as_str()))?;
        }
    }
    Ok(())
}

fn check_row(at: usize, index: usize, row: &Row) -> Result<(), LimitError> {
    text(format_args!("sections[{at}].rows[{index}].id"), &row.id, limits::ROW_ID_MAX)?;
    text(format_args!("sections[{at}].rows[{index}].title"), &row.title, limits::ROW_TITLE_MAX)?;
    let description = row.description.as_deref();
    optional(
        format_args!("sections[{at}].rows[{index}].description"),
        description,
        limits::ROW_DESCRIPTION_MAX,
    )
}

fn check_template(template: &Template) -> Result<(), LimitError> {
    text(format_args!("template.name"), &template.name, limits::TEMPLATE_NAME_MAX)?;
    if !template.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        let rule = "may hold only a-z, 0-9 and _";
        return Err(LimitError::Format { field: "template.name".to_owned(), rule });
    }
    if !is_language(&template.language) {
        let rule = "is not a language code such as es or es_CO";
        return Err(LimitError::Format { field: "template.language".to_owned(), rule });
    }
    let n_named = template.body.iter().filter(|parameter| parameter.name.is_some()).count();
    if n_named != 0 && n_named != template.body.len() {
        let rule = "mixes named and positional parameters, which Meta refuses (132000)";
        return Err(LimitError::Format { field: "template.body".to_owned(), rule });
    }
    let mut names = HashSet::new();
    for (index, parameter) in template.body.iter().enumerate() {
        let value = flatten(parameter.value.expose());
        text(format_args!("template.body[{index}]"), &value, limits::TEMPLATE_PARAMETER_MAX)?;
        if let Some(name) = parameter.name.as_deref() {
            distinct(format_args!("template.body[{index}].name"), names.insert(name))?;
        }
    }
    count_up_to(
        format_args!("template.quick_replies"),
        template.quick_replies.len(),
        limits::TEMPLATE_BUTTONS_MAX,
    )?;
    for (index, payload) in template.quick_replies.iter().enumerate() {
        text(format_args!("template.quick_replies[{index}]"), payload, limits::BUTTON_ID_MAX)?;
    }
    Ok(())
}

/// The value as it may stand in a template: Meta refuses new lines, tabs and runs of more than four spaces.
///
/// Every run of white space becomes one space; control, zero-width and direction marks go (those that hold an emoji
/// together stay).
pub fn flatten(value: &str) -> String {
    let mut flat = String::with_capacity(value.len());
    for word in value.split(|c: char| c.is_whitespace()) {
        let before = flat.len();
        if before > 0 {
            flat.push(' ');
        }
        let start = flat.len();
        flat.extend(word.chars().filter(|c| !is_invisible(*c)));
        if flat.len() == start {
            flat.truncate(before);
        }
    }
    flat
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn is_language(code: &str) -> bool {
    let (language, region) = code.split_once('_').unwrap_or((code, "XX"));
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && (2..=3).contains(&region.len())
        && region.bytes().all(|b| b.is_ascii_uppercase())
}

fn check_source(source: &MediaSource) -> Result<(), LimitError> {
    match source {
        MediaSource::Id(id) if id.trim().is_empty() => {
            Err(LimitError::Empty { field: "source.id".to_owned() })
        }
        MediaSource::Id(_) => Ok(()),
        MediaSource::Link(url) => check_url(format_args!("source.link"), url.expose()),
    }
}

fn check_url(field: Arguments<'_>, url: &str) -> Result<(), LimitError> {
    let name = field.to_string();
    text(field, url, limits::URL_MAX)?;
    let scheme = url.starts_with("https://") || url.starts_with("http://");
    if !scheme || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(LimitError::Format { field: name, rule: "is not an absolute http or https address" });
    }
    Ok(())
}

/// Present, not blank, and short enough.
fn text(field: Arguments<'_>, value: &str, max: usize) -> Result<(), LimitError> {
    if value.trim().is_empty() {
        return Err(LimitError::Empty { field: field.to_string() });
    }
    // Bytes are never fewer than characters: most texts are counted without a walk.
    if value.len() > max {
        let actual = value.chars().count();
        if actual > max {
            return Err(LimitError::TooLong { field: field.to_string(), max, actual });
        }
    }
    Ok(())
}

fn optional(field: Arguments<'_>, value: Option<&str>, max: usize) -> Result<(), LimitError> {
    value.map_or(Ok(()), |value| text(field, value, max))
}

fn count(field: Arguments<'_>, actual: usize, max: usize) -> Result<(), LimitError> {
    if actual == 0 {
        return Err(LimitError::Empty { field: field.to_string() });
    }
    count_up_to(field, actual, max)
}

fn count_up_to(field: Arguments<'_>, actual: usize, max: usize) -> Result<(), LimitError> {
    if actual > max {
        return Err(LimitError::TooMany { field: field.to_string(), max, actual });
    }
    Ok(())
}

fn distinct(field: Arguments<'_>, is_new: bool) -> Result<(), LimitError> {
    if is_new { Ok(()) } else { Err(LimitError::Duplicate { field: field.to_string() }) }
}
