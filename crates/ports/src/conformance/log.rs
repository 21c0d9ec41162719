//! Conformance of [`Log`] and [`Consumer`].

mod groups;
mod reading;
mod removal;
mod words;

use std::{
    ops::Deref,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use crate::{Consumer, Lag, Log, PartitionPosition, Polled, Record, Retention, StoredRecord, Topic};

/// Long enough for any log to bring what it has; a case that waits so long has failed.
const SOON: Duration = Duration::from_secs(30);

/// Where logs may differ.
#[derive(Debug, Clone, Copy)]
pub struct Traits {
    /// Long enough to see that nothing comes, or comes any more.
    pub moment: Duration,
    /// Whether offsets have no gaps and what goes is counted by the record. Otherwise a number of records is a bound.
    pub counts_exactly: bool,
    /// Whether a reader sees at once what was appended before. Otherwise within [`Self::moment`].
    pub shows_at_once: bool,
}

impl Traits {
    /// A log inside one process.
    pub const LOCAL: Self = Self { moment: Duration::from_millis(50), counts_exactly: true, shows_at_once: true };
}

/// A log in a case of the suite.
struct Tested<L> {
    log: L,
    traits: Traits,
}

impl<L> Deref for Tested<L> {
    type Target = L;

    fn deref(&self) -> &L {
        &self.log
    }
}

impl<L: Log> Tested<L> {
    /// Trims and checks the number of records that went.
    async fn assert_trims(&self, topic: Topic, retention: Retention, expected: u64) {
        let begun = Instant::now();
        let mut gone = self.log.trim(topic, retention).await.unwrap();
        while gone < expected && self.has_time(begun) {
            gone += self.log.trim(topic, retention).await.unwrap();
        }
        let is_right = if self.traits.counts_exactly { gone == expected } else { gone >= expected };
        assert!(is_right, "{gone} records went instead of {expected}");
    }

    /// Forgets and checks the number of records emptied, where the log knows it.
    async fn assert_forgets(&self, region: &str, key: &str, expected: u64) {
        let emptied = self.log.forget(region, key).await.unwrap();
        assert!(emptied == expected || !self.traits.counts_exactly, "{emptied} records emptied instead of {expected}");
    }

    /// A group's lag, once it is as expected.
    async fn lag_when(&self, group: &str, topic: Topic, is_expected: impl Fn(&[Lag]) -> bool) -> Vec<Lag> {
        let begun = Instant::now();
        loop {
            let lag = self.log.lag(group, topic).await.unwrap();
            if is_expected(&lag) || !self.has_time(begun) {
                return lag;
            }
        }
    }

    /// Whether what was appended before may still not be seen.
    fn has_time(&self, begun: Instant) -> bool {
        !self.traits.shows_at_once && begun.elapsed() < self.traits.moment
    }
}

/// Runs every case on a fresh adapter of a log inside one process.
///
/// # Panics
/// When the adapter does not do what the port says.
pub async fn suite<L: Log>(make: impl AsyncFn() -> L) {
    suite_of(Traits::LOCAL, make).await;
}

/// Runs every case on a fresh adapter.
///
/// # Panics
/// When the adapter does not do what the port says.
pub async fn suite_of<L: Log>(traits: Traits, make: impl AsyncFn() -> L) {
    let make = async || Tested { log: make().await, traits };
    reading::cursors_move_with_records(&make().await).await;
    reading::regions_keep_their_order(&make().await).await;
    reading::records_come_as_they_were_given(&make().await).await;
    reading::a_waiting_consumer_is_woken(&make().await).await;
    reading::commits_move_the_group_with_its_outputs(&make().await).await;
    reading::commits_neither_go_back_nor_beyond_the_end(&make().await).await;
    reading::seeks_leave_the_commits_alone(&make().await).await;
    reading::lag_counts_what_is_left(&make().await).await;
    groups::groups_read_apart(&make().await).await;
    groups::members_share_partitions(&make().await).await;
    groups::a_lost_partition_takes_no_commit(&make().await).await;
    groups::a_leaving_member_hands_over(&make().await).await;
    removal::trims_by_age(&make().await).await;
    removal::trims_by_bytes(&make().await).await;
    removal::trims_nothing_unread(&make().await).await;
    removal::offsets_survive_a_trim(&make().await).await;
    removal::forgets_in_every_topic(&make().await).await;
    words::the_last_word_of_each_member_counts(&make().await).await;
    words::words_are_no_records(&make().await).await;
}

/// Enough regions for each partition of a log to have some.
fn regions() -> Vec<String> {
    (0..32).map(|index| format!("region-{index}")).collect()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn record(region: &str, key: &str, payload: &str) -> Record {
    Record { region: region.to_owned(), key: key.to_owned(), payload: payload.as_bytes().to_vec() }
}

/// A record with itself in its payload.
fn note(region: &str, number: usize) -> Record {
    record(region, &format!("{region}/{number}"), &format!("{region} {number}"))
}

async fn append(log: &Tested<impl Log>, topic: Topic, records: Vec<Record>) {
    log.append(topic, records, None, at(0)).await.unwrap();
}

/// Joins and waits for the assignment.
async fn join(log: &Tested<impl Log>, group: &str, topic: Topic) -> (Box<dyn Consumer>, Vec<PartitionPosition>) {
    let mut consumer = log.consumer(group, topic).await.unwrap();
    match consumer.poll(10, SOON).await.unwrap() {
        Polled::Assigned(positions) => (consumer, positions),
        other => panic!("the first poll brought {other:?}"),
    }
}

/// Reads what is there until nothing comes for a moment, and commits it without outputs when asked to.
async fn drain(log: &Tested<impl Log>, consumer: &mut dyn Consumer, commit: bool) -> Vec<(u32, StoredRecord)> {
    let mut all = Vec::new();
    loop {
        match consumer.poll(7, log.traits.moment).await.unwrap() {
            Polled::Records { partition, records } => {
                assert!((1..=7).contains(&records.len()), "{} records", records.len());
                let next = PartitionPosition { partition, offset: records.last().unwrap().offset + 1 };
                if commit {
                    consumer.commit(next, Vec::new(), at(1)).await.unwrap();
                }
                all.extend(records.into_iter().map(|record| (partition, record)));
            }
            Polled::Idle => return all,
            other => panic!("nobody joined or left, and yet {other:?}"),
        }
    }
}

/// All payloads a new group finds, as text, sorted.
async fn payloads(log: &Tested<impl Log>, group: &str, topic: Topic) -> Vec<String> {
    let (mut consumer, _) = join(log, group, topic).await;
    let records = drain(log, consumer.as_mut(), false).await;
    let mut texts: Vec<String> =
        records.into_iter().map(|(_, record)| String::from_utf8(record.payload).unwrap()).collect();
    texts.sort_unstable();
    texts
}

/// The next records; notices that come first are passed over.
async fn next_records(consumer: &mut dyn Consumer, max: usize) -> (u32, Vec<StoredRecord>) {
    for _ in 0..10 {
        if let Polled::Records { partition, records } = consumer.poll(max, SOON).await.unwrap() {
            return (partition, records);
        }
    }
    panic!("no records came");
}
