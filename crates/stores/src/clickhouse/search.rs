//! Full-text search in ClickHouse's text index: over all regions and shards at once.
//!
//! What a person types is read, and a text is cut into words, exactly as for the index in the folder. The ranking is its
//! own: how often the words stand in a post against its length, not how rare they are.

mod ask;

use ::clickhouse::{Client, Row};
use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{PlaceId, PostId, RegionId, Span};
use otklik_ports::{PartitionPosition, PortResult, PostRow, Search, SearchBatch, SearchPage, SearchQuery};
use serde::{Deserialize, Serialize};

use super::{ClickHouseConfig, connect, failure::failure, filter::milliseconds_up, tables::Tables, within_time, write};
use crate::tantivy::words_of;

/// Rows of one insert, and ids of one deletion.
const ROWS_MAX: usize = 5_000;

/// The index. Clones share their connections.
#[derive(Clone)]
pub struct ClickHouseSearch {
    client: Client,
    tables: Tables,
}

#[derive(Debug, Row, Serialize, Deserialize)]
struct SearchRecord {
    id: String,
    version: u64,
    published_at: i64,
    region: String,
    block: String,
    topic: String,
    municipality: String,
    network: String,
    sentiment: String,
    intent: String,
    stems: Vec<String>,
    forms: Vec<String>,
}

#[derive(Debug, Row, Serialize, Deserialize)]
struct PositionRecord {
    id: String,
    version: u64,
}

impl ClickHouseSearch {
    /// Connects and brings the tables up to date.
    ///
    /// # Errors
    /// As [`ClickHousePosts::open`](super::ClickHousePosts::open).
    pub async fn open(config: &ClickHouseConfig) -> PortResult<Self> {
        let (client, tables) = connect(config).await?;
        Ok(Self { client, tables })
    }

    async fn insert(&self, rows: &[PostRow]) -> PortResult<()> {
        let what = "writing to the search index";
        let insert = self.client.insert::<SearchRecord>("search").await.map_err(|error| failure(what, error))?;
        let mut insert = write::within_limits(insert);
        for row in rows {
            insert.write(&SearchRecord::of(row)).await.map_err(|error| failure(what, error))?;
        }
        insert.end().await.map_err(|error| failure(what, error))
    }

    async fn delete(&self, ids: &[PostId]) -> PortResult<()> {
        let ids: Vec<&str> = ids.iter().map(PostId::as_str).collect();
        let delete = self.tables.delete_from("search");
        let query = self.client.query(&format!("{delete} WHERE id IN {{ids:Array(String)}}"));
        within_time("deleting from the search index", query.param("ids", ids).execute()).await
    }

    async fn move_to(&self, next: PartitionPosition) -> PortResult<()> {
        let what = "noting how far the search index is";
        let insert = self.client.insert::<PositionRecord>("search_positions").await;
        let mut insert = write::within_limits(insert.map_err(|error| failure(what, error))?);
        let record = PositionRecord { id: next.partition.to_string(), version: next.offset };
        insert.write(&record).await.map_err(|error| failure(what, error))?;
        insert.end().await.map_err(|error| failure(what, error))
    }
}

#[async_trait]
impl Search for ClickHouseSearch {
    /// The position is written last: after a kill before it the batch comes again and leaves the same.
    async fn write(&self, batch: SearchBatch) -> PortResult<()> {
        let SearchBatch { rows, deleted, next } = batch;
        for rows in write::latest(rows).chunks(ROWS_MAX) {
            self.insert(rows).await?;
        }
        for ids in deleted.chunks(ROWS_MAX) {
            self.delete(ids).await?;
        }
        self.move_to(next).await
    }

    async fn position(&self, partition: u32) -> PortResult<u64> {
        let query = self.client.query("SELECT max(version) FROM search_positions WHERE id = {partition:String}");
        within_time("asking how far the search index is", query.param("partition", partition.to_string()).fetch_one())
            .await
    }

    async fn query(&self, query: &SearchQuery) -> PortResult<SearchPage> {
        ask::ask(&self.client, query).await
    }

    fn highlight(&self, query: &str, text: &str) -> Vec<Span> {
        crate::tantivy::highlight(query, text)
    }

    async fn expire(&self, before: Timestamp) -> PortResult<()> {
        let ms = milliseconds_up(before);
        // By id, not by time alone: an earlier version of a post must not come back when the latest goes.
        let sql = format!(
            "{} WHERE id IN (SELECT id FROM {} FINAL \
             WHERE published_at < fromUnixTimestamp64Milli({{before:Int64}}, 'UTC'))",
            self.tables.delete_from("search"),
            self.tables.local("search")
        );
        within_time("expiring the search index", self.client.query(&sql).param("before", ms).execute()).await
    }
}

impl SearchRecord {
    fn of(row: &PostRow) -> Self {
        let topic = row.main_topic();
        let (stems, forms) = words_of(&row.post.text);
        Self {
            id: row.post.id.to_string(),
            version: row.version,
            published_at: row.post.published_at.as_millisecond(),
            region: row.post.region.as_ref().map_or("", RegionId::as_str).to_owned(),
            block: topic.map_or("", |topic| topic.block.as_str()).to_owned(),
            topic: topic.map_or("", |topic| topic.id.as_str()).to_owned(),
            municipality: row.municipality().map_or("", PlaceId::as_str).to_owned(),
            network: row.post.network.as_str().to_owned(),
            sentiment: row.analysis.sentiment.label.as_str().to_owned(),
            intent: row.analysis.intent.as_str().to_owned(),
            stems,
            forms,
        }
    }
}
