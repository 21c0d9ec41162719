use otklik_domain::{
    BlockId, Evidence, EvidenceSource, Intent, Language, Locality, LocatedBy, Metrics, Network, PlaceId, PlaceKind,
    PlaceMention, PostId, PostKind, Sentiment, SentimentLabel, Severity, Span, TopicHit, Versions,
};
use proptest::prelude::*;

use super::*;

mod forgotten;

/// A post in few words: id, minutes since the first, topic, place, text.
struct Said<'a>(&'a str, i64, &'a str, &'a str, &'a str);

fn post(said: &Said<'_>) -> Post {
    Post {
        id: PostId::from(said.0),
        network: Network::Vk,
        kind: PostKind::Post,
        url: None,
        community: None,
        author: Some(otklik_domain::AuthorKey::new(format!("author of {}", said.0))),
        published_at: Timestamp::from_second(1_760_000_000 + said.1 * 60).unwrap(),
        text: said.4.to_owned(),
        reply_to: None,
        repost_of: None,
        metrics: Metrics { views: 10, ..Metrics::default() },
        geo: None,
        region: None,
        labels: vec![],
    }
}

fn analysis(said: &Said<'_>) -> Analysis {
    let topics = (!said.2.is_empty()).then(|| TopicHit {
        id: said.2.into(),
        block: TopicId::from(said.2).block(),
        score: 0.8,
        evidence: vec![Evidence {
            source: EvidenceSource::Dictionary,
            rule: String::new(),
            text: String::new(),
            span: Span { start: 0, end: 3 },
        }],
    });
    let place = (!said.3.is_empty()).then(|| PlaceMention {
        id: PlaceId::from(said.3),
        name: said.3.to_owned(),
        kind: PlaceKind::Street,
        span: Span { start: 0, end: 0 },
        score: 0.9,
        point: None,
        municipality: Some("town".into()),
    });
    Analysis {
        id: PostId::from(said.0),
        language: Language { code: "ru".into(), confidence: 1.0 },
        topics: topics.into_iter().collect(),
        intent: Intent::Complaint,
        sentiment: Sentiment { label: SentimentLabel::Negative, score: -0.5 },
        severity: Severity::new(3),
        danger: vec![],
        places: place.into_iter().collect(),
        locality: Some(Locality { municipality: "town".into(), name: "Город".into(), by: LocatedBy::Text }),
        versions: Versions::default(),
    }
}

fn grouper() -> Grouper {
    let area_topics = BTreeSet::from([TopicId::from("utilities.cold_water")]);
    let topic_names = [(WATER.into(), "Отключение воды".to_owned())].into();
    Grouper::new("demo".into(), GroupConfig { area_topics, topic_names, ..GroupConfig::default() })
}

