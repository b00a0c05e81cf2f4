//! Stored inputs as the engine sees them: shapes become meanings, texts are understood.

use crate::domain::ids::{ConversationId, OutboxId};
use crate::domain::inbound::{InboundContent, InboundMessage, MediaContent};
use crate::domain::time::Millis;
use crate::flow::engine::{expectation, open_options, typed_expectation};
use crate::flow::facts::Facts;
use crate::flow::input::{Input, Said, TimerName};
use crate::flow::model::FlowSet;
use crate::flow::state::{OptionRef, Session, Status};
use crate::ports::conversations::{InputKind, StoredInput};
use crate::ports::outbox::Fate;
use crate::rules::secrets::without_masks;
use crate::rules::service_window::{ServiceWindow, service_window};
use crate::understand::withheld::{Asked, without_shapes};
use crate::understand::{Context, Understander, Understanding};

/// Parts that a turn may send, with room to spare.
const MESSAGES_MAX: u32 = 16;

/// What the understanding stage needs besides the text.
pub struct Ear<'a> {
    pub understander: &'a Understander,
    pub flows: &'a FlowSet,
    pub session: &'a Session,
    pub facts: &'a Facts,
    pub conversation: ConversationId,
    /// What came together with it, before it: whoever wrote on had not read our answer to it.
    pub before: &'a [StoredInput],
    /// What came after it and waits already: a thought in several messages is one thought.
    pub next: &'a [StoredInput],
    /// What became of the message with the terms that this one could accept, and of the one whose button is tapped.
    pub terms: Option<Fate>,
    /// It was written before the open question had been sent: see [`Understanding::unasked`].
    pub unasked: bool,
}

/// The option that a tap chooses, where that is one of ours.
pub fn tapped(content: &InboundContent) -> Option<OptionRef> {
    match content {
        InboundContent::Option { id, .. } => OptionRef::parse(id),
        InboundContent::Text { .. }
        | InboundContent::Form { .. }
        | InboundContent::Media(_)
        | InboundContent::Location { .. }
        | InboundContent::Contacts { .. }
        | InboundContent::Reaction { .. }
        | InboundContent::Order { .. }
        | InboundContent::CallPermission { .. }
        | InboundContent::Edit { .. }
        | InboundContent::Revoke { .. }
        | InboundContent::Unsupported { .. }
        | InboundContent::Unavailable
        | InboundContent::Broken { .. }
        | InboundContent::Welcome
        | InboundContent::Unknown { .. } => None,
    }
}

