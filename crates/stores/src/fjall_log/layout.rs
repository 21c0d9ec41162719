//! Bytes of the embedded log: keys and values of its keyspaces. Numbers are big-endian, so that keys sort by them.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `meta` | `f` | version of this layout, number of partitions |
//! | `meta` | `b` | number of the last batch |
//! | `meta` | `p` topic partition | start, end, bytes: [`PartitionState`] |
//! | `meta` | `o` topic partition group | offset committed |
//! | `meta` | `c` source | cursor |
//! | `meta` | `s` topic number | begun at, first offset of each partition: [`SegmentStart`] |
//! | `TOPIC.NUMBER` | partition offset | record: time, region, key, payload |
//! | `TOPIC.NUMBER.keys` | hash of region and key, partition, offset | nothing |

use jiff::Timestamp;
use otklik_ports::{Record, Topic, partitions::fnv1a};

/// Version of this layout. A program refuses a higher one.
pub(super) const VERSION: u32 = 1;

pub(super) const FORMAT_KEY: [u8; 1] = *b"f";
pub(super) const BATCH_KEY: [u8; 1] = *b"b";
pub(super) const PARTITION_PREFIX: u8 = b'p';
pub(super) const OFFSET_PREFIX: u8 = b'o';
pub(super) const CURSOR_PREFIX: u8 = b'c';
pub(super) const SEGMENT_PREFIX: u8 = b's';

/// What is kept of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PartitionState {
    /// Offset of the first record kept.
    pub(super) start: u64,
    /// Offset of the next record.
    pub(super) end: u64,
    /// Bytes of payload kept.
    pub(super) bytes: u64,
}

/// Where a segment of a topic begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SegmentStart {
    /// Time of its first record.
    pub(super) begun_at: Timestamp,
    /// First offset of each partition that lies in it.
    pub(super) first: Vec<u64>,
}

/// A stored record, borrowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RecordView<'a> {
    pub(super) at: Timestamp,
    pub(super) region: &'a str,
    pub(super) key: &'a str,
    pub(super) payload: &'a [u8],
}

