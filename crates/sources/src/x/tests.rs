//! Answers of X made up here.

use serde_json::{Value, json};

use crate::{
    author::AuthorKeys,
    fault::{Action, SourceError},
    parse::{self, Options},
    parsed::{Next, Parsed},
};

fn keys() -> AuthorKeys {
    AuthorKeys::new("secret".into())
}

fn read(body: &Value) -> Result<Parsed, SourceError> {
    let keys = keys();
    let options = Options { authors: Some(&keys), params: &[] };
    parse::method("x:tweets.search.recent").unwrap().parse(body.to_string().as_bytes(), &options)
}

fn tweet(change: Value) -> Value {
    let mut tweet = json!({
        "id": "10", "text": "Нет воды &amp; света", "created_at": "2026-02-25T06:13:20.000Z", "author_id": "77",
        "public_metrics": {"retweet_count": 1, "quote_count": 2, "reply_count": 3, "like_count": 4, "impression_count": 5, "bookmark_count": 6},
        "geo": {"place_id": "p", "coordinates": {"type": "Point", "coordinates": [37.61, 55.75]}},
    });
    tweet.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    tweet
}

fn one(change: Value) -> otklik_wire::Post {
    let body = json!({
        "data": [tweet(change)], "meta": {"result_count": 1},
        "includes": {"tweets": [{"id": "5", "text": "кратко…", "note_tweet": {"text": "Прорыв трубы на Ленина"}}]},
    });
    read(&body).unwrap().posts.remove(0)
}

#[test]
fn a_tweet_with_everything() {
    assert_eq!(
        serde_json::to_value(one(json!({}))).unwrap(),
        json!({
            "id": "x:10", "network": "x", "kind": "post", "url": "https://x.com/i/web/status/10", "author_key": keys().key("x:77"),
            "published_at": "2026-02-25T06:13:20Z", "text": "Нет воды & света",
            "metrics": {"views": 5, "likes": 4, "reposts": 3, "comments": 3, "followers": 0}, "geo": {"lat": 55.75, "lon": 37.61},
        })
    );
}

#[test]
fn tweets_refer_to_others() {
    let refer =
        |kind: &str| one(json!({"referenced_tweets": [{"type": kind, "id": "5"}], "text": "RT @a: Прорыв тр…"}));
    let (retweet, quote, reply) = (refer("retweeted"), refer("quoted"), refer("replied_to"));
    assert_eq!((retweet.repost_of.as_deref(), retweet.text.as_str()), (Some("x:5"), "Прорыв трубы на Ленина"));
    assert_eq!(
        (quote.repost_of.as_deref(), quote.text.as_str()),
        (Some("x:5"), "RT @a: Прорыв тр…\n\nПрорыв трубы на Ленина")
    );
    assert_eq!((reply.reply_to.as_deref(), reply.kind), (Some("x:5"), otklik_domain::PostKind::Comment));
}

#[test]
fn pages_go_on_and_may_be_empty() {
    let empty = read(&json!({"meta": {"result_count": 0}})).unwrap();
    assert_eq!((empty.posts.len(), empty.next), (0, None));
    let more = read(&json!({"data": [tweet(json!({}))], "meta": {"next_token": "b26"}})).unwrap();
    assert_eq!(more.next, Some(Next { param: "next_token", value: "b26".to_owned() }));
}

#[test]
fn problems_have_their_actions() {
    let check = |body: Value, action: Action, said: &str| {
        let error = read(&body).unwrap_err();
        assert_eq!((error.action(), error.to_string().as_str()), (action, said));
    };
    let blank = |status: u16| json!({"title": "Title", "detail": "Detail", "type": "about:blank", "status": status});
    let typed = |name: &str| json!({"title": "Title", "detail": "Detail", "type": format!("https://api.x.com/2/problems/{name}")});
    check(blank(429), Action::BackOff, "rate_limit (code 429): Detail");
    check(blank(401), Action::TokenFault, "token (code 401): Detail");
    check(blank(503), Action::Retry, "retry (code 503): Detail");
    check(typed("usage-capped"), Action::WaitForNextWindow, "daily_limit (code usage-capped): Detail");
    check(typed("client-forbidden"), Action::TokenFault, "token (code client-forbidden): Detail");
    check(typed("invalid-request"), Action::SkipRequest, "bad_request (code invalid-request): Detail");
    let listed = json!({"errors": [{"parameters": {"query": ["x"]}, "message": "m"}, typed("resource-not-found")]});
    check(listed, Action::MarkSourceUnavailable, "unavailable (code resource-not-found): Detail");
    check(json!({"data": []}), Action::Retry, "broken_body: meta: is missing");
}
