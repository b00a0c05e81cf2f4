//! Whether somebody serves those who wait for a person, and whether agreements wait for their end.

use super::findings::Findings;
use crate::app;
use crate::cli::agent::queues_of;
use crate::cli::agreement::{LISTED_MAX, lapsed_since};
use crate::config::Settings;
use crate::domain::ids::LenderId;
use crate::domain::time::Millis;
use crate::ports::cases::AgreementsOf;
use crate::ports::records::Priority;
use crate::ports::tickets::Ticket;
use crate::ports::{Store, StoreError};
use std::collections::BTreeSet;

/// Open tickets that are looked at.
const TICKETS_MAX: u32 = 10_000;
/// Somebody in danger waits longer than that: a failure.
const URGENT_WAIT: Millis = Millis::minutes(15);
/// Anybody waits longer than that: it is told, as desks have hours.
const WAIT: Millis = Millis::hours(24);

pub async fn check(settings: &Settings, store: &dyn Store, findings: &mut Findings) {
    // Mistakes in flows and policies are told below.
    let Ok(queues) = queues_of(&settings.flows_dir) else { return };
    let now = crate::cli::world().clock.now();
    let waits = match store.open_tickets(TICKETS_MAX).await {
        Ok(open) => open.into_iter().filter(|ticket| !ticket.is_held(now)).collect::<Vec<_>>(),
        Err(error) => return findings.fail("desk", &error.to_string()),
    };
    let late = |ticket: &&Ticket, most: Millis| now.since(ticket.waiting_since) > most;
    let urgent =
        waits.iter().filter(|one| one.priority == Priority::Urgent && late(one, URGENT_WAIT)).count();
    let long = waits.iter().filter(|one| late(one, WAIT)).count();
    let waiting = format!("{} ticket(s) wait for an agent", waits.len());
    match (urgent, long) {
        (0, 0) => findings.ok("desk", &waiting),
        (0, _) => findings.care(
            "desk",
            &format!("{waiting}, {long} for more than a day"),
            "agents of their queues take them at the desk",
        ),
        _ => findings.mend(
            "desk",
            &format!("{waiting}, {urgent} urgent for more than 15 minutes: somebody may be in danger"),
            "let an agent of their queue take them now",
        ),
    }
    for lender in settings.lender_ids() {
        if let Err(error) = served(store, &lender, &queues, &waits, findings).await {
            findings.fail("desk", &error.to_string());
        }
    }
    if let Err(error) = agreements(settings, store, findings).await {
        findings.fail("agreements", &error.to_string());
    }
}

/// Each queue that the flows hand over to has an active agent.
async fn served(
    store: &dyn Store,
    lender: &LenderId,
    queues: &BTreeSet<String>,
    waits: &[Ticket],
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let agents = store.agents(lender).await?;
    let serves = |queue: &String| {
        agents.iter().any(|agent| agent.active && (agent.queues.is_empty() || agent.queues.contains(queue)))
    };
    for queue in queues.iter().filter(|queue| !serves(queue)) {
        let n = waits.iter().filter(|ticket| ticket.lender == *lender && ticket.queue == *queue).count();
        let what = format!("no active agent of `{lender}` serves the queue `{queue}`");
        let remedy = format!("`acuerdo agent add NAME --queue {queue}`, or without --queue for all");
        match n {
            0 => findings.care("desk", &what, &remedy),
            _ => findings.mend("desk", &format!("{what}, and {n} people wait in it"), &remedy),
        }
    }
    Ok(())
}

/// Running agreements whose last day has passed: nobody has said yet whether they were kept.
async fn agreements(
    settings: &Settings,
    store: &dyn Store,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let Ok(policies) = app::read_policies(&settings.flows_dir) else { return Ok(()) };
    let now = crate::cli::world().clock.now();
    let running = AgreementsOf { running: true, ..AgreementsOf::default() };
    let filed = store.agreements(&running, LISTED_MAX).await?;
    let lapsed = filed.iter().filter(|one| {
        let policy = policies.policy(&one.agreement.lender);
        policy.is_some_and(|policy| lapsed_since(&one.agreement, policy.zone.day(now)).is_some())
    });
    let lapsed = lapsed.count();
    let told = format!("{} running, {lapsed} past their last payment date", filed.len());
    match lapsed {
        0 => findings.ok("agreements", &told),
        _ => findings.care("agreements", &told, "`acuerdo agreement list --lapsed` shows them"),
    }
    Ok(())
}
