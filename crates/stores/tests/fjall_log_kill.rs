//! The embedded log under kill -9: nothing acknowledged is missing, outputs and offsets agree.
#![cfg(feature = "embedded-log")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use jiff::Timestamp;
use otklik_ports::{Consumer, Cursor, Log, PartitionPosition, Polled, Record, Retention, StoredRecord, Topic};
use otklik_stores::fjall_log::{FjallLog, FjallLogConfig};

const FOLDER_VARIABLE: &str = "OTKLIK_TEST_KILL_FOLDER";
const ROUNDS: u64 = 40;
const BATCH: u64 = 20;

/// Small buffers and segments, so that kills also meet flushes, compactions and segments that come and go.
fn config(folder: &Path) -> FjallLogConfig {
    FjallLogConfig {
        write_buffer_bytes: 1 << 20,
        segment_seconds: 500,
        free_bytes_min: 0,
        ..FjallLogConfig::new(folder)
    }
}

/// A record's number is its time and its key.
fn record(number: u64) -> Record {
    Record { region: format!("r{}", number % 8), key: number.to_string(), payload: vec![b'x'; 600] }
}

fn at(number: u64) -> Timestamp {
    Timestamp::from_second(i64::try_from(number).unwrap()).unwrap()
}

fn number(record: &StoredRecord) -> u64 {
    record.key.parse().unwrap()
}

#[tokio::test]
async fn survives_kills() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        // From before the child has begun to write until long after.
        let wait = Duration::from_millis(round * 37 % 400);
        run_child_for(wait, folder.path(), &mut acknowledged);
        let log = FjallLog::open(config(folder.path())).await.unwrap();
        check(&log, &acknowledged, round).await;
    }
    assert!(acknowledged.appended > 100 && acknowledged.committed > 100, "the child did its work: {acknowledged:?}");
}

/// What the children said is done.
#[derive(Debug, Default)]
struct Acknowledged {
    appended: u64,
    committed: u64,
}

fn run_child_for(wait: Duration, folder: &Path, acknowledged: &mut Acknowledged) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_works_until_killed", "--nocapture"])
        .env(FOLDER_VARIABLE, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (ready, begun) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut acknowledged = Acknowledged::default();
        for line in lines.map_while(Result::ok) {
            match line.split_once(' ') {
                Some(("appended", count)) => acknowledged.appended = count.parse().unwrap(),
                Some(("committed", count)) => acknowledged.committed += count.parse::<u64>().unwrap(),
                _ => {}
            }
            ready.send(()).ok();
        }
        acknowledged
    });
    // The first lines come from the test harness, before the log is opened.
    begun.recv_timeout(Duration::from_secs(60)).unwrap();
    thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    let said = reader.join().unwrap();
    acknowledged.appended = acknowledged.appended.max(said.appended);
    acknowledged.committed += said.committed;
}

async fn check(log: &FjallLog, acknowledged: &Acknowledged, round: u64) {
    let cursor = log.cursor("numbers").await.unwrap();
    let appended: u64 = cursor.map_or(0, |position| position.parse().unwrap());
    assert!(appended >= acknowledged.appended, "round {round}: {appended} of {acknowledged:?}");

    let posts = all(log, Topic::Posts).await;
    let trimmed = log.lag("none", Topic::Posts).await.unwrap().iter().map(|lag| lag.committed).sum::<u64>();
    let kept: u64 = posts.values().map(|records| records.len() as u64).sum();
    assert_eq!(kept + trimmed, appended, "round {round}: the cursor and the records agree");

    // What was committed, and nothing else, has come out, once and in order.
    let outputs = all(log, Topic::Analysed).await;
    let mut committed = 0;
    for lag in log.lag("worker", Topic::Posts).await.unwrap() {
        let done: Vec<u64> = outputs.get(&lag.partition).into_iter().flatten().map(number).collect();
        assert_eq!(done.len() as u64, lag.committed, "round {round}: an output for each offset committed");
        assert!(done.is_sorted_by(|a, b| a < b), "round {round}: once and in order");
        let read = posts.get(&lag.partition).into_iter().flatten().filter(|record| record.offset < lag.committed);
        assert!(done.ends_with(&read.map(number).collect::<Vec<u64>>()), "round {round}: outputs of what was read");
        committed += lag.committed;
    }
    assert!(committed >= acknowledged.committed, "round {round}: {committed} of {acknowledged:?}");
}

/// Every record kept, by partition.
async fn all(log: &FjallLog, topic: Topic) -> BTreeMap<u32, Vec<StoredRecord>> {
    let mut all: BTreeMap<u32, Vec<StoredRecord>> = BTreeMap::new();
    let mut consumer = log.consumer("checker", topic).await.unwrap();
    loop {
        match consumer.poll(10_000, Duration::ZERO).await.unwrap() {
            Polled::Records { partition, records } => all.entry(partition).or_default().extend(records),
            Polled::Idle => return all,
            Polled::Assigned(_) | Polled::Revoked(_) => {}
        }
    }
}

/// Not a test of its own: what `survives_kills` runs and kills. Without a folder there is nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_works_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER_VARIABLE) else { return };
    let log = FjallLog::open(config(Path::new(&folder))).await.unwrap();
    let next = log.cursor("numbers").await.unwrap().map_or(0, |position| position.parse().unwrap());
    let consumer = log.consumer("worker", Topic::Posts).await.unwrap();
    tokio::join!(append_for_ever(&log, next), work_for_ever(consumer), trim_for_ever(&log));
}

fn say(what: &str, count: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what} {count}").unwrap();
    out.flush().unwrap();
}

async fn append_for_ever(log: &FjallLog, mut next: u64) {
    loop {
        let records = (next..next + BATCH).map(record).collect();
        next += BATCH;
        let cursor = Cursor { source: "numbers".to_owned(), position: next.to_string() };
        log.append(Topic::Posts, records, Some(cursor), at(next)).await.unwrap();
        say("appended", next);
    }
}

async fn work_for_ever(mut consumer: Box<dyn Consumer>) {
    loop {
        if let Polled::Records { partition, records } = consumer.poll(7, Duration::from_secs(1)).await.unwrap() {
            let next = PartitionPosition { partition, offset: records.last().unwrap().offset + 1 };
            let outputs = records.iter().map(|post| (Topic::Analysed, record(number(post)))).collect();
            consumer.commit(next, outputs, at(number(&records[0]))).await.unwrap();
            say("committed", records.len() as u64);
        }
    }
}

async fn trim_for_ever(log: &FjallLog) {
    loop {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let retention = Retention { appended_before: Timestamp::MIN, bytes_max: 50_000 };
        log.trim(Topic::Posts, retention).await.unwrap();
    }
}
