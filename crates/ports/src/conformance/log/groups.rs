//! Several groups, several members of one.

use std::collections::{BTreeMap, BTreeSet};

use super::{SOON, Tested, append, at, drain, join, next_records, note, payloads, regions};
use crate::{Consumer, ErrorKind, Log, PartitionPosition, Polled, Topic};

pub(super) async fn groups_read_apart(log: &Tested<impl Log>) {
    append(log, Topic::Posts, (0..10).map(|number| note("a", number)).collect()).await;
    let (mut first, _) = join(log, "first", Topic::Posts).await;
    assert_eq!(drain(log, first.as_mut(), true).await.len(), 10);
    let (mut second, _) = join(log, "second", Topic::Posts).await;
    assert_eq!(drain(log, second.as_mut(), true).await.len(), 10);
    append(log, Topic::Posts, vec![note("a", 10)]).await;
    assert_eq!(drain(log, first.as_mut(), true).await.len(), 1);
    let (mut elsewhere, _) = join(log, "first", Topic::Grouped).await;
    assert_eq!(drain(log, elsewhere.as_mut(), true).await.len(), 0, "a group is one of a topic");
}

pub(super) async fn members_share_partitions(log: &Tested<impl Log>) {
    fill(log).await;
    let (mut first, all) = join(log, "g", Topic::Posts).await;
    let (mut second, _) = members(log, first.as_mut(), all.len()).await;
    let mut seen = BTreeSet::new();
    let mut partitions = [BTreeSet::new(), BTreeSet::new()];
    for (index, member) in [first.as_mut(), second.as_mut()].into_iter().enumerate() {
        for (partition, record) in drain(log, member, true).await {
            partitions[index].insert(partition);
            assert!(seen.insert(record.key.clone()), "{} came twice", record.key);
        }
    }
    assert_eq!(seen.len(), regions().len() * 3, "every record came");
    assert!(partitions[0].is_disjoint(&partitions[1]));
    assert!(partitions.iter().map(BTreeSet::len).sum::<usize>() <= all.len());
    assert!(all.len() == 1 || partitions.iter().all(|partitions| !partitions.is_empty()), "both have work");
}

pub(super) async fn a_lost_partition_takes_no_commit(log: &Tested<impl Log>) {
    fill(log).await;
    let (mut first, all) = join(log, "g", Topic::Posts).await;
    let mut read = Vec::new();
    for _ in 0..all.len() {
        read.push(next_records(first.as_mut(), 100).await);
    }
    let (mut second, taken) = members(log, first.as_mut(), all.len()).await;
    assert!(all.len() == 1 || !taken.is_empty(), "the second has got something");
    let taken: Vec<u32> = taken.iter().map(|position| position.partition).collect();
    for (partition, records) in read {
        let next = PartitionPosition { partition, offset: records.last().unwrap().offset + 1 };
        let output = (Topic::Analysed, note("out", partition as usize));
        let result = first.commit(next, vec![output], at(1)).await;
        if taken.contains(&partition) {
            assert_eq!(result.unwrap_err().kind, ErrorKind::Conflict);
            let seek = first.seek(PartitionPosition { partition, offset: records[0].offset }).await;
            assert_eq!(seek.unwrap_err().kind, ErrorKind::Conflict);
        } else {
            result.unwrap();
        }
    }
    assert_eq!(payloads(log, "g", Topic::Analysed).await.len(), all.len() - taken.len(), "only what was committed");
    let theirs: BTreeSet<u32> =
        drain(log, second.as_mut(), true).await.into_iter().map(|(partition, _)| partition).collect();
    assert_eq!(theirs, taken.into_iter().collect(), "the second reads what was not committed");
}

pub(super) async fn a_leaving_member_hands_over(log: &Tested<impl Log>) {
    fill(log).await;
    let (mut first, all) = join(log, "g", Topic::Posts).await;
    let (mut second, taken) = members(log, first.as_mut(), all.len()).await;
    let read = drain(log, second.as_mut(), true).await;
    drop(second);
    let mut returned = Vec::new();
    while returned.len() < taken.len() {
        match first.poll(1, SOON).await.unwrap() {
            Polled::Assigned(positions) => returned.extend(positions),
            Polled::Records { .. } => {}
            other => panic!("instead of the partitions came {other:?}"),
        }
    }
    for position in returned {
        let last = read.iter().rfind(|(partition, _)| *partition == position.partition).unwrap();
        assert_eq!(position.offset, last.1.offset + 1, "where the one that left had committed");
    }
}

/// Three records in each region.
async fn fill(log: &Tested<impl Log>) {
    let records = (0..3).flat_map(|number| regions().into_iter().map(move |region| note(&region, number)));
    append(log, Topic::Posts, records.collect()).await;
}

/// A second member joins `first`'s group of `partitions` partitions. Gives it and its share, once `first` has been told
/// of its loss.
async fn members(
    log: &Tested<impl Log>,
    first: &mut dyn Consumer,
    partitions: usize,
) -> (Box<dyn Consumer>, Vec<PartitionPosition>) {
    let mut second = log.consumer("g", Topic::Posts).await.unwrap();
    let mut taken: Option<Vec<PartitionPosition>> = None;
    let mut lost = BTreeSet::new();
    let mut read = BTreeMap::new();
    // In turn, since some logs let go of a partition only when its owner asks for more.
    for _ in 0..600 {
        if taken.as_ref().is_none_or(|taken| taken.is_empty() && partitions > 1) {
            match second.poll(1, log.traits.moment).await.unwrap() {
                Polled::Assigned(positions) => taken = Some(positions),
                Polled::Idle => {}
                other => panic!("before its assignment a member got {other:?}"),
            }
        }
        match first.poll(1, log.traits.moment).await.unwrap() {
            Polled::Revoked(partitions) => lost.extend(partitions),
            Polled::Records { partition, records } => {
                read.entry(partition).or_insert(records[0].offset);
            }
            Polled::Idle | Polled::Assigned(_) => {}
        }
        if let Some(taken) = &taken
            && taken.iter().map(|position| position.partition).eq(lost.iter().copied())
            && (partitions == 1 || !lost.is_empty())
        {
            for (partition, offset) in read.into_iter().filter(|(partition, _)| !lost.contains(partition)) {
                first.seek(PartitionPosition { partition, offset }).await.unwrap();
            }
            return (second, taken.clone());
        }
    }
    panic!("the partitions were not split: the first lost {lost:?}, the second got {taken:?}");
}
