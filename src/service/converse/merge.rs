//! What one turn says, in as few messages as read well: since October 2026 each message costs.
//!
//! The engine merges within one step of its own; here the texts before and after an action meet.

use crate::domain::assurance::Label;
use crate::domain::ids::PersonId;
use crate::domain::outbound::{Outbound, limits};
use crate::domain::pii::Pii;

/// One message of a turn, before it has a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Turn and index that derive the row's id; a merged message keeps those of its last part.
    pub turn: u64,
    pub index: u32,
    pub content: Outbound,
    pub label: Label,
    pub proactive: bool,
    /// Of whom it tells something.
    pub subject: Option<PersonId>,
}

/// Folds each plain text into the message after it where both fit.
pub fn merge(parts: Vec<Part>) -> Vec<Part> {
    let mut merged: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        if let Some(last) = merged.last()
            && last.proactive == part.proactive
            && (last.subject.is_none() || part.subject.is_none() || last.subject == part.subject)
            && let Outbound::Text { body } = &last.content
            && let Some(content) = with_text_before(body.expose(), &part.content)
        {
            let label = last.label.max(part.label);
            let subject = last.subject.or(part.subject);
            merged.pop();
            merged.push(Part { content, label, subject, ..part });
            continue;
        }
        merged.push(part);
    }
    merged
}

fn with_text_before(text: &str, next: &Outbound) -> Option<Outbound> {
    let join = |body: &Pii<String>, max: usize| {
        let joined = format!("{text}\n\n{}", body.expose());
        (joined.chars().count() <= max).then(|| Pii::new(joined))
    };
    match next.clone() {
        Outbound::Text { body } => join(&body, limits::TEXT_BODY_MAX).map(|body| Outbound::Text { body }),
        Outbound::Buttons { body, footer, buttons } => {
            join(&body, limits::INTERACTIVE_BODY_MAX).map(|body| Outbound::Buttons { body, footer, buttons })
        }
        Outbound::List { body, footer, button, sections } => {
            join(&body, limits::LIST_BODY_MAX).map(|body| Outbound::List { body, footer, button, sections })
        }
        Outbound::Link { body, display, url } => {
            join(&body, limits::INTERACTIVE_BODY_MAX).map(|body| Outbound::Link { body, display, url })
        }
        Outbound::Document { .. } | Outbound::Image { .. } | Outbound::Template(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, merge};
    use crate::domain::assurance::Label;
    use crate::domain::ids::PersonId;
    use crate::domain::outbound::{Choice, Outbound};
    use uuid::Uuid;

    fn part(index: u32, content: Outbound, label: Label) -> Part {
        Part { turn: 1, index, content, label, proactive: false, subject: None }
    }

    fn text(body: &str) -> Outbound {
        Outbound::Text { body: body.to_owned().into() }
    }

    fn buttons(body: &str) -> Outbound {
        let buttons = vec![Choice { id: "a".into(), title: "A".into() }];
        Outbound::Buttons { body: body.to_owned().into(), footer: None, buttons }
    }

    #[test]
    fn texts_flow_into_the_question_and_take_its_id_and_the_highest_label() {
        let merged = merge(vec![
            part(0, text("Hola."), Label::Deuda),
            part(1, text("Bien."), Label::Publico),
            part(2, buttons("¿Sí?"), Label::Publico),
        ]);
        assert_eq!(merged, [part(2, buttons("Hola.\n\nBien.\n\n¿Sí?"), Label::Deuda)]);
    }

    #[test]
    fn what_tells_of_two_persons_stays_apart() {
        let of = |n: u128, index| Part {
            subject: Some(PersonId(Uuid::from_u128(n))),
            ..part(index, text("x"), Label::Deuda)
        };
        assert_eq!(merge(vec![of(1, 0), of(2, 1)]).len(), 2);
        let merged = merge(vec![of(1, 0), part(1, buttons("¿Sí?"), Label::Publico)]);
        assert_eq!(merged.iter().map(|part| part.subject).collect::<Vec<_>>(), [of(1, 0).subject]);
    }

    #[test]
    fn what_does_not_fit_stays_apart() {
        let long = "a".repeat(1_020);
        let merged =
            merge(vec![part(0, text(&long), Label::Publico), part(1, buttons("¿Sí?"), Label::Publico)]);
        assert_eq!(merged.len(), 2);
    }
}
