//! What is no wall, channel or feed: searches, hashtags, boards, pages, accounts.

use super::*;

/// Gives the first answer whose words all stand in the request.
struct Answers {
    answers: Vec<(&'static [&'static str], Value)>,
    calls: Mutex<Vec<String>>,
}

#[async_trait]
impl Fetch for Answers {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, FetchError> {
        let form = request.form.map(|form| form.expose_secret().to_owned()).unwrap_or_default();
        let has_token = form.contains("access_token=t") || request.authorization.is_some();
        let asked = format!("{}?{form}", request.url);
        assert!(has_token && !request.url.contains("token=t"), "{}", request.url);
        self.calls.lock().unwrap().push(asked.clone());
        let answer = self.answers.iter().find(|(words, _)| words.iter().all(|word| asked.contains(word)));
        let (_, answer) = answer.unwrap_or_else(|| panic!("nobody expected {asked}"));
        Ok(Fetched { status: 200, body: answer.to_string().into_bytes(), ..Fetched::default() })
    }
}

/// Reads sources for six hours; gives the ids that came, sorted, each of which must have come once, and the calls.
async fn read(
    network: Network,
    ids: &[&str],
    answers: Vec<(&'static [&'static str], Value)>,
) -> (Vec<String>, Vec<String>) {
    let (answers, desk) = (Arc::new(Answers { answers, calls: Mutex::default() }), Arc::new(Desk::default()));
    let clock = Arc::new(FixedClock::new(BEGIN.parse().unwrap()));
    let sources: Vec<Source> = ids.iter().map(|id| Source::new(network, id, "demo").unwrap()).collect();
    let config = config(network, Limits::of(network, ids.len()), sources, false);
    let mut crawl = Crawl::open(config, ports(&answers, &desk, &clock)).await.unwrap();
    let end = clock.now() + SignedDuration::from_hours(6);
    crawl_until(&mut crawl, &clock, end).await;
    let coverage = crawl.coverage();
    assert_eq!(coverage.len(), ids.len());
    assert!(coverage.iter().all(|source| source.answered_at.is_some() && source.trouble.is_none()), "{coverage:?}");
    assert!(desk.deleted.lock().unwrap().is_empty());
    let mut came = desk.ids.lock().unwrap().clone();
    came.sort();
    (came, answers.calls.lock().unwrap().clone())
}

fn count(calls: &[String], words: &str) -> usize {
    calls.iter().filter(|call| call.contains(words)).count()
}

#[tokio::test]
async fn a_search_of_vk_leaves_to_walls_what_they_bring() {
    let wall = json!({"response": {"count": 1, "items": [vk(5, 0)]}});
    let mut other = vk(8, 0);
    other["owner_id"] = json!(-2);
    let found = json!({"response": {"count": 2, "items": [vk(5, 0), other]}});
    let answers: Vec<(&[&str], Value)> =
        vec![(&["newsfeed.search", "q=%D1%8F%D0%BC%D0%B0"], found), (&["wall.get"], wall)];
    let (came, calls) = read(Network::Vk, &["-1", "search:яма"], answers).await;
    assert_eq!(came, ["vk:-1_5", "vk:-2_8"]);
    assert!(count(&calls, "newsfeed.search") <= 1_000 / 4 + 20, "a thousand last for the day");
}

#[tokio::test]
async fn boards_are_read_with_what_is_said_on_them() {
    let topic = json!({"id": 9, "title": "Где вода?", "created": SECONDS - 500, "created_by": 4, "comments": 2});
    let comment = |id: i64| json!({"id": id, "from_id": 4, "date": SECONDS - 400, "text": "Нет с утра"});
    let topics = json!({"response": {"count": 1, "items": [topic], "default_order": 1}});
    let comments = json!({"response": {"count": 2, "items": [comment(12), comment(11)]}});
    let answers: Vec<(&[&str], Value)> = vec![
        (&["board.getTopics", "group_id=7"], topics),
        (&["board.getComments", "group_id=7", "topic_id=9"], comments),
    ];
    let (came, _) = read(Network::Vk, &["board:7"], answers).await;
    assert_eq!(came, ["vk:topic-7_9", "vk:topic-7_9_r11", "vk:topic-7_9_r12"]);
}

