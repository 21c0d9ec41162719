//! Sources of posts: a network's response body, a feed, a page or a table in, posts out.
//!
//! [`parse`] reads a body of any network, [`request`] says what to ask for; neither reads a clock nor sends anything.

pub mod author;
pub mod fault;
pub mod parse;
pub mod parsed;
pub mod request;
pub mod table;
