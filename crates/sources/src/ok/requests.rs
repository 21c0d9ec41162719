//! Calls of OK's methods. Which fields are asked for influences how many calls may be made, so only those read are asked for.

use crate::request::{Request, TokenKind, Verb};

/// Most discussions, comments and topics of a page.
pub const PAGE_MAX: u32 = 100;

const DISCUSSION: &str = "discussion.object_id,discussion.object_type,discussion.title,discussion.message,discussion.owner_uid,\
     discussion.creation_date,discussion.total_comments_count,discussion.new_comments_count,discussion.like_count,\
     discussion.ref_objects";
const COMMENT: &str = "comment.id,comment.author_id,comment.text,comment.date,comment.type,comment.reply_to_comment_id,comment.like_count";
const TOPIC: &str = "media_topic.id,media_topic.created_ms,media_topic.author_ref,media_topic.owner_ref,media_topic.media,\
     media_topic.views_count,media_topic.discussion_summary,media_topic.like_summary,media_topic.reshare_summary,group.uid,\
     group.name,group.members_count,group.access_type";
const GROUP: &str = "uid,name,shortname,access_type,private,members_count";

/// Discussions of groups that the session's account takes part in, those last written to first.
pub fn discussions() -> Request {
    call("ok:discussions.getList").with("category", "GROUP").page(PAGE_MAX).with("fields", DISCUSSION)
}

/// A page of the comments of a discussion, the last first.
pub fn comments(kind: &str, number: &str) -> Request {
    call("ok:discussions.getComments")
        .with("discussionType", kind)
        .with("discussionId", number)
        .with("anchor", "LAST")
        .with("direction", "BACKWARD")
        .page(PAGE_MAX)
        .with("fields", COMMENT)
}

/// Topics by number, at most [`PAGE_MAX`].
pub fn topics(numbers: &[&str]) -> Request {
    let numbers: Vec<&str> = numbers.iter().take(PAGE_MAX as usize).copied().collect();
    call("ok:mediatopic.getByIds").with("topic_ids", numbers.join(",")).with("media_limit", "3").with("fields", TOPIC)
}

/// Topics with a hashtag, given without its sign; `since` and `until` as `2024-03-01 12:00:00`.
pub fn tagged(tag: &str, since: &str, until: &str) -> Request {
    let filter = serde_json::json!({ "since": since, "until": until, "types": ["GROUP_TOPIC", "USER_TOPIC"] });
    call("ok:search.tagContents")
        .with("query", tag.trim_start_matches('#'))
        .with("filter", filter.to_string())
        .page(PAGE_MAX)
        .with("fields", TOPIC)
}

/// What is known about groups, at most [`PAGE_MAX`].
pub fn groups(numbers: &[&str]) -> Request {
    let numbers: Vec<&str> = numbers.iter().take(PAGE_MAX as usize).copied().collect();
    call("ok:group.getInfo").with("uids", numbers.join(",")).with("fields", GROUP)
}

/// What an address of ok.ru leads to.
pub fn of_url(url: &str) -> Request {
    call("ok:url.getInfo").with("url", url)
}

fn call(method: &'static str) -> Request {
    let own = method.trim_start_matches("ok:");
    let request = Request {
        method,
        verb: Verb::Post,
        path: "fb.do".to_owned(),
        params: Vec::new(),
        about: Vec::new(),
        token: TokenKind::Signed,
        cost: 1,
    };
    request.with("method", own).with("format", "json")
}
