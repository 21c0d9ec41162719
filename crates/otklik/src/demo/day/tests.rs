use std::collections::{BTreeMap, BTreeSet, HashMap};

use otklik_domain as domain;
use otklik_domain::{Network, PostKind};
use otklik_engine::{
    region::{Region, SourceFile},
    routing::Matter,
    sla::Calendar,
};
use otklik_wire::Post;

use super::{Day, content::Content, generate};

const START: &str = "2026-03-24T21:00:00Z";

fn day(seed: u64) -> Day {
    generate(START.parse().unwrap(), seed).unwrap()
}

fn by_id(day: &Day) -> HashMap<&str, &Post> {
    day.posts.iter().map(|post| (post.id.as_str(), post)).collect()
}

#[test]
fn a_seed_gives_one_day() {
    let first = day(7);
    assert_eq!(first, day(7));
    assert_ne!(first.posts, day(8).posts);
}

#[test]
fn any_seed_gives_a_full_day() {
    for seed in [0, 1, 42, u64::MAX] {
        let day = day(seed);
        assert!(day.posts.len() >= 5_200, "seed {seed}: {} posts", day.posts.len());
        assert!(day.planted.len() >= 28);
        for event in &day.planted {
            assert!((3..=130).contains(&event.posts.len()), "{}: {} posts", event.id, event.posts.len());
        }
        assert_eq!(by_id(&day).len(), day.posts.len(), "seed {seed}: ids are not unique");
    }
}

#[test]
fn posts_are_valid_and_in_time_order() {
    let day = day(7);
    let start: jiff::Timestamp = START.parse().unwrap();
    let mut last = start;
    let mut seen = BTreeSet::new();
    for post in &day.posts {
        let read = domain::Post::try_from(post.clone()).unwrap();
        assert!(read.published_at >= last, "{} comes too late", post.id);
        assert!(read.published_at.duration_since(start).as_hours() < 24, "{} is of another day", post.id);
        last = read.published_at;
        assert!(!post.text.trim().is_empty() && !post.text.contains(['[', ']', '{', '}', '|']), "{}", post.id);
        for other in [&post.reply_to, &post.repost_of].into_iter().flatten() {
            assert!(seen.contains(other.as_str()), "{} refers to {other}, which is not there yet", post.id);
        }
        assert_eq!(post.kind == PostKind::Comment, post.reply_to.is_some());
        assert_eq!(post.kind == PostKind::Appeal, post.network == Network::Form);
        seen.insert(post.id.as_str());
    }
}

#[test]
fn all_networks_and_kinds_are_there() {
    let day = day(7);
    let mut counts = BTreeMap::new();
    for post in &day.posts {
        *counts.entry((post.network, post.kind)).or_insert(0) += 1;
    }
    let check = |network, kind, least| {
        let count = counts.get(&(network, kind)).copied().unwrap_or(0);
        assert!(count >= least, "{network} {kind}: {count}");
    };
    check(Network::Vk, PostKind::Post, 1_200);
    check(Network::Vk, PostKind::Comment, 600);
    check(Network::Ok, PostKind::Post, 700);
    check(Network::Ok, PostKind::Comment, 300);
    check(Network::Telegram, PostKind::Post, 300);
    check(Network::Rss, PostKind::Post, 60);
    check(Network::Form, PostKind::Appeal, 50);
    assert!(day.posts.iter().filter(|post| post.geo.is_some()).count() >= 40);
}

#[test]
fn the_truth_speaks_of_posts_that_exist_and_of_each_once() {
    let day = day(7);
    let posts = by_id(&day);
    let mut told = BTreeSet::new();
    for event in &day.planted {
        for id in &event.posts {
            assert!(posts.contains_key(id.as_str()), "{}: {id}", event.id);
            assert!(told.insert(id), "{id} belongs to two events");
        }
        let repeated = event.repeats.as_ref().map(|id| day.planted.iter().find(|other| other.id == *id).unwrap());
        if let Some(first) = repeated {
            let begins = |event: &super::Planted| posts[event.posts[0].as_str()].published_at.clone();
            assert!(begins(first) < begins(event), "{} repeats what comes later", event.id);
        }
    }
}

#[test]
fn what_is_written_by_hand_is_there_word_for_word() {
    let content = Content::embedded().unwrap();
    let day = day(7);
    let posts = by_id(&day);
    for (event, truth) in content.events.iter().zip(&day.planted) {
        let texts: BTreeSet<&str> = truth.posts.iter().map(|id| posts[id.as_str()].text.as_str()).collect();
        let written = event.messages.iter().chain(&event.appeals).chain(event.news.iter().map(|news| &news.text));
        for text in written {
            assert!(texts.contains(text.as_str()), "{} lacks {text:?}", event.id);
        }
        assert_eq!(posts[truth.posts[0].as_str()].text, event.messages[0], "{} begins otherwise", event.id);
    }
}

