//! A member of a group, as it works on a thread that may block.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use otklik_ports::{ErrorKind, PartitionPosition, Polled, PortError, PortResult, StoredRecord, Topic};
use rdkafka::{
    Message, Offset,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code},
    message::BorrowedMessage,
};

use super::{
    cluster::Cluster,
    failure::failed,
    offsets::{signed, unsigned},
    rebalance::{Move, Moves},
    record,
    transaction::Transactions,
};

/// Bytes of records taken out of the client's queue at a time.
const TAKE_BYTES_MAX: usize = 8 << 20;
/// Age at which what is known of forgotten records is looked up again.
const TABLE_AGE_MAX: Duration = Duration::from_secs(1);
/// Longest wait in one go, so that a consumer that is dropped leaves soon.
const TURN: Duration = Duration::from_millis(200);
/// Sessions without a record after which a member asks for the brokers, and for how many it goes on when it finds none.
const ASKED_AFTER: u32 = 2;
const GIVEN_UP_AFTER: u32 = 3;
/// Wait between two attempts while the client is about to begin with a partition.
const ATTEMPT_AGAIN: Duration = Duration::from_millis(10);

/// Reads for a group and writes what it commits.
pub(super) struct Member {
    pub(super) cluster: Arc<Cluster>,
    pub(super) consumer: BaseConsumer<Moves>,
    pub(super) transactions: Transactions,
    pub(super) topic: Topic,
    /// The topic as Kafka calls it.
    pub(super) name: String,
    /// Partitions that its owner has been told of.
    pub(super) owned: BTreeMap<i32, Share>,
    /// Partitions whose commit was refused though nobody took them away: their owner is told that they go and come again,
    /// so that nothing read since is taken for handled.
    pub(super) again: BTreeSet<i32>,
    /// Of those, the ones it has been told of as gone.
    pub(super) gone: BTreeSet<i32>,
    /// What the client library still waits for.
    pub(super) unacknowledged: Option<Move>,
    pub(super) greeted: bool,
    /// The partition read last, so that all get their turn.
    last_read: i32,
    pub(super) table_read: Option<Instant>,
    /// When the client last showed that it knows of brokers, and since when it does not.
    heard: Instant,
    lost: Option<Instant>,
}

/// A partition of a member.
#[derive(Debug, Default)]
pub(super) struct Share {
    /// First offset the group has not committed.
    pub(super) committed: u64,
    /// First offset that has not been handed out.
    pub(super) next: u64,
    /// Read, but not handed out, with the keys Kafka knows them by.
    pub(super) waiting: VecDeque<(String, StoredRecord)>,
}

impl Member {
    pub(super) fn new(
        cluster: Arc<Cluster>,
        consumer: BaseConsumer<Moves>,
        transactions: Transactions,
        topic: Topic,
    ) -> Self {
        let name = cluster.config.topic(topic);
        Self {
            cluster,
            consumer,
            transactions,
            topic,
            name,
            owned: BTreeMap::new(),
            again: BTreeSet::new(),
            gone: BTreeSet::new(),
            unacknowledged: None,
            greeted: false,
            last_read: 0,
            table_read: None,
            heard: Instant::now(),
            lost: None,
        }
    }

    /// See [`otklik_ports::Consumer::poll`].
    pub(super) fn poll(&mut self, max: usize, until: Instant) -> PortResult<Polled> {
        loop {
            self.acknowledge().map_err(|error| self.failed("read", error))?;
            // One at least also when records wait: notices come this way too.
            let has_waiting = self.owned.values().any(|share| !share.waiting.is_empty());
            let filled = if has_waiting {
                self.fill(1, Duration::ZERO)
            } else {
                self.fill(max, until.saturating_duration_since(Instant::now()).min(TURN))
            };
            filled.map_err(|error| self.failed("read", error))?;
            if let Some(polled) = self.notice()? {
                return Ok(polled);
            }
            if let Some(polled) = self.take(max)? {
                return Ok(polled);
            }
            if Instant::now() >= until || self.consumer.context().is_leaving() {
                self.check_alive()?;
                return Ok(Polled::Idle);
            }
        }
    }

    /// Whether the client still knows of brokers. One that does not for long is of no more use: see [`super::reader`].
    ///
    /// # Errors
    /// `Conflict` when it does not: whoever joins anew has another client.
    fn check_alive(&mut self) -> PortResult<()> {
        let session = self.cluster.config.session;
        if self.heard.elapsed() < ASKED_AFTER * session {
            return Ok(());
        }
        let Err(error) = self.consumer.fetch_metadata(Some(&self.name), session) else {
            (self.heard, self.lost) = (Instant::now(), None);
            return Ok(());
        };
        if self.lost.get_or_insert_with(Instant::now).elapsed() < GIVEN_UP_AFTER * session {
            tracing::debug!(%error, "a client of Kafka does not find brokers");
            return Ok(());
        }
        let failed = self.failed("read", error);
        Err(PortError { kind: ErrorKind::Conflict, ..failed })
    }

