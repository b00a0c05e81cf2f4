//! What the simulator's page needs to know from the application; the only thing it asks behind Meta's back.
//!
//! Everything else that the page shows comes from webhooks and Graph requests, as on a real phone.

use crate::domain::identity::WaIdentity;
use async_trait::async_trait;
use serde::Serialize;

/// Read access to the sample people and to what the application thinks of a chat.
#[async_trait]
pub trait SimulatorSource: Send + Sync {
    /// The people of the sample debts, in the order in which the page lists them. Empty means that there are none.
    async fn debtors(&self) -> Vec<DebtorCard>;

    /// The state of the chat with `who`; `None` while the application has never heard of them.
    async fn inspect(&self, who: &WaIdentity) -> Option<Inspection>;

    /// The approved text of a template, as Meta keeps it; `None` shows its name and parameters only.
    async fn template(&self, _name: &str, _language: &str) -> Option<TemplateText> {
        None
    }
}

/// Who one can be in the simulator, with what that person knows about themself.
#[derive(Clone, Serialize)]
pub struct DebtorCard {
    /// Opaque, stable between requests; used in URLs, so never a phone or a document number.
    pub id: String,
    pub name: String,
    /// Digits with country code, no `+`.
    #[serde(skip_serializing)]
    pub wa_id: String,
    /// The business-scoped user id; derived from the phone when absent.
    #[serde(skip_serializing)]
    pub bsuid: Option<String>,
    /// What the person would answer when asked for their document, e.g. `CC 52.123.456`.
    pub document_hint: String,
    /// `YYYY-MM-DD`.
    pub birthday: String,
    /// One line: what they owe and what makes them interesting to try.
    pub situation: String,
    /// BCP 47, e.g. `es-CO`.
    pub language: String,
}

/// What the application thinks of a chat right now.
#[derive(Clone, Serialize)]
pub struct Inspection {
    pub flow: String,
    pub step: String,
    /// Assurance level by name, e.g. `verified`.
    pub assurance: String,
    /// State of the conversation, e.g. `waiting`.
    pub status: String,
    /// One readable line per event of the last turn, in order.
    pub last_turn_events: Vec<String>,
    pub agreements: Vec<InspectedAgreement>,
    pub ticket: Option<InspectedTicket>,
}

/// One recorded agreement; amounts are already written for people.
#[derive(Clone, Serialize)]
pub struct InspectedAgreement {
    pub reference: String,
    /// Promise, plan, settlement … as the desk calls it.
    pub kind: String,
    pub status: String,
    /// For instance `$ 450.000 en 3 cuotas`.
    pub summary: String,
    /// One line per instalment.
    pub instalments: Vec<String>,
}

/// The open ticket of a human agent.
#[derive(Clone, Serialize)]
pub struct InspectedTicket {
    pub reference: String,
    pub status: String,
    pub reason: String,
    pub agent: Option<String>,
}

/// A template as approved: placeholders are `{{name}}` or `{{1}}`.
#[derive(Clone)]
pub struct TemplateText {
    pub header: Option<String>,
    pub body: String,
    pub footer: Option<String>,
    /// Titles of the quick-reply buttons, by index.
    pub quick_replies: Vec<String>,
}
