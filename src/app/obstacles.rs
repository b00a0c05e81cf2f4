//! What would keep these settings from being served, found without opening anything.

use super::{keep, read_lenders, traces};
use crate::app::World;
use crate::config::Settings;
use crate::understand::Understander;
use crate::whatsapp::signature::AppSecrets;
use anyhow::Context;
use std::net::ToSocketAddrs;

/// Every reason for which `acuerdo serve` would end at once, each with the name of what it is about.
pub fn obstacles(settings: &Settings, world: &World) -> Vec<(&'static str, anyhow::Error)> {
    let checks: [(&'static str, anyhow::Result<()>); 6] = [
        ("retention", keep(settings).map(drop)),
        ("address", address(&settings.bind)),
        ("lenders", read_lenders(settings).map(drop)),
        ("app secrets", app_secrets(settings)),
        ("traces", traces::collector(settings, world).map(drop).map_err(Into::into)),
        ("understanding", understanding(settings)),
    ];
    checks.into_iter().filter_map(|(what, done)| done.err().map(|error| (what, error))).collect()
}

fn address(bind: &str) -> anyhow::Result<()> {
    let found = bind.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.map(drop).with_context(|| {
        format!("ACUERDO_BIND is `{bind}`, which is no address of this machine: write it as `127.0.0.1:8080`")
    })
}

fn app_secrets(settings: &Settings) -> anyhow::Result<()> {
    let secrets = settings.app_secrets();
    if secrets.is_empty() {
        // Told as a missing setting.
        return Ok(());
    }
    AppSecrets::new(&secrets).map(drop).context("WHATSAPP_APP_SECRET is not usable")
}

fn understanding(settings: &Settings) -> anyhow::Result<()> {
    let folder = settings.flows_dir.join("understanding");
    Understander::load(&folder).map(drop).map_err(Into::into)
}
