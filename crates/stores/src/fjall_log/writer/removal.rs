//! Dropping old records and emptying forgotten ones.

use std::sync::Arc;

use otklik_ports::{Record, Retention, Topic};

use super::{
    super::{
        failure::Failure,
        layout::{self, Damaged, PartitionState},
        store::{Segment, Store, read},
    },
    Writer,
    draft::Draft,
};

/// Records looked at in one go, so that writers need not wait long.
const CHUNK_RECORDS: usize = 4_096;
const CHUNK_BYTES: usize = 16 << 20;

impl Writer {
    /// Drops a chunk of old records; gives their number and whether there may be more.
    pub(super) fn trim(
        &self,
        store: &Store,
        topic: Topic,
        partition: u32,
        retention: Retention,
    ) -> Result<(u64, bool), Failure> {
        let (before, segments, unread) = {
            let state = self.shared.state();
            let commits = state.committed.iter().filter(|((of, _), _)| *of == topic);
            let unread = commits.map(|(_, offsets)| offsets.get(&partition).copied().unwrap_or_default()).min();
            (state.partition(topic, partition), state.segments(topic), unread)
        };
        let mut after = before;
        let readable = before.start..unread.unwrap_or(before.end).clamp(before.start, before.end);
        if readable.is_empty() {
            return Ok((0, false));
        }
        let mut more = true;
        for (offset, value) in read(&segments, partition, readable.clone(), CHUNK_RECORDS, CHUNK_BYTES)? {
            let record = layout::parse_record(&value)?;
            if record.at >= retention.appended_before && after.bytes <= retention.bytes_max {
                more = false;
                break;
            }
            after.start = offset + 1;
            after.bytes = after.bytes.saturating_sub(record.payload.len() as u64);
        }
        if after != before {
            self.move_start(store, topic, partition, after)?;
        }
        Ok((after.start - before.start, more && after.start < readable.end))
    }

    /// Lets a partition begin later and drops the segments that nobody can read any more.
    fn move_start(&self, store: &Store, topic: Topic, partition: u32, after: PartitionState) -> Result<(), Failure> {
        let mut draft = Draft::new(store, &self.shared, &self.config);
        draft.set_partition(topic, partition, after);
        let starts = |other| {
            let state = if other == partition { after } else { self.shared.state().partition(topic, other) };
            (state.start, state.end)
        };
        let starts: Vec<(u64, u64)> = (0..store.partitions).map(starts).collect();
        let segments = self.shared.state().segments(topic);
        let dropped = droppable(&segments, &starts, self.shared.state().newest_segment());
        for segment in segments.iter().take(dropped) {
            draft.batch().remove(&store.meta, layout::segment_key(topic, segment.number));
        }
        draft.commit()?;
        Arc::make_mut(self.shared.state_mut().segments.entry(topic).or_default()).drain(..dropped);
        for segment in segments.iter().take(dropped) {
            store.db.delete_keyspace(segment.records.clone())?;
            store.db.delete_keyspace(segment.keys.clone())?;
        }
        Ok(())
    }

    /// Empties the records of a region and key; gives their number.
    ///
    /// The empty record lies over the old one. The old bytes leave the disk when the engine compacts them, or with their
    /// segment at the latest.
    pub(super) fn forget(&self, store: &Store, region: &str, key: &str) -> Result<u64, Failure> {
        let mut draft = Draft::new(store, &self.shared, &self.config);
        let mut forgotten = 0;
        for topic in Topic::ALL {
            let segments = self.shared.state().segments(topic);
            for segment in segments.iter() {
                forgotten += forget_in(&mut draft, topic, segment, (region, key))?;
            }
        }
        draft.commit()?;
        Ok(forgotten)
    }
}

fn forget_in(
    draft: &mut Draft<'_>,
    topic: Topic,
    segment: &Segment,
    (region, key): (&str, &str),
) -> Result<u64, Failure> {
    let mut forgotten = 0;
    for guard in segment.keys.prefix(layout::index_prefix(region, key)) {
        let (partition, offset) = layout::parse_index_key(&guard.key()?)?;
        let mut state = draft.partition(topic, partition);
        if offset < state.start {
            continue;
        }
        let place = layout::record_key(partition, offset);
        let value = segment.records.get(place)?.ok_or(Damaged("a record that should be there"))?;
        let record = layout::parse_record(&value)?;
        if (record.region, record.key) != (region, key) || record.payload.is_empty() {
            continue;
        }
        let empty = Record { region: region.to_owned(), key: key.to_owned(), payload: Vec::new() };
        draft.batch().insert(&segment.records, place, layout::record_value(&empty, record.at));
        state.bytes = state.bytes.saturating_sub(record.payload.len() as u64);
        draft.set_partition(topic, partition, state);
        forgotten += 1;
    }
    Ok(forgotten)
}

/// How many of the oldest segments hold nothing that can be read, by start and end of each partition; the newest of all
/// topics stays.
fn droppable(segments: &[Segment], partitions: &[(u64, u64)], newest: u64) -> usize {
    let passed = |next: &&Segment| {
        let firsts = next.start.first.iter();
        firsts.zip(partitions).all(|(first, (start, _))| first <= start)
    };
    let everything_read = partitions.iter().all(|(start, end)| start == end);
    if everything_read && segments.last().is_some_and(|last| last.number < newest) {
        return segments.len();
    }
    segments.iter().skip(1).take_while(passed).count()
}
