//! Order, cursors, waiting, commits and seeks of one consumer.

use std::collections::BTreeMap;

use super::{SOON, Tested, append, at, drain, join, next_records, note, payloads, record, regions};
use crate::{Cursor, ErrorKind, Lag, Log, PartitionPosition, Polled, Topic};

pub(super) async fn cursors_move_with_records(log: &Tested<impl Log>) {
    let cursor = |position: &str| Some(Cursor { source: "vk:wall:-1".to_owned(), position: position.to_owned() });
    assert_eq!(log.cursor("vk:wall:-1").await.unwrap(), None, "nothing was read from it yet");
    log.append(Topic::Posts, vec![note("a", 0)], cursor("10"), at(0)).await.unwrap();
    assert_eq!(log.cursor("vk:wall:-1").await.unwrap().as_deref(), Some("10"));
    log.append(Topic::Posts, vec![], cursor("строка 20"), at(0)).await.unwrap();
    log.append(Topic::Posts, vec![note("a", 1)], None, at(0)).await.unwrap();
    assert_eq!(log.cursor("vk:wall:-1").await.unwrap().as_deref(), Some("строка 20"));
    assert_eq!(log.cursor("vk:wall:-2").await.unwrap(), None, "another source");
    assert_eq!(payloads(log, "g", Topic::Posts).await, ["a 0", "a 1"]);
}

pub(super) async fn regions_keep_their_order(log: &Tested<impl Log>) {
    let regions = regions();
    for batch in 0..10 {
        let records = (0..5).flat_map(|index| regions.iter().map(move |region| note(region, batch * 5 + index)));
        append(log, Topic::Posts, records.collect()).await;
    }
    let (mut consumer, _) = join(log, "g", Topic::Posts).await;
    let mut partition_of = BTreeMap::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut last_offset = BTreeMap::new();
    for (partition, record) in drain(log, consumer.as_mut(), false).await {
        let (region, number) = record.key.split_once('/').unwrap();
        assert_eq!(*partition_of.entry(region.to_owned()).or_insert(partition), partition, "one partition a region");
        let expected = seen.entry(region.to_owned()).or_default();
        assert_eq!(number, expected.to_string(), "order within {region}");
        *expected += 1;
        let before = last_offset.insert(partition, record.offset);
        assert!(before.is_none_or(|before| before < record.offset), "offsets grow");
    }
    assert!(seen.values().all(|count| *count == 50) && seen.len() == regions.len(), "every record came once: {seen:?}");
}

pub(super) async fn records_come_as_they_were_given(log: &Tested<impl Log>) {
    let large = "ё".repeat(300_000);
    let given = [("udm", "vk:-1_2", "текст"), ("регион", "ключ с пробелом", "{}"), ("", "", "x"), ("udm", "l", &large)];
    for (region, key, payload) in given {
        append(log, Topic::Grouped, vec![record(region, key, payload)]).await;
    }
    let (mut consumer, _) = join(log, "g", Topic::Grouped).await;
    let mut found: Vec<(String, Vec<u8>)> = drain(log, consumer.as_mut(), false)
        .await
        .into_iter()
        .map(|(_, record)| (record.key, record.payload))
        .collect();
    let mut expected: Vec<(String, Vec<u8>)> =
        given.map(|(_, key, payload)| (key.to_owned(), payload.as_bytes().to_vec())).to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert!(found == expected, "records came back changed");
    assert_eq!(payloads(log, "g", Topic::Analysed).await, [""; 0], "another topic has nothing");
}

pub(super) async fn a_waiting_consumer_is_woken(log: &Tested<impl Log>) {
    let (mut consumer, _) = join(log, "g", Topic::Posts).await;
    assert_eq!(consumer.poll(10, log.traits.moment).await.unwrap(), Polled::Idle, "nothing is there");
    let (polled, ()) = tokio::join!(consumer.poll(10, SOON), append(log, Topic::Posts, vec![note("a", 0)]));
    assert!(matches!(polled.unwrap(), Polled::Records { records, .. } if records.len() == 1));
}

