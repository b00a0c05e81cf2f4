//! Whether a message accepts terms: a plain yes and nothing else. Everything that is not is asked again.
//!
//! An acceptance under a condition is a new proposal (Colombia: Código de Comercio, art. 855), and a contract made by
//! messages needs the will of both (Ley 527 of 1999, art. 14). So here nothing is guessed: no slip of the finger is
//! forgiven, no part of a sentence counts, no number, no likeness. A message binds only when every piece of it is a
//! whole phrase of yes, the option's own title or another name that the step gives it, or politeness, and one of them
//! is more than politeness.
//!
//! What it says yes to is told by the words ("acepto") or, for a bare "sí", by what was asked last: behind any other
//! text of ours ("si tiene una duda, le ayuda una persona") it accepts nothing, and the terms are asked again.

use super::normalise::{Normaliser, fold};
use super::options::OptionHint;
use std::collections::HashMap;

/// The option whose plain yes is any yes of the list; every other one needs its own title or name.
const YES_OPTION: &str = "si";

/// Words and emoji of a message that may be a plain yes; who writes more says more.
const PIECES_MAX: usize = 24;

/// Words that are never part of a plain yes: denials, conditions, questions, delays, doubts, corrections.
const UNPLAIN: [&str; 74] = [
    "no", "nao", "not", "dont", "cant", "wont", "never", "nunca", "jamas", "tampoco", "ni", "nem", "sin",
    "sem", "without", "nada", "nothing", "nel", "nope", "nah", "if", "unless", "pero", "mas", "but", "porem",
    "aunque", "although", "embora", "salvo", "excepto", "except", "exceto", "menos", "siempre", "sempre",
    "cuando", "quando", "when", "como", "how", "porque", "why", "cual", "qual", "which", "what", "cuanto",
    "quanto", "quien", "quem", "who", "donde", "onde", "where", "luego", "despues", "depois", "later",
    "manana", "amanha", "tomorrow", "pensar", "pienso", "think", "quiza", "quizas", "talvez", "maybe",
    "perhaps", "creo", "acho", "mentira", "aja",
];

/// The first word of a phrase that a plain yes never has; of a phrase that is a number, the number.
pub fn unplain(words: &str) -> Option<&str> {
    let number = words.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ');
    words.split_whitespace().find(|word| number || UNPLAIN.contains(word))
}

/// What a phrase adds to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adds {
    /// It says what it agrees to: "acepto", "estoy de acuerdo".
    Assent,
    /// It says yes, to whatever was asked last: "sí", "claro que sí".
    Yes,
    /// "ok", "listo", 👍: a yes right after the terms, and else only "I heard you".
    Acknowledgement,
    /// Kindness; beside an acknowledgement it makes a farewell of it ("ok, gracias").
    Thanks,
    /// Nothing but kindness.
    Politeness,
    /// It looks like a yes, and a message that holds it accepts nothing: "claro, mija".
    Nothing,
}

/// How much a message that is nothing but known phrases says; a greater one outweighs a smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consent {
    /// An acknowledgement with thanks: it accepts nothing.
    Farewell,
    /// An acknowledgement: it accepts terms that were just shown.
    Acknowledged,
    /// A yes to whatever was asked last: it accepts terms when their own question was that.
    Bare,
    /// It says what it agrees to, and accepts the open terms at any time.
    Express,
}

/// The phrases of `consent.tsv`.
#[derive(Debug, Clone, Default)]
pub struct Consents {
    phrases: HashMap<Vec<String>, Adds>,
    longest: usize,
}

impl Consents {
    /// Adds a phrase; `false` when it was there.
    pub fn add(&mut self, phrase: &str, adds: Adds, normaliser: &Normaliser) -> bool {
        let pieces = pieces(&fold(phrase), normaliser);
        self.longest = self.longest.max(pieces.len());
        self.phrases.insert(pieces, adds).is_none()
    }

    /// What a title or name says that is nothing but known phrases. Only a plain yes may bind whoever taps or writes it:
    /// an acknowledgement would do so at any time.
    pub fn said_by(&self, name: &str, normaliser: &Normaliser) -> Option<Consent> {
        let folded = fold(name);
        let plain = is_plainly_written(folded.trim());
        plain.then(|| self.weigh(&pieces(&folded, normaliser), &[], true)).flatten()
    }

