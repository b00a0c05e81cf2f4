//! Free text to meaning, before the engine: normalisation, amounts, dates, phrases, intents. Pure.

use crate::domain::money::Money;
use crate::domain::pii::Pii;
use crate::domain::time::Day;
use serde::{Deserialize, Serialize};

/// What a text means; recorded with the input so that a replay does not depend on this stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Understanding {
    pub normalised: String,
    /// The open step's option that the text names.
    pub option: Option<OptionMatch>,
    pub intent: Option<IntentGuess>,
    /// A safety intent that is possible but not certain.
    pub doubt: Option<String>,
    pub amount: Option<Money>,
    pub date: Option<Day>,
    /// Day and month, e.g. of a birthday.
    pub day_month: Option<(u8, u8)>,
    /// The last four digits of a document.
    pub digits: Option<Pii<String>>,
    pub yes_no: Option<bool>,
    pub integer: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptionMatch {
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntentGuess {
    pub intent: String,
    /// Basis points.
    pub confidence_bps: u16,
}