impl Ear<'_> {
    /// What has the shape of a proof of identity means nothing besides: no amount, no day, no option, and it accepts
    /// nothing. Who is on file has no part in it: a right guess means what a wrong one means.
    fn understand(&self, text: &str) -> Understanding {
        let options = open_options(self.flows, self.session, self.facts);
        let context = Context {
            today: self.facts.today,
            currency: self.facts.currency,
            expects: expectation(self.flows, self.session),
            typed: typed_expectation(self.flows, self.session),
            options: &options,
        };
        let read = |text: &str| self.understander.understand(text, &context);
        let asked = Asked::by(context.expects, context.typed);
        let whole = read(text);
        let Some(bare) = without_shapes(text, &whole, asked, context.today) else { return whole };
        let meaning = Understanding { consent: None, acknowledges: false, bare: false, ..read(&bare) };
        if !asked.identity {
            return meaning;
        }
        // The answer itself, which this turn compares.
        let Understanding { normalised, digits, day_month, fragment, .. } = whole;
        Understanding { normalised, digits, day_month, fragment, ..meaning }
    }

    /// The meaning of a written message. It accepts terms only as a message of its own, written after they had been sent:
    /// not as a reply to an older message, not forwarded, and not when what follows it says more. One that was written too
    /// early, or to terms that may never have come, counts as an acknowledgement.
    fn understand_message(&self, message: &InboundMessage, body: &str) -> Understanding {
        let mut meaning = self.understand(body);
        if let Some(tapped) = tapped(&message.content) {
            meaning.unbinding = !self.tap_counts(&tapped.option, message, body);
            meaning.terms_missed = meaning.unbinding && self.terms == Some(Fate::Missed);
        } else if meaning.consent.is_some() {
            let own = message.context.is_none() && !message.forwarded;
            let whole = own.then(|| self.with_what_follows(body)).flatten();
            let whole = whole.map(|whole| self.understand(&whole)).unwrap_or_default();
            (meaning.consent, meaning.acknowledges) = (whole.consent, whole.acknowledges);
            meaning.bare = whole.bare;
            if meaning.consent.is_some() && !self.follows_nothing_else(body, meaning.consent.as_deref()) {
                (meaning.consent, meaning.acknowledges, meaning.bare) = (None, true, false);
            }
            if meaning.consent.is_some() && !self.could_know_the_terms(message) {
                (meaning.consent, meaning.acknowledges, meaning.bare) = (None, true, false);
                meaning.terms_missed = self.terms == Some(Fate::Missed);
            }
        }
        meaning.unasked = self.unasked;
        meaning
    }

    /// "quiero 3 cuotas" and "sí acepto" in one breath: the yes may be to what was wished, not to what was shown. It binds
    /// only when what came right before it, in the same burst, takes nothing from it.
    fn follows_nothing_else(&self, body: &str, consent: Option<&str>) -> bool {
        let Some(before) = words_of(self.before) else { return false };
        before.is_empty() || self.understand(&format!("{before}{body}")).consent.as_deref() == consent
    }

    /// Ids of options can be guessed, so a tap on one that accepts terms counts under the rules of a written yes. A real
    /// one names the message that it was made on.
    fn tap_counts(&self, option: &str, message: &InboundMessage, title: &str) -> bool {
        let options = open_options(self.flows, self.session, self.facts);
        if !options.iter().any(|open| open.binds && open.id == option) {
            return true;
        }
        let alone =
            |whole: String| whole == title || self.understand(&whole).consent.as_deref() == Some(option);
        !message.forwarded
            && !message.held_secret
            && self.could_know_the_terms(message)
            && self.with_what_follows(title).is_some_and(alone)
    }

    /// WhatsApp's 24 hours for an answer are over.
    fn is_late(&self, message: &InboundMessage) -> bool {
        service_window(Some(message.sent_at), self.facts.now) == ServiceWindow::Closed
    }

    /// Whether this message of ours asked what is open.
    fn asked(&self, message: OutboxId) -> bool {
        let Status::Waiting { asked_turn, .. } = self.session.status else { return false };
        (0..MESSAGES_MAX).any(|index| OutboxId::derive(self.conversation, asked_turn, index) == message)
    }

    /// "3 cuotas" and "ok" in one breath, or a yes to terms that an incident holds back: nobody accepts what they have not
    /// seen. WhatsApp tells whole seconds.
    fn could_know_the_terms(&self, message: &InboundMessage) -> bool {
        match self.terms {
            None => true,
            Some(Fate::Pending | Fate::Missed) => false,
            Some(Fate::Taken(at)) => !message.untimely && message.sent_at.since(at) > Millis::seconds(-1),
        }
    }

    /// The text with those that wait behind it; `None` when one of them cannot be read as words.
    fn with_what_follows(&self, body: &str) -> Option<String> {
        Some(format!("{body}\n{}", words_of(self.next)?).trim_end_matches('\n').to_owned())
    }
}

/// The words of these messages, a line each; `None` when one of them cannot be read as words.
fn words_of(inputs: &[StoredInput]) -> Option<String> {
    let mut whole = String::new();
    for input in inputs {
        let InputKind::Message { message } = &input.kind else { continue };
        match &message.content {
            InboundContent::Text { body } | InboundContent::Option { title: body, .. } => {
                whole.push_str(body.expose());
                whole.push('\n');
            }
            InboundContent::Reaction { .. }
            | InboundContent::CallPermission { .. }
            | InboundContent::Welcome => {}
            InboundContent::Form { .. }
            | InboundContent::Media(_)
            | InboundContent::Location { .. }
            | InboundContent::Contacts { .. }
            | InboundContent::Order { .. }
            | InboundContent::Edit { .. }
            | InboundContent::Revoke { .. }
            | InboundContent::Unsupported { .. }
            | InboundContent::Unavailable
            | InboundContent::Broken { .. }
            | InboundContent::Unknown { .. } => return None,
        }
    }
    Some(whole)
}

