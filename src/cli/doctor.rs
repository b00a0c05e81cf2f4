//! `acuerdo doctor`: one line per check, what is wrong and how to mend it.

mod deep;
mod desk;
mod findings;

use crate::app;
use crate::config::{Settings, unknown_variables};
use crate::ports::Store;
use crate::ports::message_sender::{MessageSender, SendAccount};
use crate::service::cases::waiting;
use clap::Args;
use findings::{Findings, Form};
use secrecy::ExposeSecret;
use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;

/// What is asked of the doctor.
#[derive(Args)]
pub struct DoctorArgs {
    /// Also try what serving needs: durable writes, indexes, clocks, Redis, disk; and prove that the data agree.
    #[arg(long)]
    deep: bool,
    /// One JSON document: a list of lines with `level` (ok, warn, fail), `what`, `detail` and `remedy`.
    #[arg(long)]
    json: bool,
}

pub async fn run(settings: Settings, args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::new(if args.json { Form::Json } else { Form::Lines });
    check_settings(&settings, &mut findings);
    check_storage(&settings, &mut findings).await;
    check_data(&settings, &mut findings);
    if args.deep {
        deep::check(&settings, &mut findings).await;
    }
    check_whatsapp(&settings, &mut findings).await;
    findings.finish()
}

fn check_settings(settings: &Settings, findings: &mut Findings) {
    let missing = app::missing(settings);
    for what in &missing {
        findings.mend("settings", &format!("{} is not set", what.variable), what.remedy);
    }
    if missing.is_empty() {
        match app::require_webhook_settings(settings) {
            Ok(()) => findings.ok("settings", "webhook secret and verify token are set"),
            Err(error) => findings.fail("settings", &error.to_string()),
        }
    }
    for unknown in unknown_variables() {
        findings.warn("settings", &unknown);
    }
    for risk in settings.risks() {
        findings.warn("settings", &risk);
    }
    for (what, why) in app::obstacles(settings, &super::world()) {
        findings.fail(what, &format!("{why:#}"));
    }
}

async fn check_storage(settings: &Settings, findings: &mut Findings) {
    if let Some(store) =
        findings.note("database", app::open_existing_store(settings).await, |_| "reachable".to_owned())
    {
        check_mode(settings.database_url.expose_secret(), findings);
        let now = super::world().clock.now();
        findings
            .note("database", store.ping(now).await.map_err(Into::into), |()| "can be written".to_owned());
        match store.schema_version().await {
            Ok((has, knows)) if has == knows => findings.ok("schema", &format!("version {has}")),
            Ok((has, knows)) if has < knows => {
                findings.fail(
                    "schema",
                    &format!("version {has}, this program needs {knows}: run `acuerdo migrate`"),
                );
            }
            Ok((has, knows)) => {
                findings.warn("schema", &format!("version {has} is newer than this program's {knows}"))
            }
            Err(error) => findings.fail("schema", &error.to_string()),
        }
        check_cases(settings, store.as_ref(), findings).await;
        desk::check(settings, store.as_ref(), findings).await;
    }
    match app::open_queue(settings).await {
        Ok(queue) => {
            let place = if settings.redis_url.is_some() { "Redis answers" } else { "in this process" };
            findings.note("live queue", queue.ping().await.map_err(Into::into), |()| place.to_owned());
        }
        Err(error) => findings.fail("live queue", &format!("{error:#}")),
    }
}

/// What people wait for, and whether the law has waited longer.
async fn check_cases(settings: &Settings, store: &dyn Store, findings: &mut Findings) {
    // Mistakes in the settings are told above.
    let Ok(lenders) = app::read_lenders(settings) else { return };
    match waiting(store, &lenders, None, super::world().clock.now()).await {
        Ok(cases) => {
            let overdue = cases.iter().filter(|case| case.days_left().is_some_and(|days| days < 0)).count();
            let told = format!("{} open, {overdue} past the legal day for an answer", cases.len());
            match overdue {
                0 => findings.ok("cases", &told),
                _ => findings.care("cases", &told, "`acuerdo case list --due 0` shows them"),
            }
        }
        Err(error) => findings.fail("cases", &error.to_string()),
    }
}

