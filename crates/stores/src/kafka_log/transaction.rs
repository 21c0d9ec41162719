//! Transactions: records, and with them the position of a group, all or nothing.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    TopicPartitionList,
    consumer::ConsumerGroupMetadata,
    error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};

use super::{
    config::KafkaLogConfig,
    failure::{failed, late},
    record::{Outgoing, VERSION},
};

/// How often the client is asked for news while it sends.
const TURN: Duration = Duration::from_millis(1);
/// How much longer than allowed the client may take to come back.
const GRACE: Duration = Duration::from_secs(1);

/// Writes transactions, one at a time, under a name: who begins with the name ends what its predecessor left open.
pub(super) struct Transactions {
    config: Arc<KafkaLogConfig>,
    name: String,
    /// `None` after a failure that the client does not recover from.
    producer: Option<Arc<BaseProducer>>,
}

/// Why a transaction did not go through.
#[derive(Debug)]
pub(super) enum Undone {
    /// Nothing was written.
    Nothing(KafkaError),
    /// The answer to the commit was lost. What became of it can be seen once [`Transactions::settle`] has succeeded.
    Unknown(KafkaError),
}

/// The position a group moves to.
pub(super) struct Moving {
    pub(super) offsets: TopicPartitionList,
    pub(super) group: ConsumerGroupMetadata,
}

impl Transactions {
    pub(super) fn new(config: Arc<KafkaLogConfig>, name: String) -> Self {
        Self { config, name, producer: None }
    }

    /// Ends what a predecessor of the name has left open: what it had committed is completed, the rest undone.
    ///
    /// # Errors
    /// The brokers do not answer, or refuse.
    pub(super) fn settle(&mut self) -> otklik_ports::PortResult<()> {
        self.ready().map(|_| ()).map_err(|error| failed(&self.config, "opened for writing", error))
    }

    /// Writes all or nothing. Blocks.
    pub(super) fn write(&mut self, records: &[Outgoing], moving: Option<Moving>) -> Result<(), Undone> {
        let until = Instant::now() + self.config.transaction;
        let producer = Arc::clone(self.ready().map_err(Undone::Nothing)?);
        let sent = producer.begin_transaction().and_then(|()| send(&producer, records, moving, until));
        let undone = match sent {
            // The client is still at it, and perhaps for ever.
            Err(error) if error == late() => {
                self.producer = None;
                return Err(Undone::Nothing(error));
            }
            Err(error) => self.undo(Undone::Nothing(error)),
            Ok(()) => match again(until, |left| producer.commit_transaction(left)) {
                Ok(()) => return Ok(()),
                Err(error) if wants_undoing(&error) => self.undo(Undone::Nothing(error)),
                Err(error) => Undone::Unknown(error),
            },
        };
        if let Undone::Unknown(_) = undone {
            self.producer = None;
        }
        Err(undone)
    }

    /// Takes back what was sent. When that fails the client is given up: its successor undoes it.
    fn undo(&mut self, undone: Undone) -> Undone {
        let until = Instant::now() + self.config.transaction;
        if let Some(producer) = &self.producer
            && let Err(error) = again(until, |left| producer.abort_transaction(left))
        {
            tracing::debug!(%error, "client of transactions given up");
            self.producer = None;
        }
        undone
    }

    fn ready(&mut self) -> KafkaResult<&Arc<BaseProducer>> {
        if self.producer.as_ref().is_some_and(|producer| producer.client().fatal_error().is_some()) {
            self.producer = None;
        }
        if self.producer.is_none() {
            let config = self.config.producer(&self.name).map_err(|error| KafkaError::ClientCreation(error.message))?;
            let producer: BaseProducer = config.create()?;
            let until = Instant::now() + self.config.answer_within;
            again(until, |left| producer.init_transactions(left))?;
            self.producer = Some(Arc::new(producer));
        }
        self.producer.as_ref().ok_or_else(late)
    }
}

