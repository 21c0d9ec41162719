//! A post with nothing but its id and its time, for parsers to fill.

use std::collections::BTreeMap;

use jiff::Timestamp;
use otklik_domain::{Network, PostKind};
use otklik_wire::{Metrics, Post};

/// A post of a network.
pub(crate) fn post(network: Network, id: String, at: Timestamp) -> Post {
    Post {
        id,
        network,
        kind: PostKind::Post,
        url: None,
        community: None,
        author_key: None,
        published_at: at.to_string(),
        text: String::new(),
        reply_to: None,
        repost_of: None,
        metrics: Metrics::default(),
        geo: None,
        region: None,
        labels: BTreeMap::new(),
        analysis: None,
    }
}

/// Parts of a text below each other, those left out that are empty or there already.
pub(crate) fn joined<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in parts.into_iter().map(str::trim) {
        if !part.is_empty() && !kept.contains(&part) {
            kept.push(part);
        }
    }
    kept.join("\n\n")
}
