//! Filters, counts and curves over posts.

use otklik_domain::{
    BlockId, Community, EventId, Intent, Network, PlaceId, RegionId, SentimentLabel, Severity, TopicId,
};

use super::{ids, write};
use crate::{
    Count, CountBy, ErrorKind, PostFilter, PostRow, Posts, Timeline, TimelinePoint,
    conformance::rows::{at, locality, place, row, topic},
};

pub(super) async fn suite<P: Posts>(make: impl AsyncFn() -> P) {
    filters(&make().await).await;
    survives_hostile_values(&make().await).await;
    pages_latest_first(&make().await).await;
    counts(&make().await).await;
    draws_timelines(&make().await).await;
    draws_curves(&make().await).await;
}

/// Four posts that differ in every field a filter knows.
fn rows() -> Vec<PostRow> {
    let mut rows = [
        ("vk:1", "2024-03-01T10:00:00Z"),
        ("ok:2", "2024-03-01T11:00:00Z"),
        ("rss:3", "2024-03-31T23:30:00Z"),
        ("vk:4", "2024-04-01T00:00:00Z"),
    ]
    .map(|(id, time)| row(id, time, "текст"));
    for (row, network) in rows.iter_mut().zip([Network::Vk, Network::Ok, Network::Rss, Network::Vk]) {
        row.post.network = network;
        row.post.region = Some(RegionId::from("udm"));
    }
    let [a, b, c, d] = &mut rows;
    a.analysis.topics = vec![topic("roads.potholes", 0.9), topic("utilities.drains", 0.5)];
    b.analysis.topics = vec![topic("utilities.drains", 0.9)];
    c.analysis.topics = vec![topic("roads.potholes", 0.9)];
    a.analysis.locality = Some(locality("udm.izhevsk"));
    b.analysis.locality = Some(locality("udm.izhevsk"));
    a.analysis.places = vec![place("street:a", Some("udm.glazov"), 1.0)];
    a.analysis.sentiment.label = SentimentLabel::Negative;
    c.analysis.sentiment.label = SentimentLabel::Negative;
    b.analysis.intent = Intent::Complaint;
    a.analysis.severity = Severity::new(4);
    c.analysis.language.code = "udm".into();
    for row in [&mut *a, &mut *b] {
        row.group.event = EventId::from("общее");
        row.post.community = Some(Community { id: "-1".to_owned(), name: "Ижевск".to_owned() });
    }
    a.post.labels = vec![("category".to_owned(), "Дороги".to_owned()), ("theme".to_owned(), "Ямы".to_owned())];
    b.post.labels = vec![("category".to_owned(), "ЖКХ".to_owned())];
    c.post.metrics.views = 70;
    d.post.region = None;
    rows.to_vec()
}

async fn filters(posts: &impl Posts) {
    write(posts, &rows()).await;
    let none = PostFilter::default();
    let label = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
    let time = |time| Some(at(time));
    let cases: [(PostFilter, &[&str]); 21] = [
        (none.clone(), &["vk:4", "rss:3", "ok:2", "vk:1"]),
        (PostFilter { region: Some(RegionId::from("udm")), ..none.clone() }, &["rss:3", "ok:2", "vk:1"]),
        (PostFilter { region: Some(RegionId::from("")), ..none.clone() }, &[]),
        (PostFilter { from: time("2024-03-01T11:00:00Z"), ..none.clone() }, &["vk:4", "rss:3", "ok:2"]),
        (PostFilter { from: time("2024-03-01T11:00:00.001Z"), ..none.clone() }, &["vk:4", "rss:3"]),
        (PostFilter { to: time("2024-04-01T00:00:00Z"), ..none.clone() }, &["rss:3", "ok:2", "vk:1"]),
        (PostFilter { from: time("2024-03-02T00:00:00Z"), to: time("2024-03-01T00:00:00Z"), ..none.clone() }, &[]),
        (PostFilter { event: Some(EventId::from("общее")), ..none.clone() }, &["ok:2", "vk:1"]),
        (PostFilter { block: Some(BlockId::from("roads")), ..none.clone() }, &["rss:3", "vk:1"]),
        (PostFilter { block: Some(BlockId::from("utilities")), ..none.clone() }, &["ok:2"]),
        (PostFilter { topic: Some(TopicId::from("utilities.drains")), ..none.clone() }, &["ok:2", "vk:1"]),
        (PostFilter { topic: Some(TopicId::from("utilities")), ..none.clone() }, &[]),
        (PostFilter { municipality: Some(PlaceId::from("udm.izhevsk")), ..none.clone() }, &["ok:2", "vk:1"]),
        (PostFilter { municipality: Some(PlaceId::from("udm.glazov")), ..none.clone() }, &[]),
        (PostFilter { network: Some(Network::Vk), ..none.clone() }, &["vk:4", "vk:1"]),
        (PostFilter { sentiment: Some(SentimentLabel::Negative), ..none.clone() }, &["rss:3", "vk:1"]),
        (PostFilter { intent: Some(Intent::Complaint), ..none.clone() }, &["ok:2"]),
        (PostFilter { label: label("category", "Дороги"), ..none.clone() }, &["vk:1"]),
        (PostFilter { label: label("theme", "Дороги"), ..none.clone() }, &[]),
        (PostFilter { label: label("theme", ""), ..none.clone() }, &[]),
        (
            PostFilter {
                network: Some(Network::Vk),
                sentiment: Some(SentimentLabel::Negative),
                from: time("2024-03-01T00:00:00Z"),
                ..none.clone()
            },
            &["vk:1"],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(posts, &filter).await, expected, "{filter:?}");
        assert_eq!(posts.count(&filter).await.unwrap(), expected.len() as u64, "{filter:?}");
        let by_network = posts.count_by(&CountBy::Network, &filter, 10).await.unwrap();
        assert_eq!(by_network.iter().map(|count| count.posts).sum::<u64>(), expected.len() as u64, "{filter:?}");
    }
}

