//! Texts that people put together or apart.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use anyhow::Context;
use otklik_domain::{EventId, PostId};
use otklik_engine::group::Grouper;
use otklik_ports::{AuditEntry, PostFilter, PostRow, Posts};
use serde_json::json;

use super::Source;
use crate::jsonl;

/// Posts of a split looked at, and posts of a merged event among which the one it began with is looked for.
const SPLIT_POSTS: usize = 50;
const MERGED_POSTS: usize = 1_000;
/// Merges followed from one event to the next.
const MERGES_MAX: usize = 32;
const CANNOT: &str = "cannot read the posts";

/// Writes a line for each pair: a post that was split off and the origin of the event it left are not the same; what an
/// event began with and the origin of the one it was joined to are. Posts count where they are now, so that what was undone
/// is left out. Gives the number of lines.
///
/// # Errors
/// The posts cannot be read, or the output cannot be written.
pub(super) async fn write(posts: &dyn Posts, audit: &[AuditEntry], output: &mut impl Write) -> anyhow::Result<usize> {
    let (mut splits, mut merges) = (Vec::new(), BTreeMap::new());
    for entry in audit {
        match (entry.action.as_str(), entry.details.split_once("to ")) {
            ("event.split", Some((_, new))) => splits.push((entry, EventId::from(new))),
            ("event.merge", Some((_, into))) => {
                merges.insert(entry.subject.as_str(), (entry, into));
            }
            _ => {}
        }
    }
    let mut written = BTreeSet::new();
    for (entry, new) in splits {
        let Some(origin) = origin(posts, &end_of(&merges, &entry.subject)).await? else { continue };
        for row in of_event(posts, &new, SPLIT_POSTS).await? {
            write_pair(output, &mut written, entry, (&row, &origin), Source::Split)?;
        }
    }
    for (from, (entry, _)) in &merges {
        let into = end_of(&merges, from);
        let Some(origin) = origin(posts, &into).await? else { continue };
        let from = EventId::from(*from);
        let began = of_event(posts, &into, MERGED_POSTS).await?;
        if let Some(row) = began.iter().find(|row| Grouper::event_begun_by(&row.post.id) == from) {
            write_pair(output, &mut written, entry, (row, &origin), Source::Merged)?;
        }
    }
    Ok(written.len())
}

/// Where an event is now that was joined to another, and that perhaps to a third.
fn end_of(merges: &BTreeMap<&str, (&AuditEntry, &str)>, event: &str) -> EventId {
    let mut end = event;
    for _ in 0..MERGES_MAX {
        let Some((_, into)) = merges.get(end) else { break };
        end = into;
    }
    EventId::from(end)
}

async fn of_event(posts: &dyn Posts, event: &EventId, limit: usize) -> anyhow::Result<Vec<PostRow>> {
    let filter = PostFilter { event: Some(event.clone()), ..PostFilter::default() };
    posts.list(&filter, limit, 0).await.context(CANNOT)
}

async fn origin(posts: &dyn Posts, event: &EventId) -> anyhow::Result<Option<PostRow>> {
    let Some(event) = posts.event(event).await.context(CANNOT)? else { return Ok(None) };
    Ok(posts.get(&[event.origin]).await.context(CANNOT)?.pop())
}

fn write_pair(
    output: &mut impl Write,
    written: &mut BTreeSet<[PostId; 2]>,
    entry: &AuditEntry,
    (row, origin): (&PostRow, &PostRow),
    source: Source,
) -> anyhow::Result<()> {
    let mut ids = [row.post.id.clone(), origin.post.id.clone()];
    ids.sort();
    let is_same = source == Source::Merged;
    // Posts that are together again are no longer told apart.
    if ids[0] == ids[1] || (row.group.event == origin.group.event) != is_same || !written.insert(ids) {
        return Ok(());
    }
    let line = json!({
        "text": row.post.text,
        "other": origin.post.text,
        "same": is_same,
        "source": source,
        "posts": [row.post.id.as_str(), origin.post.id.as_str()],
        "at": entry.at.to_string(),
    });
    jsonl::write_line(output, &line)
}
