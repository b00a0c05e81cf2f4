//! The command line, one file per command. Its help is documentation.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on its terminal")]

mod agreement;
#[cfg(test)]
mod broken;
mod case;
mod demo;
mod doctor;
mod health;
mod identity;
mod import;
mod migrate;
mod person;
mod policies;
mod retention;
mod serve;
mod stops;
mod talk;

pub mod agent;
pub mod dead;
pub mod excess;
mod flow;
pub mod sample;
pub mod understand;

use crate::app::{self, World};
use crate::config::{ConfigError, Settings, unknown_variables};
use crate::domain::ids::LenderId;
use crate::domain::money::Currency;
use crate::domain::time::Day;
use crate::flow::diagnostic::Colour;
use crate::flow::graph::Drawing;
use crate::ports::{Store, StoreError};
use crate::system::{SystemClock, SystemRandom};
use crate::telemetry;
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use flow::Output;
use policies::{AsOf, check_beside};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Settle overdue debts in a respectful WhatsApp chat.
#[derive(Parser)]
#[command(name = "acuerdo", version, about, long_about = None, arg_required_else_help = true)]
struct Cli {
    /// Settings file (TOML). Environment variables win over it.
    #[arg(long, global = true, env = "ACUERDO_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything in one process with sample debts and a phone simulator in the browser. Needs nothing installed.
    Demo(demo::DemoArgs),
    /// Serve webhooks, conversations and the desk in production.
    Serve,
    /// Bring the database to this program's schema. Safe to repeat, safe while the previous version runs.
    Migrate,
    /// Check settings, database, live queue, WhatsApp account and flows; say what to mend.
    Doctor(doctor::DoctorArgs),
    /// Ask the server that runs on this machine whether it is ready, or lives; for container health checks.
    Health(health::HealthArgs),
    /// Import persons, obligations and balances from a CSV file (see docs/import.md).
    Import(import::ImportArgs),
    /// Check, try and draw conversation flows.
    #[command(subcommand)]
    Flow(FlowCommand),
    /// Add, list and disable the human agents of a lender.
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Show and retry what could not be worked off: failed turns and unreadable deliveries.
    #[command(subcommand)]
    Dead(dead::DeadCommand),
    /// Show or lift what stops sending: the kill switch and held templates.
    #[command(subcommand)]
    Stops(stops::StopsCommand),
    /// List and close what people opened and wait for: disputes, requests about their data, a certificate.
    #[command(subcommand)]
    Case(case::CaseCommand),
    /// List agreements, and end those that were kept, broken or cancelled.
    #[command(subcommand)]
    Agreement(agreement::AgreementCommand),
    /// Answer a person about their own data: write a copy of everything that is held, or erase them.
    #[command(subcommand)]
    Person(person::PersonCommand),
    /// List and settle chats whose number and WhatsApp account point to two chats.
    #[command(subcommand)]
    Identity(identity::IdentityCommand),
    /// Remove what the settings no longer keep: raw deliveries, worked-off updates, chats that ended long ago.
    Retention(retention::RetentionArgs),
    /// Measure how well free text is understood.
    #[command(subcommand)]
    Understand(UnderstandCommand),
}

#[derive(Subcommand)]
enum FlowCommand {
    /// Prove a flow folder, its policies and its understanding: every mistake with its place and remedy.
    Check {
        #[arg(default_value = "flows")]
        dir: PathBuf,
        /// One JSON document, for editors and CI.
        #[arg(long)]
        json: bool,
        /// Judge the policies (their caps on interest, their due dates) as of this day, YYYY-MM-DD; else as of today.
        #[arg(long, value_name = "DAY", value_parser = day)]
        today: Option<Day>,
    },
    /// Chat with a flow folder in the terminal, as one of the sample people.
    Talk {
        #[arg(default_value = "flows")]
        dir: PathBuf,
        /// A policy of the folder that has sample debts: `andino` or `norte`.
        #[arg(long, default_value = "andino")]
        lender: String,
        /// The sample person's reference.
        #[arg(long = "as", default_value = "C-1003", value_name = "REFERENCE")]
        reference: String,
    },
    /// Draw a flow, or how all flows run each other.
    Graph {
        #[arg(default_value = "flows")]
        dir: PathBuf,
        /// Only this flow.
        #[arg(long)]
        flow: Option<String>,
        /// Graphviz DOT instead of Mermaid.
        #[arg(long)]
        dot: bool,
    },
}

