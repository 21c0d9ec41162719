//! Rows of the tables, and what they stand for.

use std::borrow::Cow;

use ::clickhouse::Row;
use jiff::Timestamp;
use otklik_domain::{
    AuthorKey, BlockId, Event, EventId, EventTotals, GeoPoint, Network, PlaceId, PostId, RegionId, Risk, Severity,
    TopicId,
};
use otklik_ports::{ErrorKind, PortError, PortResult, PostRow};
use otklik_wire as wire;
use serde::{Deserialize, Serialize};

/// A row of `posts`. What a post does not have is an empty text.
#[derive(Debug, Row, Serialize, Deserialize)]
pub(super) struct PostRecord<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    version: u64,
    published_at: i64,
    #[serde(borrow)]
    region: Cow<'a, str>,
    #[serde(borrow)]
    network: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    community_name: Cow<'a, str>,
    #[serde(borrow)]
    author_key: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    views: u64,
    #[serde(borrow)]
    labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    #[serde(borrow)]
    block: Cow<'a, str>,
    #[serde(borrow)]
    topic: Cow<'a, str>,
    #[serde(borrow)]
    topics: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    municipality: Cow<'a, str>,
    #[serde(borrow)]
    language: Cow<'a, str>,
    #[serde(borrow)]
    intent: Cow<'a, str>,
    #[serde(borrow)]
    sentiment: Cow<'a, str>,
    severity: u8,
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow)]
    details: Cow<'a, str>,
}

/// What a post has beside the columns.
#[derive(Debug, Serialize, Deserialize)]
struct Details {
    // Without its text, with its analysis inside.
    post: wire::Post,
    group: wire::Group,
}

/// A row of `events`. What an event does not have is an empty text.
#[derive(Debug, Row, Serialize, Deserialize)]
pub(super) struct EventRecord {
    id: String,
    version: u64,
    region: String,
    title: String,
    summary: String,
    topic: String,
    block: String,
    place: String,
    place_name: String,
    municipality: String,
    lat: Option<f64>,
    lon: Option<f64>,
    severity: u8,
    danger: Vec<String>,
    origin: String,
    first_at: i64,
    last_at: i64,
    posts: u32,
    authors: u32,
    appeals: u32,
    complaints: u32,
    views: u64,
    networks: Vec<(String, u32)>,
    risk: f32,
    harm: f32,
    growth: f32,
    unanswered: f32,
    merged: Vec<String>,
}

impl<'a> PostRecord<'a> {
    /// The row of a post.
    ///
    /// # Errors
    /// None for what the domain can hold: its texts are UTF-8 and its numbers become numbers or `null`.
    pub(super) fn new(row: &'a PostRow) -> PortResult<Self> {
        let PostRow { post, analysis, group, version } = row;
        let topic = row.main_topic();
        let mut details = Details { post: post.into(), group: group.into() };
        details.post.text.clear();
        details.post.analysis = Some(Box::new(analysis.into()));
        let details = serde_json::to_string(&details)
            .map_err(|error| PortError::caused(ErrorKind::Internal, "writing a post as JSON", error))?;
        Ok(Self {
            id: post.id.as_str().into(),
            version: *version,
            published_at: post.published_at.as_millisecond(),
            region: post.region.as_ref().map_or("", RegionId::as_str).into(),
            network: post.network.as_str().into(),
            kind: post.kind.as_str().into(),
            community_name: post.community.as_ref().map_or("", |community| community.name.as_str()).into(),
            author_key: post.author.as_ref().map_or("", AuthorKey::as_str).into(),
            text: post.text.as_str().into(),
            views: post.metrics.views,
            labels: post.labels.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect(),
            block: topic.map_or("", |topic| topic.block.as_str()).into(),
            topic: topic.map_or("", |topic| topic.id.as_str()).into(),
            topics: analysis.topics.iter().map(|topic| topic.id.as_str().into()).collect(),
            municipality: row.municipality().map_or("", PlaceId::as_str).into(),
            language: analysis.language.code.as_ref().into(),
            intent: analysis.intent.as_str().into(),
            sentiment: analysis.sentiment.label.as_str().into(),
            severity: analysis.severity.level(),
            event_id: group.event.as_str().into(),
            details: details.into(),
        })
    }

