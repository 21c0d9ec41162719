//! Partitions that come to a member and go from it: what its owner is told, and when the client library is told that it
//! has been.

use std::{collections::VecDeque, time::Instant};

use otklik_ports::{PartitionPosition, Polled, PortResult};
use rdkafka::{Offset, TopicPartitionList, consumer::Consumer, error::KafkaResult};

use super::{
    member::{Member, Share, number},
    offsets::{committed, signed},
    rebalance::Move,
};

impl Member {
    /// Tells the client library that the owner has been told.
    pub(super) fn acknowledge(&mut self) -> KafkaResult<()> {
        let Some(moved) = &self.unacknowledged else { return Ok(()) };
        match moved {
            Move::Come(partitions) => {
                let mut assignment = TopicPartitionList::new();
                for partition in partitions {
                    let next =
                        self.owned.get(partition).map_or(Offset::Stored, |share| Offset::Offset(signed(share.next)));
                    assignment.add_partition_offset(&self.name, *partition, next)?;
                }
                self.consumer.incremental_assign(&assignment)?;
            }
            Move::Go(partitions) => self.consumer.incremental_unassign(&self.list(partitions))?,
        }
        self.unacknowledged = None;
        Ok(())
    }

    /// What the owner has to be told before it gets more records.
    pub(super) fn notice(&mut self) -> PortResult<Option<Polled>> {
        if let Some(moved) = self.consumer.context().next() {
            return match moved {
                Move::Go(partitions) => Ok(self.go(partitions)),
                Move::Come(partitions) => match self.come(&partitions) {
                    Ok(positions) => {
                        self.unacknowledged = Some(Move::Come(partitions));
                        Ok(self.tell(positions))
                    }
                    Err(error) => {
                        self.consumer.context().put_back(Move::Come(partitions));
                        Err(error)
                    }
                },
            };
        }
        let again: Vec<i32> =
            self.again.iter().copied().filter(|partition| self.owned.contains_key(partition)).collect();
        self.again.clear();
        if !again.is_empty() {
            self.owned.retain(|partition, _| !again.contains(partition));
            self.gone.extend(&again);
            return Ok(Some(Polled::Revoked(numbers(again))));
        }
        if self.gone.is_empty() {
            return Ok(None);
        }
        let back: Vec<i32> = self.gone.iter().copied().collect();
        let positions = self.come(&back)?;
        for position in &positions {
            self.seek_client(*position).map_err(|error| self.failed("read", error))?;
        }
        self.gone.clear();
        Ok(self.tell(positions))
    }

    /// The group's partitions in the state to begin with. Also learns what has been forgotten so far.
    fn come(&mut self, partitions: &[i32]) -> PortResult<Vec<PartitionPosition>> {
        let answer_within = self.cluster.config.answer_within;
        let asked = || -> KafkaResult<_> {
            if partitions.is_empty() {
                return Ok(Vec::new());
            }
            self.cluster.catch_up()?;
            let committed = committed(&self.consumer, &self.name, partitions.iter().copied(), answer_within)?;
            let positions = partitions.iter().map(|partition| {
                let (first, _) = self.cluster.range(&self.name, *partition)?;
                Ok((*partition, committed.get(partition).copied().unwrap_or_default().max(first)))
            });
            positions.collect()
        };
        let positions: Vec<(i32, u64)> =
            asked().map_err(|error| self.failed("asked for the position of a group", error))?;
        self.table_read = Some(Instant::now());
        let share = |offset| Share { committed: offset, next: offset, waiting: VecDeque::new() };
        self.owned.extend(positions.iter().map(|(partition, offset)| (*partition, share(*offset))));
        let position = |(partition, offset)| PartitionPosition { partition: number(partition), offset };
        Ok(positions.into_iter().map(position).collect())
    }

    /// The first notice comes in any case, later ones only when there is something to tell.
    fn tell(&mut self, positions: Vec<PartitionPosition>) -> Option<Polled> {
        let is_news = !positions.is_empty() || !self.greeted;
        self.greeted = true;
        is_news.then_some(Polled::Assigned(positions))
    }

    fn go(&mut self, partitions: Vec<i32>) -> Option<Polled> {
        let known: Vec<i32> =
            partitions.iter().copied().filter(|partition| self.owned.contains_key(partition)).collect();
        self.owned.retain(|partition, _| !partitions.contains(partition));
        self.gone.retain(|partition| !partitions.contains(partition));
        self.unacknowledged = Some(Move::Go(partitions));
        (!known.is_empty()).then(|| Polled::Revoked(numbers(known)))
    }

    fn list(&self, partitions: &[i32]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&self.name, *partition);
        }
        list
    }
}

impl Drop for Member {
    /// Leaves the group. Blocks until the brokers know, or for the session's time.
    fn drop(&mut self) {
        self.consumer.context().leave();
        let mut done = self.acknowledge();
        while let Some(moved) = self.consumer.context().next() {
            self.unacknowledged = Some(moved);
            done = done.and(self.acknowledge());
        }
        if let Err(error) = done {
            tracing::debug!(%error, "partitions not let go of");
        }
    }
}

fn numbers(partitions: Vec<i32>) -> Vec<u32> {
    partitions.into_iter().map(number).collect()
}
