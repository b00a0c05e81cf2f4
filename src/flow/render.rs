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

#[cfg(test)]
mod tests {
    use super::{ChoiceKind, Message, OptionView, Question, Speech, Words, choice_kind, messages};
    use crate::domain::assurance::Label;
    use crate::domain::outbound::{Outbound, limits};
    use proptest::prelude::*;

    fn words() -> Words {
        Words { list_button: "Ver opciones".to_owned(), more: "Ver más".to_owned() }
    }

    fn options(titles: &[&str]) -> Vec<OptionView> {
        let view = |(n, title): (usize, &&str)| OptionView {
            id: format!("o{n}"),
            title: (*title).to_owned(),
            description: None,
        };
        titles.iter().enumerate().map(view).collect()
    }

    fn say(text: &str) -> Speech {
        Speech::Say { text: text.to_owned(), label: Label::Publico }
    }

    fn choose(body: &str, options: Vec<OptionView>) -> Speech {
        Speech::Choose(Question {
            body: body.to_owned(),
            footer: None,
            options,
            id_prefix: "abcdef12:flow.step:1:".to_owned(),
            page: 0,
            label: Label::Deuda,
            evidence: Some("terminos".to_owned()),
        })
    }

    fn kinds(messages: &[Message]) -> Vec<&'static str> {
        messages.iter().map(|message| message.content.kind()).collect()
    }

    #[test]
    fn the_options_decide_the_kind() {
        let kind = |titles: &[&str]| choice_kind(&options(titles), "p:");
        assert_eq!(kind(&["Sí", "No", "Hablar con alguien"]), ChoiceKind::Buttons);
        assert_eq!(kind(&["Sí", "No", "Hablar con una asesora"]), ChoiceKind::List);
        assert_eq!(kind(&["a", "b", "c", "d"]), ChoiceKind::List);
        assert_eq!(kind(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]), ChoiceKind::Pages);
        assert_eq!(kind(&["Un título de más de veinticuatro"]), ChoiceKind::Numbered);
        assert_eq!(kind(&["Crédito", "Crédito"]), ChoiceKind::Numbered);
        let mut described = options(&["Sí"]);
        described[0].description = Some("de una vez".to_owned());
        assert_eq!(choice_kind(&described, "p:"), ChoiceKind::List);
        assert_eq!(choice_kind(&options(&["Sí"]), &"p".repeat(limits::ROW_ID_MAX)), ChoiceKind::Numbered);
    }

    #[test]
    fn texts_and_the_question_after_them_are_one_message_with_the_highest_label() {
        let said = messages(
            vec![say("Hola."), say("Listo."), choose("¿Seguimos?", options(&["Sí", "No"]))],
            &words(),
        );
        let [Message { content: Outbound::Buttons { body, .. }, label, evidence }] = said.as_slice() else {
            panic!("{said:?}")
        };
        assert_eq!(body.expose(), "Hola.\n\nListo.\n\n¿Seguimos?");
        assert_eq!((*label, evidence.as_deref()), (Label::Deuda, Some("terminos")));
    }

    #[test]
    fn what_does_not_fit_with_the_question_goes_before_it() {
        let long = "x".repeat(limits::INTERACTIVE_BODY_MAX);
        let said = messages(vec![say(&long), choose("¿Seguimos?", options(&["Sí"]))], &words());
        assert_eq!(kinds(&said), ["text", "buttons"]);
        assert_eq!((said[0].label, said[1].label), (Label::Publico, Label::Deuda));
    }

    #[test]
    fn a_body_that_is_too_long_is_split_where_it_reads_well() {
        let body = format!("{}\n\n{}", "a".repeat(900), "b".repeat(900));
        let said = messages(vec![choose(&body, options(&["Sí"]))], &words());
        let bodies: Vec<String> = said.iter().map(|message| message.content.readable()).collect();
        assert_eq!(bodies, ["a".repeat(900), format!("{}\n[Sí]", "b".repeat(900))]);
    }

    #[test]
    fn a_link_takes_the_texts_before_it_and_leaves_those_after() {
        let link = Speech::Link {
            text: "Pague aquí.".to_owned(),
            title: "Pagar ahora mismo sin esperar".to_owned(),
            url: "https://pagos.example/x".to_owned(),
            label: Label::Pago,
        };
        let said = messages(vec![say("Listo."), link, say("Gracias.")], &words());
        assert_eq!(kinds(&said), ["link", "text"]);
        assert_eq!(said[0].content.readable(), "Listo.\n\nPague aquí.\n[Pagar ahora mismo s… ↗]");
        assert_eq!((said[0].label, said[1].label), (Label::Pago, Label::Publico));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_is_lost_and_none_is_too_long(
            texts in prop::collection::vec("[a-z \n]{0,3000}", 0..5),
            body in "[a-z \n]{1,3000}",
            n_options in 1..25_usize,
        ) {
            let titles: Vec<String> = (0..n_options).map(|n| format!("opción {n}")).collect();
            let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
            let mut speeches: Vec<Speech> = texts.iter().map(|text| say(text)).collect();
            speeches.push(choose(&format!("¿{body}?"), options(&titles)));
            let said = messages(speeches, &words());
            let mut read = String::new();
            for message in &said {
                let (text, max) = match &message.content {
                    Outbound::Text { body } => (body, limits::TEXT_BODY_MAX),
                    Outbound::Buttons { body, .. } => (body, limits::INTERACTIVE_BODY_MAX),
                    Outbound::List { body, .. } => (body, limits::LIST_BODY_MAX),
                    Outbound::Link { .. }
                    | Outbound::Document { .. }
                    | Outbound::Image { .. }
                    | Outbound::Template(_) => return Err(TestCaseError::fail("unexpected kind")),
                };
                prop_assert!((1..=max).contains(&text.expose().chars().count()));
                read.push_str(text.expose());
            }
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let wanted = texts.iter().filter(|text| !text.trim().is_empty()).map(|text| letters(text)).collect::<String>();
            prop_assert_eq!(letters(&read), format!("{wanted}{}", letters(&format!("¿{body}?"))));
        }
    }
}
