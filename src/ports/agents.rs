//! Human agents and their API tokens.

use crate::domain::ids::{AgentId, LenderId};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use async_trait::async_trait;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    pub lender: LenderId,
    pub name: String,
    /// Queues this agent serves; empty = all of the lender.
    pub queues: Vec<String>,
    pub active: bool,
    pub created_at: Timestamp,
}

#[async_trait]
pub trait AgentStore: Send + Sync {
    /// Stores an agent with the SHA-256 of its token; the token itself is never stored.
    async fn add_agent(&self, agent: &Agent, token_sha256: [u8; 32]) -> Result<(), StoreError>;

    /// The active agent with this token hash.
    async fn agent_by_token(&self, token_sha256: [u8; 32]) -> Result<Option<Agent>, StoreError>;

    async fn agents(&self, lender: &LenderId) -> Result<Vec<Agent>, StoreError>;

    /// An inactive agent's token stops working at once; returns false when there is no such agent.
    async fn set_agent_active(
        &self,
        lender: &LenderId,
        id: AgentId,
        active: bool,
    ) -> Result<bool, StoreError>;
}
