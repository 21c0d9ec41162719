//! Where the crawl writes, and how it is killed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_pipeline::Gate;
use otklik_ports::{
    Clock, Cursor, ErrorKind, FixedClock, Log, Polled, PortError, PortResult, Snapshot, Snapshots, Topic,
    memory::{MemoryLog, MemorySnapshots},
};
use otklik_sources::crawl::{Intake, Timer};
use otklik_wire::{
    Post,
    log::{Deletion, Intake as Taken, Message},
};

/// What came into the log.
pub(crate) enum Arrival {
    Post { at: i64, id: String, version: String, is_edit: bool },
    Deletion { at: i64, id: String },
}

/// Waits by setting the clock.
pub(crate) struct VirtualTimer(pub(crate) Arc<FixedClock>);

#[async_trait]
impl Timer for VirtualTimer {
    async fn wait_until(&self, time: Timestamp) {
        if time > self.0.now() {
            self.0.set(time);
        }
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

/// Where the crawl writes. When no writes are left the process is as good as killed: the write is done or not, and the crawl
/// is thrown away either way.
pub(crate) struct Desk {
    gate: Gate,
    log: Arc<MemoryLog>,
    snapshots: MemorySnapshots,
    writes_left: AtomicI64,
    last_is_done: AtomicBool,
}

impl Desk {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let log = Arc::new(MemoryLog::new(4));
        Self {
            gate: Gate::new(log.clone(), clock, "0123456789abcdef0123456789abcdef".into()),
            log,
            snapshots: MemorySnapshots::default(),
            writes_left: AtomicI64::new(i64::MAX),
            last_is_done: AtomicBool::new(false),
        }
    }

    /// Lets so many writes through and the next one fail, done or not.
    pub(crate) fn fail_after(&self, writes: i64, is_done: bool) {
        self.last_is_done.store(is_done, Ordering::SeqCst);
        self.writes_left.store(writes + 1, Ordering::SeqCst);
    }

    /// Lets all writes through.
    pub(crate) fn work(&self) {
        self.writes_left.store(i64::MAX, Ordering::SeqCst);
    }

    /// Whether this write is the one that the kill comes with, and whether it is done before.
    fn kill(&self) -> Option<bool> {
        let left = self.writes_left.fetch_sub(1, Ordering::SeqCst);
        (left <= 1).then(|| self.last_is_done.load(Ordering::SeqCst))
    }

    pub(crate) async fn arrivals(&self) -> Vec<Arrival> {
        let mut consumer = self.log.consumer("judge", Topic::Posts).await.unwrap();
        let mut arrivals = Vec::new();
        loop {
            match consumer.poll(10_000, std::time::Duration::ZERO).await.unwrap() {
                Polled::Records { records, .. } => {
                    for record in records {
                        let message: Message<Taken> = Message::from_bytes(&record.payload).unwrap();
                        let at = message.at.parse::<Timestamp>().unwrap().as_millisecond();
                        arrivals.push(match message.body {
                            Taken::Post(post) => Arrival::Post {
                                at,
                                version: format!("{} {:?}", post.text, post.metrics),
                                is_edit: post.text.contains("Исправлено"),
                                id: post.id,
                            },
                            Taken::Deletion(deletion) => Arrival::Deletion { at, id: deletion.id },
                            Taken::Correction(_) => panic!("nobody corrects anything here"),
                        });
                    }
                }
                Polled::Idle => return arrivals,
                Polled::Assigned(_) | Polled::Revoked(_) => {}
            }
        }
    }
}

fn killed() -> PortError {
    PortError::new(ErrorKind::Internal, "killed")
}

#[async_trait]
impl Intake for Desk {
    async fn take(&self, posts: Vec<Post>, cursor: Cursor) -> PortResult<()> {
        let kill = self.kill();
        if kill == Some(false) {
            return Err(killed());
        }
        let refused = self.gate.append(posts, Some(cursor), false).await?;
        assert!(refused.is_empty(), "{refused:?}");
        if kill.is_some() { Err(killed()) } else { Ok(()) }
    }

    async fn delete(&self, id: &str, region: &str) -> PortResult<()> {
        if self.kill().is_some() {
            return Err(killed());
        }
        self.gate.delete(Deletion { id: id.to_owned(), region: region.to_owned() }).await
    }

    async fn cursor(&self, source: &str) -> PortResult<Option<String>> {
        self.log.cursor(source).await
    }
}

#[async_trait]
impl Snapshots for Desk {
    async fn save(&self, stage: &str, partition: u32, snapshot: Snapshot) -> PortResult<()> {
        let kill = self.kill();
        if kill == Some(false) {
            return Err(killed());
        }
        self.snapshots.save(stage, partition, snapshot).await?;
        if kill.is_some() { Err(killed()) } else { Ok(()) }
    }

    async fn load(&self, stage: &str, partition: u32) -> PortResult<Option<Snapshot>> {
        self.snapshots.load(stage, partition).await
    }
}
