//! Facebook: what is published on pages, and comments, by the Graph API. Off until a token is set.
//!
//! A post is `facebook:PAGE_POST`, a comment `facebook:POST_COMMENT`, as the Graph API names them. Reading pages of others needs the
//! feature Page Public Content Access, which Facebook grants after a review.

mod feed;
pub mod requests;
#[cfg(test)]
mod tests;

use crate::parse::Method;

/// What is read of Facebook.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "facebook:page.feed", read: feed::posts },
    Method { name: "facebook:post.comments", read: feed::comments },
];