async fn survives_hostile_values(posts: &impl Posts) {
    let hostile = "x' OR 1=1; DROP TABLE posts -- \\' \" {p:String} ? ?? `x` \u{0} ) UNION ALL SELECT 1";
    let mut odd = row(hostile, "2024-03-01T10:00:00Z", hostile);
    odd.post.region = Some(RegionId::from(hostile));
    odd.post.labels = vec![(hostile.to_owned(), hostile.to_owned())];
    odd.post.community = Some(Community { id: hostile.to_owned(), name: hostile.to_owned() });
    odd.analysis.topics = vec![topic(hostile, 1.0)];
    odd.analysis.locality = Some(locality(hostile));
    odd.group.event = EventId::from(hostile);
    write(posts, &[odd.clone(), row("vk:1", "2024-03-01T10:00:00Z", "текст")]).await;
    let filter = PostFilter {
        region: Some(RegionId::from(hostile)),
        event: Some(EventId::from(hostile)),
        block: odd.main_topic().map(|topic| topic.block.clone()),
        topic: Some(TopicId::from(hostile)),
        municipality: Some(PlaceId::from(hostile)),
        label: Some((hostile.to_owned(), hostile.to_owned())),
        ..PostFilter::default()
    };
    assert_eq!(posts.list(&filter, 10, 0).await.unwrap(), [odd]);
    assert_eq!(posts.count(&PostFilter { label: Some(("'".into(), "'".into())), ..filter }).await.unwrap(), 0);
    for by in [CountBy::Community, CountBy::Topic, CountBy::Municipality, CountBy::Label(hostile.to_owned())] {
        let counts = posts.count_by(&by, &PostFilter::default(), 10).await.unwrap();
        let expected = ["", hostile].map(|value| Count { value: value.to_owned(), posts: 1 });
        assert_eq!(counts, expected, "{by:?}");
    }
    assert_eq!(posts.count(&PostFilter::default()).await.unwrap(), 2);
}

async fn pages_latest_first(posts: &impl Posts) {
    let times = ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-01-01T00:00:00Z"];
    let rows: Vec<PostRow> =
        ["a", "c", "b", "d"].into_iter().zip(times).map(|(id, time)| row(id, time, "текст")).collect();
    write(posts, &rows).await;
    for (limit, offset, expected) in [(2, 0, "bc"), (2, 2, "ad"), (10, 3, "d"), (10, 4, ""), (0, 0, "")] {
        let page = posts.list(&PostFilter::default(), limit, offset).await.unwrap();
        assert_eq!(page.iter().map(|row| row.post.id.as_str()).collect::<String>(), expected, "{limit} from {offset}");
    }
}

