//! News by RSS 2.0, RSS 1.0, Atom and JSON Feed.
//!
//! A body is read with what the asker knows as parameters: `url` (the feed's own address), `charset` (of `Content-Type`),
//! `first_seen` (the time of reading, for items without a date of their own).

mod charset;
mod date;
mod identity;
mod item;
mod json;
mod xml;

use otklik_wire::Post;
use url::Url;

use self::item::Feed;
use crate::{
    fault::SourceError,
    parse::{Method, Options},
    parsed::{CommunityInfo, Parsed},
};

/// What can be read of feeds.
pub(crate) const METHODS: &[Method] = &[Method { name: "rss:feed", read }];

/// Reads a feed, whichever of its kinds it is.
fn read(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let text = charset::decode(body, options.param("charset"))?;
    let begin = text.trim_start();
    let feed = match begin.chars().next() {
        None => return Err(SourceError::broken("the body is empty")),
        Some('{') => json::read(begin)?,
        Some(_) => xml::read(begin)?,
    };
    let address = options.param("url").and_then(|url| Url::parse(url).ok());
    Ok(posts(feed, address, options))
}

fn posts(feed: Feed, address: Option<Url>, options: &Options<'_>) -> Parsed {
    let base = address.or_else(|| feed.own_address()).or_else(|| feed.site_address());
    let mut parsed = Parsed::default();
    let community = CommunityInfo {
        id: base.as_ref().map(identity::feed_id).unwrap_or_default(),
        name: feed.title.clone(),
        url: feed.site_address().map(String::from),
        is_open: true,
        followers: None,
    };
    let site = base.as_ref().map(identity::host).unwrap_or_default();
    let seen = options.param("first_seen").and_then(|time| time.parse().ok());
    for (index, item) in feed.items.iter().enumerate() {
        let path = format!("item {}", index + 1);
        match item.post(&community, base.as_ref(), seen.or(feed.date)) {
            // The site is the voice: who wrote for it is nobody's business here.
            Ok(post) => parsed.push(&path, Post { author_key: options.author_key(&format!("rss:{site}")), ..post }),
            Err(problem) => parsed.skipped.broken(format!("{path}: {problem}")),
        }
    }
    if let Some(problem) = feed.broken_at {
        parsed.skipped.broken(problem);
    }
    parsed.communities.push(community);
    parsed
}

#[cfg(test)]
mod tests;
