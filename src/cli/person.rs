//! `acuerdo person`: a copy of everything that is held on a person, and their erasure.

use super::LenderArg;
use crate::config::Settings;
use crate::domain::ids::LenderId;
use crate::ports::retention::Act;
use crate::ports::rights::{Erasure, Fate, Hold, HoldKind, Met, PersonAct};
use crate::service::rights::{Order, Rights};
use anyhow::Context;
use clap::{Args, Subcommand};
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum PersonCommand {
    /// Write everything that is held on a person as JSON (see docs/personal-data.md), and record that it was given out.
    Export {
        /// The lender's own reference of the person, as in the debt file.
        reference: String,
        #[command(flatten)]
        lender: LenderArg,
        /// A new file, which only its owner can read; without it on standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        by: ByArg,
    },
    /// Erase a person: name, document, phones, debts and every text of their chats, in one transaction.
    ///
    /// Agreements stay with their evidence, and opt-outs with their address, so that they can be honoured. A running
    /// agreement or an open case, but for the wish to be erased, holds the erasure: nothing is erased until it has ended,
    /// or until you say with `--over-holds` why it counts no more. A protected ticket that nobody has closed, and an open
    /// one of a chat that others share, hold it in any case. On a shared phone only the person's own words go. Later
    /// imports leave the person out. Safe beside serving processes.
    Erase {
        /// The lender's own reference of the person, as in the debt file.
        reference: String,
        #[command(flatten)]
        lender: LenderArg,
        /// Only tell what would be erased and what would stay.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask first.
        #[arg(long)]
        yes: bool,
        /// Erase in spite of a running agreement or an open case, for this reason; it is recorded.
        #[arg(long, value_name = "REASON", value_parser = super::said)]
        over_holds: Option<String>,
        #[command(flatten)]
        by: ByArg,
    },
}

/// Who is on record for it.
#[derive(Args)]
pub struct ByArg {
    /// Who asks for it, for the record; without it the user of this machine.
    #[arg(long, value_name = "NAME", value_parser = super::said)]
    by: Option<String>,
}

impl ByArg {
    pub fn name(&self) -> anyhow::Result<String> {
        self.by
            .clone()
            .or_else(user)
            .context("nobody knows who asks for this, which goes on record: say --by NAME")
    }
}

/// The user of this machine: as the shell names them, else by the list of users.
fn user() -> Option<String> {
    let named = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.trim().is_empty()).or_else(|| {
        let id = rustix::process::getuid().as_raw().to_string();
        let users = std::fs::read_to_string("/etc/passwd").ok()?;
        let named = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == id && !name.is_empty()).then(|| name.to_owned())
        };
        users.lines().find_map(named)
    })
}

pub async fn run(settings: &Settings, command: PersonCommand) -> anyhow::Result<ExitCode> {
    let (store, world) = super::open(settings).await?;
    let rights = Rights::new(store.clone(), world.clock, world.random);
    let code = match command {
        PersonCommand::Export { reference, lender, out, by } => {
            let lender = lender.resolve(settings)?;
            export(&rights, &lender, &reference, out.as_deref(), &by.name()?).await?
        }
        PersonCommand::Erase { reference, lender, dry_run, yes, over_holds, by } => {
            let lender = lender.resolve(settings)?;
            let by = by.name()?;
            if let Some(reason) = &over_holds
                && let Some(held) = store.export_person(&lender, &reference).await?
                && names(reason, &held)
            {
                anyhow::bail!(
                    "nothing was erased: the reason stays on record, and it holds the person's name, document or phone; \
                     write it without"
                );
            }
            let order = Order { by: &by, over_holds: over_holds.as_deref() };
            let asked = dry_run || yes || consent(&reference, &lender)?;
            if asked {
                let act = if dry_run { Act::Look } else { Act::Remove };
                erase(&rights, &lender, &reference, order, act).await?
            } else {
                println!("Nothing was erased.");
                ExitCode::FAILURE
            }
        }
    };
    store.close().await;
    Ok(code)
}

async fn export(
    rights: &Rights,
    lender: &LenderId,
    reference: &str,
    out: Option<&Path>,
    by: &str,
) -> anyhow::Result<ExitCode> {
    // Before the copy is on record, so that a file that cannot be written leaves none.
    let file = out.map(private).transpose()?;
    let Some(document) = rights.export(lender, reference, by).await? else {
        if let Some(out) = out {
            drop(std::fs::remove_file(out));
        }
        return unknown(rights, lender, reference).await;
    };
    let text = serde_json::to_string_pretty(&document)?;
    match (file, out) {
        (Some(mut file), Some(out)) => {
            writeln!(file, "{text}").with_context(|| format!("cannot write {}", out.display()))?;
            println!("Everything that `{lender}` holds on this person is in {}.", out.display());
        }
        (None, _) | (_, None) => println!("{text}"),
    }
    if let Some(act) = rights.erased(lender, &[reference]).await?.get(reference) {
        let n = document["agreements"].as_array().map_or(0, Vec::len);
        eprintln!("{}", kept(lender, act, n));
    }
    Ok(ExitCode::SUCCESS)
}

/// A new file for its owner alone.
fn private(path: &Path) -> anyhow::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make the new file {}", path.display()))
}

