//! `acuerdo serve`: the webhook, the loops, the desk, until a signal.

use crate::app::{App, Faces, World, require_webhook_settings};
use crate::config::{Settings, unknown_variables};
use crate::http;
use crate::worker::supervisor::Supervisor;
use actix_web::middleware::from_fn;
use actix_web::{App as HttpApp, HttpServer};
use anyhow::Context;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// After the last request nothing waits for the inbox any more.
const INTAKE_MAX: Duration = Duration::from_secs(5);

pub async fn run(settings: Settings, world: World) -> anyhow::Result<ExitCode> {
    for unknown in unknown_variables() {
        tracing::warn!(risk = unknown, "risky settings");
    }
    require_webhook_settings(&settings)?;
    settings.workers.check()?;
    for risk in settings.risks() {
        tracing::warn!(risk, "risky settings");
    }
    let limit = Duration::from_secs(settings.workers.shutdown_s);
    let listener = listen("ACUERDO_BIND", &settings.bind)?;
    let address = listener.local_addr()?;
    let internal = match &settings.internal_bind {
        Some(bind) => Some(listen("ACUERDO_INTERNAL_BIND", bind)?),
        None => None,
    };
    let app = App::assemble(settings, world).await?;
    let faces = app.faces();
    let (mut intake, mut loops) = (Supervisor::new(), Supervisor::new());
    let started = app.start_inbox(&mut intake);
    started.warm_up();
    if started.settings.workers.loops {
        started.start_loops(&mut loops);
    } else {
        tracing::info!("workers.loops is false: other processes do the turns and sends");
    }
    let operations = internal.map(|listener| serve_internal(listener, faces.clone())).transpose()?;
    let internal = operations.as_ref().map(actix_web::dev::Server::handle);
    let operating = operations.map(tokio::spawn);
    let store = started.store.clone();
    let server = serve(listener, faces, internal.is_none())?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    tracing::info!(bind = %address, version = env!("CARGO_PKG_VERSION"), "ready");
    stopped().await?;
    tracing::info!("shutting down: finishing what is held");
    // The server's threads go last: a connection to the database that one of them opened lives in its reactor, and a
    // loop that is using it then would lose it in the middle of a claim. Until then webhooks are stored for the others.
    let clean = loops.shut_down(limit).await;
    handle.stop(true).await;
    let clean = intake.shut_down(INTAKE_MAX).await && clean;
    serving.await.context("the HTTP server ended badly")??;
    // Until now operators could look on.
    if let (Some(handle), Some(operating)) = (internal, operating) {
        handle.stop(true).await;
        operating.await.context("the internal HTTP server ended badly")??;
    }
    if clean {
        store.close().await;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    } else {
        tracing::warn!("some loops did not end in time; their leases run out and another replica goes on");
        Ok(ExitCode::FAILURE)
    }
}

/// `variable` is what an operator changes when the address cannot be had.
pub fn listen(variable: &str, bind: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(bind).map_err(|error| {
        let remedy = if error.kind() == ErrorKind::AddrInUse {
            "another program listens there: end it, or take another port"
        } else if error.kind() == ErrorKind::PermissionDenied {
            "ports below 1024 are not for everybody: take a higher one"
        } else {
            "write an address of this machine as `127.0.0.1:8080`"
        };
        anyhow::anyhow!("cannot listen on {bind} ({variable}): {error}; {remedy}")
    })
}

/// The server that Meta and agents reach; `whole`: also what operators call.
fn serve(listener: TcpListener, faces: Faces, whole: bool) -> anyhow::Result<actix_web::dev::Server> {
    let server = HttpServer::new(move || {
        let faces = faces.clone();
        HttpApp::new()
            .wrap(from_fn(http::closed_answers::closed_answers))
            .wrap(from_fn(http::request_id::with_request_id))
            .configure(move |cfg| if whole { faces.configure(cfg) } else { faces.configure_public(cfg) })
    });
    Ok(server.listen(listener)?.disable_signals().shutdown_timeout(10).run())
}

/// The server that only operators reach.
fn serve_internal(listener: TcpListener, faces: Faces) -> anyhow::Result<actix_web::dev::Server> {
    let server = HttpServer::new(move || {
        let faces = faces.clone();
        HttpApp::new()
            .wrap(from_fn(http::closed_answers::closed_answers))
            .wrap(from_fn(http::request_id::with_request_id))
            .configure(move |cfg| faces.configure_internal(cfg))
    });
    Ok(server.workers(1).listen(listener)?.disable_signals().shutdown_timeout(5).run())
}

/// Until SIGINT or SIGTERM.
pub async fn stopped() -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