/// Groups posts; gives for each the number of the first post of its event.
fn run(posts: &[Said<'_>]) -> Vec<usize> {
    let mut grouper = grouper();
    let events: Vec<EventId> = posts.iter().map(|said| grouper.add(&post(said), &analysis(said)).group.event).collect();
    events.iter().map(|event| events.iter().position(|first| first == event).unwrap()).collect()
}

const WATER: &str = "utilities.cold_water";
const GRAFFITI: &str = "improvement.graffiti";

#[test]
fn one_trouble_is_one_event() {
    let events = run(&[
        Said("vk:1", 0, WATER, "street:ленина:5", "Нет холодной воды с утра, Ленина 5"),
        Said("vk:2", 20, WATER, "street:ленина:7", "На Ленина 7 тоже нет холодной воды"),
        Said("vk:3", 30, WATER, "", "Когда дадут холодную воду? С утра нет"),
        Said("vk:4", 40, "", "", "Продам гараж недорого, звоните"),
        Said("vk:5", 45, GRAFFITI, "street:мира:1", "Опять разрисовали стену, закрасьте надписи"),
    ]);
    assert_eq!(events, [0, 0, 0, 3, 4]);
}

#[test]
fn the_same_words_at_another_address_are_another_event() {
    let text = "Прошу закрасить надписи на фасаде дома, нанесённые вандалами из баллончика";
    let events = run(&[
        Said("form:1", 0, GRAFFITI, "street:ленина:5", text),
        Said("form:2", 10, GRAFFITI, "street:мира:40", text),
        Said("form:3", 20, GRAFFITI, "street:ленина:5", text),
    ]);
    assert_eq!(events, [0, 1, 0]);
}

#[test]
fn finds_what_was_published_before() {
    let mut grouper = grouper();
    let text = "Уважаемые жители, сообщаем об отключении воды на улице Мира до восемнадцати часов";
    let edited = "Уважаемые жители, сообщаем об отключении воды на улице Мира до девятнадцати часов вечера";
    let mut add = |said: Said<'_>| grouper.add(&post(&said), &analysis(&said)).group;
    add(Said("vk:1", 0, WATER, "", text));
    let exact = add(Said("ok:1", 1, WATER, "", &text.to_uppercase()));
    assert_eq!((exact.duplicate_of, exact.near_duplicate_of), (Some("vk:1".into()), None));
    let near = add(Said("ok:2", 2, WATER, "", edited));
    assert_eq!((near.duplicate_of, near.near_duplicate_of), (None, Some("vk:1".into())));
    assert!(near.similarity > 0.5);
    add(Said("vk:5", 3, "", "", "спасибо"));
    let short = add(Said("vk:6", 3, "", "", "спасибо"));
    assert_eq!(short.duplicate_of, None);
}

#[test]
fn a_post_read_again_changes_its_views_only() {
    let mut grouper = grouper();
    let said = Said("vk:1", 0, WATER, "", "Нет воды");
    let first = grouper.add(&post(&said), &analysis(&said));
    let mut again = post(&said);
    again.metrics.views = 500;
    let second = grouper.add(&again, &analysis(&said));
    assert!(!first.seen_before && second.seen_before);
    let event = grouper.event(&second.group.event).unwrap();
    assert_eq!((event.totals.posts, event.totals.views), (1, 500));
    assert_eq!(first.group.event, second.group.event);
}

#[test]
fn people_correct_the_grouping() {
    let mut grouper = grouper();
    let mut add = |said: Said<'_>| grouper.add(&post(&said), &analysis(&said)).group.event;
    let water = add(Said("vk:1", 0, WATER, "", "Нет холодной воды с утра"));
    assert_eq!(add(Said("vk:2", 1, WATER, "", "Нет холодной воды с утра весь день")), water);
    let other = add(Said("vk:3", 2, GRAFFITI, "street:мира:1", "Закрасьте надписи на стене"));

    let merged = grouper.merge(&other, &water);
    assert_eq!(merged.moved, [("vk:3".into(), water.clone())]);
    assert_eq!(merged.events[0].totals.posts, 3);
    assert_eq!((merged.events[1].id.clone(), merged.events[1].totals.posts), (other.clone(), 0));
    assert_eq!(grouper.merge(&other, &water), Corrected::default());

    let split = grouper.split(&water, &["vk:2".into(), "vk:77".into()], &"e-new".into());
    assert_eq!(split.moved, [("vk:2".into(), "e-new".into())]);
    assert_eq!((split.events[0].totals.posts, split.events[1].totals.posts), (2, 1));

    let deleted = grouper.delete(&"vk:1".into());
    assert_eq!((deleted.events[0].totals.posts, deleted.events[0].origin.as_str()), (1, "vk:3"));
    assert_eq!(grouper.delete(&"vk:1".into()), Corrected::default());
}

#[test]
fn old_posts_leave() {
    let mut grouper = grouper();
    let day = 24 * 60;
    for number in 0..60 {
        let id = format!("vk:{number}");
        let text = format!("Нет воды в доме номер{number}");
        let said = Said(&id, number * day, WATER, "", &text);
        grouper.add(&post(&said), &analysis(&said));
    }
    assert!(grouper.posts() <= 15 && grouper.events() <= 15, "{} {}", grouper.posts(), grouper.events());
}

#[test]
fn refuses_a_damaged_state() {
    let said = Said("vk:1", 0, WATER, "", "Нет воды");
    let mut grouper = grouper();
    grouper.add(&post(&said), &analysis(&said));
    let bytes = grouper.to_bytes().unwrap();
    assert!(Grouper::from_bytes(&bytes, GroupConfig::default()).is_ok());
    assert_eq!(Grouper::from_bytes(b"", GroupConfig::default()).unwrap_err(), StateError::NotAState);
    for at in [8, 20, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(matches!(Grouper::from_bytes(&changed, GroupConfig::default()), Err(StateError::Damaged(_))));
    }
    assert!(Grouper::from_bytes(&bytes[..bytes.len() - 1], GroupConfig::default()).is_err());
}

fn posts() -> impl Strategy<Value = Vec<(u8, u16, u8, u8, Vec<u8>)>> {
    prop::collection::vec((0_u8..80, 0_u16..600, 0_u8..3, 0_u8..4, prop::collection::vec(0_u8..30, 1..12)), 1..80)
}

fn said(number: u8, topic: u8, place: u8, words: &[u8]) -> (String, String, String, String) {
    let topic = ["", WATER, GRAFFITI][usize::from(topic)].to_owned();
    let place = ["", "street:ленина:5", "street:ленина", "street:мира:1"][usize::from(place)].to_owned();
    let text = words.iter().map(|word| format!("слово{word}нечто")).collect::<Vec<_>>().join(" ");
    (format!("vk:{number}"), topic, place, text)
}

proptest! {
    /// A grouper saved and restored at any moment goes on just as if nothing had happened, to the byte.
    #[test]
    fn a_restart_changes_nothing(posts in posts(), at in 0_usize..80) {
        let (mut one, mut two) = (grouper(), grouper());
        let mut minutes = 0;
        for (index, (number, later, topic, place, words)) in posts.iter().enumerate() {
            minutes += i64::from(*later);
            let (id, topic, place, text) = said(*number, *topic, *place, words);
            let said = Said(&id, minutes, &topic, &place, &text);
            if index == at {
                two = Grouper::from_bytes(&two.to_bytes().unwrap(), two.config.clone()).unwrap();
            }
            if number % 11 == 10 {
                prop_assert_eq!(one.delete(&id.as_str().into()), two.delete(&id.as_str().into()));
            }
            let (of_one, of_two) = (one.add(&post(&said), &analysis(&said)), two.add(&post(&said), &analysis(&said)));
            prop_assert_eq!(one.event(&of_one.group.event), two.event(&of_two.group.event));
            prop_assert_eq!(of_one, of_two);
        }
        prop_assert_eq!(one.to_bytes().unwrap(), two.to_bytes().unwrap());
    }

    /// Posts of the events add up to the posts of the window.
    #[test]
    fn every_post_is_in_one_event(posts in posts()) {
        let mut grouper = grouper();
        let mut last = std::collections::BTreeMap::new();
        for (number, _, topic, place, words) in &posts {
            let (id, topic, place, text) = said(*number, *topic, *place, words);
            let said = Said(&id, 0, &topic, &place, &text);
            let grouped = grouper.add(&post(&said), &analysis(&said));
            let event = grouper.event(&grouped.group.event).unwrap();
            last.insert(event.id, event.totals.posts);
        }
        let total: u32 = last.values().sum();
        prop_assert_eq!(total as usize, grouper.posts());
        prop_assert_eq!(last.len(), grouper.events());
        prop_assert_eq!(BlockId::from("utilities"), TopicId::from(WATER).block());
    }
}

const BUS: &str = "transport.waiting";

#[test]
fn a_name_holds_an_event_together() {
    let events = run(&[
        Said("vk:1", 0, "trade.quality", "", "В магазине «Берёзка» творог просрочен на две недели"),
        Said("vk:2", 5, "trade.quality", "", "Продавец в «Берёзке» стирала дату с йогурта"),
        Said("vk:3", 9, "", "", "У меня тоже чек из «Берёзки», молоко прокисло, вернули деньги со скандалом"),
        Said("vk:4", 20, "", "", "Встретила сегодня подругу, погуляли с колясками вдоль реки"),
        Said("vk:5", 30, "", "", "а что за берёзка, та что на углу?"),
        Said("vk:6", 40, BUS, "", "Автобус 18 не пришёл второй раз подряд, замёрзли"),
        Said("vk:7", 45, BUS, "", "18-го опять нет, стоим полчаса всей семьёй"),
    ]);
    assert_eq!(events, [0, 0, 0, 3, 0, 5, 5]);
}

#[test]
fn a_trouble_that_comes_again_is_another_event() {
    let first = "Нет холодной воды на всей улице";
    let events = run(&[
        Said("vk:1", 0, WATER, "", first),
        Said("vk:2", 30, WATER, "", "Холодной воды нет, улица без воды"),
        Said("vk:3", 90, WATER, "", "Снова интересуюсь, холодной воды на улице нет"),
        Said("vk:4", 9 * 60, WATER, "", "Опять нет холодной воды на улице"),
        Said("vk:5", 9 * 60 + 10, WATER, "", "Холодной воды на улице нет, второй раз за день"),
        Said("vk:6", 9 * 60 + 12, WATER, "", first),
    ]);
    assert_eq!(events, [0, 0, 0, 3, 3, 3]);
}

#[test]
fn the_signature_of_a_community_joins_nothing() {
    let mut grouper = grouper();
    let mut events = std::collections::BTreeSet::new();
    for number in 0..30 {
        let (id, text) = (
            format!("vk:{number}"),
            format!("Слово{number}нечто нечто{number}слово #ПодслушаноЛукоморье присылайте Лукоморцам"),
        );
        let said = Said(&id, number * 30, "", "", &text);
        let mut post = post(&said);
        post.community = Some(otklik_domain::Community { id: "7".to_owned(), name: "Лукоморье".to_owned() });
        events.insert(grouper.add(&post, &analysis(&said)).group.event);
    }
    assert!(events.len() >= 20, "{}", events.len());
}
