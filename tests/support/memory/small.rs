//! Agents, published flows and stops, in memory.

use super::MemoryStore;
use crate::domain::ids::{AgentId, FlowHash, LenderId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::agents::{Agent, AgentStore};
use crate::ports::flows::{FlowFiles, FlowVersionStore};
use crate::ports::switches::{Stop, SwitchStore, TakenOver};
use crate::store::rows::tickets::StopRow;
use crate::store::rows::{Place, clean, json};
use async_trait::async_trait;
use std::collections::BTreeSet;

/// The newest migration of the real stores; there is nothing to migrate here.
const SCHEMA: i64 = 1;

pub(in crate::store) struct StoredAgent {
    agent: Agent,
    token_sha256: [u8; 32],
}

#[async_trait]
impl AgentStore for MemoryStore {
    async fn add_agent(&self, agent: &Agent, token_sha256: [u8; 32]) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        if tables.agents.iter().any(|known| known.agent.id == agent.id) {
            return Ok(());
        }
        if tables.agents.iter().any(|known| known.token_sha256 == token_sha256) {
            return Err(StoreError::Conflict { constraint: "agents.token_sha256".to_owned() });
        }
        tables.agents.push(StoredAgent { agent: agent.clone(), token_sha256 });
        Ok(())
    }

    async fn agent_by_token(&self, token_sha256: [u8; 32]) -> Result<Option<Agent>, StoreError> {
        let tables = self.tables()?;
        let owner = |known: &&StoredAgent| known.token_sha256 == token_sha256 && known.agent.active;
        Ok(tables.agents.iter().find(owner).map(|known| known.agent.clone()))
    }

    async fn agents(&self, lender: &LenderId) -> Result<Vec<Agent>, StoreError> {
        let tables = self.tables()?;
        let agents = tables.agents.iter().map(|known| &known.agent);
        let mut mine: Vec<Agent> = agents.filter(|agent| agent.lender == *lender).cloned().collect();
        mine.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
        Ok(mine)
    }

    async fn set_agent_active(
        &self,
        lender: &LenderId,
        id: AgentId,
        active: bool,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let agents = tables.agents.iter_mut().map(|known| &mut known.agent);
        let found = agents.into_iter().find(|agent| agent.lender == *lender && agent.id == id);
        Ok(found.map(|agent| agent.active = active).is_some())
    }
}

#[async_trait]
impl FlowVersionStore for MemoryStore {
    async fn save_flow_version(
        &self,
        hash: &FlowHash,
        files: &FlowFiles,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        let text = json(files)?;
        self.tables()?.flows.entry(hash.as_str().to_owned()).or_insert(text);
        Ok(())
    }

    async fn flow_version(&self, hash: &FlowHash) -> Result<Option<FlowFiles>, StoreError> {
        let tables = self.tables()?;
        let place = Place { table: "flow_versions", id: hash };
        tables.flows.get(hash.as_str()).map(|text| place.json("files", text)).transpose()
    }

    async fn pinned_hashes(&self) -> Result<Vec<FlowHash>, StoreError> {
        let tables = self.tables()?;
        let hashes: BTreeSet<&String> =
            tables.conversations.values().filter_map(|chat| chat.flow_hash.as_ref()).collect();
        Ok(hashes.into_iter().cloned().map(FlowHash).collect())
    }
}

#[async_trait]
impl SwitchStore for MemoryStore {
    async fn stop(&self, stop: &Stop) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        let (scope, reason) = (clean(&stop.scope), clean(&stop.reason));
        match tables.stops.iter_mut().find(|row| row.lender == stop.lender.as_str() && row.scope == scope) {
            Some(row) => row.reason = reason,
            None => {
                let lender = stop.lender.as_str().to_owned();
                tables.stops.push(StopRow { lender, scope, reason, since: stop.since.0 });
            }
        }
        Ok(())
    }

    async fn lift(&self, lender: &LenderId, scope: &str) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let before = tables.stops.len();
        tables.stops.retain(|row| row.lender != lender.as_str() || row.scope != clean(scope));
        Ok(tables.stops.len() < before)
    }

    async fn stops(&self) -> Result<Vec<Stop>, StoreError> {
        let tables = self.tables()?;
        let mut stops: Vec<Stop> = tables
            .stops
            .iter()
            .map(|row| {
                StopRow {
                    lender: row.lender.clone(),
                    scope: row.scope.clone(),
                    reason: row.reason.clone(),
                    since: row.since,
                }
                .read()
            })
            .collect();
        stops.sort_by(|one, other| {
            (one.lender.as_str(), &one.scope).cmp(&(other.lender.as_str(), &other.scope))
        });
        Ok(stops)
    }

    async fn ping(&self, _now: Timestamp) -> Result<(), StoreError> {
        self.tables().map(drop)
    }

    async fn schema_version(&self) -> Result<(i64, i64), StoreError> {
        self.tables().map(|_| (SCHEMA, SCHEMA))
    }

    /// Several simulated processes share it, so nothing is ever known to be a dead one's.
    async fn take_over(&self, _now: Timestamp, _doubt: Millis) -> Result<TakenOver, StoreError> {
        self.tables().map(|_| TakenOver::default())
    }

    async fn close(&self) {
        if let Ok(mut tables) = self.tables() {
            tables.closed = true;
        }
    }
}
