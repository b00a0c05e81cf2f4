//! `acuerdo import FILE.csv`.

use crate::app;
use crate::cli::LenderArg;
use crate::cli::person::ByArg;
use crate::config::Settings;
use crate::debts::{self, Cleaned, DebtFile, ImportContext, Shared};
use crate::domain::ids::{LenderId, PersonId};
use crate::service::rights::Rights;
use anyhow::Context;
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct ImportArgs {
    /// The debt file; docs/import.md describes its columns.
    file: PathBuf,
    /// Read and check everything, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Import the rows without mistakes although others have some.
    #[arg(long)]
    skip_bad_rows: bool,
    /// Let people in again who were erased on request, for instance after a new contract; it is recorded.
    #[arg(long)]
    bring_back_erased: bool,
    #[command(flatten)]
    lender: LenderArg,
    #[command(flatten)]
    by: ByArg,
}

pub async fn run(settings: &Settings, args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let lender = args.lender.resolve(settings)?;
    let policies = app::read_policies(&settings.flows_dir)?;
    let policy = policies.policy(&lender).with_context(|| format!("lender {lender} has no policy"))?;
    let bytes =
        std::fs::read(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?;
    let (store, clock) = if args.dry_run {
        (None, super::world().clock)
    } else {
        let (store, world) = super::open_or_make(settings).await?;
        (Some(store), world.clock)
    };
    let now = clock.now();
    let context = ImportContext { now, zone: policy.zone.clone(), currency: policy.currency };
    let import = debts::parse(&bytes, &context);
    for error in &import.errors {
        eprintln!("{}: {error}", args.file.display());
    }
    if let Some(cleaned) = &import.cleaned {
        eprintln!("{}: {}", args.file.display(), told(cleaned));
    }
    if import.errors_total > 0 && !args.skip_bad_rows {
        anyhow::bail!("nothing was imported: {} mistake(s) in {} row(s)", import.errors_total, import.rows);
    }
    if let Some((line, last)) = import.swallowed {
        anyhow::bail!(
            "nothing was imported: the quote that is opened in line {line} takes in the rows up to line {last}, which \
             nobody could read; close it"
        );
    }
    let file = import.file;
    if let Some(other) = file.lender.as_ref().filter(|other| **other != lender) {
        anyhow::bail!("nothing was imported: the file is of lender `{other}`, not of `{lender}` (--lender)");
    }
    if let Some(old) = file.old_balances(&context) {
        eprintln!(
            "{}: warning: {} balance(s) are older than {} days, the oldest of {}; people are told figures with that date",
            args.file.display(),
            old.n,
            debts::OLD_AFTER_DAYS,
            old.oldest
        );
    }
    warn_of_shared(&args.file, file.shared());
    for (line, what) in super::excess::found(&file, policy, &policies.caps) {
        eprintln!("{}:{line}: warning: {what}", args.file.display());
    }
    if let Some(left) = super::excess::uncompared(&file, policy, &policies.caps) {
        eprintln!(
            "{}:{}: warning: no cap on interest is known for {}: the interest of {} debt(s) was compared with none; add it \
             to rate_caps.yaml and import again",
            args.file.display(),
            left.line,
            left.day,
            left.debts
        );
    }
    let Some(store) = store else {
        println!("{} persons, {} obligations: no errors", file.persons.len(), file.obligations.len());
        left_out(settings, &lender, &file, args).await;
        return Ok(ExitCode::SUCCESS);
    };
    let rights = Rights::new(store.clone(), clock, super::world().random);
    let file = admitted(&rights, &lender, file, args).await?;
    let counts = store.import(&lender, &file.persons, &file.obligations, now).await?;
    println!(
        "persons: {} new, {} changed, {} same\nobligations: {} new, {} changed, {} same or older",
        counts.persons_new,
        counts.persons_changed,
        counts.persons_same,
        counts.obligations_new,
        counts.obligations_changed,
        counts.obligations_same,
    );
    Ok(ExitCode::SUCCESS)
}

/// What proves who somebody is should be of one person.
fn warn_of_shared(path: &Path, shared: Shared) {
    let path = path.display();
    if shared.documents > 0 {
        eprintln!(
            "{path}: warning: {} persons have the document of another one; who knows it may prove to be any of them",
            shared.documents
        );
    }
    if shared.phones > 0 {
        eprintln!(
            "{path}: warning: {} phone(s) are of {} persons or more: an office or a placeholder, not theirs",
            shared.phones,
            debts::SHARED_PHONE_MIN
        );
    }
}

fn told(cleaned: &Cleaned) -> String {
    let column = cleaned.column.map_or_else(String::new, |column| format!(", column `{column}`"));
    format!(
        "{} value(s) were read without invisible characters; the first is in line {}{column}",
        cleaned.n_values, cleaned.line
    )
}

/// Says how many people of the file were erased on request; where the database cannot be read, that nobody knows.
async fn left_out(settings: &Settings, lender: &LenderId, file: &DebtFile, args: &ImportArgs) {
    let references: Vec<&str> = file.persons.iter().map(|person| person.external_ref.as_str()).collect();
    let known = async {
        let (store, world) = super::open(settings).await?;
        let erased =
            Rights::new(store.clone(), world.clock, world.random).erased(lender, &references).await?;
        store.close().await;
        anyhow::Ok(erased.len())
    };
    let comes = if args.bring_back_erased { "would be let in again" } else { "would be left out" };
    match known.await {
        Ok(0) => {}
        Ok(n) => println!("{n} of these people were erased on request and {comes}"),
        Err(error) => eprintln!("whether somebody of them was erased on request is not known: {error:#}"),
    }
}

/// The file without people who were erased on request, which is told; or with them, which is recorded.
async fn admitted(
    rights: &Rights,
    lender: &LenderId,
    mut file: DebtFile,
    args: &ImportArgs,
) -> anyhow::Result<DebtFile> {
    let references: Vec<&str> = file.persons.iter().map(|person| person.external_ref.as_str()).collect();
    let erased = rights.erased(lender, &references).await?;
    if erased.is_empty() {
        return Ok(file);
    }
    let (people, are) = if erased.len() == 1 { ("person", "is") } else { ("people", "are") };
    if args.bring_back_erased {
        let by = args.by.name()?;
        for reference in erased.keys() {
            rights.readmit(lender, reference, &by).await?;
        }
        println!("{} erased {people} {are} let in again, which is on record", erased.len());
        return Ok(file);
    }
    let out: BTreeSet<PersonId> = file
        .persons
        .iter()
        .filter(|person| erased.contains_key(&person.external_ref))
        .map(|person| person.id)
        .collect();
    file.persons.retain(|person| !out.contains(&person.id));
    file.obligations.retain(|obligation| !out.contains(&obligation.person));
    let was = if erased.len() == 1 { "was" } else { "were" };
    println!(
        "{} {people} {was} erased on request and {are} left out; --bring-back-erased lets them in again",
        erased.len()
    );
    Ok(file)
}
