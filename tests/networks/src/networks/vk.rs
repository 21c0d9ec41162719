//! VK's API: `wall.get` and `wall.getComments` by service token.

use serde_json::{Value, json};

use crate::{
    ledger::{Limits, Verdict},
    life::{Comment, Post},
    world::{Answer, Call, World},
};

/// A service token's calls: 3 a second.
const TOKEN: Limits = Limits { per_second: 3, per_day: None };
/// `wall.get`: 5,000 a day.
const WALL: Limits = Limits { per_second: usize::MAX, per_day: Some(5_000) };
/// Most posts, comments of a page; most answers shown with a comment.
const PAGE_MAX: usize = 100;
const ANSWERS_MAX: usize = 10;

pub(crate) fn answer(world: &World, method: &str, call: &Call, now: i64, seen: i64, own_error: bool) -> Answer {
    if call.param("access_token") != "service-token" {
        return error(5, "User authorization failed: invalid access_token (4).");
    }
    if world.ledger().count("vk token", TOKEN, now) == Verdict::TooFast {
        return error(6, "Too many requests per second");
    }
    if own_error {
        return error(10, "Internal server error: could not get application");
    }
    match method {
        "wall.get" if world.ledger().count("vk wall.get", WALL, now) == Verdict::DayIsFull => {
            error(29, "Rate limit reached")
        }
        "wall.get" => wall(world, call, now, seen),
        "wall.getById" => posts(world, call, now, seen),
        "wall.getComments" => comments(world, call, now, seen),
        _ => error(3, "Unknown method passed"),
    }
}

fn wall(world: &World, call: &Call, now: i64, seen: i64) -> Answer {
    let Some((owner, place)) = owner(world, call) else {
        return error(100, "One of the parameters is invalid: owner_id");
    };
    let posts: Vec<&Post> = place.posts.iter().rev().filter(|post| post.item.is_there(seen)).collect();
    let (offset, count) = (size(call, "offset"), size(call, "count").min(PAGE_MAX));
    let page: Vec<&&Post> = posts.iter().skip(offset).take(count).collect();
    let mut ledger = world.ledger();
    for post in &page {
        ledger.show(format!("vk:{owner}_{}", post.item.number), now);
    }
    let items: Vec<Value> = page.into_iter().map(|post| post_json(owner, post, seen, now)).collect();
    let group = group(owner);
    body(&json!({ "response": { "count": posts.len(), "items": items, "profiles": [], "groups": [group] } }))
}

/// Posts by number; what is gone is left out.
fn posts(world: &World, call: &Call, now: i64, seen: i64) -> Answer {
    let asked = call.param("posts").split(',').take(PAGE_MAX);
    let mut items = Vec::new();
    let mut groups = std::collections::BTreeMap::new();
    for (owner, number) in asked.filter_map(|id| id.split_once('_')) {
        let (Ok(owner), Ok(number)) = (owner.parse::<i64>(), number.parse::<i64>()) else {
            return error(100, "One of the parameters is invalid: posts");
        };
        let place = usize::try_from(-owner - 1).ok().and_then(|index| world.walls.get(index));
        let post = place.and_then(|place| place.posts.iter().find(|post| post.item.number == number));
        let Some(post) = post.filter(|post| post.item.is_there(seen)) else { continue };
        world.ledger().show(format!("vk:{owner}_{number}"), now);
        items.push(post_json(owner, post, seen, now));
        groups.insert(owner, group(owner));
    }
    let groups: Vec<Value> = groups.into_values().collect();
    body(&json!({ "response": { "items": items, "profiles": [], "groups": groups } }))
}

fn group(owner: i64) -> Value {
    json!({ "id": -owner, "name": format!("Город {owner}"), "screen_name": format!("club{}", -owner),
        "is_closed": 0, "type": "page", "members_count": 12_000 })
}

