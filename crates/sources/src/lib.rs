//! Sources of posts: a network's response body, a feed, a page or a table in, posts out.
//!
//! [`parse`] reads a body of any network, [`request`] says what to ask for; neither reads a clock nor sends anything.

pub mod author;
mod bare;
pub mod facebook;
pub mod fault;
mod graph;
pub mod instagram;
mod json;
mod markup;
pub mod ok;
pub mod parse;
pub mod parsed;
pub mod request;
pub mod table;
pub mod vk;
pub mod x;
