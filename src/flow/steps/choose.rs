//! `choose`: one of several options, by tap, by words, or by the intent that opened the chat.

mod typed;

use crate::domain::debt::Acceptance;
use crate::flow::effect::Shown;
use crate::flow::engine::run::{Next, Run, Spoken, Stop};
use crate::flow::engine::{self, Candidate, Certain};
use crate::flow::model::Choose;
use crate::flow::render::{self, ChoiceKind, Question, Speech};
use crate::flow::steps::ask;
use crate::understand::Understanding;
use crate::understand::age::is_adult;
use crate::understand::intent::Intent;
use crate::understand::options::{OptionHow, OptionMatch};
use sha2::{Digest as _, Sha256};

pub(crate) fn run<'f>(choose: &'f Choose, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    if let Some(next) = answer_pending(choose, run)? {
        return Ok(next);
    }
    if let Some(next) = typed::said_before(choose, run)? {
        return Ok(next);
    }
    if choose.options.iter().any(|option| option.holder) {
        run.hold_proof()?;
    }
    ask(choose, run, 0)?;
    run.wait(&choose.wait, 0, false)?;
    Ok(Next::Rest)
}

/// The opening message already said what is wanted. Terms are never accepted that way: nobody saw them yet.
fn answer_pending<'f>(choose: &'f Choose, run: &mut Run<'f>) -> Result<Option<Next<'f>>, Stop> {
    if !choose.use_pending_intent || choose.evidence.is_some() || run.frame()?.since_turn != 0 {
        return Ok(None);
    }
    let Some(intent) = run.session.pending_intent.clone() else { return Ok(None) };
    let Some(option) = by_intent(engine::candidates(choose, run)?, &intent) else { return Ok(None) };
    run.session.pending_intent = None;
    run.refresh_session_fact();
    take(choose, run, option).map(Some)
}

/// Asks the whole question, and keeps its terms when they are evidence.
pub(crate) fn ask(choose: &Choose, run: &mut Run<'_>, page: usize) -> Result<(), Stop> {
    let text = run.speak(&choose.text)?;
    let mut question = question(choose, run, text, run.session.turn)?;
    question.page = page;
    question.evidence.clone_from(&choose.evidence);
    if let Some(name) = &choose.evidence {
        keep_terms(name, &question, run)?;
    }
    run.say(Speech::Choose(question));
    Ok(())
}

/// The options again under other words: a retry, a nudge.
pub(crate) fn ask_short(choose: &Choose, run: &mut Run<'_>, words: Spoken, turn: u64) -> Result<(), Stop> {
    let question = question(choose, run, words, turn)?;
    run.say(Speech::Choose(question));
    Ok(())
}

fn question(choose: &Choose, run: &Run<'_>, words: Spoken, turn: u64) -> Result<Question, Stop> {
    let options = engine::candidates(choose, run)?;
    if options.is_empty() {
        return Err(Stop::fault("no option of a choice is open"));
    }
    let footer = choose.footer.as_ref().map(|footer| run.speak(footer)).transpose()?;
    let labels = options.iter().map(|option| option.label).chain(footer.as_ref().map(|text| text.label));
    Ok(Question {
        label: labels.max().unwrap_or_default().max(words.label),
        body: words.text,
        footer: footer.map(|text| text.text).filter(|text| !text.is_empty()),
        options: engine::view(options),
        id_prefix: engine::id_prefix(run, turn)?,
        page: 0,
        evidence: None,
    })
}

/// Terms that read differently than at the last asking make its buttons stale: a tap must mean what was shown.
fn keep_terms(name: &str, question: &Question, run: &mut Run<'_>) -> Result<(), Stop> {
    let rendered = render::question_text(question);
    let sha256 = hex::encode(Sha256::digest(rendered.as_bytes()));
    let turn = run.session.turn;
    let frame = run.frame_mut()?;
    if frame.shown.get(name).is_some_and(|before| before.sha256 != sha256) && frame.since_turn != 0 {
        frame.since_turn = turn;
    }
    let shown = Shown { rendered: rendered.into(), sha256, turn, index: 0, answered_by: None, answer: None };
    frame.shown.insert(name.to_owned(), shown);
    Ok(())
}