/// Bytes that are not what this layout says.
#[derive(Debug, thiserror::Error)]
#[error("{0} cannot be read")]
pub(super) struct Damaged(pub(super) &'static str);

pub(super) fn format_value(partitions: u32) -> [u8; 8] {
    (u64::from(VERSION) << 32 | u64::from(partitions)).to_be_bytes()
}

/// Version and number of partitions.
pub(super) fn parse_format(value: &[u8]) -> Result<(u32, u32), Damaged> {
    let mut reader = Reader(value, "the format");
    let parsed = (reader.u32()?, reader.u32()?);
    reader.finish(parsed)
}

pub(super) fn partition_key(topic: Topic, partition: u32) -> Vec<u8> {
    [&[PARTITION_PREFIX, topic_code(topic)], &partition.to_be_bytes()[..]].concat()
}

pub(super) fn parse_partition_key(key: &[u8]) -> Result<(Topic, u32), Damaged> {
    let mut reader = Reader(key, "the key of a partition");
    reader.u8()?;
    let parsed = (reader.topic()?, reader.u32()?);
    reader.finish(parsed)
}

pub(super) fn partition_value(state: PartitionState) -> Vec<u8> {
    [state.start, state.end, state.bytes].map(u64::to_be_bytes).concat()
}

pub(super) fn parse_partition(value: &[u8]) -> Result<PartitionState, Damaged> {
    let mut reader = Reader(value, "the state of a partition");
    let state = PartitionState { start: reader.u64()?, end: reader.u64()?, bytes: reader.u64()? };
    reader.finish(state)
}

pub(super) fn offset_key(topic: Topic, partition: u32, group: &str) -> Vec<u8> {
    [&[OFFSET_PREFIX, topic_code(topic)], &partition.to_be_bytes()[..], group.as_bytes()].concat()
}

pub(super) fn parse_offset_key(key: &[u8]) -> Result<(Topic, u32, String), Damaged> {
    let mut reader = Reader(key, "the key of a commit");
    reader.u8()?;
    let (topic, partition) = (reader.topic()?, reader.u32()?);
    let group = std::str::from_utf8(reader.0).map_err(|_| Damaged("the name of a group"))?;
    Ok((topic, partition, group.to_owned()))
}

pub(super) fn parse_number(value: &[u8]) -> Result<u64, Damaged> {
    let mut reader = Reader(value, "a number");
    let number = reader.u64()?;
    reader.finish(number)
}

pub(super) fn cursor_key(source: &str) -> Vec<u8> {
    [&[CURSOR_PREFIX], source.as_bytes()].concat()
}

pub(super) fn segment_key(topic: Topic, number: u64) -> Vec<u8> {
    [&[SEGMENT_PREFIX, topic_code(topic)], &number.to_be_bytes()[..]].concat()
}

pub(super) fn parse_segment_key(key: &[u8]) -> Result<(Topic, u64), Damaged> {
    let mut reader = Reader(key, "the key of a segment");
    reader.u8()?;
    let parsed = (reader.topic()?, reader.u64()?);
    reader.finish(parsed)
}

pub(super) fn segment_value(start: &SegmentStart) -> Vec<u8> {
    let first = start.first.iter().flat_map(|offset| offset.to_be_bytes());
    start.begun_at.as_microsecond().to_be_bytes().into_iter().chain(first).collect()
}

pub(super) fn parse_segment(value: &[u8], partitions: u32) -> Result<SegmentStart, Damaged> {
    let mut reader = Reader(value, "the beginning of a segment");
    let begun_at = reader.time()?;
    let first = (0..partitions).map(|_| reader.u64()).collect::<Result<Vec<u64>, Damaged>>()?;
    reader.finish(SegmentStart { begun_at, first })
}

/// Names of the keyspaces of a segment: its records and its keys.
pub(super) fn segment_names(topic: Topic, number: u64) -> [String; 2] {
    let records = format!("{}.{number:010}", topic.as_str());
    let keys = format!("{records}.keys");
    [records, keys]
}

/// The number in the name of a segment's keyspace; `None` for any other keyspace.
pub(super) fn parse_segment_name(name: &str) -> Option<u64> {
    name.split('.').nth(1)?.parse().ok()
}

pub(super) fn record_key(partition: u32, offset: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&partition.to_be_bytes());
    key[4..].copy_from_slice(&offset.to_be_bytes());
    key
}

/// The offset in the key of a record.
pub(super) fn parse_record_key(key: &[u8]) -> Result<u64, Damaged> {
    let mut reader = Reader(key, "the key of a record");
    reader.u32()?;
    let offset = reader.u64()?;
    reader.finish(offset)
}

pub(super) fn record_value(record: &Record, at: Timestamp) -> Vec<u8> {
    let (region, key) = (record.region.as_bytes(), record.key.as_bytes());
    let mut value = Vec::with_capacity(16 + region.len() + key.len() + record.payload.len());
    value.extend(at.as_microsecond().to_be_bytes());
    for text in [region, key] {
        value.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        value.extend(text);
    }
    value.extend(&record.payload);
    value
}

pub(super) fn parse_record(value: &[u8]) -> Result<RecordView<'_>, Damaged> {
    let mut reader = Reader(value, "a record");
    let at = reader.time()?;
    let (region, key) = (reader.text()?, reader.text()?);
    Ok(RecordView { at, region, key, payload: reader.0 })
}

/// The beginning of the index entries of a region and key. Different ones may share it: the record has to be looked at.
pub(super) fn index_prefix(region: &str, key: &str) -> [u8; 8] {
    fnv1a(&[region.as_bytes(), &[0xff], key.as_bytes()].concat()).to_be_bytes()
}

pub(super) fn index_key(region: &str, key: &str, partition: u32, offset: u64) -> [u8; 20] {
    let mut entry = [0; 20];
    entry[..8].copy_from_slice(&index_prefix(region, key));
    entry[8..].copy_from_slice(&record_key(partition, offset));
    entry
}

/// Partition and offset of an index entry.
pub(super) fn parse_index_key(entry: &[u8]) -> Result<(u32, u64), Damaged> {
    let mut reader = Reader(entry, "the key of an index entry");
    reader.u64()?;
    let parsed = (reader.u32()?, reader.u64()?);
    reader.finish(parsed)
}

