//! Stage `group`: puts posts into events, region by region.

mod partition;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use otklik_engine::group::GroupConfig;
use otklik_ports::{
    ErrorKind, Log, PartitionPosition, PortError, PortResult, Record, Snapshot, Snapshots, StoredRecord, Topic,
};
use otklik_wire::{
    Invalid,
    log::{Intake, Message},
};

use self::partition::Partition;
use crate::{
    counters::Outcome,
    knowledge::{Current, changed, group_config},
    runner::{Batch, Handled, Stage, count},
};

const NAME: &str = "group";

/// Analysed posts in, posts with their events out. The state of a partition is its regions' groupers.
///
/// It also empties deleted posts in the log, as soon as its state has been saved without them: emptied sooner, the posts
/// could not be read again to rebuild the state, and their events would get other ids.
pub struct Group {
    log: Arc<dyn Log>,
    snapshots: Arc<dyn Snapshots>,
    current: Current,
    config: GroupConfig,
    snapshot_records: u64,
    partitions: BTreeMap<u32, Partition>,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").field("partitions", &self.partitions.keys()).finish_non_exhaustive()
    }
}

impl Group {
    /// A stage that saves its state every `snapshot_records` records, and sooner while the state is small.
    pub fn new(log: Arc<dyn Log>, snapshots: Arc<dyn Snapshots>, mut current: Current, snapshot_records: u64) -> Self {
        let config = group_config(&current.borrow_and_update().dictionary);
        Self { log, snapshots, current, config, snapshot_records, partitions: BTreeMap::new() }
    }

    /// Goes over to what counts now. Posts and events of the window stay.
    fn look(&mut self) {
        let Some(knowledge) = changed(&mut self.current) else { return };
        let config = group_config(&knowledge.dictionary);
        if config != self.config {
            self.config = config;
            self.partitions.values_mut().for_each(|partition| partition.configure(&self.config));
        }
    }

    /// Saves the state when it is due, and empties deleted posts that are no longer in what is saved.
    async fn keep(&mut self, number: u32, is_due: impl Fn(&Partition) -> bool) -> PortResult<()> {
        let Some(partition) = self.partitions.get_mut(&number) else { return Ok(()) };
        if is_due(partition) {
            let state = partition.to_bytes().map_err(|reason| {
                PortError::new(ErrorKind::Internal, format!("the state of grouping cannot be written: {reason}"))
            })?;
            self.snapshots.save(NAME, number, Snapshot { offset: partition.next, state }).await?;
            partition.saved();
        }
        while partition.since_snapshot == 0
            && let Some((id, region)) = partition.deleted.first()
        {
            self.log.forget(region, id).await?;
            partition.deleted.pop_first();
        }
        Ok(())
    }

    fn one(&mut self, partition: u32, record: &StoredRecord) -> Result<(Record, Outcome), Invalid> {
        let message: Message<Intake> = Message::from_bytes(&record.payload)?;
        let state = self.partitions.entry(partition).or_default();
        state.latest = state.latest.max(message.at.parse().ok());
        let (body, region, outcome) = match message.body {
            Intake::Post(post) => state.post(*post, &self.config)?,
            Intake::Deletion(deletion) => state.delete(deletion),
            Intake::Correction(correction) => state.correct(correction),
        };
        let payload = Message::new(message.at, body).to_bytes()?;
        Ok((Record { region, key: record.key.clone(), payload }, outcome))
    }
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
        self.look();
        let partition = committed.partition;
        let snapshot = self.snapshots.load(NAME, partition).await.unwrap_or_else(|error| {
            tracing::warn!(partition, error = %error, "grouping state cannot be used, it is built anew from the log");
            None
        });
        // A snapshot ahead of the commit belongs to work that was never committed.
        let usable = snapshot.filter(|snapshot| snapshot.offset <= committed.offset);
        let restored = usable.map(|snapshot| (Partition::from_bytes(&snapshot.state, &self.config), snapshot.offset));
        let (state, from) = match restored {
            Some((Ok(mut state), offset)) => {
                state.next = offset;
                (state, offset)
            }
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
        self.look();
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
            partition.next = batch.records.last().map_or(partition.next, |last| last.offset + 1);
        }
        Ok(handled)
    }

    async fn committed(&mut self, next: PartitionPosition) -> PortResult<()> {
        let every = self.snapshot_records;
        self.keep(next.partition, |partition| partition.is_snapshot_due(every)).await
    }

    /// What was left to do when the process ended, or waited for more records, is done now.
    async fn idle(&mut self) -> PortResult<()> {
        let every = self.snapshot_records;
        for number in self.partitions.keys().copied().collect::<Vec<_>>() {
            self.keep(number, |partition| partition.is_snapshot_due(every)).await?;
        }
        Ok(())
    }

    /// Saves every state, so that whoever takes a partition over has nothing to read again. What others went on with while
    /// this process stood still is theirs: their state is newer.
    async fn stopping(&mut self) -> PortResult<()> {
        for lag in self.log.lag(NAME, Topic::Analysed).await? {
            let is_own = |partition: &Partition| partition.since_snapshot > 0 && partition.next == lag.committed;
            self.keep(lag.partition, is_own).await?;
        }
        Ok(())
    }
}
