//! Conformance of [`Posts`].

mod events;
mod queries;

use otklik_domain::{EventId, PostId};

use super::rows::{at, event, full_row, row};
use crate::{PostBatch, PostFilter, PostRow, Posts};

/// Runs every case on a fresh adapter.
///
/// # Panics
/// When the adapter does not do what the port says.
pub async fn suite<P: Posts>(make: impl AsyncFn() -> P) {
    is_empty_at_first(&make().await).await;
    keeps_every_field(&make().await).await;
    keeps_the_highest_version(&make().await).await;
    keeps_one_row_when_the_time_changes(&make().await).await;
    writes_a_batch_twice(&make().await).await;
    moves(&make().await).await;
    deletes(&make().await).await;
    expires(&make().await).await;
    writes_large_batches_at_once(&make().await).await;
    queries::suite(&make).await;
    events::suite(&make).await;
}

async fn is_empty_at_first(posts: &impl Posts) {
    posts.write(PostBatch::default()).await.unwrap();
    posts.expire(at("2024-03-01T00:00:00Z")).await.unwrap();
    posts.write(PostBatch { deleted: vec![PostId::from("vk:1")], ..PostBatch::default() }).await.unwrap();
    assert_eq!(posts.get(&[]).await.unwrap(), []);
    assert_eq!(posts.get(&[PostId::from("vk:1")]).await.unwrap(), []);
    assert_eq!(all(posts).await, []);
    assert_eq!(posts.count(&PostFilter::default()).await.unwrap(), 0);
}

async fn keeps_every_field(posts: &impl Posts) {
    let rows = [full_row("telegram:example/1", "2024-03-01T12:00:00.123Z"), row("vk:2", "1990-01-01T00:00:00Z", "")];
    write(posts, &rows).await;
    for expected in &rows {
        assert_eq!(posts.get(std::slice::from_ref(&expected.post.id)).await.unwrap(), std::slice::from_ref(expected));
    }
    assert_eq!(all(posts).await, rows);
}

async fn keeps_the_highest_version(posts: &impl Posts) {
    for (version, text, expected) in
        [(5, "пять", "пять"), (4, "четыре", "пять"), (6, "шесть", "шесть"), (6, "снова", "снова")]
    {
        write(posts, &[PostRow { version, ..row("vk:1", "2024-03-01T12:00:00Z", text) }]).await;
        assert_eq!(only(posts).await.post.text, expected, "after version {version}");
    }
    // Within one batch too, in any order.
    let batch =
        [8, 9, 7].map(|version| PostRow { version, ..row("vk:1", "2024-03-01T12:00:00Z", &version.to_string()) });
    write(posts, &batch).await;
    assert_eq!(only(posts).await.post.text, "9");
}

async fn keeps_one_row_when_the_time_changes(posts: &impl Posts) {
    let march = PostFilter { to: Some(at("2024-04-01T00:00:00Z")), ..PostFilter::default() };
    let later = PostFilter { from: Some(at("2024-04-01T00:00:00Z")), ..PostFilter::default() };
    let times = ["2024-03-30T12:00:00Z", "2024-03-31T23:00:00Z", "2024-04-02T00:00:00Z", "2025-01-01T00:00:00Z"];
    for (version, time) in (1..).zip(times) {
        write(posts, &[PostRow { version, ..row("rss:1", time, time) }]).await;
        assert_eq!(only(posts).await.post.text, time);
        let in_march = u64::from(version <= 2);
        assert_eq!(posts.count(&march).await.unwrap(), in_march, "{time}");
        assert_eq!(posts.count(&later).await.unwrap(), 1 - in_march, "{time}");
    }
    // An old reading that comes late changes nothing.
    write(posts, &[PostRow { version: 3, ..row("rss:1", "2024-03-30T12:00:00Z", "поздно") }]).await;
    assert_eq!(only(posts).await.post.text, "2025-01-01T00:00:00Z");
    assert_eq!(posts.count(&march).await.unwrap(), 0);
}

