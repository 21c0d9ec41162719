//! A log in memory.

mod state;

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use self::state::State;
use super::lock;
use crate::{
    Consumer, Cursor, Lag, Log, Output, PartitionPosition, Polled, PortResult, Record, Retention, Topic,
    partitions::{Member, Notice},
    words::Words,
};

/// A log in memory.
#[derive(Debug)]
pub struct MemoryLog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    said: Mutex<Words>,
    /// Rings when records came or partitions changed hands.
    changed: Notify,
}

impl MemoryLog {
    /// An empty log with so many partitions in each topic, at least one.
    pub fn new(partitions: u32) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State::new(partitions.max(1))),
            said: Mutex::default(),
            changed: Notify::new(),
        }))
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn append(
        &self,
        topic: Topic,
        records: Vec<Record>,
        cursor: Option<Cursor>,
        now: Timestamp,
    ) -> PortResult<()> {
        lock(&self.0.state).append(topic, records, cursor, now);
        self.0.changed.notify_waiters();
        Ok(())
    }

    async fn cursor(&self, source: &str) -> PortResult<Option<String>> {
        Ok(lock(&self.0.state).cursor(source))
    }

    async fn consumer(&self, group: &str, topic: Topic) -> PortResult<Box<dyn Consumer>> {
        let member = lock(&self.0.state).groups.join(group, topic);
        self.0.changed.notify_waiters();
        Ok(Box::new(MemoryConsumer { shared: Arc::clone(&self.0), member, positions: BTreeMap::new(), last_read: 0 }))
    }

    async fn lag(&self, group: &str, topic: Topic) -> PortResult<Vec<Lag>> {
        Ok(lock(&self.0.state).lag(group, topic))
    }

    async fn trim(&self, topic: Topic, retention: Retention) -> PortResult<u64> {
        Ok(lock(&self.0.state).trim(topic, retention))
    }

    async fn forget(&self, region: &str, key: &str) -> PortResult<u64> {
        Ok(lock(&self.0.state).forget(region, key))
    }

    async fn say(&self, member: &str, word: Option<String>) -> PortResult<()> {
        lock(&self.0.said).say(member, word);
        Ok(())
    }

    async fn said(&self) -> PortResult<BTreeMap<String, String>> {
        Ok(lock(&self.0.said).all())
    }
}

#[derive(Debug)]
struct MemoryConsumer {
    shared: Arc<Shared>,
    member: Member,
    /// Partitions it has been told of, with the offset it reads next.
    positions: BTreeMap<u32, u64>,
    /// The partition read last, so that all get their turn.
    last_read: u32,
}

impl MemoryConsumer {
    fn take(&mut self, max: usize) -> Option<Polled> {
        let mut state = lock(&self.shared.state);
        match state.groups.notice(&self.member) {
            Some(Notice::Revoked(partitions)) => {
                self.positions.retain(|partition, _| !partitions.contains(partition));
                return Some(Polled::Revoked(partitions));
            }
            Some(Notice::Assigned(partitions)) => {
                let assigned: Vec<PartitionPosition> = partitions
                    .into_iter()
                    .map(|partition| PartitionPosition {
                        partition,
                        offset: state.committed(&self.member.group, self.member.topic, partition),
                    })
                    .collect();
                self.positions.extend(assigned.iter().map(|position| (position.partition, position.offset)));
                return Some(Polled::Assigned(assigned));
            }
            None => {}
        }
        let after = self.positions.range(self.last_read + 1..).chain(self.positions.range(..=self.last_read));
        let (partition, records) = after
            .map(|(partition, offset)| (*partition, state.read(self.member.topic, *partition, *offset, max.max(1))))
            .find(|(_, records)| !records.is_empty())?;
        self.last_read = partition;
        self.positions.insert(partition, records.last()?.offset + 1);
        Some(Polled::Records { partition, records })
    }
}

#[async_trait]
impl Consumer for MemoryConsumer {
    async fn poll(&mut self, max: usize, wait: Duration) -> PortResult<Polled> {
        let deadline = Instant::now() + wait;
        let shared = Arc::clone(&self.shared);
        loop {
            let mut changed = pin!(shared.changed.notified());
            changed.as_mut().enable();
            if let Some(polled) = self.take(max) {
                return Ok(polled);
            }
            if timeout_at(deadline, changed).await.is_err() {
                return Ok(Polled::Idle);
            }
        }
    }

    async fn commit(&mut self, next: PartitionPosition, outputs: Vec<Output>, now: Timestamp) -> PortResult<()> {
        lock(&self.shared.state).commit(&self.member, next, outputs, now)?;
        self.shared.changed.notify_waiters();
        Ok(())
    }

    async fn seek(&mut self, to: PartitionPosition) -> PortResult<()> {
        lock(&self.shared.state).check_seek(&self.member, to)?;
        self.positions.insert(to.partition, to.offset);
        Ok(())
    }
}

impl Drop for MemoryConsumer {
    fn drop(&mut self) {
        lock(&self.shared.state).groups.leave(&self.member);
        self.shared.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conforms() {
        crate::conformance::log::suite(async || MemoryLog::new(4)).await;
    }
}
