//! The engines of a deployment, opened as the configuration says.

use std::sync::Arc;

use anyhow::Context;
use otklik_ports::{Incidents, Log, Posts, Search, Snapshots};
use otklik_stores::{
    chdb::{Chdb, ChdbConfig, ChdbLimits},
    clickhouse::ClickHousePosts,
    fjall_log::{FjallLog, FjallLogConfig},
    snapshots_file::FileSnapshots,
    sqlite::{SqliteConfig, SqliteIncidents},
    tantivy::{TantivyConfig, TantivySearch},
};

use crate::{config::Config, data_folder::DataFolder};

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
    chdb: Chdb,
    /// Let go of last.
    _folder: DataFolder,
}

impl Engines {
    /// Opens the engines embedded in this process.
    ///
    /// # Errors
    /// One of them cannot be opened; the message names its folder and what to do.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let data = &config.data;
        let folder = DataFolder::lock(data)?;
        let mut log = FjallLogConfig::new(data.join("log"));
        log.partitions = config.log.partitions;
        let log = FjallLog::open(log).await.context("cannot open the log")?;
        let incidents = SqliteIncidents::open(SqliteConfig::new(data.join(INCIDENTS_FILE))).await;
        let incidents = incidents.context("cannot open the incidents")?;
        let search = TantivySearch::open(TantivyConfig::new(data.join("search"))).await;
        let search = search.context("cannot open the search index")?;
        let snapshots = FileSnapshots::open(data.join("snapshots")).context("cannot open the snapshots")?;
        let library = config.libchdb_path()?;
        let chdb = ChdbConfig { library, folder: data.join("clickhouse"), limits: ChdbLimits::default() };
        let chdb = Chdb::open(chdb).await.context("cannot start ClickHouse in process")?;
        let posts = ClickHousePosts::open(&chdb.server(DATABASE)).await.context("cannot open the posts")?;
        Ok(Self {
            log: Arc::new(log),
            snapshots: Arc::new(snapshots),
            posts: Arc::new(posts),
            search: Arc::new(search),
            incidents: Arc::new(incidents),
            chdb,
            _folder: folder,
        })
    }

    /// Lets what runs come to its end.
    pub(crate) async fn close(self) {
        self.chdb.close().await;
    }
}
