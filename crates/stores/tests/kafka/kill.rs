//! The log in Kafka while a process that works on it is killed: nothing acknowledged is missing, outputs and positions
//! agree.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use otklik_ports::{Cursor, Log, PartitionPosition, Polled, Topic};
use otklik_stores::kafka_log::{KafkaLog, KafkaLogConfig};

use super::{SOON, all, at, cluster::Cluster, config, number, record};

const SERVERS_VARIABLE: &str = "OTKLIK_TEST_KILL_KAFKA";
const PREFIX_VARIABLE: &str = "OTKLIK_TEST_KILL_PREFIX";
const ROUNDS: usize = 6;
const BATCH: u64 = 20;

/// What the children said is done.
#[derive(Debug, Default)]
struct Acknowledged {
    appended: u64,
    committed: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_kills() {
    let Some(cluster) = Cluster::shared() else { return };
    let config = config(&cluster.servers);
    let log = KafkaLog::open(config.clone()).await.unwrap();
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        // Killed after another number of its works each time, from the very first on.
        run_child_for(1 + round * 13, &config, &mut acknowledged);
    }
    check(&log, &acknowledged).await;
}

fn run_child_for(works: usize, config: &KafkaLogConfig, acknowledged: &mut Acknowledged) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child_works_until_killed", "--nocapture"])
        .env(SERVERS_VARIABLE, &config.brokers)
        .env(PREFIX_VARIABLE, &config.prefix)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut appended = 0;
    let mut done = 0;
    for line in lines {
        match line.split_once(' ') {
            Some(("appended", count)) => appended = count.parse().unwrap(),
            Some(("committed", count)) => {
                acknowledged.committed += count.parse::<u64>().unwrap();
                done += 1;
            }
            _ => {}
        }
        // What it says between the kill and its end is read all the same.
        if done == works {
            child.kill().unwrap();
        }
    }
    assert!(done >= works, "the child ended by itself: {:?}", child.wait());
    child.wait().unwrap();
    acknowledged.appended = acknowledged.appended.max(appended);
}

async fn check(log: &KafkaLog, acknowledged: &Acknowledged) {
    // A transaction left open by the last child is undone when its time is over, by which everything can be read.
    let mut worker = log.consumer("worker", Topic::Posts).await.unwrap();
    while !matches!(worker.poll(1, SOON).await.unwrap(), Polled::Assigned(positions) if !positions.is_empty()) {}
    drop(worker);
    let cursor = log.cursor("numbers").await.unwrap();
    let appended: u64 = cursor.map_or(0, |position| position.parse().unwrap());
    assert!(appended >= acknowledged.appended, "{appended} of {acknowledged:?}");
    let posts = all(log, Topic::Posts, usize::try_from(appended).unwrap()).await;
    let mut numbers: Vec<u64> = posts.values().flatten().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..appended).collect::<Vec<_>>(), "the cursor and the records agree");

    // What was committed, and nothing else, has come out, once and in order.
    let outputs = all(log, Topic::Analysed, usize::try_from(acknowledged.committed).unwrap()).await;
    let mut committed = 0;
    for lag in log.lag("worker", Topic::Posts).await.unwrap() {
        let done: Vec<u64> = outputs.get(&lag.partition).into_iter().flatten().map(number).collect();
        let read = posts.get(&lag.partition).into_iter().flatten().filter(|record| record.offset < lag.committed);
        assert_eq!(done, read.map(number).collect::<Vec<u64>>(), "an output for each record committed");
        committed += done.len() as u64;
    }
    assert!(committed >= acknowledged.committed, "{committed} of {acknowledged:?}");
}

/// Not a test of its own: what `survives_kills` runs and kills. Without brokers there is nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_works_until_killed() {
    let given = |name| std::env::var_os(name).and_then(|value| value.into_string().ok());
    let (Some(servers), Some(prefix)) = (given(SERVERS_VARIABLE), given(PREFIX_VARIABLE)) else { return };
    let config = KafkaLogConfig { prefix, member: Some("child".to_owned()), ..config(&servers) };
    let log = KafkaLog::open(config).await.unwrap();
    let next = log.cursor("numbers").await.unwrap().map_or(0, |position| position.parse().unwrap());
    tokio::join!(append_for_ever(&log, next), work_for_ever(&log));
}

fn say(what: &str, count: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what} {count}").unwrap();
    out.flush().unwrap();
}

async fn append_for_ever(log: &KafkaLog, mut next: u64) {
    loop {
        let records = (next..next + BATCH).map(record).collect();
        next += BATCH;
        let cursor = Cursor { source: "numbers".to_owned(), position: next.to_string() };
        log.append(Topic::Posts, records, Some(cursor), at(next)).await.unwrap();
        say("appended", next);
    }
}

async fn work_for_ever(log: &KafkaLog) {
    let mut consumer = log.consumer("worker", Topic::Posts).await.unwrap();
    loop {
        if let Polled::Records { partition, records } = consumer.poll(7, SOON).await.unwrap() {
            let next = PartitionPosition { partition, offset: records.last().unwrap().offset + 1 };
            let outputs = records.iter().map(|post| (Topic::Analysed, record(number(post)))).collect();
            consumer.commit(next, outputs, at(number(&records[0]))).await.unwrap();
            say("committed", records.len() as u64);
        }
    }
}
