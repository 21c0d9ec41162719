//! Recent search of X.

use serde_json::{Value, json};

use crate::{
    ledger::{Limits, Verdict},
    life::Post,
    world::{Answer, Call, World},
};

/// Once in a quarter of an hour, a day's worth of it at any time.
const TOKEN: Limits = Limits { per_second: 1, per_day: Some(96) };
/// Number of the first tweet of a search, and how far searches are apart.
pub(crate) const TWEETS: i64 = 1_000_000_000;

pub(crate) fn answer(world: &World, call: &Call, now: i64, seen: i64, own_error: bool) -> Answer {
    match world.ledger().count("x", TOKEN, now) {
        Verdict::Fine if own_error => return problem(503, "Service Unavailable"),
        Verdict::Fine => {}
        _ => return problem(429, "Too Many Requests"),
    }
    let number: Option<usize> = call.param("query").strip_prefix("word").and_then(|number| number.parse().ok());
    let Some((search, place)) = number.and_then(|number| Some((number, world.searches.get(number)?))) else {
        return problem(400, "Invalid Request");
    };
    let there: Vec<&Post> = place.posts.iter().rev().filter(|post| post.item.is_there(seen)).collect();
    let begin = call.param("next_token").trim_start_matches('n').parse().unwrap_or(0usize).min(there.len());
    let end = (begin + call.param("max_results").parse::<usize>().unwrap_or(10)).min(there.len());
    let mut ledger = world.ledger();
    let tweet = |post: &&Post| {
        let id = (search as i64 + 1) * TWEETS + post.item.number;
        ledger.show(format!("x:{id}"), now);
        let at = jiff::Timestamp::from_millisecond(post.item.at).unwrap().to_string();
        json!({"id": id.to_string(), "text": post.item.text(now), "created_at": at, "author_id": "5"})
    };
    let tweets: Vec<Value> = there.get(begin..end).unwrap().iter().map(tweet).collect();
    let mut meta = json!({"result_count": tweets.len()});
    if end < there.len() {
        meta["next_token"] = json!(format!("n{end}"));
    }
    // A page without a hit has no `data`.
    let body = if tweets.is_empty() { json!({"meta": meta}) } else { json!({"data": tweets, "meta": meta}) };
    Answer::text("application/json; charset=utf-8", body.to_string())
}

fn problem(status: u16, title: &str) -> Answer {
    let body = json!({"title": title, "detail": title, "type": "about:blank", "status": status}).to_string();
    Answer::Body { status, kind: "application/json; charset=utf-8", etag: None, body: body.into_bytes() }
}
