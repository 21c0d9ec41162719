//! Measures a log: `cargo run --release --example log_speed -- FOLDER|kafka:HOST:PORT[,…] [POSTS]`.
//!
//! Appends posts of 600 bytes in batches of 500, then reads and commits each with one output. On Kafka, where it makes topics
//! of a prefix of their own, also how long it takes to hand partitions over.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement that stops at the first error")]

use std::time::{Duration, Instant};

use jiff::Timestamp;
use otklik_ports::{Cursor, Log, PartitionPosition, Polled, Record, Retention, Topic};
use otklik_stores::{
    fjall_log::{FjallLog, FjallLogConfig},
    kafka_log::{KafkaLog, KafkaLogConfig},
};

const BATCH: usize = 500;
const IDLE: Duration = Duration::from_millis(100);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().unwrap();
    let posts: usize = arguments.next().map_or(500_000, |posts| posts.parse().unwrap());
    match place.strip_prefix("kafka:") {
        None => measure(&FjallLog::open(FjallLogConfig::new(place)).await.unwrap(), posts).await,
        Some(servers) => {
            let config = KafkaLogConfig::new(servers, format!("speed-{:08x}.", rand::random::<u32>()));
            let log = KafkaLog::open(config).await.unwrap();
            measure(&log, posts).await;
            hand_over(&log).await;
        }
    }
}

async fn measure(log: &dyn Log, posts: usize) {
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
    while read < posts / BATCH * BATCH {
        match consumer.poll(BATCH, IDLE).await.unwrap() {
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
            Polled::Idle | Polled::Assigned(_) | Polled::Revoked(_) => {}
        }
    }
    report("polled and committed", read, begun.elapsed());
    drop(consumer);

    let begun = Instant::now();
    let forgotten = log.forget("region-7", "vk:-1_7").await.unwrap();
    println!("forgot {forgotten} in {:?}", begun.elapsed());
    let begun = Instant::now();
    let trimmed = log.trim(Topic::Posts, Retention { appended_before: Timestamp::MAX, bytes_max: 0 }).await.unwrap();
    report("trimmed", usize::try_from(trimmed).unwrap(), begun.elapsed());
}

/// Lets a second member join a group and leave it again.
async fn hand_over(log: &KafkaLog) {
    let mut first = log.consumer("moving", Topic::Analysed).await.unwrap();
    while !matches!(first.poll(1, IDLE).await.unwrap(), Polled::Assigned(_)) {}
    let begun = Instant::now();
    let mut second = log.consumer("moving", Topic::Analysed).await.unwrap();
    loop {
        let (own, others) = tokio::join!(first.poll(100, IDLE), second.poll(100, IDLE));
        own.unwrap();
        if matches!(others.unwrap(), Polled::Assigned(partitions) if !partitions.is_empty()) {
            break;
        }
    }
    println!("a member that joins has its partitions after {:?}", begun.elapsed());
    let begun = Instant::now();
    drop(second);
    while !matches!(first.poll(100, IDLE).await.unwrap(), Polled::Assigned(partitions) if !partitions.is_empty()) {}
    println!("those of a member that leaves are handed over after {:?}", begun.elapsed());
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
