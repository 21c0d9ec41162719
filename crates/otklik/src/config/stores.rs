//! Stores that run as servers of their own, in place of those in the process.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use otklik_stores::{clickhouse::ClickHouseConfig, postgres::PostgresConfig};
use secrecy::SecretString;
use serde::Deserialize;

/// Incidents, accounts and the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct IncidentsSection {
    /// A PostgreSQL server in place of a SQLite file in the data folder.
    pub(crate) postgres: Option<PostgresSection>,
}

/// Where PostgreSQL is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PostgresSection {
    /// Such as `postgresql://otklik@db/otklik`, without a password.
    pub(crate) url: String,
    /// File with the password, when the server asks for one.
    pub(crate) password_file: Option<PathBuf>,
    /// Connections of this process at most; two more are for locks and changes.
    #[serde(default = "connections")]
    pub(crate) connections: usize,
    /// Longest time of a statement, in seconds.
    #[serde(default = "statement_seconds")]
    pub(crate) statement_seconds: u64,
}

/// Posts and events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct PostsSection {
    /// A ClickHouse server or cluster in place of the engine in process.
    pub(crate) clickhouse: Option<ClickHouseSection>,
}

/// Where ClickHouse is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ClickHouseSection {
    /// Address of its HTTP interface, such as `http://clickhouse:8123`.
    pub(crate) url: String,
    /// The user.
    pub(crate) user: String,
    /// File with the user's password; without it the user has none.
    pub(crate) password_file: Option<PathBuf>,
    /// The database; made when it is not there.
    #[serde(default = "database")]
    pub(crate) database: String,
    /// The cluster the tables are spread over, as `system.clusters` names it; without it they are on that one server.
    pub(crate) cluster: Option<String>,
    /// Memory of a query at most, in megabytes; without it the server's own limit holds.
    pub(crate) query_megabytes: Option<u64>,
    /// Whether to compress what goes over the network.
    #[serde(default = "compression")]
    pub(crate) compression: bool,
}

fn connections() -> usize {
    8
}

fn statement_seconds() -> u64 {
    20
}

fn compression() -> bool {
    true
}

fn database() -> String {
    "otklik".to_owned()
}

impl IncidentsSection {
    /// Refuses what makes no sense.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.postgres.as_ref().map_or(Ok(()), PostgresSection::check)
    }

    /// Paths that start at the folder of the configuration.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.postgres.iter_mut().flat_map(|postgres| &mut postgres.password_file)
    }
}

impl PostsSection {
    /// Paths that start at the folder of the configuration.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.clickhouse.iter_mut().flat_map(|clickhouse| &mut clickhouse.password_file)
    }
}

impl PostgresSection {
    fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=100).contains(&self.connections), "incidents.postgres.connections must be 1 to 100");
        ensure!((1..=300).contains(&self.statement_seconds), "incidents.postgres.statement-seconds must be 1 to 300");
        Ok(())
    }

    /// As the store takes it.
    ///
    /// # Errors
    /// The password file cannot be read.
    pub(crate) fn config(&self) -> anyhow::Result<PostgresConfig> {
        Ok(PostgresConfig {
            url: self.url.clone(),
            password: self.password_file.as_deref().map(password).transpose()?,
            connections: self.connections,
            statement_within: Duration::from_secs(self.statement_seconds),
        })
    }
}

impl ClickHouseSection {
    /// As the store takes it.
    ///
    /// # Errors
    /// The password file cannot be read.
    pub(crate) fn config(&self) -> anyhow::Result<ClickHouseConfig> {
        let password = self.password_file.as_deref().map(password).transpose()?;
        Ok(ClickHouseConfig {
            url: self.url.clone(),
            user: self.user.clone(),
            password: password.unwrap_or_default(),
            database: self.database.clone(),
            compression: self.compression,
            cluster: self.cluster.clone(),
            query_memory_bytes: self.query_megabytes.map(|megabytes| megabytes << 20),
        })
    }
}

/// The first line of a file that is a secret.
pub(super) fn password(path: &Path) -> anyhow::Result<SecretString> {
    let content = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let password = content.lines().next().unwrap_or_default().trim();
    ensure!(!password.is_empty(), "{}: the first line has no password", path.display());
    Ok(SecretString::from(password))
}
