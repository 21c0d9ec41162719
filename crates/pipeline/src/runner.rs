//! Runs a stage: reads, hands over, commits, and goes on after every kind of trouble that passes.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use otklik_ports::{
    Clock, Consumer, ErrorKind, Log, Output, PartitionPosition, Polled, PortError, PortResult, Record, StoredRecord,
    Topic,
};
use otklik_wire::log::{DeadLetter, Message};
use tokio_util::sync::CancellationToken;

use crate::{
    counters::{Counters, Outcome, StageCounts},
    topology::StageSettings,
};

/// How long a poll waits for records.
const POLL_WAIT: Duration = Duration::from_millis(500);
/// Waits between attempts while a store or the log does not answer: the first and the longest.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LONGEST: Duration = Duration::from_secs(20);
/// Most of a dead letter's payload that is kept, in characters.
const PAYLOAD_CHARS_MAX: usize = 32_768;
/// A group that never commits: to it everything that is kept is still to be read.
const NOBODY: &str = "nobody";

/// Records of one partition, in order.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The partition.
    pub partition: u32,
    /// The records, at least one.
    pub records: &'a [StoredRecord],
}

/// What a stage made of a batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Handled {
    /// Records for other topics.
    pub outputs: Vec<Output>,
    /// Records that could not be used: their offset and why.
    pub dead: Vec<(u64, String)>,
    /// What became of the records; together as many as there were.
    pub counts: StageCounts,
}

/// A stage. It never retries: an error that may pass goes to the runner, which decides.
#[async_trait]
pub trait Stage: Send {
    /// Its name, also that of its group of consumers.
    fn name(&self) -> &'static str;

    /// The topic it reads.
    fn input(&self) -> Topic;

    /// A partition is now this stage's. Gives the offset to read from: the committed one, or an earlier one from which
    /// the stage has to rebuild its state; what it makes of records before the committed one is thrown away.
    ///
    /// # Errors
    /// Its state cannot be had.
    async fn assigned(&mut self, committed: PartitionPosition) -> PortResult<u64> {
        Ok(committed.offset)
    }

    /// A partition is no longer this stage's: its state must go.
    fn revoked(&mut self, _partition: u32) {}

