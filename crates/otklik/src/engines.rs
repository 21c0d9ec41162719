//! The engines of a deployment, opened as the configuration says.

use std::sync::Arc;

use anyhow::Context;
use otklik_ports::{Incidents, Log, Posts, Search, Snapshots};
use otklik_stores::{
    chdb::{Chdb, ChdbConfig, ChdbLimits},
    clickhouse::{ClickHousePosts, ClickHouseSearch},
    fjall_log::{FjallLog, FjallLogConfig},
    kafka_log::KafkaLog,
    postgres::PostgresIncidents,
    snapshots_file::FileSnapshots,
    sqlite::{SqliteConfig, SqliteIncidents},
    tantivy::{TantivyConfig, TantivySearch},
};

use crate::{
    config::{Config, SearchEngine},
    data_folder::DataFolder,
};

/// Database of posts and events.
const DATABASE: &str = "otklik";
/// File of incidents, accounts and the audit trail in the data folder.
pub(crate) const INCIDENTS_FILE: &str = "incidents.sqlite";

/// Everything the stages and the desk write to and read from.
pub(crate) struct Engines {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) snapshots: Arc<dyn Snapshots>,
    pub(crate) posts: Arc<dyn Posts>,
    pub(crate) search: Arc<dyn Search>,
    pub(crate) incidents: Arc<dyn Incidents>,
    /// ClickHouse in process, while it runs.
    chdb: Option<Chdb>,
    /// Let go of last.
    _folder: DataFolder,
}

/// Opens the incidents: in PostgreSQL when the configuration says so, else in the data folder.
///
/// # Errors
/// They cannot be opened; the message names the file or the server.
pub(crate) async fn open_incidents(config: &Config) -> anyhow::Result<Arc<dyn Incidents>> {
    const WHAT: &str = "cannot open the incidents";
    if let Some(postgres) = &config.incidents.postgres {
        return Ok(Arc::new(PostgresIncidents::open(&postgres.config()?).await.context(WHAT)?));
    }
    let file = config.data.join(INCIDENTS_FILE);
    Ok(Arc::new(SqliteIncidents::open(SqliteConfig::new(file)).await.context(WHAT)?))
}

/// Opens the posts: in a ClickHouse server when the configuration says so, else in process, which is given too.
async fn open_posts(config: &Config) -> anyhow::Result<(Arc<dyn Posts>, Option<Chdb>)> {
    const WHAT: &str = "cannot open the posts";
    if let Some(clickhouse) = &config.posts.clickhouse {
        let posts = ClickHousePosts::open(&clickhouse.config()?).await.context(WHAT)?;
        return Ok((Arc::new(posts), None));
    }
    let (library, folder) = (config.libchdb_path()?, config.data.join("clickhouse"));
    let chdb = ChdbConfig { library, folder, limits: ChdbLimits::default() };
    let chdb = Chdb::open(chdb).await.context("cannot start ClickHouse in process")?;
    let posts = ClickHousePosts::open(&chdb.server(DATABASE)).await.context(WHAT)?;
    Ok((Arc::new(posts), Some(chdb)))
}

/// Does something with the posts alone. Those in the data folder are nobody else's meanwhile.
///
/// # Errors
/// They cannot be opened, or what is done fails.
pub(crate) async fn with_posts<T>(
    config: &Config,
    done: impl AsyncFnOnce(&dyn Posts) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let _folder = config.posts.clickhouse.is_none().then(|| DataFolder::lock(&config.data)).transpose()?;
    let (posts, chdb) = open_posts(config).await?;
    let result = done(posts.as_ref()).await;
    drop(posts);
    if let Some(chdb) = chdb {
        chdb.close().await;
    }
    result
}

/// Opens the search index: in the data folder, or where the posts are.
async fn open_search(config: &Config, chdb: Option<&Chdb>) -> anyhow::Result<Arc<dyn Search>> {
    let clickhouse = match (config.search, &config.posts.clickhouse, chdb) {
        (SearchEngine::Clickhouse, Some(clickhouse), _) => clickhouse.config()?,
        (SearchEngine::Clickhouse, None, Some(chdb)) => chdb.server(DATABASE),
        _ => return Ok(Arc::new(TantivySearch::open(TantivyConfig::new(config.data.join("search"))).await?)),
    };
    Ok(Arc::new(ClickHouseSearch::open(&clickhouse).await?))
}

/// Opens the log: in Kafka when the configuration says so, else in the data folder.
///
/// # Errors
/// It cannot be opened; the message names its folder or its brokers.
pub(crate) async fn open_log(config: &Config) -> anyhow::Result<Arc<dyn Log>> {
    if let Some(kafka) = &config.log.kafka {
        let log = KafkaLog::open(kafka.config(config.log.partitions)?).await.context("cannot open the log")?;
        return Ok(Arc::new(log));
    }
    let mut log = FjallLogConfig::new(config.data.join("log"));
    log.partitions = config.log.partitions;
    Ok(Arc::new(FjallLog::open(log).await.context("cannot open the log")?))
}

impl Engines {
    /// Opens the engines that the configuration names.
    ///
    /// # Errors
    /// One of them cannot be opened; the message names its folder and what to do.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let data = &config.data;
        let folder = DataFolder::lock(data)?;
        let log = open_log(config).await?;
        let incidents = open_incidents(config).await?;
        let snapshots = FileSnapshots::open(data.join("snapshots")).context("cannot open the snapshots")?;
        let (posts, chdb) = open_posts(config).await?;
        let search = open_search(config, chdb.as_ref()).await.context("cannot open the search index")?;
        Ok(Self { log, snapshots: Arc::new(snapshots), posts, search, incidents, chdb, _folder: folder })
    }

    /// Lets what runs come to its end.
    pub(crate) async fn close(self) {
        if let Some(chdb) = self.chdb {
            chdb.close().await;
        }
    }
}
