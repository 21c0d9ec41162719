//! The embedded log: conformance, and what happens to its files.
#![cfg(feature = "embedded-log")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{fs, path::Path, time::Duration};

use jiff::Timestamp;
use otklik_ports::{
    Consumer, Cursor, ErrorKind, Log, PartitionPosition, Polled, Record, Retention, StoredRecord, Topic, conformance,
};
use otklik_stores::fjall_log::{FjallLog, FjallLogConfig};

fn config(folder: &Path) -> FjallLogConfig {
    // The disk of a build machine may be nearly full; what happens then has a case of its own.
    FjallLogConfig { free_bytes_min: 0, ..FjallLogConfig::new(folder) }
}

async fn open(folder: &Path) -> FjallLog {
    FjallLog::open(config(folder)).await.unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn record(region: &str, number: usize) -> Record {
    let payload = format!("{{\"number\":{number}}}").into_bytes();
    Record { region: region.to_owned(), key: number.to_string(), payload }
}

async fn join(log: &FjallLog, group: &str, topic: Topic) -> Box<dyn Consumer> {
    let mut consumer = log.consumer(group, topic).await.unwrap();
    assert!(matches!(consumer.poll(1, Duration::ZERO).await.unwrap(), Polled::Assigned(_)));
    consumer
}

async fn drain(consumer: &mut dyn Consumer) -> Vec<(u32, StoredRecord)> {
    let mut all = Vec::new();
    while let Polled::Records { partition, records } = consumer.poll(1_000, Duration::ZERO).await.unwrap() {
        all.extend(records.into_iter().map(|record| (partition, record)));
    }
    all
}

#[tokio::test]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    conformance::log::suite(async || open(&tempfile::tempdir_in(&folder).unwrap().keep()).await).await;
}

/// With segments so small that every batch begins one.
#[tokio::test]
async fn conforms_in_many_segments() {
    let folder = tempfile::tempdir().unwrap();
    conformance::log::suite(async || {
        let folder = tempfile::tempdir_in(&folder).unwrap().keep();
        let config = FjallLogConfig { segment_seconds: 0, partitions: 3, ..config(&folder) };
        FjallLog::open(config).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = FjallLog::open(FjallLogConfig { partitions: 7, ..config(folder.path()) }).await.unwrap();
    let cursor = Cursor { source: "file:a".to_owned(), position: "100".to_owned() };
    let records = (0..100).map(|number| record(&format!("r{}", number % 10), number)).collect();
    log.append(Topic::Posts, records, Some(cursor), at(0)).await.unwrap();
    let mut consumer = join(&log, "g", Topic::Posts).await;
    let Polled::Records { partition, records } = consumer.poll(5, Duration::ZERO).await.unwrap() else { panic!() };
    let next = PartitionPosition { partition, offset: records.last().unwrap().offset + 1 };
    consumer.commit(next, vec![(Topic::Analysed, record("r1", 1))], at(1)).await.unwrap();
    let lag = log.lag("g", Topic::Posts).await.unwrap();
    assert_eq!(log.forget("r3", "13").await.unwrap(), 1);
    drop(consumer);
    drop(log);

    let log = open(folder.path()).await;
    assert_eq!(log.partitions(), 7, "the number it was made with");
    assert_eq!(log.cursor("file:a").await.unwrap().as_deref(), Some("100"));
    assert_eq!(log.lag("g", Topic::Posts).await.unwrap(), lag);
    let all = drain(join(&log, "other", Topic::Posts).await.as_mut()).await;
    assert_eq!(all.len(), 100);
    assert_eq!(all.iter().filter(|(_, record)| record.payload.is_empty()).count(), 1);
    assert_eq!(drain(join(&log, "g", Topic::Analysed).await.as_mut()).await.len(), 1);
    log.append(Topic::Posts, vec![record("r1", 100)], None, at(2)).await.unwrap();
    assert_eq!(drain(join(&log, "third", Topic::Posts).await.as_mut()).await.len(), 101);
}

#[tokio::test]
async fn trimmed_segments_leave_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let config = FjallLogConfig { segment_seconds: 60, ..config(folder.path()) };
    let log = FjallLog::open(config.clone()).await.unwrap();
    let keyspaces = || fs::read_dir(folder.path().join("data/keyspaces")).unwrap().count();
    let empty = keyspaces();
    for minute in 0..10 {
        let records = (0..50).map(|number| record(&format!("r{number}"), number)).collect();
        log.append(Topic::Posts, records, None, at(minute * 60)).await.unwrap();
    }
    assert_eq!(keyspaces() - empty, 20, "records and keys of ten segments");
    let older_than = |second| Retention { appended_before: at(second), bytes_max: u64::MAX };
    assert_eq!(log.trim(Topic::Posts, older_than(300)).await.unwrap(), 250);
    assert_eq!(drain(join(&log, "g", Topic::Posts).await.as_mut()).await.len(), 250);
    drop(log);
    let log = FjallLog::open(config.clone()).await.unwrap();
    assert_eq!(keyspaces() - empty, 10);
    assert_eq!(drain(join(&log, "g", Topic::Posts).await.as_mut()).await.len(), 250);
    assert_eq!(log.trim(Topic::Posts, older_than(1_000)).await.unwrap(), 250);
    drop(log);
    let log = FjallLog::open(config.clone()).await.unwrap();
    assert_eq!(keyspaces() - empty, 2, "the newest segment stays until the next begins");
    log.append(Topic::Posts, vec![record("r1", 0)], None, at(2_000)).await.unwrap();
    let left = drain(join(&log, "g", Topic::Posts).await.as_mut()).await;
    assert_eq!(left.len(), 1);
    assert!(left[0].1.offset >= 10, "offsets go on: {}", left[0].1.offset);
    assert_eq!(log.trim(Topic::Posts, older_than(2_000)).await.unwrap(), 0);
    log.append(Topic::Grouped, vec![record("r1", 0)], None, at(2_000)).await.unwrap();
    assert_eq!(log.trim(Topic::Posts, older_than(3_000)).await.unwrap(), 1);
    drop(log);
    let log = FjallLog::open(config).await.unwrap();
    assert_eq!(keyspaces() - empty, 2, "one of another topic is newer");
    assert_eq!(drain(join(&log, "g", Topic::Grouped).await.as_mut()).await.len(), 1);
}

#[tokio::test]
async fn a_second_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await;
    let error = FjallLog::open(config(folder.path())).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(error.to_string(), format!("the log at {} is in use by another process", folder.path().display()));
    drop(log);
    open(folder.path()).await;
}

