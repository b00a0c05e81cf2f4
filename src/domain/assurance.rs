//! How sure we are of who is writing, and what may be said at each level.

use serde::{Deserialize, Serialize};

/// Assurance level of a session, lowest first. The Spanish names are those of the flow files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assurance {
    /// L0: an unknown number or id.
    #[default]
    Ninguna,
    /// L1: the number or BSUID is on file for a person.
    Canal,
    /// L2: two items of knowledge were right (document's last 4, birth day and month).
    Verificada,
    /// L3: a second factor on another channel.
    Reforzada,
}

/// Class of a datum: who may see it. Each class needs a level of [`Assurance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    #[default]
    Publico,
    /// First name, that there is a matter to talk about.
    Contacto,
    /// Amounts, dates, products, agreements.
    Deuda,
    /// Payment links and references.
    Pago,
}

impl Label {
    /// The lowest level at which a datum of this class may reach the person.
    pub const fn needs(self) -> Assurance {
        match self {
            Self::Publico => Assurance::Ninguna,
            Self::Contacto => Assurance::Canal,
            Self::Deuda | Self::Pago => Assurance::Verificada,
        }
    }
}

impl Assurance {
    pub const ALL: [Self; 4] = [Self::Ninguna, Self::Canal, Self::Verificada, Self::Reforzada];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ninguna => "ninguna",
            Self::Canal => "canal",
            Self::Verificada => "verificada",
            Self::Reforzada => "reforzada",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl Label {
    pub const ALL: [Self; 4] = [Self::Publico, Self::Contacto, Self::Deuda, Self::Pago];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Publico => "publico",
            Self::Contacto => "contacto",
            Self::Deuda => "deuda",
            Self::Pago => "pago",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.name() == name)
    }
}
