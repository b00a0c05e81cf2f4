//! The lenders that this deployment serves, and which of them a webhook item belongs to.

use crate::domain::ids::{LenderId, PhoneNumberId};
use crate::domain::inbound::WebhookItem;
use crate::domain::time::{Day, Timestamp};
use crate::ports::payment_provider::PaymentProvider;
use crate::rules::calendar::Calendar;
use crate::rules::policy::model::Policy;
use crate::rules::rate_cap::RateCaps;
use crate::service::wording::Wording;
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::Arc;

/// One tenant, with everything that its conversations need and nothing of another.
pub struct Lender {
    pub id: LenderId,
    pub access_token: SecretString,
    pub waba_id: Option<String>,
    pub phone_number_ids: Vec<PhoneNumberId>,
    pub policy: Policy,
    pub calendar: Calendar,
    pub caps: RateCaps,
    pub wording: Wording,
    pub payments: Option<Arc<dyn PaymentProvider>>,
}

impl Lender {
    pub fn today(&self, now: Timestamp) -> Day {
        self.policy.zone.day(now)
    }
}

#[derive(Default)]
pub struct Lenders {
    by_id: HashMap<LenderId, Arc<Lender>>,
    by_number: HashMap<PhoneNumberId, LenderId>,
    by_waba: HashMap<String, LenderId>,
}

impl Lenders {
    pub fn new(lenders: impl IntoIterator<Item = Lender>) -> Self {
        let mut all = Self::default();
        for lender in lenders {
            for number in &lender.phone_number_ids {
                all.by_number.insert(number.clone(), lender.id.clone());
            }
            if let Some(waba) = &lender.waba_id {
                all.by_waba.insert(waba.clone(), lender.id.clone());
            }
            all.by_id.insert(lender.id.clone(), Arc::new(lender));
        }
        all
    }

    pub fn get(&self, id: &LenderId) -> Option<&Arc<Lender>> {
        self.by_id.get(id)
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Lender>> {
        self.by_id.values()
    }

    pub fn of_number(&self, number: &PhoneNumberId) -> Option<&Arc<Lender>> {
        self.by_number.get(number).and_then(|id| self.by_id.get(id))
    }

    /// The lender whose number or account an item is about; `None` when it is none of ours.
    pub fn of_item(&self, item: &WebhookItem) -> Option<&Arc<Lender>> {
        match item {
            WebhookItem::Message(message) => self.of_number(&message.phone_number_id),
            WebhookItem::Status(status) => self.of_number(&status.phone_number_id),
            WebhookItem::System(event) => self.of_number(&event.phone_number_id),
            WebhookItem::Preference(preference) => self.of_number(&preference.phone_number_id),
            WebhookItem::Echo(echo) => self.of_number(&echo.phone_number_id),
            WebhookItem::Account(event) => {
                self.by_waba.get(&event.waba_id).and_then(|id| self.by_id.get(id)).or_else(|| self.only())
            }
            WebhookItem::Standby { phone_number_id, .. }
            | WebhookItem::Error { phone_number_id, .. }
            | WebhookItem::Unknown { phone_number_id, .. } => {
                phone_number_id.as_ref().and_then(|number| self.of_number(number))
            }
        }
    }

    /// News of an account whose id was never configured can only be about a lender when there is just one.
    fn only(&self) -> Option<&Arc<Lender>> {
        let mut all = self.by_id.values();
        match (all.next(), all.next()) {
            (Some(lender), None) if lender.waba_id.is_none() => Some(lender),
            (Some(_) | None, _) => None,
        }
    }
}
