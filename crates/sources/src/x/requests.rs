//! Calls of X's API.

use jiff::Timestamp;

use crate::request::{Request, TokenKind, Verb};

/// Most tweets of a page.
pub const PAGE_MAX: u32 = 100;

/// Tweets of the last seven days with these words, in X's language of queries; only those since `from` when it is given.
pub fn search(query: &str, from: Option<Timestamp>) -> Request {
    let request = Request {
        method: "x:tweets.search.recent",
        verb: Verb::Get,
        path: "2/tweets/search/recent".to_owned(),
        params: Vec::new(),
        about: Vec::new(),
        token: TokenKind::Service,
        cost: 1,
    };
    let request = request
        .with("query", query)
        .with("max_results", PAGE_MAX.to_string())
        .with("tweet.fields", "author_id,created_at,geo,note_tweet,public_metrics,referenced_tweets")
        .with("expansions", "referenced_tweets.id");
    match from {
        Some(from) => request.with("start_time", from.to_string()),
        None => request,
    }
}
