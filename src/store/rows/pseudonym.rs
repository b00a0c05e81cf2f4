//! What an erased person's agreements are kept under: names that the person's reference alone does not lead to.

use crate::ports::StoreError;
use crate::store::rows::json;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

/// `$1` person.
pub(in crate::store) const AGREEMENTS: &str = "
    SELECT id, obligation_id, once_key, {offer} AS offer, {evidence} AS evidence
    FROM agreements WHERE person_id = $1";

/// `$1` the agreement; then person, obligation, `once_key`, offer and evidence.
pub(in crate::store) const RENAME: &str = "
    UPDATE agreements
    SET person_id = $2, obligation_id = $3, once_key = $4, offer = {json}$5{/json}, evidence = {json}$6{/json}
    WHERE id = $1";

/// An agreement of a person who is being erased.
#[derive(Debug, FromRow)]
pub(in crate::store) struct KeptAgreement {
    pub id: Uuid,
    pub obligation_id: Uuid,
    pub once_key: String,
    pub offer: String,
    pub evidence: String,
}

impl KeptAgreement {
    /// Its obligation under another name wherever it stands, and the id of the message that accepted it, which holds
    /// the number it came from, as a hash: who has that message can still prove that it is the one.
    pub fn renamed(mut self, ref_key: &[u8]) -> Result<Self, StoreError> {
        let obligation = pseudonym(ref_key, &self.obligation_id);
        let (old, new) = (self.obligation_id.to_string(), obligation.to_string());
        // It holds the ids of person and debt, and nobody will ever ask for it again.
        self.once_key = format!("erased/{}", pseudonym(ref_key, &self.id).simple());
        self.offer = self.offer.replace(&old, &new);
        self.obligation_id = obligation;
        if let Ok(mut evidence) = serde_json::from_str::<Value>(&self.evidence) {
            if let Some(Value::String(wamid)) = evidence.get_mut("accepted_by") {
                *wamid = format!("sha256:{}", hex::encode(Sha256::digest(wamid.as_bytes())));
            }
            self.evidence = json(&evidence)?;
        }
        Ok(self)
    }
}

/// An id in the place of `id`, for whom `ref_key` (the HMAC of lender and reference) names.
pub(in crate::store) fn pseudonym(ref_key: &[u8], id: &Uuid) -> Uuid {
    let digest = Sha256::new().chain_update(ref_key).chain_update([0]).chain_update(id.as_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The id under which everything of an erased person is kept.
pub(in crate::store) fn erased_person(ref_key: &[u8]) -> Uuid {
    pseudonym(ref_key, &Uuid::nil())
}
