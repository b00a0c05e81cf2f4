//! Settings: built-in defaults < TOML file < environment.

mod app_key;
mod environment;
mod media;
mod missing;
mod mistake;
mod workers;

pub use app_key::AppKey;
pub use environment::unknown_variables;
pub use media::MediaSettings;
pub use missing::Missing;
pub use workers::WorkerSettings;

use crate::domain::ids::{LenderId, PhoneNumberId};
use crate::domain::inbound::REPEATED_DAYS;
use environment::Environment;
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use mistake::describe;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Where the settings file is looked for when `ACUERDO_CONFIG` and `--config` say nothing.
pub const DEFAULT_FILE: &str = "acuerdo.toml";

/// One variable of the environment: its name and the setting that it fills.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("DATABASE_URL", "database_url"),
    ("REDIS_URL", "redis_url"),
    ("ACUERDO_BIND", "bind"),
    ("ACUERDO_INTERNAL_BIND", "internal_bind"),
    ("ACUERDO_FLOWS_DIR", "flows_dir"),
    ("ACUERDO_LOG", "log"),
    ("ACUERDO_LOG_FORMAT", "log_format"),
    ("ACUERDO_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
    ("ACUERDO_TRACE_ONE_IN", "telemetry.trace_one_in"),
    ("ACUERDO_REDIS_PREFIX", "redis_prefix"),
    ("ACUERDO_LENDER", "lender_id"),
    ("ACUERDO_CHECKOUT_SECRET", "checkout_secret"),
    ("WHATSAPP_APP_SECRET", "whatsapp_app_secret"),
    ("WHATSAPP_VERIFY_TOKEN", "whatsapp_verify_token"),
    ("WHATSAPP_ACCESS_TOKEN", "whatsapp_access_token"),
    ("WHATSAPP_PHONE_NUMBER_ID", "whatsapp_phone_number_id"),
    ("WHATSAPP_WABA_ID", "whatsapp_waba_id"),
    ("WHATSAPP_GRAPH_URL", "whatsapp_graph_url"),
    ("WHATSAPP_GRAPH_VERSION", "whatsapp_graph_version"),
];

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `sqlite:acuerdo.sqlite` or `postgres://…`.
    pub database_url: SecretString,
    /// Without it the live queue is in this process, which then must be the only one.
    pub redis_url: Option<SecretString>,
    pub redis_prefix: String,
    pub bind: String,
    /// Where health, metrics and the description of the API are served instead of on `bind`.
    pub internal_bind: Option<String>,
    pub flows_dir: PathBuf,
    /// `tracing` filter such as `info,acuerdo=debug`.
    pub log: String,
    pub log_format: LogFormat,
    /// Id of the single lender that the `WHATSAPP_*` variables describe; its policy is `policies/<id>.yaml`.
    pub lender_id: String,
    /// Signs hosted-checkout links.
    pub checkout_secret: Option<SecretString>,
    /// One or several, separated by commas while the secret is being rotated.
    pub whatsapp_app_secret: Option<SecretString>,
    pub whatsapp_verify_token: Option<SecretString>,
    pub whatsapp_access_token: Option<SecretString>,
    pub whatsapp_phone_number_id: Option<String>,
    pub whatsapp_waba_id: Option<String>,
    pub whatsapp_graph_url: String,
    pub whatsapp_graph_version: String,
    /// Mark messages as read and show "typing…" while the answer is prepared.
    pub read_receipts: bool,
    pub workers: WorkerSettings,
    pub retention: RetentionSettings,
    pub media: MediaSettings,
    pub telemetry: TelemetrySettings,
    /// Several lenders in one deployment; then the single-lender variables are not used.
    #[serde(default)]
    pub lender: Vec<LenderSettings>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Json,
    Pretty,
}

/// Where traces go.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetrySettings {
    /// Base address of an OpenTelemetry collector that takes OTLP over HTTP; without it there are no traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<String>,
    /// The trace of one message in so many is kept; the choice is the same in every process.
    pub trace_one_in: NonZeroU32,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self { otlp_endpoint: None, trace_one_in: NonZeroU32::MIN }
    }
}

/// How long data are kept, in days; 0 keeps them for ever.
///
/// No law that we know of names a time for all of it: Colombia's Ley 2300 gives none, Ley 1581 (art. 4, purpose and
/// necessity) wants personal data gone once they have served, Chile wants contacts on record for two years and
/// Regulation F of the United States for three (12 CFR 1006.100). So the log of chats stays for three years.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSettings {
    /// Raw deliveries.
    pub deliveries_days: u32,
    /// Inputs and notices that were worked off. Their keys recognise Meta's repeats, which come for up to 7 days.
    pub updates_days: u32,
    /// Log and messages of a chat without agreement or open case, since anything happened in it.
    pub chats_days: u32,
    /// Rows looked at, and at most removed, in one round; a chat counts as ten.
    pub rows_per_round: u32,
    /// Pause between two rounds, milliseconds.
    pub pause_ms: u64,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            deliveries_days: 30,
            updates_days: 30,
            chats_days: 1_096,
            rows_per_round: 500,
            pause_ms: 1_000,
        }
    }
}

