//! Groups and events on the wire.

use otklik_domain as domain;
use otklik_domain::{GeoPoint, Network, Severity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{analysis::round, error::Invalid, named, time};

/// Where one post belongs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    /// The post.
    pub id: String,
    /// An earlier post with the same text.
    pub duplicate_of: Option<String>,
    /// An earlier post with nearly the same text.
    pub near_duplicate_of: Option<String>,
    /// Likeness to the nearest post of the event, 0..1.
    pub similarity: f32,
    /// The event.
    pub event_id: String,
    /// Whether the event begins with this post.
    pub event_new: bool,
    /// Why it was put there.
    pub evidence: Vec<GroupEvidence>,
}

/// Why a post was put into an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GroupEvidence {
    /// Its text is close to that of a post already there.
    Text {
        /// The post it resembles.
        post: String,
        /// 0..1.
        similarity: f32,
    },
    /// It shares the topic.
    Topic {
        /// The topic.
        topic: String,
    },
    /// It names the same place.
    Place {
        /// The place.
        place: String,
        /// Its usual name.
        name: String,
    },
    /// It lies close by.
    Distance {
        /// Metres to the event.
        metres: f32,
    },
    /// It repeats a post of the event.
    Repost {
        /// The post it repeats.
        post: String,
    },
    /// It comments on a post of the event.
    Reply {
        /// The post it answers.
        post: String,
    },
    /// A person put it there.
    Person,
}

/// An event as it stood after a post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// The event.
    pub id: String,
    /// Grows with every change.
    pub version: u64,
    /// Its region.
    pub region: String,
    /// What happened and where.
    pub title: String,
    /// A few sentences taken from the posts.
    pub summary: String,
    /// Its main topic.
    pub topic: Option<String>,
    /// The block of that topic.
    pub block: String,
    /// The place most of its posts name.
    pub place: Option<String>,
    /// That place's usual name.
    pub place_name: String,
    /// The municipality it lies in.
    pub municipality: Option<String>,
    /// Latitude, where it is known.
    pub lat: Option<f64>,
    /// Longitude, where it is known.
    pub lon: Option<f64>,
    /// 0..5.
    pub severity: u8,
    /// Words of danger found in its posts.
    pub danger: Vec<String>,
    /// The earliest post.
    pub origin: String,
    /// When the earliest post was published.
    pub first_at: String,
    /// When the latest post was published.
    pub last_at: String,
    /// Counts.
    pub totals: EventTotals,
    /// Risk at `last_at`.
    pub risk: Risk,
    /// Events a person has joined into this one.
    #[serde(default)]
    pub merged: Vec<String>,
}

/// Counts of an event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct EventTotals {
    /// Posts in it.
    pub posts: u32,
    /// Independent authors.
    pub authors: u32,
    /// Appeals among the posts.
    pub appeals: u32,
    /// Posts that complain, ask or request.
    pub complaints: u32,
    /// Sum of views.
    pub views: u64,
    /// Posts by network.
    pub networks: Vec<NetworkCount>,
}

/// How many posts of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NetworkCount {
    /// The network.
    #[serde(with = "named::network")]
    #[schema(value_type = String, example = "vk")]
    pub network: Network,
    /// Posts.
    pub posts: u32,
}

/// Risk of an event: harm × growth × lack of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Risk {
    /// The product, 0..1.
    pub score: f32,
    /// How bad, 0..1.
    pub harm: f32,
    /// How fast it grows, 0..1.
    pub growth: f32,
    /// How long without an answer, 0..1.
    pub unanswered: f32,
}

impl From<&domain::Group> for Group {
    fn from(group: &domain::Group) -> Self {
        Self {
            id: group.id.to_string(),
            duplicate_of: group.duplicate_of.as_ref().map(ToString::to_string),
            near_duplicate_of: group.near_duplicate_of.as_ref().map(ToString::to_string),
            similarity: round(group.similarity),
            event_id: group.event.to_string(),
            event_new: group.event_new,
            evidence: group.evidence.iter().map(Into::into).collect(),
        }
    }
}