#[derive(Subcommand)]
enum UnderstandCommand {
    /// Macro-F1 and the recall of the safety intents, by cross-validation on rows that were held out.
    Report {
        /// Folder of examples and phrases; else the one in the flow folder of the settings.
        dir: Option<PathBuf>,
        /// Instead: what the flows beside that folder do with these replies, each said where its writer was
        /// (`context country text meaning must_not`, as fixtures/replies).
        #[arg(long, value_name = "FILE")]
        replies: Option<PathBuf>,
        /// With `--replies`, also the rows that went wrong.
        #[arg(long, requires = "replies")]
        wrong: bool,
    },
    /// What one message means, as JSON.
    Explain {
        text: String,
        /// Folder of examples and phrases; else the one in the flow folder of the settings.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Whose day, zone and currency: a policy beside the flows.
        #[arg(long, default_value = "andino")]
        lender: String,
        /// Another currency than the lender's.
        #[arg(long)]
        currency: Option<String>,
        /// As of this day, YYYY-MM-DD; else today where the lender is.
        #[arg(long, value_name = "DAY", value_parser = day)]
        today: Option<Day>,
    },
}

#[derive(Subcommand)]
enum AgentCommand {
    /// Add an agent and print its token, once.
    Add {
        name: String,
        /// Queues that the agent serves; none = all.
        #[arg(long = "queue")]
        queues: Vec<String>,
        #[command(flatten)]
        lender: LenderArg,
    },
    /// List the agents of a lender.
    List {
        #[command(flatten)]
        lender: LenderArg,
    },
    /// Disable an agent: its token stops working at once.
    Disable {
        id: uuid::Uuid,
        #[command(flatten)]
        lender: LenderArg,
    },
}

/// Which lender a command is about.
#[derive(Args)]
pub struct LenderArg {
    /// Needed only when the settings describe several.
    #[arg(long)]
    lender: Option<String>,
}

impl LenderArg {
    fn resolve(&self, settings: &Settings) -> anyhow::Result<LenderId> {
        let known: Vec<String> = settings.lender_ids().into_iter().map(|id| id.to_string()).collect();
        match (&self.lender, known.as_slice()) {
            (Some(id), _) if known.contains(id) => Ok(LenderId::new(id)),
            (Some(id), _) => {
                anyhow::bail!("there is no lender `{id}`; the settings know: {}", known.join(", "))
            }
            (None, [only]) => Ok(LenderId::new(only)),
            (None, _) => anyhow::bail!("say which lender with --lender: {}", known.join(", ")),
        }
    }
}

/// Parses the arguments, runs the command, prints what went wrong with its causes.
pub fn run() -> ExitCode {
    crate::system::keep_memory_private();
    end_quietly_without_reader();
    let cli = Cli::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(command(cli)));
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `acuerdo … | head` ends when `head` has seen enough: no failure, and nothing to tell.
fn end_quietly_without_reader() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        if text.starts_with("failed printing to std") && text.contains("Broken pipe") {
            std::process::exit(0);
        }
        told(panic);
    }));
}

/// A text that says something: names and reasons that go on record.
fn said(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it must say something: it goes on record".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Digits of the shortest phone or document that stands in a text.
const NUMBER_DIGITS_MIN: usize = 7;

/// A note that outlives an erasure: it says something, and holds no phone and no document.
fn plainly_said(text: &str) -> Result<String, String> {
    let runs = text.split(|c: char| !c.is_ascii_digit() && !matches!(c, ' ' | '-' | '+' | '(' | ')'));
    let longest = runs.map(|run| run.chars().filter(char::is_ascii_digit).count()).max();
    if longest.is_some_and(|digits| digits >= NUMBER_DIGITS_MIN) {
        return Err(
            "it holds a number as long as a document or a phone, and it is kept when the person is erased: \
                    say it without"
                .to_owned(),
        );
    }
    said(text)
}

async fn command(cli: Cli) -> anyhow::Result<ExitCode> {
    let quietly = || Settings::load(cli.config.as_deref());
    let settings = || {
        for unknown in unknown_variables() {
            eprintln!("warning: {unknown}");
        }
        quietly()
    };
    match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve => {
            let settings = quietly()?;
            telemetry::init_logs(&settings.log, settings.log_format)?;
            telemetry::tell_panics();
            serve::run(settings, world()).await
        }
        Command::Migrate => migrate::run(&settings()?).await,
        Command::Doctor(args) => doctor::run(quietly()?, &args).await,
        Command::Import(args) => import::run(&settings()?, &args).await,
        Command::Flow(command) => flows(&command).await,
        Command::Health(args) => {
            let settings = quietly()?;
            health::run(settings.internal_bind.as_ref().unwrap_or(&settings.bind), &args).await
        }
        Command::Agent(command) => agents(&settings()?, command).await,
        Command::Dead(command) => dead::run(&settings()?, command).await,
        Command::Case(command) => case::run(&settings()?, command).await,
        Command::Agreement(command) => agreement::run(&settings()?, command).await,
        Command::Person(command) => person::run(&settings()?, command).await,
        Command::Identity(command) => identity::run(&settings()?, command).await,
        Command::Retention(args) => retention::run(&settings()?, &args).await,
        Command::Stops(command) => stops::run(&settings()?, command).await,
        Command::Understand(command) => understanding(&command, settings),
    }
}

