//! Sources of posts: a network's response body, a feed, a page or a table in, posts out.
//!
//! [`parse`] reads a body of any network, [`request`] says what to ask for; neither reads a clock nor sends anything.
//! [`fetch`] sends, [`schedule`] decides who is next, [`crawl`] does it again and again.

pub mod author;
mod bare;
pub mod crawl;
pub mod facebook;
pub mod fault;
mod feed;
pub mod fetch;
mod graph;
mod html;
pub mod instagram;
mod json;
pub mod mail;
mod markup;
pub mod ok;
pub mod parse;
pub mod parsed;
pub mod request;
pub mod schedule;
pub mod table;
mod telegram;
pub mod vk;
pub mod x;