impl From<Group> for domain::Group {
    fn from(group: Group) -> Self {
        Self {
            id: domain::PostId::new(group.id),
            duplicate_of: group.duplicate_of.map(domain::PostId::new),
            near_duplicate_of: group.near_duplicate_of.map(domain::PostId::new),
            similarity: group.similarity,
            event: domain::EventId::new(group.event_id),
            event_new: group.event_new,
            evidence: group.evidence.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&domain::GroupEvidence> for GroupEvidence {
    fn from(evidence: &domain::GroupEvidence) -> Self {
        use domain::GroupEvidence as From;
        match evidence {
            From::Text { post, similarity } => Self::Text { post: post.to_string(), similarity: round(*similarity) },
            From::Topic { topic } => Self::Topic { topic: topic.to_string() },
            From::Place { place, name } => Self::Place { place: place.to_string(), name: name.clone() },
            From::Distance { metres } => Self::Distance { metres: metres.round() },
            From::Repost { post } => Self::Repost { post: post.to_string() },
            From::Reply { post } => Self::Reply { post: post.to_string() },
            From::Person => Self::Person,
        }
    }
}

impl From<GroupEvidence> for domain::GroupEvidence {
    fn from(evidence: GroupEvidence) -> Self {
        use GroupEvidence as From;
        match evidence {
            From::Text { post, similarity } => Self::Text { post: domain::PostId::new(post), similarity },
            From::Topic { topic } => Self::Topic { topic: domain::TopicId::new(topic) },
            From::Place { place, name } => Self::Place { place: domain::PlaceId::new(place), name },
            From::Distance { metres } => Self::Distance { metres },
            From::Repost { post } => Self::Repost { post: domain::PostId::new(post) },
            From::Reply { post } => Self::Reply { post: domain::PostId::new(post) },
            From::Person => Self::Person,
        }
    }
}

impl From<&domain::Event> for Event {
    fn from(event: &domain::Event) -> Self {
        Self {
            id: event.id.to_string(),
            version: event.version,
            region: event.region.to_string(),
            title: event.title.clone(),
            summary: event.summary.clone(),
            topic: event.topic.as_ref().map(ToString::to_string),
            block: event.block.to_string(),
            place: event.place.as_ref().map(ToString::to_string),
            place_name: event.place_name.clone(),
            municipality: event.municipality.as_ref().map(ToString::to_string),
            lat: event.point.map(GeoPoint::lat),
            lon: event.point.map(GeoPoint::lon),
            severity: event.severity.level(),
            danger: event.danger.clone(),
            origin: event.origin.to_string(),
            first_at: event.first_at.to_string(),
            last_at: event.last_at.to_string(),
            totals: EventTotals {
                posts: event.totals.posts,
                authors: event.totals.authors,
                appeals: event.totals.appeals,
                complaints: event.totals.complaints,
                views: event.totals.views,
                networks: event
                    .totals
                    .networks
                    .iter()
                    .map(|&(network, posts)| NetworkCount { network, posts })
                    .collect(),
            },
            risk: Risk {
                score: round(event.risk.score()),
                harm: round(event.risk.harm),
                growth: round(event.risk.growth),
                unanswered: round(event.risk.unanswered),
            },
            merged: event.merged.iter().map(ToString::to_string).collect(),
        }
    }
}

impl TryFrom<Event> for domain::Event {
    type Error = Invalid;

    fn try_from(event: Event) -> Result<Self, Invalid> {
        Ok(Self {
            id: domain::EventId::new(event.id),
            version: event.version,
            region: domain::RegionId::new(event.region),
            title: event.title,
            summary: event.summary,
            topic: event.topic.map(domain::TopicId::new),
            block: domain::BlockId::new(event.block),
            place: event.place.map(domain::PlaceId::new),
            place_name: event.place_name,
            municipality: event.municipality.map(domain::PlaceId::new),
            point: event.lat.zip(event.lon).and_then(|(lat, lon)| GeoPoint::new(lat, lon)),
            severity: Severity::new(event.severity),
            danger: event.danger,
            origin: domain::PostId::new(event.origin),
            first_at: time::parse("first_at", &event.first_at)?,
            last_at: time::parse("last_at", &event.last_at)?,
            totals: domain::EventTotals {
                posts: event.totals.posts,
                authors: event.totals.authors,
                appeals: event.totals.appeals,
                complaints: event.totals.complaints,
                views: event.totals.views,
                networks: event.totals.networks.into_iter().map(|count| (count.network, count.posts)).collect(),
            },
            risk: domain::Risk { harm: event.risk.harm, growth: event.risk.growth, unanswered: event.risk.unanswered },
            merged: event.merged.into_iter().map(domain::EventId::new).collect(),
        })
    }
}
