//! Conformance of [`Search`].

use std::collections::BTreeSet;

use otklik_domain::{Intent, Network, PostId, RegionId, SentimentLabel, Span};

use super::rows::{at, locality, place, row, topic};
use crate::{ErrorKind, FacetField, HistogramPoint, PartitionPosition, PostRow, Search, SearchBatch, SearchQuery};

/// Runs every case on a fresh adapter.
///
/// Adapters find the same posts, and count and page them alike. They may differ in the scores, and so in the order of posts
/// that hold the same words: asked for is only that a post which holds a word more often stands first. Of a beginning `word*`
/// nothing is said about how it counts.
///
/// # Panics
/// When the adapter does not do what the port says.
pub async fn suite<S: Search>(make: impl AsyncFn() -> S) {
    is_empty_at_first(&make().await).await;
    finds_words(&make().await).await;
    refuses_what_makes_no_sense(&make().await).await;
    puts_a_post_in_place_of_the_same_id(&make().await).await;
    keeps_positions(&make().await).await;
    filters(&make().await).await;
    counts_facets(&make().await).await;
    draws_histograms(&make().await).await;
    pages(&make().await).await;
    highlights(&make().await);
    expires(&make().await).await;
}

async fn is_empty_at_first(search: &impl Search) {
    assert_eq!(search.position(0).await.unwrap(), 0);
    search.expire(at("2024-03-01T00:00:00Z")).await.unwrap();
    for text in ["", "яма"] {
        let page = search.query(&SearchQuery { histogram_step_seconds: 60, ..query(text) }).await.unwrap();
        assert_eq!((page.total, page.hits, page.facets, page.histogram), (0, vec![], vec![], vec![]));
    }
}

async fn finds_words(search: &impl Search) {
    let texts = [
        ("1", "Прорвало трубу на улице Ленина, вода заливает подвал"),
        ("2", "На ЛЕНИНА прорвало трубы! Ёлки стоят в воде."),
        ("3", "Ямы на дороге. Улица Санкт-Петербургская, дом 12а"),
        ("4", "дороги, дороги, дороги; Facebook, e-mail: test"),
        ("5", "🚧🚧 Разбита дорога… ул. Пушкина «у школы №5»"),
    ];
    write(search, &texts.map(|(id, text)| row(id, "2024-03-01T12:00:00Z", text))).await;
    let cases = [
        ("", "12345"),
        (" \t\n", "12345"),
        ("труба", "12"),
        ("ТРУБОЙ", "12"),
        ("дорога", "345"),
        ("прорвало трубу", "12"),
        ("прорвало дорога", ""),
        ("воды", "12"),
        ("елка", "2"),
        ("ёлку", "2"),
        ("\"улица Ленина\"", "1"),
        ("\"на Ленина\"", "2"),
        ("\"Ленина улица\"", ""),
        ("улица -Ленина", "3"),
        ("-дорога", "12"),
        ("-дорога -подвал", "2"),
        ("улица -\"улица Ленина\"", "3"),
        ("дорога -\"дом 12а\"", "45"),
        ("прорв*", "12"),
        ("Прор* вод*", "12"),
        ("труба -подв*", "2"),
        ("Санкт-Петербургская", "3"),
        ("санкт-петербургской", "3"),
        ("петербургская", "3"),
        ("12а", "3"),
        ("№5", "5"),
        ("facebook", "4"),
        ("face*", "4"),
        ("труба, вода?!", "12"),
        ("труба - вода", "12"),
        // An open quotation mark reaches to the end.
        ("\"улица Ленина", "1"),
        ("труба \"\" вода", "12"),
        // Nothing of another language of queries works.
        ("труба OR дорога", ""),
        ("text:труба", ""),
        ("труба)", "12"),
        ("(труба AND", ""),
        ("труба^2 [a TO b]", ""),
        ("\\труба\\", "12"),
    ];
    for (text, expected) in cases {
        assert_eq!(ids(search, &query(text)).await.concat(), expected, "{text:?}");
    }
    // Found is not enough: the better fit stands first.
    let best = search.query(&query("дорога")).await.unwrap();
    assert_eq!(best.hits.first().unwrap().id.as_str(), "4");
    assert!(best.hits.is_sorted_by(|a, b| a.score >= b.score));
}

