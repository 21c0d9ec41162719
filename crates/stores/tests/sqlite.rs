//! Incidents in SQLite: conformance, and what happens to the file.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use otklik_ports::conformance;
use otklik_stores::sqlite::{SqliteConfig, SqliteIncidents};

#[tokio::test]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    conformance::incidents::suite(async || {
        let folder = tempfile::tempdir_in(&folder).unwrap().keep();
        SqliteIncidents::open(SqliteConfig::new(folder.join("incidents.db"))).await.unwrap()
    })
    .await;
}