async fn writes_a_batch_twice(posts: &impl Posts) {
    let batch = PostBatch {
        rows: vec![full_row("vk:1", "2024-03-01T12:00:00Z"), row("vk:2", "2024-02-01T12:00:00Z", "другой месяц")],
        events: vec![event("e", "2024-03-01T12:00:00Z", "2024-03-01T12:00:00Z")],
        moved: vec![(PostId::from("vk:2"), EventId::from("e"), 2)],
        deleted: vec![PostId::from("vk:3")],
        token: "0:1-4".to_owned(),
    };
    posts.write(batch.clone()).await.unwrap();
    let once = all(posts).await;
    assert_eq!(once.len(), 2);
    posts.write(batch.clone()).await.unwrap();
    assert_eq!(all(posts).await, once);
    assert_eq!(posts.count(&PostFilter::default()).await.unwrap(), 2);
    // A token does not stand for rows it was not given with: a replay may cut and read otherwise.
    let mut again = batch;
    for row in &mut again.rows {
        row.version += 1;
        row.post.text = "прочитано снова".to_owned();
    }
    posts.write(again).await.unwrap();
    assert!(all(posts).await.iter().all(|row| row.post.text == "прочитано снова"));
}

async fn moves(posts: &impl Posts) {
    let (post, to) = (PostId::from("vk:1"), EventId::from("другое ' событие"));
    let move_to = |event: &EventId, version| PostBatch {
        moved: vec![(post.clone(), event.clone(), version), (PostId::from("unknown"), event.clone(), version)],
        ..PostBatch::default()
    };
    let before = PostRow { version: 3, ..full_row("vk:1", "2024-03-01T12:00:00Z") };
    write(posts, std::slice::from_ref(&before)).await;
    posts.write(move_to(&to, 2)).await.unwrap();
    assert_eq!(only(posts).await, before, "a move older than the post");
    posts.write(move_to(&to, 5)).await.unwrap();
    let mut expected = PostRow { version: 5, ..before.clone() };
    expected.group.event = to.clone();
    assert_eq!(only(posts).await, expected);
    let of_event = |event: EventId| PostFilter { event: Some(event), ..PostFilter::default() };
    assert_eq!(posts.count(&of_event(to.clone())).await.unwrap(), 1);
    assert_eq!(posts.count(&of_event(before.group.event.clone())).await.unwrap(), 0);
    write(posts, &[PostRow { version: 4, ..before }]).await;
    assert_eq!(only(posts).await, expected, "a reading older than the move");
    // A post and its moves in one batch: the latest move counts, in any order.
    let moved = [(8, "восемь"), (9, "девять"), (7, "семь")];
    let batch = PostBatch {
        rows: vec![PostRow { version: 6, ..row("vk:1", "2024-03-01T12:00:00Z", "шесть") }],
        moved: moved.map(|(version, event)| (post.clone(), EventId::from(event), version)).to_vec(),
        ..PostBatch::default()
    };
    posts.write(batch).await.unwrap();
    let row = only(posts).await;
    assert_eq!((row.group.event.as_str(), row.version, row.post.text.as_str()), ("девять", 9, "шесть"));
}

