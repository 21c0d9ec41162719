//! A member's commits: outputs and the group's position in one transaction.

use std::time::{Duration, Instant};

use otklik_ports::{ErrorKind, PartitionPosition, PortError, PortResult};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::Consumer,
    error::{KafkaError, KafkaResult},
};

use super::{
    failure::{is_fence, late},
    member::Member,
    offsets::signed,
    record::Outgoing,
    transaction::{Moving, Undone},
};

/// Wait between two attempts while the group is being split anew.
const ATTEMPT_AGAIN: Duration = Duration::from_millis(20);
/// Longest time to find out what became of a transaction whose answer was lost.
const SETTLE_WITHIN: Duration = Duration::from_secs(60);

impl Member {
    /// See [`otklik_ports::Consumer::commit`].
    pub(super) fn commit(&mut self, next: PartitionPosition, records: &[Outgoing]) -> PortResult<()> {
        let partition = self.check_owner(next.partition)?;
        self.check_range(partition, next.offset)?;
        let until = Instant::now() + self.cluster.config.session;
        let mark = format!("{:016x}", rand::random::<u64>());
        loop {
            let moving =
                self.moving(partition, next.offset, &mark).map_err(|error| self.failed("written to", error))?;
            // Asked after the group's state was taken: a member that was thrown out has a state that fences nobody.
            if self.consumer.assignment_lost() {
                return Err(self.lost(next.partition));
            }
            match self.transactions.write(records, Some(moving)) {
                Ok(()) => break,
                Err(Undone::Unknown(error)) => {
                    tracing::debug!(%error, "answer to a transaction lost");
                    match self.find_out(partition, next.offset, &mark) {
                        Ok(()) => break,
                        // Whoever is told of a conflict goes on with the next records: these have to come again.
                        Err(error) if error.kind == ErrorKind::Conflict => return Err(self.lost(next.partition)),
                        Err(error) => return Err(error),
                    }
                }
                Err(Undone::Nothing(error)) if error.rdkafka_error_code().is_some_and(is_fence) => {
                    // The group may have been split anew with this partition staying here.
                    if Instant::now() >= until {
                        return Err(self.lost(next.partition));
                    }
                    std::thread::sleep(ATTEMPT_AGAIN);
                }
                Err(Undone::Nothing(error)) => return Err(self.failed("written to", error)),
            }
        }
        if let Some(share) = self.owned.get_mut(&partition) {
            share.committed = next.offset;
        }
        Ok(())
    }

    fn moving(&self, partition: i32, offset: u64, mark: &str) -> KafkaResult<Moving> {
        let group = self.consumer.group_metadata().ok_or_else(late)?;
        let mut offsets = TopicPartitionList::new();
        let mut element = offsets.add_partition(&self.name, partition);
        element.set_offset(Offset::Offset(signed(offset)))?;
        element.set_metadata(mark);
        Ok(Moving { offsets, group })
    }

    fn check_range(&self, partition: i32, next: u64) -> PortResult<()> {
        let Some(share) = self.owned.get(&partition) else { return Ok(()) };
        if (share.committed..=share.next).contains(&next) {
            return Ok(());
        }
        let end = self.cluster.written_end(&self.name, partition).map_err(|error| self.failed("read", error))?;
        if (share.committed..=end).contains(&next) {
            return Ok(());
        }
        let committed = share.committed;
        let message =
            format!("a group cannot move from offset {committed} to {next} of a partition that ends at {end}");
        Err(PortError::new(ErrorKind::Rejected, message))
    }

    /// Whether a transaction has gone through whose answer was lost.
    fn find_out(&mut self, partition: i32, offset: u64, mark: &str) -> PortResult<()> {
        let until = Instant::now() + SETTLE_WITHIN;
        loop {
            let settled = self.transactions.settle();
            let looked = settled.and_then(|()| {
                self.is_committed(partition, offset, mark)
                    .map_err(|error| self.failed("asked for the position of a group", error))
            });
            match looked {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    let message =
                        format!("nothing was committed to the log in Kafka at {}", self.cluster.config.brokers);
                    return Err(PortError::new(ErrorKind::Unavailable, message));
                }
                Err(error) if !error.is_retryable() || Instant::now() >= until => return Err(error),
                Err(_) => {}
            }
        }
    }

    fn is_committed(&self, partition: i32, offset: u64, mark: &str) -> Result<bool, KafkaError> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition(&self.name, partition);
        let answer = self.consumer.committed_offsets(asked, self.cluster.config.answer_within)?;
        let elements = answer.elements();
        let Some(element) = elements.first() else { return Ok(false) };
        element.error()?;
        Ok(element.offset() == Offset::Offset(signed(offset)) && element.metadata() == mark)
    }

    /// The partition is gone, or may be: its owner is told so by the next poll.
    fn lost(&mut self, partition: u32) -> PortError {
        self.again.extend(i32::try_from(partition));
        let message = format!("partition {partition} of {} has gone to another consumer", self.topic.as_str());
        PortError::new(ErrorKind::Conflict, message)
    }
}
