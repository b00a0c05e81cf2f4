//! `acuerdo serve`: the webhook, the loops, the desk, until a signal.

use crate::app::{App, Faces, World, require_webhook_settings};
use crate::config::Settings;
use crate::http;
use crate::worker::supervisor::Supervisor;
use actix_web::{App as HttpApp, HttpServer};
use anyhow::Context;
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// After the last request nothing waits for the inbox any more.
const INTAKE_MAX: Duration = Duration::from_secs(5);

pub async fn run(settings: Settings, world: World) -> anyhow::Result<ExitCode> {
    require_webhook_settings(&settings)?;
    for risk in settings.risks() {
        tracing::warn!(risk, "risky settings");
    }
    let limit = Duration::from_secs(settings.workers.shutdown_s);
    let listener = listen(&settings.bind)?;
    let address = listener.local_addr()?;
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
    let server = serve(listener, faces)?;
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
    if clean {
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    } else {
        tracing::warn!("some loops did not end in time; their leases run out and another replica goes on");
        Ok(ExitCode::FAILURE)
    }
}

pub fn listen(bind: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(bind).with_context(|| format!("cannot listen on {bind} (ACUERDO_BIND): is it in use?"))
}

fn serve(listener: TcpListener, faces: Faces) -> anyhow::Result<actix_web::dev::Server> {
    let server = HttpServer::new(move || {
        let faces = faces.clone();
        HttpApp::new()
            .wrap(actix_web::middleware::from_fn(http::request_id::with_request_id))
            .configure(move |cfg| faces.configure(cfg))
    });
    Ok(server.listen(listener)?.disable_signals().shutdown_timeout(10).run())
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
