//! `acuerdo migrate`.

use crate::app;
use crate::config::Settings;
use crate::store;
use anyhow::Context;
use secrecy::ExposeSecret;
use std::process::ExitCode;

pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    store::migrate(settings.database_url.expose_secret()).await.context("DATABASE_URL")?;
    let (version, _) = app::open_store(settings).await?.schema_version().await?;
    println!("the database has schema version {version}");
    Ok(ExitCode::SUCCESS)
}
