//! What the kinds of feeds have in common.

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Network, PostKind};
use otklik_wire::{self as wire, Post};
use url::Url;

use super::identity;
use crate::{html, parsed::CommunityInfo};

/// A clock of a site may be ahead by so much; a date further ahead is none.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

/// A feed.
#[derive(Debug, Default)]
pub(super) struct Feed {
    pub(super) title: String,
    /// The page it belongs to.
    pub(super) site: String,
    /// Its own address, as it says.
    pub(super) own: String,
    pub(super) date: Option<Timestamp>,
    pub(super) items: Vec<Item>,
    /// Where it breaks off, when it does.
    pub(super) broken_at: Option<String>,
}

/// An item as it is written, texts with their markup.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) guid: String,
    pub(super) link: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) content: String,
    pub(super) category: String,
    pub(super) date: Option<Timestamp>,
}

impl Feed {
    pub(super) fn site_address(&self) -> Option<Url> {
        identity::link(&self.site, None)
    }

    pub(super) fn own_address(&self) -> Option<Url> {
        identity::link(&self.own, None)
    }
}

impl Item {
    /// Makes it a post. An item without a date of its own, or with one in the future, is of the time it was `seen` at.
    pub(super) fn post(
        &self,
        community: &CommunityInfo,
        base: Option<&Url>,
        seen: Option<Timestamp>,
    ) -> Result<Post, &'static str> {
        let text = self.text()?;
        if text.is_empty() {
            return Err("has neither a title nor a text");
        }
        let link = identity::link(&self.link, base);
        let id = identity::item_id(&self.guid, link.as_ref(), base);
        let id = id.unwrap_or_else(|| identity::id_of_words(&text, base));
        let is_believed = |date: &Timestamp| seen.is_none_or(|seen| date.duration_since(seen) < AHEAD_MAX);
        let date = self.date.filter(is_believed).or(seen).ok_or("has no date that can be read")?;
        let address = link.or_else(|| identity::link(&self.guid, None));
        let labels = if self.category.is_empty() { None } else { Some(("category".to_owned(), self.category.clone())) };
        Ok(Post {
            id,
            network: Network::Rss,
            kind: PostKind::Post,
            url: address.map(String::from),
            community: Some(wire::Community { id: community.id.clone(), name: community.name.clone() }),
            author_key: None,
            published_at: date.to_string(),
            text,
            reply_to: None,
            repost_of: None,
            metrics: wire::Metrics::default(),
            geo: None,
            region: None,
            labels: labels.into_iter().collect(),
            analysis: None,
        })
    }

    /// Title and text. The whole text where there is one, else the summary.
    fn text(&self) -> Result<String, &'static str> {
        let plain = |text: &str| html::to_text(text).map_err(|html::TooDeep| "its text is nested too deeply");
        let title = plain(&self.title)?;
        let mut body = plain(&self.content)?;
        if body.is_empty() {
            body = plain(&self.summary)?;
        }
        Ok(match (title.is_empty(), body.is_empty()) {
            (false, false) if !body.starts_with(&title) => format!("{title}\n\n{body}"),
            (false, true) => title,
            _ => body,
        })
    }
}
