//! `acuerdo import FILE.csv`.

mod progress;

use crate::app;
use crate::cli::LenderArg;
use crate::cli::person::ByArg;
use crate::config::Settings;
use crate::debts::csv::FILE_BYTES_MAX;
use crate::debts::{self, Cleaned, DebtText, ImportContext, Reader, Shared, Survey};
use crate::domain::ids::{LenderId, PersonId, person_id};
use crate::ports::people::{ImportBatch, ImportSource};
use crate::service::rights::Rights;
use anyhow::Context;
use clap::Args;
use progress::Progress;
use std::collections::{BTreeSet, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Rows that are read and written at once.
const ROWS_AT_ONCE: usize = 1_000;
/// What shells say of a process that SIGINT ended.
const INTERRUPTED: u8 = 130;

#[derive(Args)]
pub struct ImportArgs {
    /// The debt file, or `-` for standard input; docs/import.md describes its columns.
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
    let name = name_of(&args.file);
    let bytes = read(&args.file).with_context(|| format!("{name} cannot be read"))?;
    let (store, clock) = if args.dry_run {
        (None, super::world().clock)
    } else {
        let (store, world) = super::open_or_make(settings).await?;
        (Some(store), world.clock)
    };
    let context = ImportContext { now: clock.now(), zone: policy.zone.clone(), currency: policy.currency };
    let text = DebtText::of(bytes).map_err(|error| {
        eprintln!("{name}: {error}");
        anyhow::anyhow!("nothing was imported: 1 mistake(s) in 0 row(s)")
    })?;
    let (mut odd, mut left) = (Vec::new(), super::excess::Uncompared::default());
    let survey = Survey::of(&text, &context, |taken| {
        let Some(debt) = &taken.obligation else { return };
        left.look(taken.line, debt, policy, &policies.caps);
        odd.extend(
            super::excess::found(debt, policy, &policies.caps).into_iter().map(|what| (taken.line, what)),
        );
    });
    refuse_mistakes(&survey, &name, args.skip_bad_rows)?;
    if let Some(other) = survey.lender.as_ref().filter(|other| **other != lender) {
        anyhow::bail!("nothing was imported: the file is of lender `{other}`, not of `{lender}` (--lender)");
    }
    warn(&survey, &name);
    for (line, what) in odd {
        eprintln!("{name}:{line}: warning: {what}");
    }
    if let Some((line, day)) = left.first {
        eprintln!(
            "{name}:{line}: warning: no cap on interest is known for {day}: the interest of {} debt(s) was compared with \
             none; add it to rate_caps.yaml and import again",
            left.debts
        );
    }
    let Some(store) = store else {
        println!("{} persons, {} obligations: no errors", survey.references.len(), survey.n_obligations);
        left_out(settings, &lender, &survey, args).await;
        return Ok(ExitCode::SUCCESS);
    };
    let rights = Rights::new(store.clone(), clock, super::world().random);
    let out = not_admitted(&rights, &lender, &survey, args).await?;
    let progress = Progress::of(survey.n_rows);
    let rows = FileRows { text: &text, context: &context, survey: &survey, out, progress: &progress };
    let written = progress.unless_stopped(store.import_from(&lender, &rows, context.now)).await?;
    let Some(counts) = written else {
        eprintln!(
            "stopped: nothing was imported; all rows are one transaction, and the database takes it back"
        );
        return Ok(ExitCode::from(INTERRUPTED));
    };
    let counts = counts.context("nothing was imported")?;
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

/// What messages call the file.
fn name_of(file: &Path) -> String {
    if is_standard_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// The whole file, which may come through a pipe and is read twice; one byte more than is allowed shows one too large.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    if !is_standard_input(file) {
        return std::fs::read(file);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    bytes.shrink_to_fit();
    Ok(bytes)
}

fn refuse_mistakes(survey: &Survey, name: &str, skip_bad_rows: bool) -> anyhow::Result<()> {
    let judged = &survey.judged;
    for error in &judged.errors {
        eprintln!("{name}: {error}");
    }
    if let Some(cleaned) = &judged.cleaned {
        eprintln!("{name}: {}", told(cleaned));
    }
    if judged.errors_total > 0 && !skip_bad_rows {
        anyhow::bail!("nothing was imported: {} mistake(s) in {} row(s)", judged.errors_total, judged.rows);
    }
    if let Some((line, last)) = judged.swallowed {
        anyhow::bail!(
            "nothing was imported: the quote that is opened in line {line} takes in the rows up to line {last}, which \
             nobody could read; close it"
        );
    }
    Ok(())
}

fn warn(survey: &Survey, name: &str) {
    if let Some(old) = survey.old {
        eprintln!(
            "{name}: warning: {} balance(s) are older than {} days, the oldest of {}; people are told figures with that \
             date",
            old.n,
            debts::OLD_AFTER_DAYS,
            old.oldest
        );
    }
    // What proves who somebody is should be of one person.
    let Shared { documents, phones } = survey.shared();
    if documents > 0 {
        eprintln!(
            "{name}: warning: {documents} persons have the document of another one; who knows it may prove to be any of \
             them"
        );
    }
    if phones > 0 {
        eprintln!(
            "{name}: warning: {phones} phone(s) are of {} persons or more: an office or a placeholder, not theirs",
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

/// The rows of a file as the store takes them.
struct FileRows<'f> {
    text: &'f DebtText,
    context: &'f ImportContext,
    survey: &'f Survey,
    /// Who is left out.
    out: HashSet<PersonId>,
    progress: &'f Progress,
}

impl ImportSource for FileRows<'_> {
    fn batches(&self) -> Box<dyn Iterator<Item = ImportBatch> + Send + '_> {
        self.progress.begin();
        Box::new(Batches { rows: self, reader: Reader::new(self.text, self.context), n_in_work: 0 })
    }
}

struct Batches<'f> {
    rows: &'f FileRows<'f>,
    reader: Reader<'f>,
    /// Of the batch that was given out last.
    n_in_work: u64,
}

impl Iterator for Batches<'_> {
    type Item = ImportBatch;

    fn next(&mut self) -> Option<ImportBatch> {
        let Self { rows, reader, n_in_work } = self;
        rows.progress.written(std::mem::take(n_in_work));
        let mut batch = ImportBatch::default();
        for taken in reader.by_ref().take(ROWS_AT_ONCE) {
            *n_in_work += 1;
            if rows.out.contains(&taken.person) {
                continue;
            }
            let as_of = rows.survey.as_of.get(&taken.person).copied();
            batch.persons.extend(taken.new.map(|person| (person, as_of)));
            batch.obligations.extend(taken.obligation);
        }
        if *n_in_work == 0 {
            rows.progress.end();
            return None;
        }
        Some(batch)
    }
}

