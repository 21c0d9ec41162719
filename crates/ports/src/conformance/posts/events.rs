//! Events.

use otklik_domain::{BlockId, Event, EventId, PlaceId, RegionId, Risk, TopicId};

use crate::{
    EventOrder, EventQuery, PostBatch, Posts,
    conformance::rows::{at, event, full_event},
};

pub(super) async fn suite<P: Posts>(make: impl AsyncFn() -> P) {
    keeps_the_highest_version(&make().await).await;
    drops_events_without_posts(&make().await).await;
    orders_and_pages(&make().await).await;
    filters(&make().await).await;
}

async fn keeps_the_highest_version(posts: &impl Posts) {
    let id = EventId::from("e' OR 1=1");
    assert_eq!(posts.event(&id).await.unwrap(), None);
    let full = full_event(id.as_str(), "2024-02-29T23:59:59.999Z", "2024-03-01T00:00:00Z");
    write(posts, vec![full.clone()]).await;
    assert_eq!(posts.event(&id).await.unwrap().as_ref(), Some(&full));
    write(posts, vec![Event { version: 5, ..event(id.as_str(), "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z") }])
        .await;
    assert_eq!(posts.event(&id).await.unwrap().as_ref(), Some(&full), "an older state that comes late");
    let newer =
        Event { version: full.version + 1, ..event(id.as_str(), "2024-01-01T00:00:00Z", "2024-04-01T00:00:00Z") };
    write(posts, vec![newer.clone(), full]).await;
    assert_eq!(posts.event(&id).await.unwrap().as_ref(), Some(&newer));
    assert_eq!(posts.events(&query(10)).await.unwrap(), [newer]);
}

async fn drops_events_without_posts(posts: &impl Posts) {
    let mut lost = full_event("lost", "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z");
    let kept = event("kept", "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z");
    write(posts, vec![lost.clone(), kept.clone()]).await;
    lost.version += 1;
    lost.totals.posts = 0;
    write(posts, vec![lost]).await;
    assert_eq!(posts.event(&EventId::from("lost")).await.unwrap(), None);
    assert_eq!(posts.events(&query(10)).await.unwrap(), [kept]);
}

async fn orders_and_pages(posts: &impl Posts) {
    let events = [("a", 0.5, "2024-03-01T00:00:00Z", 3), ("b", 0.25, "2024-03-03T00:00:00Z", 1)]
        .into_iter()
        .chain([("c", 0.5, "2024-03-02T00:00:00Z", 2)])
        .map(|(id, harm, last_at, n_posts)| {
            let mut event = event(id, "2024-01-01T00:00:00Z", last_at);
            event.risk = Risk { harm, growth: 0.5, unanswered: 1.0 };
            event.totals.posts = n_posts;
            event
        });
    write(posts, events.collect()).await;
    for (order, limit, offset, expected) in [
        (EventOrder::Risk, 10, 0, "acb"),
        (EventOrder::Latest, 10, 0, "bca"),
        (EventOrder::Posts, 10, 0, "acb"),
        (EventOrder::Latest, 1, 1, "c"),
        (EventOrder::Latest, 5_000, 2, "a"),
        (EventOrder::Latest, 0, 0, ""),
    ] {
        let query = EventQuery { order, limit, offset, ..EventQuery::default() };
        assert_eq!(ids(posts, &query).await.concat(), expected, "{query:?}");
    }
}

async fn filters(posts: &impl Posts) {
    let roads = Event {
        block: BlockId::from("roads"),
        topic: Some(TopicId::from("roads.potholes")),
        ..event("roads", "2024-03-01T00:00:00Z", "2024-03-05T00:00:00Z")
    };
    let mut town = event("town", "2024-03-10T00:00:00Z", "2024-03-10T00:00:00Z");
    town.municipality = Some(PlaceId::from("udm.izhevsk"));
    town.totals.posts = 7;
    let elsewhere =
        Event { region: RegionId::from("tuva"), ..event("tuva", "2024-03-20T00:00:00Z", "2024-03-20T00:00:00Z") };
    write(posts, vec![roads, town, elsewhere]).await;
    let time = |time| Some(at(time));
    let all = query(10);
    let cases: [(EventQuery, &[&str]); 11] = [
        (all.clone(), &["tuva", "town", "roads"]),
        (EventQuery { region: Some(RegionId::from("tuva")), ..all.clone() }, &["tuva"]),
        (EventQuery { from: time("2024-03-05T00:00:00Z"), ..all.clone() }, &["tuva", "town", "roads"]),
        (EventQuery { from: time("2024-03-05T00:00:00.001Z"), ..all.clone() }, &["tuva", "town"]),
        (EventQuery { to: time("2024-03-10T00:00:00Z"), ..all.clone() }, &["roads"]),
        (EventQuery { to: time("2024-03-10T00:00:00.001Z"), ..all.clone() }, &["town", "roads"]),
        (EventQuery { block: Some(BlockId::from("roads")), ..all.clone() }, &["roads"]),
        (EventQuery { topic: Some(TopicId::from("roads.potholes")), ..all.clone() }, &["roads"]),
        (EventQuery { topic: Some(TopicId::from("x' OR '1'='1")), ..all.clone() }, &[]),
        (EventQuery { municipality: Some(PlaceId::from("udm.izhevsk")), ..all.clone() }, &["town"]),
        (EventQuery { posts_min: 7, ..all.clone() }, &["town"]),
    ];
    for (query, expected) in cases {
        assert_eq!(ids(posts, &query).await, expected, "{query:?}");
    }
}

fn query(limit: usize) -> EventQuery {
    EventQuery { order: EventOrder::Latest, limit, ..EventQuery::default() }
}

async fn write(posts: &impl Posts, events: Vec<Event>) {
    posts.write(PostBatch { events, ..PostBatch::default() }).await.unwrap();
}

async fn ids(posts: &impl Posts, query: &EventQuery) -> Vec<String> {
    posts.events(query).await.unwrap().into_iter().map(|event| event.id.into_string()).collect()
}
