//! How large a file that people send may be.

use super::ConfigError;
use serde::{Deserialize, Serialize};

/// Files that people send.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MediaSettings {
    /// A larger one is not kept, bytes; 0 keeps none.
    pub bytes_max: usize,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self { bytes_max: 16 * 1024 * 1024 }
    }
}

/// WhatsApp takes no larger one, and a few of them are in memory at once.
const BYTES_MAX: usize = 100 * 1024 * 1024;

impl MediaSettings {
    /// Says which setting would do harm.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.bytes_max > BYTES_MAX {
            return Err(ConfigError::Invalid(format!(
                "media.bytes_max is {}: WhatsApp carries no file of more than {BYTES_MAX} bytes; set it to that or less",
                self.bytes_max
            )));
        }
        Ok(())
    }
}