#[tokio::test]
async fn nothing_is_appended_without_room() {
    let folder = tempfile::tempdir().unwrap();
    let cursor = |position: &str| Some(Cursor { source: "s".to_owned(), position: position.to_owned() });
    let log = open(folder.path()).await;
    log.append(Topic::Posts, vec![record("r", 0)], cursor("0"), at(0)).await.unwrap();
    drop(log);

    let full = FjallLogConfig { free_bytes_min: u64::MAX, ..config(folder.path()) };
    let log = FjallLog::open(full).await.unwrap();
    let error = log.append(Topic::Posts, vec![record("r", 1)], cursor("1"), at(0)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Full, "{error}");
    let mut consumer = join(&log, "g", Topic::Posts).await;
    let Polled::Records { partition, records } = consumer.poll(5, Duration::ZERO).await.unwrap() else { panic!() };
    let next = PartitionPosition { partition, offset: records[0].offset + 1 };
    let error = consumer.commit(next, vec![(Topic::Analysed, record("r", 0))], at(1)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Full, "{error}");
    assert_eq!(log.lag("g", Topic::Posts).await.unwrap()[0].committed, 0, "nothing was committed");
    consumer.commit(next, vec![], at(1)).await.unwrap();
    let everything = Retention { appended_before: at(100), bytes_max: 0 };
    assert_eq!(log.trim(Topic::Posts, everything).await.unwrap(), 1, "what makes room still works");
    drop((consumer, log));

    let log = open(folder.path()).await;
    assert_eq!(log.cursor("s").await.unwrap().as_deref(), Some("0"));
    log.append(Topic::Posts, vec![record("r", 1)], cursor("1"), at(0)).await.unwrap();
    assert_eq!(drain(join(&log, "g", Topic::Posts).await.as_mut()).await.len(), 1, "and goes on when there is room");
}

#[tokio::test]
async fn refuses_what_is_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await;
    let large = Record { payload: vec![0; (16 << 20) + 1], ..record("r", 0) };
    let named = Record { key: "k".repeat(5_000), ..record("r", 0) };
    for bad in [large, named] {
        let error = log.append(Topic::Posts, vec![record("r", 1), bad], None, at(0)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
    }
    assert_eq!(log.lag("g", Topic::Posts).await.unwrap(), []);
}

#[tokio::test]
async fn damaged_files_are_told_with_their_place() {
    /// Spoils every file below a folder that `wanted` names; says whether there was one.
    fn spoil(folder: &Path, wanted: fn(&str) -> bool, change: fn(&mut Vec<u8>)) -> bool {
        let mut found = false;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found |= spoil(&path, wanted, change);
            } else if wanted(path.to_str().unwrap()) {
                let mut bytes = fs::read(&path).unwrap();
                change(&mut bytes);
                fs::write(&path, bytes).unwrap();
                found = true;
            }
        }
        found
    }

    let check = async |what: &str, wanted: fn(&str) -> bool, change: fn(&mut Vec<u8>)| {
        let folder = tempfile::tempdir().unwrap();
        // Buffers so small that tables are written.
        let config = FjallLogConfig { write_buffer_bytes: 1 << 20, ..config(folder.path()) };
        let log = FjallLog::open(config.clone()).await.unwrap();
        for batch in 0..40_usize {
            let large = |number| Record { payload: vec![b'x'; 1_000], ..record("r", batch * 200 + number) };
            log.append(Topic::Posts, (0..200).map(large).collect(), None, at(0)).await.unwrap();
        }
        drop(log);
        assert!(spoil(folder.path(), wanted, change), "{what}: nothing to spoil");
        let read = async {
            let log = FjallLog::open(config).await?;
            let mut consumer = log.consumer("g", Topic::Posts).await?;
            loop {
                if let Polled::Idle = consumer.poll(1_000, Duration::ZERO).await? {
                    return Ok::<(), otklik_ports::PortError>(());
                }
            }
        };
        let error = read.await.expect_err(what);
        assert_eq!(error.kind, ErrorKind::Corrupt, "{what}: {error}");
        assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{what}: {error}");
    };
    check("version", |path| path.ends_with("data/version"), |bytes| bytes.fill(7)).await;
    check("journal", |path| path.ends_with(".jnl"), |bytes| bytes[300] ^= 0xff).await;
    check(
        "tables",
        |path| path.contains("/tables/"),
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[..middle].fill(0x5a);
        },
    )
    .await;
    check("empty tables", |path| path.contains("/tables/"), Vec::clear).await;
}