    /// Handles a batch. A stage that writes a store must leave the same when it gets the same batch again; one that keeps a
    /// state must not fail after changing it.
    ///
    /// # Errors
    /// A store does not answer; the batch comes again if that may pass.
    async fn handle(&mut self, batch: Batch<'_>) -> PortResult<Handled>;

    /// What was handled up to here is committed.
    ///
    /// # Errors
    /// Something kept beside the log could not be written. The stage goes on without it.
    async fn committed(&mut self, _next: PartitionPosition) -> PortResult<()> {
        Ok(())
    }

    /// Everything there is has been handled for now: time for what was put off.
    ///
    /// # Errors
    /// It could not be done. The stage goes on, and is told again.
    async fn idle(&mut self) -> PortResult<()> {
        Ok(())
    }

    /// The stage has handled its last batch, and its partitions are still its own: time to leave them in good order.
    ///
    /// # Errors
    /// It could not be done. The stage ends without it.
    async fn stopping(&mut self) -> PortResult<()> {
        Ok(())
    }
}

/// Why a stage has stopped for good.
#[derive(Debug, thiserror::Error)]
#[error("stage {stage} stopped at {doing}: {source}")]
pub struct StageError {
    /// The stage.
    pub stage: &'static str,
    /// What it was doing.
    pub doing: &'static str,
    /// Why.
    #[source]
    pub source: PortError,
}

/// Runs stages on a log.
#[derive(Clone)]
pub struct Runner {
    /// The log.
    pub log: Arc<dyn Log>,
    /// Time of commits.
    pub clock: Arc<dyn Clock>,
    /// Where outcomes are counted.
    pub counters: Arc<Counters>,
    /// Ends the stage after its present batch.
    pub stop: CancellationToken,
    /// How long to go on trying while a store or the log does not answer; `None` for ever.
    pub patience: Option<Duration>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Runner {
    /// Runs a stage until it is stopped.
    ///
    /// # Errors
    /// An error that does not pass, or one that has outlasted the patience.
    pub async fn run(&self, mut stage: impl Stage, settings: StageSettings) -> Result<(), StageError> {
        let (name, input) = (stage.name(), stage.input());
        let error = |doing| move |source| StageError { stage: name, doing, source };
        let mut consumer = self.join(name, input).await.map_err(error("joining"))?;
        let mut committed = BTreeMap::new();
        let mut failed = 0;
        while !self.stop.is_cancelled() {
            let polled = consumer.poll(settings.batch_records, POLL_WAIT).await;
            if polled.is_ok() {
                failed = 0;
            }
            match polled {
                Ok(Polled::Records { partition, records }) => {
                    let is_large = records.len() * 4 > settings.batch_records;
                    let done = committed.get(&partition).copied().unwrap_or_default();
                    let next = self.batch(&mut stage, consumer.as_mut(), partition, &records, done).await;
                    committed.insert(partition, next.map_err(error("handling a batch"))?.max(done));
                    if !is_large {
                        self.linger(settings.linger()).await;
                    }
                }
                Ok(Polled::Assigned(positions)) => {
                    for position in positions {
                        let taken = self.take(&mut stage, consumer.as_mut(), position).await;
                        taken.map_err(error("taking a partition"))?;
                        committed.insert(position.partition, position.offset);
                    }
                }
                Ok(Polled::Revoked(partitions)) => {
                    for partition in partitions {
                        stage.revoked(partition);
                        committed.remove(&partition);
                    }
                }
                Ok(Polled::Idle) => {
                    if let Err(problem) = stage.idle().await {
                        tracing::warn!(stage = name, error = %problem, "put off once more");
                    }
                }
                // Shut out of the group, perhaps by mistake: whoever joins anew gets what nobody else has.
                Err(problem) if problem.kind == ErrorKind::Conflict => {
                    let problem =
                        PortError::caused(ErrorKind::Unavailable, "the group has shut this member out", problem);
                    failed = self.wait_after(name, problem, failed).await.map_err(error("reading"))?;
                    std::mem::take(&mut committed).into_keys().for_each(|partition| stage.revoked(partition));
                    drop(consumer);
                    consumer = self.join(name, input).await.map_err(error("joining again"))?;
                }
                Err(problem) => failed = self.wait_after(name, problem, failed).await.map_err(error("reading"))?,
            }
        }
        if let Err(problem) = stage.stopping().await {
            tracing::warn!(stage = name, error = %problem, "state not saved, the next one will read more again");
        }
        Ok(())
    }

    /// Gives a partition to the stage, and goes back as far as the stage needs.
    async fn take(
        &self,
        stage: &mut impl Stage,
        consumer: &mut dyn Consumer,
        position: PartitionPosition,
    ) -> PortResult<()> {
        let (name, input) = (stage.name(), stage.input());
        let mut attempt = 0;
        let mut from = loop {
            match stage.assigned(position).await {
                Ok(from) => break from,
                Err(problem) => attempt = self.wait_after(name, problem, attempt).await?,
            }
        };
        while from < position.offset {
            match consumer.seek(PartitionPosition { partition: position.partition, offset: from }).await {
                Ok(()) => break,
                // The partition has gone to another consumer meanwhile: the next poll tells.
                Err(problem) if problem.kind == ErrorKind::Conflict => break,
                Err(problem) if problem.kind == ErrorKind::NotFound => {
                    let kept = self.first_kept(input, position.partition).await?.min(position.offset);
                    if kept <= from {
                        return Err(problem);
                    }
                    let partition = position.partition;
                    tracing::warn!(
                        stage = name,
                        partition,
                        from,
                        kept,
                        "the log no longer has all the state is made of"
                    );
                    from = kept;
                }
                Err(problem) => attempt = self.wait_after(name, problem, attempt).await?,
            }
        }
        Ok(())
    }

    /// The first offset that is still there: where one begins who has read nothing.
    async fn first_kept(&self, topic: Topic, partition: u32) -> PortResult<u64> {
        let lags = self.log.lag(NOBODY, topic).await?;
        Ok(lags.into_iter().find(|lag| lag.partition == partition).map_or(0, |lag| lag.committed))
    }

    /// Handles records and commits; gives the offset after them. Records before `done` only rebuild the stage's state.
    async fn batch(
        &self,
        stage: &mut impl Stage,
        consumer: &mut dyn Consumer,
        partition: u32,
        records: &[StoredRecord],
        done: u64,
    ) -> PortResult<u64> {
        let known = records.partition_point(|record| record.offset < done);
        let (again, new) = records.split_at(known);
        if !again.is_empty() {
            self.handle(stage, Batch { partition, records: again }).await?;
        }
        let Some(last) = new.last() else { return Ok(done) };
        let name = stage.name();
        let handled = self.handle(stage, Batch { partition, records: new }).await?;
        debug_assert_eq!(handled.counts.read(), new.len() as u64, "stage {name} lost count");
        let next = PartitionPosition { partition, offset: last.offset + 1 };
        let input = stage.input();
        let outputs = with_dead_letters((name, input, partition), new, handled.outputs, &handled.dead);
        let mut attempt = 0;
        loop {
            match self.commit(consumer, (name, input), next, &outputs, attempt).await {
                Ok(()) => break,
                // The partition has gone to another consumer, which will do this batch: the next poll tells.
                Err(problem) if problem.kind == ErrorKind::Conflict => return Ok(next.offset),
                Err(problem) => attempt = self.wait_after(name, problem, attempt).await?,
            }
        }
        self.counters.add(name, &handled.counts);
        if let Err(problem) = stage.committed(next).await {
            tracing::warn!(stage = name, error = %problem, "state not saved, a restart will read more again");
        }
        Ok(next.offset)
    }

    /// Lets the stage handle a batch, as often as it takes.
    async fn handle(&self, stage: &mut impl Stage, batch: Batch<'_>) -> PortResult<Handled> {
        let mut attempt = 0;
        loop {
            match stage.handle(batch).await {
                Ok(handled) => return Ok(handled),
                Err(problem) => attempt = self.wait_after(stage.name(), problem, attempt).await?,
            }
        }
    }

    /// Commits. A further attempt looks first whether the one before got through and only its answer was lost.
    async fn commit(
        &self,
        consumer: &mut dyn Consumer,
        (stage, topic): (&str, Topic),
        next: PartitionPosition,
        outputs: &[Output],
        attempt: u32,
    ) -> PortResult<()> {
        if attempt > 0 {
            let lags = self.log.lag(stage, topic).await?;
            if lags.iter().any(|lag| lag.partition == next.partition && lag.committed >= next.offset) {
                return Ok(());
            }
        }
        consumer.commit(next, outputs.to_vec(), self.clock.now()).await
    }

    /// Waits before the next attempt, longer each time.
    ///
    /// # Errors
    /// The problem itself, when it does not pass or has lasted too long, or the stage is stopping.
    async fn wait_after(&self, stage: &'static str, problem: PortError, attempt: u32) -> PortResult<u32> {
        let wait = RETRY_FIRST.saturating_mul(1 << attempt.min(10)).min(RETRY_LONGEST);
        let waited = RETRY_FIRST.saturating_mul(1 << attempt.min(20));
        let lasted = self.patience.is_some_and(|patience| waited > patience);
        if !problem.is_retryable() || lasted || self.stop.is_cancelled() {
            return Err(problem);
        }
        tracing::warn!(stage, attempt, error = %problem, wait_ms = wait.as_millis() as u64, "trying again");
        self.linger(problem.retry_after.unwrap_or(wait)).await;
        Ok(attempt + 1)
    }

    /// Joins the stage's group of consumers.
    async fn join(&self, stage: &'static str, input: Topic) -> PortResult<Box<dyn Consumer>> {
        let mut attempt = 0;
        loop {
            match self.log.consumer(stage, input).await {
                Ok(consumer) => return Ok(consumer),
                Err(problem) => attempt = self.wait_after(stage, problem, attempt).await?,
            }
        }
    }

    async fn linger(&self, wait: Duration) {
        if !wait.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }
}

/// Adds a dead letter for each record that could not be used.
fn with_dead_letters(
    (stage, topic, partition): (&str, Topic, u32),
    records: &[StoredRecord],
    mut outputs: Vec<Output>,
    dead: &[(u64, String)],
) -> Vec<Output> {
    for (offset, reason) in dead {
        let place = records.binary_search_by_key(offset, |record| record.offset);
        let Some(record) = place.ok().and_then(|place| records.get(place)) else { continue };
        let letter = DeadLetter {
            stage: stage.to_owned(),
            topic: topic.as_str().to_owned(),
            partition,
            offset: *offset,
            reason: reason.clone(),
            payload: String::from_utf8_lossy(&record.payload).chars().take(PAYLOAD_CHARS_MAX).collect(),
        };
        // A letter of text and numbers always becomes JSON.
        if let Ok(payload) = Message::new("", letter).to_bytes() {
            let region = region_of(&record.payload).unwrap_or_else(|| format!("dead-{partition}"));
            outputs.push((Topic::DeadLetters, Record { region, key: record.key.clone(), payload }));
        }
    }
    outputs
}

/// The region named in a message that makes no sense otherwise: by it and the key its dead letter is forgotten when the
/// post is deleted at its source.
fn region_of(payload: &[u8]) -> Option<String> {
    let message: serde_json::Value = serde_json::from_slice(payload).ok()?;
    ["/body/post/region", "/body/post/post/region"]
        .into_iter()
        .find_map(|place| Some(message.pointer(place)?.as_str()?.to_owned()))
}

/// Counts of a batch of which every record ended the same.
pub(crate) fn count(counts: &mut StageCounts, outcome: Outcome) {
    counts.add(outcome, 1);
}

#[cfg(test)]
mod tests;
