//! The log in Kafka, on real brokers.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod cluster;
mod forget;
mod kill;
mod one;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use otklik_ports::{Consumer, Log, Polled, Record, StoredRecord, Topic};
use otklik_stores::kafka_log::{KafkaLog, KafkaLogConfig};

/// Longer than a record takes to be read after it was appended.
const MOMENT: Duration = Duration::from_secs(1);
/// Long enough for anything; what has not come by then does not come.
const SOON: Duration = Duration::from_secs(60);

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A log of its own on brokers that others use too, quick to notice who is gone.
fn config(servers: &str) -> KafkaLogConfig {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let prefix = format!("t{}-{}.", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    KafkaLogConfig {
        session: Duration::from_secs(3),
        transaction: Duration::from_secs(10),
        // By the age of the records, which is made up here.
        displaced_after: 100 * YEAR,
        forgotten_within: 200 * YEAR,
        ..KafkaLogConfig::new(servers, prefix)
    }
}

/// A record's number is its key.
fn record(number: u64) -> Record {
    let payload = format!("{{\"number\":{number}}}").into_bytes();
    Record { region: format!("r{}", number % 8), key: number.to_string(), payload }
}

fn number(record: &StoredRecord) -> u64 {
    record.key.parse().unwrap()
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + i64::try_from(second).unwrap()).unwrap()
}

/// Joins and waits for the assignment.
async fn join(log: &KafkaLog, group: &str, topic: Topic) -> Box<dyn Consumer> {
    let mut consumer = log.consumer(group, topic).await.unwrap();
    match consumer.poll(1, SOON).await.unwrap() {
        Polled::Assigned(_) => consumer,
        other => panic!("the first poll brought {other:?}"),
    }
}

/// Every record that can be read, by partition, once `count` or more are there and no more come.
async fn all(log: &KafkaLog, topic: Topic, count: usize) -> BTreeMap<u32, Vec<StoredRecord>> {
    let mut all: BTreeMap<u32, Vec<StoredRecord>> = BTreeMap::new();
    let mut consumer = log.consumer("checker", topic).await.unwrap();
    loop {
        let found = all.values().map(Vec::len).sum::<usize>();
        match consumer.poll(10_000, if found < count { SOON } else { MOMENT }).await.unwrap() {
            Polled::Records { partition, records } => all.entry(partition).or_default().extend(records),
            Polled::Assigned(_) | Polled::Revoked(_) => {}
            Polled::Idle if found < count => panic!("{found} of {count} records of {topic:?} came"),
            Polled::Idle => return all,
        }
    }
}
