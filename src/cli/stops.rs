//! `acuerdo stops`: what keeps messages from leaving.

use crate::cli::LenderArg;
use crate::config::Settings;
use crate::domain::ids::LenderId;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum StopsCommand {
    /// List every stop with its reason and time.
    List,
    /// Stop all sending of a lender now.
    Set {
        /// Why; shown to whoever looks.
        #[arg(value_parser = super::said)]
        reason: String,
        #[command(flatten)]
        lender: LenderArg,
    },
    /// Lift a stop: `outbound`, `new_conversations` or `template:NAME`.
    Lift {
        #[arg(default_value = "outbound")]
        scope: String,
        #[command(flatten)]
        lender: LenderArg,
    },
}

pub async fn run(settings: &Settings, command: StopsCommand) -> anyhow::Result<ExitCode> {
    let (store, world) = super::open(settings).await?;
    match command {
        StopsCommand::List => {
            let stops = store.stops().await?;
            if stops.is_empty() {
                println!("nothing is stopped");
            }
            for stop in stops {
                println!("{}  {}  since {}  {}", stop.lender, stop.scope, stop.since.rfc3339(), stop.reason);
            }
        }
        StopsCommand::Set { reason, lender } => {
            let lender: LenderId = lender.resolve(settings)?;
            let scope = "outbound".to_owned();
            store
                .stop(&crate::ports::switches::Stop {
                    lender: lender.clone(),
                    scope,
                    reason,
                    since: world.clock.now(),
                })
                .await?;
            println!("all sending of {lender} is stopped; `acuerdo stops lift` lets it go on");
            println!(
                "that holds for people in danger too: they get no crisis line meanwhile, so have somebody read the \
                 urgent tickets and call"
            );
        }
        StopsCommand::Lift { scope, lender } => {
            let lender = lender.resolve(settings)?;
            if !store.lift(&lender, &scope).await? {
                anyhow::bail!("{lender} has no stop `{scope}`; `acuerdo stops list` shows them");
            }
            println!("`{scope}` of {lender} may go on");
        }
    }
    Ok(ExitCode::SUCCESS)
}
