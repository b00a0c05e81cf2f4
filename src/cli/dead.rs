//! `acuerdo dead list | show | retry`: what could not be worked off and waits for an operator.

use crate::app::{self, World};
use crate::config::Settings;
use crate::domain::ids::LenderId;
use crate::ports::Store;
use crate::ports::clock::{Clock, Random};
use crate::ports::dead_letters::{DeadDelivery, DeadTurn};
use crate::ports::inbox::{Accepted, Delivery};
use crate::service::lenders::Lenders;
use crate::service::receive::{InboxWriter, Parsed, Receive, ReceiveError, Signer};
use crate::whatsapp::webhook;
use anyhow::Context;
use async_trait::async_trait;
use clap::Subcommand;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::Arc;
use uuid::Uuid;

/// Letters that one command reads; more means that something is broken at large, and the rest comes after.
const LETTERS_MAX: u32 = 1_000;

#[derive(Subcommand)]
pub enum DeadCommand {
    /// List turns that failed for good and deliveries that nobody could read, oldest first.
    ///
    /// A turn that failed three times for a reason that will not pass is set aside: its person was told that a human
    /// goes on, and has a ticket with the reason `technical_failure`. A delivery is a signed body of Meta's that was
    /// no JSON; it is kept raw. Exits with 0 whether there are any or not.
    List {
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of one: its cause, step, inputs, flow version and ticket. Never a text of anyone.
    Show {
        id: Uuid,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Try again after the cause was mended.
    ///
    /// The messages of a turn go back to their chat in their old order: to the agent while a human has the chat, else
    /// to the bot, which begins anew. A delivery is read again with this program and these settings; what was stored
    /// before is not stored twice. Safe beside a serving process. Exits with 1 when one is dead still.
    Retry {
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<Uuid>,
        /// Every one of the list.
        #[arg(long)]
        all: bool,
    },
}

enum Letter {
    Turn(DeadTurn),
    Delivery(DeadDelivery),
}

pub async fn run(settings: &Settings, command: DeadCommand) -> anyhow::Result<ExitCode> {
    let mut told = String::new();
    let all_well = run_in(settings, super::world(), command, &mut told).await;
    print!("{told}");
    Ok(if all_well? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The command in this world. `told` is what it has to say, also when it fails midway; false when a letter is dead
/// still.
pub async fn run_in(
    settings: &Settings,
    world: World,
    command: DeadCommand,
    told: &mut String,
) -> anyhow::Result<bool> {
    let (store, world) = super::open_in(settings, world).await?;
    let letters = letters(store.as_ref()).await?;
    match command {
        DeadCommand::List { json } => {
            *told += &list(&letters, json)?;
            Ok(true)
        }
        DeadCommand::Show { id, json } => {
            *told += &show(one(&letters, id)?, json)?;
            Ok(true)
        }
        DeadCommand::Retry { id: Some(id), .. } => {
            retry(settings, (&store, &world), &[one(&letters, id)?], told).await
        }
        DeadCommand::Retry { id: None, .. } => {
            retry(settings, (&store, &world), &letters.iter().collect::<Vec<_>>(), told).await
        }
    }
}

async fn letters(store: &dyn Store) -> anyhow::Result<Vec<Letter>> {
    let turns = store.dead_turns(LETTERS_MAX).await?.into_iter().map(Letter::Turn);
    let deliveries = store.dead_deliveries(LETTERS_MAX).await?.into_iter().map(Letter::Delivery);
    let mut letters: Vec<Letter> = turns.chain(deliveries).collect();
    letters.sort_by_key(|letter| (letter.since(), letter.id()));
    Ok(letters)
}

fn one(letters: &[Letter], id: Uuid) -> anyhow::Result<&Letter> {
    letters.iter().find(|letter| letter.id() == id).with_context(|| {
        format!("there is no dead letter {id}, or it was retried already; `acuerdo dead list` shows them")
    })
}

fn list(letters: &[Letter], as_json: bool) -> anyhow::Result<String> {
    if as_json {
        let values: Vec<Value> = letters.iter().map(Letter::json).collect();
        return Ok(format!("{}\n", serde_json::to_string_pretty(&values)?));
    }
    if letters.is_empty() {
        return Ok("no dead letters: every turn and every delivery was worked off\n".to_owned());
    }
    let line = |id: &str, kind: &str, since: &str, lender: &str, cause: &str, at: &str| {
        format!("{id:36}  {kind:8}  {since:24}  {lender:12}  {cause:24}  {at}").trim_end().to_owned() + "\n"
    };
    let mut text = line("ID", "KIND", "SINCE", "LENDER", "CAUSE", "AT");
    for letter in letters {
        let (lender, cause, at) = match letter {
            Letter::Turn(dead) => (
                dead.lender.as_str(),
                dead.turn.cause.as_str(),
                dead.turn.step.clone().unwrap_or_else(|| "-".to_owned()),
            ),
            Letter::Delivery(dead) => ("-", "unreadable_delivery", format!("{} bytes", dead.bytes)),
        };
        text += &line(&letter.id().to_string(), letter.kind(), &letter.since().rfc3339(), lender, cause, &at);
    }
    text += "\n`acuerdo dead show ID` tells more, `acuerdo dead retry ID` tries again.\n";
    Ok(text)
}

fn show(letter: &Letter, as_json: bool) -> anyhow::Result<String> {
    let value = letter.json();
    if as_json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(&value)?));
    }
    let lines = value.as_object().into_iter().flatten().map(|(name, value)| {
        let text = match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            Value::Array(list) => {
                list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n              ")
            }
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
        };
        format!("{name:12}  {text}\n")
    });
    Ok(lines.collect())
}

