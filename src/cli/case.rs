//! `acuerdo case list | close`: what people are owed a decision on.

use super::LenderArg;
use super::person::ByArg;
use crate::app;
use crate::config::Settings;
use crate::domain::ids::LenderId;
use crate::domain::pii::Pii;
use crate::domain::time::Timestamp;
use crate::ports::cases::{ClosedCase, Closing};
use crate::service::cases::{Waiting, number, protecting, waiting};
use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Closed cases that are listed at once.
const CLOSED_MAX: u32 = 10_000;

#[derive(Subcommand)]
pub enum CaseCommand {
    /// List cases. Those that are open, oldest first: number, kind, whose, and by when the law wants an answer. No text of anyone.
    List {
        /// Only of this lender; else of all.
        #[arg(long)]
        lender: Option<String>,
        /// Only those whose last day for an answer is at most so many days away, or has passed.
        #[arg(long, value_name = "DAYS")]
        due: Option<u16>,
        /// Those that were closed, the newest opened first: when, how and by whom.
        #[arg(long, conflicts_with = "due")]
        closed: bool,
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Close a case that was decided: it holds no offers, no retention and no erasure any more. It is recorded.
    Close {
        /// The number that the person was told, or the case's id.
        number: String,
        #[command(flatten)]
        lender: LenderArg,
        #[command(flatten)]
        how: HowArgs,
    },
}

/// How a case ended.
#[derive(Args)]
pub struct HowArgs {
    /// A code such as `resuelto`, `entregado` or `negado`.
    #[arg(long, value_parser = outcome)]
    outcome: String,
    /// What was decided, for whoever looks later.
    #[arg(long, value_parser = super::plainly_said)]
    note: Option<String>,
    /// The protected ticket of the chat is still open, and somebody has answered the person all the same.
    #[arg(long)]
    ticket_answered: bool,
    #[command(flatten)]
    by: ByArg,
}

fn outcome(text: &str) -> Result<String, String> {
    let well = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte));
    if well {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 64 of a-z, A-Z, 0-9, `_`, `-`, `.` and `:`".to_owned())
    }
}

fn closing(outcome: &str, note: Option<&String>, by: &ByArg, at: Timestamp) -> anyhow::Result<Closing> {
    let note = note.map(|note| Pii::new(note.clone()));
    Ok(Closing { outcome: outcome.to_owned(), note, by: by.name()?, at, corrects: None })
}