/// Codes are stored: never change one.
const fn topic_code(topic: Topic) -> u8 {
    match topic {
        Topic::Posts => 1,
        Topic::Analysed => 2,
        Topic::Grouped => 3,
        Topic::Incidents => 4,
        Topic::DeadLetters => 5,
    }
}

/// Reads bytes from the front; the text says of what.
struct Reader<'a>(&'a [u8], &'static str);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(Damaged(self.1))?;
        self.0 = rest;
        Ok(*first)
    }

    fn u8(&mut self) -> Result<u8, Damaged> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, Damaged> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, Damaged> {
        self.take().map(u64::from_be_bytes)
    }

    fn time(&mut self) -> Result<Timestamp, Damaged> {
        let microseconds = self.take().map(i64::from_be_bytes)?;
        Timestamp::from_microsecond(microseconds).map_err(|_| Damaged(self.1))
    }

    fn topic(&mut self) -> Result<Topic, Damaged> {
        let code = self.u8()?;
        Topic::ALL.into_iter().find(|topic| topic_code(*topic) == code).ok_or(Damaged(self.1))
    }

    fn text(&mut self) -> Result<&'a str, Damaged> {
        let length = self.u32()? as usize;
        let (text, rest) = self.0.split_at_checked(length).ok_or(Damaged(self.1))?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| Damaged(self.1))
    }

    fn finish<T>(self, parsed: T) -> Result<T, Damaged> {
        if self.0.is_empty() { Ok(parsed) } else { Err(Damaged(self.1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let at = Timestamp::from_microsecond(1_772_431_200_123_456).unwrap();
        let state = PartitionState { start: 3, end: u64::MAX, bytes: 7 };
        assert_eq!(parse_partition(&partition_value(state)).unwrap(), state);
        assert_eq!(parse_partition_key(&partition_key(Topic::Grouped, 9)).unwrap(), (Topic::Grouped, 9));
        let group = (Topic::DeadLetters, 2, "группа".to_owned());
        assert_eq!(parse_offset_key(&offset_key(group.0, group.1, &group.2)).unwrap(), group);
        let segment = SegmentStart { begun_at: at, first: vec![0, 5, u64::MAX] };
        assert_eq!(parse_segment(&segment_value(&segment), 3).unwrap(), segment);
        let numbers = segment_names(Topic::DeadLetters, 12).map(|name| parse_segment_name(&name));
        assert_eq!((numbers, parse_segment_name("meta")), ([Some(12), Some(12)], None));
        assert_eq!(parse_segment_key(&segment_key(Topic::Posts, 12)).unwrap(), (Topic::Posts, 12));
        assert_eq!(parse_format(&format_value(4)).unwrap(), (VERSION, 4));
        let record = Record { region: "удм".to_owned(), key: "vk:1".to_owned(), payload: vec![0, 255] };
        let value = record_value(&record, at);
        let expected = RecordView { at, region: "удм", key: "vk:1", payload: &[0, 255] };
        assert_eq!(parse_record(&value).unwrap(), expected);
        assert_eq!(parse_record_key(&record_key(3, 77)).unwrap(), 77);
        assert_eq!(parse_index_key(&index_key("удм", "vk:1", 3, 77)).unwrap(), (3, 77));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let record = Record { region: "r".to_owned(), key: "key".to_owned(), payload: vec![] };
        let value = record_value(&record, Timestamp::UNIX_EPOCH);
        for length in 0..value.len() {
            assert!(parse_record(&value[..length]).is_err(), "{length} bytes of a record");
        }
        assert!(parse_record(&[0xff; 40]).is_err(), "a length beyond the end");
        assert!(parse_partition(&[0; 23]).is_err() && parse_partition(&[0; 25]).is_err());
        assert!(parse_partition_key(b"p\x09\0\0\0\0").is_err(), "an unknown topic");
    }

    #[test]
    fn keys_sort_by_partition_and_offset() {
        assert!(record_key(0, u64::MAX) < record_key(1, 0));
        assert!(record_key(1, 255) < record_key(1, 256));
        assert_ne!(index_prefix("a", "bc"), index_prefix("ab", "c"));
    }
}
