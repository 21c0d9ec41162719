//! Measures the embedded log: `cargo run --release --example log_speed -- FOLDER [POSTS]`.
//!
//! Appends posts of 600 bytes in batches of 500, then reads and commits each with one output.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement that stops at the first error")]

use std::time::{Duration, Instant};

use jiff::Timestamp;
use otklik_ports::{Cursor, Log, PartitionPosition, Polled, Record, Retention, Topic};
use otklik_stores::fjall_log::{FjallLog, FjallLogConfig};

const BATCH: usize = 500;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let posts: usize = arguments.next().map_or(500_000, |posts| posts.parse().unwrap());
    let log = FjallLog::open(FjallLogConfig::new(folder)).await.unwrap();
    let now = Timestamp::UNIX_EPOCH;

    let begun = Instant::now();
    for batch in 0..posts / BATCH {
        let cursor = Cursor { source: "file:posts".to_owned(), position: batch.to_string() };
        let records = (0..BATCH).map(|number| post(batch * BATCH + number)).collect();
        log.append(Topic::Posts, records, Some(cursor), now).await.unwrap();
    }
    report("appended", posts, begun.elapsed());

    let begun = Instant::now();
    let mut consumer = log.consumer("group", Topic::Posts).await.unwrap();
    let mut read = 0;
    loop {
        match consumer.poll(BATCH, Duration::ZERO).await.unwrap() {
            Polled::Records { partition, records } => {
                read += records.len();
                let next = PartitionPosition { partition, offset: records.last().unwrap().offset + 1 };
                let output = |record: otklik_ports::StoredRecord| {
                    (
                        Topic::Analysed,
                        Record { region: format!("r{partition}"), key: record.key, payload: record.payload },
                    )
                };
                consumer.commit(next, records.into_iter().map(output).collect(), now).await.unwrap();
            }
            Polled::Idle => break,
            Polled::Assigned(_) | Polled::Revoked(_) => {}
        }
    }
    report("polled and committed", read, begun.elapsed());

    let begun = Instant::now();
    let forgotten = log.forget("region-7", "vk:-1_7").await.unwrap();
    println!("forgot {forgotten} in {:?}", begun.elapsed());
    let begun = Instant::now();
    let trimmed = log.trim(Topic::Posts, Retention { appended_before: Timestamp::MAX, bytes_max: 0 }).await.unwrap();
    report("trimmed", usize::try_from(trimmed).unwrap(), begun.elapsed());
}

/// A post of 600 bytes that does not compress better than text does.
fn post(number: usize) -> Record {
    let mut state = number as u64 + 1;
    let payload = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b"abcdefghijklmnop      otklik.dfg"[(state >> 59) as usize]
    });
    Record {
        region: format!("region-{}", number % 20),
        key: format!("vk:-1_{number}"),
        payload: payload.take(600).collect(),
    }
}

fn report(what: &str, posts: usize, took: Duration) {
    println!("{what} {posts} in {took:?}: {:.0} a second", posts as f64 / took.as_secs_f64());
}
