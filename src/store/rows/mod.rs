//! Rows as both databases give them: the same columns, types and names, decoded once.

pub(super) mod cases;
pub(super) mod conversations;
pub(super) mod dead_letters;
pub(super) mod erasure;
pub(super) mod files;
pub(super) mod media;
pub(super) mod outbox;
pub(super) mod people;
pub(super) mod pseudonym;
pub(super) mod retention;
pub(super) mod rights;
pub(super) mod tickets;
pub(super) mod whose;

use crate::domain::identity::{Bsuid, WaId, WaIdentity};
use crate::domain::ids::LenderId;
use crate::domain::json_text;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::inbox::PendingNotice;
use crate::store::error::failed;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::FromRow;
use std::fmt::Display;
use uuid::Uuid;

/// Where a stored value stands, for [`StoreError::Corrupt`]. The value itself is never shown.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub table: &'static str,
    pub id: &'a dyn Display,
}

impl Place<'_> {
    pub fn corrupt(&self, column: &'static str, why: impl Into<String>) -> StoreError {
        StoreError::Corrupt { table: self.table, column, id: self.id.to_string(), why: why.into() }
    }

    /// Reads a document.
    pub fn json<T: DeserializeOwned>(&self, column: &'static str, text: &str) -> Result<T, StoreError> {
        json_text::read(text).map_err(|fault| self.corrupt(column, fault.to_string()))
    }

    /// Reads a name of a closed list.
    pub fn name<T>(&self, column: &'static str, parsed: Option<T>) -> Result<T, StoreError> {
        parsed.ok_or_else(|| self.corrupt(column, "a name that this program does not know"))
    }

    pub fn count(&self, column: &'static str, number: i64) -> Result<u32, StoreError> {
        u32::try_from(number).map_err(|_| self.corrupt(column, "a number out of range"))
    }

    pub fn identity(&self, wa_id: Option<&str>, bsuid: Option<&str>) -> Result<WaIdentity, StoreError> {
        let phone = wa_id.map(|text| self.name("wa_id", WaId::parse(text))).transpose()?;
        let user = bsuid.map(|text| self.name("bsuid", Bsuid::parse(text))).transpose()?;
        self.name("wa_id", WaIdentity::new(phone, user))
    }
}

/// The rows that can be read. One that cannot is reported and left alone, so that it does not stop its neighbours
/// for ever; its lease or its pending mark stays for the operator.
pub(super) fn readable<T>(rows: impl IntoIterator<Item = Result<T, StoreError>>) -> Vec<T> {
    rows.into_iter()
        .filter_map(|row| row.inspect_err(|error| tracing::error!(%error, "a stored row is left alone")).ok())
        .collect()
}

/// A pending notice as stored.
#[derive(Debug, FromRow)]
pub(super) struct NoticeBody {
    pub id: Uuid,
    pub lender: Option<String>,
    pub body: String,
    pub received_at: i64,
}

impl NoticeBody {
    pub fn read(self) -> Result<PendingNotice, StoreError> {
        let item = Place { table: "notices", id: &self.id }.json("body", &self.body)?;
        let lender = self.lender.map(LenderId);
        Ok(PendingNotice { id: self.id, lender, item, received_at: Timestamp(self.received_at) })
    }
}

/// Writes a document.
pub(super) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| failed("a value cannot be written as JSON".to_owned()))
}

/// The snake_case name that serde gives a variant without fields.
pub(super) fn name_of(value: &impl Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        Ok(_) | Err(_) => Err(failed("a variant has no plain name".to_owned())),
    }
}

/// The variant with this snake_case name.
pub(super) fn named<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

/// Text without U+0000, which PostgreSQL cannot store; one such character would refuse a whole batch.
pub(super) fn clean(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text.to_owned() }
}

/// One column of a batch, for `UNNEST`.
pub(super) fn column<R, T>(rows: &[R], pick: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(pick).collect()
}

/// Ids as a JSON list of hexadecimal texts, for `json_each` and `unhex` in SQLite.
pub(super) fn hex_list(ids: impl IntoIterator<Item = Uuid>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| format!("\"{}\"", id.simple())).collect();
    format!("[{}]", ids.join(","))
}

/// Clamps a limit of a page or batch to what SQL takes.
pub(super) const fn limit(rows: u32) -> i64 {
    rows as i64
}
