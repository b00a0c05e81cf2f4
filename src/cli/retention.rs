//! `acuerdo retention`: removes what the settings no longer keep, or tells what that would be.

use crate::app;
use crate::config::Settings;
use crate::ports::retention::{Act, Aged};
use crate::service::retention::{Retention, Total};
use clap::Args;
use std::process::ExitCode;

/// Remove raw deliveries, worked-off inputs and notices, and the log of chats that ended, once they are older than
/// `[retention]` of the settings keeps them.
///
/// A serving process does the same all the time, a little at a time. Never removed: agreements, payment claims, cases,
/// tickets, opt-outs, tries of identity, dead letters, people, and all chats of a person with an agreement or an open
/// case. Safe beside serving processes and safe to repeat.
#[derive(Args)]
pub struct RetentionArgs {
    /// Only tell how many would go.
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(settings: &Settings, args: &RetentionArgs) -> anyhow::Result<ExitCode> {
    let keep = app::keep(settings)?;
    let (store, world) = super::open(settings).await?;
    let retention = Retention::new(store.clone(), world.clock, keep, settings.retention.rows_per_round);
    let (act, verb) = if args.dry_run { (Act::Look, "WOULD GO") } else { (Act::Remove, "REMOVED") };
    println!("{:12}  {:>12}  {:>12}  OLDER THAN", "KIND", "LOOKED AT", verb);
    for kind in Aged::ALL {
        println!("{}", line(&retention.whole(kind, act).await?));
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn line(total: &Total) -> String {
    let before = total.before.map_or_else(|| "- (kept for ever)".to_owned(), |before| before.rfc3339());
    format!("{:12}  {:>12}  {:>12}  {before}", total.kind.name(), total.looked_at, total.removed)
}