async fn retry(
    settings: &Settings,
    (store, world): (&Arc<dyn Store>, &World),
    letters: &[&Letter],
    told: &mut String,
) -> anyhow::Result<bool> {
    if letters.is_empty() {
        *told += "no dead letters: nothing to retry\n";
        return Ok(true);
    }
    let mut lenders = None;
    let mut n_dead = 0;
    for letter in letters {
        let line = match letter {
            Letter::Turn(dead) => {
                let id = dead.turn.id;
                if store.retry_dead_turn(id, world.clock.now()).await? {
                    format!("turn {id}: {} input(s) are back in the chat", dead.turn.inputs.len())
                } else {
                    format!("turn {id}: somebody else has retried it")
                }
            }
            Letter::Delivery(dead) => {
                if lenders.is_none() {
                    lenders = Some(Arc::new(app::read_lenders(settings)?));
                }
                let known = lenders.clone().unwrap_or_default();
                match read_again(store, known, (&world.clock, &world.random), dead).await? {
                    Ok(accepted) => format!(
                        "delivery {}: {} update(s) stored, {} known already, {} of foreign numbers",
                        dead.id, accepted.new, accepted.duplicate, accepted.foreign
                    ),
                    Err(why) => {
                        n_dead += 1;
                        format!("delivery {}: still cannot be read: {why}", dead.id)
                    }
                }
            }
        };
        *told += &line;
        told.push('\n');
    }
    Ok(n_dead == 0)
}

/// Stores what is in the body under the delivery's own id and time.
struct Again {
    store: Arc<dyn Store>,
    of: DeadDelivery,
}

#[async_trait]
impl InboxWriter for Again {
    async fn write(&self, delivery: Delivery) -> Result<Accepted, ReceiveError> {
        let told = |error: crate::ports::StoreError| ReceiveError::Unavailable(error.to_string());
        let delivery = Delivery { id: self.of.id, received_at: self.of.received_at, ..delivery };
        let accepted = self.store.accept(&[delivery]).await.map_err(told)?;
        self.store.settle_delivery(self.of.id).await.map_err(told)?;
        Ok(accepted.into_iter().next().unwrap_or_default())
    }
}

async fn read_again(
    store: &Arc<dyn Store>,
    lenders: Arc<Lenders>,
    (clock, random): (&Arc<dyn Clock>, &Arc<dyn Random>),
    dead: &DeadDelivery,
) -> anyhow::Result<Result<Accepted, String>> {
    let Some(body) = store.delivery_body(dead.id).await? else {
        return Ok(Err("its bytes were deleted".to_owned()));
    };
    let read = webhook::read(&body);
    let items = match read.items {
        Ok(items) => items,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let writer = Arc::new(Again { store: store.clone(), of: dead.clone() });
    let receive = Receive::new(lenders, writer, clock.clone(), random.clone());
    Ok(Ok(receive.receive(read.body, Parsed::Items(items), &Signer::Deployment).await?))
}

impl Letter {
    const fn id(&self) -> Uuid {
        match self {
            Self::Turn(dead) => dead.turn.id,
            Self::Delivery(dead) => dead.id,
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Turn(_) => "turn",
            Self::Delivery(_) => "delivery",
        }
    }

    const fn since(&self) -> crate::domain::time::Timestamp {
        match self {
            Self::Turn(dead) => dead.at,
            Self::Delivery(dead) => dead.received_at,
        }
    }

    fn json(&self) -> Value {
        let since = self.since().rfc3339();
        match self {
            Self::Turn(DeadTurn { lender, conversation, turn, .. }) => json!({
                "id": turn.id,
                "kind": self.kind(),
                "since": since,
                "lender": LenderId::as_str(lender),
                "conversation": conversation,
                "cause": turn.cause,
                "detail": turn.detail,
                "step": turn.step,
                "flow_hash": turn.flow_hash,
                "failures": turn.failures,
                "ticket": turn.ticket,
                "inputs": turn.inputs,
            }),
            Self::Delivery(dead) => json!({
                "id": dead.id,
                "kind": self.kind(),
                "since": since,
                "cause": "unreadable_delivery",
                "detail": dead.why,
                "bytes": dead.bytes,
            }),
        }
    }
}
