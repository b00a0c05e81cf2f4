//! From what a turn says to WhatsApp messages: as few as read well, each within Meta's limits.
//!
//! Consecutive texts and the question after them become one message, paragraphs apart, when that fits the kind of
//! the final message. A choice becomes buttons, a list, pages of a list, or numbered text, whichever can hold it.

use crate::domain::assurance::Label;
use crate::domain::outbound::{Choice, Outbound, Row, Section, limits};
use std::collections::BTreeSet;

/// One thing to say, in the order of the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speech {
    Say { text: String, label: Label },
    Link { text: String, title: String, url: String, label: Label },
    Choose(Question),
}

/// A question with its options, all rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub body: String,
    pub footer: Option<String>,
    pub options: Vec<OptionView>,
    /// What comes before the option in its id: `<hash8>:<flow>.<step>:<turn>:`.
    pub id_prefix: String,
    /// From 0; pages after the first are asked for with [`PAGE`].
    pub page: usize,
    pub label: Label,
    /// Name of the evidence that this message shows.
    pub evidence: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionView {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

/// Texts of the engine that a list needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub list_button: String,
    pub more: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub content: Outbound,
    pub label: Label,
    pub evidence: Option<String>,
}

/// How a choice is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceKind {
    Buttons,
    List,
    /// A list whose last row leads to the next page.
    Pages,
    /// Titles that no list can hold, or that are not unique.
    Numbered,
}

/// Option id of the row that leads to page `n`: `@page<n>`.
pub const PAGE: &str = "@page";
/// Rows of a page: one row leads on.
pub const PAGE_ROWS: usize = limits::LIST_ROWS_MAX - 1;
const PARAGRAPH: &str = "\n\n";

/// The kind that can hold these options. A description needs a list: buttons have no room for it.
pub fn choice_kind(options: &[OptionView], id_prefix: &str) -> ChoiceKind {
    let fits = |title_max: usize| {
        options
            .iter()
            .all(|option| !option.title.trim().is_empty() && option.title.chars().count() <= title_max)
    };
    let titles: BTreeSet<&str> = options.iter().map(|option| option.title.as_str()).collect();
    let id_fits = options.iter().all(|option| id_prefix.len() + option.id.len() <= limits::ROW_ID_MAX);
    if titles.len() < options.len() || !id_fits || options.is_empty() {
        return ChoiceKind::Numbered;
    }
    let described = options.iter().any(|option| option.description.is_some());
    if options.len() <= limits::BUTTONS_MAX && !described && fits(limits::BUTTON_TITLE_MAX) {
        ChoiceKind::Buttons
    } else if !fits(limits::ROW_TITLE_MAX) {
        ChoiceKind::Numbered
    } else if options.len() <= limits::LIST_ROWS_MAX {
        ChoiceKind::List
    } else {
        ChoiceKind::Pages
    }
}

/// Everything that the question shows, whatever its kind: what evidence keeps.
pub fn question_text(question: &Question) -> String {
    let mut text = question.body.clone();
    if let Some(footer) = &question.footer {
        text.push_str(PARAGRAPH);
        text.push_str(footer);
    }
    for option in &question.options {
        text.push_str("\n[");
        text.push_str(&option.title);
        text.push(']');
        if let Some(description) = &option.description {
            text.push(' ');
            text.push_str(description);
        }
    }
    text
}

/// Merges and lays out what one turn says.
pub fn messages(speeches: Vec<Speech>, words: &Words) -> Vec<Message> {
    let mut laid = Layout { pending: Vec::new(), label: Label::Publico, messages: Vec::new() };
    for speech in speeches {
        match speech {
            Speech::Say { text, label } => laid.add(text, label),
            Speech::Link { text, title, url, label } => laid.link(text, title, url, label),
            Speech::Choose(question) => laid.question(question, words),
        }
    }
    laid.flush();
    laid.messages
}

struct Layout {
    /// Paragraphs that wait for the message that they fit into.
    pending: Vec<String>,
    label: Label,
    messages: Vec<Message>,
}

impl Layout {
    fn add(&mut self, text: String, label: Label) {
        if !text.trim().is_empty() {
            self.pending.push(text);
            self.label = self.label.max(label);
        }
    }

    /// Sends what is pending as texts of their own.
    fn flush(&mut self) {
        let label = std::mem::take(&mut self.label);
        let mut body = String::new();
        for paragraph in std::mem::take(&mut self.pending) {
            let mut rest = paragraph;
            while length(&body, &rest) > limits::TEXT_BODY_MAX {
                if body.is_empty() {
                    let (head, tail) = split(&rest, limits::TEXT_BODY_MAX);
                    self.text(head, label);
                    rest = tail;
                } else {
                    self.text(std::mem::take(&mut body), label);
                }
            }
            join(&mut body, &rest);
        }
        self.text(body, label);
    }

    fn text(&mut self, body: String, label: Label) {
        if !body.is_empty() {
            self.messages.push(Message {
                content: Outbound::Text { body: body.into() },
                label,
                evidence: None,
            });
        }
    }

    /// The last message's body: all that is pending and `body`, when it fits; else what is pending goes before it,
    /// and so does the head of a body that is too long in itself.
    fn closing(&mut self, body: String, label: Label, max: usize) -> (String, Label) {
        let together = self.pending.iter().chain([&body]).fold(String::new(), |mut all, paragraph| {
            join(&mut all, paragraph);
            all
        });
        if together.chars().count() <= max {
            self.pending.clear();
            return (together, std::mem::take(&mut self.label).max(label));
        }
        self.flush();
        if body.chars().count() <= max {
            return (body, label);
        }
        let (head, tail) = split_tail(&body, max);
        self.add(head, label);
        self.flush();
        (tail, label)
    }

