//! A message, taken apart: its words, what it surely means, and what it may mean.

use crate::flow::engine::asking::Asking;
use crate::flow::engine::suspicion::says_another;
use crate::flow::input::Said;
use crate::flow::model::{Interrupt, Terms};
use crate::flow::state::OptionRef;
use crate::understand::answer::without_courtesy;
use crate::understand::intent::Intent;
use crate::understand::named::names_another;
use crate::understand::withheld::{without_answer, without_numbers};
use crate::understand::{CERTAIN_BPS, Expectation, IntentGuess, IntentSource, Understanding};

/// Characters of a message that go into a note.
const NOTED_CHARS_MAX: usize = 200;

/// What stands between the open terms and the answer to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TermsSeen {
    /// Some other text of ours: a yes may be to that.
    Before,
    /// Nothing: their own question is the last that was asked.
    AskedLast,
    /// Nor did the person write anything since they were first shown.
    JustShown,
}

/// A message, taken apart.
pub(super) struct Heard<'i> {
    pub(super) said: &'i Said,
    pub(super) body: &'i str,
    pub(super) meaning: Option<&'i Understanding>,
    pub(super) tap: Option<OptionRef>,
    /// It is the very phrase of an interrupt: then a guess at its meaning does not count.
    phrased: bool,
    /// Whoever has the chat has proved who they are.
    proved: bool,
    /// Whoever writes gives a name that is not the holder's.
    named_another: bool,
}

impl<'i> Heard<'i> {
    pub(super) fn of(said: &'i Said, interrupts: &[Interrupt], proved: bool, holder: &str) -> Self {
        let heard = Self { proved, ..Self::read(said) };
        let named_another = heard.tap.is_none() && names_another(heard.words(), heard.body, holder);
        let heard = Self { named_another, ..heard };
        let phrased = interrupts.iter().any(|it| it.terms.is_none() && heard.is_phrase_of(it));
        Self { phrased, ..heard }
    }

    fn read(said: &'i Said) -> Self {
        let nothing = Self {
            said,
            body: "",
            meaning: None,
            tap: None,
            phrased: false,
            proved: false,
            named_another: false,
        };
        match said {
            Said::Text { body, understanding } => {
                Self { body: body.expose(), meaning: Some(understanding), ..nothing }
            }
            Said::Option { id, title, understanding } => Self {
                body: title.expose(),
                meaning: Some(understanding),
                tap: OptionRef::parse(id),
                ..nothing
            },
            Said::Media { caption: Some(caption), understanding: Some(understanding), .. } => {
                Self { body: caption.expose(), meaning: Some(understanding), ..nothing }
            }
            Said::Media { .. }
            | Said::Location
            | Said::Contacts
            | Said::Form { .. }
            | Said::Unreadable
            | Said::Ignored { .. } => nothing,
        }
    }

