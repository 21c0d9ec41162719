//! Records as Kafka has them.
//!
//! The key is region, NUL, key: compaction goes by the key alone, and a key counts within its region. The region stands in
//! a header too, for readers that are not Otklik, beside the version of all this. The timestamp is when it was appended.

use jiff::Timestamp;
use otklik_ports::{ErrorKind, PortError, PortResult, Record, Topic, partitions::partition_of};

use super::config::{KafkaLogConfig, RECORD_OVERHEAD_BYTES};

/// Version of the form of records.
pub(super) const VERSION: &str = "1";
const SEPARATOR: char = '\0';

/// A record on its way out.
pub(super) struct Outgoing {
    /// Name in Kafka.
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) region: Option<String>,
    pub(super) key: String,
    /// `None` empties all earlier records of the key.
    pub(super) payload: Option<Vec<u8>>,
    /// When it is written, in milliseconds since 1970; `None` for now.
    pub(super) at: Option<i64>,
}

impl Outgoing {
    /// # Errors
    /// `Rejected` when it is too large or its region cannot be told from its key.
    pub(super) fn new(config: &KafkaLogConfig, topic: Topic, record: Record, now: Timestamp) -> PortResult<Self> {
        let refused = |what: &str| {
            let message = format!("a record for {} {what}, the log takes none of it", topic.as_str());
            Err(PortError::new(ErrorKind::Rejected, message))
        };
        if record.payload.len() > config.record_bytes_max {
            return refused(&format!("has {} bytes, more than {}", record.payload.len(), config.record_bytes_max));
        }
        if record.region.len() + record.key.len() > RECORD_OVERHEAD_BYTES / 16 {
            return refused("has a region or key of more than 4096 bytes");
        }
        if record.region.contains(SEPARATOR) {
            return refused("has a region with a NUL in it");
        }
        Ok(Self {
            topic: config.topic(topic),
            partition: partition(config, &record.region),
            key: key(&record.region, &record.key),
            region: Some(record.region),
            payload: Some(record.payload).filter(|payload| !payload.is_empty()),
            at: Some(now.as_millisecond()),
        })
    }

    /// Empties the earlier records of a region and key in a topic.
    pub(super) fn emptying(config: &KafkaLogConfig, topic: Topic, region: &str, name: &str) -> Self {
        Self {
            topic: config.topic(topic),
            partition: partition(config, region),
            key: key(region, name),
            region: Some(region.to_owned()),
            payload: None,
            at: None,
        }
    }

    /// An entry of the table of what is known as of now.
    pub(super) fn state(config: &KafkaLogConfig, key: String, value: Option<String>, now: Option<Timestamp>) -> Self {
        let payload = value.map(String::into_bytes);
        let at = now.map(Timestamp::as_millisecond);
        Self { topic: config.state(), partition: 0, region: None, key, payload, at }
    }
}

/// The partition of a region, as Kafka numbers them.
pub(super) fn partition(config: &KafkaLogConfig, region: &str) -> i32 {
    i32::try_from(partition_of(region, config.partitions)).unwrap_or_default()
}

/// The key Kafka knows a record by.
pub(super) fn key(region: &str, key: &str) -> String {
    format!("{region}{SEPARATOR}{key}")
}

/// Region and key.
pub(super) fn parse_key(key: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(key).ok()?.split_once(SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back() {
        for (region, own) in [("udm", "vk:-1_2"), ("", ""), ("регион", "ключ с\0нулём")] {
            assert_eq!(parse_key(key(region, own).as_bytes()), Some((region, own)));
        }
        assert_eq!(parse_key(b"vk:1"), None);
        assert_eq!(parse_key(&[0xff, 0, 0xff]), None);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let config = KafkaLogConfig { record_bytes_max: 10, ..KafkaLogConfig::new("localhost:9092", "t.") };
        let check = |region: &str, key: &str, bytes: usize, expected: Option<&str>| {
            let record = Record { region: region.to_owned(), key: key.to_owned(), payload: vec![b'x'; bytes] };
            let refused = Outgoing::new(&config, Topic::Posts, record, Timestamp::UNIX_EPOCH).err();
            assert_eq!(refused.map(|error| error.to_string()).as_deref(), expected);
        };
        check("udm", "vk:1", 10, None);
        check("udm", "vk:1", 11, Some("a record for posts has 11 bytes, more than 10, the log takes none of it"));
        let long = "a record for posts has a region or key of more than 4096 bytes, the log takes none of it";
        check("udm", &"k".repeat(5_000), 1, Some(long));
        check("u\0dm", "k", 1, Some("a record for posts has a region with a NUL in it, the log takes none of it"));
    }
}