/// A month: shorter is no rule of any law, but a slip.
const CHATS_DAYS_MIN: u32 = 31;

impl RetentionSettings {
    /// Says which setting would do harm.
    pub fn check(&self) -> Result<(), ConfigError> {
        if (1..REPEATED_DAYS).contains(&self.updates_days) {
            return Err(ConfigError::Invalid(format!(
                "retention.updates_days is {}: Meta repeats a delivery for up to 7 days, and one whose key is gone \
                 would be answered twice; set it to {REPEATED_DAYS} or more, or to 0 to keep them for ever",
                self.updates_days
            )));
        }
        if self.rows_per_round == 0 {
            return Err(ConfigError::Invalid(
                "retention.rows_per_round is 0, with which nothing would ever be removed: set it to 1 or more; to keep \
                 something for ever set its days to 0"
                    .to_owned(),
            ));
        }
        if (1..CHATS_DAYS_MIN).contains(&self.chats_days) {
            return Err(ConfigError::Invalid(format!(
                "retention.chats_days is {}: the log of a chat is the proof of what was said; set it to \
                 {CHATS_DAYS_MIN} or more, or to 0 to keep it for ever",
                self.chats_days
            )));
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LenderSettings {
    /// Also the name of its policy: `policies/<id>.yaml`.
    pub id: String,
    pub access_token: SecretString,
    /// In addition to the deployment's own, when the lender has a Meta app of its own.
    pub app_secret: Option<SecretString>,
    pub waba_id: Option<String>,
    pub phone_number_ids: Vec<String>,
    /// A flow folder of its own; else the deployment's.
    pub flows_dir: Option<PathBuf>,
    pub checkout_secret: Option<SecretString>,
}

/// What is wrong with the settings, and where it was set.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("{0}")]
    Invalid(String),
    #[error("settings file {0} does not exist")]
    NoFile(String),
    #[error("{}", told(.0))]
    Missing(Vec<Missing>),
}

fn told(missing: &[Missing]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// One lender, ready for use.
#[derive(Debug, Clone)]
pub struct LenderAccount {
    pub id: LenderId,
    pub access_token: SecretString,
    pub waba_id: Option<String>,
    pub phone_number_ids: Vec<PhoneNumberId>,
    pub flows_dir: PathBuf,
    pub checkout_secret: Option<SecretString>,
}

const ACCESS_TOKEN: Missing = Missing {
    variable: "WHATSAPP_ACCESS_TOKEN",
    remedy: "set the system user's token, or describe lenders in [[lender]] tables of the TOML file",
};
const PHONE_NUMBER_ID: Missing = Missing {
    variable: "WHATSAPP_PHONE_NUMBER_ID",
    remedy: "set Meta's id of the business phone number (not the number itself)",
};

impl Settings {
    /// Reads defaults, the file (given, or `acuerdo.toml` if it is there) and the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        if let Some(file) = file
            && !file.is_file()
        {
            return Err(ConfigError::NoFile(file.display().to_string()));
        }
        let file = file.map_or_else(|| PathBuf::from(DEFAULT_FILE), Path::to_path_buf);
        Figment::from(Serialized::defaults(Defaults::default()))
            .merge(Toml::file(file))
            .merge(Environment)
            .extract()
            .map_err(|error| ConfigError::Invalid(describe(error)))
    }

    /// Reads defaults and a TOML text, without environment or files: for the demo and for tests.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Figment::from(Serialized::defaults(Defaults::default()))
            .merge(Toml::string(text))
            .extract()
            .map_err(|error| ConfigError::Invalid(describe(error)))
    }

    /// What a single lender needs and is not set, all of it; nothing where `[[lender]]` tables describe the lenders.
    pub fn missing_of_lender(&self) -> Vec<Missing> {
        if !self.lender.is_empty() {
            return Vec::new();
        }
        let needed = [
            (self.whatsapp_access_token.is_none(), ACCESS_TOKEN),
            (self.whatsapp_phone_number_id.is_none(), PHONE_NUMBER_ID),
        ];
        needed.into_iter().filter_map(|(is_missing, what)| is_missing.then_some(what)).collect()
    }

    /// All app secrets that a webhook may be signed with.
    pub fn app_secrets(&self) -> Vec<SecretString> {
        self.app_keys().into_iter().map(|key| key.secret).collect()
    }

    /// The app secrets with whom a delivery that each has signed may speak of: the deployment's own of every lender, that
    /// of a lender's own app of this lender alone.
    pub fn app_keys(&self) -> Vec<AppKey> {
        let own = self.whatsapp_app_secret.iter().flat_map(|secrets| {
            secrets.expose_secret().split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned)
        });
        let mut keys: Vec<AppKey> =
            own.map(|secret| AppKey { secret: SecretString::from(secret), lenders: None }).collect();
        for lender in &self.lender {
            let Some(secret) = &lender.app_secret else { continue };
            let id = LenderId::new(&lender.id);
            match keys.iter_mut().find(|key| key.secret.expose_secret() == secret.expose_secret()) {
                // One app of several lenders; what the deployment's own key signs is of all anyway.
                Some(key) => key.lenders.iter_mut().for_each(|lenders| lenders.push(id.clone())),
                None => keys.push(AppKey { secret: secret.clone(), lenders: Some(vec![id]) }),
            }
        }
        keys
    }