async fn counts(posts: &impl Posts) {
    write(posts, &rows()).await;
    let label = |name: &str| CountBy::Label(name.to_owned());
    let cases: [(CountBy, &[(&str, u64)]); 11] = [
        (CountBy::Block, &[("roads", 2), ("", 1), ("utilities", 1)]),
        (CountBy::Topic, &[("roads.potholes", 2), ("", 1), ("utilities.drains", 1)]),
        (CountBy::Municipality, &[("", 2), ("udm.izhevsk", 2)]),
        (CountBy::Network, &[("vk", 2), ("ok", 1), ("rss", 1)]),
        (CountBy::Sentiment, &[("negative", 2), ("neutral", 2)]),
        (CountBy::Intent, &[("other", 3), ("complaint", 1)]),
        (CountBy::Severity, &[("0", 3), ("4", 1)]),
        (CountBy::Language, &[("ru", 3), ("udm", 1)]),
        (CountBy::Community, &[("", 2), ("Ижевск", 2)]),
        (label("category"), &[("", 2), ("Дороги", 1), ("ЖКХ", 1)]),
        (label("unknown"), &[("", 4)]),
    ];
    for (by, expected) in cases {
        let counts = posts.count_by(&by, &PostFilter::default(), 10).await.unwrap();
        let counts: Vec<(&str, u64)> = counts.iter().map(|count| (count.value.as_str(), count.posts)).collect();
        assert_eq!(counts, expected, "{by:?}");
    }
    let udm = PostFilter { region: Some(RegionId::from("udm")), ..PostFilter::default() };
    let first = posts.count_by(&CountBy::Network, &udm, 1).await.unwrap();
    assert_eq!(first, [Count { value: "ok".to_owned(), posts: 1 }]);
}

async fn draws_timelines(posts: &impl Posts) {
    write(posts, &rows()).await;
    let all = PostFilter::default();
    let check = async |filter: &PostFilter, step: Timeline, expected: &[(&str, u64, u64)]| {
        let expected: Vec<TimelinePoint> =
            expected.iter().map(|&(time, posts, negative)| TimelinePoint { at: at(time), posts, negative }).collect();
        assert_eq!(posts.timeline(filter, step).await.unwrap(), expected, "{step:?}");
    };
    check(
        &all,
        Timeline::Hours,
        &[
            ("2024-03-01T10:00:00Z", 1, 1),
            ("2024-03-01T11:00:00Z", 1, 0),
            ("2024-03-31T23:00:00Z", 1, 1),
            ("2024-04-01T00:00:00Z", 1, 0),
        ],
    )
    .await;
    let days = |utc_offset_minutes| Timeline::Days { utc_offset_minutes };
    check(
        &all,
        days(0),
        &[("2024-03-01T00:00:00Z", 2, 1), ("2024-03-31T00:00:00Z", 1, 1), ("2024-04-01T00:00:00Z", 1, 0)],
    )
    .await;
    check(&all, days(180), &[("2024-02-29T21:00:00Z", 2, 1), ("2024-03-31T21:00:00Z", 2, 1)]).await;
    check(
        &all,
        days(-630),
        &[("2024-02-29T10:30:00Z", 1, 1), ("2024-03-01T10:30:00Z", 1, 0), ("2024-03-31T10:30:00Z", 2, 1)],
    )
    .await;
    let roads = PostFilter { block: Some(BlockId::from("roads")), ..PostFilter::default() };
    check(&roads, days(0), &[("2024-03-01T00:00:00Z", 1, 1), ("2024-03-31T00:00:00Z", 1, 1)]).await;
}

async fn draws_curves(posts: &impl Posts) {
    let seen = [
        ("1", "2024-03-01T10:00:00Z", Network::Vk, 10),
        ("2", "2024-03-01T10:29:59.999Z", Network::Vk, 5),
        ("3", "2024-03-01T10:10:00Z", Network::Ok, 1),
        ("4", "2024-03-01T10:30:00Z", Network::Vk, 0),
        ("5", "2024-03-01T12:00:00Z", Network::Telegram, 7),
    ];
    let mut rows: Vec<PostRow> = Vec::new();
    for (id, time, network, views) in seen {
        let mut row = row(id, time, "текст");
        row.post.network = network;
        row.post.metrics.views = views;
        row.group.event = EventId::from("e");
        rows.push(row);
    }
    rows.push(row("6", "2024-03-01T10:00:00Z", "чужое событие"));
    write(posts, &rows).await;
    let curve = posts.curve(&EventId::from("e"), 30).await.unwrap();
    let curve: Vec<_> = curve.iter().map(|point| (point.at, point.network, point.posts, point.views)).collect();
    let expected = [
        (at("2024-03-01T10:00:00Z"), Network::Ok, 1, 1),
        (at("2024-03-01T10:00:00Z"), Network::Vk, 2, 15),
        (at("2024-03-01T10:30:00Z"), Network::Vk, 1, 0),
        (at("2024-03-01T12:00:00Z"), Network::Telegram, 1, 7),
    ];
    assert_eq!(curve, expected);
    assert_eq!(posts.curve(&EventId::from("unknown"), 30).await.unwrap(), []);
    assert_eq!(posts.curve(&EventId::from("e"), 0).await.unwrap_err().kind, ErrorKind::Rejected);
}
