//! Posts and events in maps.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Event, EventId, Network, PostId, SentimentLabel};

use super::lock;
use crate::{
    error::{ErrorKind, PortError, PortResult},
    posts::{
        Count, CountBy, CurvePoint, EventOrder, EventQuery, PostBatch, PostFilter, PostRow, Posts, Timeline,
        TimelinePoint,
    },
};

const STEPS_MAX: usize = 20_000;
const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// Posts and events in memory.
#[derive(Debug, Default)]
pub struct MemoryPosts(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    posts: BTreeMap<PostId, PostRow>,
    events: BTreeMap<EventId, Event>,
}

impl MemoryPosts {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        lock(&self.0)
    }
}

impl Tables {
    fn filtered<'a>(&'a self, filter: &'a PostFilter) -> impl Iterator<Item = &'a PostRow> {
        self.posts.values().filter(move |row| passes(row, filter))
    }
}

#[async_trait]
impl Posts for MemoryPosts {
    async fn write(&self, batch: PostBatch) -> PortResult<()> {
        let mut tables = self.tables();
        for row in batch.rows {
            match tables.posts.get(&row.post.id) {
                Some(stored) if stored.version > row.version => {}
                _ => drop(tables.posts.insert(row.post.id.clone(), row)),
            }
        }
        for event in batch.events {
            if event.totals.posts == 0 {
                tables.events.remove(&event.id);
                continue;
            }
            match tables.events.get(&event.id) {
                Some(stored) if stored.version > event.version => {}
                _ => drop(tables.events.insert(event.id.clone(), event)),
            }
        }
        for (post, event, version) in batch.moved {
            if let Some(row) = tables.posts.get_mut(&post)
                && row.version <= version
            {
                row.group.event = event;
                row.version = version;
            }
        }
        for post in batch.deleted {
            tables.posts.remove(&post);
        }
        Ok(())
    }

    async fn get(&self, ids: &[PostId]) -> PortResult<Vec<PostRow>> {
        let tables = self.tables();
        let mut wanted: Vec<&PostId> = ids.iter().collect();
        wanted.sort();
        wanted.dedup();
        Ok(wanted.into_iter().filter_map(|id| tables.posts.get(id)).cloned().collect())
    }

    async fn list(&self, filter: &PostFilter, limit: usize, offset: usize) -> PortResult<Vec<PostRow>> {
        let tables = self.tables();
        let mut rows: Vec<&PostRow> = tables.filtered(filter).collect();
        rows.sort_by(|a, b| b.post.published_at.cmp(&a.post.published_at).then_with(|| a.post.id.cmp(&b.post.id)));
        Ok(rows.into_iter().skip(offset).take(limit.min(1_000)).cloned().collect())
    }

    async fn count(&self, filter: &PostFilter) -> PortResult<u64> {
        Ok(self.tables().filtered(filter).count() as u64)
    }

    async fn count_by(&self, by: &CountBy, filter: &PostFilter, limit: usize) -> PortResult<Vec<Count>> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for row in self.tables().filtered(filter) {
            *counts.entry(value_of(row, by)).or_default() += 1;
        }
        let mut counts: Vec<Count> = counts.into_iter().map(|(value, posts)| Count { value, posts }).collect();
        counts.sort_by(|a, b| b.posts.cmp(&a.posts).then_with(|| a.value.cmp(&b.value)));
        counts.truncate(limit.min(10_000));
        Ok(counts)
    }

    async fn timeline(&self, filter: &PostFilter, step: Timeline) -> PortResult<Vec<TimelinePoint>> {
        let (width, shift) = match step {
            Timeline::Hours => (HOUR_MS, 0),
            Timeline::Days { utc_offset_minutes } => (DAY_MS, i64::from(utc_offset_minutes) * MINUTE_MS),
        };
        let mut steps: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        for row in self.tables().filtered(filter) {
            let (posts, negative) = steps.entry(begin(row.post.published_at, width, shift)).or_default();
            *posts += 1;
            *negative += u64::from(row.analysis.sentiment.label == SentimentLabel::Negative);
        }
        within_limit(steps.len())?;
        steps
            .into_iter()
            .map(|(at, (posts, negative))| Ok(TimelinePoint { at: timestamp(at)?, posts, negative }))
            .collect()
    }

    async fn event(&self, id: &EventId) -> PortResult<Option<Event>> {
        Ok(self.tables().events.get(id).cloned())
    }

    async fn events(&self, query: &EventQuery) -> PortResult<Vec<Event>> {
        let tables = self.tables();
        let mut events: Vec<&Event> = tables.events.values().filter(|event| matches(event, query)).collect();
        events.sort_by(|a, b| {
            let order = match query.order {
                EventOrder::Risk => b.risk.score().total_cmp(&a.risk.score()),
                EventOrder::Latest => b.last_at.cmp(&a.last_at),
                EventOrder::Posts => b.totals.posts.cmp(&a.totals.posts),
            };
            order.then_with(|| a.id.cmp(&b.id))
        });
        Ok(events.into_iter().skip(query.offset).take(query.limit.min(1_000)).cloned().collect())
    }

    async fn curve(&self, event: &EventId, step_minutes: u16) -> PortResult<Vec<CurvePoint>> {
        if step_minutes == 0 {
            return Err(PortError::new(ErrorKind::Rejected, "curve: step_minutes must be at least 1"));
        }
        let filter = PostFilter { event: Some(event.clone()), ..PostFilter::default() };
        let mut steps: BTreeMap<(i64, &str, Network), (u64, u64)> = BTreeMap::new();
        for row in self.tables().filtered(&filter) {
            let at = begin(row.post.published_at, i64::from(step_minutes) * MINUTE_MS, 0);
            let (posts, views) = steps.entry((at, row.post.network.as_str(), row.post.network)).or_default();
            *posts += 1;
            *views += row.post.metrics.views;
        }
        within_limit(steps.len())?;
        steps
            .into_iter()
            .map(|((at, _, network), (posts, views))| Ok(CurvePoint { at: timestamp(at)?, network, posts, views }))
            .collect()
    }

    async fn expire(&self, before: Timestamp) -> PortResult<()> {
        let mut tables = self.tables();
        tables.posts.retain(|_, row| row.post.published_at >= before);
        tables.events.retain(|_, event| event.last_at >= before);
        Ok(())
    }
}