async fn deletes(posts: &impl Posts) {
    let rows = [1, 2, 3].map(|n| row(&format!("vk:{n}"), &format!("2024-0{n}-01T12:00:00Z"), "текст"));
    write(posts, &rows).await;
    let delete =
        |ids: &[&str]| PostBatch { deleted: ids.iter().map(|id| PostId::from(*id)).collect(), ..PostBatch::default() };
    posts.write(delete(&["vk:1", "vk:3", "unknown", "'; DROP TABLE posts --"])).await.unwrap();
    assert_eq!(only(posts).await, rows[1]);
    assert_eq!(posts.get(&[PostId::from("vk:1")]).await.unwrap(), []);
    assert_eq!(posts.count(&PostFilter::default()).await.unwrap(), 1);
    // Moving what is gone does not bring it back, nor does deleting it again.
    let moved = vec![(PostId::from("vk:1"), EventId::from("e"), 9)];
    posts.write(PostBatch { moved, ..delete(&["vk:1"]) }).await.unwrap();
    assert_eq!(posts.count(&PostFilter::default()).await.unwrap(), 1);
    // Written and deleted in one batch: gone. Published again at its source: back.
    posts.write(PostBatch { rows: rows.to_vec(), token: "t".to_owned(), ..delete(&["vk:2"]) }).await.unwrap();
    assert_eq!(ids(posts, &PostFilter::default()).await, ["vk:3", "vk:1"]);
    write(posts, &[PostRow { version: 2, ..row("vk:2", "2024-02-01T12:00:00Z", "снова") }]).await;
    assert_eq!(posts.count(&PostFilter::default()).await.unwrap(), 3);
}

async fn expires(posts: &impl Posts) {
    let times =
        ["2023-12-31T23:59:59.999Z", "2024-01-31T12:00:00Z", "2024-02-15T11:59:59.999Z", "2024-02-15T12:00:00Z"];
    let rows = times.map(|time| row(time, time, "текст"));
    let events = vec![
        event("over", "2023-12-01T00:00:00Z", "2024-02-15T11:59:59.999Z"),
        event("lasts", "2023-12-01T00:00:00Z", "2024-02-15T12:00:00Z"),
    ];
    posts.write(PostBatch { rows: rows.to_vec(), events, ..PostBatch::default() }).await.unwrap();
    for _ in 0..2 {
        posts.expire(at("2024-02-15T12:00:00Z")).await.unwrap();
        assert_eq!(ids(posts, &PostFilter::default()).await, [times[3]]);
        assert_eq!(posts.event(&EventId::from("over")).await.unwrap(), None);
        assert!(posts.event(&EventId::from("lasts")).await.unwrap().is_some());
    }
}

async fn writes_large_batches_at_once(posts: &impl Posts) {
    let batch = |writer: usize| {
        let rows = (0..2_000).map(|n| full_row(&format!("vk:{writer}_{n}"), "2024-03-01T12:00:00Z")).collect();
        PostBatch { rows, token: format!("{writer}:0-1999"), ..PostBatch::default() }
    };
    let (a, b, c) = tokio::join!(posts.write(batch(1)), posts.write(batch(2)), posts.write(batch(2)));
    for written in [a, b, c] {
        written.unwrap();
    }
    assert_eq!(posts.count(&PostFilter::default()).await.unwrap(), 4_000);
    let mut wanted: Vec<PostId> = batch(2).rows.into_iter().map(|row| row.post.id).collect();
    wanted.extend(wanted.clone());
    let got = posts.get(&wanted).await.unwrap();
    assert_eq!(got.len(), 2_000, "each once");
    assert_eq!(posts.list(&PostFilter::default(), 5_000, 0).await.unwrap().len(), 1_000);
}

async fn write(posts: &impl Posts, rows: &[PostRow]) {
    posts.write(PostBatch { rows: rows.to_vec(), ..PostBatch::default() }).await.unwrap();
}

async fn all(posts: &impl Posts) -> Vec<PostRow> {
    posts.list(&PostFilter::default(), 1_000, 0).await.unwrap()
}

/// The one post there is, the same by every way to it.
async fn only(posts: &impl Posts) -> PostRow {
    let mut rows = all(posts).await;
    assert_eq!(rows.len(), 1);
    let row = rows.pop().unwrap();
    assert_eq!(posts.get(std::slice::from_ref(&row.post.id)).await.unwrap(), std::slice::from_ref(&row));
    assert_eq!(posts.count(&PostFilter::default()).await.unwrap(), 1);
    row
}

async fn ids(posts: &impl Posts, filter: &PostFilter) -> Vec<String> {
    posts.list(filter, 1_000, 0).await.unwrap().into_iter().map(|row| row.post.id.into_string()).collect()
}