async fn refuses_what_makes_no_sense(search: &impl Search) {
    write(search, &[row("1", "2024-03-01T12:00:00Z", "текст"), row("2", "2024-03-02T12:00:00Z", "текст")]).await;
    let check = async |refused: SearchQuery| {
        let error = search.query(&refused).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rejected, "{refused:?}");
        assert!(error.message.chars().any(|letter| ('а'..='я').contains(&letter)), "in Russian: {}", error.message);
    };
    for text in ["!!!", "-", "*", "\"\"", "- * \" … \""] {
        check(query(text)).await;
    }
    check(SearchQuery { offset: 10_001, ..query("") }).await;
    for n in 0..20 {
        let rows: Vec<PostRow> = (0..1_000)
            .map(|second| {
                let mut row = row(&format!("{n}:{second}"), "2024-03-01T00:00:00Z", "шаг");
                row.post.published_at = jiff::Timestamp::from_second(n * 1_000 + second).unwrap();
                row
            })
            .collect();
        write(search, &rows).await;
    }
    check(SearchQuery { histogram_step_seconds: 1, ..query("шаг") }).await;
    // Long and strange is not senseless.
    for text in ["слово ".repeat(40), "щ".repeat(300), "\"a* -b\" -\u{0}я ё\u{308}*".to_owned(), "-яма".to_owned()]
    {
        search.query(&query(&text)).await.unwrap();
    }
}

async fn puts_a_post_in_place_of_the_same_id(search: &impl Search) {
    let batch =
        |text: &str| vec![row("vk:1", "2024-03-01T12:00:00Z", text), row("vk:2", "2024-03-01T12:00:00Z", "два")];
    write(search, &batch("яма")).await;
    write(search, &batch("яма")).await;
    assert_eq!(ids(search, &query("")).await, ["vk:1", "vk:2"]);
    write(search, &batch("забор")).await;
    assert_eq!(ids(search, &query("")).await, ["vk:1", "vk:2"]);
    assert_eq!(ids(search, &query("яма")).await, [""; 0]);
    assert_eq!(ids(search, &query("забор")).await, ["vk:1"]);
    // Twice in one batch: the last stays.
    let twice = ["раз", "второй"].map(|text| row("vk:3", "2024-03-01T12:00:00Z", text));
    write(search, &twice).await;
    assert_eq!(ids(search, &query("раз")).await, [""; 0]);
    assert_eq!(ids(search, &query("второй")).await, ["vk:3"]);
    // Deletions come after rows; an id is a whole, not words; unknown ids do no harm.
    let deleted = ["vk:1", "vk", "unknown"].map(PostId::from).to_vec();
    search.write(SearchBatch { rows: batch("забор"), deleted, next: position(0, 9) }).await.unwrap();
    assert_eq!(ids(search, &query("")).await, ["vk:2", "vk:3"]);
}

async fn keeps_positions(search: &impl Search) {
    for (partition, offset) in [(0, 5), (3, u64::MAX), (0, 7), (u32::MAX, 1)] {
        search.write(SearchBatch { rows: vec![], deleted: vec![], next: position(partition, offset) }).await.unwrap();
        assert_eq!(search.position(partition).await.unwrap(), offset);
    }
    search.expire(at("2024-03-01T00:00:00Z")).await.unwrap();
    for (partition, offset) in [(0, 7), (1, 0), (3, u64::MAX), (u32::MAX, 1)] {
        assert_eq!(search.position(partition).await.unwrap(), offset, "partition {partition}");
    }
}

/// Four posts that differ in every field a query can filter by.
fn rows() -> [PostRow; 4] {
    let mut rows = [
        ("1", "2024-03-01T10:00:00Z"),
        ("2", "2024-03-01T10:59:59.999Z"),
        ("3", "2024-03-01T13:00:00Z"),
        ("4", "2024-03-02T00:00:00Z"),
    ]
    .map(|(id, time)| row(id, time, "текст"));
    let [a, b, c, d] = &mut rows;
    for row in [&mut *a, &mut *b, &mut *c] {
        row.post.region = Some(RegionId::from("udm"));
    }
    a.analysis.topics = vec![topic("roads.potholes", 0.9), topic("utilities.drains", 0.5)];
    b.analysis.topics = vec![topic("roads.snow", 0.9)];
    c.analysis.topics = vec![topic("utilities.drains", 0.9)];
    a.analysis.locality = Some(locality("udm.izhevsk"));
    a.analysis.places = vec![place("street:a", Some("udm.glazov"), 1.0)];
    c.analysis.locality = Some(locality("Ижевск (г)"));
    d.post.network = Network::Telegram;
    a.analysis.sentiment.label = SentimentLabel::Negative;
    a.analysis.intent = Intent::Complaint;
    b.analysis.intent = Intent::Complaint;
    rows
}

