//! Reading a whole topic beside the stages.

use std::{collections::BTreeMap, time::Duration};

use otklik_ports::{Log, Polled, PortResult, StoredRecord, Topic};

const BATCH: usize = 5000;
const WAIT: Duration = Duration::from_millis(200);
/// Polls in a row that bring nothing after which there is nothing: a log may end in offsets that are no records, and may
/// take its time until it hands out the first one.
const IDLE_MAX: u32 = 25;

/// Hands over every record of a topic, from its beginning to where it ends now, but for those emptied because their post was
/// deleted. The reader is a group of its own, which commits nothing.
///
/// # Errors
/// Those of the log.
pub async fn read_topic(
    log: &dyn Log,
    reader: &str,
    topic: Topic,
    mut seen: impl FnMut(&StoredRecord),
) -> PortResult<()> {
    let ends = log.lag(reader, topic).await?.into_iter().map(|lag| (lag.partition, lag.end));
    let mut left: BTreeMap<u32, u64> = ends.filter(|(_, end)| *end > 0).collect();
    let mut consumer = log.consumer(reader, topic).await?;
    let mut idle = 0;
    while !left.is_empty() && idle < IDLE_MAX {
        match consumer.poll(BATCH, WAIT).await? {
            Polled::Records { partition, records } => {
                idle = 0;
                records.iter().filter(|record| !record.payload.is_empty()).for_each(&mut seen);
                let last = records.last().map_or(0, |record| record.offset);
                left.retain(|own, end| *own != partition || last + 1 < *end);
            }
            Polled::Idle => idle += 1,
            Polled::Assigned(_) | Polled::Revoked(_) => {}
        }
    }
    Ok(())
}