    /// The post of a row.
    ///
    /// # Errors
    /// `Corrupt`, naming the post.
    pub(super) fn into_row(self) -> PortResult<PostRow> {
        let corrupt = || corrupt("post", &self.id, "details");
        let mut details: Details = serde_json::from_str(&self.details).map_err(|_| corrupt())?;
        let analysis = details.post.analysis.take().ok_or_else(corrupt)?;
        details.post.text = self.text.into_owned();
        let mut group = otklik_domain::Group::from(details.group);
        group.event = EventId::new(self.event_id);
        Ok(PostRow {
            post: details.post.try_into().map_err(|_| corrupt())?,
            analysis: (*analysis).into(),
            group,
            version: self.version,
        })
    }
}

impl From<Event> for EventRecord {
    fn from(event: Event) -> Self {
        Self {
            risk: event.risk.score(),
            id: event.id.into_string(),
            version: event.version,
            region: event.region.into_string(),
            title: event.title,
            summary: event.summary,
            topic: event.topic.map(TopicId::into_string).unwrap_or_default(),
            block: event.block.into_string(),
            place: event.place.map(PlaceId::into_string).unwrap_or_default(),
            place_name: event.place_name,
            municipality: event.municipality.map(PlaceId::into_string).unwrap_or_default(),
            lat: event.point.map(GeoPoint::lat),
            lon: event.point.map(GeoPoint::lon),
            severity: event.severity.level(),
            danger: event.danger,
            origin: event.origin.into_string(),
            first_at: event.first_at.as_millisecond(),
            last_at: event.last_at.as_millisecond(),
            posts: event.totals.posts,
            authors: event.totals.authors,
            appeals: event.totals.appeals,
            complaints: event.totals.complaints,
            views: event.totals.views,
            networks: event.totals.networks.iter().map(|(network, posts)| (network.to_string(), *posts)).collect(),
            harm: event.risk.harm,
            growth: event.risk.growth,
            unanswered: event.risk.unanswered,
            merged: event.merged.into_iter().map(EventId::into_string).collect(),
        }
    }
}

impl EventRecord {
    /// The event of a row.
    ///
    /// # Errors
    /// `Corrupt`, naming the event and the column.
    pub(super) fn into_event(self) -> PortResult<Event> {
        let id = self.id;
        let time = |column, ms| Timestamp::from_millisecond(ms).map_err(|_| corrupt("event", &id, column));
        let networks: PortResult<Vec<(Network, u32)>> = self
            .networks
            .iter()
            .map(|(name, posts)| Ok((name.parse().map_err(|_| corrupt("event", &id, "networks"))?, *posts)))
            .collect();
        Ok(Event {
            version: self.version,
            region: RegionId::new(self.region),
            title: self.title,
            summary: self.summary,
            topic: given(&self.topic).map(TopicId::from),
            block: BlockId::new(self.block),
            place: given(&self.place).map(PlaceId::from),
            place_name: self.place_name,
            municipality: given(&self.municipality).map(PlaceId::from),
            point: self.lat.zip(self.lon).and_then(|(lat, lon)| GeoPoint::new(lat, lon)),
            severity: Severity::new(self.severity),
            danger: self.danger,
            origin: PostId::new(self.origin),
            first_at: time("first_at", self.first_at)?,
            last_at: time("last_at", self.last_at)?,
            totals: EventTotals {
                posts: self.posts,
                authors: self.authors,
                appeals: self.appeals,
                complaints: self.complaints,
                views: self.views,
                networks: networks?,
            },
            risk: Risk { harm: self.harm, growth: self.growth, unanswered: self.unanswered },
            merged: self.merged.into_iter().map(EventId::new).collect(),
            id: EventId::new(id),
        })
    }
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn corrupt(what: &str, id: &str, column: &str) -> PortError {
    PortError::new(ErrorKind::Corrupt, format!("{what} {id}: column {column} of ClickHouse cannot be read"))
}
