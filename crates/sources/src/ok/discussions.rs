//! `discussions.getList` and `discussions.getComments`.

use otklik_domain::{Network, PostKind};
use otklik_wire::Community;
use serde_json::value::RawValue;

use super::objects::{Comment, Comments, Dated, Discussion, Discussions, id};
use crate::{
    bare::{self, joined},
    fault::SourceError,
    json,
    markup::decode_entities,
    parse::Options,
    parsed::{Parsed, Skip},
};

/// Reads a list of discussions. One that says when it was begun is a post; each that has comments is named for them.
pub(super) fn list(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let answer: Discussions<'_> = json::envelope(super::text(body)?)?;
    let mut parsed = Parsed::default();
    for (index, raw) in json::list(answer.discussions, "discussions")?.into_iter().enumerate() {
        let path = format!("discussions[{index}]");
        if let Err(reason) = discussion(&mut parsed, options, raw, &path) {
            parsed.skipped.broken(reason);
        }
    }
    let has_more = answer.has_more.get("", "has_more", &mut parsed.skipped).map(|flag| flag.0);
    super::next(&mut parsed, answer.anchor.map(|anchor| anchor.0), has_more);
    Ok(parsed)
}

fn discussion(parsed: &mut Parsed, options: &Options<'_>, raw: &RawValue, path: &str) -> Result<(), String> {
    let discussion: Discussion = json::piece(raw, path)?;
    let id = id(&discussion.object_type, &discussion.object_id.0);
    let skipped = &mut parsed.skipped;
    let total = discussion.total_comments_count.get(path, "total_comments_count", skipped);
    let fresh = discussion.new_comments_count.get(path, "new_comments_count", skipped);
    if total.max(fresh).is_some_and(|count| count > 0) {
        parsed.threads.push(id.clone());
    }
    let Ok(at) = json::piece::<Dated>(raw, path)?.at() else {
        // Known by its number only: its topic is asked for by `mediatopic.getByIds`.
        parsed.skipped.count(Skip::NotAPost);
        return Ok(());
    };
    let skipped = &mut parsed.skipped;
    let title = discussion.title.get(path, "title", skipped).unwrap_or_default();
    let message = discussion.message.get(path, "message", skipped).unwrap_or_default();
    let refs = discussion.ref_objects.get(path, "ref_objects", skipped).unwrap_or_default();
    let group = refs.into_iter().find(|object| object.kind == "GROUP").map(|object| object.id.0);
    let owner = discussion.owner_uid.get(path, "owner_uid", skipped);
    let mut post = bare::post(Network::Ok, id, at);
    post.metrics.comments = total.unwrap_or_default();
    post.metrics.likes = discussion.like_count.get(path, "like_count", skipped).unwrap_or_default();
    post.text = joined([decode_entities(&title).as_str(), &decode_entities(&message)]);
    post.author_key = super::author(options, owner.as_ref().map(|owner| owner.0.as_str()));
    if let Some(group) = group {
        if discussion.object_type == "GROUP_TOPIC" {
            post.url = Some(format!("https://ok.ru/group/{group}/topic/{}", discussion.object_id.0));
        }
        post.community = Some(Community { id: group, name: String::new() });
    }
    parsed.push(path, post);
    Ok(())
}

/// Reads the comments of a discussion, which the answer or the request names.
pub(super) fn comments(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let answer: Comments<'_> = json::envelope(super::text(body)?)?;
    let mut parsed = Parsed::default();
    let asked = |own: Option<json::Word>, name: &str| own.map(|own| own.0).or(options.param(name).map(str::to_owned));
    let below = asked(answer.discussion_id, "discussionId")
        .map(|number| id(&asked(answer.discussion_type, "discussionType").unwrap_or_default(), &number));
    for (index, raw) in json::list(answer.comments, "comments")?.into_iter().enumerate() {
        let path = format!("comments[{index}]");
        if let Err(reason) = comment(&mut parsed, options, below.as_deref(), raw, &path) {
            parsed.skipped.broken(reason);
        }
    }
    let has_more = answer.has_more.get("", "has_more", &mut parsed.skipped).map(|flag| flag.0);
    super::next(&mut parsed, answer.anchor.map(|anchor| anchor.0), has_more);
    Ok(parsed)
}

fn comment(
    parsed: &mut Parsed,
    options: &Options<'_>,
    below: Option<&str>,
    raw: &RawValue,
    path: &str,
) -> Result<(), String> {
    let comment: Comment = json::piece(raw, path)?;
    let skipped = &mut parsed.skipped;
    let kind = comment.kind.get(path, "type", skipped).unwrap_or_default();
    let id = match below {
        Some(below) => format!("{below}_r{}", comment.id.0),
        None => format!("ok:r{}", comment.id.0),
    };
    if kind.starts_with("DELETED") || kind.starts_with("REMOVED") {
        parsed.deleted.push(id);
        return Ok(());
    }
    let at = json::piece::<Dated>(raw, path)?.at().map_err(|reason| format!("{path}.{reason}"))?;
    let answered = comment.reply_to_comment_id.get(path, "reply_to_comment_id", skipped);
    let author = comment.author_id.get(path, "author_id", skipped);
    let mut post = bare::post(Network::Ok, id, at);
    post.kind = PostKind::Comment;
    post.metrics.likes = comment.like_count.get(path, "like_count", skipped).unwrap_or_default();
    post.text = decode_entities(comment.text.unwrap_or_default().trim());
    post.author_key = super::author(options, author.as_ref().map(|author| author.0.as_str()));
    post.reply_to = below.map(|below| match answered.filter(|id| !id.0.is_empty()) {
        Some(answered) => format!("{below}_r{}", answered.0),
        None => below.to_owned(),
    });
    parsed.push(path, post);
    Ok(())
}
