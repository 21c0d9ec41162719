//! Incidents, accounts, the outbox and the audit trail in one SQLite file.
//!
//! An incident is a row with a column for each of its fields ([`rows`]): lists filter and sort by most of them, counts
//! of a growing event are written without touching the rest, and whoever opens the file with `sqlite3` can read it. Only
//! its route and clocks, lists that no query looks into, are JSON. The outbox holds whole incidents as the JSON of the
//! log's messages, since that is what goes out and what must not change with the row.
//!
//! Lists and boards stay quick with a million open incidents, because totals come from a [`tally`] kept up with every
//! change, and because each order and each field that can narrow a list has an index ([`list`]).

mod board;
mod connections;
mod desk;
mod failure;
mod filter;
mod incidents;
mod list;
mod migrations;
mod outbox;
mod rows;
mod tally;
mod write;

#[cfg(feature = "postgres")]
use std::path::Path;
use std::{
    fs::{self, File},
    path::PathBuf,
};

use otklik_domain::IncidentId;
use otklik_ports::{ErrorKind, PortError, PortResult};
use tokio::sync::broadcast;

use self::{connections::Connections, failure::Result};

/// Changes a listener may lag behind before it loses the oldest.
const CHANGES_KEPT: usize = 1_024;

/// Where the database is and how much memory it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteConfig {
    /// Its file; its folder is made when it is not there.
    pub path: PathBuf,
    /// Memory for pages, in bytes, for the writer and for each reader.
    pub cache_bytes: u64,
    /// Queries that may run at the same time.
    pub readers: usize,
}

impl SqliteConfig {
    /// A database in a file, with modest limits.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), cache_bytes: 32 << 20, readers: 4 }
    }
}

/// The store of incidents in SQLite. Several processes may have it open at once; each hears of its own changes only.
/// Dropping it waits until what was asked for is written.
pub struct SqliteIncidents {
    connections: Connections,
    changes: broadcast::Sender<IncidentId>,
}

impl SqliteIncidents {
    /// Opens the database or makes an empty one, and migrates it.
    ///
    /// # Errors
    /// `Corrupt` when the file is damaged or not SQLite's, `Rejected` when a newer program has migrated it, `Full` and
    /// `Unavailable` when it cannot be written to. The message names the file.
    pub async fn open(config: SqliteConfig) -> PortResult<Self> {
        let path = config.path.clone();
        let opened = tokio::task::spawn_blocking(move || open(&config)).await;
        let opened = opened.map_err(|error| PortError::caused(ErrorKind::Internal, "the incident database", error))?;
        let connections = opened.map_err(|failure| failure.into_port(&path))?;
        Ok(Self { connections, changes: broadcast::Sender::new(CHANGES_KEPT) })
    }
}

/// Opens a database that is there, to copy it: migrated, and nobody else writes to it as long as the connection lives.
///
/// # Errors
/// As [`SqliteIncidents::open`] has them; `NotFound` without such a file, `Unavailable` when somebody writes to it.
#[cfg(feature = "postgres")]
pub(crate) fn open_to_copy(path: &Path) -> PortResult<rusqlite::Connection> {
    if !path.is_file() {
        let message = format!("there is no incident database {}", path.display());
        return Err(PortError::new(ErrorKind::NotFound, message));
    }
    let opened = || -> Result<rusqlite::Connection> {
        let mut connection = connections::open(path, SqliteConfig::new(path).cache_bytes)?;
        migrations::migrate(&mut connection)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(connection)
    };
    opened().map_err(|failure| failure.into_port(path))
}

fn open(config: &SqliteConfig) -> Result<Connections> {
    if let Some(folder) = config.path.parent() {
        fs::create_dir_all(folder)?;
    }
    let lock = config.path.with_added_extension("migrate.lock");
    let lock = File::options().create(true).truncate(false).write(true).open(lock)?;
    // Two processes that begin together must not both migrate.
    lock.lock()?;
    let mut connection = connections::open(&config.path, config.cache_bytes)?;
    migrations::migrate(&mut connection)?;
    lock.unlock()?;
    connections::settle(&connection)?;
    Connections::start(config, connection)
}
