//! A crawl over ports in memory: readings that are broken off, counters, the map of what is covered.

mod ground;
mod targets;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use otklik_domain::Network;
use otklik_ports::{
    Clock, Cursor, Fetch, FetchError, FetchRequest, Fetched, FixedClock, PortResult, memory::MemorySnapshots,
};
use otklik_wire::Post;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use self::ground::{Desk, config, crawl_until, ports};
use super::{Crawl, CrawlConfig, CrawlPorts, Intake, Limits, Source, Step, Timer};
use crate::{fault::Action, request::Credentials, schedule::Policy};

const BEGIN: &str = "2026-03-02T21:00:00Z";
const SECONDS: i64 = 1_772_485_200;

/// A network of one place: numbers of its posts, the newest last. Answers `wall.get`, `wall.getComments` and `discussions.getList` by
/// pages of a hundred.
#[derive(Default)]
struct Place {
    posts: Mutex<Vec<i64>>,
    /// Comments below its first post, the newest last.
    comments: Mutex<Vec<i64>>,
    /// Pages of comments that are not shown.
    broken_from: Mutex<Option<usize>>,
    /// In place of an answer.
    trouble: Mutex<Option<Value>>,
    /// Methods that were called.
    calls: Mutex<Vec<String>>,
}

#[async_trait]
impl Fetch for Place {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, FetchError> {
        let form = request.form.unwrap();
        let params: BTreeMap<String, String> =
            url::form_urlencoded::parse(form.expose_secret().as_bytes()).into_owned().collect();
        let param = |name: &str| params.get(name).cloned().unwrap_or_default();
        let method = request.url.rsplit('/').next().unwrap_or_default().to_owned();
        self.calls.lock().unwrap().push(method.clone());
        let newest: Vec<i64> = self.posts.lock().unwrap().iter().rev().copied().collect();
        let from: usize = [param("offset"), param("anchor")].iter().find_map(|value| value.parse().ok()).unwrap_or(0);
        let page = newest.iter().skip(from).take(100).copied();
        let comments = self.comments.lock().unwrap().clone();
        let vk = |number| vk(number, if number == 1 { comments.len() } else { 0 });
        let body = match (self.trouble.lock().unwrap().clone(), method.as_str()) {
            (Some(trouble), _) => trouble,
            (None, "wall.get") => {
                json!({"response": {"count": newest.len(), "items": page.map(vk).collect::<Vec<_>>()}})
            }
            (None, "wall.getById") => {
                let asked = param("posts");
                let asked = asked.split(',').filter_map(|id| id.rsplit('_').next()?.parse::<i64>().ok());
                json!({"response": {"items": asked.filter(|id| newest.contains(id)).map(vk).collect::<Vec<_>>()}})
            }
            (None, "wall.getComments") if self.broken_from.lock().unwrap().is_some_and(|first| from >= first) => {
                json!({"error": {"error_code": 10, "error_msg": "Internal server error"}})
            }
            (None, "wall.getComments") => {
                let page = comments.iter().rev().skip(from).take(100).copied();
                json!({"response": {"count": comments.len(), "items": page.map(comment).collect::<Vec<_>>()}})
            }
            (None, _) => {
                let next = (from + 100 < newest.len()).then(|| (from + 100).to_string());
                json!({"discussions": page.map(ok).collect::<Vec<_>>(), "has_more": next.is_some(), "anchor": next})
            }
        };
        Ok(Fetched { status: 200, body: body.to_string().into_bytes(), ..Fetched::default() })
    }
}

fn vk(number: i64, comments: usize) -> Value {
    json!({"id": number, "owner_id": -1, "date": SECONDS - 1_000 + number, "text": "Яма", "comments": {"count": comments}})
}

fn comment(number: i64) -> Value {
    json!({"id": number, "owner_id": -1, "post_id": 1, "date": SECONDS - 900, "text": "И у нас", "thread": {"count": 0}})
}

fn ok(number: i64) -> Value {
    let time = Timestamp::from_second(SECONDS - 1_000 + number + 3 * 3_600).unwrap();
    json!({"object_type": "GROUP_TOPIC", "object_id": number.to_string(), "title": "Яма", "message": "", "owner_uid": "5",
        "creation_date": time.strftime("%Y-%m-%d %H:%M:%S").to_string(), "total_comments_count": 0, "like_count": 0,
        "ref_objects": [{"id": "7", "type": "GROUP"}]})
}

struct Stage {
    place: Arc<Place>,
    desk: Arc<Desk>,
    clock: Arc<FixedClock>,
    crawl: Crawl,
}

impl Stage {
    async fn new(network: Network, lists_a_day: u32, posts: std::ops::RangeInclusive<i64>) -> Self {
        let place = Place { posts: Mutex::new(posts.collect()), ..Place::default() };
        let (place, desk) = (Arc::new(place), Arc::new(Desk::default()));
        let clock = Arc::new(FixedClock::new(BEGIN.parse().unwrap()));
        let id = if network == Network::Vk { "-1" } else { "discussions" };
        let source = Source::new(network, id, "demo").unwrap();
        let config = config(network, Limits { lists_a_day, ..Limits::of(network, 1) }, vec![source], true);
        let crawl = Crawl::open(config, ports(&place, &desk, &clock)).await.unwrap();
        Self { place, desk, clock, crawl }
    }

