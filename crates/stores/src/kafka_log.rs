//! The log in Apache Kafka: for deployments of several processes.
//!
//! A topic of the port is a topic of Kafka, its partitions chosen by the region as everywhere. Whatever is written goes in
//! transactions: an append with its cursor ([`writer`]), a consumer's outputs with its group's position ([`commit`]), and
//! nobody reads what is not committed. Cursors, what is forgotten and what processes say lie in a compacted topic beside ([`table`]).
//!
//! Where Kafka differs from a log in this process:
//! - Transactions end with a mark that takes an offset, so offsets have gaps, and what is counted by offsets may be more
//!   than there were records.
//! - What has been appended can be read a moment later.
//! - A forgotten record is handed out empty from then on, but leaves the brokers' disks only with the next compaction,
//!   within [`KafkaLogConfig::forgotten_within`]. Compaction also displaces a record by a later one of the same region and
//!   key, not before [`KafkaLogConfig::displaced_after`].
//! - How many records are forgotten is not known; counted are the topics.
//! - Brokers drop positions of groups without members after `offsets.retention.minutes`: set it to more than a stage may
//!   be down for.

mod cluster;
mod commit;
mod config;
mod consumer;
mod departures;
mod failure;
mod handover;
mod member;
mod offsets;
mod reader;
mod rebalance;
mod record;
mod removal;
mod table;
mod topics;
mod transaction;
mod writer;

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_ports::{Consumer, Cursor, ErrorKind, Lag, Log, PortError, PortResult, Record, Retention, Topic};
use rdkafka::{
    admin::AdminOptions,
    consumer::{BaseConsumer, Consumer as _},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
};

pub use self::config::{KafkaLogConfig, KafkaSasl, KafkaSecurity, KafkaTls};
use self::{
    cluster::Cluster,
    consumer::KafkaConsumer,
    departures::Departures,
    failure::failed,
    member::Member,
    rebalance::Moves,
    record::Outgoing,
    table::{Table, cursor_entry, forgotten_entry, said_entry},
    transaction::Transactions,
    writer::{REQUESTS_MAX, Request, Writer},
};

/// A stage that does not poll for so long loses its partitions.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(300);
/// Longest wait for the writer, beyond the time it may take to find out what became of a transaction.
const ANSWER_WITHIN: Duration = Duration::from_secs(150);

/// The log in Kafka. Dropping it waits until what was asked for is written and its consumers have left their groups.
pub struct KafkaLog {
    cluster: Arc<Cluster>,
    departures: Arc<Departures>,
    /// Name of this process among its like.
    member: String,
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<thread::JoinHandle<()>>,
}

impl KafkaLog {
    /// Connects, and makes the topics that are not there.
    ///
    /// # Errors
    /// `Unavailable` when the brokers do not answer, `Unauthorized` when they refuse this process, `Rejected` when a topic
    /// has another number of partitions or a setting is wrong. The message names the brokers, never a password.
    pub async fn open(config: KafkaLogConfig) -> PortResult<Self> {
        let cluster = blocking(move || Cluster::new(config)).await?;
        let cluster = Arc::new(cluster);
        topics::prepare(&cluster).await?;
        let run = format!("{:016x}", rand::random::<u64>());
        let member = cluster.config.member.clone().unwrap_or_else(|| run.clone());
        let (shared, name) = (Arc::clone(&cluster), member.clone());
        let writer = blocking(move || Writer::new(shared, name, run)).await?;
        let (requests, waiting) = mpsc::channel(REQUESTS_MAX);
        let writer = thread::Builder::new().name("log:writer".to_owned()).spawn(move || writer.run(waiting));
        let writer =
            writer.map_err(|error| PortError::caused(ErrorKind::Unavailable, "no thread for the log", error))?;
        Ok(Self { cluster, departures: Arc::default(), member, requests: Some(requests), writer: Some(writer) })
    }

    /// Writes records in one transaction.
    async fn write(&self, records: Vec<Outgoing>) -> PortResult<()> {
        let unavailable = |what: &str| {
            let message = format!("the log in Kafka at {} {what}", self.cluster.config.brokers);
            PortError::new(ErrorKind::Unavailable, message)
        };
        let (reply, answer) = oneshot::channel();
        let asked = async {
            let requests = self.requests.as_ref().ok_or_else(|| unavailable("is closed"))?;
            requests.send(Request { records, reply }).await.map_err(|_| unavailable("has stopped"))?;
            answer.await.map_err(|_| unavailable("has stopped"))?
        };
        let answered = tokio::time::timeout(ANSWER_WITHIN, asked).await;
        answered.unwrap_or_else(|_| Err(unavailable("does not answer")))
    }

