//! A conflict of identity that a person has settled: what the conversation gets with it.

use crate::domain::identity::{Bsuid, WaId, WaIdentity};
use crate::domain::ids::{PhoneNumberId, Wamid};
use crate::domain::inbound::{SystemEvent, SystemKind};
use crate::domain::json_text::JsonText;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::conversations::InputKind;
use crate::store::plan::accept::InputRow;
use crate::store::plan::turns::EventRow;
use crate::store::rows::json;
use sqlx::FromRow;
use uuid::Uuid;

/// A conversation whose conflict has just ended.
#[derive(Debug, FromRow)]
pub(in crate::store) struct SettledRow {
    pub id: Uuid,
    pub lender: String,
    pub phone_number_id: String,
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
}

/// What the log keeps, and the input by which the next turn takes the proof back.
pub(in crate::store) fn plan(
    row: SettledRow,
    body: &JsonText,
    now: Timestamp,
) -> Result<(EventRow, InputRow), StoreError> {
    let bsuid = row.bsuid.as_deref().and_then(Bsuid::parse);
    let who = WaIdentity::new(row.wa_id.as_deref().and_then(WaId::parse), bsuid);
    // Of ours, so that no delivery of WhatsApp's has its id.
    let id = Uuid::new_v5(&row.id, format!("settled/{}", now.0).as_bytes());
    let event = SystemEvent {
        phone_number_id: PhoneNumberId::from(row.phone_number_id.as_str()),
        wamid: Wamid::from(id.to_string().as_str()),
        at: now,
        kind: SystemKind::IdentityChanged,
        old: who.clone(),
        new: who,
    };
    let input = InputRow {
        id,
        lender: row.lender.clone(),
        conversation: row.id,
        dedupe_key: None,
        body: json(&InputKind::System { event })?,
        received_at: now.0,
    };
    let event = EventRow {
        conversation: row.id,
        seq: 0,
        lender: row.lender,
        turn: 0,
        kind: "identity".to_owned(),
        body: body.as_str().to_owned(),
        at: now.0,
    };
    Ok((event, input))
}
