//! Free text to meaning, before the engine: normalisation, options, amounts, dates, phrases, intents. Pure.
//!
//! The result is recorded as part of the conversation's input, so a replay never understands anew.

mod acts;
pub mod age;
pub mod amount;
pub mod answer;
mod birthday;
pub mod classifier;
pub mod consent;
pub mod date;
pub mod evaluate;
pub mod identity;
pub mod intent;
pub mod language;
pub mod lexicon;
mod linear;
mod mistakes;
pub mod named;
pub mod normalise;
pub mod number;
pub mod offer;
pub mod options;
pub mod part;
pub mod phrases;
pub mod rights;
pub mod safety;
mod shape;
pub mod slip;
pub mod tokens;
pub mod withheld;

#[cfg(test)]
mod laws;
#[cfg(test)]
pub mod spelled;
#[cfg(test)]
mod tests;

use crate::domain::money::{Currency, Money};
use crate::domain::pii::Pii;
use crate::domain::time::Day;
pub use crate::understand::acts::Acts;
use crate::understand::classifier::Classifier;
use crate::understand::consent::Consent;
use crate::understand::identity::{Factor, Fragment};
use crate::understand::intent::Intent;
use crate::understand::language::LanguageFound;
use crate::understand::lexicon::{Example, Lexicon, UnderstandError, YesNo};
use crate::understand::normalise::fold;
use crate::understand::options::{OptionHint, OptionMatch};
use crate::understand::phrases::{Certainty, Found, Phrase};
use crate::understand::tokens::{Token, tokens};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Signs of danger from which on a guess counts although the message also answers the open question.
const SIGNS_IN_ANSWER: usize = 2;

/// What the open step waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    #[default]
    Nothing,
    Option,
    Amount,
    Date,
    /// A day that has been, such as that of a payment.
    PastDate,
    DocumentLast4,
    BirthDayMonth,
    YesNo,
    Text,
    Integer,
}

/// What a text is read against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// In the person's time zone.
    pub today: Day,
    pub currency: Currency,
    pub expects: Expectation,
    /// What may be typed instead of one of the options; `Nothing` when only they are offered.
    pub typed: Expectation,
    pub options: &'a [OptionHint],
}

/// What a text means; recorded with the input so that a replay does not depend on this stage.
///
/// `Debug` masks what the person wrote.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Understanding {
    /// Words only: lower case, no accents, chat spellings written out.
    pub normalised: String,
    /// The open step's option that the text names; never one that binds.
    pub option: Option<OptionMatch>,
    /// The option that the message plainly accepts, where terms are accepted: see [`consent`].
    pub consent: Option<String>,
    /// It is nothing but an acknowledgement ("ok", "listo, gracias"): the consent, if any, counts only right after the terms.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub acknowledges: bool,
    /// It says yes, and not to what: the consent counts only when the terms are what was asked last.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
    /// It accepts terms of which nobody knows that they came: they are shown again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub terms_missed: bool,
    /// It is a tap that accepts no terms: it was made too early, on another message, or what came behind it says more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unbinding: bool,
    /// It was written before the open question had been sent, and answers nothing that its writer has seen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unasked: bool,
    pub intent: Option<IntentGuess>,
    /// A safety intent that is possible but not certain: ask about it or hand over, never ignore it.
    pub doubt: Option<Intent>,
    /// The words also say that somebody else than the holder writes ("soy la hija").
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub other_writes: bool,
    pub amount: Option<Money>,
    /// The amount was scaled ("80" → 80 000), is very small, or is one of several: the person chooses before it counts.
    pub amount_ambiguous: bool,
    /// What an ambiguous amount may mean instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_other: Option<Money>,
    /// A part of what is spoken of, as numerator and denominator: "la mitad", "el 50%"; only where an amount is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<(i64, i64)>,
    /// The next day that fits, never a past one.
    pub date: Option<Day>,
    /// The words cover several days ("la otra semana"): read the date back before it counts.
    pub date_ambiguous: bool,
    /// A day is named that no month has: "el 32 de diciembre".
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_such_day: bool,
    /// Several days are named, or one in two ways that do not fit: "el 5 o el 6", "el jueves 4" when that is a Friday.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unclear_day: bool,
    /// The last day that fits and has been, for what was paid already: "ayer", "el viernes".
    pub past_date: Option<Day>,
    /// The language that it is surely written in, or asks for.
    pub language: Option<LanguageFound>,
    /// A number of instalments: "dos cuotas".
    pub instalments: Option<u16>,
    /// Day and month of a birthday; only when the step asks for one.
    pub day_month: Option<(u8, u8)>,
    /// The last four characters of a document, upper case; only when the step asks for them.
    pub digits: Option<Pii<String>>,
    /// What it gives of a document or birthday that it does not give whole; only when the step asks for one.
    pub fragment: Option<Fragment>,
    pub yes_no: Option<bool>,
    /// A count; only when the step asks for one.
    pub integer: Option<i64>,
    /// How old whoever writes says they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<u16>,
    /// A danger or a death that its words name beside its meaning, and that must not be lost with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub besides: Option<Intent>,
    /// It answered this identity question, and its values are not kept: see [`withheld`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Factor>,
}