pub async fn run(settings: &Settings, command: CaseCommand) -> anyhow::Result<ExitCode> {
    let (store, world) = super::open(settings).await?;
    let lenders = app::lenders_at_rest(settings)?;
    let now = world.clock.now();
    match command {
        CaseCommand::List { lender, due, closed, json } => {
            let lender = lender.map(LenderId::new);
            if let Some(unknown) = lender.as_ref().filter(|id| lenders.get(id).is_none()) {
                anyhow::bail!("there is no lender `{unknown}` in the settings");
            }
            if closed {
                let cases = store.closed_cases(lender.as_ref(), CLOSED_MAX).await?;
                print!("{}", if json { closed_as_json(&cases)? } else { closed_table(&cases) });
                store.close().await;
                return Ok(ExitCode::SUCCESS);
            }
            let mut cases = waiting(store.as_ref(), &lenders, lender.as_ref(), now).await?;
            if let Some(due) = due {
                cases.retain(|case| case.days_left().is_some_and(|days| days <= i64::from(due)));
            }
            print!("{}", if json { as_json(&cases)? } else { table(&cases) });
        }
        CaseCommand::Close { number: asked, lender, how } => {
            let lender = lender.resolve(settings)?;
            let cases = waiting(store.as_ref(), &lenders, Some(&lender), now).await?;
            let case = one(&cases, &lender, &asked)?;
            if let Some(ticket) = protecting(store.as_ref(), case).await?
                && !how.ticket_answered
            {
                anyhow::bail!(
                    "case {asked} ({}) stays open: its protected ticket {} ({}, queue `{}`, since {}) is {}. \
                     An agent answers and closes it at the desk; if somebody has answered otherwise, say \
                     `--ticket-answered`",
                    case.case.kind,
                    ticket.id,
                    ticket.reason,
                    ticket.queue,
                    ticket.opened_at.rfc3339(),
                    if ticket.is_held(now) { "with an agent" } else { "taken by nobody" },
                );
            }
            let closing = closing(&how.outcome, how.note.as_ref(), &how.by, now)?;
            if !store.close_case(&lender, case.case.id, &closing).await? {
                anyhow::bail!("case {asked} was closed meanwhile");
            }
            println!("case {} ({}) is closed: {}", case.number, case.case.kind, closing.outcome);
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The open case with this number or id.
fn one<'a>(cases: &'a [Waiting], lender: &LenderId, number: &str) -> anyhow::Result<&'a Waiting> {
    let asked = |case: &&Waiting| {
        case.number.eq_ignore_ascii_case(number) || case.case.id.to_string().eq_ignore_ascii_case(number)
    };
    let mut found = cases.iter().filter(asked);
    let case = found
        .next()
        .with_context(|| format!("`{lender}` has no open case {number}; `acuerdo case list` shows them"))?;
    if found.next().is_some() {
        anyhow::bail!(
            "two open cases have the number {number}: name the case by its id (`case list --json`)"
        );
    }
    Ok(case)
}

fn table(cases: &[Waiting]) -> String {
    if cases.is_empty() {
        return "no open cases\n".to_owned();
    }
    let line = |number: &str, lender: &str, kind: &str, person: &str, since: &str, due: &str| {
        format!("{number:8}  {lender:12}  {kind:18}  {person:16}  {since:10}  {due}").trim_end().to_owned()
            + "\n"
    };
    let mut text = line("NUMBER", "LENDER", "KIND", "PERSON", "SINCE", "ANSWER BY");
    for waiting in cases {
        let due = waiting.answer_by.as_ref().zip(waiting.days_left()).map(|(by, days)| match days {
            ..0 => format!("{} (overdue by {} days; {})", by.day, days.abs(), by.source),
            _ => format!("{} (in {days} days; {})", by.day, by.source),
        });
        text += &line(
            &waiting.number,
            waiting.case.lender.as_str(),
            &waiting.case.kind,
            waiting.reference.as_deref().unwrap_or("-"),
            &waiting.case.at.rfc3339().chars().take(10).collect::<String>(),
            due.as_deref().unwrap_or("-"),
        );
    }
    text + "\n`acuerdo case close NUMBER --outcome CODE` closes one.\n"
}

fn closed_table(cases: &[ClosedCase]) -> String {
    if cases.is_empty() {
        return "no closed cases\n".to_owned();
    }
    let line = |parts: [&str; 8]| {
        let [number, lender, kind, person, since, closed, outcome, by] = parts;
        format!(
            "{number:8}  {lender:12}  {kind:18}  {person:16}  {since:10}  {closed:10}  {outcome:16}  {by}"
        )
        .trim_end()
        .to_owned()
            + "\n"
    };
    let day = |at: Timestamp| at.rfc3339().chars().take(10).collect::<String>();
    let mut text = line(["NUMBER", "LENDER", "KIND", "PERSON", "SINCE", "CLOSED", "OUTCOME", "BY"]);
    for case in cases {
        let closing = case.closing.as_ref();
        text += &line([
            &number(case.id),
            case.lender.as_str(),
            &case.kind,
            case.reference.as_deref().unwrap_or("-"),
            &day(case.at),
            &closing.map_or_else(|| "-".to_owned(), |closing| day(closing.at)),
            closing.map_or("-", |closing| closing.outcome.as_str()),
            closing.map_or("-", |closing| closing.by.as_str()),
        ]);
    }
    text
}

fn closed_as_json(cases: &[ClosedCase]) -> anyhow::Result<String> {
    let values: Vec<Value> = cases
        .iter()
        .map(|case| {
            json!({
                "number": number(case.id),
                "id": case.id.to_string(),
                "lender": case.lender.as_str(),
                "kind": case.kind,
                "person": case.reference,
                "opened_at": case.at.rfc3339(),
                "closed_at": case.closing.as_ref().map(|closing| closing.at.rfc3339()),
                "outcome": case.closing.as_ref().map(|closing| &closing.outcome),
                "by": case.closing.as_ref().map(|closing| &closing.by),
            })
        })
        .collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&values)?))
}

fn as_json(cases: &[Waiting]) -> anyhow::Result<String> {
    let values: Vec<Value> = cases
        .iter()
        .map(|waiting| {
            json!({
                "number": waiting.number,
                "id": waiting.case.id.to_string(),
                "lender": waiting.case.lender.as_str(),
                "kind": waiting.case.kind,
                "person": waiting.reference,
                "opened_at": waiting.case.at.rfc3339(),
                "answer_by": waiting.answer_by.as_ref().map(|by| by.day.to_string()),
                "source": waiting.answer_by.as_ref().map(|by| by.source),
                "days_left": waiting.days_left(),
            })
        })
        .collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&values)?))
}
