//! Full-text search with facets and a date histogram.

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{PostId, RegionId, Span};

use crate::{error::PortResult, log::PartitionPosition, posts::PostRow};

/// What one batch writes to the index: the rows first, then the deletions. Of several rows of one id the last stays.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchBatch {
    /// Posts to add, or to put in place of the same id.
    pub rows: Vec<PostRow>,
    /// Posts to take out.
    pub deleted: Vec<PostId>,
    /// First offset of the log that is not in the index after this batch.
    pub next: PartitionPosition,
}

/// A field with facets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FacetField {
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
}

impl FacetField {
    /// Every field.
    pub const ALL: [Self; 6] =
        [Self::Block, Self::Topic, Self::Municipality, Self::Network, Self::Sentiment, Self::Intent];

    /// Its name in queries and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Topic => "topic",
            Self::Municipality => "municipality",
            Self::Network => "network",
            Self::Sentiment => "sentiment",
            Self::Intent => "intent",
        }
    }
}

/// What is looked for.
///
/// `text` is words in any inflection; all must occur. `"…"` is a phrase, `-word` must not occur, `word*` begins so.
/// An empty text finds everything the other fields allow. Case and the dots of ё make no difference.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchQuery {
    /// The words.
    pub text: String,
    /// Of this region.
    pub region: Option<RegionId>,
    /// Published at or after.
    pub from: Option<Timestamp>,
    /// Published before.
    pub to: Option<Timestamp>,
    /// With one of the values given for a field in each of the fields given.
    pub facets: Vec<(FacetField, String)>,
    /// The latest first instead of the best first.
    pub latest_first: bool,
    /// Width of the histogram's steps in seconds; 0 for none. More than 10,000 steps are refused.
    pub histogram_step_seconds: u32,
    /// At most so many hits, never more than 200.
    pub limit: usize,
    /// Skip so many, never more than 10,000.
    pub offset: usize,
}

/// A post that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// The post.
    pub id: PostId,
    /// How well it fits; comparable within one answer only.
    pub score: f32,
}

/// A value of a facet and how many of the found posts have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The field.
    pub field: FacetField,
    /// The value; posts without one are not counted.
    pub value: String,
    /// Posts.
    pub posts: u64,
}

/// A step of the histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistogramPoint {
    /// Where the step begins: a multiple of the step since 1970.
    pub at: Timestamp,
    /// Posts in it.
    pub posts: u64,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchPage {
    /// How many posts were found in all.
    pub total: u64,
    /// A page of them.
    pub hits: Vec<SearchHit>,
    /// Facets over all that were found, by field, the most frequent first, at most 50 a field.
    pub facets: Vec<Facet>,
    /// The histogram over all that were found, oldest first, empty steps left out.
    pub histogram: Vec<HistogramPoint>,
}

/// A full-text index.
#[async_trait]
pub trait Search: Send + Sync {
    /// Writes a batch; when this returns it survives a kill. A batch written twice leaves what it left the first time.
    ///
    /// # Errors
    /// `Unavailable`, `Full`.
    async fn write(&self, batch: SearchBatch) -> PortResult<()>;

    /// First offset of a partition that is not in the index; 0 when nothing is.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn position(&self, partition: u32) -> PortResult<u64>;

    /// Answers a query. What was written before the call is found. Equal scores, or equal times when the latest come
    /// first, come in any order, the same at each call until something is written.
    ///
    /// # Errors
    /// `Rejected` when the query makes no sense, with a message for the person who typed it; `Unavailable`.
    async fn query(&self, query: &SearchQuery) -> PortResult<SearchPage>;

    /// Where the words of a query stand in a text, in order, not overlapping.
    fn highlight(&self, query: &str, text: &str) -> Vec<Span>;

    /// Deletes posts published before a time.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn expire(&self, before: Timestamp) -> PortResult<()>;
}
