//! Offsets as the brokers tell them.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaResult,
};

/// Wait between two attempts while a partition has no leader.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The first offset of a partition and its end, as a client sees them.
pub(super) fn watermarks<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    within: Duration,
) -> KafkaResult<(u64, u64)> {
    let until = Instant::now() + within;
    loop {
        let left = until.saturating_duration_since(Instant::now()).max(LOOK_AGAIN);
        match client.fetch_watermarks(topic, partition, left) {
            Ok((first, end)) => return Ok((unsigned(first), unsigned(end))),
            // A partition that once had no leader stays unknown to a client until it asks for the topic anew.
            Err(_) if Instant::now() < until => {
                if client.fetch_metadata(Some(topic), left).is_err() {
                    tracing::debug!(topic, "brokers not reached");
                }
                std::thread::sleep(LOOK_AGAIN);
            }
            Err(error) => return Err(error),
        }
    }
}

/// What a client's group has committed, by partition. Waits for transactions that are under way.
pub(super) fn committed<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: impl IntoIterator<Item = i32>,
    within: Duration,
) -> KafkaResult<BTreeMap<i32, u64>> {
    let mut asked = TopicPartitionList::new();
    for partition in partitions {
        asked.add_partition(topic, partition);
    }
    let answer = client.committed_offsets(asked, within)?;
    let mut committed = BTreeMap::new();
    for element in answer.elements() {
        element.error()?;
        committed.extend(to_number(element.offset()).map(|offset| (element.partition(), offset)));
    }
    Ok(committed)
}

pub(super) fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(offset: i64) -> u64 {
    u64::try_from(offset).unwrap_or_default()
}

pub(super) fn to_number(offset: Offset) -> Option<u64> {
    match offset {
        Offset::Offset(offset) => u64::try_from(offset).ok(),
        _ => None,
    }
}