    pub(super) fn words(&self) -> &'i str {
        self.meaning.map_or("", |meaning| meaning.normalised.as_str())
    }

    /// Its beginning, for the note to whoever reads the ticket. What proves who somebody is is kept nowhere, and no number
    /// is in it. The words as they are kept give the same note.
    pub(super) fn noted(&self, expects: Expectation) -> String {
        let asked = matches!(expects, Expectation::DocumentLast4 | Expectation::BirthDayMonth);
        let digits = self.meaning.and_then(|meaning| meaning.digits.as_ref());
        let letters =
            digits.is_some_and(|digits| digits.expose().bytes().any(|byte| byte.is_ascii_alphabetic()));
        let bare = asked.then(|| without_answer(self.body, letters)).flatten();
        let words = bare.as_deref().unwrap_or(self.body);
        let words = without_numbers(words).unwrap_or_else(|| words.to_owned());
        words.chars().take(NOTED_CHARS_MAX).collect()
    }

    /// The option that a written message plainly accepts. The title of a button that is none of the open question's, and
    /// words below a picture, are not written as an answer to it. An acknowledgement accepts only what was just shown,
    /// and a bare yes only what was asked last.
    pub(super) fn consent(&self, terms: TermsSeen) -> Option<&'i str> {
        let Said::Text { understanding, .. } = self.said else { return None };
        let wants = if understanding.acknowledges {
            TermsSeen::JustShown
        } else if understanding.bare {
            TermsSeen::AskedLast
        } else {
            TermsSeen::Before
        };
        understanding.consent.as_deref().filter(|_| terms >= wants)
    }

    /// "Sí", and not to what.
    pub(super) fn only_agrees(&self) -> bool {
        matches!(self.said, Said::Text { .. }) && self.meaning.is_some_and(|meaning| meaning.bare)
    }

    /// Nothing but "ok", "listo", "👍", with or without thanks.
    pub(super) fn only_acknowledges(&self) -> bool {
        matches!(self.said, Said::Text { .. }) && self.meaning.is_some_and(|meaning| meaning.acknowledges)
    }

    /// A tap that accepts no terms, whatever it says.
    pub(super) fn accepts_nothing(&self) -> bool {
        self.meaning.is_some_and(|meaning| meaning.unbinding)
    }

    /// Nobody had been asked when it was written.
    pub(super) fn is_unasked(&self) -> bool {
        self.meaning.is_some_and(|meaning| meaning.unasked)
    }

    /// A yes to terms that may never have come.
    pub(super) fn missed_the_terms(&self) -> bool {
        self.meaning.is_some_and(|meaning| meaning.terms_missed)
    }

    pub(super) fn certain_intent(&self) -> Option<Intent> {
        let meaning = self.meaning?;
        let guess = meaning.intent.as_ref().filter(|guess| guess.confidence_bps >= CERTAIN_BPS)?;
        let guessed = guess.how == IntentSource::Classifier;
        if (guessed && self.phrased) || self.is_asked_back(guess) {
            return None;
        }
        (meaning.doubt != Some(guess.intent)).then_some(guess.intent)
    }

    /// Whether the words themselves, no guess at them, say that their writer is not the holder: a name, a relation, an age,
    /// a number that is another's.
    pub(super) fn says_another(&self) -> bool {
        let Some(meaning) = self.meaning.filter(|_| self.tap.is_none()) else { return false };
        let worded = meaning.intent.filter(|guess| guess.how == IntentSource::Phrase);
        meaning.other_writes || self.named_another || worded.is_some_and(|guess| says_another(guess.intent))
    }

    /// Whether a curated phrase says what it means.
    pub(super) fn is_worded(&self) -> bool {
        let guess = self.meaning.and_then(|meaning| meaning.intent);
        guess.is_some_and(|guess| guess.how == IntentSource::Phrase)
    }

    /// The likeliest meaning when it is sure enough to act on, also where the words are the phrase of an interrupt.
    pub(super) fn wish(&self) -> Option<Intent> {
        self.meaning?.intent.filter(|_| self.is_sure()).map(|guess| guess.intent)
    }

    /// A safety intent that is possible but not certain.
    pub(super) fn doubted_intent(&self) -> Option<Intent> {
        // The very words of an interrupt mean that interrupt.
        let meaning = self.meaning.filter(|_| !self.phrased)?;
        let report = || meaning.intent.filter(|guess| self.is_asked_back(guess)).map(|guess| guess.intent);
        let another = || self.named_another.then_some(Intent::ThirdParty);
        let reported = || report().filter(|_| self.certain_intent().is_none() && self.is_sure());
        // Another name is no sign of a child, whatever it sounds like ("soy Iván", "soy ian"); the rest is asked first.
        let doubt = meaning.doubt.filter(|doubt| !self.named_another || *doubt != Intent::Minor);
        doubt.or_else(reported).or_else(another)
    }

    /// Whether the guess at its meaning is as sure as one that is acted on.
    fn is_sure(&self) -> bool {
        let guess = self.meaning.and_then(|meaning| meaning.intent);
        guess.is_some_and(|guess| guess.confidence_bps >= CERTAIN_BPS)
    }

    /// Reports that would open a case, keep the chat with people or cut a number off: what is only likely is asked back
    /// first; and so are words of another person after the holder has proved to be there.
    fn is_asked_back(&self, guess: &IntentGuess) -> bool {
        let guessed = guess.how == IntentSource::Classifier;
        let intent = guess.intent;
        if intent == Intent::ThirdParty {
            return guessed || self.proved;
        }
        guessed
            && (matches!(intent, Intent::Deceased | Intent::WrongNumber | Intent::Minor | Intent::Insolvency)
                || intent.is_danger())
    }

    /// A safety intent, certain or not, about which the open question asks: who says it a second time says yes.
    pub(super) fn said_again(&self, asking: Asking<'_>) -> Option<Intent> {
        let either = [self.certain_intent(), self.doubted_intent()];
        // "¿A quién busca?" asks, and says nothing a second time that is only guessed from it.
        let asks = |intent: Intent| !intent.is_danger() && !self.is_worded() && self.is_question();
        let mut meant = either.into_iter().flatten().filter(|intent| intent.is_peril() && !asks(*intent));
        meant.find(|intent| asking.lists(*intent))
    }

    /// Whether it asks something, by its sign or by how it begins.
    fn is_question(&self) -> bool {
        let mut words = self.words().split(' ').skip_while(|word| OPENINGS.contains(word));
        self.body.contains('?') || words.next().is_some_and(|word| ASKS.contains(&word))
    }

    /// A danger beside a death that it tells, or a death beside a danger.
    pub(super) fn besides(&self) -> Option<Intent> {
        self.meaning?.besides
    }

    /// A safety intent that must not be passed over, certain or not, when nothing else took it.
    pub(super) fn untaken_intent(&self) -> Option<Intent> {
        self.doubted_intent().or_else(|| self.certain_intent().filter(|intent| intent.is_safety()))
    }

    /// Its very words, with or without a greeting around them. About terms people say more: there, and where the
    /// interrupt says so, a longer phrase counts wherever it stands.
    pub(super) fn phrases(&self, interrupt: &Interrupt) -> bool {
        let within = interrupt.within || interrupt.terms.is_some();
        self.is_phrase_of(interrupt) || within && self.holds_phrase_of(interrupt)
    }

    fn is_phrase_of(&self, interrupt: &Interrupt) -> bool {
        let words = self.words();
        let bare = without_courtesy(words);
        !words.is_empty() && interrupt.phrases.iter().any(|phrase| phrase == words || phrase == bare)
    }

    /// A phrase of the interrupt that says by itself what it means stands somewhere in the words.
    pub(super) fn holds_phrase_of(&self, interrupt: &Interrupt) -> bool {
        interrupt.phrases.iter().any(|phrase| stands_within(self.words(), phrase))
    }

    /// Terms that were accepted are taken back, before any answer. Where the words may also tell of danger, hardly
    /// another one stands beside the phrase.
    pub(super) fn takes_back(&self, interrupt: &Interrupt) -> bool {
        interrupt.terms == Some(Terms::Accepted) && self.says_it_alone(interrupt)
    }

    /// The words may tell of no danger, or hardly another one stands beside the phrase.
    pub(super) fn says_it_alone(&self, interrupt: &Interrupt) -> bool {
        self.says_little_more(interrupt) || !self.doubted_intent().is_some_and(Intent::is_peril)
    }

    /// Words against a yes that was given this moment: a denial, a correction, a condition, other terms, too little money.
    /// Whoever thanks answers what was asked since.
    pub(super) fn goes_against(&self) -> bool {
        use Intent::{AskDiscount, AskRefinance, CantPay, Deny, TooExpensive, Withdraw};
        let (Said::Text { .. }, Some(meaning)) = (self.said, self.meaning) else { return false };
        let words: Vec<&str> = self.words().split(' ').collect();
        // "más tarde", "luego le digo" and a question are about what was asked since; so is the name of the menu.
        if words.len() == 1 && self.certain_intent() == Some(AskDiscount)
            || puts_off(&words)
            || asks_something(&words)
        {
            return false;
        }
        let turns = words.first().is_some_and(|first| TURNS_FIRST.contains(first))
            || words.last().is_some_and(|last| DENIALS.contains(last))
            || words.iter().any(|word| TURNS.contains(word))
            || words.windows(2).any(|pair| matches!(pair, ["no", cannot] if CANNOT.contains(cannot)));
        let against =
            |intent| matches!(intent, AskDiscount | AskRefinance | CantPay | Deny | TooExpensive | Withdraw);
        let says = meaning.yes_no == Some(false)
            || meaning.instalments.is_some()
            || self.certain_intent().is_some_and(against);
        (turns || says) && !words.iter().any(|word| THANKS.contains(word))
    }

    /// It says that an agreement is to stand: "yo sí quiero el acuerdo", "no quiero retirarlo".
    pub(super) fn keeps_agreement(&self) -> bool {
        let words: Vec<&str> = self.words().split(' ').collect();
        let undoes = |word: &&str| UNDOING.iter().any(|begin| word.starts_with(begin));
        let denied = |pair: &[&str]| matches!(pair, ["no", "quiero" | "quise" | "queria" | "deseo" | "voy"]);
        let not_undone = words
            .windows(2)
            .enumerate()
            .any(|(at, pair)| denied(pair) && words.iter().skip(at + 2).take(2).any(undoes));
        let wants =
            words.windows(2).any(|pair| matches!(pair, ["si", "quiero" | "lo" | "acepto" | "acepte"]));
        let plain = wants && !words.iter().any(|word| undoes(word) || *word == "no" || TURNS.contains(word));
        not_undone || plain
    }

    fn says_little_more(&self, interrupt: &Interrupt) -> bool {
        let n_words = |text: &str| text.split(' ').count();
        let found = interrupt.phrases.iter().filter(|phrase| stands_within(self.words(), phrase));
        let longest = found.map(|phrase| n_words(phrase)).max();
        longest.is_some_and(|longest| n_words(self.words()) <= longest + WORDS_BESIDE_MAX)
    }

    /// It surely means nothing besides a payment to come.
    pub(super) fn only_proposes(&self) -> bool {
        let pays = |intent| matches!(intent, Intent::WillPay | Intent::PartialOffer | Intent::PaymentMethods);
        self.untaken_intent().is_none() && self.certain_intent().is_none_or(pays)
    }

    /// "el 32 de diciembre".
    pub(super) fn names_no_day(&self) -> bool {
        self.meaning.is_some_and(|meaning| meaning.no_such_day)
    }

    /// "el 5 o el 6".
    pub(super) fn names_unclear_day(&self) -> bool {
        self.meaning.is_some_and(|meaning| meaning.unclear_day)
    }

    /// It is about the day that is asked for, although it names none that can be taken: to be asked again, and no new matter.
    pub(super) fn is_about_the_day(&self) -> bool {
        let pays = matches!(self.certain_intent(), Some(Intent::WillPay));
        self.names_no_day() || self.names_unclear_day() || (pays && self.untaken_intent().is_none())
    }

    /// A greeting and nothing else.
    pub(super) fn is_greeting(&self) -> bool {
        self.certain_intent() == Some(Intent::Greeting)
    }

    pub(super) fn names(&self, interrupt: &Interrupt) -> bool {
        self.phrases(interrupt)
            || self.certain_intent().is_some_and(|intent| lists(&interrupt.intents, intent))
    }
}