fn world() -> World {
    World {
        clock: Arc::new(SystemClock),
        shares_clock: true,
        load_flows: crate::flow::load,
        random: Arc::new(SystemRandom),
        understander: None,
        sender: None,
    }
}

/// The database for a command that may run beside serving processes, with the time that they go by. It must be there:
/// on a file that a misspelt name would make, a stop would stop nothing.
async fn open(settings: &Settings) -> anyhow::Result<(Arc<dyn Store>, World)> {
    open_in(settings, world()).await
}

async fn open_in(settings: &Settings, world: World) -> anyhow::Result<(Arc<dyn Store>, World)> {
    let store = app::open_existing_store(settings).await?;
    let (world, _) = app::share_clock(world, &store).await?;
    Ok((store, world))
}

/// The same; an SQLite file that is not there is made, and that is said.
async fn open_or_make(settings: &Settings) -> anyhow::Result<(Arc<dyn Store>, World)> {
    let opened = open(settings).await;
    let missing = opened.as_ref().err().and_then(|error| error.downcast_ref::<StoreError>());
    let Some(StoreError::Missing { file }) = missing else { return opened };
    eprintln!("the database {file} is new");
    let store = app::open_store(settings).await?;
    let (world, _) = app::share_clock(world(), &store).await?;
    Ok((store, world))
}

async fn agents(settings: &Settings, command: AgentCommand) -> anyhow::Result<ExitCode> {
    let (store, World { clock, random, .. }) = open(settings).await?;
    let text = match command {
        AgentCommand::Add { name, queues, lender } => {
            let lender = lender.resolve(settings)?;
            if !queues.is_empty() {
                agent::known(&queues, &agent::queues_of(&settings.flows_dir)?)?;
            }
            agent::add(store.as_ref(), random.as_ref(), clock.now(), &lender, (&name, &queues)).await?
        }
        AgentCommand::List { lender } => agent::list(store.as_ref(), &lender.resolve(settings)?).await?,
        AgentCommand::Disable { id, lender } => {
            let id = crate::domain::ids::AgentId(id);
            agent::disable(store.as_ref(), &lender.resolve(settings)?, id).await?
        }
    };
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| format!("`{text}` is not a day YYYY-MM-DD"))
}

async fn flows(command: &FlowCommand) -> anyhow::Result<ExitCode> {
    let printed = match command {
        FlowCommand::Check { dir, json, today } => {
            let as_of = today.map_or_else(|| AsOf::Now(world().clock.now()), AsOf::Day);
            let colour = if std::io::stdout().is_terminal() { Colour::On } else { Colour::Off };
            let output = if *json { Output::Json } else { Output::Text(colour) };
            flow::check(dir, &check_beside(dir, as_of), output)
        }
        FlowCommand::Talk { dir, lender, reference } => return talk::run(dir, lender, reference).await,
        FlowCommand::Graph { dir, flow, dot } => {
            flow::graph(dir, flow.as_deref(), if *dot { Drawing::Dot } else { Drawing::Mermaid })
        }
    };
    print!("{}", printed.text);
    Ok(if printed.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn understanding(
    command: &UnderstandCommand,
    settings: impl FnOnce() -> Result<Settings, ConfigError>,
) -> anyhow::Result<ExitCode> {
    let (UnderstandCommand::Report { dir, .. } | UnderstandCommand::Explain { dir, .. }) = command;
    let dir = &match dir {
        Some(dir) => dir.clone(),
        None => settings()?.flows_dir.join("understanding"),
    };
    let text = match command {
        UnderstandCommand::Report { replies: None, .. } => understand::report(dir)?,
        UnderstandCommand::Report { replies: Some(file), wrong, .. } => {
            understand::replies(dir, file, *wrong)?
        }
        UnderstandCommand::Explain { text, lender, currency, today, .. } => {
            let (theirs, zone) = understand::lender(dir, lender)?;
            let currency = match currency {
                Some(named) => Currency::parse(named)
                    .with_context(|| format!("`{named}` is no currency that is supported"))?,
                None => theirs,
            };
            let today = today.unwrap_or_else(|| zone.day(world().clock.now()));
            understand::explain(dir, text, today, currency)?
        }
    };
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}
