//! The embedded log when a write fails half-way: the engine stops, is opened anew, and nothing is lost or there by halves.
#![cfg(all(feature = "embedded-log", unix))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{path::Path, process::Command};

use jiff::Timestamp;
use otklik_ports::{Cursor, ErrorKind, Log, Record, Topic};
use otklik_stores::fjall_log::{FjallLog, FjallLogConfig};

const FOLDER_VARIABLE: &str = "OTKLIK_TEST_FULL_FOLDER";
/// Far more than the files may hold.
const BATCHES_MAX: usize = 400;

/// Buffers so large that the journal is the file that grows.
fn config(folder: &Path) -> FjallLogConfig {
    FjallLogConfig { write_buffer_bytes: 512 << 20, free_bytes_min: 0, ..FjallLogConfig::new(folder) }
}

async fn append(log: &FjallLog, batch: usize) -> otklik_ports::PortResult<()> {
    let records = (0..100).map(|number| Record {
        region: format!("r{}", number % 8),
        key: format!("{batch}/{number}"),
        payload: vec![u8::try_from(batch % 256).unwrap(); 4_000],
    });
    let cursor = Cursor { source: "batches".to_owned(), position: (batch + 1).to_string() };
    log.append(Topic::Posts, records.collect(), Some(cursor), Timestamp::UNIX_EPOCH).await
}

/// Batches by the cursor, and by the records.
async fn batches(log: &FjallLog) -> (usize, usize) {
    let cursor = log.cursor("batches").await.unwrap().map_or(0, |position| position.parse().unwrap());
    let records: u64 = log.lag("none", Topic::Posts).await.unwrap().iter().map(|lag| lag.end).sum();
    (cursor, usize::try_from(records).unwrap() / 100)
}

#[tokio::test]
async fn a_write_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // A limit on the size of files fails like a full disk, and needs no disk of its own. Shells count it in blocks of 512
    // or of 1,024 bytes: 65 MiB or twice as much, more than the 64 MiB a journal begins with.
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 133120; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child_writes_until_it_cannot"])
        .env(FOLDER_VARIABLE, folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "see the output of the child above");

    let log = FjallLog::open(config(folder.path())).await.unwrap();
    let (cursor, records) = batches(&log).await;
    assert!(cursor > 100 && cursor == records, "{cursor} by the cursor, {records} by the records");
    append(&log, cursor).await.unwrap();
    assert_eq!(batches(&log).await, (cursor + 1, cursor + 1), "it goes on when there is room");
}

/// Not a test of its own: what the test above runs. Without a folder there is nothing to do.
#[tokio::test]
async fn child_writes_until_it_cannot() {
    let Some(folder) = std::env::var_os(FOLDER_VARIABLE) else { return };
    let log = FjallLog::open(config(Path::new(&folder))).await.unwrap();
    let mut done = 0;
    let error = loop {
        assert!(done < BATCHES_MAX, "no limit was met");
        match append(&log, done).await {
            Ok(()) => done += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind, ErrorKind::Full, "{error}: {:?}", error.source);
    assert_eq!(batches(&log).await, (done, done), "nothing lost, nothing there by halves");
    assert_eq!(append(&log, done).await.unwrap_err().kind, ErrorKind::Full, "and again");
    assert_eq!(batches(&log).await, (done, done));
}
