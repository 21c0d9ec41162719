//! The records of a log in memory and what is done to them.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;

use crate::{
    Cursor, ErrorKind, Lag, Output, PartitionPosition, PortError, PortResult, Record, Retention, StoredRecord, Topic,
    partitions::{Groups, Member, partition_of},
};

#[derive(Debug)]
pub(super) struct State {
    pub(super) groups: Groups,
    partitions: u32,
    records: BTreeMap<(Topic, u32), Partition>,
    cursors: HashMap<String, String>,
    committed: BTreeMap<(Topic, String), BTreeMap<u32, u64>>,
}

#[derive(Debug, Default)]
struct Partition {
    /// Offset of the first record kept.
    start: u64,
    kept: VecDeque<Kept>,
}

#[derive(Debug)]
struct Kept {
    at: Timestamp,
    record: Record,
}

impl State {
    pub(super) fn new(partitions: u32) -> Self {
        Self {
            groups: Groups::new(partitions),
            partitions,
            records: BTreeMap::new(),
            cursors: HashMap::new(),
            committed: BTreeMap::new(),
        }
    }

    pub(super) fn append(&mut self, topic: Topic, records: Vec<Record>, cursor: Option<Cursor>, now: Timestamp) {
        for record in records {
            let partition = partition_of(&record.region, self.partitions);
            self.records.entry((topic, partition)).or_default().kept.push_back(Kept { at: now, record });
        }
        if let Some(cursor) = cursor {
            self.cursors.insert(cursor.source, cursor.position);
        }
    }

    pub(super) fn cursor(&self, source: &str) -> Option<String> {
        self.cursors.get(source).cloned()
    }

    /// First offset not committed, or the first that is kept for a group that committed nothing here.
    pub(super) fn committed(&self, group: &str, topic: Topic, partition: u32) -> u64 {
        let committed = self.committed.get(&(topic, group.to_owned())).and_then(|offsets| offsets.get(&partition));
        committed.copied().unwrap_or_default().max(self.start(topic, partition))
    }

    pub(super) fn read(&self, topic: Topic, partition: u32, from: u64, max: usize) -> Vec<StoredRecord> {
        let Some(kept) = self.records.get(&(topic, partition)) else { return Vec::new() };
        let first = from.max(kept.start);
        let skip = usize::try_from(first - kept.start).unwrap_or(usize::MAX);
        (first..)
            .zip(kept.kept.iter().skip(skip))
            .take(max)
            .map(|(offset, Kept { record, .. })| StoredRecord {
                offset,
                key: record.key.clone(),
                payload: record.payload.clone(),
            })
            .collect()
    }

    pub(super) fn commit(
        &mut self,
        member: &Member,
        next: PartitionPosition,
        outputs: Vec<Output>,
        now: Timestamp,
    ) -> PortResult<()> {
        self.check_owner(member, next.partition)?;
        let Member { group, topic, .. } = member;
        let committed = self.committed(group, *topic, next.partition);
        if !(committed..=self.end(*topic, next.partition)).contains(&next.offset) {
            let message = format!("group {group} cannot go from offset {committed} to {}", next.offset);
            return Err(PortError::new(ErrorKind::Rejected, message));
        }
        self.committed.entry((*topic, group.clone())).or_default().insert(next.partition, next.offset);
        for (topic, record) in outputs {
            self.append(topic, vec![record], None, now);
        }
        Ok(())
    }

    pub(super) fn check_seek(&self, member: &Member, to: PartitionPosition) -> PortResult<()> {
        self.check_owner(member, to.partition)?;
        let (start, end) = (self.start(member.topic, to.partition), self.end(member.topic, to.partition));
        if !(start..=end).contains(&to.offset) {
            let message = format!("offset {} is not within {start} and {end}, which are kept", to.offset);
            return Err(PortError::new(ErrorKind::NotFound, message));
        }
        Ok(())
    }

    fn check_owner(&self, member: &Member, partition: u32) -> PortResult<()> {
        if self.groups.owns(member, partition) {
            return Ok(());
        }
        let message = format!("partition {partition} of {} is another consumer's", member.topic.as_str());
        Err(PortError::new(ErrorKind::Conflict, message))
    }

    pub(super) fn lag(&self, group: &str, topic: Topic) -> Vec<Lag> {
        (0..self.partitions)
            .map(|partition| Lag {
                partition,
                committed: self.committed(group, topic, partition),
                end: self.end(topic, partition),
            })
            .filter(|lag| lag.end > 0)
            .collect()
    }

    pub(super) fn trim(&mut self, topic: Topic, retention: Retention) -> u64 {
        (0..self.partitions).map(|partition| self.trim_partition(topic, partition, retention)).sum()
    }

    fn trim_partition(&mut self, topic: Topic, partition: u32, retention: Retention) -> u64 {
        let unread = self
            .committed
            .iter()
            .filter(|((of, _), _)| *of == topic)
            .map(|(_, offsets)| offsets.get(&partition).copied().unwrap_or_default())
            .min()
            .unwrap_or(u64::MAX);
        let Some(kept) = self.records.get_mut(&(topic, partition)) else { return 0 };
        let mut bytes: u64 = kept.kept.iter().map(|kept| kept.record.payload.len() as u64).sum();
        let before = kept.start;
        while let Some(oldest) = kept.kept.front() {
            let passed = oldest.at < retention.appended_before || bytes > retention.bytes_max;
            if kept.start >= unread || !passed {
                break;
            }
            bytes -= oldest.record.payload.len() as u64;
            kept.start += 1;
            kept.kept.pop_front();
        }
        kept.start - before
    }

    pub(super) fn forget(&mut self, region: &str, key: &str) -> u64 {
        let mut forgotten = 0;
        for Kept { record, .. } in self.records.values_mut().flat_map(|partition| &mut partition.kept) {
            if record.region == region && record.key == key && !record.payload.is_empty() {
                record.payload.clear();
                forgotten += 1;
            }
        }
        forgotten
    }

    fn start(&self, topic: Topic, partition: u32) -> u64 {
        self.records.get(&(topic, partition)).map_or(0, |partition| partition.start)
    }

    fn end(&self, topic: Topic, partition: u32) -> u64 {
        self.records.get(&(topic, partition)).map_or(0, |partition| partition.start + partition.kept.len() as u64)
    }
}