#[tokio::test]
async fn a_hashtag_of_ok_is_searched_since_it_was_read() {
    let topic = json!({"id": "152", "created_ms": (SECONDS - 600) * 1_000, "media": [{"type": "text", "text": "Яма"}]});
    let answers: Vec<(&[&str], Value)> = vec![(&["/fb.do", "search.tagContents"], json!({"media_topics": [topic]}))];
    let (came, calls) = read(Network::Ok, &["tag:яма"], answers).await;
    assert_eq!(came, ["ok:152"]);
    let asked = |call: &String, time: &str| call.contains(&format!("since%22%3A%22{time}"));
    // 72 hours before midnight in Moscow, and later two hours before the last answer.
    assert!(asked(&calls[0], "2026-02-28+00%3A00") && !asked(&calls[1], "2026-02-28"), "{calls:?}");
}

#[tokio::test]
async fn x_is_searched_page_by_page() {
    let tweet = |id: i64| json!({"id": id.to_string(), "text": "Яма", "created_at": "2026-03-02T20:00:00Z"});
    let first = json!({"data": [tweet(12), tweet(11)], "meta": {"result_count": 2, "next_token": "n"}});
    let second = json!({"data": [tweet(10)], "meta": {"result_count": 1}});
    let answers: Vec<(&[&str], Value)> =
        vec![(&["search/recent", "next_token=n"], second), (&["search/recent", "query=%D1%8F%D0%BC%D0%B0"], first)];
    let (came, calls) = read(Network::X, &["search:яма"], answers).await;
    assert_eq!(came, ["x:10", "x:11", "x:12"]);
    assert!(count(&calls, "search/recent") <= 30, "a quarter of 96 a day: {}", calls.len());
}

#[tokio::test]
async fn pages_of_facebook_are_read_with_comments() {
    let time = "2026-03-02T20:00:00+0000";
    let post = json!({"id": "1_2", "message": "Яма", "created_time": time, "comments": {"data": [], "summary": {"total_count": 1}}});
    let comment = json!({"id": "2_3", "message": "И у нас", "created_time": time});
    let answers: Vec<(&[&str], Value)> = vec![
        (&["graph.facebook.com", "/gorod/feed"], json!({"data": [post]})),
        (&["graph.facebook.com", "/1_2/comments"], json!({"data": [comment]})),
    ];
    let (came, _) = read(Network::Facebook, &["gorod"], answers).await;
    assert_eq!(came, ["facebook:1_2", "facebook:2_3"]);
}

#[tokio::test]
async fn instagram_is_read_by_account_and_by_hashtag() {
    let media = |id: i64| json!({"id": id.to_string(), "caption": "Яма", "timestamp": "2026-03-02T20:00:00+0000"});
    let account = |media: Value| json!({"business_discovery": {"username": "gorod", "id": "5", "media": media}});
    let first = account(json!({"data": [media(22), media(21)], "paging": {"cursors": {"after": "A"}}}));
    let last = account(json!({"data": [media(20)]}));
    let answers: Vec<(&[&str], Value)> = vec![
        (&["/17?", "after%28A%29"], last),
        (&["/17?", "username%28gorod%29"], first),
        (&["ig_hashtag_search", "q=%D1%8F%D0%BC%D0%B0"], json!({"data": [{"id": "900"}]})),
        (&["/900/recent_media", "user_id=17"], json!({"data": [media(30)]})),
    ];
    let (came, calls) = read(Network::Instagram, &["gorod", "tag:яма"], answers).await;
    assert_eq!(came, ["instagram:20", "instagram:21", "instagram:22", "instagram:30"]);
    assert_eq!(count(&calls, "ig_hashtag_search"), 1, "a hashtag counts against the thirty of a week");
}