async fn filters(search: &impl Search) {
    write(search, &rows()).await;
    let facets = |facets: &[(FacetField, &str)]| SearchQuery {
        facets: facets.iter().map(|&(field, value)| (field, value.to_owned())).collect(),
        ..query("")
    };
    let (block, topic, place) = (FacetField::Block, FacetField::Topic, FacetField::Municipality);
    let cases = [
        (SearchQuery { region: Some(RegionId::from("udm")), ..query("текст") }, "123"),
        (SearchQuery { region: Some(RegionId::from("u")), ..query("") }, ""),
        (SearchQuery { from: Some(at("2024-03-01T10:59:59.999Z")), ..query("") }, "234"),
        (SearchQuery { from: Some(at("2024-03-01T11:00:00Z")), ..query("текст") }, "34"),
        (SearchQuery { to: Some(at("2024-03-02T00:00:00Z")), ..query("") }, "123"),
        (SearchQuery { from: Some(at("2024-03-02T00:00:00Z")), to: Some(at("2024-03-01T00:00:00Z")), ..query("") }, ""),
        (facets(&[(block, "roads")]), "12"),
        (facets(&[(block, "roads"), (block, "utilities")]), "123"),
        (facets(&[(block, "roads"), (topic, "roads.snow")]), "2"),
        (facets(&[(topic, "utilities.drains")]), "3"),
        (facets(&[(place, "udm.izhevsk")]), "1"),
        (facets(&[(place, "udm.glazov")]), ""),
        (facets(&[(place, "Ижевск (г)")]), "3"),
        (facets(&[(FacetField::Network, "telegram")]), "4"),
        (facets(&[(FacetField::Sentiment, "negative")]), "1"),
        (facets(&[(FacetField::Intent, "complaint"), (FacetField::Sentiment, "neutral")]), "2"),
        (facets(&[(FacetField::Intent, "")]), ""),
        (SearchQuery { text: "нет такого".to_owned(), ..facets(&[(block, "roads")]) }, ""),
    ];
    for (query, expected) in cases {
        assert_eq!(ids(search, &query).await.concat(), expected, "{query:?}");
    }
}

async fn counts_facets(search: &impl Search) {
    write(search, &rows()).await;
    let check = async |query: SearchQuery, field: FacetField, expected: &[(&str, u64)]| {
        let page = search.query(&query).await.unwrap();
        let fields: Vec<FacetField> = page.facets.iter().map(|facet| facet.field).collect();
        assert!(fields.is_sorted(), "by field: {fields:?}");
        let facets = page.facets.iter().filter(|facet| facet.field == field);
        let mut counts: Vec<(&str, u64)> = facets.map(|facet| (facet.value.as_str(), facet.posts)).collect();
        assert!(counts.is_sorted_by(|a, b| a.1 >= b.1), "the most frequent first: {counts:?}");
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        assert_eq!(counts, expected, "{field:?}");
    };
    check(query(""), FacetField::Block, &[("roads", 2), ("utilities", 1)]).await;
    check(query(""), FacetField::Topic, &[("roads.potholes", 1), ("roads.snow", 1), ("utilities.drains", 1)]).await;
    check(query(""), FacetField::Municipality, &[("udm.izhevsk", 1), ("Ижевск (г)", 1)]).await;
    check(query(""), FacetField::Network, &[("vk", 3), ("telegram", 1)]).await;
    check(query("текст"), FacetField::Sentiment, &[("neutral", 3), ("negative", 1)]).await;
    check(query(""), FacetField::Intent, &[("complaint", 2), ("other", 2)]).await;
    let udm = SearchQuery { region: Some(RegionId::from("udm")), limit: 0, ..query("") };
    check(udm, FacetField::Network, &[("vk", 3)]).await;
    check(query("нет"), FacetField::Network, &[]).await;
    // At most fifty values of a field.
    let many: Vec<PostRow> = (0..60)
        .flat_map(|n| (0..=n / 50).map(move |copy| (n, copy)))
        .map(|(n, copy)| {
            let mut row = row(&format!("{n}:{copy}"), "2024-03-01T10:00:00Z", "много");
            row.analysis.topics = vec![topic(&format!("many.{n:02}"), 1.0)];
            row
        })
        .collect();
    write(search, &many).await;
    let page = search.query(&query("много")).await.unwrap();
    let topics: Vec<_> = page.facets.iter().filter(|facet| facet.field == FacetField::Topic).collect();
    assert_eq!(topics.len(), 50);
    let frequent: BTreeSet<&str> = topics.iter().take(10).map(|facet| facet.value.as_str()).collect();
    assert_eq!(
        frequent,
        (50..60).map(|n| format!("many.{n}")).collect::<Vec<_>>().iter().map(String::as_str).collect()
    );
}

