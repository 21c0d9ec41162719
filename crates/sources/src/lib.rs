//! Sources of posts: a network's response body, a feed, a page or a table in, posts out.

pub mod table;