    /// The id of the option that the message accepts, and how plainly.
    ///
    /// `raw` is the text as it came and `folded` the same folded. Another option that is named by the very words comes
    /// first: then nothing is accepted. Two options that fit equally well are none.
    pub fn accepted(
        &self,
        raw: &str,
        folded: &str,
        options: &[OptionHint],
        normaliser: &Normaliser,
    ) -> Option<(String, Consent)> {
        let said = unquoted(folded.trim());
        let message = pieces(said, normaliser);
        let not_ones_own = is_struck_out(raw) || is_quoted(unquoted(raw.trim())) || tells_of_another(raw);
        if message.is_empty() || message.len() > PIECES_MAX || not_ones_own {
            return None;
        }
        let names = |option: &OptionHint| -> Vec<Vec<String>> {
            let all = [&option.title].into_iter().chain(&option.synonyms);
            let cut = all.map(|name| pieces(&fold(name), normaliser));
            cut.filter(|name| !name.is_empty()).collect()
        };
        let other = options.iter().filter(|option| !option.binds);
        if other.flat_map(names).any(|name| name == message) {
            return None;
        }
        let plain = is_plainly_written(said);
        let mut accepting = options.iter().filter(|option| option.binds).filter_map(|option| {
            let weighed = || self.weigh(&message, &names(option), option.id == YES_OPTION);
            let weighed = plain.then(weighed).flatten();
            // A title may have signs of its own: "Sí (3 cuotas)".
            let titled = || (said == fold(&option.title).trim()).then_some(Consent::Express);
            Some((option, weighed.or_else(titled)?))
        });
        let (found, consent) = accepting.next()?;
        accepting.next().is_none().then(|| (found.id.clone(), consent))
    }

    fn holds_a_mock(&self, message: &[String]) -> bool {
        let mocks = |part: &[String]| self.phrases.get(part) == Some(&Adds::Nothing);
        (0..message.len()).any(|from| {
            let longest = (message.len() - from).min(self.longest);
            (1..=longest).any(|n| message.get(from..from + n).is_some_and(mocks))
        })
    }

    /// What the whole message says when it falls apart into known phrases and names, with a name, or a yes where any
    /// will do.
    fn weigh(&self, message: &[String], names: &[Vec<String>], any_yes: bool) -> Option<Consent> {
        if self.holds_a_mock(message) {
            return Some(Consent::Farewell);
        }
        let longest = names.iter().map(Vec::len).max().unwrap_or(0).max(self.longest);
        // All that the beginnings of the message may say, one bit for each set of [`Says`].
        let mut read = vec![0_u16; message.len() + 1];
        if let Some(begin) = read.first_mut() {
            *begin = 1_u16 << Says::default().bits();
        }
        for from in 0..message.len() {
            let Some(&said) = read.get(from).filter(|said| **said != 0) else { continue };
            for to in from + 1..=message.len().min(from + longest) {
                let Some(part) = message.get(from..to) else { continue };
                let named = names.iter().any(|name| name == part);
                let adds = match self.phrases.get(part) {
                    // The name of an option says which, unless it is one that any question may be answered with.
                    Some(Adds::Yes) if named => Adds::Yes,
                    _ if named => Adds::Assent,
                    Some(Adds::Assent | Adds::Yes | Adds::Acknowledgement) if !any_yes => Adds::Politeness,
                    Some(Adds::Nothing) | None => continue,
                    Some(adds) => *adds,
                };
                if let Some(end) = read.get_mut(to) {
                    *end |= Says::all()
                        .filter(|says| said & (1_u16 << says.bits()) != 0)
                        .fold(0_u16, |set, says| set | (1_u16 << says.with(adds).bits()));
                }
            }
        }
        let said = read.last().copied().unwrap_or(0);
        Says::all().filter(|says| said & (1_u16 << says.bits()) != 0).filter_map(Says::consent).max()
    }
}

/// What a part of a message says so far.
#[derive(Clone, Copy, Default)]
struct Says {
    assent: bool,
    yes: bool,
    acknowledgement: bool,
    thanks: bool,
}

impl Says {
    /// All sixteen sets, by [`Self::bits`].
    fn all() -> impl Iterator<Item = Self> {
        (0..16_u8).map(|bits| Self {
            assent: bits & 8 != 0,
            yes: bits & 1 != 0,
            acknowledgement: bits & 2 != 0,
            thanks: bits & 4 != 0,
        })
    }

    fn bits(self) -> u8 {
        u8::from(self.yes)
            | (u8::from(self.acknowledgement) << 1)
            | (u8::from(self.thanks) << 2)
            | (u8::from(self.assent) << 3)
    }