/// Databases that older programs made can be read by everybody on the machine.
fn check_mode(url: &str, findings: &mut Findings) {
    let Some(file) = url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//")) else { return };
    let Ok(found) = std::fs::metadata(file) else { return };
    if found.permissions().mode() & 0o077 != 0 {
        let remedy = format!("chmod 600 {file} {file}-wal {file}-shm");
        findings.care("database", "other users of this machine may read its file", &remedy);
    }
}

fn check_data(settings: &Settings, findings: &mut Findings) {
    let flows =
        crate::flow::read_folder(&settings.flows_dir).map_err(anyhow::Error::from).and_then(|files| {
            crate::flow::load(&files).map_err(|diagnostics| {
                anyhow::anyhow!("{} error(s); `acuerdo flow check` shows them", diagnostics.len())
            })
        });
    findings.note("flows", flows, |loaded| {
        format!("{} flows, version {}", loaded.set.flows.len(), &loaded.set.hash.as_str()[..12])
    });
    let policies = app::read_policies(&settings.flows_dir);
    let policies = findings.note("policies", policies, |set| format!("{} lender(s)", set.policies.len()));
    if let Some(policies) = policies {
        let now = super::world().clock.now();
        for gap in policies.cap_findings(|policy| policy.zone.day(now)) {
            let told = &gap.told;
            let what = format!("{}:{}: {}", told.file, told.place.line, told.what);
            if gap.is_mistake {
                findings.mend("caps on interest", &what, &told.remedy);
            } else {
                findings.care("caps on interest", &what, &told.remedy);
            }
        }
        for crowded in policies.crowded_months(|policy| policy.zone.day(now)) {
            findings.care("due dates", &crowded.what, &crowded.remedy);
        }
        for gap in policies.privacy_gaps() {
            findings.care("privacy notice", &format!("{}: {}", gap.file, gap.what), &gap.remedy);
        }
        for lender in app::unsigned_checkouts(settings, &policies) {
            let what =
                format!("the policy of `{lender}` names one and no secret signs its links: none is offered");
            findings.care("checkout", &what, "set ACUERDO_CHECKOUT_SECRET to the secret that the page knows");
        }
    }
}

async fn check_whatsapp(settings: &Settings, findings: &mut Findings) {
    let accounts = match settings.lenders() {
        Ok(accounts) => accounts,
        // Told with the settings.
        Err(_) => return,
    };
    let client = match app::graph_client(settings) {
        Ok(client) => client,
        Err(error) => return findings.fail("WhatsApp", &format!("{error:#}")),
    };
    for account in accounts {
        for number in &account.phone_number_ids {
            let what = format!("WhatsApp {number} ({})", account.id);
            let sender = SendAccount {
                phone_number_id: number.clone(),
                waba_id: account.waba_id.clone(),
                token: account.access_token.clone(),
            };
            match client.check(&sender).await {
                Err(error) => findings.fail(&what, &error.to_string()),
                Ok(check) => {
                    let status = check.status.as_deref().unwrap_or("unknown status");
                    let quality = check.quality_rating.as_deref().unwrap_or("unknown");
                    findings.ok(&what, &format!("token works, {status}, quality {quality}"));
                    match check.subscribed_apps.as_deref() {
                        None => {
                            findings.warn(&what, "set WHATSAPP_WABA_ID to check the webhook subscription too")
                        }
                        Some([]) => findings.fail(
                            &what,
                            "no app is subscribed to the account: no message will ever arrive; \
                             POST /{WABA}/subscribed_apps",
                        ),
                        Some(apps) => findings.ok(&what, &format!("{} app(s) subscribed", apps.len())),
                    }
                }
            }
        }
    }
}
