//! Snapshots in memory.

use std::{collections::HashMap, sync::Mutex};

use async_trait::async_trait;

use super::lock;
use crate::{PortResult, Snapshot, Snapshots};

/// Snapshots in memory.
#[derive(Debug, Default)]
pub struct MemorySnapshots(Mutex<HashMap<(String, u32), Snapshot>>);

#[async_trait]
impl Snapshots for MemorySnapshots {
    async fn save(&self, stage: &str, partition: u32, snapshot: Snapshot) -> PortResult<()> {
        lock(&self.0).insert((stage.to_owned(), partition), snapshot);
        Ok(())
    }

    async fn load(&self, stage: &str, partition: u32) -> PortResult<Option<Snapshot>> {
        Ok(lock(&self.0).get(&(stage.to_owned(), partition)).cloned())
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn conforms() {
        crate::conformance::snapshots::suite(async || super::MemorySnapshots::default()).await;
    }
}
