//! The log: topics in partitions by region, read by groups of consumers.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::error::PortResult;

/// A topic of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// What comes in: posts, deletions, corrections.
    Posts,
    /// The same with the analysis inside.
    Analysed,
    /// Posts with their events.
    Grouped,
    /// Incidents after each change.
    Incidents,
    /// What no stage could use, with the reason.
    DeadLetters,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 5] = [Self::Posts, Self::Analysed, Self::Grouped, Self::Incidents, Self::DeadLetters];

    /// Its name in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Analysed => "analysed",
            Self::Grouped => "grouped",
            Self::Incidents => "incidents",
            Self::DeadLetters => "dead-letters",
        }
    }
}

/// A record to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The region: records of one region stay in order, in one partition.
    pub region: String,
    /// What it is about, usually the post's id. A record is found and forgotten by it.
    pub key: String,
    /// The message.
    pub payload: Vec<u8>,
}

/// A record as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its place in the partition; grows, may leave gaps.
    pub offset: u64,
    /// What it is about.
    pub key: String,
    /// The message. Empty when it has been forgotten, see [`Log::forget`].
    pub payload: Vec<u8>,
}

/// How far a source has been read. Moves in one step with the records that were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The source, such as `vk:wall:-123` or `file:posts.jsonl`.
    pub source: String,
    /// Its position, in the source's own terms.
    pub position: String,
}

/// A place in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartitionPosition {
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: u64,
}

/// A record for another topic, written together with the consumer's position.
pub type Output = (Topic, Record);

/// What a poll brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled {
    /// Records of one partition, in order.
    Records {
        /// The partition.
        partition: u32,
        /// At least one record.
        records: Vec<StoredRecord>,
    },
    /// These partitions are now this consumer's; the offset of each is the first not yet committed.
    Assigned(Vec<PartitionPosition>),
    /// These partitions are no longer this consumer's. State kept for them must be dropped; nothing may be committed.
    Revoked(Vec<u32>),
    /// Nothing came within the time given.
    Idle,
}

/// How far a group is behind in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// The partition.
    pub partition: u32,
    /// First offset not committed by the group.
    pub committed: u64,
    /// The offset the next record will get.
    pub end: u64,
}

/// How much of a topic to keep. A record goes when either limit is passed, but never before every group has read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Records appended before this go.
    pub appended_before: Timestamp,
    /// Bytes of payload kept in each partition.
    pub bytes_max: u64,
}

/// An append-only log in topics and partitions.
///
/// A partition is chosen by the region alone, so that one region's records are read in the order they were appended.
#[async_trait]
pub trait Log: Send + Sync {
    /// Appends records and moves the cursor, all or nothing. Records of one call and one region keep their order.
    /// When this returns, they survive a kill of the process.
    ///
    /// # Errors
    /// `Full` when there is no room: nothing was appended. `Unavailable` when the log cannot be reached.
    async fn append(
        &self,
        topic: Topic,
        records: Vec<Record>,
        cursor: Option<Cursor>,
        now: Timestamp,
    ) -> PortResult<()>;

    /// The cursor of a source, or `None` when nothing was read from it yet.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn cursor(&self, source: &str) -> PortResult<Option<String>>;

    /// Joins a group of consumers of a topic. The first poll brings [`Polled::Assigned`].
    ///
    /// # Errors
    /// `Unavailable`; `Conflict` where the log allows one consumer of a group only and there is one.
    async fn consumer(&self, group: &str, topic: Topic) -> PortResult<Box<dyn Consumer>>;

    /// How far a group is behind, a line for each partition that has or had records.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn lag(&self, group: &str, topic: Topic) -> PortResult<Vec<Lag>>;

    /// Drops old records; gives their number. Records not yet read by every group that ever committed stay.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn trim(&self, topic: Topic, retention: Retention) -> PortResult<u64>;

    /// Empties every record of a region and key, in every topic: the post was deleted at its source. Gives their number.
    /// The offsets stay, so that positions keep their meaning; readers skip empty payloads.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn forget(&self, region: &str, key: &str) -> PortResult<u64>;

    /// Says something in the name of a process of the deployment, for all the others, in place of what it said before; `None`
    /// takes it back. A log of one process need not keep it when that process ends.
    ///
    /// # Errors
    /// `Unavailable`; then it may have been said or not.
    async fn say(&self, member: &str, word: Option<String>) -> PortResult<()>;

    /// What each process said last, by its name. Everything is in it that was said, by any process, before this was asked.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn said(&self) -> PortResult<BTreeMap<String, String>>;
}

/// A member of a group that reads a topic.
#[async_trait]
pub trait Consumer: Send {
    /// Waits for records, at most `wait`, and takes at most `max` of one partition.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`; `Conflict` when the group has shut this consumer out: it has lost its partitions, and only a
    /// new one can join.
    async fn poll(&mut self, max: usize, wait: Duration) -> PortResult<Polled>;

    /// Appends outputs and moves the group's position past what was handled, all or nothing: after a kill either both
    /// are there or neither.
    ///
    /// # Errors
    /// `Conflict` when the partition has meanwhile gone to another consumer, `Rejected` when `next` lies before what the
    /// group has committed or beyond the partition's end; then nothing was written. `Full`, `Unavailable`.
    async fn commit(&mut self, next: PartitionPosition, outputs: Vec<Output>, now: Timestamp) -> PortResult<()>;

    /// Reads on from a position, before the committed one too: to rebuild a state from its snapshot. Committed positions
    /// stay.
    ///
    /// # Errors
    /// `Conflict` when the partition is not this consumer's; `NotFound` when the position has been trimmed away or lies
    /// beyond the end; `Unavailable`.
    async fn seek(&mut self, to: PartitionPosition) -> PortResult<()>;
}