pub(super) async fn commits_move_the_group_with_its_outputs(log: &Tested<impl Log>) {
    append(log, Topic::Posts, (0..10).map(|number| note("a", number)).collect()).await;
    let (mut consumer, _) = join(log, "g", Topic::Posts).await;
    let (partition, records) = next_records(consumer.as_mut(), 4).await;
    assert_eq!(records.len(), 4);
    let outputs = vec![
        (Topic::Analysed, note("a", 0)),
        (Topic::DeadLetters, note("a", 1)),
        (Topic::Analysed, note("b", 2)),
        (Topic::Analysed, note("a", 3)),
    ];
    let next = PartitionPosition { partition, offset: records[3].offset + 1 };
    consumer.commit(next, outputs, at(1)).await.unwrap();
    assert_eq!(payloads(log, "g", Topic::Analysed).await, ["a 0", "a 3", "b 2"]);
    assert_eq!(payloads(log, "g", Topic::DeadLetters).await, ["a 1"]);

    let (_, more) = next_records(consumer.as_mut(), 4).await;
    assert_eq!(more[0].payload, b"a 4", "reading goes on");
    drop(consumer);
    let (mut consumer, positions) = join(log, "g", Topic::Posts).await;
    assert!(positions.contains(&next), "the group goes on where it committed, not where it read: {positions:?}");
    let (_, again) = next_records(consumer.as_mut(), 100).await;
    assert_eq!(again.first().unwrap().payload, b"a 4");
    assert_eq!(again.last().unwrap().payload, b"a 9");
}

pub(super) async fn commits_neither_go_back_nor_beyond_the_end(log: &Tested<impl Log>) {
    append(log, Topic::Posts, (0..10).map(|number| note("a", number)).collect()).await;
    let (mut consumer, _) = join(log, "g", Topic::Posts).await;
    let (partition, records) = next_records(consumer.as_mut(), 5).await;
    let position = |offset| PartitionPosition { partition, offset };
    let next = records[4].offset + 1;
    consumer.commit(position(next), vec![], at(1)).await.unwrap();
    for offset in [records[4].offset, next + 1_000] {
        let outputs = vec![(Topic::Analysed, note("a", 0))];
        let error = consumer.commit(position(offset), outputs, at(1)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
    }
    assert_eq!(payloads(log, "g", Topic::Analysed).await, [""; 0], "nothing was written");
    consumer.commit(position(next), vec![(Topic::Analysed, note("a", 1))], at(1)).await.unwrap();
    assert_eq!(payloads(log, "g", Topic::Analysed).await, ["a 1"], "outputs without progress");
}

pub(super) async fn seeks_leave_the_commits_alone(log: &Tested<impl Log>) {
    append(log, Topic::Posts, (0..10).map(|number| note("a", number)).collect()).await;
    let (mut consumer, _) = join(log, "g", Topic::Posts).await;
    let (partition, records) = next_records(consumer.as_mut(), 10).await;
    let committed = PartitionPosition { partition, offset: records[6].offset };
    consumer.commit(committed, vec![], at(1)).await.unwrap();

    for number in [2, 6, 8] {
        consumer.seek(PartitionPosition { partition, offset: records[number].offset }).await.unwrap();
        let (_, again) = next_records(consumer.as_mut(), 100).await;
        assert_eq!(again, records[number..], "from {number}");
    }
    let end = PartitionPosition { partition, offset: records[9].offset + 1 };
    consumer.seek(end).await.unwrap();
    assert_eq!(consumer.poll(10, log.traits.moment).await.unwrap(), Polled::Idle, "at the end");
    let beyond = PartitionPosition { partition, offset: end.offset + 1_000 };
    assert_eq!(consumer.seek(beyond).await.unwrap_err().kind, ErrorKind::NotFound);
    drop(consumer);
    let (_consumer, positions) = join(log, "g", Topic::Posts).await;
    assert!(positions.contains(&committed), "the commit stayed: {positions:?}");
}

pub(super) async fn lag_counts_what_is_left(log: &Tested<impl Log>) {
    assert_eq!(log.lag("g", Topic::Posts).await.unwrap(), [], "no partition has records");
    append(log, Topic::Posts, (0..10).map(|number| note("a", number)).collect()).await;
    let ten = |lags: &[Lag]| matches!(lags, [lag] if lag.end >= lag.committed + 10);
    let [before] = log.lag_when("g", Topic::Posts, ten).await[..] else { panic!("one partition has records") };
    assert!(before.end >= before.committed + 10, "{before:?}");
    let (mut consumer, _) = join(log, "g", Topic::Posts).await;
    let (partition, records) = next_records(consumer.as_mut(), 4).await;
    let next = records[3].offset + 1;
    consumer.commit(PartitionPosition { partition, offset: next }, vec![], at(1)).await.unwrap();
    let [after] = log.lag("g", Topic::Posts).await.unwrap()[..] else { panic!("one partition has records") };
    assert_eq!((after.partition, after.committed, after.end), (partition, next, before.end));
    let [other] = log.lag("other", Topic::Posts).await.unwrap()[..] else { panic!("one partition has records") };
    assert_eq!(other, before, "another group has read nothing");
}
