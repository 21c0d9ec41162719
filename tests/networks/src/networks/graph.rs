//! The Graph API: pages of Facebook with comments, business accounts of Instagram.

use serde_json::{Value, json};

use crate::{
    ledger::{Limits, Verdict},
    life::{Item, Post},
    world::{Answer, Call, World},
};

/// Its limits are of hours; the crawl's own, played faster.
const TOKEN: Limits = Limits { per_second: 1, per_day: None };
/// Number of the first post of a page or account, and how far they are apart.
pub(crate) const POSTS: i64 = 1_000_000;

pub(crate) fn answer(world: &World, path: &str, call: &Call, now: i64, seen: i64, own_error: bool) -> Answer {
    let network = if path.contains('/') { "facebook" } else { "instagram" };
    match world.ledger().count(network, TOKEN, now) {
        Verdict::Fine if own_error => return error(2, "Service temporarily unavailable"),
        Verdict::Fine => {}
        _ => return error(4, "Application request limit reached"),
    }
    match path.split_once('/') {
        Some((page, "feed")) => feed(world, page, call, now, seen),
        Some((post, "comments")) => comments(world, post, call, now, seen),
        Some(_) => error(2500, "Unknown path components"),
        None => discovery(world, call, now, seen),
    }
}

fn feed(world: &World, page: &str, call: &Call, now: i64, seen: i64) -> Answer {
    let number: Option<usize> = page.strip_prefix("page").and_then(|number| number.parse().ok());
    let Some((number, place)) = number.and_then(|number| Some((number, world.pages.get(number)?))) else {
        return error(803, "Some of the aliases you requested do not exist");
    };
    let there: Vec<&Post> = place.posts.iter().rev().filter(|post| post.item.is_there(seen)).collect();
    let (begin, end) = bounds(call.param("after"), call.param("limit"), there.len());
    let mut ledger = world.ledger();
    let post = |post: &&Post| {
        let id = format!("{}_{}", number + 1, (number as i64 + 1) * POSTS + post.item.number);
        ledger.show(format!("facebook:{id}"), now);
        let count = post.comments.iter().filter(|comment| comment.item.is_there(seen)).count();
        json!({"id": id, "message": post.item.text(now), "created_time": time(&post.item), "is_published": true,
            "comments": {"data": [], "summary": {"total_count": count}}})
    };
    list(there.get(begin..end).unwrap().iter().map(post).collect(), end, there.len())
}

fn comments(world: &World, post: &str, call: &Call, now: i64, seen: i64) -> Answer {
    let number: i64 = post.split_once('_').and_then(|(_, number)| number.parse().ok()).unwrap_or_default();
    let place = usize::try_from(number / POSTS - 1).ok().and_then(|page| world.pages.get(page));
    let post = place.and_then(|place| place.posts.iter().find(|post| post.item.number == number % POSTS));
    let Some(post) = post.filter(|post| post.item.is_there(seen)) else {
        return error(100, "Unsupported get request. Object does not exist");
    };
    let there: Vec<&Item> =
        post.comments.iter().rev().map(|comment| &comment.item).filter(|item| item.is_there(seen)).collect();
    let (begin, end) = bounds(call.param("after"), call.param("limit"), there.len());
    let mut ledger = world.ledger();
    let comment = |item: &&Item| {
        let id = format!("{number}_{}", item.number);
        ledger.show(format!("facebook:{id}"), now);
        json!({"id": id, "message": item.text(now), "created_time": time(item)})
    };
    list(there.get(begin..end).unwrap().iter().map(comment).collect(), end, there.len())
}

/// `business_discovery.username(NAME){…,media.after(CURSOR).limit(50){…}}`.
fn discovery(world: &World, call: &Call, now: i64, seen: i64) -> Answer {
    let inner = |name: &str| call.param("fields").split_once(&format!("{name}("))?.1.split(')').next();
    let name = inner("username").unwrap_or_default();
    let number: Option<usize> = name.strip_prefix("account_").and_then(|number| number.parse().ok());
    let Some((number, place)) = number.and_then(|number| Some((number, world.accounts.get(number)?))) else {
        return error(110, "Invalid user id");
    };
    let there: Vec<&Post> = place.posts.iter().rev().filter(|post| post.item.is_there(seen)).collect();
    let (begin, end) = bounds(inner("after").unwrap_or_default(), inner("limit").unwrap_or_default(), there.len());
    let mut ledger = world.ledger();
    let media = |post: &&Post| {
        let id = (number as i64 + 1) * POSTS + post.item.number;
        ledger.show(format!("instagram:{id}"), now);
        json!({"id": id.to_string(), "caption": post.item.text(now), "timestamp": time(&post.item)})
    };
    let data: Vec<Value> = there.get(begin..end).unwrap().iter().map(media).collect();
    let mut media = json!({"data": data});
    if end < there.len() {
        media["paging"] = json!({"cursors": {"after": end.to_string()}});
    }
    body(&json!({"business_discovery": {"username": name, "id": (number + 1).to_string(), "media": media}, "id": "17"}))
}

fn bounds(after: &str, limit: &str, count: usize) -> (usize, usize) {
    let begin = after.parse().unwrap_or(0usize).min(count);
    (begin, (begin + limit.parse::<usize>().unwrap_or(25)).min(count))
}

fn list(data: Vec<Value>, end: usize, count: usize) -> Answer {
    let cursors = json!({"after": end.to_string()});
    let paging = if end < count {
        json!({"cursors": cursors, "next": "https://graph.example.ru/next"})
    } else {
        json!({"cursors": cursors})
    };
    body(&json!({"data": data, "paging": paging}))
}

fn time(item: &Item) -> String {
    jiff::Timestamp::from_millisecond(item.at).unwrap().strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

fn body(json: &Value) -> Answer {
    Answer::text("application/json; charset=UTF-8", json.to_string())
}

fn error(code: u32, message: &str) -> Answer {
    let body = json!({"error": {"message": message, "type": "OAuthException", "code": code}}).to_string();
    Answer::Body { status: 400, kind: "application/json; charset=UTF-8", etag: None, body: body.into_bytes() }
}
