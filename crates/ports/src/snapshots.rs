//! Snapshots of a stage's state, so that a restart need not read the whole log again.

use async_trait::async_trait;

use crate::error::PortResult;

/// A stage's state at a position of its partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// First offset that is not in the state.
    pub offset: u64,
    /// The state, in the stage's own format with its own version and checksum.
    pub state: Vec<u8>,
}

/// Keeps the latest snapshot of each stage and partition.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// Replaces the snapshot. After a kill either the old one or the new one is there, whole.
    ///
    /// # Errors
    /// `Full`, `Unavailable`.
    async fn save(&self, stage: &str, partition: u32, snapshot: Snapshot) -> PortResult<()>;

    /// The latest snapshot, or `None` when there is none.
    ///
    /// # Errors
    /// `Unavailable`; `Corrupt` when it was damaged, which the caller may treat as none.
    async fn load(&self, stage: &str, partition: u32) -> PortResult<Option<Snapshot>>;
}
