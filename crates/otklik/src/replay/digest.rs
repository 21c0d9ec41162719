//! What the stores hold, in a line for each: equal lines for equal contents, whichever way they came about.
//!
//! Everything is read, so this is for comparing two deployments of a size that can be read, not for every run.

use std::{collections::hash_map::DefaultHasher, fmt, hash::Hasher};

use jiff::{SignedDuration, Timestamp};
use otklik_pipeline::read_topic;
use otklik_ports::{
    EventOrder, EventQuery, IncidentOrder, IncidentQuery, PostFilter, SearchQuery, StoredRecord, Topic,
};
use otklik_wire::{
    self as wire,
    log::{IncidentChanged, Message},
};
use serde::Serialize;

use crate::engines::Engines;

/// Things read in one step.
const PAGE: usize = 500;
/// How deep an answer of the index can be paged.
const INDEX_DEPTH_MAX: u64 = 10_000;
/// Hits the index gives at a time.
const INDEX_PAGE: usize = 200;
/// Name under which the log is read through. It never commits.
const READER: &str = "digest";

/// The contents of all stores.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    posts: Contents,
    index: Contents,
    events: Contents,
    incidents: Contents,
    /// Steps of incidents, as their histories have them.
    steps: Contents,
    /// Steps of incidents, as the log was told of them.
    told: Contents,
}

/// A number of things and a sum over them in which their order makes no difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Contents {
    things: u64,
    sum: u64,
}

impl Contents {
    fn add(&mut self, thing: &impl Serialize) -> anyhow::Result<()> {
        let mut hasher = DefaultHasher::new();
        hasher.write(&serde_json::to_vec(thing)?);
        self.things += 1;
        self.sum = self.sum.wrapping_add(hasher.finish());
        Ok(())
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:016x}", self.things, self.sum)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "digest: posts {}", self.posts)?;
        writeln!(f, "digest: index {}", self.index)?;
        writeln!(f, "digest: events {}", self.events)?;
        writeln!(f, "digest: incidents {}", self.incidents)?;
        writeln!(f, "digest: steps {}", self.steps)?;
        write!(f, "digest: told {}", self.told)
    }
}

impl Digest {
    /// Reads all stores through.
    ///
    /// # Errors
    /// The stores'.
    pub(crate) async fn of(engines: &Engines) -> anyhow::Result<Self> {
        let mut digest = Self::default();
        digest.read_posts(engines).await?;
        digest.read_index(engines).await?;
        digest.read_events(engines).await?;
        digest.read_incidents(engines).await?;
        digest.read_told(engines).await?;
        Ok(digest)
    }

    async fn read_posts(&mut self, engines: &Engines) -> anyhow::Result<()> {
        let mut read = 0;
        loop {
            let page = engines.posts.list(&PostFilter::default(), PAGE, read).await?;
            if page.is_empty() {
                return Ok(());
            }
            read += page.len();
            for row in page {
                let (post, analysis) = (wire::Post::from(&row.post), wire::Analysis::from(&row.analysis));
                self.posts.add(&(post, analysis, wire::Group::from(&row.group)))?;
            }
        }
    }

    /// Ids by stretches of time, halved until the index can be paged through it.
    async fn read_index(&mut self, engines: &Engines) -> anyhow::Result<()> {
        let mut stretches = vec![(Timestamp::MIN, Timestamp::MAX)];
        while let Some((from, to)) = stretches.pop() {
            let mut query = SearchQuery { from: Some(from), to: Some(to), limit: 1, ..SearchQuery::default() };
            let total = engines.search.query(&query).await?.total;
            let length = to.duration_since(from);
            if total > INDEX_DEPTH_MAX && length > SignedDuration::from_secs(1) {
                let middle = from + length / 2;
                stretches.extend([(from, middle), (middle, to)]);
                continue;
            }
            query.limit = INDEX_PAGE;
            while (query.offset as u64) < total {
                let page = engines.search.query(&query).await?;
                anyhow::ensure!(!page.hits.is_empty(), "the index gives fewer posts than it counts");
                for hit in &page.hits {
                    self.index.add(&hit.id.as_str())?;
                }
                query.offset += page.hits.len();
            }
        }
        Ok(())
    }

    async fn read_events(&mut self, engines: &Engines) -> anyhow::Result<()> {
        let mut query = EventQuery { order: EventOrder::Latest, limit: PAGE, ..EventQuery::default() };
        loop {
            let page = engines.posts.events(&query).await?;
            if page.is_empty() {
                return Ok(());
            }
            query.offset += page.len();
            for event in &page {
                self.events.add(&wire::Event::from(event))?;
            }
        }
    }

    async fn read_incidents(&mut self, engines: &Engines) -> anyhow::Result<()> {
        let mut query = IncidentQuery { order: IncidentOrder::Opened, limit: PAGE, ..IncidentQuery::default() };
        loop {
            let page = engines.incidents.list(&query).await?.incidents;
            if page.is_empty() {
                return Ok(());
            }
            query.offset += page.len();
            for incident in &page {
                let events = engines.incidents.events_of(&incident.id).await?;
                let events: Vec<&str> = events.iter().map(|event| event.as_str()).collect();
                self.incidents.add(&(wire::Incident::from(incident), events))?;
                for change in engines.incidents.history(&incident.id).await? {
                    self.steps.add(&(incident.id.as_str(), wire::Change::from(&change)))?;
                }
            }
        }
    }

    async fn read_told(&mut self, engines: &Engines) -> anyhow::Result<()> {
        let mut added = anyhow::Ok(());
        read_topic(engines.log.as_ref(), READER, Topic::Incidents, |record| {
            if added.is_ok() {
                added = self.add_told(record);
            }
        })
        .await?;
        added
    }

    fn add_told(&mut self, record: &StoredRecord) -> anyhow::Result<()> {
        let told: Message<IncidentChanged> = Message::from_bytes(&record.payload)?;
        self.told.add(&(told.body.incident.id, told.body.change))?;
        Ok(())
    }
}