/// `None` for a timer of a name that this program does not know (an older or newer one set it), and for an input
/// that cannot be read, over which no turn is run.
pub fn input(kind: &InputKind, ear: &Ear<'_>) -> Option<Input> {
    let input = shape(kind, &|message, text| ear.understand_message(message, text))?;
    Some(match (kind, input) {
        (InputKind::Message { message }, Input::Message { wamid, said, .. }) if ear.is_late(message) => {
            Input::Late { wamid, said }
        }
        (InputKind::DeliveryFailed { outbox, .. }, Input::DeliveryFailed { unconfirmed, .. }) => {
            Input::DeliveryFailed { question: ear.asked(*outbox), unconfirmed }
        }
        (_, input) => input,
    })
}

/// The input as it came, for a chat in which nothing can be understood any more.
pub fn unheard(kind: &InputKind) -> Option<Input> {
    shape(kind, &|_, _| Understanding::default())
}

/// Reads the words of a message.
type Reading<'r> = dyn Fn(&InboundMessage, &str) -> Understanding + 'r;

fn shape(kind: &InputKind, understand: &Reading<'_>) -> Option<Input> {
    Some(match kind {
        InputKind::Message { message } => {
            // What only led to a secret means nothing by itself, and accepts nothing.
            let bare = |message: &InboundMessage, text: &str| Understanding {
                consent: None,
                ..understand(message, &without_masks(text))
            };
            let held_secret = message.held_secret;
            let said = if held_secret { said(message, &bare) } else { said(message, understand) };
            Input::Message { wamid: message.wamid.clone(), said, held_secret }
        }
        InputKind::System { .. } => Input::IdentityChanged,
        InputKind::Echo { .. } => Input::HumanEcho,
        InputKind::Timer { name, turn } => Input::Timer { name: TimerName::parse(name)?, turn: *turn },
        InputKind::AgentReturned { step, outcome, .. } => {
            Input::AgentReturned { step: step.clone(), outcome: outcome.clone() }
        }
        InputKind::TicketClosed { outcome, .. } => Input::TicketClosed { outcome: outcome.clone() },
        InputKind::PersonConfirmed { person, .. } => Input::PersonConfirmed { person: *person },
        InputKind::DeliveryFailed { unconfirmed, .. } => {
            Input::DeliveryFailed { question: false, unconfirmed: *unconfirmed }
        }
        InputKind::Broken { .. } => return None,
    })
}

/// What a picture or document says beside itself.
fn caption(media: &MediaContent) -> Option<&str> {
    let words = media.caption.as_ref()?.expose().trim();
    (!words.is_empty()).then_some(words)
}

fn said(message: &InboundMessage, understand: &Reading<'_>) -> Said {
    let ignored = |why: &str| Said::Ignored { why: why.to_owned() };
    match &message.content {
        InboundContent::Text { body } => {
            Said::Text { body: body.clone(), understanding: Box::new(understand(message, body.expose())) }
        }
        InboundContent::Option { id, title, .. } => Said::Option {
            id: id.clone(),
            title: title.clone(),
            understanding: Box::new(understand(message, title.expose())),
        },
        InboundContent::Form { response, .. } => Said::Form { response: response.clone() },
        InboundContent::Media(media) => Said::Media {
            kind: media.kind,
            media_id: media.media_id.clone(),
            voice: media.voice,
            caption: media.caption.clone(),
            understanding: caption(media).map(|words| Box::new(understand(message, words))),
        },
        InboundContent::Location { .. } => Said::Location,
        InboundContent::Contacts { .. } => Said::Contacts,
        InboundContent::Order { .. }
        | InboundContent::Unsupported { .. }
        | InboundContent::Unavailable
        | InboundContent::Broken { .. }
        | InboundContent::Unknown { .. } => Said::Unreadable,
        InboundContent::Reaction { .. } => ignored("reaction"),
        InboundContent::CallPermission { .. } => ignored("call_permission"),
        InboundContent::Edit { .. } => ignored("edit"),
        InboundContent::Revoke { .. } => ignored("revoke"),
        InboundContent::Welcome => ignored("welcome"),
    }
}
