//! Transactions: records, and with them the position of a group, all or nothing.

use std::{
    sync::Arc,
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

/// Writes transactions, one at a time, under a name: who begins with the name ends what its predecessor left open.
pub(super) struct Transactions {
    config: Arc<KafkaLogConfig>,
    name: String,
    /// `None` after a failure that the client does not recover from.
    producer: Option<BaseProducer>,
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
    pub(super) fn write(&mut self, records: &[Outgoing], moving: Option<&Moving>) -> Result<(), Undone> {
        let until = Instant::now() + self.config.transaction;
        self.ready().map_err(Undone::Nothing)?;
        let Some(producer) = &self.producer else { return Err(Undone::Nothing(late())) };
        let sent = producer.begin_transaction().and_then(|()| send(producer, records, moving, until));
        let undone = match sent {
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

    fn ready(&mut self) -> KafkaResult<&BaseProducer> {
        if self.producer.as_ref().is_some_and(|producer| producer.client().fatal_error().is_some()) {
            self.producer = None;
        }
        if self.producer.is_none() {
            let config = self.config.producer(&self.name).map_err(|error| KafkaError::ClientCreation(error.message))?;
            let producer: BaseProducer = config.create()?;
            let until = Instant::now() + self.config.answer_within;
            again(until, |left| producer.init_transactions(left))?;
            self.producer = Some(producer);
        }
        self.producer.as_ref().ok_or_else(late)
    }
}

fn send(producer: &BaseProducer, records: &[Outgoing], moving: Option<&Moving>, until: Instant) -> KafkaResult<()> {
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
        again(until, |left| producer.send_offsets_to_transaction(&moving.offsets, &moving.group, left))?;
    }
    // The commit would wait for what is still on its way too, but in steps of a tenth of a second.
    while producer.in_flight_count() > 0 && Instant::now() < until {
        producer.poll(TURN);
    }
    Ok(())
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
