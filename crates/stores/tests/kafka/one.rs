//! One broker: conformance, transactions that do not go through, groups that are split anew.

use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

use otklik_ports::{
    ErrorKind, Log, PartitionPosition, Polled, Record, Topic,
    conformance::{self, log::Traits},
};
use otklik_stores::kafka_log::{KafkaLog, KafkaLogConfig};

use super::{MOMENT, SOON, all, at, cluster::Cluster, config, join, number, record};

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let Some(cluster) = Cluster::shared() else { return };
    let traits = Traits { moment: MOMENT, counts_exactly: false, shows_at_once: false };
    conformance::log::suite_of(traits, async || KafkaLog::open(config(&cluster.servers)).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_of_partitions_is_refused() {
    let Some(cluster) = Cluster::shared() else { return };
    let config = config(&cluster.servers);
    drop(KafkaLog::open(config.clone()).await.unwrap());
    let other = KafkaLogConfig { partitions: 7, ..config.clone() };
    let error = KafkaLog::open(other).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Rejected);
    let expected = format!(
        "the topic {}posts in Kafka at {} has 4 partitions, the configuration says 7: set log.partitions to 4; another \
         number needs topics of another prefix",
        config.prefix, config.brokers
    );
    assert_eq!(error.to_string(), expected);
    KafkaLog::open(config).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_is_told() {
    let mut config = KafkaLogConfig::new("127.0.0.1:1", "t.");
    config.answer_within = Duration::from_secs(1);
    let error = KafkaLog::open(config).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.to_string().starts_with("the log in Kafka at 127.0.0.1:1 could not be given its topics"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_hear_each_other() {
    let Some(cluster) = Cluster::shared() else { return };
    let config = config(&cluster.servers);
    let (a, b) = (KafkaLog::open(config.clone()).await.unwrap(), KafkaLog::open(config.clone()).await.unwrap());
    for number in 0..5 {
        let word = format!("word {number}");
        for (speaker, listener, member) in [(&a, &b, "a"), (&b, &a, "b")] {
            speaker.say(member, Some(word.clone())).await.unwrap();
            assert_eq!(listener.said().await.unwrap().get(member), Some(&word));
        }
    }
    drop(a);
    b.say("a", None).await.unwrap();
    let later = KafkaLog::open(config).await.unwrap();
    assert_eq!(later.said().await.unwrap().into_keys().collect::<Vec<_>>(), ["b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_refused_batch_is_there() {
    let Some(cluster) = Cluster::shared() else { return };
    let log = KafkaLog::open(config(&cluster.servers)).await.unwrap();
    let large = Record { payload: vec![b'x'; (16 << 20) + 1], ..record(1) };
    let error = log.append(Topic::Posts, vec![record(0), large.clone()], None, at(0)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
    assert!(!error.to_string().contains("xxx"), "no payload in an error");
    log.append(Topic::Posts, vec![record(2)], None, at(0)).await.unwrap();
    let mut consumer = join(&log, "g", Topic::Posts).await;
    let Polled::Records { partition, records } = consumer.poll(10, SOON).await.unwrap() else { panic!() };
    assert_eq!(records.iter().map(number).collect::<Vec<_>>(), [2]);
    let next = PartitionPosition { partition, offset: records[0].offset + 1 };
    let outputs = vec![(Topic::Analysed, record(2)), (Topic::Analysed, large)];
    assert_eq!(consumer.commit(next, outputs, at(1)).await.unwrap_err().kind, ErrorKind::Rejected);
    consumer.commit(next, vec![(Topic::Analysed, record(3))], at(1)).await.unwrap();
    let outputs = all(&log, Topic::Analysed, 1).await;
    assert_eq!(outputs.values().flatten().map(number).collect::<Vec<_>>(), [3]);
}

/// A poll whose caller gave up loses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_poll_may_be_given_up() {
    let Some(cluster) = Cluster::shared() else { return };
    let log = KafkaLog::open(config(&cluster.servers)).await.unwrap();
    let mut consumer = join(&log, "g", Topic::Posts).await;
    let mut seen = BTreeSet::new();
    for batch in 0..20 {
        let append = log.append(Topic::Posts, (batch * 10..batch * 10 + 10).map(record).collect(), None, at(0));
        // Whichever is first; the poll mostly has something under way when it is dropped.
        tokio::select! {
            polled = consumer.poll(3, SOON) => {
                if let Polled::Records { records, .. } = polled.unwrap() {
                    seen.extend(records.iter().map(number));
                }
            }
            appended = append => appended.unwrap(),
        }
    }
    let appended: BTreeSet<u64> = all(&log, Topic::Posts, 1).await.values().flatten().map(number).collect();
    while seen.len() < appended.len() {
        let Polled::Records { records, .. } = consumer.poll(50, SOON).await.unwrap() else { panic!("{seen:?}") };
        for record in &records {
            assert!(seen.insert(number(record)), "{} came twice", record.key);
        }
    }
    assert_eq!(seen, appended);
}

/// Members come and go while records are handled; each record is handled once.
#[tokio::test(flavor = "multi_thread")]
async fn rebalances_lose_nothing_and_double_nothing() {
    const RECORDS: u64 = 4_000;
    let Some(cluster) = Cluster::shared() else { return };
    let log = std::sync::Arc::new(KafkaLog::open(config(&cluster.servers)).await.unwrap());
    for batch in 0..RECORDS / 500 {
        let records = (batch * 500..batch * 500 + 500).map(record).collect();
        log.append(Topic::Posts, records, None, at(0)).await.unwrap();
    }
    let committed = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let worker = |records_max: u64| {
        let (log, committed) = (std::sync::Arc::clone(&log), std::sync::Arc::clone(&committed));
        tokio::spawn(async move {
            let mut consumer = log.consumer("worker", Topic::Posts).await.unwrap();
            let mut own = 0;
            while own < records_max && committed.load(Ordering::SeqCst) < RECORDS {
                let Polled::Records { partition, records } = consumer.poll(20, MOMENT).await.unwrap() else { continue };
                let next = PartitionPosition { partition, offset: records.last().unwrap().offset + 1 };
                let outputs = records.iter().map(|post| (Topic::Analysed, record(number(post)))).collect();
                match consumer.commit(next, outputs, at(1)).await {
                    Ok(()) => {
                        own += records.len() as u64;
                        committed.fetch_add(records.len() as u64, Ordering::SeqCst);
                    }
                    Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error}"),
                }
            }
        })
    };
    // One works all the time, others join it, do some records and leave.
    let steady = worker(u64::MAX);
    for _ in 0..4 {
        worker(300).await.unwrap();
    }
    steady.await.unwrap();
    let outputs = all(&log, Topic::Analysed, usize::try_from(RECORDS).unwrap()).await;
    for records in outputs.values() {
        // A region's records keep their order.
        for region in 0..8 {
            let own: Vec<u64> = records.iter().map(number).filter(|number| number % 8 == region).collect();
            assert!(own.is_sorted_by(|a, b| a < b), "region {region}: {own:?}");
        }
    }
    let mut numbers: Vec<u64> = outputs.values().flatten().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..RECORDS).collect::<Vec<_>>());
}
