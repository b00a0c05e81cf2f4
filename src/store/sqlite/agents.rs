//! Human agents and their tokens, in SQLite.

use super::SqliteStore;
use crate::domain::ids::{AgentId, LenderId};
use crate::ports::StoreError;
use crate::ports::agents::{Agent, AgentStore};
use crate::store::rows::json;
use crate::store::rows::tickets::AgentRow;
use async_trait::async_trait;

#[async_trait]
impl AgentStore for SqliteStore {
    async fn add_agent(&self, agent: &Agent, token_sha256: [u8; 32]) -> Result<(), StoreError> {
        sqlx::query(ADD_AGENT)
            .bind(agent.id.0)
            .bind(agent.lender.as_str())
            .bind(&agent.name)
            .bind(json(&agent.queues)?)
            .bind(agent.active)
            .bind(token_sha256.to_vec())
            .bind(agent.created_at.0)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(())
    }

    async fn agent_by_token(&self, token_sha256: [u8; 32]) -> Result<Option<Agent>, StoreError> {
        let row: Option<AgentRow> = sqlx::query_as(AGENT_BY_TOKEN)
            .bind(token_sha256.to_vec())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.map(AgentRow::read).transpose()
    }

    async fn agents(&self, lender: &LenderId) -> Result<Vec<Agent>, StoreError> {
        let rows: Vec<AgentRow> =
            sqlx::query_as(AGENTS).bind(lender.as_str()).fetch_all(&mut *self.reader().await?).await?;
        rows.into_iter().map(AgentRow::read).collect()
    }

    async fn set_agent_active(
        &self,
        lender: &LenderId,
        id: AgentId,
        active: bool,
    ) -> Result<bool, StoreError> {
        let affected = sqlx::query(SET_ACTIVE)
            .bind(lender.as_str())
            .bind(id.0)
            .bind(active)
            .execute(&mut *self.writer().await?)
            .await?
            .rows_affected();
        Ok(affected == 1)
    }
}

const ADD_AGENT: &str = "
    INSERT INTO agents (id, lender, name, queues, active, token_sha256, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO NOTHING";

const AGENT_BY_TOKEN: &str = "
    SELECT id, lender, name, queues, active, created_at FROM agents
    WHERE token_sha256 = $1 AND active";

const AGENTS: &str = "
    SELECT id, lender, name, queues, active, created_at FROM agents
    WHERE lender = $1
    ORDER BY name, id";

const SET_ACTIVE: &str = "UPDATE agents SET active = $3 WHERE lender = $1 AND id = $2";
