//! `identidad.iniciar` and `identidad.verificar`: two items of knowledge, generic answers, bounded tries.

use crate::domain::assurance::Assurance;
use crate::domain::debt::Person;
use crate::domain::ids::PersonId;
use crate::flow::effect::ActionCall;
use crate::flow::value::Value;
use crate::ports::StoreError;
use crate::ports::people::{IdentityHistory, TriesOf};
use crate::ports::records::{IdentityTry, Record};
use crate::rules::assurance::{
    AfterWrong, AssuranceParameters, ChallengeDecision, ChallengeHistory, after_wrong, challenge, is_barred,
    is_comparable, is_enumeration, matches,
};
use crate::service::actions::{ActionContext, Done, text_of};

/// Outcomes: `listo`, `ya_verificada`, `bloqueada`, `humano`.
///
/// The answer is the same whether or not anybody with this number is on file.
pub async fn start(ctx: &ActionContext<'_>) -> Result<Done, StoreError> {
    if ctx.assurance >= Assurance::Verificada && ctx.file.is_some() {
        return Ok(Done::outcome("ya_verificada"));
    }
    let (history, params) = (history(ctx).await?, AssuranceParameters::default());
    let barred = barred(&history, &params);
    let all_barred =
        !ctx.candidates.is_empty() && ctx.candidates.iter().all(|person| barred.contains(&person.id));
    Ok(Done::outcome(match challenge(&rules_view(&history), ctx.now, &params) {
        ChallengeDecision::Allow { .. } if all_barred => "humano",
        ChallengeDecision::Allow { .. } => "listo",
        ChallengeDecision::Locked { .. } => "bloqueada",
        ChallengeDecision::Human => "humano",
    }))
}

/// Outcomes: `ok`, `no_coincide` (with the tries that are left), `bloqueada`, `humano` (also where the file holds nothing
/// to compare the answers with: an unknown number, no birth date; and where the answer proves nobody and one of those
/// whom it may be was tried too often from elsewhere, be it right or wrong for them).
pub async fn verify(call: &ActionCall, ctx: &ActionContext<'_>) -> Result<Done, StoreError> {
    // Nothing is compared, so nothing is right or wrong, and another try would be in vain: a person goes on.
    if !ctx.candidates.iter().any(is_comparable) {
        metrics::counter!("acuerdo_identity_not_comparable_total", "lender" => ctx.lender.id.to_string())
            .increment(1);
        return Ok(Done::outcome("humano"));
    }
    let params = AssuranceParameters::default();
    let history = history(ctx).await?;
    match challenge(&rules_view(&history), ctx.now, &params) {
        ChallengeDecision::Allow { .. } => {}
        ChallengeDecision::Locked { .. } => return Ok(Done::outcome("bloqueada")),
        ChallengeDecision::Human => return Ok(Done::outcome("humano")),
    }
    if is_enumeration(history.persons_day, &params) {
        metrics::counter!("acuerdo_identity_enumeration_total", "lender" => ctx.lender.id.to_string())
            .increment(1);
        tracing::warn!(conversation.id = %ctx.conversation.id, "many persons were tried from one address");
    }
    let barred = barred(&history, &params);
    if !barred.is_empty() {
        metrics::counter!("acuerdo_identity_barred_total", "lender" => ctx.lender.id.to_string())
            .increment(1);
        tracing::warn!(conversation.id = %ctx.conversation.id, "a person was tried too often from other addresses");
    }
    let proven = right_person(call, ctx.candidates).filter(|person| !barred.contains(person));
    let wrong = after_wrong(&rules_view(&history), ctx.now, &params);
    let (outcome, left, locked_until) = match (proven, wrong) {
        (Some(_), _) => ("ok", 0, None),
        (None, AfterWrong::TryAgain { .. }) if !barred.is_empty() => ("humano", 0, None),
        (None, AfterWrong::TryAgain { tries_left }) => ("no_coincide", tries_left, None),
        (None, AfterWrong::Lock { until }) => ("bloqueada", 0, Some(until)),
    };
    let entry = IdentityTry {
        passed: proven,
        candidates: ctx.candidates.iter().map(|person| person.id).collect(),
        at: ctx.now,
        locked_until,
        starts_challenge: history.wrong_in_challenge == 0 && proven.is_none(),
        judged_after: history.newest,
    };
    let done = Done::outcome(outcome)
        .value("intentos", Value::Int(i64::from(left)))
        .record(Record::IdentityTry(entry));
    Ok(Done { proven, ..done })
}

/// Candidates whom no answer from this address proves any more; the others of a shared phone are free.
fn barred(history: &IdentityHistory, parameters: &AssuranceParameters) -> Vec<PersonId> {
    let tried = history.elsewhere.iter().filter(|tried| is_barred(tried.challenges_month, parameters));
    tried.map(|tried| tried.person).collect()
}

/// Looks at every candidate, always, so that neither the answer nor its time tells which of them exists.
fn right_person(call: &ActionCall, candidates: &[Person]) -> Option<PersonId> {
    let (last4, birth) = (text_of(call, "documento"), text_of(call, "nacimiento"));
    let day_month =
        birth.split_once('-').and_then(|(month, day)| Some((day.parse().ok()?, month.parse().ok()?)));
    let right: Vec<PersonId> = candidates
        .iter()
        .filter(|person| matches(person, last4, day_month))
        .map(|person| person.id)
        .collect();
    // Twins on one phone with the same four digits: nobody is proven.
    match right.as_slice() {
        [one] => Some(*one),
        [] | [_, ..] => None,
    }
}

async fn history(ctx: &ActionContext<'_>) -> Result<IdentityHistory, StoreError> {
    let asked = TriesOf::new(ctx.conversation.id, ctx.candidates);
    let stored = match ctx.tries {
        Some((of, history)) if *of == asked => history.clone(),
        Some(_) | None => ctx.store.identity_history(asked.conversation, &asked.candidates, ctx.now).await?,
    };
    // Answers that came together are tries one after the other, although none of them is stored yet.
    let tried = ctx
        .records
        .iter()
        .filter_map(|record| if let Record::IdentityTry(tried) = record { Some(tried) } else { None });
    Ok(tried.fold(stored, IdentityHistory::after))
}

fn rules_view(history: &IdentityHistory) -> ChallengeHistory {
    ChallengeHistory {
        wrong_in_challenge: history.wrong_in_challenge,
        challenges_day: history.challenges_day,
        challenges_month: history.challenges_month,
        locked_until: history.locked_until,
        locks_month: history.locks_month,
    }
}
