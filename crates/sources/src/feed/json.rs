//! JSON Feed, versions 1 and 1.1.

use serde::Deserialize;

use super::{
    date,
    item::{Feed, Item},
};
use crate::{fault::SourceError, parsed::POSTS_MAX};

#[derive(Debug, Deserialize)]
struct JsonFeed {
    #[serde(default)]
    version: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    home_page_url: String,
    #[serde(default)]
    feed_url: String,
    items: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct JsonItem {
    /// A text; some feeds have a number.
    #[serde(default)]
    id: serde_json::Value,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    content_html: Option<String>,
    #[serde(default)]
    content_text: Option<String>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    date_published: Option<String>,
    #[serde(default)]
    date_modified: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

pub(super) fn read(text: &str) -> Result<Feed, SourceError> {
    let feed: JsonFeed = serde_json::from_str(text).map_err(|error| {
        SourceError::broken(format!("not a JSON Feed: line {}: no items, or no JSON", error.line()))
    })?;
    if !feed.version.contains("jsonfeed.org") {
        return Err(SourceError::broken("not a JSON Feed: its version is not of jsonfeed.org"));
    }
    let items = feed.items.into_iter().take(POSTS_MAX + 1).map(item).collect();
    Ok(Feed { title: feed.title, site: feed.home_page_url, own: feed.feed_url, date: None, items, broken_at: None })
}

/// An item; one that is none comes out empty and is named by who makes it a post.
fn item(value: serde_json::Value) -> Item {
    let Ok(item) = serde_json::from_value::<JsonItem>(value) else { return Item::default() };
    let guid = match item.id {
        serde_json::Value::String(id) => id,
        serde_json::Value::Number(id) => id.to_string(),
        _ => String::new(),
    };
    // Plain text may hold what looks like markup.
    let escape = |text: String| text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>");
    Item {
        guid,
        link: item.url.unwrap_or_default(),
        title: item.title.map(escape).unwrap_or_default(),
        summary: item.summary.map(escape).unwrap_or_default(),
        content: item.content_html.or(item.content_text.map(escape)).unwrap_or_default(),
        category: item.tags.into_iter().next().unwrap_or_default(),
        date: item.date_published.or(item.date_modified).as_deref().and_then(date::parse),
    }
}
