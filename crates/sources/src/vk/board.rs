//! Topics of discussion boards: `board.getTopics`. A topic is a post whose text is its title; what people say is in its comments.

use serde_json::value::RawValue;

use super::{
    objects::{Page, Topic},
    place::{Kind, Place},
    reader::Reader,
    text::plain,
};
use crate::{fault::SourceError, json};

/// Reads a list of topics at a path.
///
/// # Errors
/// The answer is no such list.
pub(super) fn page(reader: &mut Reader<'_>, raw: &RawValue, path: &str) -> Result<(), SourceError> {
    let page: Page<'_> = json::piece(raw, path).map_err(SourceError::broken)?;
    if let Some(groups) = page.groups {
        reader.learn(groups, &format!("{path}.groups"));
    }
    let path_items = format!("{path}.items");
    let list = json::list(page.items, &path_items)?;
    for (index, raw) in list.iter().enumerate() {
        item(reader, raw, &format!("{path_items}[{index}]"));
    }
    reader.next(page, list.len(), path);
    Ok(())
}

/// Reads a topic at a path.
pub(super) fn item(reader: &mut Reader<'_>, raw: &RawValue, path: &str) {
    let taken = json::piece::<Topic>(raw, path)
        .and_then(|topic| take(reader, topic, path).map_err(|reason| format!("{path}.{reason}")));
    if let Err(reason) = taken {
        reader.out.skipped.broken(reason);
    }
}

fn take(reader: &mut Reader<'_>, topic: Topic, path: &str) -> Result<(), String> {
    let group = reader.param("group_id").and_then(i64::checked_abs);
    let owner = group.map(|group| -group).ok_or("id: the group is not named; give the request's group_id")?;
    if reader.is_closed(owner) {
        reader.out.skipped.count(crate::parsed::Skip::Closed);
        return Ok(());
    }
    let place = Place { kind: Kind::Topic, owner, number: topic.id };
    let mut made = reader.post(place.id(), Some(owner), Some(topic.created))?;
    let author = topic.created_by.get(path, "created_by", &mut reader.out.skipped);
    made.author_key = reader.author(author);
    made.metrics.comments = topic.comments.get(path, "comments", &mut reader.out.skipped).unwrap_or_default();
    made.url = Some(place.url());
    made.text = plain(&topic.title);
    reader.out.push(path, made);
    Ok(())
}
