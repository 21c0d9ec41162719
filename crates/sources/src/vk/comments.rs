//! Comments: `wall.getComments`, `wall.getComment`, `board.getComments`, and events of comments.

use otklik_domain::PostKind;
use otklik_wire::Metrics;
use serde_json::value::RawValue;

use super::{
    objects::{Comment, Page, Thread},
    place::{Kind, Place},
    reader::Reader,
    text::plain,
};
use crate::{
    fault::SourceError,
    json::{self, Flag},
};

/// Levels of answers below a comment that are read; VK has one.
const DEPTH_MAX: u8 = 3;

/// What the comments of an answer stand below, as far as the request tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Below {
    pub(super) kind: Kind,
    pub(super) owner: Option<i64>,
    pub(super) number: Option<i64>,
}

impl Below {
    /// What `wall.getComments` was asked for.
    pub(super) fn wall(reader: &Reader<'_>) -> Self {
        Self { kind: Kind::Wall, owner: reader.param("owner_id"), number: reader.param("post_id") }
    }

    /// What `board.getComments` was asked for; groups have positive numbers there.
    pub(super) fn topic(reader: &Reader<'_>) -> Self {
        let owner = reader.param("group_id").and_then(|group| group.checked_abs()).map(|group| -group);
        Self { kind: Kind::Topic, owner, number: reader.param("topic_id") }
    }

    fn place(self) -> Option<Place> {
        Some(Place { kind: self.kind, owner: self.owner?, number: self.number? })
    }

    /// What a comment itself says goes first.
    fn with(self, comment: &Comment<'_>) -> Self {
        match self.kind {
            Kind::Wall => {
                Self { owner: comment.owner_id.or(self.owner), number: comment.post_id.or(self.number), ..self }
            }
            _ => self,
        }
    }
}

/// Reads a list of comments at a path: an object with `items`, or the bare list.
///
/// # Errors
/// The answer is neither.
pub(super) fn page(reader: &mut Reader<'_>, below: Below, raw: &RawValue, path: &str) -> Result<(), SourceError> {
    if raw.get().starts_with('[') {
        items(reader, below, &json::list(raw, path)?, path, 0);
        return Ok(());
    }
    let page: Page<'_> = json::piece(raw, path).map_err(SourceError::broken)?;
    if let Some(groups) = page.groups {
        reader.learn(groups, &format!("{path}.groups"));
    }
    let path_items = format!("{path}.items");
    let list = json::list(page.items, &path_items)?;
    items(reader, below, &list, &path_items, 0);
    reader.next(page, list.len(), path);
    Ok(())
}

/// Comments of one list stand below the same thing: what one of them says holds for those that say nothing, such as the
/// deleted ones.
fn items(reader: &mut Reader<'_>, below: Below, items: &[&RawValue], path: &str, depth: u8) {
    let mut read = Vec::with_capacity(items.len().min(crate::parsed::POSTS_MAX));
    let mut common = below;
    for (index, raw) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match json::piece::<Comment<'_>>(raw, &path) {
            Ok(comment) => {
                if common.place().is_none() {
                    common = common.with(&comment);
                }
                read.push((path, comment));
            }
            Err(reason) => reader.out.skipped.broken(reason),
        }
    }
    for (path, comment) in read {
        let below = common.with(&comment);
        take(reader, below, comment, &path, depth);
    }
}

/// Reads a comment at a path.
pub(super) fn item(reader: &mut Reader<'_>, below: Below, raw: &RawValue, path: &str) {
    match json::piece::<Comment<'_>>(raw, path) {
        Ok(comment) => take(reader, below.with(&comment), comment, path, 0),
        Err(reason) => reader.out.skipped.broken(reason),
    }
}

fn take(reader: &mut Reader<'_>, below: Below, mut comment: Comment<'_>, path: &str, depth: u8) {
    let thread = comment.thread.take();
    let id = below.place().map(|place| place.comment_id(comment.id));
    if let Err(reason) = take_one(reader, below, comment, path) {
        reader.out.skipped.broken(format!("{path}.{reason}"));
    }
    let Some(thread) = thread else { return };
    let path = format!("{path}.thread");
    let thread = match json::piece::<Thread<'_>>(thread, &path) {
        Ok(thread) => thread,
        Err(reason) => return reader.out.skipped.field(reason),
    };
    let answers = thread.items.map_or(Ok(Vec::new()), |items| json::list(items, &format!("{path}.items")));
    let answers = match answers {
        Ok(answers) => answers,
        Err(error) => return reader.out.skipped.field(error.message),
    };
    let said = thread.count.get(&path, "count", &mut reader.out.skipped).unwrap_or_default();
    if said > answers.len() as u64 {
        reader.out.threads.extend(id);
    }
    if depth < DEPTH_MAX {
        items(reader, below, &answers, &format!("{path}.items"), depth + 1);
    }
}

/// Takes a comment without its thread. A reason begins with the field.
fn take_one(reader: &mut Reader<'_>, below: Below, comment: Comment<'_>, path: &str) -> Result<(), String> {
    let place = below.place();
    let is_deleted = comment.deleted.get(path, "deleted", &mut reader.out.skipped) == Some(Flag(true));
    if is_deleted {
        let place = place.ok_or("owner_id: is missing, so the deleted comment cannot be named")?;
        reader.out.deleted.push(place.comment_id(comment.id));
        return Ok(());
    }
    if below.owner.is_some_and(|owner| reader.is_closed(owner)) {
        reader.out.skipped.count(crate::parsed::Skip::Closed);
        return Ok(());
    }
    let date = comment.date;
    let id = match place {
        Some(place) => place.comment_id(comment.id),
        // Neither the body nor the request names the wall: number and second still tell it from others.
        None => format!("vk:r{}t{}", comment.id, date.unwrap_or_default()),
    };
    let mut made = reader.post(id, below.owner, date)?;
    let skipped = &mut reader.out.skipped;
    let answered = comment.reply_to_comment.get(path, "reply_to_comment", skipped).filter(|id| *id != 0);
    let parents = comment.parents_stack.get(path, "parents_stack", skipped).unwrap_or_default();
    let parent = answered.or(parents.last().copied());
    let from = comment.from_id.get(path, "from_id", skipped);
    made.kind = PostKind::Comment;
    made.author_key = reader.author(from);
    made.text = plain(&comment.text.unwrap_or_default());
    made.url = place.map(|place| place.comment_url(comment.id, parents.first().copied().or(parent)));
    made.reply_to = place.map(|place| parent.map_or_else(|| place.id(), |parent| place.comment_id(parent)));
    made.metrics = Metrics { likes: reader.count(comment.likes, path, "likes"), ..made.metrics };
    reader.out.push(path, made);
    Ok(())
}
