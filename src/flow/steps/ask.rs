//! `ask`: a free answer of one type, within its limits.

pub(crate) mod which;

use crate::domain::ids::StepId;
use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::flow::engine::run::{Next, Run, Spoken, Stop};
use crate::flow::expr::Expr;
use crate::flow::model::{Ask, Expects};
use crate::flow::render::Speech;
use crate::flow::value::Value;
use crate::understand::{Understanding, part};
use std::cmp::Ordering;

pub(crate) fn run<'f>(ask: &'f Ask, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    if let Some(next) = said_before(ask, run)? {
        return Ok(next);
    }
    self::ask(ask, run)?;
    run.wait(&ask.wait, 0, false)?;
    Ok(Next::Rest)
}

/// The whole question, or among which amounts to choose while that is open.
pub(crate) fn ask(ask: &Ask, run: &mut Run<'_>) -> Result<(), Stop> {
    let turn = run.session.turn;
    if let Some(words) = &run.flows.bot.texts.which_amount
        && !run.frame()?.readings.is_empty()
    {
        let words = run.speak(words)?;
        which::show(run, words, turn)?;
        return Ok(());
    }
    run.say_text(&ask.text)
}

/// Other words: above the amounts to choose among while that is open.
pub(crate) fn ask_short(run: &mut Run<'_>, words: Spoken, turn: u64) -> Result<(), Stop> {
    let Spoken { text, label } = words;
    if !which::show(run, Spoken { text: text.clone(), label }, turn)? {
        run.say(Speech::Say { text, label });
    }
    Ok(())
}

/// An amount that was said before and may mean two: it is chosen among its meanings instead of being asked for.
pub(crate) fn said_before<'f>(ask: &'f Ask, run: &mut Run<'f>) -> Result<Option<Next<'f>>, Stop> {
    if ask.expects != Expects::Money || run.session.readings.is_empty() {
        return Ok(None);
    }
    let readings = std::mem::take(&mut run.session.readings);
    which::ask_which(ask, run, readings)
}

/// Takes a text as the answer; `None` when it is none, or is outside `min` and `max`.
pub(crate) fn answer<'f>(
    ask: &'f Ask,
    run: &mut Run<'f>,
    body: &str,
    meaning: &Understanding,
) -> Result<Option<Next<'f>>, Stop> {
    if let Some(next) = which::answer(ask, run, meaning)? {
        return Ok(Some(next));
    }
    let readings = doubtful(ask, run, meaning);
    if !readings.is_empty() {
        return which::ask_which(ask, run, readings);
    }
    let Some(value) = read(ask, body, meaning, run).filter(|value| is_within(ask, value, run)) else {
        return Ok(None);
    };
    take(ask, run, value).map(Some)
}

/// What the amount may mean when the step waits for one and it is not plain.
fn doubtful(ask: &Ask, run: &Run<'_>, meaning: &Understanding) -> Vec<Money> {
    if ask.expects != Expects::Money {
        return Vec::new();
    }
    let plain = meaning.amount.is_some() || instalment(ask, meaning, run).is_some();
    let part = part(ask, meaning, run).filter(|_| !plain);
    which::readings(meaning).into_iter().chain(part).collect()
}

/// Takes what was typed at a choice as the answer of this step; `None` when it holds no such value. A value beyond
/// `min` or `max` brings the person here, where the first `retry` text tells what is possible.
pub(crate) fn answer_ahead<'f>(
    (id, ask): (&'f StepId, &'f Ask),
    run: &mut Run<'f>,
    meaning: &Understanding,
) -> Result<Option<Next<'f>>, Stop> {
    let Some(value) = read(ask, "", meaning, run) else { return Ok(None) };
    run.visit("typed");
    run.move_to(id)?;
    let readings = doubtful(ask, run, meaning);
    if readings.is_empty() && is_within(ask, &value, run) {
        return take(ask, run, value).map(Some);
    }
    if let Some(next) = which::ask_which(ask, run, readings)? {
        return Ok(Some(next));
    }
    run.visit("no_match:1");
    run.say_text(ask.retry.texts.first().unwrap_or(&ask.text))?;
    run.wait(&ask.wait, 1, false)?;
    Ok(Some(Next::Rest))
}