    /// Which lenders this deployment serves; it asks for no secret.
    pub fn lender_ids(&self) -> Vec<LenderId> {
        if self.lender.is_empty() {
            return vec![LenderId::new(&self.lender_id)];
        }
        self.lender.iter().map(|lender| LenderId::new(&lender.id)).collect()
    }

    /// The lenders of this deployment: the `[[lender]]` tables, or the single one of the environment.
    pub fn lenders(&self) -> Result<Vec<LenderAccount>, ConfigError> {
        if self.lender.is_empty() {
            return self.single_lender().map(|lender| vec![lender]);
        }
        let lenders: Vec<LenderAccount> = self.lender.iter().map(|lender| self.account(lender)).collect();
        let mut numbers: Vec<&PhoneNumberId> =
            lenders.iter().flat_map(|lender| &lender.phone_number_ids).collect();
        numbers.sort();
        if let Some(pair) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(ConfigError::Invalid(format!(
                "phone number id {} belongs to two lenders; give each number to one [[lender]]",
                pair[0]
            )));
        }
        Ok(lenders)
    }

    fn account(&self, lender: &LenderSettings) -> LenderAccount {
        LenderAccount {
            id: LenderId::new(&lender.id),
            access_token: lender.access_token.clone(),
            waba_id: lender.waba_id.clone(),
            phone_number_ids: lender.phone_number_ids.iter().map(PhoneNumberId::new).collect(),
            flows_dir: lender.flows_dir.clone().unwrap_or_else(|| self.flows_dir.clone()),
            checkout_secret: lender.checkout_secret.clone().or_else(|| self.checkout_secret.clone()),
        }
    }

    fn single_lender(&self) -> Result<LenderAccount, ConfigError> {
        let (Some(access_token), Some(number)) =
            (self.whatsapp_access_token.clone(), self.whatsapp_phone_number_id.clone())
        else {
            return Err(ConfigError::Missing(self.missing_of_lender()));
        };
        Ok(LenderAccount {
            id: LenderId::new(&self.lender_id),
            access_token,
            waba_id: self.whatsapp_waba_id.clone(),
            phone_number_ids: vec![PhoneNumberId::new(number)],
            flows_dir: self.flows_dir.clone(),
            checkout_secret: self.checkout_secret.clone(),
        })
    }

    /// Combinations that work but are likely mistakes, one sentence each.
    pub fn risks(&self) -> Vec<String> {
        let mut risks = Vec::new();
        let postgres = self.database_url.expose_secret().starts_with("postgres");
        if postgres && self.redis_url.is_none() {
            risks.push(
                "DATABASE_URL is PostgreSQL but REDIS_URL is not set: the agents' queue lives in this process, \
                 so run only one replica or set REDIS_URL"
                    .to_owned(),
            );
        }
        if !postgres && self.redis_url.is_some() {
            risks.push(
                "REDIS_URL is set but DATABASE_URL is SQLite: one SQLite file cannot serve several replicas"
                    .to_owned(),
            );
        }
        if !postgres && !self.workers.loops {
            risks.push(
                "workers.loops is false and DATABASE_URL is SQLite, which no other process may serve: nobody answers"
                    .to_owned(),
            );
        }
        if self.app_keys().iter().filter(|key| key.lenders.is_none()).count() > 2 {
            risks.push(
                "more than two app secrets are accepted: remove the old ones after a rotation".to_owned(),
            );
        }
        if self.whatsapp_graph_url.starts_with("http://") && !is_loopback(&self.whatsapp_graph_url) {
            risks.push("WHATSAPP_GRAPH_URL is not https: the access token travels in clear".to_owned());
        }
        risks
    }
}

/// What the built-in defaults say; secrets and lenders have none.
#[derive(Serialize)]
struct Defaults {
    database_url: &'static str,
    redis_prefix: &'static str,
    bind: &'static str,
    flows_dir: &'static str,
    log: &'static str,
    log_format: LogFormat,
    lender_id: &'static str,
    whatsapp_graph_url: &'static str,
    whatsapp_graph_version: &'static str,
    read_receipts: bool,
    workers: WorkerSettings,
    retention: RetentionSettings,
    media: MediaSettings,
    telemetry: TelemetrySettings,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            database_url: "sqlite:acuerdo.sqlite",
            redis_prefix: "acuerdo",
            bind: "127.0.0.1:8080",
            flows_dir: "flows",
            log: "info",
            log_format: LogFormat::Json,
            lender_id: "andino",
            whatsapp_graph_url: "https://graph.facebook.com",
            whatsapp_graph_version: "v25.0",
            read_receipts: true,
            workers: WorkerSettings::default(),
            retention: RetentionSettings::default(),
            media: MediaSettings::default(),
            telemetry: TelemetrySettings::default(),
        }
    }
}

fn is_loopback(url: &str) -> bool {
    ["http://127.", "http://localhost", "http://[::1]"].iter().any(|prefix| url.starts_with(prefix))
}
