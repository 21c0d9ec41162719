//! Questions to the tables.

use std::collections::HashMap;

use ::clickhouse::{Row, query::Query};
use jiff::Timestamp;
use otklik_domain::{Event, EventId, PostId};
use otklik_ports::{
    Count, CountBy, CurvePoint, ErrorKind, EventOrder, EventQuery, PortError, PortResult, PostFilter, PostRow,
    Timeline, TimelinePoint,
};
use serde::Deserialize;

use super::{
    ClickHousePosts,
    filter::Condition,
    records::{EventRecord, PostRecord},
    within_time,
};

const LIST_MAX: usize = 1_000;
const COUNTS_MAX: usize = 10_000;
const STEPS_MAX: usize = 20_000;
/// Ids asked for at once.
const IDS_MAX: usize = 1_000;

#[derive(Row, Deserialize)]
struct CountRecord {
    value: String,
    posts: u64,
}

#[derive(Row, Deserialize)]
struct StepRecord {
    at: i64,
    posts: u64,
    negative: u64,
}

#[derive(Row, Deserialize)]
struct CurveRecord {
    at: i64,
    network: String,
    posts: u64,
    views: u64,
}

impl ClickHousePosts {
    pub(super) async fn posts_by_id(&self, ids: &[PostId]) -> PortResult<Vec<PostRow>> {
        // Between the two steps of a move to another month a post may be in both: the higher version is the post.
        let mut rows: HashMap<PostId, PostRow> = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(IDS_MAX) {
            let ids: Vec<&str> = ids.iter().map(PostId::as_str).collect();
            let query = self.client.query("SELECT ?fields FROM posts FINAL WHERE id IN {ids:Array(String)}");
            for row in fetch_posts("reading posts by id", query.param("ids", ids)).await? {
                match rows.get(&row.post.id) {
                    Some(other) if other.version > row.version => {}
                    _ => drop(rows.insert(row.post.id.clone(), row)),
                }
            }
        }
        Ok(rows.into_values().collect())
    }

    pub(super) async fn list_posts(
        &self,
        filter: &PostFilter,
        limit: usize,
        offset: usize,
    ) -> PortResult<Vec<PostRow>> {
        let condition = Condition::posts(filter);
        // The ids are found in narrow columns first, the wide ones are read for the page only.
        let sql = format!(
            "SELECT ?fields FROM posts FINAL WHERE {condition} AND id IN (\
             SELECT id FROM posts FINAL WHERE {condition} ORDER BY published_at DESC, id \
             LIMIT {{limit:UInt64}} OFFSET {{offset:UInt64}}) ORDER BY published_at DESC, id",
            condition = condition.sql()
        );
        let query = condition.bind(self.client.query(&sql));
        let query = query.param("limit", limit.min(LIST_MAX)).param("offset", offset);
        fetch_posts("listing posts", query).await
    }

    pub(super) async fn count_posts(&self, filter: &PostFilter) -> PortResult<u64> {
        let condition = Condition::posts(filter);
        let query = self.client.query(&format!("SELECT count() FROM posts FINAL WHERE {}", condition.sql()));
        within_time("counting posts", condition.bind(query).fetch_one()).await
    }

    pub(super) async fn count_posts_by(
        &self,
        by: &CountBy,
        filter: &PostFilter,
        limit: usize,
    ) -> PortResult<Vec<Count>> {
        let (column, label) = match by {
            CountBy::Block => ("block", None),
            CountBy::Topic => ("topic", None),
            CountBy::Municipality => ("municipality", None),
            CountBy::Network => ("network", None),
            CountBy::Sentiment => ("sentiment", None),
            CountBy::Intent => ("intent", None),
            CountBy::Severity => ("severity", None),
            CountBy::Language => ("language", None),
            CountBy::Community => ("community_name", None),
            CountBy::Label(name) => ("labels[{count_label:String}]", Some(name)),
        };
        let condition = Condition::posts(filter);
        let sql = format!(
            "SELECT toString({column}) AS value, count() AS posts FROM posts FINAL WHERE {} GROUP BY {column} \
             ORDER BY posts DESC, value LIMIT {{limit:UInt64}}",
            condition.sql()
        );
        let mut query = condition.bind(self.client.query(&sql)).param("limit", limit.min(COUNTS_MAX));
        if let Some(name) = label {
            query = query.param("count_label", name);
        }
        let counts = within_time("counting posts by a field", query.fetch_all::<CountRecord>()).await?;
        Ok(counts.into_iter().map(|CountRecord { value, posts }| Count { value, posts }).collect())
    }