/// Whether the words name an option so plainly that nothing else can be meant.
pub(crate) const fn is_exact(found: &OptionMatch) -> bool {
    match found.how {
        OptionHow::Exact | OptionHow::Ordinal | OptionHow::Synonym => true,
        OptionHow::Contained | OptionHow::Prefix | OptionHow::Typo => false,
    }
}

/// Takes a text as the answer; `None` when it names no option.
///
/// An option that accepts terms is taken only by the plain yes of `consent`, whatever else was understood.
pub(crate) fn answer<'f>(
    choose: &'f Choose,
    run: &mut Run<'f>,
    meaning: &Understanding,
    Certain { intent, consent }: Certain<'_>,
) -> Result<Option<Next<'f>>, Stop> {
    let options = engine::candidates(choose, run)?;
    let plainly = |option: &Candidate<'_>| option.binds && Some(option.id.as_str()) == consent;
    if let Some(at) = options.iter().position(plainly) {
        return options.into_iter().nth(at).map(|option| take(choose, run, option)).transpose();
    }
    if !names_option_over_value(meaning)
        && let Some(typed) = typed::meant(choose, run, meaning, intent)?
        && let Some(next) = ask::answer_ahead(typed, run, meaning)?
    {
        return Ok(Some(next));
    }
    let position = by_words(&options, meaning)
        .or_else(|| intent.and_then(|intent| position_of_intent(&options, intent)))
        .or_else(|| by_number(&options, meaning, run));
    match position.and_then(|at| options.into_iter().nth(at)) {
        Some(option) => take(choose, run, option).map(Some),
        None => Ok(None),
    }
}

/// Words with which people let us know that they have read something. "Listo" does not say that anybody does them harm.
const HEARD: [&str; 32] = [
    "listo", "lista", "ok", "oki", "okay", "okey", "okas", "dale", "bueno", "vale", "va", "sale", "orale",
    "arre", "joya", "perfecto", "hagale", "pues", "ya", "esta", "bien", "gracias", "senor", "senora",
    "senorita", "por", "favor", "beleza", "ta", "bom", "sure", "emojisi",
];

/// Whether the words say no more than that they were read.
fn only_heard(words: &str) -> bool {
    words.split(' ').all(|word| HEARD.contains(&word))
}

/// Takes a text as the answer to a question about somebody's safety: an option by its very words, or a yes that is more
/// than "ok". A denial that is only part of the words ("no tengo plata") says nothing about it.
pub(crate) fn answer_about_safety<'f>(
    choose: &'f Choose,
    run: &mut Run<'f>,
    meaning: &Understanding,
) -> Result<Option<Next<'f>>, Stop> {
    let options = engine::candidates(choose, run)?;
    let exact = Understanding {
        option: meaning.option.clone().filter(is_exact),
        yes_no: meaning.yes_no.filter(|yes| *yes && !only_heard(&meaning.normalised)),
        normalised: meaning.normalised.clone(),
        ..Understanding::default()
    };
    let at = by_words(&options, &exact);
    at.and_then(|at| options.into_iter().nth(at)).map(|option| take(choose, run, option)).transpose()
}

/// Takes the option that a danger chooses which is told a second time; `None` when none is.
pub(crate) fn answer_said_again<'f>(
    choose: &'f Choose,
    run: &mut Run<'f>,
    intent: Intent,
) -> Result<Option<Next<'f>>, Stop> {
    let option = by_intent(engine::candidates(choose, run)?, intent.name());
    option.map(|option| take(choose, run, option)).transpose()
}

/// "la 2" is the second option and no amount; "una parte, 50 mil" names an option loosely and says more than it.
fn names_option_over_value(meaning: &Understanding) -> bool {
    meaning.option.as_ref().is_some_and(|found| is_exact(found) || meaning.amount_ambiguous)
}