    /// What is known as of now, of what all processes have written by now.
    async fn known<T: Send + 'static>(&self, of: impl FnOnce(&Table) -> T + Send + 'static) -> PortResult<T> {
        self.ask(move |cluster| {
            cluster.catch_up().map_err(|error| failed(&cluster.config, "read", error))?;
            Ok(of(&cluster.table()))
        })
        .await
    }

    /// Does something with the brokers on a thread that may block.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cluster) -> PortResult<T> + Send + 'static,
    ) -> PortResult<T> {
        let cluster = Arc::clone(&self.cluster);
        blocking(move || work(&cluster)).await
    }

    fn state(&self, (key, value): (String, Option<String>), now: Option<Timestamp>) -> Outgoing {
        Outgoing::state(&self.cluster.config, key, value, now)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> PortResult<T> + Send + 'static) -> PortResult<T> {
    let panicked = |_| Err(PortError::new(ErrorKind::Internal, "a thread of the log in Kafka has panicked"));
    spawn_blocking(work).await.unwrap_or_else(panicked)
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so; its thread has nothing to tell.
            writer.join().ok();
        }
        self.departures.wait_for_all();
    }
}

#[async_trait]
impl Log for KafkaLog {
    async fn append(
        &self,
        topic: Topic,
        records: Vec<Record>,
        cursor: Option<Cursor>,
        now: Timestamp,
    ) -> PortResult<()> {
        let outgoing = |record| Outgoing::new(&self.cluster.config, topic, record, now);
        let mut outgoing: Vec<Outgoing> = records.into_iter().map(outgoing).collect::<PortResult<_>>()?;
        outgoing.extend(cursor.map(|cursor| self.state(cursor_entry(&cursor), Some(now))));
        if outgoing.is_empty() {
            return Ok(());
        }
        self.write(outgoing).await
    }

    async fn cursor(&self, source: &str) -> PortResult<Option<String>> {
        let source = source.to_owned();
        self.known(move |table| table.cursor(&source)).await
    }

    async fn consumer(&self, group: &str, topic: Topic) -> PortResult<Box<dyn Consumer>> {
        let group = self.cluster.config.group(group, topic);
        let (cluster, departures) = (Arc::clone(&self.cluster), Arc::clone(&self.departures));
        // Without a lasting name several members of a group may live in one process.
        let member = match &self.cluster.config.member {
            Some(member) => member.clone(),
            None => format!("{}-{:016x}", self.member, rand::random::<u64>()),
        };
        blocking(move || {
            departures.wait(&group);
            let config = &cluster.config;
            let made = |error| failed(config, "joined", error);
            // First of all, since what a predecessor left open keeps the group's position from being known.
            let mut transactions = Transactions::new(Arc::clone(config), format!("{group}.{member}"));
            transactions.settle()?;
            let mut client = config.consumer(&group)?;
            client.set("max.poll.interval.ms", MAX_POLL_INTERVAL.as_millis().to_string());
            let consumer: BaseConsumer<Moves> = client.create_with_context(Moves::default()).map_err(made)?;
            consumer.subscribe(&[&config.topic(topic)]).map_err(made)?;
            let member = Member::new(Arc::clone(&cluster), consumer, transactions, topic);
            Ok(Box::new(KafkaConsumer::new(member, departures, group)) as Box<dyn Consumer>)
        })
        .await
    }

    async fn lag(&self, group: &str, topic: Topic) -> PortResult<Vec<Lag>> {
        let group = group.to_owned();
        self.ask(move |cluster| cluster.lag(&group, topic)).await
    }

    async fn trim(&self, topic: Topic, retention: Retention) -> PortResult<u64> {
        let cuts = self.ask(move |cluster| cluster.cuts(topic, retention)).await?;
        let failed = |error| failed(&self.cluster.config, "trimmed", error);
        if !cuts.is_empty() {
            let options = AdminOptions::new().request_timeout(Some(self.cluster.config.answer_within));
            let list = self.cluster.before(topic, &cuts).map_err(failed)?;
            let done = self.cluster.admin.delete_records(&list, &options).await.map_err(failed)?;
            done.elements().iter().try_for_each(|partition| partition.error()).map_err(failed)?;
        }
        let spent = self.ask(Cluster::spent).await?;
        if !spent.is_empty() {
            let gone = spent.iter().map(|key| self.state(forgotten_entry(key, None), None));
            self.write(gone.collect()).await?;
        }
        Ok(cuts.iter().map(|cut| cut.new_first - cut.first).sum())
    }

    async fn forget(&self, region: &str, key: &str) -> PortResult<u64> {
        let (region, key) = (region.to_owned(), key.to_owned());
        let own = region.clone();
        let bounds = self.ask(move |cluster| cluster.ends_of(&own)).await?;
        let config = &self.cluster.config;
        let emptying = Topic::ALL.into_iter().map(|topic| Outgoing::emptying(config, topic, &region, &key));
        let entry = self.state(forgotten_entry(&record::key(&region, &key), Some(bounds)), None);
        self.write(emptying.chain([entry]).collect()).await?;
        Ok(Topic::ALL.len() as u64)
    }

    async fn say(&self, member: &str, word: Option<String>) -> PortResult<()> {
        self.write(vec![self.state(said_entry(member, word), None)]).await
    }

    async fn said(&self) -> PortResult<BTreeMap<String, String>> {
        self.known(Table::said).await
    }
}
