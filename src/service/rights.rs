//! What a person may ask of whoever holds data on them: a copy, and their erasure, on record.

use crate::domain::ids::LenderId;
use crate::ports::clock::{Clock, Random};
use crate::ports::retention::Act;
use crate::ports::rights::{Erasure, PersonAct, PersonActKind};
use crate::ports::{Store, StoreError};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::Arc;

/// Of the file that [`Rights::export`] writes.
const FORMAT: u32 = 1;
/// References that are looked up at once.
const CHUNK: usize = 1_000;

pub struct Rights {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// Who does it, and why past a hold.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    pub by: &'a str,
    /// Only with it are holds passed over.
    pub over_holds: Option<&'a str>,
}

impl Rights {
    pub const fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { store, clock, random }
    }

    /// Everything that is held on a person, also on one who was erased, and a record that it was given out; `None` for a
    /// person who is unknown.
    pub async fn export(
        &self,
        lender: &LenderId,
        reference: &str,
        by: &str,
    ) -> Result<Option<Value>, StoreError> {
        let act = self.act(lender, reference, PersonActKind::Export, Order { by, over_holds: None }).await?;
        let held = match self.store.export_person(lender, reference).await? {
            Some(held) => held,
            // Of whom was erased there is what an erasure keeps.
            None if self.erased(lender, &[reference]).await?.is_empty() => return Ok(None),
            None => self.store.export_kept(lender, &act.ref_key).await?,
        };
        let acts = self.store.person_acts(lender, std::slice::from_ref(&act.ref_key)).await?;
        self.store.add_person_act(&act).await?;
        let requests: Vec<Value> = acts
            .iter()
            .map(|act| json!({"kind": act.kind.name(), "by": act.by, "reason": act.reason, "at": act.at.rfc3339()}))
            .collect();
        let mut document = json!({
            "format": FORMAT,
            "lender": lender.as_str(),
            "reference": reference,
            "exported_at": act.at.rfc3339(),
        });
        if let (Some(document), Value::Object(held)) = (document.as_object_mut(), held) {
            document.extend(held);
            document.insert("requests".to_owned(), Value::Array(requests));
        }
        Ok(Some(document))
    }

    /// Erases a person, or tells what that would do.
    pub async fn erase(
        &self,
        lender: &LenderId,
        reference: &str,
        order: Order<'_>,
        act: Act,
    ) -> Result<Erasure, StoreError> {
        let record = self.act(lender, reference, PersonActKind::Erase, order).await?;
        self.store.erase_person(reference, &record, order.over_holds.is_some(), act).await
    }

    /// The newest of what was done about each of these persons; the others are absent.
    pub async fn last_acts(
        &self,
        lender: &LenderId,
        references: &[&str],
    ) -> Result<HashMap<String, PersonAct>, StoreError> {
        let key = self.store.person_key(self.random.secret()).await?;
        let mut last = HashMap::new();
        for chunk in references.chunks(CHUNK) {
            let named: HashMap<Vec<u8>, &str> =
                chunk.iter().map(|reference| (ref_key(&key, lender, reference), *reference)).collect();
            let keys: Vec<Vec<u8>> = named.keys().cloned().collect();
            for act in self.store.person_acts(lender, &keys).await? {
                // A copy changes nothing about who is let in.
                if act.kind != PersonActKind::Export
                    && let Some(reference) = named.get(&act.ref_key)
                {
                    last.insert((*reference).to_owned(), act);
                }
            }
        }
        Ok(last)
    }

    /// Whoever was erased and not let in again since, of these.
    pub async fn erased(
        &self,
        lender: &LenderId,
        references: &[&str],
    ) -> Result<HashMap<String, PersonAct>, StoreError> {
        let mut last = self.last_acts(lender, references).await?;
        last.retain(|_, act| act.kind == PersonActKind::Erase);
        Ok(last)
    }

    /// Records that an import lets a person in again who was erased.
    pub async fn readmit(&self, lender: &LenderId, reference: &str, by: &str) -> Result<(), StoreError> {
        let order = Order { by, over_holds: None };
        let act = self.act(lender, reference, PersonActKind::Readmit, order).await?;
        self.store.add_person_act(&act).await
    }

    async fn act(
        &self,
        lender: &LenderId,
        reference: &str,
        kind: PersonActKind,
        order: Order<'_>,
    ) -> Result<PersonAct, StoreError> {
        let at = self.clock.now();
        let key = self.store.person_key(self.random.secret()).await?;
        Ok(PersonAct {
            id: self.random.uuid(at),
            lender: lender.clone(),
            ref_key: ref_key(&key, lender, reference),
            kind,
            by: order.by.to_owned(),
            reason: order.over_holds.map(ToOwned::to_owned),
            at,
        })
    }
}

fn ref_key(key: &[u8; 32], lender: &LenderId, reference: &str) -> Vec<u8> {
    // HMAC takes a key of any length, so this never fails; without it nobody would be found, and nobody mistaken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(lender.as_str().as_bytes());
    mac.update(&[0]);
    mac.update(reference.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