impl fmt::Debug for Understanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Understanding")
            .field("option", &self.option)
            .field("consent", &self.consent)
            .field("intent", &self.intent)
            .field("doubt", &self.doubt)
            .field("yes_no", &self.yes_no)
            .finish_non_exhaustive()
    }
}

/// A meaning and how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentGuess {
    pub intent: Intent,
    /// Estimated probability, in 1/10 000.
    pub confidence_bps: u16,
    pub how: IntentSource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentSource {
    /// A curated phrase matched.
    Phrase,
    /// The classifier finds it the likeliest.
    Classifier,
}

/// Confidence of a phrase that matched.
const PHRASE_BPS: u16 = 9_900;
/// A guess below this is no guess.
const GUESS_BPS: u16 = 500;
/// An intent below this is not acted on.
pub const CERTAIN_BPS: u16 = 6_000;
/// A grave intent that no phrase names is not acted on below this, nor with fewer signs of danger.
const GRAVE_BPS: u16 = 8_500;
const GRAVE_SIGNS: usize = 2;
/// It is asked about when some danger is at least so likely, with so many signs of it.
const DOUBT_BPS: u16 = 3_000;
const DOUBT_SIGNS: usize = 1;

/// Words of a message that begins with a yes to terms and says more about them; a longer one may say anything.
const ABOUT_TERMS_WORDS_MAX: usize = 6;

/// Words after which a person says it anew.
const CORRECTIONS: [&str; 7] = ["mejor", "sino", "melhor", "digo", "perdon", "instead", "rather"];

/// Which days are holidays where a currency is used.
pub type Holidays = Arc<dyn Fn(Currency, Day) -> bool + Send + Sync>;

/// Understands messages; built once at start, shared by all.
#[derive(Clone)]
pub struct Understander {
    lexicon: Lexicon,
    classifier: Classifier,
    holidays: Holidays,
    acts: Arc<Acts>,
}

impl Understander {
    /// Reads the analyst's files in `dir` (`flows/understanding`) and trains.
    pub fn load(dir: &Path) -> Result<Self, UnderstandError> {
        let lexicon = Lexicon::read(dir)?;
        let mut examples = lexicon::read_examples(&dir.join(lexicon::SHARED))?;
        examples.extend(lexicon::read_examples(&dir.join(lexicon::EXTRA))?);
        let acts = Arc::new(Acts::read(dir, lexicon.normaliser.clone())?);
        Ok(Self { acts, ..Self::from_rows(&examples, lexicon) })
    }

    pub fn from_rows(rows: &[Example], lexicon: Lexicon) -> Self {
        let rows: Vec<(Intent, String)> =
            rows.iter().map(|row| (row.intent, lexicon.normaliser.words(&fold(&row.text)))).collect();
        Self {
            classifier: Classifier::train(&rows),
            lexicon,
            holidays: Arc::new(|_, _| false),
            acts: Arc::default(),
        }
    }

    /// What agents' words do.
    pub fn acts(&self) -> &Acts {
        &self.acts
    }

