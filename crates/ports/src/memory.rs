//! The ports in memory: for tests of the pipeline and the desk, and as the adapters the conformance suites were written
//! against. They keep everything until they are dropped.

mod incidents;
mod log;
mod posts;
mod search;
mod snapshots;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::{
    incidents::MemoryIncidents, log::MemoryLog, posts::MemoryPosts, search::MemorySearch, snapshots::MemorySnapshots,
};

/// Locks a state. A test that panicked with the lock in hand has failed already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
