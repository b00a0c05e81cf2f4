//! `acuerdo demo`: everything in one process, on embedded parts, with sample debts and a phone in the browser.

mod source;

use crate::app::{self, App, Faces};
use crate::cli::serve::{listen, stopped};
use crate::cli::{agent, sample};
use crate::config::Settings;
use crate::domain::ids::LenderId;
use crate::http::closed_answers::closed_answers;
use crate::http::own_host::OwnHost;
use crate::http::request_id::with_request_id;
use crate::http::simulator::{self, Simulator, SimulatorConfig};
use crate::whatsapp::client::http_client;
use crate::worker::supervisor::Supervisor;
use actix_web::dev::ServiceRequest;
use actix_web::middleware::Next;
use actix_web::{App as HttpApp, HttpServer, middleware};
use anyhow::Context;
use clap::Args;
use rust_embed::RustEmbed;
use secrecy::SecretString;
use source::StoreSource;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

const LENDER: &str = "andino";
const NUMBER: &str = "100000000000001";
const WABA: &str = "200000000000001";
const DISPLAY_NUMBER: &str = "576015550100";
const SHUTDOWN: Duration = Duration::from_secs(10);

#[derive(Args)]
pub struct DemoArgs {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080", env = "ACUERDO_BIND")]
    bind: String,
    /// Folder of the demo's database; it is kept between runs.
    #[arg(long, default_value = "data/demo")]
    data: PathBuf,
    /// Begin with a new database.
    #[arg(long)]
    fresh: bool,
    /// Flow folder to try; without one, the shipped flows.
    #[arg(long, env = "ACUERDO_FLOWS_DIR")]
    flows: Option<PathBuf>,
}

/// The shipped flows, inside the binary, so that the demo needs no checkout.
#[derive(RustEmbed)]
#[folder = "flows/"]
struct ShippedFlows;

pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    crate::telemetry::init_logs("warn,acuerdo=info", crate::config::LogFormat::Pretty)?;
    let listener = listen("--bind", &args.bind)?;
    let address = listener.local_addr()?;
    prepare(&args)?;
    let (settings, secrets) = settings(&args, address)?;
    let world = super::world();
    let app = App::assemble(settings, world.clone()).await?;
    let lender = LenderId::from(LENDER);
    let mut policies = app::read_policies(&app.settings.flows_dir)?;
    policies.caps = crate::rules::policy::parse_rate_caps("rate_caps.yaml", sample::RATE_CAPS)
        .map_err(|mistakes| anyhow::anyhow!("sample caps: {mistakes:?}"))?;
    sample::import(&app.store, &lender, &policies, world.clock.now()).await?;
    let token = desk_token(&app, &lender).await?;
    let source = StoreSource::new(&app, sample::people(&lender, &policies, world.clock.now())?);
    let simulator = Arc::new(Simulator::new(
        SimulatorConfig {
            webhook_url: format!("http://{address}/webhook"),
            app_secret: secrets.app.clone(),
            access_token: secrets.token.clone(),
            phone_number_id: NUMBER.to_owned(),
            display_number: DISPLAY_NUMBER.to_owned(),
            waba_id: WABA.to_owned(),
            business_name: policies.policy(&lender).context("no policy")?.name.clone(),
            base_url: format!("http://{address}"),
            clock: world.clock.clone(),
        },
        Arc::new(source),
        http_client(Duration::from_secs(2), Duration::from_secs(10))?,
    ));
    let faces = app.faces();
    let mut supervisor = Supervisor::new();
    let running = simulator.clone();
    let cancel = supervisor.cancel();
    supervisor.once("simulator", async move { running.run(cancel).await });
    let started = app.start_inbox(&mut supervisor);
    started.warm_up();
    started.start_loops(&mut supervisor);
    let server = serve(listener, OwnHost::new(address), faces, simulator)?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    announce(address, token.as_deref(), &args.data);
    stopped().await?;
    println!("\nstopping …");
    let clean = supervisor.shut_down(SHUTDOWN).await;
    handle.stop(true).await;
    serving.await.context("the HTTP server ended badly")??;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Secrets {
    app: SecretString,
    token: SecretString,
}

