//! One thread that writes and a few connections that read. SQLite has one writer at a time anyway; a thread of its own
//! keeps its prepared statements and lets nobody wait for a lock.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use otklik_ports::{ErrorKind, PortError, PortResult};
use rusqlite::{Connection, Transaction, TransactionBehavior, vtab::array};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{
    SqliteConfig,
    failure::{Failure, Result},
};

/// Writes that may wait; who asks for more waits himself.
const WRITES_MAX: usize = 256;
/// Longest wait for an answer. A query that needs longer is stopped.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Longest wait for another process that writes.
const BUSY_WITHIN: Duration = Duration::from_secs(10);
const STATEMENTS_CACHED: usize = 128;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

pub(super) struct Connections {
    path: Arc<Path>,
    cache_bytes: u64,
    writes: Option<mpsc::Sender<Job>>,
    writer: Option<thread::JoinHandle<()>>,
    /// As many as may read at the same time.
    readers: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Connections {
    /// Starts the writer on a connection that is ready.
    pub(super) fn start(config: &SqliteConfig, mut connection: Connection) -> Result<Self> {
        let (writes, mut waiting) = mpsc::channel::<Job>(WRITES_MAX);
        let writer = thread::Builder::new().name("sqlite:writer".to_owned()).spawn(move || {
            while let Some(job) = waiting.blocking_recv() {
                job(&mut connection);
            }
        })?;
        Ok(Self {
            path: Arc::from(config.path.as_path()),
            cache_bytes: config.cache_bytes,
            writes: Some(writes),
            writer: Some(writer),
            readers: Arc::new(Semaphore::new(config.readers.max(1))),
            idle: Arc::default(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Does some work in a transaction, all or nothing. `after` follows when it is on disk.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
        after: impl FnOnce(&T) + Send + 'static,
    ) -> PortResult<T> {
        self.on_writer(move |connection| {
            let done = in_transaction(connection, work);
            if let Ok(value) = &done {
                after(value);
            }
            done
        })
        .await
    }

    async fn on_writer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> PortResult<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Who asked may have given up.
            reply.send(work(connection)).ok();
        });
        let asked = async {
            let writes = self.writes.as_ref().ok_or_else(|| self.unavailable("is closed"))?;
            writes.send(job).await.map_err(|_| self.unavailable("has stopped"))?;
            answer.await.map_err(|_| self.unavailable("has stopped"))?.map_err(|failure| failure.into_port(&self.path))
        };
        let answered = tokio::time::timeout(ANSWER_WITHIN, asked).await;
        answered.unwrap_or_else(|_| Err(self.unavailable("does not answer: its disk may have stopped")))
    }

    /// Empties the file of what was written last, once nobody reads from it: words that were taken out of rows stand in it still.
    pub(super) async fn settle(&self) -> PortResult<()> {
        self.on_writer(|connection| settle(connection)).await
    }

    /// Reads, all of it from one state of the database.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> PortResult<T> {
        let permit = Arc::clone(&self.readers).acquire_owned().await.map_err(|_| self.unavailable("is closed"))?;
        let connection = self.reader().map_err(|failure| failure.into_port(&self.path))?;
        let stop = connection.get_interrupt_handle();
        let idle = Arc::clone(&self.idle);
        let reading = tokio::task::spawn_blocking(move || {
            // Held until the connection is back, also when nobody waits for the answer any more.
            let _permit = permit;
            let done = in_snapshot(&connection, work);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            done
        });
        match tokio::time::timeout(ANSWER_WITHIN, reading).await {
            Ok(done) => {
                let done = done.map_err(|_| self.unavailable("could not be read: the query broke off"))?;
                done.map_err(|failure| failure.into_port(&self.path))
            }
            Err(_) => {
                stop.interrupt();
                Err(self.unavailable("took too long to answer a query"))
            }
        }
    }

    fn reader(&self) -> Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open(&self.path, self.cache_bytes), Ok)
    }

    fn unavailable(&self, what: &str) -> PortError {
        PortError::new(ErrorKind::Unavailable, format!("the incident database {} {what}", self.path.display()))
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.writes = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so; its thread has nothing to tell.
            writer.join().ok();
        }
    }
}

/// Opens a connection the way every one is set up.
///
/// Durability: in WAL mode `synchronous=NORMAL` keeps a commit from a kill of the process, since it is in the system's
/// cache, but not from a loss of power, since the log file is synced at checkpoints only. `FULL` syncs it at each commit.
/// What is acknowledged here (an answer to a resident, an offset of the log that will not be read again) must stay, so
/// it is `FULL`; batches keep the price low.
pub(super) fn open(path: &Path, cache_bytes: u64) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_WITHIN)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Words of deleted posts are taken out of rows: they must not stay in what the file keeps free.
    connection.pragma_update(None, "secure_delete", true)?;
    // Pages: a checkpoint every 64 MiB. What is written often in between goes to the file once.
    connection.pragma_update(None, "wal_autocheckpoint", 16_384)?;
    connection.pragma_update(None, "journal_size_limit", 128 << 20)?;
    // Negative: in KiB.
    connection.pragma_update(None, "cache_size", -i64::try_from(cache_bytes >> 10).unwrap_or(i64::MAX))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    array::load_module(&connection)?;
    Ok(connection)
}

/// See [`Connections::settle`]. What somebody reads for longer than the wait for a lock stays until the next time.
pub(super) fn settle(connection: &Connection) -> Result<()> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

fn in_transaction<T>(connection: &mut Connection, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

fn in_snapshot<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let transaction = connection.unchecked_transaction()?;
    let value = work(&transaction)?;
    transaction.finish()?;
    Ok(value)
}

/// The lock of a name, in a file beside the database: the system gives it back when a process dies.
pub(super) fn try_lock(path: &Path, name: &str) -> Result<Option<std::fs::File>> {
    // Any name makes a file, and no two the same.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let name: String = name
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") })
        .collect();
    let mut place = PathBuf::from(path).into_os_string();
    place.push(format!(".{name}.lock"));
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(place)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(Failure::Io(error)),
    }
}
