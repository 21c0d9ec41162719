//! What is asked of the brokers outside of groups and transactions: ends, committed positions, records to the end.
//!
//! Everything here blocks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use otklik_ports::{Lag, PortResult, Topic};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    admin::AdminClient,
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult},
    message::BorrowedMessage,
};

use super::{
    config::KafkaLogConfig,
    failure::{failed, late},
    offsets::{committed, signed, to_number, unsigned, watermarks},
    reader::{Reader, Told},
    table::Table,
};

/// Clients kept to ask what a group has committed; there are not many groups.
const GROUPS_MAX: usize = 16;
/// Within this a transaction that has been acknowledged can usually be read.
const SETTLES_WITHIN: Duration = Duration::from_secs(1);
/// Wait between two looks at a transaction that is about to end.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Connections to the brokers that all parts of the log share.
pub(super) struct Cluster {
    pub(super) config: Arc<KafkaLogConfig>,
    pub(super) admin: AdminClient<DefaultClientContext>,
    /// Sees what is committed.
    reader: Reader,
    /// One reads at a time.
    reading: Mutex<()>,
    /// Sees what is written, committed or not.
    latest: Reader,
    groups: Mutex<BTreeMap<String, Arc<Reader>>>,
    table: Mutex<Table>,
}

impl Cluster {
    pub(super) fn new(config: KafkaLogConfig) -> PortResult<Self> {
        let made = |error| failed(&config, "reached", error);
        let admin = config.client()?.create().map_err(made)?;
        let reader = Reader::new(config.reader("read_committed")?).map_err(made)?;
        let latest = Reader::new(config.reader("read_uncommitted")?).map_err(made)?;
        Ok(Self {
            config: Arc::new(config),
            admin,
            reader,
            reading: Mutex::default(),
            latest,
            groups: Mutex::default(),
            table: Mutex::default(),
        })
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Partitions of the topics, as Kafka numbers them.
    pub(super) fn partitions(&self) -> std::ops::Range<i32> {
        0..i32::try_from(self.config.partitions).unwrap_or_default()
    }

    /// For each partition of a topic whether it has a leader; none when there is no such topic.
    pub(super) fn leaders(&self, topic: &str) -> KafkaResult<Vec<bool>> {
        let metadata = self.reader.ask(|reader| reader.fetch_metadata(Some(topic), self.config.answer_within))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
        let leaders = found.map(|found| found.partitions().iter().map(|partition| partition.leader() >= 0).collect());
        Ok(leaders.unwrap_or_default())
    }

    /// First offset kept of a partition, and the end of what is committed.
    pub(super) fn range(&self, topic: &str, partition: i32) -> KafkaResult<(u64, u64)> {
        self.reader.ask(|reader| watermarks(reader, topic, partition, self.config.answer_within))
    }

    /// The same, waiting a moment for what is written up to an offset to become readable.
    fn range_until(&self, topic: &str, partition: i32, written: u64) -> KafkaResult<(u64, u64)> {
        let until = Instant::now() + SETTLES_WITHIN;
        loop {
            let (first, end) = self.range(topic, partition)?;
            if end >= written || Instant::now() >= until {
                return Ok((first, end));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// End of what is written, committed or not.
    pub(super) fn written_end(&self, topic: &str, partition: i32) -> KafkaResult<u64> {
        Ok(self.latest.ask(|latest| watermarks(latest, topic, partition, self.config.answer_within))?.1)
    }

    /// The first record of each partition that was appended at a time, in milliseconds since 1970, or later. A partition
    /// without one is left out.
    pub(super) fn offsets_at(&self, topic: &str, at: i64) -> KafkaResult<BTreeMap<i32, u64>> {
        let mut times = TopicPartitionList::new();
        for partition in self.partitions() {
            times.add_partition_offset(topic, partition, Offset::Offset(at))?;
        }
        let answer = self.reader.ask(|reader| reader.offsets_for_times(times, self.config.answer_within))?;
        let mut starts = BTreeMap::new();
        for element in answer.elements() {
            element.error()?;
            starts.extend(to_number(element.offset()).map(|offset| (element.partition(), offset)));
        }
        // What was found may be the mark of a transaction, which has the broker's time.
        let mut found = BTreeMap::new();
        self.read(topic, &starts, |message| {
            let is_it = message.timestamp().to_millis().is_some_and(|time| time >= at);
            if is_it {
                found.insert(message.partition(), unsigned(message.offset()));
            }
            !is_it
        })?;
        Ok(found)
    }

    /// Names of the groups of a topic, those without members too.
    pub(super) fn groups_of(&self, topic: Topic) -> KafkaResult<Vec<String>> {
        let prefix = self.config.group("", topic);
        let list = self.reader.ask(|reader| reader.fetch_group_list(None, self.config.answer_within))?;
        let names = list.groups().iter().map(|group| group.name());
        Ok(names.filter(|name| name.starts_with(&prefix)).map(ToOwned::to_owned).collect())
    }

    /// What a group has committed, by partition; its name as Kafka has it.
    pub(super) fn committed(&self, group: &str, topic: Topic) -> PortResult<BTreeMap<i32, u64>> {
        let failed = |error| failed(&self.config, "asked for the position of a group", error);
        let client = {
            let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
            if !groups.contains_key(group) && groups.len() >= GROUPS_MAX {
                groups.clear();
            }
            match groups.get(group) {
                Some(client) => Arc::clone(client),
                None => {
                    let mut config = self.config.consumer(group)?;
                    config.remove("group.instance.id");
                    let client = Arc::new(Reader::new(config).map_err(failed)?);
                    groups.insert(group.to_owned(), Arc::clone(&client));
                    client
                }
            }
        };
        let (topic, within) = (self.config.topic(topic), self.config.answer_within);
        client.ask(|client| committed(client, &topic, self.partitions(), within)).map_err(failed)
    }

    /// See [`otklik_ports::Log::lag`].
    pub(super) fn lag(&self, group: &str, topic: Topic) -> PortResult<Vec<Lag>> {
        let failed = |error| failed(&self.config, "asked for its ends", error);
        let name = self.config.topic(topic);
        let mut committed: BTreeMap<i32, u64> = self.committed(&self.config.group(group, topic), topic)?;
        let mut ends = BTreeMap::new();
        // What is written but not readable yet may be records that count: who has read everything else has not read all.
        let mut unsettled = BTreeSet::new();
        for partition in self.partitions() {
            let written = self.written_end(&name, partition).map_err(failed)?;
            let (first, end) = self.range_until(&name, partition, written).map_err(failed)?;
            if end < written {
                unsettled.insert(partition);
            }
            ends.insert(partition, end.max(written));
            let position = committed.entry(partition).or_default();
            *position = (*position).max(first);
        }
        ends.retain(|_, end| *end > 0);
        let behind =
            ends.iter().filter(|(partition, _)| !unsettled.contains(partition)).filter_map(|(partition, end)| {
                let position = *committed.get(partition)?;
                (position < *end).then_some((*partition, position))
            });
        let mut left = self.with_records(&name, behind.collect()).map_err(failed)?;
        left.extend(unsettled);
        let lag = |(partition, end): (i32, u64)| {
            // The marks transactions leave take offsets too: where nothing but marks follows, all has been read.
            let committed = committed.get(&partition).filter(|_| left.contains(&partition)).copied();
            Lag { partition: u32::try_from(partition).unwrap_or_default(), committed: committed.unwrap_or(end), end }
        };
        Ok(ends.into_iter().map(lag).collect())
    }

    /// Those of the partitions that have a record at an offset or after it.
    fn with_records(&self, topic: &str, starts: BTreeMap<i32, u64>) -> KafkaResult<BTreeSet<i32>> {
        let mut found = BTreeSet::new();
        self.read(topic, &starts, |message| {
            if message.payload().is_some() {
                found.insert(message.partition());
            }
            message.payload().is_none()
        })?;
        Ok(found)
    }

    /// Reads partitions to their ends, each as long as it is asked for more.
    pub(super) fn read(
        &self,
        topic: &str,
        starts: &BTreeMap<i32, u64>,
        wants_more: impl FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> KafkaResult<()> {
        if starts.is_empty() {
            return Ok(());
        }
        let mut assignment = TopicPartitionList::new();
        for (partition, start) in starts {
            assignment.add_partition_offset(topic, *partition, Offset::Offset(signed(*start)))?;
        }
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.reader.ask(|reader| {
            reader.assign(&assignment)?;
            let done = read_to_ends(reader, starts.keys().copied().collect(), self.config.answer_within, wants_more);
            reader.unassign()?;
            done
        })
    }

    /// Brings the table up to what has been committed by now, by any process.
    pub(super) fn catch_up(&self) -> KafkaResult<()> {
        let state = self.config.state();
        let until = Instant::now() + self.config.answer_within;
        let written = self.written_end(&state, 0)?;
        if written <= self.table().complete_until {
            return Ok(());
        }
        // A transaction that has been acknowledged is readable a little later.
        while self.range(&state, 0)?.1 < written {
            if Instant::now() >= until {
                return Err(late());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        self.refresh()?;
        let mut table = self.table();
        table.complete_until = table.complete_until.max(written);
        Ok(())
    }

    /// Brings the table up to what can be read now.
    pub(super) fn refresh(&self) -> KafkaResult<()> {
        let start = BTreeMap::from([(0, unsigned(self.table().next))]);
        self.read(&self.config.state(), &start, |message| {
            let mut table = self.table();
            // Another thread may have read on meanwhile.
            if message.offset() >= table.next {
                table.next = message.offset() + 1;
                table.absorb(message.key().unwrap_or_default(), message.payload());
            }
            true
        })
    }
}

/// Reads the partitions a client has been given.
fn read_to_ends(
    reader: &BaseConsumer<Told>,
    mut left: BTreeSet<i32>,
    answer_within: Duration,
    mut wants_more: impl FnMut(&BorrowedMessage<'_>) -> bool,
) -> KafkaResult<()> {
    let mut until = Instant::now() + answer_within;
    while !left.is_empty() {
        match reader.poll(until.saturating_duration_since(Instant::now())) {
            Some(Ok(message)) => {
                until = Instant::now() + answer_within;
                if left.contains(&message.partition()) && !wants_more(&message) {
                    left.remove(&message.partition());
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(left.remove(&partition)),
            // Passing trouble: the client tries again by itself until the time is over.
            Some(Err(_)) | None if Instant::now() < until => {}
            Some(Err(_)) | None => return Err(late()),
        }
    }
    Ok(())
}
