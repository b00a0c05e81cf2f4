//! Flow versions in use: the published one of each lender, and older ones that conversations are pinned to.

use crate::domain::ids::{FlowHash, LenderId};
use crate::domain::time::Timestamp;
use crate::flow::model::FlowSet;
use crate::ports::StoreError;
use crate::ports::flows::{FlowFiles, FlowVersionStore};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum LibraryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("flow version {0} is not kept anywhere; its conversations begin anew")]
    Unknown(FlowHash),
    #[error("flow version {hash} no longer loads with this program: {why}")]
    Unreadable { hash: FlowHash, why: String },
    #[error("lender {0} has no published flows")]
    NotPublished(LenderId),
}

pub struct FlowLibrary {
    store: Arc<dyn FlowVersionStore>,
    sets: RwLock<HashMap<FlowHash, Arc<FlowSet>>>,
    current: RwLock<HashMap<LenderId, FlowHash>>,
}

impl FlowLibrary {
    pub fn new(store: Arc<dyn FlowVersionStore>) -> Self {
        Self { store, sets: RwLock::default(), current: RwLock::default() }
    }

    /// Keeps a checked folder and makes it the version on which this lender's new conversations begin.
    pub async fn publish(
        &self,
        lender: &LenderId,
        files: &FlowFiles,
        set: FlowSet,
        now: Timestamp,
    ) -> Result<FlowHash, LibraryError> {
        let hash = set.hash.clone();
        self.store.save_flow_version(&hash, files, now).await?;
        self.remember(set);
        write(&self.current).insert(lender.clone(), hash.clone());
        Ok(hash)
    }

    /// The version for new conversations of a lender.
    pub fn current(&self, lender: &LenderId) -> Result<Arc<FlowSet>, LibraryError> {
        read(&self.current)
            .get(lender)
            .and_then(|hash| read(&self.sets).get(hash).cloned())
            .ok_or_else(|| LibraryError::NotPublished(lender.clone()))
    }

    /// The version that a conversation is pinned to, read back from the store when this process never saw it.
    pub async fn pinned(&self, hash: &FlowHash) -> Result<Arc<FlowSet>, LibraryError> {
        if let Some(set) = read(&self.sets).get(hash) {
            return Ok(Arc::clone(set));
        }
        let files =
            self.store.flow_version(hash).await?.ok_or_else(|| LibraryError::Unknown(hash.clone()))?;
        // It was proved when it was published; a stricter checker of today must not strand its conversations.
        let set = crate::flow::load_published(&files).map_err(|diagnostics| LibraryError::Unreadable {
            hash: hash.clone(),
            why: diagnostics.first().map_or_else(String::new, |first| first.message.clone()),
        })?;
        Ok(self.remember(set))
    }

    fn remember(&self, set: FlowSet) -> Arc<FlowSet> {
        let set = Arc::new(set);
        write(&self.sets).insert(set.hash.clone(), Arc::clone(&set));
        set
    }
}

/// A poisoned lock only means that a reader panicked; the map itself is whole.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
