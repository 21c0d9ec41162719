//! What goes: trimmed and forgotten records.

use jiff::Timestamp;

use super::{Tested, append, at, drain, join, next_records, note, payloads, record};
use crate::{ErrorKind, Log, PartitionPosition, Retention, Topic};

const NO_LIMIT: Retention = Retention { appended_before: Timestamp::MIN, bytes_max: u64::MAX };

pub(super) async fn trims_by_age(log: &Tested<impl Log>) {
    for number in 0..10 {
        log.append(Topic::Posts, vec![note("a", number)], None, at(number as i64)).await.unwrap();
    }
    append(log, Topic::Grouped, vec![note("a", 0)]).await;
    assert_eq!(log.trim(Topic::Posts, NO_LIMIT).await.unwrap(), 0);
    let retention = Retention { appended_before: at(4), ..NO_LIMIT };
    log.assert_trims(Topic::Posts, retention, 4).await;
    assert_eq!(log.trim(Topic::Posts, retention).await.unwrap(), 0, "they are gone");
    assert_eq!(payloads(log, "new", Topic::Posts).await, ["a 4", "a 5", "a 6", "a 7", "a 8", "a 9"]);
    assert_eq!(payloads(log, "new", Topic::Grouped).await, ["a 0"], "another topic keeps its own");
}

pub(super) async fn trims_by_bytes(log: &Tested<impl Log>) {
    let records = (0..10).map(|number| record("a", &number.to_string(), &"x".repeat(100 + number)));
    append(log, Topic::Posts, records.collect()).await;
    // The last three have 107 + 108 + 109 bytes.
    let retention = Retention { bytes_max: 324, ..NO_LIMIT };
    log.assert_trims(Topic::Posts, retention, 7).await;
    assert_eq!(payloads(log, "new", Topic::Posts).await.len(), 3);
    append(log, Topic::Posts, vec![record("a", "10", "x")]).await;
    // One byte too many.
    log.assert_trims(Topic::Posts, retention, 1).await;
    assert_eq!(payloads(log, "new", Topic::Posts).await.len(), 3);
}

pub(super) async fn trims_nothing_unread(log: &Tested<impl Log>) {
    append(log, Topic::Posts, (0..10).map(|number| note("a", number)).collect()).await;
    let everything = Retention { appended_before: at(1_000), bytes_max: 0 };
    let (mut slow, _) = join(log, "slow", Topic::Posts).await;
    let (partition, records) = next_records(slow.as_mut(), 3).await;
    let next = PartitionPosition { partition, offset: records[2].offset + 1 };
    slow.commit(next, vec![], at(1)).await.unwrap();
    let (mut fast, _) = join(log, "fast", Topic::Posts).await;
    drain(log, fast.as_mut(), true).await;

    assert_eq!(log.trim(Topic::Posts, everything).await.unwrap(), 3, "what both groups have read");
    assert_eq!(payloads(log, "new", Topic::Posts).await.len(), 7);
    append(log, Topic::Posts, (0..8).map(|number| note(&format!("b{number}"), 0)).collect()).await;
    assert_eq!(log.trim(Topic::Posts, everything).await.unwrap(), 0, "nobody has read the other partitions either");
    drain(log, slow.as_mut(), true).await;
    drain(log, fast.as_mut(), true).await;
    log.assert_trims(Topic::Posts, everything, 15).await;
    let lag = log.lag("slow", Topic::Posts).await.unwrap();
    assert!(!lag.is_empty() && lag.iter().all(|lag| lag.committed == lag.end), "{lag:?}");
}

pub(super) async fn offsets_survive_a_trim(log: &Tested<impl Log>) {
    append(log, Topic::Posts, (0..10).map(|number| note("a", number)).collect()).await;
    let (mut consumer, _) = join(log, "g", Topic::Posts).await;
    let records = drain(log, consumer.as_mut(), true).await;
    let partition = records[0].0;
    let last = records.last().unwrap().1.offset;
    let everything = Retention { appended_before: at(1_000), bytes_max: 0 };
    assert_eq!(log.trim(Topic::Posts, everything).await.unwrap(), 10);

    let gone = PartitionPosition { partition, offset: records[3].1.offset };
    assert_eq!(consumer.seek(gone).await.unwrap_err().kind, ErrorKind::NotFound);
    append(log, Topic::Posts, vec![note("a", 10)]).await;
    let (_, next) = next_records(consumer.as_mut(), 10).await;
    assert!(next[0].offset > last, "{} after {last}", next[0].offset);
    assert_eq!(payloads(log, "new", Topic::Posts).await, ["a 10"], "a new group begins with what is kept");
}

pub(super) async fn forgets_in_every_topic(log: &Tested<impl Log>) {
    let post = |region: &str, key: &str| record(region, key, "a text with a telephone number");
    let all = vec![post("a", "vk:1"), post("a", "vk:2"), post("b", "vk:1"), post("a", "vk:1")];
    append(log, Topic::Posts, all).await;
    append(log, Topic::DeadLetters, vec![post("a", "vk:1"), post("a", "vk:11")]).await;
    let (mut consumer, _) = join(log, "g", Topic::Posts).await;
    let before = drain(log, consumer.as_mut(), false).await;

    log.assert_forgets("a", "vk:1", 3).await;
    // There is no more of it.
    log.assert_forgets("a", "vk:1", 0).await;
    log.assert_forgets("nowhere", "vk:1", 0).await;
    let (mut consumer, _) = join(log, "later", Topic::Posts).await;
    let mut after = drain(log, consumer.as_mut(), true).await;
    assert_eq!(after.iter().filter(|(_, record)| record.payload.is_empty()).count(), 2);
    let places = |records: &[(u32, crate::StoredRecord)]| {
        let mut places: Vec<_> = records.iter().map(|(p, record)| (*p, record.offset, record.key.clone())).collect();
        places.sort_unstable();
        places
    };
    assert_eq!(places(&after), places(&before), "places and keys stay");
    after.retain(|(_, record)| !record.payload.is_empty());
    let mut kept: Vec<_> = after.iter().map(|(_, record)| record.key.as_str()).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["vk:1", "vk:2"], "the other region's and the other post");
    assert_eq!(payloads(log, "later", Topic::DeadLetters).await, ["", "a text with a telephone number"]);

    append(log, Topic::Posts, vec![post("a", "vk:1")]).await;
    let (_, again) = next_records(consumer.as_mut(), 10).await;
    assert!(!again[0].payload.is_empty(), "what comes later is a new matter");
}
