//! Posts and events in ClickHouse: a server, a cluster, or the engine in process (`chdb`). The same code for all.

mod expire;
mod failure;
mod filter;
mod migrations;
mod read;
mod records;
#[cfg(feature = "tantivy")]
mod search;
mod tables;
mod write;

use std::time::Duration;

use ::clickhouse::{Client, Compression, error::Error};
use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Event, EventId, PostId};
use otklik_ports::{
    Count, CountBy, CurvePoint, EventQuery, PortResult, PostBatch, PostFilter, PostRow, Posts, Timeline, TimelinePoint,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time;

#[cfg(feature = "tantivy")]
pub use self::search::ClickHouseSearch;
use self::{failure::failure, tables::Tables};

/// How long a query may take, and the client waits a little longer.
const QUERY_TIME_MAX: Duration = Duration::from_secs(30);
/// Rows of an answer; more than any method asks for.
const RESULT_ROWS_MAX: u32 = 50_000;

/// Where ClickHouse is and who asks.
#[derive(Debug, Clone)]
pub struct ClickHouseConfig {
    /// Address of its HTTP interface, such as `http://clickhouse:8123`.
    pub url: String,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: SecretString,
    /// The database; made when it is not there. Letters, digits and `_`.
    pub database: String,
    /// Whether to compress what goes over the network.
    pub compression: bool,
    /// The cluster the tables are spread over, as `system.clusters` names it; without it they are on this one server. Its
    /// servers know the macros `{shard}` and `{replica}`.
    pub cluster: Option<String>,
    /// Memory of a query at most, in bytes; without it the server's own limit holds.
    pub query_memory_bytes: Option<u64>,
}

/// Posts and events in ClickHouse. Clones share their connections.
#[derive(Clone)]
pub struct ClickHousePosts {
    client: Client,
    tables: Tables,
}

impl ClickHousePosts {
    /// Connects and brings the tables up to date.
    ///
    /// # Errors
    /// `Unavailable`, `Unauthorized`; `Rejected` when the database's name cannot be used or it belongs to a newer
    /// version.
    pub async fn open(config: &ClickHouseConfig) -> PortResult<Self> {
        let (client, tables) = connect(config).await?;
        Ok(Self { client, tables })
    }

    /// The statements that make the database and its tables, in order: what [`ClickHousePosts::open`] runs on an empty
    /// server, for those who run it by hand.
    ///
    /// # Errors
    /// `Rejected` when the names of database or cluster cannot be used.
    pub fn schema(config: &ClickHouseConfig) -> PortResult<Vec<String>> {
        migrations::statements(&Tables::new(&config.database, config.cluster.as_deref())?)
    }
}

/// Connects and brings the tables up to date.
async fn connect(config: &ClickHouseConfig) -> PortResult<(Client, Tables)> {
    let ClickHouseConfig { url, user, password, database, compression, cluster, query_memory_bytes } = config;
    let tables = Tables::new(database, cluster.as_deref())?;
    let mut server = Client::default()
        .with_url(url)
        .with_user(user)
        .with_password(password.expose_secret())
        .with_compression(if *compression { Compression::Lz4 } else { Compression::None })
        .with_setting("max_execution_time", QUERY_TIME_MAX.as_secs().to_string())
        .with_setting("max_result_rows", RESULT_ROWS_MAX.to_string())
        .with_setting("result_overflow_mode", "throw")
        .with_setting("async_insert", "0")
        .with_setting("do_not_merge_across_partitions_select_final", "1");
    if let Some(bytes) = query_memory_bytes {
        server = server.with_setting("max_memory_usage", bytes.to_string());
    }
    for (name, value) in tables.settings() {
        server = server.with_setting(*name, *value);
    }
    within_time("migrating ClickHouse", async { Ok(migrations::migrate(&server, &tables).await) }).await??;
    Ok((server.with_database(database), tables))
}

#[async_trait]
impl Posts for ClickHousePosts {
    async fn write(&self, batch: PostBatch) -> PortResult<()> {
        self.write_batch(batch).await
    }

    async fn get(&self, ids: &[PostId]) -> PortResult<Vec<PostRow>> {
        self.posts_by_id(ids).await
    }

    async fn list(&self, filter: &PostFilter, limit: usize, offset: usize) -> PortResult<Vec<PostRow>> {
        self.list_posts(filter, limit, offset).await
    }

    async fn count(&self, filter: &PostFilter) -> PortResult<u64> {
        self.count_posts(filter).await
    }

    async fn count_by(&self, by: &CountBy, filter: &PostFilter, limit: usize) -> PortResult<Vec<Count>> {
        self.count_posts_by(by, filter, limit).await
    }

    async fn timeline(&self, filter: &PostFilter, step: Timeline) -> PortResult<Vec<TimelinePoint>> {
        self.draw_timeline(filter, step).await
    }

    async fn event(&self, id: &EventId) -> PortResult<Option<Event>> {
        self.event_by_id(id).await
    }

    async fn events(&self, query: &EventQuery) -> PortResult<Vec<Event>> {
        self.list_events(query).await
    }

    async fn curve(&self, event: &EventId, step_minutes: u16) -> PortResult<Vec<CurvePoint>> {
        self.draw_curve(event, step_minutes).await
    }

    async fn expire(&self, before: Timestamp) -> PortResult<()> {
        self.expire_before(before).await
    }
}

/// Waits for an answer, a little longer than ClickHouse may take for it.
async fn within_time<T>(what: &str, answer: impl Future<Output = Result<T, Error>>) -> PortResult<T> {
    match time::timeout(QUERY_TIME_MAX + Duration::from_secs(10), answer).await {
        Ok(result) => result.map_err(|error| failure(what, error)),
        Err(_) => Err(failure(what, Error::TimedOut)),
    }
}