fn send(producer: &Arc<BaseProducer>, records: &[Outgoing], moving: Option<Moving>, until: Instant) -> KafkaResult<()> {
    for record in records {
        let mut sending = to_base(record);
        while let Err((error, back)) = producer.send(sending) {
            if error.rdkafka_error_code() != Some(Code::QueueFull) || Instant::now() >= until {
                return Err(error);
            }
            producer.poll(TURN);
            sending = back;
        }
    }
    if let Some(moving) = moving {
        send_offsets(producer, moving, until)?;
    }
    // The commit would wait for what is still on its way too, but in steps of a tenth of a second.
    while producer.in_flight_count() > 0 && Instant::now() < until {
        producer.poll(TURN);
    }
    Ok(())
}

/// Adds the group's position. When the group's coordinator goes away the client library may wait for ever, whatever time it is
/// given (librdkafka issues 5456 and 5511): it is then left to itself, on a thread of its own.
///
/// # Errors
/// The client's; [`late`] when it is still at it.
fn send_offsets(producer: &Arc<BaseProducer>, moving: Moving, until: Instant) -> KafkaResult<()> {
    let (done, outcome) = mpsc::sync_channel(1);
    let producer = Arc::clone(producer);
    let work = move || {
        let sent = again(until, |left| producer.send_offsets_to_transaction(&moving.offsets, &moving.group, left));
        // Nobody waits for it any more when it comes late.
        done.send(sent).ok();
    };
    thread::Builder::new().name("kafka-offsets".to_owned()).spawn(work).map_err(|_| late())?;
    let wait = until.saturating_duration_since(Instant::now()) + GRACE;
    outcome.recv_timeout(wait).unwrap_or_else(|_| {
        tracing::warn!("a client of Kafka does not come back from moving a group; another one takes its place");
        Err(late())
    })
}

fn to_base(record: &Outgoing) -> BaseRecord<'_, str, [u8]> {
    let mut headers = OwnedHeaders::new_with_capacity(2).insert(Header { key: "version", value: Some(VERSION) });
    if let Some(region) = &record.region {
        headers = headers.insert(Header { key: "region", value: Some(region.as_str()) });
    }
    let mut base = BaseRecord::to(&record.topic).partition(record.partition).key(record.key.as_str()).headers(headers);
    base.timestamp = record.at;
    base.payload = record.payload.as_deref();
    base
}

/// Does something as long as it may still succeed.
fn again(until: Instant, mut work: impl FnMut(Duration) -> KafkaResult<()>) -> KafkaResult<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match work(left.max(TURN)) {
            Err(KafkaError::Transaction(error)) if error.is_retriable() && !left.is_zero() => {}
            Err(KafkaError::Flush(Code::OperationTimedOut)) if !left.is_zero() => {}
            done => return done,
        }
    }
}

fn wants_undoing(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(error) => error.txn_requires_abort(),
        // Not all was sent, so that the commit was not asked for.
        KafkaError::Flush(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::{
        ClientConfig, Offset,
        consumer::{BaseConsumer, Consumer},
        mocking::{MockCluster, MockCoordinator},
    };

    use super::*;

    #[test]
    fn a_coordinator_that_goes_away_holds_nobody_up() {
        let mock = MockCluster::new(2).unwrap();
        mock.create_topic("posts", 1, 1).unwrap();
        mock.coordinator(MockCoordinator::Transaction("writer".to_owned()), 1).unwrap();
        mock.coordinator(MockCoordinator::Group("readers".to_owned()), 2).unwrap();
        let mut config = KafkaLogConfig::new(mock.bootstrap_servers(), "");
        config.transaction = Duration::from_secs(1);
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &config.brokers).set("group.id", "readers");
        let consumer: BaseConsumer = client.create().unwrap();
        let moving = || {
            let mut offsets = TopicPartitionList::new();
            offsets.add_partition_offset("posts", 0, Offset::Offset(1)).unwrap();
            Moving { offsets, group: consumer.group_metadata().unwrap() }
        };
        let mut transactions = Transactions::new(Arc::new(config), "writer".to_owned());
        transactions.write(&[], Some(moving())).unwrap();
        mock.broker_down(2).unwrap();
        assert!(matches!(transactions.write(&[], Some(moving())), Err(Undone::Nothing(_))));
        mock.broker_up(2).unwrap();
        // The first attempts may still come upon the connection that was cut.
        assert!((0..20).any(|_| transactions.write(&[], Some(moving())).is_ok()));
    }
}
