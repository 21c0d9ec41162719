//! Stage `group`: puts posts into events, region by region.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use otklik_domain::{Analysis, Event, EventId, Post, PostId, RegionId};
use otklik_engine::group::{Corrected, GroupConfig, Grouper};
use otklik_ports::{PartitionPosition, PortResult, Record, Snapshot, Snapshots, StoredRecord, Topic};
use otklik_wire::{
    self as wire, Invalid,
    log::{Correction, Deletion, Grouped, GroupedPost, Intake, Message},
};

use crate::{
    counters::Outcome,
    runner::{Batch, Handled, Stage, count},
};

const NAME: &str = "group";

/// Analysed posts in, posts with their events out. The state of a partition is its regions' groupers.
pub struct Group {
    snapshots: Arc<dyn Snapshots>,
    config: GroupConfig,
    snapshot_records: u64,
    partitions: BTreeMap<u32, Partition>,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").field("partitions", &self.partitions.keys()).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Partition {
    groupers: BTreeMap<RegionId, Grouper>,
    /// Records handled since the state was last saved.
    since_snapshot: u64,
}

impl Group {
    /// A stage that saves its state every `snapshot_records` records.
    pub fn new(snapshots: Arc<dyn Snapshots>, config: GroupConfig, snapshot_records: u64) -> Self {
        Self { snapshots, config, snapshot_records, partitions: BTreeMap::new() }
    }

    fn one(&mut self, partition: u32, record: &StoredRecord) -> Result<(Record, Outcome), Invalid> {
        let message: Message<Intake> = Message::from_bytes(&record.payload)?;
        let state = self.partitions.entry(partition).or_default();
        let (body, region, outcome) = match message.body {
            Intake::Post(post) => state.post(*post, &self.config)?,
            Intake::Deletion(deletion) => state.delete(deletion),
            Intake::Correction(correction) => state.correct(correction),
        };
        let payload = Message::new(message.at, body).to_bytes()?;
        Ok((Record { region, key: record.key.clone(), payload }, outcome))
    }
}

impl Partition {
    fn post(&mut self, mut post: wire::Post, config: &GroupConfig) -> Result<(Grouped, String, Outcome), Invalid> {
        let inside = post.analysis.take().ok_or_else(|| Invalid::new("analysis", "is missing"))?;
        let region_name = post.region.clone().unwrap_or_default();
        let region = RegionId::from(region_name.as_str());
        let read = Post::try_from(post.clone())?;
        let analysis = Analysis::from((*inside).clone());
        let grouper = self.groupers.entry(region.clone()).or_insert_with(|| Grouper::new(region, config.clone()));
        let grouped = grouper.add(&read, &analysis);
        post.analysis = Some(inside);
        let outcome = if grouped.seen_before { Outcome::Repeated } else { Outcome::Done };
        let body = Grouped::Post(Box::new(GroupedPost {
            post,
            group: wire::Group::from(&grouped.group),
            seen_before: grouped.seen_before,
            event: wire::Event::from(&grouped.event),
        }));
        Ok((body, region_name, outcome))
    }

    fn delete(&mut self, deletion: Deletion) -> (Grouped, String, Outcome) {
        let grouper = self.groupers.get_mut(deletion.region.as_str());
        let corrected = grouper.map(|grouper| grouper.delete(&PostId::from(deletion.id.as_str())));
        let region = deletion.region.clone();
        let events = events(&corrected.unwrap_or_default().events);
        (Grouped::Deletion { deletion, events }, region, Outcome::Changed)
    }

    fn correct(&mut self, correction: Correction) -> (Grouped, String, Outcome) {
        let region = correction.region().to_owned();
        let corrected =
            self.groupers.get_mut(region.as_str()).map_or_else(Corrected::default, |grouper| match &correction {
                Correction::MergeEvents { from, into, .. } => {
                    grouper.merge(&EventId::from(from.as_str()), &EventId::from(into.as_str()))
                }
                Correction::SplitEvent { event, posts, new_event, .. } => {
                    let posts: Vec<PostId> = posts.iter().map(|id| PostId::from(id.as_str())).collect();
                    grouper.split(&EventId::from(event.as_str()), &posts, &EventId::from(new_event.as_str()))
                }
            });
        let moved = corrected.moved.iter().map(|(post, event)| (post.to_string(), event.to_string())).collect();
        let events = events(&corrected.events);
        (Grouped::Correction { correction, moved, events }, region, Outcome::Changed)
    }