#[test]
fn messages_of_different_events_differ() {
    let content = Content::embedded().unwrap();
    let mut first_use: HashMap<&str, &str> = HashMap::new();
    for event in &content.events {
        for text in event.messages.iter().chain(&event.appeals) {
            let other = first_use.insert(text, &event.id);
            assert_eq!(other, None, "{}: {text:?} was used before", event.id);
        }
        let least = if event.posts >= 50 { 25 } else { event.posts.min(11) - 1 };
        assert!(event.messages.len() + event.appeals.len() >= least, "{} says little", event.id);
    }
}

#[test]
fn the_background_hardly_repeats_itself() {
    let day = day(7);
    let planted: BTreeSet<&str> = day.planted.iter().flat_map(|event| &event.posts).map(String::as_str).collect();
    let long = day.posts.iter().filter(|post| !planted.contains(post.id.as_str()) && post.text.chars().count() > 40);
    let (mut texts, mut count) = (BTreeSet::new(), 0);
    for post in long {
        texts.insert(post.text.as_str());
        count += 1;
    }
    assert!(count > 1_500, "{count} long posts");
    let repeated = count - texts.len();
    assert!(repeated * 50 < count, "{repeated} of {count} repeat another");
}

#[test]
fn lone_complaints_stay_alone() {
    let content = Content::embedded().unwrap();
    let day = day(7);
    let mut checked = 0;
    for lines in content.background.iter().filter(|lines| lines.uses == 1) {
        for line in &lines.lines {
            assert_eq!(day.posts.iter().filter(|post| post.text == *line).count(), 1, "{line:?}");
            checked += 1;
        }
    }
    assert!(checked >= 150);
}

#[test]
fn neighbours_write_tatar_and_udmurt() {
    let day = day(7);
    let with = |letters: &[char]| day.posts.iter().filter(|post| post.text.to_lowercase().contains(letters)).count();
    assert!(with(&['ә', 'ө', 'ү', 'җ', 'ң', 'һ']) >= 40);
    assert!(with(&['ӝ', 'ӟ', 'ӥ', 'ӧ', 'ӵ']) >= 25);
}

#[test]
fn planted_events_are_routed_as_the_truth_says() {
    const PLACES: &str = include_str!("../../../../../dictionaries/places/demo.tsv");
    const REGION: &str = include_str!("../../../../../dictionaries/regions/demo.toml");
    let places: BTreeSet<&str> = PLACES.lines().filter_map(|line| line.split('\t').next()).collect();
    let file = SourceFile { path: "regions/demo.toml", content: REGION };
    let region = Region::parse(&file, None, Calendar::default()).unwrap();
    for event in day(7).planted {
        let municipality = event.municipality.as_deref().map(domain::PlaceId::from);
        assert!(municipality.iter().all(|id| places.contains(id.as_str())), "{}: municipality", event.id);
        assert!(!event.topics.is_empty(), "{}: no topic", event.id);
        for topic in &event.topics {
            let topic = domain::TopicId::from(topic.as_str());
            let matter = Matter { topic: Some(&topic), municipality: municipality.as_ref(), ..Matter::default() };
            assert_eq!(region.route(&matter).agency.as_str(), event.agency, "{}: {topic}", event.id);
        }
        assert!((1..=5).contains(&event.severity) && (!event.danger || event.severity == 5), "{}", event.id);
        assert!(!event.title.is_empty() && !event.place.is_empty(), "{}", event.id);
    }
}

#[test]
fn topics_named_by_events_and_bodies_are_in_the_dictionaries() {
    let dictionaries = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dictionaries");
    let table = |path: &std::path::Path| std::fs::read_to_string(path).unwrap().parse::<toml::Table>().unwrap();
    let texts = |table: &toml::Table, list: &str, key: &str| -> Vec<String> {
        let entries = table[list].as_array().unwrap().iter().filter_map(|entry| entry.get(key));
        let flat = entries.flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]));
        flat.map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let mut known = BTreeSet::from(["*".to_owned()]);
    for file in std::fs::read_dir(format!("{dictionaries}/topics")).unwrap() {
        let block = table(&file.unwrap().path());
        known.insert(block["id"].as_str().unwrap().to_owned());
        known.extend(texts(&block, "topics", "id"));
    }
    for region in ["demo", "udm"] {
        let region = table(format!("{dictionaries}/regions/{region}.toml").as_ref());
        for topic in texts(&region, "agencies", "topics") {
            assert!(known.contains(&topic), "a body answers for {topic}, which is not a topic");
        }
    }
    for event in day(7).planted {
        assert!(event.topics.iter().all(|topic| known.contains(topic)), "{}: {:?}", event.id, event.topics);
    }
}