    /// Reads what the client has, waiting for the first of it.
    fn fill(&mut self, max: usize, wait: Duration) -> KafkaResult<()> {
        let mut bytes = 0;
        let mut wait = wait;
        for _ in 0..max.max(1) {
            match self.consumer.poll(wait) {
                Some(Ok(message)) => {
                    (self.heard, self.lost) = (Instant::now(), None);
                    bytes += message.payload_len() + message.key_len();
                    keep(&mut self.owned, &message);
                }
                Some(Err(error)) => {
                    check(error)?;
                    return Ok(());
                }
                None => return Ok(()),
            }
            if bytes >= TAKE_BYTES_MAX {
                return Ok(());
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    /// Records that wait, beginning after the partition read last.
    fn take(&mut self, max: usize) -> PortResult<Option<Polled>> {
        let after = self.owned.range(self.last_read + 1..).chain(self.owned.range(..=self.last_read));
        let Some(partition) = after.into_iter().find(|(_, share)| !share.waiting.is_empty()).map(|(number, _)| *number)
        else {
            return Ok(None);
        };
        if self.table_read.is_none_or(|read| read.elapsed() > TABLE_AGE_MAX) {
            self.cluster.refresh().map_err(|error| self.failed("read", error))?;
            self.table_read = Some(Instant::now());
        }
        let Some(share) = self.owned.get_mut(&partition) else { return Ok(None) };
        self.last_read = partition;
        let table = self.cluster.table();
        let count = share.waiting.len().min(max.max(1));
        let forget = |(key, mut record): (String, StoredRecord)| {
            if !table.forgets_nothing() && table.is_forgotten(self.topic, &key, record.offset) {
                record.payload.clear();
            }
            record
        };
        let records: Vec<StoredRecord> = share.waiting.drain(..count).map(forget).collect();
        if let Some(last) = records.last() {
            share.next = last.offset + 1;
        }
        Ok(Some(Polled::Records { partition: number(partition), records }))
    }

    /// See [`otklik_ports::Consumer::seek`].
    pub(super) fn seek(&mut self, to: PartitionPosition) -> PortResult<()> {
        let partition = self.check_owner(to.partition)?;
        let (first, _) = self.cluster.range(&self.name, partition).map_err(|error| self.failed("read", error))?;
        let end = self.cluster.written_end(&self.name, partition).map_err(|error| self.failed("read", error))?;
        if !(first..=end).contains(&to.offset) {
            let message = format!("offset {} is not within {first} and {end}, which are kept", to.offset);
            return Err(PortError::new(ErrorKind::NotFound, message));
        }
        // Before the first poll after an assignment the client has not begun yet: it will begin here.
        let is_new = matches!(&self.unacknowledged, Some(Move::Come(new)) if new.contains(&partition));
        if !is_new {
            self.seek_client(to).map_err(|error| self.failed("read", error))?;
        }
        if let Some(share) = self.owned.get_mut(&partition) {
            share.waiting.clear();
            share.next = to.offset;
        }
        Ok(())
    }

    pub(super) fn seek_client(&self, to: PartitionPosition) -> KafkaResult<()> {
        let until = Instant::now() + self.cluster.config.answer_within;
        let partition = i32::try_from(to.partition).unwrap_or(i32::MAX);
        loop {
            let offset = Offset::Offset(signed(to.offset));
            match self.consumer.seek(&self.name, partition, offset, self.cluster.config.answer_within) {
                // The client is still about to begin with the partition.
                Err(KafkaError::Seek(_)) if Instant::now() < until => std::thread::sleep(ATTEMPT_AGAIN),
                done => return done,
            }
        }
    }

    /// A partition as Kafka numbers it, when it is this member's.
    pub(super) fn check_owner(&self, partition: u32) -> PortResult<i32> {
        let own = i32::try_from(partition).ok().filter(|own| self.owned.contains_key(own) && !self.again.contains(own));
        own.ok_or_else(|| {
            let message = format!("partition {partition} of {} is another consumer's", self.topic.as_str());
            PortError::new(ErrorKind::Conflict, message)
        })
    }

    pub(super) fn failed(&self, task: &str, error: KafkaError) -> PortError {
        failed(&self.cluster.config, task, error)
    }
}

/// Keeps a message of a partition that is owned. What empties others is no record itself.
fn keep(owned: &mut BTreeMap<i32, Share>, message: &BorrowedMessage<'_>) {
    let (Some(share), Some(payload)) = (owned.get_mut(&message.partition()), message.payload()) else { return };
    let Some((region, key)) = message.key().and_then(record::parse_key) else { return };
    let record = StoredRecord { offset: unsigned(message.offset()), key: key.to_owned(), payload: payload.to_vec() };
    share.waiting.push_back((record::key(region, key), record));
}

/// What passes by itself is left to the client library. So are brokers that are all down: notices of it queue up, and are of
/// the past when they are read.
fn check(error: KafkaError) -> KafkaResult<()> {
    match &error {
        KafkaError::MessageConsumptionFatal(_) => Err(error),
        KafkaError::MessageConsumption(
            Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed | Code::Authentication,
        ) => Err(error),
        _ => {
            tracing::debug!(%error, "consumer in passing trouble");
            Ok(())
        }
    }
}

pub(super) fn number(partition: i32) -> u32 {
    u32::try_from(partition).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rdkafka::mocking::MockCluster;

    use super::{super::config::KafkaLogConfig, *};

    #[test]
    fn a_client_that_finds_no_brokers_is_given_up() {
        let mock = MockCluster::new(1).unwrap();
        let mut config = KafkaLogConfig::new(mock.bootstrap_servers(), "");
        config.session = Duration::from_millis(200);
        mock.create_topic(&config.topic(Topic::Posts), 1, 1).unwrap();
        let cluster = Arc::new(Cluster::new(config).unwrap());
        let consumer = cluster.config.consumer("readers").unwrap().create_with_context(Moves::default()).unwrap();
        let transactions = Transactions::new(Arc::clone(&cluster.config), "writer".to_owned());
        let mut member = Member::new(cluster, consumer, transactions, Topic::Posts);
        let mut poll = || member.poll(1, Instant::now() + Duration::from_millis(50));
        assert!((0..20).all(|_| poll().is_ok()), "there is nothing to read, and brokers are there");
        mock.broker_down(1).unwrap();
        let given_up = (0..200).find_map(|_| poll().err());
        assert_eq!(given_up.map(|error| error.kind), Some(ErrorKind::Conflict));
    }
}
