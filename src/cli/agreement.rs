//! `acuerdo agreement list | close`: what people agreed, what has run out, and how it ended.

use super::LenderArg;
use super::person::ByArg;
use crate::app;
use crate::config::Settings;
use crate::domain::debt::{Agreement, AgreementStatus};
use crate::domain::ids::{LenderId, ObligationId};
use crate::domain::money::Money;
use crate::domain::pii::Pii;
use crate::domain::time::{Day, Timestamp, Zone};
use crate::ports::Store;
use crate::ports::cases::{AgreementsOf, CasesOf, Closing, FiledAgreement};
use crate::ports::records::Case;
use crate::rules::policy::PolicySet;
use crate::service::cases::{WITHDRAWAL, number};
use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::ExitCode;

/// Agreements that are looked at together.
pub const LISTED_MAX: u32 = 100_000;

/// The outcome of a wish to withdraw that was granted.
const WITHDRAWN: &str = "retirado";

#[derive(Subcommand)]
pub enum AgreementCommand {
    /// List agreements, newest first: reference, whose, of which debt, kind, total, next payment, and how it stands.
    List {
        /// Only of this lender; else of all.
        #[arg(long)]
        lender: Option<String>,
        /// Only those that stand so.
        #[arg(long, value_name = "STATUS")]
        status: Option<Standing>,
        /// Only running ones whose last payment date has passed: somebody says whether they were kept.
        #[arg(long)]
        lapsed: bool,
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
    /// End a running agreement: it was kept, was broken, or is cancelled. It is recorded beside its evidence.
    ///
    /// Of a debt whose agreement was kept the bot claims and offers nothing until a newer balance is imported.
    Close {
        /// The reference that the person was told.
        reference: String,
        #[arg(long = "as", value_name = "END")]
        ends: End,
        /// It has ended already, and wrongly so: this is how it is. How it had ended stays on record.
        #[arg(long)]
        correct: bool,
        #[command(flatten)]
        how: HowArgs,
    },
}

/// Of which lender, by whom and why.
#[derive(Args)]
pub struct HowArgs {
    #[command(flatten)]
    lender: LenderArg,
    /// What led to it.
    #[arg(long, value_parser = super::plainly_said)]
    note: Option<String>,
    #[command(flatten)]
    by: ByArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum End {
    /// Every payment was made.
    Kept,
    /// A payment was not made.
    Broken,
    /// The lender and the person gave it up: only with `--note`. It closes the person's wish to withdraw, if one waits.
    Cancelled,
    /// It has not ended: only with `--correct`.
    Running,
}

impl End {
    const fn status(self) -> (AgreementStatus, &'static str) {
        match self {
            Self::Kept => (AgreementStatus::Kept, "kept"),
            Self::Broken => (AgreementStatus::Broken, "broken"),
            Self::Cancelled => (AgreementStatus::Cancelled, "cancelled"),
            Self::Running => (AgreementStatus::Active, "running"),
        }
    }
}

/// How an agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Standing {
    Running,
    Kept,
    Broken,
    Cancelled,
    Superseded,
}

impl Standing {
    const fn of(status: AgreementStatus) -> Self {
        match status {
            AgreementStatus::Proposed | AgreementStatus::Accepted | AgreementStatus::Active => Self::Running,
            AgreementStatus::Kept => Self::Kept,
            AgreementStatus::Broken => Self::Broken,
            AgreementStatus::Cancelled => Self::Cancelled,
            AgreementStatus::Superseded => Self::Superseded,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
        }
    }
}

/// The day of the last payment of a running agreement, once it has passed.
pub fn lapsed_since(agreement: &Agreement, today: Day) -> Option<Day> {
    let last = agreement.offer.payments.last()?.due;
    (Standing::of(agreement.status) == Standing::Running && last < today).then_some(last)
}

pub async fn run(settings: &Settings, command: AgreementCommand) -> anyhow::Result<ExitCode> {
    let (store, world) = super::open(settings).await?;
    let now = world.clock.now();
    match command {
        AgreementCommand::List { lender, status, lapsed, json } => {
            let policies = app::read_policies(&settings.flows_dir)?;
            let lender = lender.map(LenderId::new);
            if let Some(unknown) = lender.as_ref().filter(|id| policies.policy(id).is_none()) {
                anyhow::bail!("there is no lender `{unknown}` with a policy");
            }
            let of = AgreementsOf { lender, reference: None, running: lapsed };
            let mut filed = store.agreements(&of, LISTED_MAX).await?;
            filed.retain(|one| status.is_none_or(|status| Standing::of(one.agreement.status) == status));
            if lapsed {
                filed.retain(|one| lapsed_since(&one.agreement, today(&policies, one, now)).is_some());
            }
            let wishes = wishes(store.as_ref(), of.lender.as_ref()).await?;
            let found = Found { filed, wishes };
            print!("{}", if json { as_json(&found, &policies, now)? } else { table(&found, &policies, now) });
        }
        AgreementCommand::Close { reference, ends, correct, how } => {
            let lender = how.lender.resolve(settings)?;
            close(store.as_ref(), &lender, &reference, (ends, correct), &how, now).await?;
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn close(
    store: &dyn Store,
    lender: &LenderId,
    reference: &str,
    (ends, correct): (End, bool),
    how: &HowArgs,
    now: Timestamp,
) -> anyhow::Result<()> {
    let of =
        AgreementsOf { lender: Some(lender.clone()), reference: Some(reference.to_owned()), running: false };
    let found = store.agreements(&of, 1).await?.into_iter().next().with_context(|| {
        format!(
            "`{lender}` has no agreement with the reference `{reference}`; `acuerdo agreement list` shows them"
        )
    })?;
    let standing = Standing::of(found.agreement.status);
    match (standing, correct) {
        (Standing::Running, false) if ends == End::Running => {
            anyhow::bail!("agreement {reference} is running")
        }
        (Standing::Running, true) => {
            anyhow::bail!("agreement {reference} is running: there is nothing to correct")
        }
        (Standing::Running, false) | (_, true) => {}
        (_, false) => anyhow::bail!(
            "agreement {reference} has ended: {}{}; if that is wrong, say `--correct`",
            standing.name(),
            ended(found.closing.as_ref())
        ),
    }
    if ends == End::Cancelled && how.note.is_none() {
        anyhow::bail!(
            "say with `--note` why agreement {reference} is cancelled: it stays beside its evidence"
        );
    }
    let (status, name) = ends.status();
    let closing = Closing {
        outcome: name.to_owned(),
        note: how.note.clone().map(Pii::new),
        by: how.by.name()?,
        at: now,
        corrects: found.closing.map(Box::new),
    };
    let done = if correct {
        store.correct_agreement(lender, reference, status, &closing).await?
    } else {
        store.end_agreement(lender, reference, status, &closing).await?
    };
    if !done {
        anyhow::bail!("agreement {reference} was changed meanwhile; look again: `acuerdo agreement list`");
    }
    match (ends, correct) {
        (End::Running, _) => println!("agreement {reference} is running again"),
        (_, true) => println!("agreement {reference} is corrected: {name} instead of {}", standing.name()),
        (_, false) => println!("agreement {reference} has ended: {name}"),
    }
    if ends == End::Cancelled
        && let Some(wish) = wishes(store, Some(lender)).await?.get(&found.agreement.offer.obligation)
        && store.close_case(lender, wish.id, &Closing { outcome: WITHDRAWN.to_owned(), ..closing }).await?
    {
        println!("case {} is closed: {WITHDRAWN}", number(wish.id));
    }
    if ends == End::Kept {
        println!(
            "Import a balance that is newer than this: until then the bot claims and offers nothing of debt {}.",
            found.debt.as_deref().unwrap_or("(erased)")
        );
    }
    Ok(())
}

/// Wishes to withdraw that wait for an answer, by the debt of their agreement.
async fn wishes(store: &dyn Store, lender: Option<&LenderId>) -> anyhow::Result<HashMap<ObligationId, Case>> {
    let of = CasesOf { lender: lender.cloned(), conversation: None };
    let open = store.open_cases(&of, LISTED_MAX).await?.into_iter().map(|open| open.case);
    let wishes = open.filter(|case| case.kind == WITHDRAWAL);
    Ok(wishes.filter_map(|case| Some((case.obligation?, case))).collect())
}

/// The wish to withdraw of a running agreement.
fn wish_of<'a>(wishes: &'a HashMap<ObligationId, Case>, agreement: &Agreement) -> Option<&'a Case> {
    let running = Standing::of(agreement.status) == Standing::Running;
    wishes.get(&agreement.offer.obligation).filter(|_| running)
}

/// `, on 2026-08-01 by ops-7`.
fn ended(closing: Option<&Closing>) -> String {
    closing.map_or_else(String::new, |closing| format!(", on {} by {}", day_of(closing.at), closing.by))
}

fn day_of(at: Timestamp) -> String {
    at.rfc3339().chars().take(10).collect()
}

/// Today where the agreement's lender is.
fn today(policies: &PolicySet, filed: &FiledAgreement, now: Timestamp) -> Day {
    let zone = policies.policy(&filed.agreement.lender).map(|policy| policy.zone.day(now));
    zone.unwrap_or_else(|| Zone::utc().day(now))
}

/// Agreements with the wishes to withdraw that wait.
struct Found {
    filed: Vec<FiledAgreement>,
    wishes: HashMap<ObligationId, Case>,
}

fn table(Found { filed, wishes }: &Found, policies: &PolicySet, now: Timestamp) -> String {
    if filed.is_empty() {
        return "no agreements\n".to_owned();
    }
    let line = |cells: [&str; 8]| {
        let [reference, lender, person, debt, kind, total, next, stands] = cells;
        let line = format!(
            "{reference:10}  {lender:10}  {person:14}  {debt:14}  {kind:15}  {total:>16}  {next:10}  {stands}"
        );
        line.trim_end().to_owned() + "\n"
    };
    let mut text = line(["REFERENCE", "LENDER", "PERSON", "DEBT", "KIND", "TOTAL", "NEXT DUE", "STATUS"]);
    for one in filed {
        let (agreement, today) = (&one.agreement, today(policies, one, now));
        let standing = Standing::of(agreement.status);
        let stands = match (lapsed_since(agreement, today), standing) {
            (Some(day), _) => format!("running, lapsed since {day}"),
            (None, Standing::Running) => standing.name().to_owned(),
            (None, _) => format!("{}{}", standing.name(), ended(one.closing.as_ref())),
        };
        let wish = wish_of(wishes, agreement);
        let stands =
            wish.map_or_else(|| stands.clone(), |wish| format!("{stands}, to withdraw: {}", number(wish.id)));
        text += &line([
            &agreement.reference,
            agreement.lender.as_str(),
            one.person.as_deref().unwrap_or("-"),
            one.debt.as_deref().unwrap_or("-"),
            agreement.offer.kind.name(),
            &total(agreement.offer.total),
            &next_due(agreement, today).map_or_else(|| "-".to_owned(), |day| day.to_string()),
            &stands,
        ]);
    }
    text + "\n`acuerdo agreement close REFERENCE --as kept|broken|cancelled` ends one; cancelled ones need `--note`.\n"
}

/// In whole units of the currency.
fn total(amount: Money) -> String {
    format!("{} {}", amount.minor / 10_i64.pow(amount.currency.minor_digits()), amount.currency.code())
}

/// The next payment of a running agreement.
fn next_due(agreement: &Agreement, today: Day) -> Option<Day> {
    let next = agreement.offer.payments.iter().map(|payment| payment.due).find(|due| *due >= today);
    next.filter(|_| Standing::of(agreement.status) == Standing::Running)
}

fn as_json(Found { filed, wishes }: &Found, policies: &PolicySet, now: Timestamp) -> anyhow::Result<String> {
    let values: Vec<Value> = filed
        .iter()
        .map(|one| {
            let (agreement, today) = (&one.agreement, today(policies, one, now));
            json!({
                "reference": agreement.reference,
                "lender": agreement.lender.as_str(),
                "person": one.person,
                "debt": one.debt,
                "kind": agreement.offer.kind.name(),
                "total_minor": agreement.offer.total.minor,
                "currency": agreement.offer.total.currency.code(),
                "accepted_at": agreement.accepted_at.rfc3339(),
                "next_due": next_due(agreement, today).map(|day| day.to_string()),
                "status": Standing::of(agreement.status).name(),
                "lapsed_since": lapsed_since(agreement, today).map(|day| day.to_string()),
                "withdrawal": wish_of(wishes, agreement).map(|wish| number(wish.id)),
                "ended": one.closing.as_ref().map(|closing| json!({
                    "outcome": closing.outcome,
                    "by": closing.by,
                    "at": closing.at.rfc3339(),
                })),
            })
        })
        .collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&values)?))
}
