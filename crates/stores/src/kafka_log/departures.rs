//! Consumers on their way out. Leaving a group takes a round through the brokers; who joins the same group waits for it, so
//! that it gets all the partitions at once.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    thread::{self, JoinHandle},
};

/// Threads on which consumers leave their groups.
#[derive(Default)]
pub(super) struct Departures(Mutex<BTreeMap<String, Vec<JoinHandle<()>>>>);

impl Departures {
    /// Does what it takes to leave, on a thread of its own.
    pub(super) fn begin(&self, group: &str, leave: impl FnOnce() + Send + 'static) {
        let Ok(thread) = thread::Builder::new().name("log:leaving".to_owned()).spawn(leave) else { return };
        let mut departures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        departures.entry(group.to_owned()).or_default().push(thread);
    }

    /// Waits until everybody has left a group who is about to. Blocks.
    pub(super) fn wait(&self, group: &str) {
        let leaving = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(group);
        // A thread that panicked has left too.
        leaving.into_iter().flatten().for_each(|thread| drop(thread.join()));
    }

    /// Waits for all. Blocks.
    pub(super) fn wait_for_all(&self) {
        let leaving = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        leaving.into_values().flatten().for_each(|thread| drop(thread.join()));
    }
}