    /// With a calendar, "el lunes festivo" is the next Monday that is a holiday; without one, the next Monday.
    #[must_use]
    pub fn with_holidays(self, holidays: Holidays) -> Self {
        Self { holidays, ..self }
    }

    /// Reads a text: the open step's options first, then values, then safety phrases and the likeliest intent.
    pub fn understand(&self, text: &str, context: &Context<'_>) -> Understanding {
        let folded = fold(text);
        let words = self.lexicon.normaliser.words(&folded);
        let pieces = tokens(&folded);
        let mut meaning = self.values(&folded, &words, &pieces, context);
        let mut about_terms = false;
        if context.options.iter().any(|option| option.binds) {
            let accepted =
                self.lexicon.consents.accepted(text, &folded, context.options, &self.lexicon.normaliser);
            let how = accepted.as_ref().map(|(_, how)| *how);
            meaning.acknowledges = matches!(how, Some(Consent::Acknowledged | Consent::Farewell));
            meaning.bare = how == Some(Consent::Bare);
            meaning.consent = accepted.filter(|(_, how)| *how != Consent::Farewell).map(|(option, _)| option);
            // Where terms are accepted, half a yes is none; still it is about them, when it is short.
            about_terms = words.split(' ').count() <= ABOUT_TERMS_WORDS_MAX && self.begins_with_yes(&words);
            meaning.yes_no = meaning.yes_no.filter(|yes| !yes || meaning.consent.is_some());
        }
        let (literal, phrases) = self.lexicon.phrases.read(&words);
        meaning.age = age::read(&words);
        let (intent, doubt) = self.weigh(&literal, &phrases);
        let phrased = intent.is_some_and(|guess| guess.how == IntentSource::Phrase);
        // A plain answer to the open question ("80 lucas") is not asked about on a hunch of the classifier.
        let sure = phrased || intent.is_some_and(|guess| guess.confidence_bps >= CERTAIN_BPS);
        let answered = about_terms || meaning.answers(context.expects) || meaning.answers(context.typed);
        let hunch = answered && !sure && self.classifier.signs_of_danger(&literal) < SIGNS_IN_ANSWER;
        meaning.doubt = if hunch { suspected(&phrases) } else { doubt };
        meaning.intent = intent;
        meaning.besides = besides(meaning.doubt.or(intent.map(|guess| guess.intent)), &phrases);
        meaning.other_writes = phrases.iter().any(|(phrase, found)| {
            phrase.intent == Intent::ThirdParty
                && phrase.certainty == Certainty::Certain
                && *found == Found::Yes
        });
        meaning.language = self.lexicon.languages.detect(&words);
        if meaning.language.is_some_and(|found| found.wished) {
            // "Speak english" wants a language, and nobody to talk to.
            (meaning.intent, meaning.doubt, meaning.besides) = (None, None, None);
        }
        meaning.normalised = words;
        meaning
    }