/// Takes a tap; `None` when that option is not open any more.
pub(crate) fn answer_tap<'f>(
    choose: &'f Choose,
    run: &mut Run<'f>,
    option: &str,
) -> Result<Option<Next<'f>>, Stop> {
    let tapped = engine::candidates(choose, run)?.into_iter().find(|candidate| candidate.id == option);
    tapped.map(|option| take(choose, run, option)).transpose()
}

/// The title of this option as it is shown, if it accepts terms.
pub(crate) fn title_that_binds<'f>(
    choose: &'f Choose,
    run: &Run<'f>,
    option: &str,
) -> Result<Option<String>, Stop> {
    let found = engine::candidates(choose, run)?.into_iter().find(|open| open.binds && open.id == option);
    Ok(found.map(|option| option.title))
}

fn by_words(options: &[Candidate<'_>], meaning: &Understanding) -> Option<usize> {
    let position = |id: &str| options.iter().position(|option| option.id == id && !option.binds);
    let named = meaning.option.as_ref().and_then(|found| position(&found.id));
    let accepted = || {
        let words = &meaning.normalised;
        options.iter().position(|option| !option.binds && !words.is_empty() && option.accepts.contains(words))
    };
    let grown = || options.iter().position(|option| option.adult && meaning.age.is_some_and(is_adult));
    let agreed = || meaning.yes_no.and_then(|yes| position(if yes { "si" } else { "no" }));
    named.or_else(accepted).or_else(grown).or_else(agreed)
}

fn position_of_intent(options: &[Candidate<'_>], intent: &str) -> Option<usize> {
    options.iter().position(|option| !option.binds && option.intents.iter().any(|listed| listed == intent))
}

fn by_intent<'f>(options: Vec<Candidate<'f>>, intent: &str) -> Option<Candidate<'f>> {
    options.into_iter().find(|option| !option.binds && option.intents.iter().any(|listed| listed == intent))
}

/// Numbered text has no buttons: its numbers are the answer.
fn by_number(options: &[Candidate<'_>], meaning: &Understanding, run: &Run<'_>) -> Option<usize> {
    let number: usize = meaning.normalised.parse().ok()?;
    let shown: Vec<render::OptionView> = options
        .iter()
        .map(|option| render::OptionView {
            id: option.id.clone(),
            title: option.title.clone(),
            description: option.description.clone(),
        })
        .collect();
    let prefix = engine::id_prefix(run, run.session.turn).ok()?;
    let at = number.checked_sub(1)?;
    let free = options.get(at).is_some_and(|option| !option.binds);
    (free && render::choice_kind(&shown, &prefix) == ChoiceKind::Numbered).then_some(at)
}

fn take<'f>(choose: &'f Choose, run: &mut Run<'f>, option: Candidate<'f>) -> Result<Next<'f>, Stop> {
    run.visit(format!("answer:{}", option.id));
    if option.holder {
        run.holder_writes()?;
    }
    if let Some(value) = option.value {
        run.assign(&choose.var, value)?;
    }
    if let Some(name) = choose.evidence.as_ref().filter(|_| option.binds) {
        run.session.accepted_at = Some(run.facts.now);
        let answer = run.acceptance.clone().map(|answer| match answer {
            // As we wrote it: what the webhook says of it is anybody's word.
            Acceptance::Tap { .. } => Acceptance::Tap { title: option.title.clone().into() },
            words @ Acceptance::Words { .. } => words,
        });
        let wamid = run.wamid.clone();
        if let Some(shown) = run.frame_mut()?.shown.get_mut(name) {
            (shown.answered_by, shown.answer) = (wamid, answer);
        }
    }
    let nowhere = || Stop::fault(format!("option `{}` leads nowhere", option.id));
    option.goto.map(Next::Goto).ok_or_else(nowhere)
}