async fn erase(
    rights: &Rights,
    lender: &LenderId,
    reference: &str,
    order: Order<'_>,
    act: Act,
) -> anyhow::Result<ExitCode> {
    match rights.erase(lender, reference, order, act).await? {
        Erasure::Unknown => unknown(rights, lender, reference).await,
        Erasure::Held(holds) => {
            print!("{}", held(&holds));
            Ok(ExitCode::FAILURE)
        }
        Erasure::Done(met) => {
            print!("{}", table(&met, act));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// What is left of somebody who was erased.
fn kept(lender: &LenderId, act: &PersonAct, n_agreements: usize) -> String {
    format!(
        "This person of `{lender}` was erased on {} by {}. Kept, and in the copy: {n_agreements} agreement(s) with their \
         evidence, and the record of these requests. Kept without a link to the person: opt-outs under their address, \
         and the bare rows of chats, tickets and cases.",
        act.at.rfc3339(),
        act.by
    )
}

/// A person who was erased before is no failure: a repeat changes nothing.
async fn unknown(rights: &Rights, lender: &LenderId, reference: &str) -> anyhow::Result<ExitCode> {
    if let Some(act) = rights.erased(lender, &[reference]).await?.get(reference) {
        println!(
            "This person of `{lender}` was erased on {} by {}; `person export` tells what is kept.",
            act.at.rfc3339(),
            act.by
        );
        return Ok(ExitCode::SUCCESS);
    }
    anyhow::bail!(
        "`{lender}` has nobody with the reference `{reference}`: it is the reference of the debt file, upper and lower \
         case count"
    )
}

/// Whether a text holds a name, the document or a phone of whom this copy is about: what an erasure is to remove.
fn names(text: &str, held: &serde_json::Value) -> bool {
    const DIGITS_MIN: usize = 6;
    const LETTERS_MIN: usize = 4;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase);
        words.filter(|word| word.chars().count() >= LETTERS_MIN).collect()
    };
    let (own, said) = (digits(text), words(text));
    let of = |field: &str| held["person"][0][field].to_string();
    // Without the code of a country, as people write it.
    let phones = held["phones"].to_string();
    let phones = phones.split(|c: char| !c.is_ascii_digit() && c != '+').map(digits);
    let phones = phones
        .map(|phone| phone.chars().rev().take(7).collect::<Vec<_>>().into_iter().rev().collect::<String>());
    let numbers = phones.chain([digits(&of("document"))]);
    let held = |number: String| number.len() >= DIGITS_MIN && own.contains(&number);
    numbers.into_iter().any(held) || words(&of("full_name")).iter().any(|name| said.contains(name))
}

fn consent(reference: &str, lender: &LenderId) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        anyhow::bail!("nothing was erased: say --yes, or --dry-run to see what would go");
    }
    print!("Erase `{reference}` of `{lender}` for good? Only a backup could bring it back. Type yes: ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

fn held(holds: &[Hold]) -> String {
    let mut text =
        "Nothing was erased: this must end first, or `--over-holds REASON` says why it counts no more.\n"
            .to_owned();
    if holds.iter().any(|hold| hold.kind == HoldKind::ProtectedTicket) {
        text += "A protected ticket counts whatever is said: somebody may be in danger, and an agent answers first.\n";
    }
    if holds.iter().any(|hold| hold.kind == HoldKind::SharedTicket) {
        text +=
            "An open ticket of a chat that others share counts too: another person may be waiting in it.\n";
    }
    text.push('\n');
    text += &format!("{:18}  {:16}  {:34}  {:20}  UNTIL\n", "HELD BY", "KIND", "REFERENCE", "SINCE");
    for hold in holds {
        let (name, until) = match hold.kind {
            HoldKind::RunningAgreement => ("running agreement", "`acuerdo agreement close`"),
            HoldKind::OpenCase => ("open case", "`acuerdo case close`"),
            HoldKind::ProtectedTicket => ("protected ticket", "an agent closes it at the desk"),
            HoldKind::SharedTicket => ("shared ticket", "an agent closes it at the desk"),
        };
        let since = hold.since.rfc3339();
        text += &format!("{name:18}  {:16}  {:34}  {since:20}  {until}\n", hold.what, hold.reference);
    }
    text
}

fn table(met: &[Met], act: Act) -> String {
    let mut text = format!("{:50}  {:>6}  {:9}  WHY\n", "WHAT", "ROWS", "FATE");
    for Met { what, fate, n } in met {
        let fate_name = match (fate, act) {
            (Fate::Removed, Act::Remove) => "erased",
            (Fate::Removed, Act::Look) => "would go",
            (Fate::Emptied, Act::Remove) => "emptied",
            (Fate::Emptied, Act::Look) => "to empty",
            (Fate::Kept, Act::Remove | Act::Look) => "kept",
        };
        text += format!("{what:50}  {n:>6}  {fate_name:9}  {}", why(what)).trim_end();
        text.push('\n');
    }
    text + match act {
        Act::Look => "\nNothing was changed.\n",
        Act::Remove => {
            "\nErased, and on record. Imports leave this person out from now on; backups forget when they expire.\n"
        }
    }
}

/// Why something stays, and until when.
fn why(what: &str) -> &'static str {
    match what {
        "agreements" => {
            "proof of a contract, as long as your law keeps it (CO: 10 years, Ley 962 of 2005, art. 28)"
        }
        "opt-outs" => "as long as the address may be written to: without it nobody could honour the wish",
        "tickets" | "cases" | "chats" => "number, kind and times stay; nothing tells who it was",
        "dead letters" => "ids only; not to be retried",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::names;
    use serde_json::json;

    #[test]
    fn a_reason_that_holds_what_is_to_go_is_seen() {
        let held = json!({
            "person": [{"full_name": "Luz Marina Peña", "document": "1010000101"}],
            "phones": [{"phone": "573005550001", "wrong_at": null}],
        });
        for reason in
            ["Marina asked by letter", "CC 1.010.000.101 asked", "as told from 300 555 0001", "PEÑA"]
        {
            assert!(names(reason, &held), "{reason}");
        }
        for reason in ["cancelled by letter of 3 May", "order 4471 of the court of 2026", "luz verde"] {
            assert!(!names(reason, &held), "{reason}");
        }
    }
}
