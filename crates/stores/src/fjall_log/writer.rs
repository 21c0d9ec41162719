//! The one thread that writes. It takes what has been asked for meanwhile together, so that one wait for the disk serves
//! all of it.

mod draft;
mod removal;

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use otklik_ports::{
    Cursor, ErrorKind, Output, PartitionPosition, PortError, PortResult, Retention, Topic, partitions::Member,
};
use tokio::sync::{mpsc, oneshot};

use self::draft::Draft;
use super::{
    FjallLogConfig, Shared,
    failure::{Failure, failed},
    store::{State, Store},
};

/// Requests that may wait; who asks for more waits himself.
pub(super) const REQUESTS_MAX: usize = 256;
/// Payload written together at most; a larger request goes alone.
const GROUP_BYTES_MAX: usize = 8 << 20;

/// Something to do, with where to tell the result.
pub(super) enum Request {
    Write(Write, Reply<()>),
    /// The cursor of a source.
    Cursor(String, Reply<Option<String>>),
    /// Drops a chunk of old records of a partition; tells their number and whether there may be more.
    Trim(Topic, u32, Retention, Reply<(u64, bool)>),
    /// Region and key.
    Forget(String, String, Reply<u64>),
    /// What a group has committed in partitions. Asked here, so that no commit is under way.
    Positions(Topic, String, Vec<u32>, Reply<Vec<PartitionPosition>>),
}

pub(super) type Reply<T> = oneshot::Sender<PortResult<T>>;

/// Records, a cursor and a commit, to be written all or nothing.
pub(super) struct Write {
    pub(super) records: Vec<Output>,
    pub(super) cursor: Option<Cursor>,
    pub(super) commit: Option<(Member, PartitionPosition)>,
    pub(super) now: Timestamp,
}

impl Write {
    fn bytes(&self) -> usize {
        self.records.iter().map(|(_, record)| record.payload.len()).sum()
    }
}

pub(super) struct Writer {
    pub(super) config: FjallLogConfig,
    pub(super) shared: Arc<Shared>,
    /// `None` after a failure, until it can be opened again.
    pub(super) store: Option<Store>,
}

