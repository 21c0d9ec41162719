//! A member of a group, as the rest of the program sees it: its work is done on threads that may block.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_ports::{Consumer, ErrorKind, Output, PartitionPosition, Polled, PortError, PortResult};
use rdkafka::consumer::Consumer as _;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Departures, config::KafkaLogConfig, member::Member, rebalance::Moves, record::Outgoing};

pub(super) struct KafkaConsumer {
    config: Arc<KafkaLogConfig>,
    /// `None` inside once it has left.
    member: Arc<Mutex<Option<Member>>>,
    moves: Arc<Moves>,
    departures: Arc<Departures>,
    /// The group as Kafka calls it.
    group: String,
    /// A poll under way. It outlives a caller who gave up waiting, so that what it brings is not lost.
    polling: Option<JoinHandle<PortResult<Polled>>>,
    /// What a poll brought that nobody has taken.
    brought: Option<PortResult<Polled>>,
}

impl KafkaConsumer {
    pub(super) fn new(member: Member, departures: Arc<Departures>, group: String) -> Self {
        let config = Arc::clone(&member.cluster.config);
        let moves = Arc::clone(member.consumer.context());
        let member = Arc::new(Mutex::new(Some(member)));
        Self { config, member, moves, departures, group, polling: None, brought: None }
    }

    /// Waits for a poll that its caller gave up.
    async fn finish_polling(&mut self) {
        if let Some(polling) = &mut self.polling {
            let brought = polling.await;
            self.polling = None;
            self.brought = Some(brought.unwrap_or_else(|_| Err(panicked())));
        }
    }

    async fn work<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Member) -> PortResult<T> + Send + 'static,
    ) -> PortResult<T> {
        self.finish_polling().await;
        self.spawn(work).await.unwrap_or_else(|_| Err(panicked()))
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Member) -> PortResult<T> + Send + 'static,
    ) -> JoinHandle<PortResult<T>> {
        let member = Arc::clone(&self.member);
        spawn_blocking(move || {
            let mut member = member.lock().unwrap_or_else(PoisonError::into_inner);
            member.as_mut().map_or_else(|| Err(panicked()), work)
        })
    }
}

fn panicked() -> PortError {
    PortError::new(ErrorKind::Internal, "a thread of the log in Kafka has panicked")
}

#[async_trait]
impl Consumer for KafkaConsumer {
    async fn poll(&mut self, max: usize, wait: Duration) -> PortResult<Polled> {
        if self.brought.is_none() && self.polling.is_none() {
            let until = Instant::now() + wait;
            self.polling = Some(self.spawn(move |member| member.poll(max, until)));
        }
        self.finish_polling().await;
        self.brought.take().unwrap_or(Ok(Polled::Idle))
    }

    async fn commit(&mut self, next: PartitionPosition, outputs: Vec<Output>, now: Timestamp) -> PortResult<()> {
        let outgoing = |(topic, record)| Outgoing::new(&self.config, topic, record, now);
        let records: Vec<Outgoing> = outputs.into_iter().map(outgoing).collect::<PortResult<_>>()?;
        self.work(move |member| member.commit(next, &records)).await
    }

    async fn seek(&mut self, to: PartitionPosition) -> PortResult<()> {
        self.work(move |member| member.seek(to)).await?;
        // What was brought before comes again, or is not wanted.
        if matches!(&self.brought, Some(Ok(Polled::Records { partition, .. })) if *partition == to.partition) {
            self.brought = None;
        }
        Ok(())
    }
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        self.moves.leave();
        let member = Arc::clone(&self.member);
        self.departures.begin(&self.group, move || {
            drop(member.lock().unwrap_or_else(PoisonError::into_inner).take());
        });
    }
}
