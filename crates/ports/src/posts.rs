//! The store of posts and events, for lists, counts and curves.

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{
    Analysis, BlockId, Event, EventId, Group, Intent, Network, PlaceId, Post, PostId, RegionId, SentimentLabel,
    TopicHit, TopicId,
};

use crate::error::PortResult;

/// A post with what was read from it and where it belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct PostRow {
    /// The post.
    pub post: Post,
    /// What was read from it.
    pub analysis: Analysis,
    /// Where it belongs.
    pub group: Group,
    /// Grows with every reading or move of the post; the store keeps the highest.
    pub version: u64,
}

impl PostRow {
    /// The main topic: the best one.
    pub fn main_topic(&self) -> Option<&TopicHit> {
        self.analysis.topics.first()
    }

    /// The municipality it belongs to.
    pub fn municipality(&self) -> Option<&PlaceId> {
        self.analysis.locality.as_ref().map(|locality| &locality.municipality)
    }
}

/// What one batch of the store stage writes. Its parts are applied in the order of the fields: of a post that is both
/// written and deleted nothing stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PostBatch {
    /// Posts, new or read again.
    pub rows: Vec<PostRow>,
    /// Events as they stand, the latest version of each. One that has no posts left is deleted: its title and summary were
    /// taken from them.
    pub events: Vec<Event>,
    /// Posts that are in another event now, with the version of the move. Moves of unknown posts, and moves older than
    /// what is stored, are left out.
    pub moved: Vec<(PostId, EventId, u64)>,
    /// Posts that are gone at their source.
    pub deleted: Vec<PostId>,
    /// Says which batch this is, so that a store may skip rows it has: `partition:first-last`.
    pub token: String,
}

/// Which posts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PostFilter {
    /// Of this region.
    pub region: Option<RegionId>,
    /// Published at or after.
    pub from: Option<Timestamp>,
    /// Published before.
    pub to: Option<Timestamp>,
    /// Of this event.
    pub event: Option<EventId>,
    /// Whose main topic lies in this block.
    pub block: Option<BlockId>,
    /// With this topic among theirs.
    pub topic: Option<TopicId>,
    /// In this municipality.
    pub municipality: Option<PlaceId>,
    /// Of this network.
    pub network: Option<Network>,
    /// Of this polarity.
    pub sentiment: Option<SentimentLabel>,
    /// Of this intent.
    pub intent: Option<Intent>,
    /// With this value of a source's label.
    pub label: Option<(String, String)>,
}

/// What to count by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountBy {
    /// Block of the main topic.
    Block,
    /// Main topic.
    Topic,
    /// Municipality.
    Municipality,
    /// Network.
    Network,
    /// Polarity.
    Sentiment,
    /// Intent.
    Intent,
    /// Severity.
    Severity,
    /// Language.
    Language,
    /// Community: its name.
    Community,
    /// A label of the source.
    Label(String),
}

/// A value and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The value; empty where a post has none.
    pub value: String,
    /// Posts.
    pub posts: u64,
}

/// Width of a timeline's steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeline {
    /// An hour.
    Hours,
    /// A day, in the given offset from UTC in minutes.
    Days {
        /// Minutes east of UTC.
        utc_offset_minutes: i16,
    },
}

/// A step of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePoint {
    /// Where the step begins.
    pub at: Timestamp,
    /// Posts in it.
    pub posts: u64,
    /// Negative ones among them.
    pub negative: u64,
}

/// A step of an event's spread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurvePoint {
    /// Where the step begins.
    pub at: Timestamp,
    /// The network.
    pub network: Network,
    /// Posts in it.
    pub posts: u64,
    /// Views of those posts.
    pub views: u64,
}

/// In which order events are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventOrder {
    /// The riskiest first.
    #[default]
    Risk,
    /// The latest first.
    Latest,
    /// The largest first.
    Posts,
}

/// Which events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventQuery {
    /// Of this region.
    pub region: Option<RegionId>,
    /// With a post at or after.
    pub from: Option<Timestamp>,
    /// That began before.
    pub to: Option<Timestamp>,
    /// Of this block.
    pub block: Option<BlockId>,
    /// Of this topic.
    pub topic: Option<TopicId>,
    /// In this municipality.
    pub municipality: Option<PlaceId>,
    /// With at least so many posts.
    pub posts_min: u32,
    /// The order.
    pub order: EventOrder,
    /// At most so many; a store may give fewer, never more than 1,000.
    pub limit: usize,
    /// Skip so many.
    pub offset: usize,
}

/// The store of posts and events. Writing is idempotent: a batch written twice leaves what it left the first time.
#[async_trait]
pub trait Posts: Send + Sync {
    /// Writes a batch.
    ///
    /// # Errors
    /// `Unavailable`, `Full`, `Rejected`. After an error the batch may be there in part; writing it again completes it.
    async fn write(&self, batch: PostBatch) -> PortResult<()>;

    /// Posts by id, in no particular order, each once; unknown ids are left out.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn get(&self, ids: &[PostId]) -> PortResult<Vec<PostRow>>;

    /// Posts of a filter, the latest first, then by id. A store may give fewer than `limit`, never more than 1,000.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn list(&self, filter: &PostFilter, limit: usize, offset: usize) -> PortResult<Vec<PostRow>>;

    /// How many posts a filter has.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn count(&self, filter: &PostFilter) -> PortResult<u64>;

    /// Counts by a field, the most frequent first, then by value, at most `limit` values, never more than 10,000.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn count_by(&self, by: &CountBy, filter: &PostFilter, limit: usize) -> PortResult<Vec<Count>>;

    /// Posts over time, steps without posts left out, oldest first.
    ///
    /// # Errors
    /// `Unavailable`; `Rejected` when there are more than 20,000 steps.
    async fn timeline(&self, filter: &PostFilter, step: Timeline) -> PortResult<Vec<TimelinePoint>>;

    /// An event as it stands.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn event(&self, id: &EventId) -> PortResult<Option<Event>>;

    /// Events of a query, in its order, then by id.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn events(&self, query: &EventQuery) -> PortResult<Vec<Event>>;

    /// How an event spread: steps of `step_minutes` counted from 1970, by network, oldest first, then by the network's
    /// name; steps without posts left out.
    ///
    /// # Errors
    /// `Unavailable`; `Rejected` when `step_minutes` is 0 or there are more than 20,000 steps.
    async fn curve(&self, event: &EventId, step_minutes: u16) -> PortResult<Vec<CurvePoint>>;

    /// Deletes posts published before a time, and events whose latest post is older than it.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn expire(&self, before: Timestamp) -> PortResult<()>;
}