fn passes(row: &PostRow, filter: &PostFilter) -> bool {
    fn is<T: PartialEq>(wanted: &Option<T>, value: Option<&T>) -> bool {
        wanted.as_ref().is_none_or(|wanted| Some(wanted) == value)
    }
    let post = &row.post;
    is(&filter.region, post.region.as_ref())
        && filter.from.is_none_or(|from| post.published_at >= from)
        && filter.to.is_none_or(|to| post.published_at < to)
        && is(&filter.event, Some(&row.group.event))
        && is(&filter.block, row.main_topic().map(|topic| &topic.block))
        && filter.topic.as_ref().is_none_or(|wanted| row.analysis.topics.iter().any(|topic| topic.id == *wanted))
        && is(&filter.municipality, row.municipality())
        && is(&filter.network, Some(&post.network))
        && is(&filter.sentiment, Some(&row.analysis.sentiment.label))
        && is(&filter.intent, Some(&row.analysis.intent))
        && filter.label.as_ref().is_none_or(|(name, value)| post.label(name) == Some(value))
}

fn matches(event: &Event, query: &EventQuery) -> bool {
    query.region.as_ref().is_none_or(|region| event.region == *region)
        && query.from.is_none_or(|from| event.last_at >= from)
        && query.to.is_none_or(|to| event.first_at < to)
        && query.block.as_ref().is_none_or(|block| event.block == *block)
        && query.topic.as_ref().is_none_or(|topic| event.topic.as_ref() == Some(topic))
        && query.municipality.as_ref().is_none_or(|place| event.municipality.as_ref() == Some(place))
        && event.totals.posts >= query.posts_min
}

fn value_of(row: &PostRow, by: &CountBy) -> String {
    match by {
        CountBy::Block => row.main_topic().map(|topic| topic.block.to_string()).unwrap_or_default(),
        CountBy::Topic => row.main_topic().map(|topic| topic.id.to_string()).unwrap_or_default(),
        CountBy::Municipality => row.municipality().map(ToString::to_string).unwrap_or_default(),
        CountBy::Network => row.post.network.to_string(),
        CountBy::Sentiment => row.analysis.sentiment.label.to_string(),
        CountBy::Intent => row.analysis.intent.to_string(),
        CountBy::Severity => row.analysis.severity.level().to_string(),
        CountBy::Language => row.analysis.language.code.to_string(),
        CountBy::Community => row.post.community.as_ref().map(|community| community.name.clone()).unwrap_or_default(),
        CountBy::Label(name) => row.post.label(name).unwrap_or_default().to_owned(),
    }
}

/// Where the step of a moment begins, in milliseconds of UTC; `shift` is how far east of UTC the steps are counted.
fn begin(at: Timestamp, width: i64, shift: i64) -> i64 {
    let local = at.as_millisecond() + shift;
    local - local.rem_euclid(width) - shift
}

fn timestamp(ms: i64) -> PortResult<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(|error| PortError::caused(ErrorKind::Internal, "time out of range", error))
}

fn within_limit(steps: usize) -> PortResult<()> {
    if steps > STEPS_MAX {
        return Err(PortError::new(ErrorKind::Rejected, format!("{steps} steps, at most {STEPS_MAX} are given")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conforms() {
        crate::conformance::posts::suite(async || MemoryPosts::new()).await;
    }
}