impl Writer {
    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut next = requests.blocking_recv();
        while let Some(request) = next.take() {
            if let Request::Write(write, reply) = request {
                let mut bytes = write.bytes();
                let mut group = vec![(write, reply)];
                while bytes < GROUP_BYTES_MAX {
                    match requests.try_recv() {
                        Ok(Request::Write(write, reply)) => {
                            bytes += write.bytes();
                            group.push((write, reply));
                        }
                        Ok(other) => {
                            next = Some(other);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                self.write(group);
            } else {
                self.other(request);
            }
            next = next.or_else(|| requests.blocking_recv());
        }
    }

    fn other(&mut self, request: Request) {
        // Nobody may be waiting for the answer any more.
        match request {
            Request::Write(write, reply) => self.write(vec![(write, reply)]),
            Request::Cursor(source, reply) => {
                let cursor = self.attempt("read", |_, store| store.cursor(&source));
                reply.send(cursor).ok();
            }
            Request::Trim(topic, partition, retention, reply) => {
                let done = self.attempt("trimmed", |writer, store| writer.trim(store, topic, partition, retention));
                reply.send(done).ok();
            }
            Request::Forget(region, key, reply) => {
                let done = self.attempt("made to forget", |writer, store| writer.forget(store, &region, &key));
                reply.send(done).ok();
            }
            Request::Positions(topic, group, partitions, reply) => {
                let positions = self.attempt("read", |writer, _| {
                    let state = writer.shared.state();
                    let position =
                        |partition| PartitionPosition { partition, offset: state.committed(topic, &group, partition) };
                    Ok(partitions.iter().copied().map(position).collect())
                });
                reply.send(positions).ok();
            }
        }
    }

    fn write(&mut self, group: Vec<(Write, Reply<()>)>) {
        let (writes, replies): (Vec<Write>, Vec<Reply<()>>) = group.into_iter().unzip();
        // A second time, since a full disk may have stopped the engine's own work before there was room again.
        let mut done = self.try_write(&writes);
        if done.is_err() {
            done = self.try_write(&writes);
        }
        match done {
            Ok(results) => {
                for (reply, result) in replies.into_iter().zip(results) {
                    reply.send(result).ok();
                }
            }
            Err(error) => {
                for reply in replies {
                    reply.send(Err(PortError::new(error.kind, error.message.clone()))).ok();
                }
            }
        }
    }

    /// Writes a group; gives the result of each, or what kept all of it from being written.
    fn try_write(&mut self, writes: &[Write]) -> PortResult<Vec<PortResult<()>>> {
        let room = check_room(&self.config.folder, self.config.free_bytes_min);
        let mut batch = 0;
        let mut results = Vec::with_capacity(writes.len());
        let done = self.attempt("written to", |writer, store| {
            let mut draft = Draft::new(store, &writer.shared, &writer.config);
            batch = draft.batch_number;
            for write in writes {
                // Moving on needs next to no room, and is what lets old records go.
                let refused = if write.records.is_empty() { None } else { room.as_ref().err() };
                results.push(match refused {
                    Some(full) => Err(PortError::new(full.kind, full.message.clone())),
                    None => draft.stage(write)?,
                });
            }
            draft.commit()
        });
        match done {
            Ok(()) => Ok(results),
            // The write failed, but its records are there: it was the wait for the disk that failed.
            Err(_) if batch > 0 && self.shared.state().batch == batch => Ok(results),
            Err(error) => Err(error),
        }
    }

    /// Does something with the store. After a failure of the engine, which then takes no more writes, it is opened anew.
    fn attempt<T>(&mut self, task: &str, work: impl FnOnce(&Self, &Store) -> Result<T, Failure>) -> PortResult<T> {
        if self.store.is_none() {
            self.reopen()?;
        }
        let Some(store) = &self.store else { return Err(PortError::new(ErrorKind::Internal, "the log is closed")) };
        work(self, store).map_err(|failure| {
            let stopped = matches!(failure, Failure::Engine(_));
            let error = self.explain(task, failure);
            tracing::error!(error = %error, cause = ?error.source, "log failed");
            if stopped && let Err(error) = self.reopen() {
                tracing::error!(error = %error, cause = ?error.source, "log could not be opened again");
            }
            error
        })
    }

    /// The engine does not say why its own threads have stopped; mostly the disk is full.
    fn explain(&self, task: &str, failure: Failure) -> PortError {
        /// A journal and some tables.
        const ENGINE_BYTES: u64 = 128 << 20;
        if matches!(failure, Failure::Engine(fjall::Error::Poisoned))
            && let Err(full) = check_room(&self.config.folder, self.config.free_bytes_min.max(ENGINE_BYTES))
        {
            return full;
        }
        failed(&self.config.folder, task, failure)
    }

    fn reopen(&mut self) -> PortResult<()> {
        // Handles of the old database have to go first: they hold its lock.
        *self.shared.state_mut() = State::default();
        self.store = None;
        let (store, state) = Store::open(&self.config)?;
        *self.shared.state_mut() = state;
        self.store = Some(store);
        self.shared.ring_all();
        Ok(())
    }
}

/// Whether there is room to write. The engine stops for good when the disk is full, so that it must not come to that.
fn check_room(folder: &Path, free_bytes_min: u64) -> PortResult<()> {
    let disk =
        rustix::fs::statvfs(folder).map_err(|error| failed(folder, "asked for room", std::io::Error::from(error)))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= free_bytes_min {
        return Ok(());
    }
    let message = format!(
        "nothing was appended to the log at {}: its disk has {} MiB free, less than the {} MiB to be kept. Make room, or \
         keep records for a shorter time",
        folder.display(),
        free >> 20,
        free_bytes_min >> 20
    );
    Err(PortError::new(ErrorKind::Full, message))
}
