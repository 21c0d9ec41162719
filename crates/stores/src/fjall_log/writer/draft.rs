//! A group of writes on its way to the disk, as one atomic batch.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread,
    time::Duration,
};

use fjall::{OwnedWriteBatch, PersistMode};
use jiff::Timestamp;
use otklik_ports::{
    ErrorKind, Output, PartitionPosition, PortError, PortResult, Topic,
    partitions::{Member, partition_of},
};

use super::{
    super::{
        FjallLogConfig, Shared,
        failure::Failure,
        layout::{self, PartitionState, SegmentStart},
        store::{Segment, Store},
    },
    Write,
};

/// Longest region, key, source and group, in bytes.
const NAME_BYTES_MAX: usize = 4_096;
/// Largest payload, in bytes.
const PAYLOAD_BYTES_MAX: usize = 16 << 20;

pub(super) struct Draft<'a> {
    pub(super) batch_number: u64,
    store: &'a Store,
    shared: &'a Shared,
    config: &'a FjallLogConfig,
    batch: OwnedWriteBatch,
    partitions: BTreeMap<(Topic, u32), PartitionState>,
    committed: BTreeMap<(Topic, String), BTreeMap<u32, u64>>,
    /// Where new records go.
    active: BTreeMap<Topic, Segment>,
    /// Topics whose active segment begins with this batch.
    begun: BTreeSet<Topic>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(store: &'a Store, shared: &'a Shared, config: &'a FjallLogConfig) -> Self {
        Self {
            batch_number: shared.state().batch + 1,
            store,
            shared,
            config,
            batch: store.db.batch().durability(Some(PersistMode::SyncData)),
            partitions: BTreeMap::new(),
            committed: BTreeMap::new(),
            active: BTreeMap::new(),
            begun: BTreeSet::new(),
        }
    }

    /// Takes a write in, or says why it is refused; a refused one leaves nothing in the batch.
    pub(super) fn stage(&mut self, write: &Write) -> Result<PortResult<()>, Failure> {
        if let Err(refused) = self.check(write) {
            return Ok(Err(refused));
        }
        for output in &write.records {
            self.stage_record(output, write.now)?;
        }
        if let Some(cursor) = &write.cursor {
            self.batch.insert(&self.store.meta, layout::cursor_key(&cursor.source), cursor.position.as_bytes());
        }
        if let Some((Member { group, topic, .. }, next)) = &write.commit {
            let key = layout::offset_key(*topic, next.partition, group);
            self.batch.insert(&self.store.meta, key, next.offset.to_be_bytes());
            self.committed.entry((*topic, group.clone())).or_default().insert(next.partition, next.offset);
        }
        Ok(Ok(()))
    }

    /// A partition as it will be after the batch.
    pub(super) fn partition(&self, topic: Topic, partition: u32) -> PartitionState {
        let staged = self.partitions.get(&(topic, partition)).copied();
        staged.unwrap_or_else(|| self.shared.state().partition(topic, partition))
    }

    /// Puts the new state of a partition in.
    pub(super) fn set_partition(&mut self, topic: Topic, partition: u32, state: PartitionState) {
        self.partitions.insert((topic, partition), state);
    }

    /// The batch, to add other things to.
    pub(super) fn batch(&mut self) -> &mut OwnedWriteBatch {
        &mut self.batch
    }

    /// Writes the batch, waits until it is on disk, and lets readers see it.
    pub(super) fn commit(mut self) -> Result<(), Failure> {
        if self.batch.is_empty() && self.partitions.is_empty() {
            return Ok(());
        }
        for ((topic, partition), state) in &self.partitions {
            let key = layout::partition_key(*topic, *partition);
            self.batch.insert(&self.store.meta, key, layout::partition_value(*state));
        }
        self.batch.insert(&self.store.meta, layout::BATCH_KEY, self.batch_number.to_be_bytes());
        self.wait_for_tables()?;
        self.batch.commit()?;

        let topics: BTreeSet<Topic> = self.partitions.keys().map(|(topic, _)| *topic).collect();
        let mut state = self.shared.state_mut();
        state.batch = self.batch_number;
        state.partitions.extend(self.partitions);
        for (key, offsets) in self.committed {
            state.committed.entry(key).or_default().extend(offsets);
        }
        for (topic, segment) in self.active.into_iter().filter(|(topic, _)| self.begun.contains(topic)) {
            Arc::make_mut(state.segments.entry(topic).or_default()).push(segment);
        }
        drop(state);
        topics.into_iter().for_each(|topic| self.shared.ring(topic));
        Ok(())
    }

    /// Waits while buffers pile up that have not become tables. The engine would wait by itself, but for ever once its own
    /// threads have stopped at a full disk; `persist` tells of that.
    fn wait_for_tables(&self) -> Result<(), Failure> {
        /// One less than the engine stops at.
        const SEALED_MAX: usize = 3;
        let written = self.active.values().flat_map(|segment| [&segment.records, &segment.keys]);
        for keyspace in written.chain([&self.store.meta]) {
            while keyspace.sealed_memtable_count() >= SEALED_MAX {
                self.store.db.persist(PersistMode::Buffer)?;
                thread::sleep(Duration::from_millis(2));
            }
        }
        Ok(())
    }

    fn check(&self, write: &Write) -> PortResult<()> {
        let names = write.records.iter().flat_map(|(_, record)| [&record.region, &record.key]);
        let source = write.cursor.iter().flat_map(|cursor| [&cursor.source, &cursor.position]);
        let payload = write.records.iter().map(|(_, record)| record.payload.len()).max().unwrap_or_default();
        if names.chain(source).any(|name| name.len() > NAME_BYTES_MAX) || payload > PAYLOAD_BYTES_MAX {
            let message = format!(
                "a region, key, source or cursor is longer than {NAME_BYTES_MAX} bytes, or a payload than \
                 {PAYLOAD_BYTES_MAX}"
            );
            return Err(PortError::new(ErrorKind::Rejected, message));
        }
        write.commit.as_ref().map_or(Ok(()), |(member, next)| self.check_commit(member, *next))
    }

    fn check_commit(&self, member: &Member, next: PartitionPosition) -> PortResult<()> {
        self.shared.check_owner(member, next.partition)?;
        let staged = self.committed.get(&(member.topic, member.group.clone()));
        let state = self.shared.state();
        let committed = match staged.and_then(|offsets| offsets.get(&next.partition)) {
            Some(offset) => *offset,
            None => state.committed(member.topic, &member.group, next.partition),
        };
        let end = state.partition(member.topic, next.partition).end;
        if (committed..=end).contains(&next.offset) {
            return Ok(());
        }
        let message = format!(
            "group {} cannot move from offset {committed} to {} of a partition that ends at {end}",
            member.group, next.offset
        );
        Err(PortError::new(ErrorKind::Rejected, message))
    }

    fn stage_record(&mut self, (topic, record): &Output, now: Timestamp) -> Result<(), Failure> {
        let partition = partition_of(&record.region, self.store.partitions);
        let mut state = self.partition(*topic, partition);
        let place = layout::record_key(partition, state.end);
        let index = layout::index_key(&record.region, &record.key, partition, state.end);
        let segment = self.segment(*topic, now)?;
        self.batch.insert(&segment.records, place, layout::record_value(record, now));
        self.batch.insert(&segment.keys, index, []);
        state.end += 1;
        state.bytes += record.payload.len() as u64;
        self.set_partition(*topic, partition, state);
        Ok(())
    }

    /// The segment new records of a topic go to; begins one when there is none or the last is full or old.
    fn segment(&mut self, topic: Topic, now: Timestamp) -> Result<Segment, Failure> {
        if let Some(active) = self.active.get(&topic) {
            return Ok(active.clone());
        }
        let last = self.shared.state().segments(topic).last().cloned();
        let fits = |last: &Segment| {
            let age = now.duration_since(last.start.begun_at);
            age.as_secs() < self.config.segment_seconds && last.records.disk_space() < self.config.segment_bytes
        };
        let active = match last.filter(fits) {
            Some(last) => last,
            None => self.begin_segment(topic, now)?,
        };
        self.active.insert(topic, active.clone());
        Ok(active)
    }

    fn begin_segment(&mut self, topic: Topic, now: Timestamp) -> Result<Segment, Failure> {
        let first = (0..self.store.partitions).map(|partition| self.partition(topic, partition).end).collect();
        let start = SegmentStart { begun_at: now, first };
        let key = layout::segment_key(topic, self.batch_number);
        self.batch.insert(&self.store.meta, key, layout::segment_value(&start));
        self.begun.insert(topic);
        self.store.new_segment(topic, self.batch_number, start)
    }
}
