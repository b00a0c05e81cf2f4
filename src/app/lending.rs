//! The lenders that are served: accounts of the settings, each with its policy.

use super::read_policies;
use crate::config::{LenderAccount, Settings};
use crate::domain::ids::LenderId;
use crate::domain::time::Millis;
use crate::payments::hosted_checkout::{Checkout, HostedCheckouts};
use crate::rules::policy::PolicySet;
use crate::service::lenders::{Lender, Lenders};
use crate::service::wording::Wording;
use anyhow::Context;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The lenders of these settings, to tell whose a webhook's items are.
pub fn read_lenders(settings: &Settings) -> anyhow::Result<Lenders> {
    Ok(Lenders::new(lenders(&settings.lenders()?, &read_policies(&settings.flows_dir)?)?))
}

/// Lenders whose policy names a checkout that nothing signs, so that nobody is sent there.
pub fn unsigned_checkouts(settings: &Settings, policies: &PolicySet) -> Vec<LenderId> {
    let accounts = settings.lenders().unwrap_or_default();
    let named = |id: &LenderId| policies.policy(id).is_some_and(|policy| policy.payment.checkout.is_some());
    let unsigned = accounts.into_iter().filter(|account| account.checkout_secret.is_none());
    unsigned.map(|account| account.id).filter(named).collect()
}

/// What is served for each account: its policy, calendar, caps, words and checkout.
pub(super) fn lenders(accounts: &[LenderAccount], policies: &PolicySet) -> anyhow::Result<Vec<Lender>> {
    let wording = Wording::new(&policies.wording)?;
    let mut checkouts = BTreeMap::new();
    for account in accounts {
        let checkout = policies.policy(&account.id).and_then(|policy| policy.payment.checkout.as_ref());
        if let (Some(checkout), Some(secret)) = (checkout, &account.checkout_secret) {
            let valid = Millis::minutes(checkout.valid_minutes);
            let page = Checkout::new(&checkout.url, secret.clone(), valid)
                .with_context(|| format!("checkout of lender {}", account.id))?;
            checkouts.insert(account.id.clone(), page);
        }
    }
    let payments = Arc::new(HostedCheckouts::new(checkouts));
    accounts
        .iter()
        .map(|account| {
            let policy = policies.policy(&account.id).ok_or_else(|| no_policy(&account.id, policies))?;
            let calendar = policies
                .calendar(&account.id)
                .with_context(|| format!("no holidays are known of `{}`", policy.country))?;
            Ok(Lender {
                id: account.id.clone(),
                access_token: account.access_token.clone(),
                waba_id: account.waba_id.clone(),
                phone_number_ids: account.phone_number_ids.clone(),
                policy: policy.clone(),
                calendar: calendar.clone(),
                caps: policies.caps.clone(),
                wording: wording.clone(),
                payments: Some(payments.clone()),
            })
        })
        .collect()
}

fn no_policy(lender: &LenderId, policies: &PolicySet) -> anyhow::Error {
    let known: Vec<&str> = policies.policies.keys().map(LenderId::as_str).collect();
    anyhow::anyhow!(
        "lender `{lender}` has no policy: add policies/{lender}.yaml, or set ACUERDO_LENDER to one of: {}",
        known.join(", ")
    )
}
