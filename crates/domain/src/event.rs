//! Information events: posts about one problem at one place and time.

use jiff::Timestamp;

use crate::{
    analysis::Severity,
    geo::GeoPoint,
    ids::{BlockId, EventId, PlaceId, PostId, RegionId, TopicId},
    post::Network,
};

/// Why a post was put into an event.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupEvidence {
    /// Its text is close to that of a post already there.
    Text {
        /// The post it resembles.
        post: PostId,
        /// Cosine of the weighted stems, 0..1.
        similarity: f32,
    },
    /// It shares the topic.
    Topic {
        /// The topic.
        topic: TopicId,
    },
    /// It names the same place.
    Place {
        /// The place.
        place: PlaceId,
        /// Its usual name.
        name: String,
    },
    /// It lies close by.
    Distance {
        /// Metres to the event.
        metres: f32,
    },
    /// It repeats a post of the event, by the source's own account.
    Repost {
        /// The post it repeats.
        post: PostId,
    },
    /// It comments on a post of the event.
    Reply {
        /// The post it answers.
        post: PostId,
    },
    /// A person put it there.
    Person,
}

/// Where one post belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The post.
    pub id: PostId,
    /// An earlier post with the same text.
    pub duplicate_of: Option<PostId>,
    /// An earlier post with nearly the same text.
    pub near_duplicate_of: Option<PostId>,
    /// Likeness to the nearest post of its event or to the original, 0..1.
    pub similarity: f32,
    /// Its event.
    pub event: EventId,
    /// Whether the event begins with this post.
    pub event_new: bool,
    /// Why it was put there.
    pub evidence: Vec<GroupEvidence>,
}

/// Risk of an event: harm × growth × lack of an answer.
///
/// It is about public services and emergencies. Nothing about the people who wrote goes into it but their number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Risk {
    /// How bad the problem is and how many it touches, 0..1.
    pub harm: f32,
    /// How fast it grows against its own baseline, 0..1.
    pub growth: f32,
    /// How long it has gone without an answer, 0..1.
    pub unanswered: f32,
}

impl Risk {
    /// The product of the three, 0..1.
    pub fn score(self) -> f32 {
        self.harm * self.growth * self.unanswered
    }
}

/// How many posts an event will get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// In so many hours from now.
    pub hours: u32,
    /// As likely more as fewer.
    pub likely: u32,
    /// In four cases of five not fewer than this, and not more than `high`.
    pub low: u32,
    /// See `low`.
    pub high: u32,
}

/// Counts of an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventTotals {
    /// Posts in it, duplicates included.
    pub posts: u32,
    /// Independent authors, by keyed hash; posts without one count as one each.
    pub authors: u32,
    /// Appeals among the posts.
    pub appeals: u32,
    /// Posts whose authors complain or ask; the rest is news and chatter.
    pub complaints: u32,
    /// Sum of the views of its posts.
    pub views: u64,
    /// Posts by network, sorted by network.
    pub networks: Vec<(Network, u32)>,
}

/// The state of an event after a post has joined it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The event.
    pub id: EventId,
    /// Grows by one with every change; a store keeps the highest.
    pub version: u64,
    /// Its region.
    pub region: RegionId,
    /// A line that says what happened and where, taken from the posts.
    pub title: String,
    /// A few sentences taken from the posts.
    pub summary: String,
    /// Its main topic.
    pub topic: Option<TopicId>,
    /// The block of that topic.
    pub block: BlockId,
    /// The place most of its posts name.
    pub place: Option<PlaceId>,
    /// That place's usual name, with street and house where they are known.
    pub place_name: String,
    /// The municipality it lies in, where that is known.
    pub municipality: Option<PlaceId>,
    /// Coordinates, where they are known.
    pub point: Option<GeoPoint>,
    /// The worst severity among its posts.
    pub severity: Severity,
    /// Words of danger found in its posts, each once.
    pub danger: Vec<String>,
    /// The earliest post: where it began.
    pub origin: PostId,
    /// When the earliest post was published.
    pub first_at: Timestamp,
    /// When the latest post was published.
    pub last_at: Timestamp,
    /// Counts.
    pub totals: EventTotals,
    /// Risk at `last_at`.
    pub risk: Risk,
    /// Events a person has joined into this one.
    pub merged: Vec<EventId>,
}
