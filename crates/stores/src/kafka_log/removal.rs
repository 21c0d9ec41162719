//! What goes: records that are old or too many, and records that are to be forgotten.

use std::collections::BTreeMap;

use otklik_ports::{PortResult, Retention, Topic};
use rdkafka::{Message, Offset, TopicPartitionList, error::KafkaResult};

use super::{
    cluster::Cluster,
    failure::failed,
    offsets::{signed, unsigned},
    record,
    table::Bounds,
};

/// Partitions with at most so many offsets are measured record by record, longer ones by samples.
const MEASURED_MAX: u64 = 10_000;
/// Places of a long partition that are looked at, and records at each.
const SAMPLES: u64 = 40;
const SAMPLE_RECORDS: u64 = 20;

/// Where a partition begins and will begin.
pub(super) struct Cut {
    pub(super) partition: i32,
    pub(super) first: u64,
    pub(super) new_first: u64,
}

impl Cluster {
    /// Up to where the partitions of a topic may go. Blocks.
    pub(super) fn cuts(&self, topic: Topic, retention: Retention) -> PortResult<Vec<Cut>> {
        let failed = |error| failed(&self.config, "measured", error);
        let name = self.config.topic(topic);
        let mut read: Vec<BTreeMap<i32, u64>> = Vec::new();
        for group in self.groups_of(topic).map_err(failed)? {
            let committed = self.committed(&group, topic)?;
            // A group that has not committed anything is only looking.
            if !committed.is_empty() {
                read.push(committed);
            }
        }
        let at = retention.appended_before.as_millisecond();
        let young = (at > 0).then(|| self.offsets_at(&name, at)).transpose().map_err(failed)?;
        let mut cuts = Vec::new();
        for partition in self.partitions() {
            let (first, end) = self.range(&name, partition).map_err(failed)?;
            let old = young.as_ref().map_or(first, |young| young.get(&partition).copied().unwrap_or(end));
            let kept = self.first_within(&name, partition, (first, end), retention.bytes_max).map_err(failed)?;
            let unread = read.iter().map(|committed| committed.get(&partition).copied().unwrap_or_default()).min();
            let new_first = old.max(kept).min(unread.unwrap_or(end)).min(end);
            if new_first > first {
                cuts.push(Cut { partition, first, new_first });
            }
        }
        Ok(cuts)
    }

    /// The first offset from which on at most so many bytes of payload follow. Clients cannot ask for the size of a
    /// partition, so that a long one is judged by samples.
    fn first_within(&self, topic: &str, partition: i32, (first, end): (u64, u64), bytes_max: u64) -> KafkaResult<u64> {
        if bytes_max == 0 || bytes_max == u64::MAX || first >= end {
            return Ok(if bytes_max == 0 { end } else { first });
        }
        if end - first <= MEASURED_MAX {
            let sizes = self.sizes(topic, partition, first, u64::MAX)?;
            let mut left = bytes_max;
            for (offset, bytes) in sizes.into_iter().rev() {
                match left.checked_sub(bytes) {
                    Some(rest) => left = rest,
                    None => return Ok(offset + 1),
                }
            }
            return Ok(first);
        }
        let mut bytes = 0;
        let mut offsets = 0;
        for sample in 0..SAMPLES {
            let start = first + (end - first) / SAMPLES * sample;
            let sizes = self.sizes(topic, partition, start, SAMPLE_RECORDS)?;
            bytes += sizes.iter().map(|(_, bytes)| bytes).sum::<u64>();
            offsets += sizes.last().map_or(0, |(last, _)| last + 1 - start);
        }
        let kept = u128::from(bytes_max) * u128::from(offsets) / u128::from(bytes.max(1));
        let kept = u64::try_from(kept).unwrap_or(u64::MAX);
        Ok(first.max(end.saturating_sub(kept)))
    }

    /// Offsets and bytes of payload from an offset on.
    fn sizes(&self, topic: &str, partition: i32, start: u64, max: u64) -> KafkaResult<Vec<(u64, u64)>> {
        let mut sizes = Vec::new();
        self.read(topic, &BTreeMap::from([(partition, start)]), |message| {
            if let Some(payload) = message.payload() {
                sizes.push((unsigned(message.offset()), payload.len() as u64));
            }
            (sizes.len() as u64) < max
        })?;
        Ok(sizes)
    }

    /// The ends of a region's partition in every topic: what is there by now. Blocks.
    pub(super) fn ends_of(&self, region: &str) -> PortResult<Bounds> {
        let partition = record::partition(&self.config, region);
        self.bounds(|topic| self.written_end(topic, partition))
    }

    /// Keys of forgotten records that have been cut off by now. Blocks.
    pub(super) fn spent(&self) -> PortResult<Vec<String>> {
        self.catch_up().map_err(|error| failed(&self.config, "read", error))?;
        if self.table().forgets_nothing() {
            return Ok(Vec::new());
        }
        let mut first = BTreeMap::new();
        for partition in self.partitions() {
            first.insert(partition, self.bounds(|topic| Ok(self.range(topic, partition)?.0))?);
        }
        Ok(self.table().spent(|region| first.get(&record::partition(&self.config, region)).copied()))
    }

    fn bounds(&self, of: impl Fn(&str) -> KafkaResult<u64>) -> PortResult<Bounds> {
        let mut bounds = Bounds::default();
        for (topic, bound) in Topic::ALL.into_iter().zip(&mut bounds) {
            *bound =
                of(&self.config.topic(topic)).map_err(|error| failed(&self.config, "asked for its ends", error))?;
        }
        Ok(bounds)
    }

    /// What the brokers are asked to delete.
    pub(super) fn before(&self, topic: Topic, cuts: &[Cut]) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for cut in cuts {
            list.add_partition_offset(&self.config.topic(topic), cut.partition, Offset::Offset(signed(cut.new_first)))?;
        }
        Ok(list)
    }
}
