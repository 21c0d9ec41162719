//! The log on this machine's disk, in fjall: for a deployment of one process.
//!
//! One thread writes ([`writer`]): it puts all that is waiting into one atomic batch, syncs the journal once and answers.
//! Readers see a batch when it is on disk. A topic is cut into segments ([`store`]), each with keyspaces of its own, so
//! that old records go by whole files; the bytes in them are described in [`layout`].
//!
//! Limits of the engine worth knowing: damage in the midst of its journal (the last 64 MiB or so written) looks to it
//! like the end of the journal, so that what follows is gone without an error; and a journal keeps the bytes of removed
//! records until it is full.

mod consumer;
mod failure;
mod layout;
mod store;
mod writer;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_ports::{
    Consumer, Cursor, ErrorKind, Lag, Log, PortError, PortResult, Record, Retention, Topic,
    partitions::{Groups, Member},
    words::Words,
};
use tokio::sync::{Notify, mpsc, oneshot};

use self::{
    consumer::FjallConsumer,
    failure::{Failure, failed},
    store::{FolderLock, State, Store},
    writer::{REQUESTS_MAX, Reply, Request, Write, Writer},
};

/// Longest wait for the writer; a disk that needs longer has stopped.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Where the log is and how much it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FjallLogConfig {
    /// Its folder, made when it is not there.
    pub folder: PathBuf,
    /// Partitions of each topic. Counts when the log is made; later the number it was made with stays.
    pub partitions: u32,
    /// Memory for blocks read from disk, in bytes.
    pub cache_bytes: u64,
    /// Memory for records of a topic not yet in tables, in bytes. Under load up to four times as much waits for the disk.
    pub write_buffer_bytes: u64,
    /// Size at which a topic goes on in a new segment, in bytes.
    pub segment_bytes: u64,
    /// Age at which a topic goes on in a new segment, in seconds. Trimmed records leave the disk so much later at most.
    pub segment_seconds: i64,
    /// Nothing is appended when the disk has less room than this, in bytes: the engine needs some for its own work.
    pub free_bytes_min: u64,
}

impl FjallLogConfig {
    /// A log in a folder, with modest limits: four partitions, some 200 MiB of memory under full load.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            partitions: 4,
            cache_bytes: 64 << 20,
            write_buffer_bytes: 8 << 20,
            segment_bytes: 256 << 20,
            segment_seconds: 24 * 60 * 60,
            free_bytes_min: 512 << 20,
        }
    }
}

/// The log on disk. Dropping it waits until what was asked for is written.
pub struct FjallLog(Arc<Handle>);

/// Held by the log and its consumers; with the last of them the writer ends.
struct Handle {
    config: FjallLogConfig,
    shared: Arc<Shared>,
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<thread::JoinHandle<()>>,
    _lock: FolderLock,
}

/// What readers and the writer share.
struct Shared {
    state: RwLock<State>,
    groups: Mutex<Groups>,
    /// Kept in memory only: they are of this process.
    said: Mutex<Words>,
    /// Rings when a topic has new records or its partitions changed hands.
    changed: BTreeMap<Topic, Notify>,
    partitions: u32,
}

impl FjallLog {
    /// Opens the log of a folder or makes an empty one.
    ///
    /// # Errors
    /// `Conflict` when another process has it open, `Corrupt` when its files are damaged, `Rejected` when a newer program
    /// wrote it, `Full` and `Unavailable` when the folder cannot be written to. The message names the folder.
    pub async fn open(config: FjallLogConfig) -> PortResult<Self> {
        let folder = config.folder.clone();
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(config)).await;
        opened.unwrap_or_else(|_| Err(failed(&folder, "opened", Failure::Panicked)))
    }

    fn open_blocking(config: FjallLogConfig) -> PortResult<Self> {
        let lock = FolderLock::take(&config.folder)?;
        let (store, state) = Store::open(&config)?;
        let shared = Arc::new(Shared {
            state: RwLock::new(state),
            groups: Mutex::new(Groups::new(store.partitions)),
            said: Mutex::default(),
            changed: Topic::ALL.into_iter().map(|topic| (topic, Notify::new())).collect(),
            partitions: store.partitions,
        });
        let (requests, waiting) = mpsc::channel(REQUESTS_MAX);
        let writer = Writer { config: config.clone(), shared: Arc::clone(&shared), store: Some(store) };
        let writer = thread::Builder::new()
            .name("log:writer".to_owned())
            .spawn(move || writer.run(waiting))
            .map_err(|error| failed(&config.folder, "opened", error))?;
        let (requests, writer) = (Some(requests), Some(writer));
        Ok(Self(Arc::new(Handle { config, shared, requests, writer, _lock: lock })))
    }

    /// Partitions of each topic.
    pub fn partitions(&self) -> u32 {
        self.0.shared.partitions
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so; its thread has nothing to tell.
            writer.join().ok();
        }
    }
}

