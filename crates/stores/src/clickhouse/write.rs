//! Batches into the tables.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use ::clickhouse::{Row, insert::Insert};
use jiff::tz::TimeZone;
use otklik_domain::{Event, EventId, PostId};
use otklik_ports::{PortResult, PostBatch, PostRow};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    ClickHousePosts,
    failure::failure,
    records::{EventRecord, PostRecord},
    within_time,
};

/// Rows of one insert.
const INSERT_ROWS_MAX: usize = 10_000;
/// Ids of one deletion.
const IDS_MAX: usize = 5_000;
/// How long an insert may stand still, and how long ClickHouse may take for it.
const SEND_TIME_MAX: Duration = Duration::from_secs(30);
const INSERT_TIME_MAX: Duration = Duration::from_secs(120);

/// A version of a post as it is stored.
#[derive(Row, Deserialize)]
struct StoredVersion {
    id: String,
    version: u64,
    month: u32,
}

impl ClickHousePosts {
    pub(super) async fn write_batch(&self, batch: PostBatch) -> PortResult<()> {
        let PostBatch { rows, events, moved, deleted, token } = batch;
        for rows in latest(rows).chunks(INSERT_ROWS_MAX) {
            self.write_posts(rows, &token).await?;
        }
        let versions: Vec<(String, u64)> = match deleted.as_slice() {
            [] => Vec::new(),
            _ => events.iter().map(|event| (event.id.to_string(), event.version)).collect(),
        };
        self.write_events(events).await?;
        for versions in versions.chunks(IDS_MAX) {
            self.delete_older(versions).await?;
        }
        self.move_posts(moved).await?;
        for ids in deleted.chunks(IDS_MAX) {
            self.delete("posts", ids.iter().map(PostId::as_str).collect()).await?;
        }
        Ok(())
    }

    /// Inserts posts, each once. FINAL works within a month, so a post that has changed its month is taken out of the
    /// old one afterwards, or is not inserted when the old one holds a higher version.
    async fn write_posts(&self, rows: &[PostRow], token: &str) -> PortResult<()> {
        let elsewhere = self.in_other_months(rows).await?;
        let newer = |row: &&PostRow| {
            elsewhere.get(row.post.id.as_str()).is_none_or(|stored| stored.iter().all(|s| s.version <= row.version))
        };
        let rows: Vec<&PostRow> = rows.iter().filter(newer).collect();
        self.insert_posts(&rows, token).await?;
        let mut stale: HashMap<u32, Vec<&str>> = HashMap::new();
        for row in &rows {
            for stored in elsewhere.get(row.post.id.as_str()).into_iter().flatten() {
                stale.entry(stored.month).or_default().push(row.post.id.as_str());
            }
        }
        for (month, ids) in stale {
            let query = self.client.query(&format!(
                "{} WHERE toYYYYMM(published_at) = {{month:UInt32}} AND id IN {{ids:Array(String)}}",
                self.tables.delete_from("posts")
            ));
            within_time("moving posts to another month", query.param("month", month).param("ids", ids).execute())
                .await?;
        }
        Ok(())
    }

    /// What is stored of these posts in other months than theirs.
    async fn in_other_months(&self, rows: &[PostRow]) -> PortResult<HashMap<String, Vec<StoredVersion>>> {
        let months: HashMap<&str, u32> = rows.iter().map(|row| (row.post.id.as_str(), month(row))).collect();
        let only: BTreeSet<u32> = months.values().copied().collect();
        // Almost always all are of one month, which then need not be looked at.
        let except = if only.len() == 1 { only.first().copied().unwrap_or(0) } else { 0 };
        let query = self.client.query(
            "SELECT id, max(version) AS version, toYYYYMM(published_at) AS month FROM posts \
             WHERE toYYYYMM(published_at) != {except:UInt32} AND id IN {ids:Array(String)} GROUP BY id, month",
        );
        let ids: Vec<&str> = months.keys().copied().collect();
        let stored = query.param("except", except).param("ids", ids).fetch_all::<StoredVersion>();
        let mut elsewhere: HashMap<String, Vec<StoredVersion>> = HashMap::new();
        for stored in within_time("looking for posts in other months", stored).await? {
            if months.get(stored.id.as_str()).is_some_and(|month| *month != stored.month) {
                elsewhere.entry(stored.id.clone()).or_default().push(stored);
            }
        }
        Ok(elsewhere)
    }