    fn begins_with_yes(&self, words: &str) -> bool {
        let begins = |phrase: &str| {
            words.strip_prefix(phrase).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        self.lexicon.yes_no.iter().any(|(phrase, answer)| *answer == YesNo::Yes && begins(phrase))
    }

    fn values(
        &self,
        folded: &str,
        words: &str,
        pieces: &[Token<'_>],
        context: &Context<'_>,
    ) -> Understanding {
        let Context { today, currency, expects, typed, options } = *context;
        // Where a number is the answer, "2" is not the second option.
        let ordinals = match expects {
            Expectation::Nothing | Expectation::Option | Expectation::YesNo | Expectation::Text => true,
            Expectation::Amount
            | Expectation::Date
            | Expectation::PastDate
            | Expectation::DocumentLast4
            | Expectation::BirthDayMonth
            | Expectation::Integer => false,
        };
        // "el 30 no, mejor el 5": what follows the correction counts, if it holds a value.
        let corrected =
            pieces.iter().rposition(|piece| piece.is(&CORRECTIONS)).and_then(|at| pieces.get(at + 1..));
        // "hoy no, mañana": so does what stands in place of a value that is denied.
        let corrected = corrected.or_else(|| {
            let shown = typed != Expectation::Nothing;
            let waits = shown || matches!(expects, Expectation::Amount | Expectation::Date);
            let instead = shown.then(|| offer::instead(pieces)).flatten();
            instead.or_else(|| waits.then(|| offer::taken_back(pieces)).flatten())
        });
        let asked = |wanted: Expectation| expects == wanted || typed == wanted;
        let amount_in = |pieces: &[Token<'_>]| amount::read(pieces, currency, asked(Expectation::Amount));
        let amount = corrected.and_then(amount_in).or_else(|| amount_in(pieces));
        let calendar = date::Calendar { today, currency, is_holiday: self.holidays.as_ref() };
        let date_in = |pieces: &[Token<'_>]| date::read(pieces, calendar, asked(Expectation::Date));
        let date = corrected.and_then(date_in).or_else(|| date_in(pieces));
        let when = |wanted: Expectation| asked(wanted).then_some(());
        Understanding {
            option: options::choose(words, options, &self.lexicon.normaliser, ordinals),
            amount: amount.map(|read| read.money),
            amount_ambiguous: amount.is_some_and(|read| read.ambiguous),
            amount_other: amount.and_then(|read| read.other),
            part: when(Expectation::Amount).and_then(|()| part::read(pieces)),
            date: date.map(|read| read.day),
            date_ambiguous: date.is_some_and(|read| read.ambiguous),
            no_such_day: asked(Expectation::Date) && date::is_no_day(pieces, calendar),
            unclear_day: asked(Expectation::Date) && date::is_unclear(pieces, calendar),
            past_date: date::past::read(pieces, calendar, asked(Expectation::PastDate)),
            instalments: answer::instalments(pieces, currency, asked(Expectation::Amount)),
            day_month: when(Expectation::BirthDayMonth).and_then(|()| answer::day_month(pieces, currency)),
            digits: when(Expectation::DocumentLast4).and_then(|()| identity::last_four(folded)).map(Pii::new),
            fragment: identity::fragment(folded, expects),
            yes_no: answer::yes_no(words, &self.lexicon.yes_no, expects == Expectation::YesNo),
            integer: when(Expectation::Integer).and_then(|()| answer::integer(pieces, currency)),
            ..Understanding::default()
        }
    }

    /// The intent, and the safety intent that must not be ignored.
    pub fn intent(&self, words: &str) -> (Option<IntentGuess>, Option<Intent>) {
        let (literal, phrases) = self.lexicon.phrases.read(words);
        self.weigh(&literal, &phrases)
    }

    fn weigh(&self, words: &str, phrases: &[(&Phrase, Found)]) -> (Option<IntentGuess>, Option<Intent>) {
        let certain = |found: Found| {
            let mut with = phrases.iter().filter(|(phrase, _)| phrase.certainty == Certainty::Certain);
            with.find(|(_, how)| *how == found).map(|(phrase, _)| phrase.intent)
        };
        if let Some(intent) = certain(Found::Yes) {
            // Who says whose relative they are, and anything of a death, brings news of that death.
            let mourns = intent == Intent::ThirdParty && suspected(phrases) == Some(Intent::Deceased);
            let intent = if mourns { Intent::Deceased } else { intent };
            // Who is in danger is alive: that comes first, and the death is told beside it.
            let danger = || {
                let mut sure = phrases
                    .iter()
                    .filter(|(phrase, found)| phrase.certainty == Certainty::Certain && *found == Found::Yes);
                sure.find_map(|(phrase, _)| Some(phrase.intent).filter(|intent| intent.is_danger()))
            };
            let intent = if intent.is_death() { danger().unwrap_or(intent) } else { intent };
            let guess = IntentGuess { intent, confidence_bps: PHRASE_BPS, how: IntentSource::Phrase };
            return (Some(guess), None);
        }
        let suspected = suspected(phrases);
        let negated = certain(Found::Negated);
        // "No borren mis datos" is about them all the same: which right is meant is heard, or asked.
        let of_data = phrases
            .iter()
            .any(|(phrase, found)| phrase.intent == Intent::DataRights && *found == Found::Negated);
        if of_data && suspected.is_none() {
            let intent = Intent::DataRights;
            let guess = IntentGuess { intent, confidence_bps: PHRASE_BPS, how: IntentSource::Phrase };
            return (Some(guess), None);
        }
        let Some(guess) = self.classifier.guess(words).filter(|_| has_letters(words)) else {
            return (None, suspected);
        };
        // Whoever says that they are 65 is no child, whatever other words are like.
        let grown = age::only_of_adults(words);
        let may_be = |intent: Intent| Some(intent) != negated && !(grown && intent == Intent::Minor);
        let best = guess.best(may_be).map(|(intent, probability)| IntentGuess {
            intent,
            confidence_bps: linear::bps(probability),
            how: IntentSource::Classifier,
        });
        let best = best.filter(|best| best.confidence_bps >= GUESS_BPS);
        let signs = self.classifier.signs_of_danger(words);
        let grave = best.filter(|best| best.intent.is_grave());
        // "soy otra persona": who writes is the question, whatever the number is.
        let who = suspected == Some(Intent::ThirdParty)
            && grave.is_some_and(|best| matches!(best.intent, Intent::WrongNumber | Intent::ThirdParty));
        if !who && grave.is_some_and(|best| best.confidence_bps >= GRAVE_BPS && signs >= GRAVE_SIGNS) {
            return (best, None);
        }
        // Not enough to act on: what is left of the guess is a question, or nothing.
        let best = best.map(|best| match grave {
            Some(_) => IntentGuess { confidence_bps: best.confidence_bps.min(CERTAIN_BPS - 1), ..best },
            None => best,
        });
        let danger = linear::bps(guess.sum(|intent| intent.is_safety() && may_be(intent)));
        let likely = || guess.best(|intent| intent.is_safety() && may_be(intent)).map(|(intent, _)| intent);
        let asks = danger >= DOUBT_BPS && signs >= DOUBT_SIGNS;
        (best, suspected.or_else(|| asks.then(likely).flatten()))
    }
}

/// The safety intent that a phrase puts in doubt: by a word that hints at it, or by a negation, because commas are
/// rare in chats and "no quiero un asesor" may be "no, quiero un asesor".
fn suspected(phrases: &[(&Phrase, Found)]) -> Option<Intent> {
    let mut suspects = phrases.iter().filter(|(phrase, found)| {
        phrase.intent.is_safety()
            && match phrase.certainty {
                Certainty::Doubt => *found == Found::Yes,
                Certainty::Certain => *found == Found::Negated,
                Certainty::Idiom => false,
            }
    });
    suspects.next().map(|(phrase, _)| phrase.intent)
}

/// A danger beside a death, or a death beside a danger, that the words name as plainly as what is acted on.
fn besides(main: Option<Intent>, phrases: &[(&Phrase, Found)]) -> Option<Intent> {
    let main = main.filter(|main| main.is_danger() || main.is_death())?;
    let named =
        phrases.iter().filter(|(phrase, found)| *found == Found::Yes && phrase.certainty != Certainty::Idiom);
    let mut others = named.map(|(phrase, _)| phrase.intent);
    others.find(|other| (main.is_death() && other.is_danger()) || (main.is_danger() && other.is_death()))
}

fn has_letters(words: &str) -> bool {
    words.contains(|c: char| c.is_alphabetic())
}

impl Understanding {
    /// Whether the open step has what it waits for.
    pub const fn answers(&self, expects: Expectation) -> bool {
        match expects {
            Expectation::Nothing | Expectation::Text => false,
            Expectation::Option => self.option.is_some() || self.consent.is_some(),
            Expectation::Amount => self.amount.is_some(),
            Expectation::Date => self.date.is_some(),
            Expectation::PastDate => self.past_date.is_some(),
            Expectation::DocumentLast4 => self.digits.is_some(),
            Expectation::BirthDayMonth => self.day_month.is_some(),
            Expectation::YesNo => self.yes_no.is_some(),
            Expectation::Integer => self.integer.is_some(),
        }
    }
}