pub(super) fn lists(names: &[String], intent: Intent) -> bool {
    names.iter().any(|name| name == intent.name())
}

/// Words before a question, and those that begin one.
const OPENINGS: [&str; 12] =
    ["y", "pero", "hola", "buenas", "oiga", "disculpe", "perdon", "a", "con", "de", "por", "para"];
const ASKS: [&str; 20] = [
    "quien", "quienes", "que", "cual", "como", "cuando", "donde", "porque", "cuanto", "cuanta", "quem",
    "qual", "quando", "onde", "quanto", "who", "whom", "what", "why", "how",
];

/// Words around a phrase that tell nothing of their own: "perdón", "por favor".
const WORDS_BESIDE_MAX: usize = 3;
/// Words of a phrase that says by itself what it means, whatever stands around it.
const TELLING_WORDS: usize = 3;

/// What takes back or turns what was just said, wherever it stands, at the beginning, and at the end.
const TURNS: [&str; 19] = [
    "pero",
    "aunque",
    "tuviera",
    "pudiera",
    "tuviese",
    "pudiese",
    "alcanzara",
    "mejor",
    "mentira",
    "mentiras",
    "perdon",
    "digo",
    "equivoque",
    "melhor",
    "enganei",
    "errei",
    "mistake",
    "instead",
    "rather",
];
const TURNS_FIRST: [&str; 9] = ["pero", "aunque", "espere", "espera", "porem", "mas", "but", "wait", "sino"];
const DENIALS: [&str; 6] = ["no", "nop", "nope", "nao", "not", "nel"];
const THANKS: [&str; 6] = ["gracias", "obrigado", "obrigada", "valeu", "thanks", "thank"];

