//! What would keep these settings from being served, found without opening anything.

use super::{keep, read_lenders, traces};
use crate::app::World;
use crate::config::{ConfigError, Missing, Settings};
use crate::service::lenders::Lenders;
use crate::understand::Understander;
use crate::whatsapp::signature::AppSecrets;
use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use std::net::ToSocketAddrs;

/// Signs of the shortest secret that nobody tries out. Meta's own have 32.
const SECRET_SIGNS_MIN: usize = 16;

/// Every reason for which `acuerdo serve` would end at once, each with the name of what it is about.
pub fn obstacles(settings: &Settings, world: &World) -> Vec<(&'static str, anyhow::Error)> {
    let checks: [(&'static str, anyhow::Result<()>); 9] = [
        ("loops", settings.workers.check().map_err(Into::into)),
        ("retention", keep(settings).map(drop)),
        ("files", settings.media.check().map_err(Into::into)),
        ("address", address("ACUERDO_BIND", &settings.bind)),
        (
            "internal address",
            settings.internal_bind.iter().try_for_each(|bind| address("ACUERDO_INTERNAL_BIND", bind)),
        ),
        ("lenders", lenders(settings)),
        ("app secrets", app_secrets(settings)),
        ("traces", traces::collector(settings, world).map(drop).map_err(Into::into)),
        ("understanding", understanding(settings)),
    ];
    checks.into_iter().filter_map(|(what, done)| done.err().map(|error| (what, error))).collect()
}

/// What is missing is told by [`missing`].
fn lenders(settings: &Settings) -> anyhow::Result<()> {
    if settings.missing_of_lender().is_empty() { read_lenders(settings).map(drop) } else { Ok(()) }
}

fn address(variable: &str, bind: &str) -> anyhow::Result<()> {
    let found = bind.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.map(drop).with_context(|| {
        format!("{variable} is `{bind}`, which is no address of this machine: write it as `127.0.0.1:8080`")
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

/// Everything that has no default, is needed to serve, and is not set.
pub fn missing(settings: &Settings) -> Vec<Missing> {
    let signs = settings.app_secrets().is_empty().then_some(Missing {
        variable: "WHATSAPP_APP_SECRET",
        remedy: "set the secret of the Meta app that signs the webhooks",
    });
    let greets = settings.whatsapp_verify_token.is_none().then_some(Missing {
        variable: "WHATSAPP_VERIFY_TOKEN",
        remedy: "choose a word and write the same one in the Meta app's webhook settings",
    });
    signs.into_iter().chain(greets).chain(settings.missing_of_lender()).collect()
}

/// Settings that cannot serve, told before anything is opened; what is missing all at once.
pub fn require_webhook_settings(settings: &Settings) -> Result<(), ConfigError> {
    let missing = missing(settings);
    if !missing.is_empty() {
        return Err(ConfigError::Missing(missing));
    }
    settings.app_secrets().iter().try_for_each(|secret| long_enough("WHATSAPP_APP_SECRET", secret))?;
    settings
        .whatsapp_verify_token
        .iter()
        .try_for_each(|token| long_enough("WHATSAPP_VERIFY_TOKEN", token))?;
    shaped_as_metas(settings)
}

/// What cannot be Meta's: with it every delivery would be of somebody else's number, or every message be refused.
fn shaped_as_metas(settings: &Settings) -> Result<(), ConfigError> {
    let version = settings.whatsapp_graph_version.strip_prefix('v').and_then(|digits| digits.split_once('.'));
    if !version.is_some_and(|(major, minor)| is_number(major) && is_number(minor)) {
        return Err(ConfigError::Invalid(format!(
            "WHATSAPP_GRAPH_VERSION is `{}`, and no version of the Graph API: write it as `v25.0`",
            settings.whatsapp_graph_version
        )));
    }
    // What is missing is told by who needs it.
    for account in settings.lenders().unwrap_or_default() {
        if account.access_token.expose_secret().trim().is_empty() {
            return Err(ConfigError::Invalid(format!(
                "the access token of lender `{}` is blank: set the system user's token (WHATSAPP_ACCESS_TOKEN, or \
                 `access_token` of its [[lender]])",
                account.id
            )));
        }
        if let Some(number) = account.phone_number_ids.iter().find(|number| !is_number(number.as_str())) {
            return Err(ConfigError::Invalid(format!(
                "`{number}` is no phone number id of Meta's, which has digits only: copy it from the Meta app's page \
                 API Setup into WHATSAPP_PHONE_NUMBER_ID, or `phone_number_ids` of lender `{}`",
                account.id
            )));
        }
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_digit())
}

/// A secret that can be tried out is none.
fn long_enough(variable: &str, secret: &SecretString) -> Result<(), ConfigError> {
    let n_signs = secret.expose_secret().trim().chars().count();
    if n_signs >= SECRET_SIGNS_MIN {
        return Ok(());
    }
    Err(ConfigError::Invalid(format!(
        "{variable} has {n_signs} signs, and whoever guesses it speaks as Meta: take one of {SECRET_SIGNS_MIN} signs or more"
    )))
}

/// The lenders, for a command that sends nothing: what only Meta asks for need not be set.
pub fn lenders_at_rest(settings: &Settings) -> anyhow::Result<Lenders> {
    let mut settings = settings.clone();
    settings.whatsapp_access_token.get_or_insert_with(|| SecretString::from("sends-nothing"));
    settings.whatsapp_phone_number_id.get_or_insert_with(|| "sends-nothing".to_owned());
    read_lenders(&settings)
}
