//! What an agent's words do to whoever reads them, and which of that may not leave in this chat.
//!
//! Phrases catch the words that somebody thought of, and comparing with the file catches figures and accounts. A demand, a
//! promise or a threat can be put in any words: those are heard by statistics (`understand::acts`), and what is known of
//! the chat decides whether they may leave.

use crate::rules::guard::agreed::{self, is_paid};
use crate::rules::guard::figures::{self, EXACTLY, is_figure, is_public};
use crate::rules::guard::numbers::Number;
use crate::rules::guard::offers::terms;
use crate::rules::guard::{Fact, Known, Look, Mention};

/// Words are stopped when what they may not do is at least so likely, in 1/10 000.
const SURE_BPS: u32 = 5_500;
/// The same of what a "but" begins.
const TURNED_BPS: u32 = 7_000;
/// Phrases count for nothing when what may be done is so likely.
const HARMLESS_BPS: u32 = 7_000;

/// A debt is told when that is at least so likely, whatever else is likelier.
const TELLS_BPS: u16 = 1_000;

/// What words do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Nothing that any chat forbids.
    Harmless,
    /// Tell a bad consequence of not paying.
    Threaten,
    /// Hurry, insist, or tell how to raise the money.
    Press,
    /// Insult, blame, or make light of a pain.
    Shame,
    /// Ask why somebody does not pay, or about work, health and family.
    AskWhy,
    /// Ask for a password, a code, a card or a picture of a document.
    AskSecret,
    /// Send the money somewhere.
    NamePayee,
    /// Promise a discount, a waiver, more time, a letter.
    Promise,
    /// Say that an agreement has been made.
    Agree,
    /// Tell that there is a debt.
    TellDebt,
    /// Ask for a payment, kindly.
    AskPayment,
    /// Speak of another person, or send them word.
    NameThird,
    /// Ask to lie or hide, or offer it.
    Deceive,
    /// Announce a contact at another place, hour or channel.
    AnnounceContact,
    /// Send away, put off or make light of somebody; barred where they must be spared most.
    Dismiss,
    /// Say that a payment came in.
    Receive,
    /// Say that data are erased.
    Erase,
    /// Say how a dispute was decided, or that it is closed.
    Decide,
    /// Deny a right (to complain, to be heard, to be told, to be left alone), or brush somebody off.
    Deny,
}

impl Act {
    pub const COUNT: usize = 19;

    pub const ALL: [Self; Self::COUNT] = [
        Self::Harmless,
        Self::Threaten,
        Self::Press,
        Self::Shame,
        Self::AskWhy,
        Self::AskSecret,
        Self::NamePayee,
        Self::Promise,
        Self::Agree,
        Self::TellDebt,
        Self::AskPayment,
        Self::NameThird,
        Self::Deceive,
        Self::AnnounceContact,
        Self::Dismiss,
        Self::Receive,
        Self::Erase,
        Self::Decide,
        Self::Deny,
    ];

    /// As the examples name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Harmless => "none",
            Self::Threaten => "threat",
            Self::Press => "pressure",
            Self::Shame => "shame",
            Self::AskWhy => "why",
            Self::AskSecret => "secret",
            Self::NamePayee => "payee",
            Self::Promise => "waive",
            Self::Agree => "agreed",
            Self::TellDebt => "debt",
            Self::AskPayment => "ask_payment",
            Self::NameThird => "third",
            Self::Deceive => "lie",
            Self::AnnounceContact => "contact",
            Self::Dismiss => "dismiss",
            Self::Receive => "received",
            Self::Erase => "erased",
            Self::Decide => "decided",
            Self::Deny => "deny",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name() == name)
    }

    const fn fact(self, quiet: bool) -> Option<Fact> {
        Some(match self {
            Self::Harmless => return None,
            Self::Threaten => Fact::Threat,
            Self::Press => Fact::Pressure,
            Self::Shame => Fact::Shame,
            Self::AskWhy => Fact::Why,
            Self::AskSecret => Fact::Secret,
            Self::NamePayee => Fact::Payee,
            Self::Promise => Fact::Discount,
            Self::Agree => Fact::Agreement,
            Self::TellDebt | Self::AskPayment if quiet => Fact::Quiet,
            Self::TellDebt => Fact::Debt,
            Self::AskPayment => Fact::Pressed,
            Self::NameThird => Fact::Third,
            Self::Deceive => Fact::Deceit,
            Self::AnnounceContact => Fact::Contact,
            Self::Dismiss => Fact::Alone,
            Self::Receive => Fact::Received,
            Self::Erase => Fact::Filing,
            Self::Decide => Fact::Decided,
            Self::Deny => Fact::Denied,
        })
    }
}

/// A part of a text, as a half-open range of its characters, and how likely it does each act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub start: usize,
    pub end: usize,
    /// Of so few words that it is judged only where people must be spared most: see [`Known::quiet`].
    pub short: bool,
    /// What a "but" begins, which leans on the words before it: it is stopped only when it is surer.
    pub turned: bool,
    /// In 1/10 000, in the order of [`Act::ALL`].
    pub likely: [u16; Act::COUNT],
}

