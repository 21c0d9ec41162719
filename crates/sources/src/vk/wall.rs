//! Posts of walls: `wall.get`, `wall.getById`, `wall.search`, `wall.getReposts`, `newsfeed.search`, and events of new posts.

use otklik_domain::PostKind;
use otklik_wire::{Geo, Metrics, Post, time};
use serde_json::value::RawValue;

use super::{
    objects::{self, Coordinates, Page, WallPost},
    place::Place,
    reader::Reader,
    text::plain,
};
use crate::{
    bare::joined,
    fault::SourceError,
    json::{self, Flag, Loose},
    parsed::Skip,
};

/// Types of items of a news feed that are posts.
const POST_TYPES: [&str; 2] = ["post", "wall_post"];
/// Longest lineage looked through.
const LINEAGE_MAX: usize = 20;

/// Reads a list of posts at a path: an object with `items`, or as older versions have it the bare list.
///
/// # Errors
/// The answer is neither.
pub(super) fn page(reader: &mut Reader<'_>, raw: &RawValue, path: &str) -> Result<(), SourceError> {
    if raw.get().starts_with('[') {
        items(reader, &json::list(raw, path)?, path);
        return Ok(());
    }
    let page: Page<'_> = json::piece(raw, path).map_err(SourceError::broken)?;
    if let Some(groups) = page.groups {
        reader.learn(groups, &format!("{path}.groups"));
    }
    let path_items = format!("{path}.items");
    let list = json::list(page.items, &path_items)?;
    items(reader, &list, &path_items);
    reader.next(page, list.len(), path);
    Ok(())
}

fn items(reader: &mut Reader<'_>, items: &[&RawValue], path: &str) {
    for (index, raw) in items.iter().enumerate() {
        item(reader, raw, &format!("{path}[{index}]"));
    }
}

/// Reads a post at a path.
pub(super) fn item(reader: &mut Reader<'_>, raw: &RawValue, path: &str) {
    match json::piece::<WallPost<'_>>(raw, path) {
        Ok(post) => {
            if let Err(reason) = take(reader, post, path) {
                reader.out.skipped.broken(format!("{path}.{reason}"));
            }
        }
        Err(reason) => reader.out.skipped.broken(reason),
    }
}

/// `wall.getById` leaves out what is gone. When at least one of the posts asked for is there, the others are deleted; when
/// none is, nothing is concluded: it may be a moment of trouble.
pub(super) fn missing_are_deleted(reader: &mut Reader<'_>) {
    let asked = reader.options.param("posts").unwrap_or_default();
    let asked = asked.split(',').map(str::trim).filter(|post| !post.is_empty()).map(|post| format!("vk:{post}"));
    let out = &mut reader.out;
    let read_all = out.skipped.of(Skip::Broken) == 0 && out.skipped.of(Skip::OverLimit) == 0;
    if !out.posts.is_empty() && read_all {
        let gone = asked.filter(|id| !out.posts.iter().any(|post| post.id == *id));
        let gone: Vec<String> = gone.filter(|id| !out.deleted.contains(id)).collect();
        out.deleted.extend(gone);
    }
}