async fn draws_histograms(search: &impl Search) {
    write(search, &rows()).await;
    let check = async |step: u32, expected: &[(&str, u64)]| {
        let page = search.query(&SearchQuery { histogram_step_seconds: step, limit: 1, ..query("") }).await.unwrap();
        let expected: Vec<HistogramPoint> =
            expected.iter().map(|&(time, posts)| HistogramPoint { at: at(time), posts }).collect();
        assert_eq!(page.histogram, expected, "steps of {step} s");
    };
    check(0, &[]).await;
    check(3_600, &[("2024-03-01T10:00:00Z", 2), ("2024-03-01T13:00:00Z", 1), ("2024-03-02T00:00:00Z", 1)]).await;
    check(86_400, &[("2024-03-01T00:00:00Z", 3), ("2024-03-02T00:00:00Z", 1)]).await;
    check(7 * 86_400, &[("2024-02-29T00:00:00Z", 4)]).await;
}

async fn pages(search: &impl Search) {
    let rows: Vec<PostRow> = (0..300)
        .map(|n| {
            let mut row = row(&format!("{n:03}"), "2024-03-01T00:00:00Z", "страница");
            row.post.published_at += jiff::SignedDuration::from_millis(n);
            row
        })
        .collect();
    write(search, &rows).await;
    let latest = |limit, offset| SearchQuery { latest_first: true, limit, offset, ..query("страница") };
    let page = search.query(&latest(3, 2)).await.unwrap();
    assert_eq!(page.total, 300);
    assert_eq!(page.hits.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>(), ["297", "296", "295"]);
    assert_eq!(search.query(&latest(0, 0)).await.unwrap().hits, []);
    assert_eq!(search.query(&latest(10, 10_000)).await.unwrap().hits, []);
    assert_eq!(search.query(&latest(5_000, 0)).await.unwrap().hits.len(), 200);
    // Pages of equal scores do not overlap and leave nothing out.
    let mut seen = BTreeSet::new();
    for offset in (0..300).step_by(70) {
        let page = search.query(&SearchQuery { limit: 70, offset, ..query("страница") }).await.unwrap();
        seen.extend(page.hits.into_iter().map(|hit| hit.id));
    }
    assert_eq!(seen.len(), 300);
}

fn highlights(search: &impl Search) {
    let check = |query: &str, text: &str, expected: &[&str]| {
        let spans = search.highlight(query, text);
        assert!(spans.is_sorted_by(|a, b| a.end <= b.start), "in order, not overlapping: {spans:?}");
        let cut = |span: &Span| text.chars().take(span.end as usize).skip(span.start as usize).collect::<String>();
        assert_eq!(spans.iter().map(cut).collect::<Vec<_>>(), expected, "{query:?} in {text:?}");
    };
    check("труба", "🚧 Трубы: прорвало трубу.", &["Трубы", "трубу"]);
    check("ёлка", "Ёлки и елка", &["Ёлки", "елка"]);
    check("прор* -вода \"улица Ленина\"", "вода прорвала на улице Ленина", &["прорвала", "улице", "Ленина"]);
    check("", "текст", &[]);
    check("!!!", "текст!!!", &[]);
    check("нет", "", &[]);
    check("дом-музей", "в дом и музей", &["дом", "музей"]);
}

async fn expires(search: &impl Search) {
    write(search, &rows()).await;
    for _ in 0..2 {
        search.expire(at("2024-03-01T13:00:00Z")).await.unwrap();
        assert_eq!(ids(search, &query("")).await, ["3", "4"]);
    }
    assert_eq!(search.position(0).await.unwrap(), 1, "positions stay");
}

fn query(text: &str) -> SearchQuery {
    SearchQuery { text: text.to_owned(), limit: 100, ..SearchQuery::default() }
}

fn position(partition: u32, offset: u64) -> PartitionPosition {
    PartitionPosition { partition, offset }
}

async fn write(search: &impl Search, rows: &[PostRow]) {
    search.write(SearchBatch { rows: rows.to_vec(), deleted: vec![], next: position(0, 1) }).await.unwrap();
}

/// Ids of what a query finds, sorted, after a check that the page is whole.
async fn ids(search: &impl Search, query: &SearchQuery) -> Vec<String> {
    let page = search.query(query).await.unwrap();
    assert_eq!(page.total, page.hits.len() as u64, "{query:?}");
    let mut ids: Vec<String> = page.hits.into_iter().map(|hit| hit.id.into_string()).collect();
    ids.sort();
    ids
}