    async fn insert_posts(&self, rows: &[&PostRow], token: &str) -> PortResult<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let what = "writing posts";
        let insert = self.client.insert::<PostRecord<'_>>("posts").await.map_err(|error| failure(what, error))?;
        let mut insert = deduplicated(insert, token, rows);
        for row in rows {
            insert.write(&PostRecord::new(row)?).await.map_err(|error| failure(what, error))?;
        }
        insert.end().await.map_err(|error| failure(what, error))
    }

    async fn write_events(&self, events: Vec<Event>) -> PortResult<()> {
        let (kept, gone): (Vec<Event>, Vec<Event>) = events.into_iter().partition(|event| event.totals.posts > 0);
        if !kept.is_empty() {
            let what = "writing events";
            let insert = self.client.insert::<EventRecord>("events").await.map_err(|error| failure(what, error))?;
            let insert = insert.with_timeouts(Some(SEND_TIME_MAX), Some(INSERT_TIME_MAX));
            let mut insert = insert.with_setting("insert_deduplicate", "0");
            for event in kept {
                insert.write(&EventRecord::from(event)).await.map_err(|error| failure(what, error))?;
            }
            insert.end().await.map_err(|error| failure(what, error))?;
        }
        for events in gone.chunks(IDS_MAX) {
            self.delete("events", events.iter().map(|event| event.id.as_str()).collect()).await?;
        }
        Ok(())
    }

    /// Deletes what is stored of events before these versions: their titles may have words of posts that are deleted.
    async fn delete_older(&self, versions: &[(String, u64)]) -> PortResult<()> {
        let delete = self.tables.delete_from("events");
        let (ids, numbers): (Vec<&str>, Vec<u64>) =
            versions.iter().map(|(id, version)| (id.as_str(), *version)).unzip();
        let query = self.client.query(&format!(
            "{delete} WHERE id IN {{ids:Array(String)}} \
             AND version < arrayElement({{versions:Array(UInt64)}}, indexOf({{ids:Array(String)}}, id))"
        ));
        let delete = query.param("ids", ids).param("versions", numbers).execute();
        within_time("deleting what events were called before", delete).await
    }

    async fn move_posts(&self, moved: Vec<(PostId, EventId, u64)>) -> PortResult<()> {
        let mut moves: HashMap<PostId, (EventId, u64)> = HashMap::with_capacity(moved.len());
        for (post, event, version) in moved {
            match moves.get(&post) {
                Some((_, other)) if *other > version => {}
                _ => drop(moves.insert(post, (event, version))),
            }
        }
        let ids: Vec<PostId> = moves.keys().cloned().collect();
        for ids in ids.chunks(IDS_MAX) {
            let mut rows = self.posts_by_id(ids).await?;
            rows.retain_mut(|row| match moves.get(&row.post.id) {
                Some((event, version)) if *version >= row.version => {
                    row.group.event = event.clone();
                    row.version = *version;
                    true
                }
                _ => false,
            });
            self.insert_posts(&rows.iter().collect::<Vec<_>>(), "").await?;
        }
        Ok(())
    }

    /// Deletes every version of these ids: the rows are invisible when this returns and leave the disk with the next
    /// merge of their part, or at the next [`expire`](otklik_ports::Posts::expire).
    async fn delete(&self, table: &'static str, ids: Vec<&str>) -> PortResult<()> {
        let delete = self.tables.delete_from(table);
        let query = self.client.query(&format!("{delete} WHERE id IN {{ids:Array(String)}}"));
        within_time("deleting posts or events", query.param("ids", ids).execute()).await
    }
}

/// The highest version of each post, of equal ones the last.
pub(super) fn latest(rows: Vec<PostRow>) -> Vec<PostRow> {
    let mut places: HashMap<PostId, usize> = HashMap::with_capacity(rows.len());
    let mut latest: Vec<PostRow> = Vec::with_capacity(rows.len());
    for row in rows {
        match places.get(&row.post.id).and_then(|place| latest.get_mut(*place)) {
            Some(stored) if stored.version > row.version => {}
            Some(stored) => *stored = row,
            None => {
                places.insert(row.post.id.clone(), latest.len());
                latest.push(row);
            }
        }
    }
    latest
}

/// An insert that does not wait for ever. Written twice it leaves the same, so nothing is skipped.
#[cfg(feature = "tantivy")]
pub(super) fn within_limits<T: Row>(insert: Insert<T>) -> Insert<T> {
    insert.with_timeouts(Some(SEND_TIME_MAX), Some(INSERT_TIME_MAX)).with_setting("insert_deduplicate", "0")
}

/// Lets ClickHouse skip rows it has from this batch already. The versions are part of the mark: a replay that reads the
/// posts anew is another batch, even under the same token.
fn deduplicated<T: Row>(insert: Insert<T>, token: &str, rows: &[&PostRow]) -> Insert<T> {
    // A batch of old posts may touch more months than ClickHouse takes at once by default; it has to go in all the same.
    let insert = insert
        .with_timeouts(Some(SEND_TIME_MAX), Some(INSERT_TIME_MAX))
        .with_setting("max_partitions_per_insert_block", "0");
    if token.is_empty() {
        return insert.with_setting("insert_deduplicate", "0");
    }
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row.post.id.as_str());
        hash.update([0]);
        hash.update(row.version.to_le_bytes());
    }
    let hash: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    insert.with_setting("insert_deduplication_token", format!("{token}/{hash}"))
}

/// The partition of a post: year and month of its publication in UTC.
fn month(row: &PostRow) -> u32 {
    let date = row.post.published_at.to_zoned(TimeZone::UTC).date();
    u32::from(date.year().unsigned_abs()) * 100 + u32::from(date.month().unsigned_abs())
}