/// Takes a post, or counts why it is none. A reason begins with the field.
fn take(reader: &mut Reader<'_>, post: WallPost<'_>, path: &str) -> Result<(), String> {
    let skipped = &mut reader.out.skipped;
    let item_type = post.item_type.get(path, "type", skipped);
    if item_type.is_some_and(|kind| !POST_TYPES.contains(&kind.as_str())) {
        skipped.count(Skip::NotAPost);
        return Ok(());
    }
    let kind = post.post_type.get(path, "post_type", skipped).unwrap_or_default();
    let is_paid = post.donut.get(path, "donut", skipped).is_some_and(|donut| donut.is_donut.0);
    let is_deleted = post.is_deleted.get(path, "is_deleted", skipped) == Some(Flag(true));
    let is_advertisement = post.marked_as_ads.get(path, "marked_as_ads", skipped) == Some(Flag(true));
    let asked_owner = reader.param("owner_id");
    let owner = post.owner_id.or(post.source_id).or(post.to_id).or(asked_owner).ok_or("owner_id: is missing")?;
    let number = post.id.or(post.post_id).ok_or("id: is missing")?;
    // A comment that a search found names its post in `post_id`.
    let comment_of = if kind == "reply" { post.post_id.filter(|post| *post != number) } else { None };
    let place = Place::wall(owner, comment_of.unwrap_or(number));
    let id = if comment_of.is_some() { place.comment_id(number) } else { place.id() };

    match kind.as_str() {
        "postpone" | "suggest" => reader.out.skipped.count(Skip::Unpublished),
        "post_ads" => reader.out.skipped.count(Skip::Advertisement),
        _ if is_deleted => reader.out.deleted.push(id),
        _ if is_paid || reader.is_closed(owner) => reader.out.skipped.count(Skip::Closed),
        _ => {
            let mut made = reader.post(id, Some(owner), post.date)?;
            if comment_of.is_some() {
                let parents = post.parents_stack.get(path, "parents_stack", &mut reader.out.skipped);
                let parent = parents.and_then(|parents| parents.last().copied());
                made.kind = PostKind::Comment;
                made.url = Some(place.comment_url(number, parent));
                made.reply_to = Some(parent.map_or_else(|| place.id(), |parent| place.comment_id(parent)));
            } else {
                made.url = Some(place.url());
            }
            let signer = post.signer_id.get(path, "signer_id", &mut reader.out.skipped);
            let from = post.from_id.get(path, "from_id", &mut reader.out.skipped);
            made.author_key = reader.author(signer.filter(|signer| *signer > 0).or(from));
            made.text = plain(&post.text.unwrap_or_default());
            made.metrics = Metrics {
                views: reader.count(post.views, path, "views"),
                likes: reader.count(post.likes, path, "likes"),
                reposts: reader.count(post.reposts, path, "reposts"),
                comments: reader.count(post.comments, path, "comments"),
                followers: made.metrics.followers,
            };
            made.geo = geo(reader, post.geo, path);
            label(&mut made, is_advertisement, post.edited.get(path, "edited", &mut reader.out.skipped));
            if let Some(history) = post.copy_history {
                lineage(reader, &mut made, history, &format!("{path}.copy_history"));
            }
            reader.out.push(path, made);
        }
    }
    Ok(())
}

/// What VK says about a post and a post of Otklik has no field for.
fn label(post: &mut Post, is_advertisement: bool, edited: Option<i64>) {
    if is_advertisement {
        post.labels.insert("ads".to_owned(), "1".to_owned());
    }
    let edited = edited.filter(|edited| *edited > 0).and_then(|edited| time::from_unix("edited", edited).ok());
    if let Some(edited) = edited {
        post.labels.insert("edited_at".to_owned(), edited.to_string());
    }
}

/// Takes over what a repost repeats: the first original, which is the last of the history, and its text below the own one.
fn lineage(reader: &mut Reader<'_>, post: &mut Post, history: &RawValue, path: &str) {
    let original = json::list(history, path).map_err(|error| error.message).and_then(|history| {
        let index = history.len().min(LINEAGE_MAX).checked_sub(1);
        let last = index.and_then(|index| Some((index, history.get(index)?)));
        last.map(|(index, raw)| json::piece::<WallPost<'_>>(raw, &format!("{path}[{index}]"))).transpose()
    });
    let original = match original {
        Ok(Some(original)) => original,
        Ok(None) => return,
        Err(reason) => return reader.out.skipped.field(reason),
    };
    if let (Some(owner), Some(number)) = (original.owner_id, original.id) {
        post.repost_of = Some(Place::wall(owner, number).id());
    }
    post.text = joined([post.text.as_str(), &plain(&original.text.unwrap_or_default())]);
    if post.geo.is_none() {
        post.geo = geo(reader, original.geo, path);
    }
}

/// Coordinates, unless they are those of nowhere.
fn geo(reader: &mut Reader<'_>, geo: Loose<objects::Geo>, path: &str) -> Option<Geo> {
    let (lat, lon) = match geo.get(path, "geo", &mut reader.out.skipped)?.coordinates? {
        Coordinates::Text(text) => {
            let mut numbers = text.split_whitespace().map(str::parse::<f64>);
            (numbers.next()?.ok()?, numbers.next()?.ok()?)
        }
        Coordinates::Point(point) => (point.latitude, point.longitude),
    };
    let is_somewhere = (lat != 0.0 || lon != 0.0) && (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
    is_somewhere.then_some(Geo { lat, lon })
}