/// Settings of the demo: secrets are new in every run and never leave the process.
fn settings(args: &DemoArgs, address: SocketAddr) -> anyhow::Result<(Settings, Secrets)> {
    let random = super::world().random;
    let secret = || hex::encode(random.secret());
    let (app, token) = (secret(), secret());
    let mut settings = Settings::from_toml("")?;
    settings.database_url = format!("sqlite:{}", args.data.join("demo.sqlite").display()).into();
    settings.bind = address.to_string();
    settings.flows_dir = args.flows.clone().unwrap_or_else(|| args.data.join("flows"));
    settings.lender_id = LENDER.to_owned();
    settings.checkout_secret = Some(secret().into());
    settings.whatsapp_app_secret = Some(app.clone().into());
    settings.whatsapp_verify_token = Some(secret().into());
    settings.whatsapp_access_token = Some(token.clone().into());
    settings.whatsapp_phone_number_id = Some(NUMBER.to_owned());
    settings.whatsapp_waba_id = Some(WABA.to_owned());
    settings.whatsapp_graph_url = format!("http://{address}/simulator/graph");
    Ok((settings, Secrets { app: app.into(), token: token.into() }))
}

/// Makes the data folder, and lays out the shipped flows anew unless another folder is tried.
fn prepare(args: &DemoArgs) -> anyhow::Result<()> {
    let data = &args.data;
    if args.fresh {
        crate::store::require_unserved(&data.join("demo.sqlite"))?;
        for name in ["demo.sqlite", "demo.sqlite-wal", "demo.sqlite-shm"] {
            match std::fs::remove_file(data.join(name)) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).context("the old demo database cannot be removed"),
            }
        }
    }
    std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    if args.flows.is_none() {
        lay_out(&data.join("flows"))?;
    }
    Ok(())
}

fn lay_out(target: &Path) -> anyhow::Result<()> {
    for name in ShippedFlows::iter() {
        let path = target.join(name.as_ref());
        let file = ShippedFlows::get(&name).context("an embedded flow is missing")?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text: &[u8] =
            if name == "policies/rate_caps.yaml" { sample::RATE_CAPS.as_bytes() } else { &file.data };
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// A token for the desk API; agents of earlier runs keep theirs.
async fn desk_token(app: &App, lender: &LenderId) -> anyhow::Result<Option<String>> {
    if !app.store.agents(lender).await?.is_empty() {
        return Ok(None);
    }
    let now = app.clock.now();
    let text =
        agent::add(app.store.as_ref(), app.random.as_ref(), now, lender, ("Agente de la demo", &[])).await?;
    Ok(text.lines().find_map(|line| line.strip_prefix("token")).map(|token| token.trim().to_owned()))
}

fn serve(
    listener: TcpListener,
    own: OwnHost,
    faces: Faces,
    simulator: Arc<Simulator>,
) -> anyhow::Result<actix_web::dev::Server> {
    let server = HttpServer::new(move || {
        let (faces, simulator) = (faces.clone(), simulator.clone());
        HttpApp::new()
            .wrap(middleware::from_fn(move |request: ServiceRequest, next: Next<_>| own.only(request, next)))
            .wrap(middleware::from_fn(closed_answers))
            .wrap(middleware::from_fn(with_request_id))
            .configure(move |cfg| faces.configure(cfg))
            .configure(move |cfg| simulator::configure(cfg, simulator))
            .route("/", actix_web::web::get().to(home))
    });
    Ok(server.workers(2).listen(listener)?.disable_signals().shutdown_timeout(5).run())
}

async fn home() -> actix_web::HttpResponse {
    actix_web::HttpResponse::Found().insert_header(("location", "/simulator")).finish()
}

fn announce(address: SocketAddr, token: Option<&str>, data: &Path) {
    println!("Acuerdo demo: Banco Andino, sample debts, nothing leaves this machine.\n");
    println!("  phone simulator   http://{address}/simulator");
    println!("  desk API          http://{address}/api/v1   (described by /openapi.json)");
    match token {
        Some(token) => println!("  an agent's token  {token}   (shown once)"),
        None => println!("  an agent's token  as shown in the first run; `--fresh` begins anew"),
    }
    println!("  health, metrics   http://{address}/health/ready  http://{address}/metrics");
    println!("  data              {}\n\nCtrl-C stops it.", data.display());
}