    /// States of the regions: for each its length and its bytes.
    fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for grouper in self.groupers.values() {
            let state = grouper.to_bytes().map_err(|error| error.to_string())?;
            bytes.extend_from_slice(&(state.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&state);
        }
        Ok(bytes)
    }

    fn from_bytes(bytes: &[u8], config: &GroupConfig) -> Result<Self, String> {
        let mut partition = Self::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<8>().ok_or("it is cut short")?;
            let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let (state, after) = after.split_at_checked(length).ok_or("it is cut short")?;
            let grouper = Grouper::from_bytes(state, config.clone()).map_err(|error| error.to_string())?;
            partition.groupers.insert(grouper.region().clone(), grouper);
            rest = after;
        }
        Ok(partition)
    }
}

fn events(events: &[Event]) -> Vec<wire::Event> {
    events.iter().map(Into::into).collect()
}

#[async_trait]
impl Stage for Group {
    fn name(&self) -> &'static str {
        NAME
    }

    fn input(&self) -> Topic {
        Topic::Analysed
    }

    /// Takes the latest snapshot and reads on from there; without one, from the beginning of the log.
    async fn assigned(&mut self, committed: PartitionPosition) -> PortResult<u64> {
        let partition = committed.partition;
        let snapshot = self.snapshots.load(NAME, partition).await.unwrap_or_else(|error| {
            tracing::warn!(partition, error = %error, "grouping state cannot be used, it is built anew from the log");
            None
        });
        // A snapshot ahead of the commit belongs to work that was never committed.
        let usable = snapshot.filter(|snapshot| snapshot.offset <= committed.offset);
        let restored = usable.map(|snapshot| (Partition::from_bytes(&snapshot.state, &self.config), snapshot.offset));
        let (state, from) = match restored {
            Some((Ok(state), offset)) => (state, offset),
            Some((Err(reason), _)) => {
                tracing::warn!(partition, reason, "grouping state cannot be used, it is built anew from the log");
                (Partition::default(), 0)
            }
            None => (Partition::default(), 0),
        };
        self.partitions.insert(partition, state);
        Ok(from)
    }

    fn revoked(&mut self, partition: u32) {
        self.partitions.remove(&partition);
    }

    async fn handle(&mut self, batch: Batch<'_>) -> PortResult<Handled> {
        let mut handled = Handled::default();
        for record in batch.records {
            if record.payload.is_empty() {
                count(&mut handled.counts, Outcome::Skipped);
                continue;
            }
            match self.one(batch.partition, record) {
                Ok((output, outcome)) => {
                    count(&mut handled.counts, outcome);
                    handled.outputs.push((Topic::Grouped, output));
                }
                Err(invalid) => {
                    count(&mut handled.counts, Outcome::Dead);
                    handled.dead.push((record.offset, invalid.to_string()));
                }
            }
            tokio::task::consume_budget().await;
        }
        if let Some(partition) = self.partitions.get_mut(&batch.partition) {
            partition.since_snapshot += batch.records.len() as u64;
        }
        Ok(handled)
    }

    async fn committed(&mut self, next: PartitionPosition) -> PortResult<()> {
        let Some(partition) = self.partitions.get_mut(&next.partition) else { return Ok(()) };
        if partition.since_snapshot < self.snapshot_records {
            return Ok(());
        }
        partition.since_snapshot = 0;
        let state = partition.to_bytes().map_err(|reason| {
            otklik_ports::PortError::new(otklik_ports::ErrorKind::Internal, format!("cannot save grouping: {reason}"))
        })?;
        self.snapshots.save(NAME, next.partition, Snapshot { offset: next.offset, state }).await
    }
}
