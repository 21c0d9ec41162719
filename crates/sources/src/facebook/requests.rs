//! Calls for Facebook.

use crate::{graph::call, request::Request};

/// Most posts and comments of a page of the list.
pub const PAGE_MAX: u32 = 100;

const POST: &str = "id,message,created_time,permalink_url,from,is_published,is_hidden,parent_id,shares,place,\
     reactions.limit(0).summary(true),comments.limit(0).summary(true)";
const COMMENT: &str = "id,message,created_time,permalink_url,from{id},parent{id},like_count,comment_count";

/// What is published on a page, by its number or name, the newest first.
pub fn feed(page: &str) -> Request {
    call("facebook:page.feed", &format!("{page}/feed")).with("fields", POST).with("limit", PAGE_MAX.to_string())
}

/// The comments of a post, with answers to comments, the newest first.
pub fn comments(post: &str) -> Request {
    call("facebook:post.comments", &format!("{post}/comments"))
        .with("fields", COMMENT)
        .with("filter", "stream")
        .with("order", "reverse_chronological")
        .with("limit", PAGE_MAX.to_string())
        .about("post", post)
}
