//! X, formerly Twitter: recent search of its API version 2. Off until a token is set.
//!
//! A post is `x:123`. A reply is a comment; a retweet and a quote repeat the post they refer to, whose words are put below the own.

mod errors;
pub mod requests;
mod search;
#[cfg(test)]
mod tests;

use crate::parse::Method;

/// What is read of X.
pub(crate) const METHODS: &[Method] = &[Method { name: "x:tweets.search.recent", read: search::read }];
