//! A stage that its group has shut out joins again and goes on where it was.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use otklik_ports::{Cursor, FixedClock, Lag, Retention, memory::MemoryLog};

use super::*;

const RECORDS: u64 = 40;

/// Hands every record on.
struct HandOn;

#[async_trait]
impl Stage for HandOn {
    fn name(&self) -> &'static str {
        "hand-on"
    }

    fn input(&self) -> Topic {
        Topic::Posts
    }

    async fn handle(&mut self, batch: Batch<'_>) -> PortResult<Handled> {
        let mut handled = Handled::default();
        for record in batch.records {
            let output = Record { region: "r".to_owned(), key: record.key.clone(), payload: record.payload.clone() };
            handled.outputs.push((Topic::Analysed, output));
            count(&mut handled.counts, Outcome::Done);
        }
        Ok(handled)
    }
}

/// A log whose group shuts each consumer out at its fourth poll.
struct ShuttingOut {
    log: MemoryLog,
    joined: AtomicU32,
}

struct ShutOut {
    consumer: Box<dyn Consumer>,
    polls: u32,
}

#[async_trait]
impl Consumer for ShutOut {
    async fn poll(&mut self, max: usize, _wait: Duration) -> PortResult<Polled> {
        self.polls += 1;
        match self.polls {
            4.. => Err(PortError::new(ErrorKind::Conflict, "another member of this name")),
            _ => self.consumer.poll(max, Duration::ZERO).await,
        }
    }

    async fn commit(&mut self, next: PartitionPosition, outputs: Vec<Output>, now: Timestamp) -> PortResult<()> {
        self.consumer.commit(next, outputs, now).await
    }

    async fn seek(&mut self, to: PartitionPosition) -> PortResult<()> {
        self.consumer.seek(to).await
    }
}

#[async_trait]
impl Log for ShuttingOut {
    async fn append(
        &self,
        topic: Topic,
        records: Vec<Record>,
        cursor: Option<Cursor>,
        now: Timestamp,
    ) -> PortResult<()> {
        self.log.append(topic, records, cursor, now).await
    }

    async fn cursor(&self, source: &str) -> PortResult<Option<String>> {
        self.log.cursor(source).await
    }

    async fn consumer(&self, group: &str, topic: Topic) -> PortResult<Box<dyn Consumer>> {
        self.joined.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(ShutOut { consumer: self.log.consumer(group, topic).await?, polls: 0 }))
    }

    async fn lag(&self, group: &str, topic: Topic) -> PortResult<Vec<Lag>> {
        self.log.lag(group, topic).await
    }

    async fn trim(&self, topic: Topic, retention: Retention) -> PortResult<u64> {
        self.log.trim(topic, retention).await
    }

    async fn forget(&self, region: &str, key: &str) -> PortResult<u64> {
        self.log.forget(region, key).await
    }

    async fn say(&self, member: &str, word: Option<String>) -> PortResult<()> {
        self.log.say(member, word).await
    }

    async fn said(&self) -> PortResult<BTreeMap<String, String>> {
        self.log.said().await
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_shut_out_joins_again() {
    let log = Arc::new(ShuttingOut { log: MemoryLog::new(1), joined: AtomicU32::new(0) });
    let record = |number: u64| Record { region: "r".to_owned(), key: number.to_string(), payload: vec![b'1'] };
    let records = (0..RECORDS).map(record).collect();
    log.append(Topic::Posts, records, None, Timestamp::UNIX_EPOCH).await.unwrap();
    let runner = Runner {
        log: log.clone(),
        clock: Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH)),
        counters: Arc::default(),
        stop: CancellationToken::new(),
        patience: None,
    };
    let settings = StageSettings { batch_records: 10, linger_ms: 0 };
    let work = async {
        while runner.log.lag("hand-on", Topic::Posts).await.unwrap().iter().any(|lag| lag.committed < lag.end) {
            tokio::task::yield_now().await;
            tokio::time::advance(RETRY_FIRST).await;
        }
        runner.stop.cancel();
    };
    let (ran, ()) = tokio::join!(runner.run(HandOn, settings), work);
    ran.unwrap();
    assert!(log.joined.load(Ordering::SeqCst) > 1, "it was never shut out");
    let lag = log.lag("nobody", Topic::Analysed).await.unwrap();
    assert_eq!(lag.iter().map(|lag| lag.end).sum::<u64>(), RECORDS, "each handed on once");
}