/// Whether all parts of a text surely do only what may be done in this chat; `false` when nothing was heard.
pub fn is_harmless(known: &Known<'_>, heard: &[Heard]) -> bool {
    let lawful = |part: &Heard| {
        let open = known.proved() && !known.quiet;
        let allowed = Act::ALL.into_iter().zip(part.likely).filter(|(act, _)| match act {
            Act::Harmless => true,
            Act::TellDebt => open,
            Act::AskPayment => open && !known.disputed,
            Act::Dismiss => !known.quiet,
            Act::Decide => known.proved() && !known.disputed,
            Act::Receive => is_paid(known),
            Act::Threaten
            | Act::Press
            | Act::Shame
            | Act::AskWhy
            | Act::AskSecret
            | Act::NamePayee
            | Act::Promise
            | Act::Agree
            | Act::NameThird
            | Act::Deceive
            | Act::AnnounceContact
            | Act::Erase
            | Act::Deny => false,
        });
        allowed.map(|(_, likely)| u32::from(likely)).sum::<u32>() >= HARMLESS_BPS
    };
    let mut judged = heard.iter().filter(|part| known.quiet || !part.short).peekable();
    judged.peek().is_some() && judged.all(lawful)
}

/// The parts of a text that may not be said in this chat.
pub fn unfit(look: &Look<'_>, heard: &[Heard]) -> Vec<Mention> {
    let judged = heard.iter().filter(|part| look.known.quiet || !part.short);
    judged.filter_map(|part| mention(look, part)).collect()
}

fn mention(look: &Look<'_>, part: &Heard) -> Option<Mention> {
    let barred: Vec<(Act, u16)> =
        Act::ALL.into_iter().zip(part.likely).filter(|(act, _)| is_barred(look, part, *act)).collect();
    let sum: u32 = barred.iter().map(|(_, likely)| u32::from(*likely)).sum();
    let least = if part.turned { TURNED_BPS } else { SURE_BPS };
    let (act, _) = barred.into_iter().max_by_key(|(_, likely)| *likely).filter(|_| sum >= least)?;
    let mut fact = act.fact(look.known.quiet)?;
    if fact == Fact::Pressed && !look.known.proved() {
        fact = Fact::Debt;
    }
    Some(Mention { start: part.start, end: part.end, fact })
}

fn is_barred(look: &Look<'_>, part: &Heard, act: Act) -> bool {
    let known = look.known;
    match act {
        Act::Harmless => false,
        Act::Threaten
        | Act::Press
        | Act::Shame
        | Act::AskWhy
        | Act::AskSecret
        | Act::NameThird
        | Act::Deceive
        | Act::Deny => true,
        Act::Erase => !is_asked(look, part),
        Act::Dismiss => known.quiet,
        // Whoever is not proved is told nothing of a case; to others a decision is told once the case is closed.
        Act::Decide => (known.disputed || !known.proved()) && !is_asked(look, part),
        Act::Receive => !is_paid(known) && !is_asked(look, part),
        Act::NamePayee | Act::AnnounceContact => !names_the_lender(look, part),
        Act::Promise => !is_of_an_offer(look, part),
        // A question says of nothing that it was done.
        Act::Agree => !is_asked(look, part) && !agreed::holds(look, (part.start, part.end)),
        Act::TellDebt => known.quiet || !known.proved(),
        Act::AskPayment => known.quiet || known.disputed || !known.proved(),
    }
}

fn is_asked(look: &Look<'_>, part: &Heard) -> bool {
    let mut words =
        look.words().iter().filter(|word| part.start <= word.start && word.end <= part.end).peekable();
    words.peek().is_some() && words.all(|word| word.asked)
}

fn numbers<'l>(look: &'l Look<'_>, part: &'l Heard) -> impl Iterator<Item = &'l Number> {
    look.numbers.iter().filter(|number| part.start <= number.start && number.end <= part.end)
}

/// A number, an address or a name stands in it that the lender itself makes known.
fn names_the_lender(look: &Look<'_>, part: &Heard) -> bool {
    let policy = look.known.policy;
    let transfer =
        policy.payment.bank_transfer.iter().flat_map(|transfer| [&transfer.bank, &transfer.holder]);
    let points = policy.payment.cash_points.iter().map(|point| &point.network);
    let names = transfer.chain(points).chain([&policy.contact.web, &policy.contact.email]);
    let written: String = look.written.iter().take(part.end).skip(part.start).collect();
    let written = written.to_lowercase();
    let named = names.filter(|name| !name.is_empty()).any(|name| written.contains(&name.to_lowercase()));
    named || numbers(look, part).any(|number| is_public(number, look.known))
}

/// A figure or a number of payments of an offer or an agreement stands in it; or one of the file, and a debt is told.
fn is_of_an_offer(look: &Look<'_>, part: &Heard) -> bool {
    let known = look.known;
    let agreed = known.agreements.iter().map(|agreement| &agreement.offer);
    let amounts: Vec<i64> = known.offers.iter().chain(agreed).flat_map(figures::of_offer).collect();
    let counts = terms(known);
    let tells = part.likely.get(Act::TellDebt as usize).is_some_and(|likely| *likely >= TELLS_BPS);
    let file = if tells && known.proved() { figures::figures(known) } else { Vec::new() };
    numbers(look, part).any(|number| {
        is_figure(number, &amounts, (EXACTLY, false))
            || is_figure(number, &file, (EXACTLY, false))
            || (!number.money
                && number.values.iter().any(|value| value % 100 == 0 && counts.contains(&(value / 100))))
    })
}
