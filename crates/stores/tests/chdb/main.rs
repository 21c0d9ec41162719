//! ClickHouse in process: the port's suite, the endpoint, and what happens to the process and the folder.
//!
//! The engine keeps one folder per process, so the tests here share one engine, each in databases of its own; what needs
//! another process or another folder runs this binary again.
#![cfg(feature = "clickhouse")]
#![allow(clippy::unwrap_used, reason = "test code")]

use std::{
    path::PathBuf,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use otklik_stores::{
    chdb::{Chdb, ChdbConfig, ChdbLimits},
    clickhouse::{ClickHouseConfig, ClickHousePosts},
};
use tokio::runtime::Runtime;

mod cluster;
mod endpoint;
mod library;
mod posts;
mod process;
mod search;

struct Engine {
    runtime: Runtime,
    chdb: Chdb,
    library: PathBuf,
    folder: tempfile::TempDir,
}

static ENGINE: LazyLock<Option<Engine>> = LazyLock::new(|| {
    let library = library::path()?;
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let config =
        ChdbConfig { library: library.clone(), folder: folder.path().to_owned(), limits: ChdbLimits::default() };
    let chdb = runtime.block_on(Chdb::open(config)).unwrap();
    Some(Engine { runtime, chdb, library, folder })
});

/// Runs a test on the shared engine, or says that it was skipped.
fn with_engine(test: impl AsyncFnOnce(&'static Chdb)) {
    if let Some(engine) = ENGINE.as_ref() {
        engine.runtime.block_on(test(&engine.chdb));
    }
}

/// How to reach a database no other test has.
fn new_database(chdb: &Chdb) -> ClickHouseConfig {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    chdb.server(&format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

async fn new_posts(chdb: &Chdb) -> ClickHousePosts {
    ClickHousePosts::open(&new_database(chdb)).await.unwrap()
}
