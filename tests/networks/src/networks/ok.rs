//! OK's API: `discussions.getList` and `discussions.getComments`, signed.

use serde_json::{Value, json};

use crate::{
    ledger::{Limits, Verdict},
    life::Post,
    world::{Answer, Call, World},
};

/// OK names no numbers; these are the crawl's own.
const TOKEN: Limits = Limits { per_second: 2, per_day: None };
/// Most discussions, comments of a page.
const PAGE_MAX: usize = 100;
/// Discussions nobody has written to for so long leave the list.
const LISTED_MS: i64 = 3 * 24 * 3_600_000;

/// Number of the first topic of a group, and how far groups are apart.
pub(crate) const TOPICS: i64 = 100_000;

pub(crate) fn answer(world: &World, call: &Call, now: i64, seen: i64, own_error: bool) -> Answer {
    if call.param("sig").len() != 32 {
        return error(104, "PARAM_SIGNATURE : No signature specified");
    }
    if world.ledger().count("ok token", TOKEN, now) == Verdict::TooFast {
        return error(11, "LIMIT_REACHED : Method call limit is reached");
    }
    if own_error {
        return error(2, "SERVICE : Service temporary unavailable");
    }
    match call.param("method") {
        "discussions.getList" => list(world, call, now, seen),
        "discussions.getComments" => comments(world, call, now, seen),
        _ => error(3, "METHOD : Method does not exist"),
    }
}

fn list(world: &World, call: &Call, now: i64, seen: i64) -> Answer {
    let mut found: Vec<(i64, i64, i64, &Post)> = Vec::new();
    for (group, place) in world.groups.iter().enumerate() {
        let group = group as i64 + 1;
        for post in place.posts.iter().filter(|post| post.item.is_there(seen)) {
            let last = post.comments.iter().rev().find(|comment| comment.item.is_there(seen));
            let active = last.map_or(post.item.at, |comment| comment.item.at);
            if active > seen - LISTED_MS {
                found.push((active, group, group * TOPICS + post.item.number, post));
            }
        }
    }
    found.sort_by_key(|(active, _, number, _)| (-active, *number));
    let (page, anchor) = page(call, &found);
    let mut ledger = world.ledger();
    let discussions: Vec<Value> = page
        .iter()
        .map(|(_, group, number, post)| {
            ledger.show(format!("ok:{number}"), now);
            let count = post.comments.iter().filter(|comment| comment.item.is_there(seen)).count();
            json!({
                "object_type": "GROUP_TOPIC", "object_id": number.to_string(), "title": post.item.text(now), "message": "",
                "owner_uid": "5", "creation_date": moscow(post.item.at), "total_comments_count": count, "new_comments_count": 0,
                "like_count": 0, "ref_objects": [{ "id": group.to_string(), "type": "GROUP" }],
            })
        })
        .collect();
    body(&json!({ "discussions": discussions, "has_more": anchor.is_some(), "anchor": anchor }))
}

fn comments(world: &World, call: &Call, now: i64, seen: i64) -> Answer {
    let number = call.number("discussionId").unwrap_or_default();
    let place = usize::try_from(number / TOPICS - 1).ok().and_then(|group| world.groups.get(group));
    let post = place.and_then(|place| place.posts.iter().find(|post| post.item.number == number % TOPICS));
    let Some(post) = post.filter(|post| post.item.is_there(seen)) else {
        return error(300, "NOT_FOUND : Discussion not found");
    };
    let there: Vec<_> = post.comments.iter().rev().filter(|comment| comment.item.is_there(seen)).collect();
    let (page, anchor) = page(call, &there);
    let mut ledger = world.ledger();
    let comments: Vec<Value> = page
        .iter()
        .map(|comment| {
            ledger.show(format!("ok:{number}_r{}", comment.item.number), now);
            json!({
                "id": comment.item.number.to_string(), "author_id": (comment.item.number % 997).to_string(),
                "text": comment.item.text(now), "date": moscow(comment.item.at), "type": "ACTIVE_MESSAGE", "like_count": 0,
            })
        })
        .collect();
    body(&json!({
        "comments": comments, "has_more": anchor.is_some(), "anchor": anchor,
        "discussionId": number.to_string(), "discussionType": "GROUP_TOPIC",
    }))
}

/// The page that an anchor names, and the anchor of the one behind it.
fn page<'a, T>(call: &Call, all: &'a [T]) -> (&'a [T], Option<String>) {
    let begin = call.param("anchor").parse().unwrap_or(0usize).min(all.len());
    let count = call.param("count").parse().unwrap_or(PAGE_MAX).min(PAGE_MAX);
    let end = (begin + count).min(all.len());
    (all.get(begin..end).unwrap(), (end < all.len()).then(|| end.to_string()))
}

/// The time of Moscow, as OK writes it.
fn moscow(at: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at + 3 * 3_600_000).unwrap();
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn body(json: &Value) -> Answer {
    Answer::text("application/json;charset=utf-8", json.to_string())
}

fn error(code: u32, message: &str) -> Answer {
    body(&json!({ "error_code": code, "error_msg": message, "error_data": null }))
}