    /// Does what comes until so many minutes after the beginning.
    async fn until(&mut self, minutes: i64) {
        let end = BEGIN.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes);
        crawl_until(&mut self.crawl, &self.clock, end).await;
    }

    fn publish(&self, numbers: std::ops::RangeInclusive<i64>) {
        self.place.posts.lock().unwrap().extend(numbers);
    }

    /// How many came, each once.
    #[track_caller]
    fn came(&self) -> usize {
        self.came_of(|_| true)
    }

    /// How many of some kind came, each once.
    #[track_caller]
    fn came_of(&self, is_meant: impl Fn(&String) -> bool) -> usize {
        let mut ids: Vec<String> = self.desk.ids.lock().unwrap().iter().filter(|id| is_meant(id)).cloned().collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "one came twice");
        count
    }
}

#[tokio::test]
async fn a_quota_that_ends_amid_a_reading_loses_nothing_shown() {
    for network in [Network::Ok, Network::Vk] {
        let mut stage = Stage::new(network, 6, 1..=50).await;
        let lists = |stage: &Stage| {
            let is_list = |call: &&String| ["wall.get", "fb.do"].contains(&call.as_str());
            stage.place.calls.lock().unwrap().iter().filter(is_list).count()
        };
        for hour in 1..24 {
            if lists(&stage) < 3 {
                stage.until(hour * 60).await;
            }
        }
        assert_eq!((lists(&stage), stage.came()), (3, 50), "{network}");
        // Three are left for 450 posts on five pages.
        stage.publish(51..=500);
        stage.until(24 * 60).await;
        assert_eq!(stage.came(), 350, "{network}: three pages were shown before the quota ended");
        stage.publish(501..=510);
        stage.until(48 * 60).await;
        assert_eq!(stage.came(), 510, "{network}: the next day goes on below what is known");
        let coverage = stage.crawl.coverage();
        assert_eq!(coverage.first().unwrap().not_covered_since, None, "{network}");
    }
}

#[tokio::test]
async fn comments_shown_before_a_trouble_are_taken() {
    let mut stage = Stage::new(Network::Vk, 100, 1..=5).await;
    // The post itself is handed in again when much is said below it.
    let came = |stage: &Stage| stage.came_of(|id| id.contains("_r"));
    stage.place.comments.lock().unwrap().extend(101..=120);
    stage.until(10).await;
    assert_eq!(came(&stage), 20);
    // More than are kept in mind: what was read of them must not hide what was not.
    stage.place.comments.lock().unwrap().extend(121..=1_600);
    *stage.place.broken_from.lock().unwrap() = Some(1_200);
    stage.until(60).await;
    assert_eq!(came(&stage), 1_220, "twelve pages were shown");
    stage.place.comments.lock().unwrap().extend(1_601..=1_650);
    stage.until(120).await;
    assert_eq!(came(&stage), 1_270);
    *stage.place.broken_from.lock().unwrap() = None;
    stage.until(300).await;
    assert_eq!(came(&stage), 1_550);
    assert!(stage.desk.deleted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn deletions_are_seen_between_readings() {
    let mut stage = Stage::new(Network::Vk, 4, 1..=20).await;
    stage.until(10).await;
    assert_eq!(stage.came(), 20);
    stage.place.posts.lock().unwrap().retain(|number| *number != 7);
    let lists = |stage: &Stage| stage.place.calls.lock().unwrap().iter().filter(|call| *call == "wall.get").count();
    let before = lists(&stage);
    stage.until(30).await;
    assert_eq!(*stage.desk.deleted.lock().unwrap(), ["vk:-1_7"]);
    assert_eq!(lists(&stage), before, "no list was read for it");
    // All at once may be trouble of the wall: its own reading tells.
    stage.place.posts.lock().unwrap().clear();
    stage.until(50).await;
    assert_eq!(stage.desk.deleted.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_stands_in_the_way_is_told() {
    let check = async |code: i64, action: Action, has_time: bool| {
        let mut stage = Stage::new(Network::Vk, 100, 1..=5).await;
        stage.until(60).await;
        let answered = stage.crawl.coverage().remove(0).answered_at;
        let trouble = json!({"error": {"error_code": code, "error_msg": "слова сети"}});
        *stage.place.trouble.lock().unwrap() = Some(trouble);
        stage.until(180).await;
        let coverage = stage.crawl.coverage().remove(0);
        let standing = coverage.trouble.unwrap();
        assert_eq!((standing.action, standing.again_at.is_some()), (Some(action), has_time), "{code}");
        assert!(standing.message.contains("слова сети"), "{}", standing.message);
        assert!(coverage.not_covered_since.is_some() && coverage.not_covered_since >= answered, "{code}");
    };
    check(15, Action::MarkSourceUnavailable, true).await;
    check(14, Action::TellHuman, false).await;
    check(5, Action::TokenFault, false).await;
    check(29, Action::WaitForNextWindow, true).await;
}