/// What somebody cannot, behind "no".
const CANNOT: [&str; 7] = ["puedo", "tengo", "alcanzo", "podria", "podre", "quiero", "acepto"];
/// Beginnings of the verbs that take an agreement back.
const UNDOING: [&str; 8] = ["retir", "anul", "cancel", "quit", "borr", "elimin", "deshac", "echar"];
/// Words that put an answer off.
const LATER: [&str; 11] =
    ["tarde", "luego", "despues", "ahorita", "ahora", "todavia", "aun", "rato", "ratico", "depois", "later"];
/// Words of a message that puts something off at most; who writes more says more.
const LATER_WORDS_MAX: usize = 5;

/// "más tarde", "ahorita no", "luego te digo": nothing of it takes anything back.
fn puts_off(words: &[&str]) -> bool {
    let later = words.iter().any(|word| LATER.contains(word));
    let other = words.iter().any(|word| matches!(*word, "quiero" | "puedo" | "pero" | "aunque" | "mejor"));
    later && !other && words.len() <= LATER_WORDS_MAX
}

/// It begins as a question does: "qué pasa si no pago", "cuántas cuotas son"; "qué pena, no puedo" does not.
fn asks_something(words: &[&str]) -> bool {
    const HOW_MANY: [&str; 14] = [
        "cuantas", "cuantos", "cuanto", "cuanta", "cuales", "cual", "cuando", "donde", "quantas", "quanto",
        "quando", "when", "which", "how",
    ];
    const WHAT: [&str; 9] =
        ["pasa", "fechas", "fecha", "dia", "dias", "sigue", "valor", "acontece", "happens"];
    let mut words = words.iter().skip_while(|word| matches!(**word, "y" | "e" | "and"));
    match (words.next(), words.next()) {
        (Some(first), _) if HOW_MANY.contains(first) => true,
        (Some(first), Some(second)) => matches!(*first, "que" | "o" | "what") && WHAT.contains(second),
        (Some(_) | None, _) => false,
    }
}

fn stands_within(words: &str, phrase: &str) -> bool {
    let telling = phrase.split(' ').count() >= TELLING_WORDS;
    telling && format!(" {words} ").contains(&format!(" {phrase} "))
}