impl Handle {
    /// Asks the writer and waits for its answer.
    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> PortResult<T> {
        let unavailable = |what: &str| {
            let message = format!("the log at {} {what}", self.config.folder.display());
            PortError::new(ErrorKind::Unavailable, message)
        };
        let (reply, answer) = oneshot::channel();
        let asked = async {
            let requests = self.requests.as_ref().ok_or_else(|| unavailable("is closed"))?;
            requests.send(request(reply)).await.map_err(|_| unavailable("has stopped"))?;
            answer.await.map_err(|_| unavailable("has stopped"))?
        };
        let answered = tokio::time::timeout(ANSWER_WITHIN, asked).await;
        answered.unwrap_or_else(|_| Err(unavailable("does not answer: its disk may have stopped")))
    }
}

impl Shared {
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn groups(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn said(&self) -> MutexGuard<'_, Words> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self, topic: Topic) {
        if let Some(changed) = self.changed.get(&topic) {
            changed.notify_waiters();
        }
    }

    fn ring_all(&self) {
        Topic::ALL.into_iter().for_each(|topic| self.ring(topic));
    }

    fn check_owner(&self, member: &Member, partition: u32) -> PortResult<()> {
        if self.groups().owns(member, partition) {
            return Ok(());
        }
        let message = format!("partition {partition} of {} is another consumer's", member.topic.as_str());
        Err(PortError::new(ErrorKind::Conflict, message))
    }
}

#[async_trait]
impl Log for FjallLog {
    async fn append(
        &self,
        topic: Topic,
        records: Vec<Record>,
        cursor: Option<Cursor>,
        now: Timestamp,
    ) -> PortResult<()> {
        let records = records.into_iter().map(|record| (topic, record)).collect();
        let write = Write { records, cursor, commit: None, now };
        self.0.ask(|reply| Request::Write(write, reply)).await
    }

    async fn cursor(&self, source: &str) -> PortResult<Option<String>> {
        let source = source.to_owned();
        self.0.ask(|reply| Request::Cursor(source, reply)).await
    }

    async fn consumer(&self, group: &str, topic: Topic) -> PortResult<Box<dyn Consumer>> {
        let member = self.0.shared.groups().join(group, topic);
        self.0.shared.ring(topic);
        Ok(Box::new(FjallConsumer::new(Arc::clone(&self.0), member)))
    }

    async fn lag(&self, group: &str, topic: Topic) -> PortResult<Vec<Lag>> {
        let state = self.0.shared.state();
        let lag = |partition| Lag {
            partition,
            committed: state.committed(topic, group, partition),
            end: state.partition(topic, partition).end,
        };
        Ok((0..self.0.shared.partitions).map(lag).filter(|lag| lag.end > 0).collect())
    }

    async fn trim(&self, topic: Topic, retention: Retention) -> PortResult<u64> {
        let mut trimmed = 0;
        for partition in 0..self.0.shared.partitions {
            loop {
                let (dropped, more) = self.0.ask(|reply| Request::Trim(topic, partition, retention, reply)).await?;
                trimmed += dropped;
                if !more {
                    break;
                }
            }
        }
        Ok(trimmed)
    }

    async fn forget(&self, region: &str, key: &str) -> PortResult<u64> {
        let (region, key) = (region.to_owned(), key.to_owned());
        self.0.ask(|reply| Request::Forget(region, key, reply)).await
    }

    async fn say(&self, member: &str, word: Option<String>) -> PortResult<()> {
        self.0.shared.said().say(member, word);
        Ok(())
    }

    async fn said(&self) -> PortResult<BTreeMap<String, String>> {
        Ok(self.0.shared.said().all())
    }
}