    const fn with(self, adds: Adds) -> Self {
        match adds {
            Adds::Assent => Self { assent: true, ..self },
            Adds::Yes => Self { yes: true, ..self },
            Adds::Acknowledgement => Self { acknowledgement: true, ..self },
            Adds::Thanks => Self { thanks: true, ..self },
            Adds::Politeness | Adds::Nothing => self,
        }
    }

    const fn consent(self) -> Option<Consent> {
        match self {
            Self { assent: true, .. } => Some(Consent::Express),
            Self { yes: true, .. } => Some(Consent::Bare),
            Self { acknowledgement: true, thanks: false, .. } => Some(Consent::Acknowledged),
            Self { acknowledgement: true, thanks: true, .. } => Some(Consent::Farewell),
            Self { acknowledgement: false, .. } => None,
        }
    }
}

/// Words, and whatever is neither word nor sign nor blank (emoji) on its own.
fn pieces(text: &str, normaliser: &Normaliser) -> Vec<String> {
    let text = without_smileys(text);
    let mut pieces = Vec::new();
    let mut word = String::new();
    let end = |word: &mut String, pieces: &mut Vec<String>| {
        pieces.extend(normaliser.words(&std::mem::take(word)).split_whitespace().map(str::to_owned));
    };
    for c in text.chars() {
        match c {
            '\'' => {}
            _ if c.is_alphanumeric() => word.push(c),
            _ => {
                end(&mut word, &mut pieces);
                if !c.is_whitespace() && !c.is_ascii_punctuation() && !matches!(c, '¡' | '–' | '—') {
                    pieces.push(c.to_string());
                }
            }
        }
    }
    end(&mut word, &mut pieces);
    pieces
}

/// Kind faces are politeness; every other one stays and says more.
fn without_smileys(folded: &str) -> String {
    folded.replace(":)", " ").replace(":-)", " ").replace("<3", " ")
}

/// Only signs that change nothing: a question, a hesitation (…), a quotation, a list or a bracket say more than yes.
fn is_plainly_written(folded: &str) -> bool {
    let text = without_smileys(folded);
    !text.contains("...")
        && text.chars().all(|c| {
            !c.is_ascii_punctuation() || matches!(c, '.' | ',' | ';' | ':' | '!' | '-' | '*' | '_' | '\'')
        })
}

/// The text inside quotation marks that stand around all of it: who copies «Sí, acepto» from our words means it.
fn unquoted(text: &str) -> &str {
    for (open, close) in [('«', '»'), ('"', '"'), ('“', '”'), ('\'', '\'')] {
        if let Some(inner) = text.strip_prefix(open).and_then(|text| text.strip_suffix(close)) {
            return inner.trim();
        }
    }
    text
}

/// Words in quotation marks among others are somebody's, and nobody knows whose.
fn is_quoted(raw: &str) -> bool {
    let marks =
        ['"', '«', '»', '“', '”', '„', '‟', '‹', '›', '「', '」', '『', '』', '＂', '〝', '〞', '`', '´'];
    let single = |word: &str| word.starts_with(SINGLE_QUOTES) || word.ends_with(SINGLE_QUOTES);
    raw.contains(marks) || raw.split_whitespace().any(single)
}

/// Inside a word they are apostrophes: "I'm".
const SINGLE_QUOTES: [char; 6] = ['\'', '‘', '’', '‚', '‛', '＇'];

/// "aceptó", "confirmó": somebody else did, or a finger slipped; without its accent the word is another one.
fn tells_of_another(raw: &str) -> bool {
    let mut words = raw.split(|c: char| !c.is_alphanumeric() && c != '\u{301}');
    words.any(|word| {
        let word = word.to_lowercase();
        word.chars().count() >= THIRD_PERSON_MIN && (word.ends_with('ó') || word.ends_with("o\u{301}"))
    })
}

/// Letters of the shortest such word: "firmó"; "sipó" is none.
const THIRD_PERSON_MIN: usize = 5;

/// Letters with a stroke through them, and marks that turn the order of writing: what is seen is not what is read.
fn is_struck_out(raw: &str) -> bool {
    raw.chars().any(|c| {
        matches!(c, '\u{334}'..='\u{338}' | '\u{20d2}'..='\u{20df}' | '\u{20e5}'..='\u{20ef}' | '\u{202d}' | '\u{202e}')
    })
}
