//! A member of a group that reads a topic.

use std::{collections::BTreeMap, pin::pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_ports::{
    Consumer, ErrorKind, Output, PartitionPosition, Polled, PortError, PortResult, StoredRecord,
    partitions::{Member, Notice},
};
use tokio::time::{Instant, timeout_at};

use super::{
    Handle,
    failure::{Failure, failed},
    layout,
    store::{Segment, read},
    writer::{Request, Write},
};

/// Bytes of records one poll brings at most, whatever their number; one record always comes.
const POLL_BYTES_MAX: usize = 8 << 20;

pub(super) struct FjallConsumer {
    handle: Arc<Handle>,
    member: Member,
    /// Partitions it has been told of, with the offset it reads next.
    positions: BTreeMap<u32, u64>,
    /// Partitions that are its own, but of which it has not been told yet: a poll may be given up while it waits.
    assigned: Option<Vec<u32>>,
    /// The partition read last, so that all get their turn.
    last_read: u32,
}

/// Records to be read.
struct Stretch {
    partition: u32,
    offsets: std::ops::Range<u64>,
    segments: Arc<Vec<Segment>>,
}

impl FjallConsumer {
    pub(super) fn new(handle: Arc<Handle>, member: Member) -> Self {
        Self { handle, member, positions: BTreeMap::new(), assigned: None, last_read: 0 }
    }

    /// What is there without waiting for more.
    async fn take(&mut self, max: usize) -> PortResult<Option<Polled>> {
        if self.assigned.is_none() {
            let notice = self.handle.shared.groups().notice(&self.member);
            match notice {
                Some(Notice::Revoked(partitions)) => {
                    self.positions.retain(|partition, _| !partitions.contains(partition));
                    return Ok(Some(Polled::Revoked(partitions)));
                }
                Some(Notice::Assigned(partitions)) => self.assigned = Some(partitions),
                None => {}
            }
        }
        if let Some(partitions) = self.assigned.clone() {
            let Member { group, topic, .. } = self.member.clone();
            let positions = self.handle.ask(|reply| Request::Positions(topic, group, partitions, reply)).await?;
            self.positions.extend(positions.iter().map(|position| (position.partition, position.offset)));
            self.assigned = None;
            return Ok(Some(Polled::Assigned(positions)));
        }
        let Some(stretch) = self.next_stretch()? else { return Ok(None) };
        self.read(stretch, max.max(1)).await.map(Some)
    }

    /// Where there is something to read, beginning after the partition read last.
    fn next_stretch(&self) -> PortResult<Option<Stretch>> {
        let state = self.handle.shared.state();
        if state.batch == 0 {
            let message = format!("the log at {} is closed after a failure", self.handle.config.folder.display());
            return Err(PortError::new(ErrorKind::Unavailable, message));
        }
        let topic = self.member.topic;
        let mut in_turn = self.positions.range(self.last_read + 1..).chain(self.positions.range(..=self.last_read));
        Ok(in_turn.find_map(|(partition, next)| {
            let kept = state.partition(topic, *partition);
            let offsets = kept.start.max(*next)..kept.end;
            let segments = state.segments(topic);
            (!offsets.is_empty()).then_some(Stretch { partition: *partition, offsets, segments })
        }))
    }

    async fn read(&mut self, stretch: Stretch, max: usize) -> PortResult<Polled> {
        let folder = &self.handle.config.folder;
        let partition = stretch.partition;
        let reading = tokio::task::spawn_blocking(move || read_records(&stretch, max)).await;
        let read = reading.map_err(|_| Failure::Panicked).flatten();
        let records = read.map_err(|error| failed(folder, "read", error))?;
        if let Some(last) = records.last() {
            self.positions.insert(partition, last.offset + 1);
        }
        self.last_read = partition;
        Ok(Polled::Records { partition, records })
    }
}

fn read_records(stretch: &Stretch, max: usize) -> Result<Vec<StoredRecord>, Failure> {
    let found = read(&stretch.segments, stretch.partition, stretch.offsets.clone(), max, POLL_BYTES_MAX)?;
    let record = |(offset, value): (u64, fjall::Slice)| {
        let record = layout::parse_record(&value)?;
        Ok(StoredRecord { offset, key: record.key.to_owned(), payload: record.payload.to_owned() })
    };
    found.into_iter().map(record).collect()
}

#[async_trait]
impl Consumer for FjallConsumer {
    async fn poll(&mut self, max: usize, wait: Duration) -> PortResult<Polled> {
        let deadline = Instant::now() + wait;
        let handle = Arc::clone(&self.handle);
        let Some(bell) = handle.shared.changed.get(&self.member.topic) else { return Ok(Polled::Idle) };
        loop {
            let mut changed = pin!(bell.notified());
            changed.as_mut().enable();
            if let Some(polled) = self.take(max).await? {
                return Ok(polled);
            }
            if timeout_at(deadline, changed).await.is_err() {
                return Ok(Polled::Idle);
            }
        }
    }

    async fn commit(&mut self, next: PartitionPosition, outputs: Vec<Output>, now: Timestamp) -> PortResult<()> {
        let write = Write { records: outputs, cursor: None, commit: Some((self.member.clone(), next)), now };
        self.handle.ask(|reply| Request::Write(write, reply)).await
    }

    async fn seek(&mut self, to: PartitionPosition) -> PortResult<()> {
        self.handle.shared.check_owner(&self.member, to.partition)?;
        let kept = self.handle.shared.state().partition(self.member.topic, to.partition);
        if !(kept.start..=kept.end).contains(&to.offset) {
            let message = format!("offset {} is not within {} and {}, which are kept", to.offset, kept.start, kept.end);
            return Err(PortError::new(ErrorKind::NotFound, message));
        }
        self.positions.insert(to.partition, to.offset);
        Ok(())
    }
}

impl Drop for FjallConsumer {
    fn drop(&mut self) {
        self.handle.shared.groups().leave(&self.member);
        self.handle.shared.ring(self.member.topic);
    }
}
