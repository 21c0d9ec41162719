//! The log's files: where they are, opening them, reading records.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use otklik_ports::{ErrorKind, PortError, PortResult, Topic};

use super::{
    FjallLogConfig,
    failure::{Failure, failed},
    layout::{self, Damaged, PartitionState, SegmentStart},
};

/// Keeps a second process away. The system lets go of it when this one dies.
#[derive(Debug)]
pub(super) struct FolderLock(#[expect(dead_code, reason = "held, never used")] File);

impl FolderLock {
    /// Makes the folder and takes it.
    pub(super) fn take(folder: &Path) -> PortResult<Self> {
        let open = || {
            fs::create_dir_all(folder)?;
            File::options().create(true).truncate(false).write(true).open(folder.join("lock"))
        };
        let file = open().map_err(|error| {
            let message = format!("the folder {} cannot be written to", folder.display());
            PortError::caused(ErrorKind::Unavailable, message, error)
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(fs::TryLockError::WouldBlock) => {
                let message = format!("the log at {} is in use by another process", folder.display());
                Err(PortError::new(ErrorKind::Conflict, message))
            }
            Err(fs::TryLockError::Error(error)) => Err(failed(folder, "locked", error)),
        }
    }
}

/// An open database.
pub(super) struct Store {
    pub(super) db: Database,
    pub(super) meta: Keyspace,
    pub(super) partitions: u32,
    folder: PathBuf,
    write_buffer_bytes: u64,
}

/// What the log holds. The writer changes it once it is on disk; readers look at it.
#[derive(Default)]
pub(super) struct State {
    /// Number of the last batch; 0 while the log is closed.
    pub(super) batch: u64,
    pub(super) partitions: BTreeMap<(Topic, u32), PartitionState>,
    pub(super) committed: BTreeMap<(Topic, String), BTreeMap<u32, u64>>,
    pub(super) segments: BTreeMap<Topic, Arc<Vec<Segment>>>,
}

/// A stretch of a topic with keyspaces of its own, so that old records go with their files, without a trace in newer ones.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) start: SegmentStart,
    pub(super) records: Keyspace,
    /// Finds records by region and key.
    pub(super) keys: Keyspace,
}

impl State {
    pub(super) fn partition(&self, topic: Topic, partition: u32) -> PartitionState {
        self.partitions.get(&(topic, partition)).copied().unwrap_or_default()
    }

    /// First offset not committed, or the first that is kept for a group that committed nothing here.
    pub(super) fn committed(&self, topic: Topic, group: &str, partition: u32) -> u64 {
        let committed = self.committed.get(&(topic, group.to_owned())).and_then(|offsets| offsets.get(&partition));
        committed.copied().unwrap_or_default().max(self.partition(topic, partition).start)
    }

    pub(super) fn segments(&self, topic: Topic) -> Arc<Vec<Segment>> {
        self.segments.get(&topic).cloned().unwrap_or_default()
    }

    /// Number of the segment begun last, of any topic. It must never be dropped: fjall 3.1 numbers a new keyspace after
    /// the highest it finds, and what it remembers of a dropped one can hide a new one of the same number.
    pub(super) fn newest_segment(&self) -> u64 {
        self.segments.values().flat_map(|list| list.last()).map(|segment| segment.number).max().unwrap_or_default()
    }
}

impl Store {
    /// Opens the files in a folder, making them when there are none.
    pub(super) fn open(config: &FjallLogConfig) -> PortResult<(Self, State)> {
        let folder = config.folder.clone();
        let config = config.clone();
        // In a thread of its own, since the engine panics on some kinds of damage.
        let opening = thread::Builder::new().name("log:open".to_owned()).spawn(move || open(&config));
        let opened = opening.map_err(|error| failed(&folder, "opened", error))?.join();
        opened.unwrap_or_else(|_| Err(failed(&folder, "opened", Failure::Panicked)))
    }

    /// Makes the keyspaces of a segment. It is one once its start is in `meta`.
    pub(super) fn new_segment(&self, topic: Topic, number: u64, start: SegmentStart) -> Result<Segment, Failure> {
        let [records, keys] = layout::segment_names(topic, number);
        let options = |share: u64| {
            let bytes = (self.write_buffer_bytes / share).max(1 << 20);
            move || KeyspaceCreateOptions::default().max_memtable_size(bytes)
        };
        Ok(Segment {
            number,
            start,
            records: self.db.keyspace(&records, options(1))?,
            keys: self.db.keyspace(&keys, options(4))?,
        })
    }

    /// The cursor of a source.
    pub(super) fn cursor(&self, source: &str) -> Result<Option<String>, Failure> {
        let position = self.meta.get(layout::cursor_key(source))?;
        let text = position.map(|position| String::from_utf8(position.to_vec()));
        Ok(text.transpose().map_err(|_| Damaged("a cursor"))?)
    }

    fn failed(&self, task: &str, error: impl Into<Failure>) -> PortError {
        failed(&self.folder, task, error)
    }
}

/// Reads records of a partition from an offset up to `end`: at most `max`, and no more once `bytes_max` have been read.
/// Gives offsets and values.
pub(super) fn read(
    segments: &[Segment],
    partition: u32,
    offsets: std::ops::Range<u64>,
    max: usize,
    bytes_max: usize,
) -> Result<Vec<(u64, fjall::Slice)>, Failure> {
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut next = offsets.start;
    let first = |segment: &Segment| segment.start.first.get(partition as usize).copied().unwrap_or_default();
    let skipped = segments.partition_point(|segment| first(segment) <= next).saturating_sub(1);
    for segment in segments.iter().skip(skipped) {
        let keys = layout::record_key(partition, next)..layout::record_key(partition, offsets.end);
        for guard in segment.records.range(keys) {
            if found.len() >= max || bytes >= bytes_max {
                return Ok(found);
            }
            let (key, value) = guard.into_inner()?;
            if layout::parse_record_key(&key)? != next {
                return Err(Damaged("a record that should be there").into());
            }
            bytes += value.len();
            found.push((next, value));
            next += 1;
        }
        if next >= offsets.end {
            return Ok(found);
        }
    }
    if found.len() >= max || bytes >= bytes_max { Ok(found) } else { Err(Damaged("the end of a partition").into()) }
}

fn open(config: &FjallLogConfig) -> PortResult<(Store, State)> {
    let data = config.folder.join("data");
    if !data.exists() {
        create(config, &data).map_err(|error| failed(&config.folder, "made", error))?;
    }
    let open = || -> Result<_, Failure> {
        let db = database(config, &data)?;
        let meta = db.keyspace("meta", KeyspaceCreateOptions::default)?;
        let format = meta.get(layout::FORMAT_KEY)?.ok_or(Damaged("the format"))?;
        Ok((db, meta, layout::parse_format(&format)?))
    };
    let (db, meta, (version, partitions)) = open().map_err(|error| failed(&config.folder, "opened", error))?;
    if version > layout::VERSION {
        let message = format!(
            "the log at {} has format {version}, this program knows {} at most: use a newer otklik",
            config.folder.display(),
            layout::VERSION
        );
        return Err(PortError::new(ErrorKind::Rejected, message));
    }
    let folder = config.folder.clone();
    let store = Store { db, meta, partitions, folder, write_buffer_bytes: config.write_buffer_bytes };
    let state = load(&store).map_err(|error| store.failed("read", error))?;
    Ok((store, state))
}

/// Makes an empty database beside its place and moves it there when it is whole: a kill on the way leaves no half of one.
fn create(config: &FjallLogConfig, data: &Path) -> Result<(), Failure> {
    let draft = config.folder.join("data.new");
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    let db = database(config, &draft)?;
    let meta = db.keyspace("meta", KeyspaceCreateOptions::default)?;
    meta.insert(layout::FORMAT_KEY, layout::format_value(config.partitions.max(1)))?;
    meta.insert(layout::BATCH_KEY, 1_u64.to_be_bytes())?;
    db.persist(PersistMode::SyncAll)?;
    drop((meta, db));
    fs::rename(&draft, data)?;
    File::open(&config.folder)?.sync_all()?;
    Ok(())
}

fn database(config: &FjallLogConfig, path: &Path) -> Result<Database, Failure> {
    /// Journals hold what is in write buffers only; this much is read again after a kill.
    const JOURNALS_BYTES_MAX: u64 = 128 << 20;
    Ok(Database::builder(path)
        .cache_size(config.cache_bytes)
        .max_journaling_size(JOURNALS_BYTES_MAX)
        .worker_threads(2)
        .manual_journal_persist(true)
        .open()?)
}

fn load(store: &Store) -> Result<State, Failure> {
    let number = store.meta.get(layout::BATCH_KEY)?.ok_or(Damaged("the number of the last batch"))?;
    let mut state = State { batch: layout::parse_number(&number)?, ..State::default() };
    for guard in store.meta.prefix([layout::PARTITION_PREFIX]) {
        let (key, value) = guard.into_inner()?;
        state.partitions.insert(layout::parse_partition_key(&key)?, layout::parse_partition(&value)?);
    }
    for guard in store.meta.prefix([layout::OFFSET_PREFIX]) {
        let (key, value) = guard.into_inner()?;
        let (topic, partition, group) = layout::parse_offset_key(&key)?;
        state.committed.entry((topic, group)).or_default().insert(partition, layout::parse_number(&value)?);
    }
    let mut segments: BTreeMap<Topic, Vec<Segment>> = BTreeMap::new();
    for guard in store.meta.prefix([layout::SEGMENT_PREFIX]) {
        let (key, value) = guard.into_inner()?;
        let (topic, number) = layout::parse_segment_key(&key)?;
        if !layout::segment_names(topic, number).iter().all(|name| store.db.keyspace_exists(name)) {
            return Err(Damaged("a segment").into());
        }
        let start = layout::parse_segment(&value, store.partitions)?;
        segments.entry(topic).or_default().push(store.new_segment(topic, number, start)?);
    }
    state.segments = segments.into_iter().map(|(topic, list)| (topic, Arc::new(list))).collect();
    drop_leftovers(store, &state)?;
    Ok(state)
}

/// Drops keyspaces of segments that a kill left half made or half dropped.
fn drop_leftovers(store: &Store, state: &State) -> Result<(), Failure> {
    let segments = state.segments.iter().flat_map(|(topic, list)| list.iter().map(|segment| (*topic, segment.number)));
    let used: BTreeSet<String> = segments.flat_map(|(topic, number)| layout::segment_names(topic, number)).collect();
    for name in store.db.list_keyspace_names() {
        let older = layout::parse_segment_name(&name).is_some_and(|number| number < state.newest_segment());
        if older && !used.contains(&*name) {
            store.db.delete_keyspace(store.db.keyspace(&name, KeyspaceCreateOptions::default)?)?;
        }
    }
    Ok(())
}
