//! An amount that may mean two: the person chooses before it counts. Part of an `ask` of an amount.

use crate::domain::money::Money;
use crate::flow::engine;
use crate::flow::engine::run::{Next, Run, Spoken, Stop};
use crate::flow::model::Ask;
use crate::flow::render::{OptionView, Question, Speech};
use crate::flow::steps::ask;
use crate::flow::text::render::write_money;
use crate::flow::value::Value;
use crate::understand::Understanding;
use crate::understand::options::OptionHint;

/// Begins the id of each option; the minor units follow, so that a late tap means what its title says.
const READING: &str = "=";
/// The button for none of them.
const OTHER: &str = "=otro";
/// How people say so, in all languages of the flows.
const OTHER_WORDS: [&str; 17] = [
    "otro",
    "otra",
    "cambiar",
    "cambio",
    "cambiarlo",
    "mudar",
    "change",
    "ninguno",
    "ninguna",
    "ninguno de los dos",
    "no es ese",
    "outro",
    "nenhum",
    "other",
    "another",
    "neither",
    "none",
];

/// What an ambiguous amount may mean, the likelier one first; empty when the amount is plain.
pub(crate) fn readings(meaning: &Understanding) -> Vec<Money> {
    let ambiguous = meaning.amount.filter(|_| meaning.amount_ambiguous);
    ambiguous.into_iter().chain(ambiguous.and(meaning.amount_other)).collect()
}

/// The amounts among which the person is choosing now, as options of the understanding stage: only the way out of them
/// is one, because the amounts themselves are read as amounts.
pub(crate) fn hints(run: &Run<'_>) -> Vec<OptionHint> {
    let open = run.frame().is_ok_and(|frame| !frame.readings.is_empty());
    let title = open.then(|| other_title(run)).flatten();
    let hint = |title| OptionHint {
        id: OTHER.to_owned(),
        title,
        synonyms: OTHER_WORDS.map(str::to_owned).to_vec(),
        binds: false,
    };
    title.map(hint).into_iter().collect()
}

fn other_title(run: &Run<'_>) -> Option<String> {
    let words = run.flows.bot.texts.other_amount.as_ref()?;
    run.speak(words).ok().map(|spoken| spoken.text)
}

/// Has the person choose among what an amount may mean; `None` when nothing of it is possible here, or when that was
/// asked already. Where all but one is too little to be meant, that one is taken.
pub(crate) fn ask_which<'f>(
    ask: &'f Ask,
    run: &mut Run<'f>,
    readings: Vec<Money>,
) -> Result<Option<Next<'f>>, Stop> {
    let open: Vec<Money> =
        readings.iter().copied().filter(|one| ask::is_within(ask, &Value::Money(*one), run)).collect();
    if run.flows.bot.texts.which_amount.is_some()
        && let Some(meant) = meant(ask, &readings, &open, run)
    {
        return ask::take(ask, run, Value::Money(meant)).map(Some);
    }
    let asked = !open.is_empty() && run.frame()?.readings != open;
    let Some(words) = run.flows.bot.texts.which_amount.as_ref().filter(|_| asked) else { return Ok(None) };
    run.visit("which_amount");
    run.frame_mut()?.readings = open;
    let words = run.speak(words)?;
    let turn = run.session.turn;
    show(run, words, turn)?;
    run.wait(&ask.wait, 0, false)?;
    Ok(Some(Next::Rest))
}

/// The reading that is left when the others are too little to be meant. All of them too little, the likeliest is left:
/// the flow tells what is possible.
fn meant(ask: &Ask, readings: &[Money], open: &[Money], run: &Run<'_>) -> Option<Money> {
    let enough = |one: &&Money| !ask::is_too_little(ask, **one, run);
    let (mut enough_here, n_enough) = (open.iter().filter(enough), readings.iter().filter(enough).count());
    match n_enough {
        0 => open.first().copied().filter(|_| ask.likely_from.is_some()),
        1 if readings.len() > 1 => enough_here.next().copied(),
        _ => None,
    }
}

/// These words above the amounts, when the person is choosing among some; `false` when not.
pub(crate) fn show(run: &mut Run<'_>, words: Spoken, turn: u64) -> Result<bool, Stop> {
    let readings = run.frame()?.readings.clone();
    if readings.is_empty() {
        return Ok(false);
    }
    let amount = |money: &Money| OptionView {
        id: format!("{READING}{}", money.minor),
        title: write_money(*money),
        description: None,
    };
    let other = other_title(run).map(|title| OptionView { id: OTHER.to_owned(), title, description: None });
    let question = Question {
        label: words.label,
        body: words.text,
        footer: None,
        options: readings.iter().map(amount).chain(other).collect(),
        id_prefix: engine::id_prefix(run, turn)?,
        page: 0,
        evidence: None,
    };
    run.say(Speech::Choose(question));
    Ok(true)
}

/// What the words choose: the only amount that was shown, by a yes; the way out, by its name or a no.
pub(crate) fn answer<'f>(
    ask: &'f Ask,
    run: &mut Run<'f>,
    meaning: &Understanding,
) -> Result<Option<Next<'f>>, Stop> {
    let readings = &run.frame()?.readings;
    if readings.is_empty() || meaning.amount.is_some() {
        return Ok(None);
    }
    let only = if let [only] = readings.as_slice() { Some(*only) } else { None };
    match (meaning.yes_no, only) {
        (Some(true), Some(only)) => ask::take(ask, run, Value::Money(only)).map(Some),
        (Some(false), _) => ask_again(ask, run).map(Some),
        (Some(true) | None, _) if meaning.option.as_ref().is_some_and(|found| found.id == OTHER) => {
            ask_again(ask, run).map(Some)
        }
        (Some(true) | None, _) => Ok(None),
    }
}

/// Takes a tap; `None` when that amount is not open any more.
pub(crate) fn answer_tap<'f>(
    ask: &'f Ask,
    run: &mut Run<'f>,
    option: &str,
) -> Result<Option<Next<'f>>, Stop> {
    let readings = &run.frame()?.readings;
    if readings.is_empty() {
        return Ok(None);
    }
    if option == OTHER {
        return ask_again(ask, run).map(Some);
    }
    let minor: Option<i64> = option.strip_prefix(READING).and_then(|minor| minor.parse().ok());
    let tapped = readings.iter().copied().find(|one| Some(one.minor) == minor);
    tapped.map(|money| ask::take(ask, run, Value::Money(money))).transpose()
}

/// None of them was meant: the whole question again.
fn ask_again<'f>(ask: &'f Ask, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    run.visit("answer:otro");
    run.frame_mut()?.readings.clear();
    run.say_text(&ask.text)?;
    run.wait(&ask.wait, 0, false)?;
    Ok(Next::Rest)
}