    pub(super) async fn draw_timeline(&self, filter: &PostFilter, step: Timeline) -> PortResult<Vec<TimelinePoint>> {
        let (step_ms, shift_ms) = match step {
            Timeline::Hours => (3_600_000, 0),
            Timeline::Days { utc_offset_minutes } => (86_400_000, i64::from(utc_offset_minutes) * 60_000),
        };
        let condition = Condition::posts(filter);
        let sql = format!(
            "SELECT {STEP} AS at, count() AS posts, countIf(sentiment = 'negative') AS negative \
             FROM posts FINAL WHERE {} GROUP BY at ORDER BY at LIMIT {{steps_max:UInt64}} + 1",
            condition.sql()
        );
        let query = in_steps(condition.bind(self.client.query(&sql)), step_ms, shift_ms);
        let steps = within_time("drawing a timeline of posts", query.fetch_all::<StepRecord>()).await?;
        within_limit(steps.len())?;
        steps
            .into_iter()
            .map(|StepRecord { at, posts, negative }| Ok(TimelinePoint { at: timestamp(at)?, posts, negative }))
            .collect()
    }

    pub(super) async fn draw_curve(&self, event: &EventId, step_minutes: u16) -> PortResult<Vec<CurvePoint>> {
        if step_minutes == 0 {
            return Err(PortError::new(ErrorKind::Rejected, "curve: step_minutes must be at least 1"));
        }
        let condition = Condition::posts(&PostFilter { event: Some(event.clone()), ..PostFilter::default() });
        let sql = format!(
            "SELECT {STEP} AS at, toString(network) AS network, count() AS posts, sum(views) AS views \
             FROM posts FINAL WHERE {} GROUP BY at, posts.network ORDER BY at, network LIMIT {{steps_max:UInt64}} + 1",
            condition.sql()
        );
        let query = in_steps(condition.bind(self.client.query(&sql)), i64::from(step_minutes) * 60_000, 0);
        let steps = within_time("drawing the curve of an event", query.fetch_all::<CurveRecord>()).await?;
        within_limit(steps.len())?;
        let step = |CurveRecord { at, network, posts, views }| {
            let network = network.parse().map_err(|error| {
                PortError::caused(ErrorKind::Corrupt, "column network of posts cannot be read", error)
            })?;
            Ok(CurvePoint { at: timestamp(at)?, network, posts, views })
        };
        steps.into_iter().map(step).collect()
    }

    pub(super) async fn event_by_id(&self, id: &EventId) -> PortResult<Option<Event>> {
        let query = self.client.query("SELECT ?fields FROM events FINAL WHERE id = {id:String}");
        let record = query.param("id", id.as_str()).fetch_optional::<EventRecord>();
        within_time("reading an event", record).await?.map(EventRecord::into_event).transpose()
    }

    pub(super) async fn list_events(&self, query: &EventQuery) -> PortResult<Vec<Event>> {
        let order = match query.order {
            EventOrder::Risk => "risk",
            EventOrder::Latest => "last_at",
            EventOrder::Posts => "posts",
        };
        let condition = Condition::events(query);
        let sql = format!(
            "SELECT ?fields FROM events FINAL WHERE id IN (\
             SELECT id FROM events FINAL WHERE {} ORDER BY {order} DESC, id \
             LIMIT {{limit:UInt64}} OFFSET {{offset:UInt64}}) ORDER BY {order} DESC, id",
            condition.sql()
        );
        let select = condition.bind(self.client.query(&sql));
        let select = select.param("limit", query.limit.min(LIST_MAX)).param("offset", query.offset);
        let records = within_time("listing events", select.fetch_all::<EventRecord>()).await?;
        records.into_iter().map(EventRecord::into_event).collect()
    }
}

/// Begin of a post's step in milliseconds since 1970; times before 1970 do not come in.
const STEP: &str = "intDiv(toUnixTimestamp64Milli(published_at) + {shift:Int64}, {step:Int64}) * {step:Int64} \
                    - {shift:Int64}";

fn in_steps(query: Query, step_ms: i64, shift_ms: i64) -> Query {
    query.param("step", step_ms).param("shift", shift_ms).param("steps_max", STEPS_MAX)
}

async fn fetch_posts(what: &str, query: Query) -> PortResult<Vec<PostRow>> {
    let rows = async {
        let mut cursor = query.fetch::<PostRecord<'_>>()?;
        let mut rows = Vec::new();
        while let Some(record) = cursor.next().await? {
            rows.push(record.into_row());
        }
        Ok(rows)
    };
    within_time(what, rows).await?.into_iter().collect()
}

fn timestamp(ms: i64) -> PortResult<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(|error| PortError::caused(ErrorKind::Corrupt, "time out of range", error))
}

fn within_limit(steps: usize) -> PortResult<()> {
    if steps > STEPS_MAX {
        return Err(PortError::new(ErrorKind::Rejected, format!("more than {STEPS_MAX} steps: choose wider ones")));
    }
    Ok(())
}