    fn link(&mut self, text: String, title: String, url: String, label: Label) {
        let (body, label) = self.closing(text, label, limits::INTERACTIVE_BODY_MAX);
        let display = cut(&title, limits::LINK_DISPLAY_MAX);
        let content = Outbound::Link { body: body.into(), display, url: url.into() };
        self.messages.push(Message { content, label, evidence: None });
    }

    fn question(&mut self, question: Question, words: &Words) {
        let kind = choice_kind(&question.options, &question.id_prefix);
        let Question { mut body, mut footer, options, id_prefix, page, label, evidence } = question;
        if footer.as_ref().is_some_and(|footer| footer.chars().count() > limits::FOOTER_MAX) {
            join(&mut body, &footer.take().unwrap_or_default());
        }
        let id = |option: &str| format!("{id_prefix}{option}");
        let (content, label) = match kind {
            ChoiceKind::Buttons => {
                let (body, label) = self.closing(body, label, limits::INTERACTIVE_BODY_MAX);
                let button = |option: OptionView| Choice { id: id(&option.id), title: option.title };
                let buttons = options.into_iter().map(button).collect();
                (Outbound::Buttons { body: body.into(), footer, buttons }, label)
            }
            ChoiceKind::List | ChoiceKind::Pages => {
                let (body, label) = self.closing(body, label, limits::LIST_BODY_MAX);
                let rows = rows(options, page, &id, words);
                let button = cut(&words.list_button, limits::LIST_BUTTON_MAX);
                let sections = vec![Section { title: None, rows }];
                (Outbound::List { body: body.into(), footer, button, sections }, label)
            }
            ChoiceKind::Numbered => {
                join(&mut body, &numbered(&options));
                if let Some(footer) = footer {
                    join(&mut body, &footer);
                }
                let (body, label) = self.closing(body, label, limits::TEXT_BODY_MAX);
                (Outbound::Text { body: body.into() }, label)
            }
        };
        self.messages.push(Message { content, label, evidence });
    }
}

/// The rows of a page; the last leads to the next page, and from the last page back to the first.
fn rows(options: Vec<OptionView>, page: usize, id: &dyn Fn(&str) -> String, words: &Words) -> Vec<Row> {
    let row = |option: OptionView| Row {
        id: id(&option.id),
        title: option.title,
        description: option.description.map(|text| cut(&text, limits::ROW_DESCRIPTION_MAX)),
    };
    if options.len() <= limits::LIST_ROWS_MAX {
        return options.into_iter().map(row).collect();
    }
    let n_pages = options.len().div_ceil(PAGE_ROWS);
    let page = page % n_pages;
    let next = (page + 1) % n_pages;
    let more = Row {
        id: id(&format!("{PAGE}{next}")),
        title: cut(&words.more, limits::ROW_TITLE_MAX),
        description: None,
    };
    options.into_iter().skip(page * PAGE_ROWS).take(PAGE_ROWS).map(row).chain([more]).collect()
}

fn numbered(options: &[OptionView]) -> String {
    let line = |(n, option): (usize, &OptionView)| match &option.description {
        Some(description) => format!("{n}. {}: {description}", option.title),
        None => format!("{n}. {}", option.title),
    };
    (1..).zip(options).map(line).collect::<Vec<_>>().join("\n")
}

fn length(body: &str, more: &str) -> usize {
    let gap = if body.is_empty() { 0 } else { PARAGRAPH.len() };
    body.chars().count() + gap + more.chars().count()
}

fn join(body: &mut String, paragraph: &str) {
    if paragraph.is_empty() {
        return;
    }
    if !body.is_empty() {
        body.push_str(PARAGRAPH);
    }
    body.push_str(paragraph);
}

/// At most `max` characters; a longer text ends in an ellipsis. The checker warns before this is needed.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Splits so that the head has at most `max` characters: at a paragraph, else a line, else a space, else anywhere.
fn split(text: &str, max: usize) -> (String, String) {
    let end = text.char_indices().nth(max).map_or(text.len(), |(at, _)| at);
    let (head, _) = text.split_at(end);
    let at =
        [PARAGRAPH, "\n", " "].iter().find_map(|gap| head.rfind(gap)).filter(|at| *at > 0).unwrap_or(end);
    let (head, tail) = text.split_at(at);
    (head.trim_end().to_owned(), tail.trim_start().to_owned())
}

/// Splits so that the tail has at most `max` characters; the tail is what stands with the buttons.
fn split_tail(text: &str, max: usize) -> (String, String) {
    let over = text.chars().count().saturating_sub(max);
    let start = text.char_indices().nth(over).map_or(0, |(at, _)| at);
    let (_, tail) = text.split_at(start);
    let gap = [PARAGRAPH, "\n", " "].iter().find_map(|gap| tail.find(gap)).map_or(start, |at| start + at);
    let (head, tail) = text.split_at(gap);
    if tail.trim().is_empty() {
        let (head, tail) = text.split_at(start);
        return (head.trim_end().to_owned(), tail.to_owned());
    }
    (head.trim_end().to_owned(), tail.trim_start().to_owned())
}