/// Whether the message holds a value of this step, and if so, whether one that is within its bounds.
pub(crate) fn may_take(ask: &Ask, run: &Run<'_>, meaning: &Understanding) -> Option<bool> {
    let value = read(ask, "", meaning, run)?;
    let readings = doubtful(ask, run, meaning);
    let possible = |one: &Money| is_within(ask, &Value::Money(*one), run);
    Some(if readings.is_empty() { is_within(ask, &value, run) } else { readings.iter().any(possible) })
}

/// Takes a picture or document.
pub(crate) fn answer_media<'f>(ask: &'f Ask, run: &mut Run<'f>, media_id: &str) -> Result<Next<'f>, Stop> {
    take(ask, run, Value::text(media_id))
}

pub(crate) fn take<'f>(ask: &'f Ask, run: &mut Run<'f>, value: Value) -> Result<Next<'f>, Stop> {
    run.visit("answer");
    run.assign(&ask.var, value)?;
    Ok(Next::Goto(&ask.goto))
}

fn read(ask: &Ask, body: &str, meaning: &Understanding, run: &Run<'_>) -> Option<Value> {
    match ask.expects {
        Expects::Text { max } => {
            let text = body.trim();
            (1..=max).contains(&text.chars().count()).then(|| Value::text(text))
        }
        Expects::Int => meaning.integer.map(Value::Int),
        Expects::Money => {
            let counted = || instalment(ask, meaning, run).or_else(|| part(ask, meaning, run));
            meaning.amount.or_else(counted).map(Value::Money)
        }
        Expects::Date => meaning.date.map(Value::Date),
        Expects::PastDate => meaning.past_date.map(Value::Date),
        Expects::DocumentLast4 => {
            let digits = meaning.digits.as_ref()?.expose();
            (digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_alphanumeric()))
                .then(|| Value::text(digits.as_str()))
        }
        Expects::BirthDayMonth => {
            let (day, month) = meaning.day_month?;
            // 29 February is a birthday: any leap year will do to see whether the day exists.
            Day::new(2000, i8::try_from(month).ok()?, i8::try_from(day).ok()?)?;
            Some(Value::Text(format!("{month:02}-{day:02}")))
        }
        Expects::Media => None,
    }
}

/// "la cuota" as an amount, where the step says what one comes to. Several are a plan and no amount: "en seis cuotas".
fn instalment(ask: &Ask, meaning: &Understanding, run: &Run<'_>) -> Option<Money> {
    meaning.instalments.filter(|n| *n == 1)?;
    let Value::Money(one) = run.eval(ask.instalment.as_ref()?) else { return None };
    Some(one)
}

/// "la mitad", where the step says of what. It is read back before it counts.
fn part(ask: &Ask, meaning: &Understanding, run: &Run<'_>) -> Option<Money> {
    let part = meaning.part?;
    let Value::Money(whole) = run.eval(ask.part_of.as_ref()?) else { return None };
    part::of(whole, part)
}

pub(crate) fn is_within(ask: &Ask, value: &Value, run: &Run<'_>) -> bool {
    within(value, ask.min.as_ref(), run, Ordering::Less)
        && within(value, ask.max.as_ref(), run, Ordering::Greater)
}

/// Less than the step takes, or than anybody means here.
pub(crate) fn is_too_little(ask: &Ask, money: Money, run: &Run<'_>) -> bool {
    let value = Value::Money(money);
    !within(&value, ask.min.as_ref(), run, Ordering::Less)
        || !within(&value, ask.likely_from.as_ref(), run, Ordering::Less)
}

/// Whether the value is not beyond a bound. An amount in another currency is beyond every bound; a bound that has no
/// value, such as an unset variable, binds nothing.
fn within(value: &Value, bound: Option<&Expr>, run: &Run<'_>, beyond: Ordering) -> bool {
    let Some(bound) = bound else { return true };
    match (value, run.eval(bound)) {
        (Value::Int(value), Value::Int(bound)) => value.cmp(&bound) != beyond,
        (Value::Date(value), Value::Date(bound)) => value.cmp(&bound) != beyond,
        (Value::Money(value), Value::Money(bound)) => {
            value.currency == bound.currency && value.minor.cmp(&bound.minor) != beyond
        }
        (Value::Text(_), _) | (_, Value::Nothing) => true,
        (_, _) => false,
    }
}
