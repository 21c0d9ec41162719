//! Partitions on the move, as the client library tells of them.
//!
//! The library waits after each notice until it is acknowledged. That is put off until the owner has been told by a poll
//! and has polled again: by then it has let go of what it kept for the partitions.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rdkafka::{
    ClientContext, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaError,
    types::RDKafkaRespErr,
};

use super::failure::tell;

/// Partitions that come or go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    Come(Vec<i32>),
    Go(Vec<i32>),
}

/// Keeps what the library tells until it is asked for.
#[derive(Default)]
pub(super) struct Moves {
    told: Mutex<VecDeque<Move>>,
    /// Whether the consumer is leaving, so that nobody is to be told any more.
    leaving: AtomicBool,
}

impl Moves {
    pub(super) fn next(&self) -> Option<Move> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Puts back what could not be dealt with yet.
    pub(super) fn put_back(&self, moved: Move) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push_front(moved);
    }

    /// From now on nobody is told any more.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }
}

impl ClientContext for Moves {
    fn error(&self, error: KafkaError, reason: &str) {
        tell(&error, reason);
    }
}

impl ConsumerContext for Moves {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let comes = what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.is_leaving() {
            let done =
                if comes { consumer.incremental_assign(partitions) } else { consumer.incremental_unassign(partitions) };
            if let Err(error) = done {
                tracing::debug!(%error, "partitions not let go of");
            }
            return;
        }
        let mut numbers: Vec<i32> = partitions.elements().iter().map(|element| element.partition()).collect();
        numbers.sort_unstable();
        let moved = if comes { Move::Come(numbers) } else { Move::Go(numbers) };
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push_back(moved);
    }
}