fn post_json(owner: i64, post: &Post, seen: i64, now: i64) -> Value {
    let comments = post.comments.iter().filter(|comment| comment.item.is_there(seen)).count();
    let hours = ((now - post.item.at) / 3_600_000).clamp(0, 48);
    let mut json = json!({
        "id": post.item.number, "owner_id": owner, "from_id": owner, "date": post.item.at / 1_000, "text": post.item.text(now),
        "post_type": "post", "comments": { "count": comments, "can_post": 0 }, "likes": { "count": hours / 4 },
        "reposts": { "count": 0 }, "views": { "count": hours * 9 }, "attachments": [],
    });
    if let Some(edited) = post.item.edited.filter(|edited| *edited <= now) {
        json["edited"] = (edited / 1_000).into();
    }
    json
}

fn comments(world: &World, call: &Call, now: i64, seen: i64) -> Answer {
    let Some((owner, place)) = owner(world, call) else {
        return error(100, "One of the parameters is invalid: owner_id");
    };
    let number = call.number("post_id").unwrap_or_default();
    let post = place.posts.iter().find(|post| post.item.number == number && post.item.is_there(seen));
    let Some(post) = post else { return error(15, "Access denied: no access to call this method") };
    let there: Vec<(usize, &Comment)> =
        post.comments.iter().enumerate().filter(|(_, comment)| comment.item.is_there(seen)).collect();
    let (offset, count) = (size(call, "offset"), size(call, "count").min(PAGE_MAX));
    let parent = call.number("comment_id");
    let mut level: Vec<&(usize, &Comment)> = there
        .iter()
        .filter(|(_, comment)| match (parent, comment.parent) {
            (None, parent) => parent.is_none(),
            (Some(wanted), Some(own)) => post.comments.get(own).unwrap().item.number == wanted,
            (Some(_), None) => false,
        })
        .collect();
    if call.param("sort") == "desc" {
        level.reverse();
    }
    let show = |comment: &Comment| {
        world.ledger().show(format!("vk:{owner}_{number}_r{}", comment.item.number), now);
        comment_json(owner, number, post, comment, now)
    };
    let mut items = Vec::new();
    for (index, comment) in level.iter().skip(offset).take(count) {
        let mut json = show(comment);
        if parent.is_none() {
            let answers: Vec<&(usize, &Comment)> = there.iter().filter(|(_, own)| own.parent == Some(*index)).collect();
            let shown: Vec<Value> = answers.iter().take(ANSWERS_MAX).map(|(_, answer)| show(answer)).collect();
            json["thread"] = json!({ "count": answers.len(), "items": shown, "can_post": true });
        }
        items.push(json);
    }
    let response =
        json!({ "count": there.len(), "current_level_count": level.len(), "items": items, "can_post": false });
    body(&json!({ "response": response }))
}

fn comment_json(owner: i64, post: i64, of: &Post, comment: &Comment, now: i64) -> Value {
    let parent = comment.parent.map(|parent| of.comments.get(parent).unwrap().item.number);
    json!({
        "id": comment.item.number, "from_id": 1_000 + comment.item.number % 5_000, "date": comment.item.at / 1_000,
        "text": comment.item.text(now), "post_id": post, "owner_id": owner,
        "parents_stack": parent.into_iter().collect::<Vec<_>>(), "likes": { "count": 0 },
    })
}

/// The wall that is asked for: walls have the numbers -1, -2 and so on.
fn owner<'a>(world: &'a World, call: &Call) -> Option<(i64, &'a crate::life::Place)> {
    let owner = call.number("owner_id")?;
    let place = world.walls.get(usize::try_from(-owner - 1).ok()?)?;
    Some((owner, place))
}

fn size(call: &Call, name: &str) -> usize {
    call.param(name).parse().unwrap_or(if name == "count" { 20 } else { 0 })
}

fn body(json: &Value) -> Answer {
    Answer::text("application/json; charset=utf-8", json.to_string())
}

fn error(code: u32, message: &str) -> Answer {
    body(&json!({ "error": { "error_code": code, "error_msg": message, "request_params": [] } }))
}
