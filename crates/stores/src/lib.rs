//! Adapters of the stores and the log.
//!
//! Each heavy engine is behind a cargo feature of its name; all are on by default.

#[cfg(feature = "clickhouse")]
pub mod chdb;
#[cfg(feature = "clickhouse")]
pub mod clickhouse;
#[cfg(feature = "embedded-log")]
pub mod fjall_log;
#[cfg(feature = "kafka")]
pub mod kafka_log;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod snapshots_file;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "tantivy")]
pub mod tantivy;