/// References of people in the file who were erased on request and not let in again since.
async fn erased(rights: &Rights, lender: &LenderId, survey: &Survey) -> anyhow::Result<BTreeSet<String>> {
    let references: Vec<&str> = survey.references.iter().map(AsRef::as_ref).collect();
    Ok(rights.erased(lender, &references).await?.into_keys().collect())
}

/// Says how many people of the file were erased on request; where the database cannot be read, that nobody knows.
async fn left_out(settings: &Settings, lender: &LenderId, survey: &Survey, args: &ImportArgs) {
    let known = async {
        let (store, world) = super::open(settings).await?;
        let erased = erased(&Rights::new(store.clone(), world.clock, world.random), lender, survey).await?;
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

/// The people of the file who are left out because they were erased on request, which is told; or who are let in again,
/// which is recorded: then nobody is left out.
async fn not_admitted(
    rights: &Rights,
    lender: &LenderId,
    survey: &Survey,
    args: &ImportArgs,
) -> anyhow::Result<HashSet<PersonId>> {
    let erased = erased(rights, lender, survey).await?;
    if erased.is_empty() {
        return Ok(HashSet::new());
    }
    let (people, are) = if erased.len() == 1 { ("person", "is") } else { ("people", "are") };
    if args.bring_back_erased {
        let by = args.by.name()?;
        for reference in &erased {
            rights.readmit(lender, reference, &by).await?;
        }
        println!("{} erased {people} {are} let in again, which is on record", erased.len());
        return Ok(HashSet::new());
    }
    let was = if erased.len() == 1 { "was" } else { "were" };
    println!(
        "{} {people} {was} erased on request and {are} left out; --bring-back-erased lets them in again",
        erased.len()
    );
    Ok(erased.iter().map(|reference| person_id(lender, reference)).collect())
}
