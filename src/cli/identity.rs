//! `acuerdo identity list | settle`: chats whose number and WhatsApp account point to two chats.

use super::LenderArg;
use super::person::ByArg;
use crate::config::Settings;
use crate::domain::ids::ConversationId;
use crate::ports::conversations::Conversation;
use crate::service::conflicts;
use clap::Subcommand;
use serde_json::json;
use std::process::ExitCode;

/// Chats that are listed at most.
const LISTED_MAX: u32 = 1_000;

#[derive(Subcommand)]
pub enum IdentityCommand {
    /// List the chats in which nobody can prove who they are, oldest first: id, since when it exists, ticket. No text of anyone.
    List {
        #[command(flatten)]
        lender: LenderArg,
    },
    /// End the conflict of a chat: somebody has found out whose account it is. It proves nobody, and it is recorded.
    Settle {
        /// The chat's id, as `list` shows it.
        chat: ConversationId,
        /// What was found out, and how.
        #[arg(long, value_parser = super::plainly_said)]
        reason: String,
        #[command(flatten)]
        lender: LenderArg,
        #[command(flatten)]
        by: ByArg,
    },
}

pub async fn run(settings: &Settings, command: IdentityCommand) -> anyhow::Result<ExitCode> {
    let (store, world) = super::open(settings).await?;
    match command {
        IdentityCommand::List { lender } => {
            let chats = store.identity_conflicts(&lender.resolve(settings)?, LISTED_MAX).await?;
            print!("{}", table(&chats));
        }
        IdentityCommand::Settle { chat, reason, lender, by } => {
            let lender = lender.resolve(settings)?;
            let record = json!({"v": 1, "did": "settle", "by": by.name()?, "reason": reason});
            if !conflicts::settle(store.as_ref(), &lender, chat, &record, world.clock.now()).await? {
                anyhow::bail!(
                    "`{lender}` has no chat {chat} in conflict; `acuerdo identity list` shows them"
                );
            }
            println!("chat {chat}: the conflict is settled; whoever writes proves who they are anew");
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn table(chats: &[Conversation]) -> String {
    if chats.is_empty() {
        return "no chats in conflict\n".to_owned();
    }
    let line = |chat: &str, since: &str, ticket: &str| format!("{chat:36}  {since:10}  {ticket}\n");
    let mut text = line("CHAT", "SINCE", "TICKET");
    for chat in chats {
        let ticket = chat.ticket.map_or_else(|| "-".to_owned(), |ticket| ticket.to_string());
        let since: String = chat.created_at.rfc3339().chars().take(10).collect();
        text += &line(&chat.id.to_string(), &since, &ticket);
    }
    text + "\n`acuerdo identity settle CHAT --reason WORDS` ends one.\n"
}
