//! What one response body held.

use std::collections::BTreeMap;

use otklik_domain as domain;
use otklik_wire::Post;
use serde::Serialize;

use crate::fault::SourceError;

/// Most posts taken of one body. No method gives more on a page; a body that does is not what it says it is.
pub const POSTS_MAX: usize = 5_000;
/// Most reasons kept in words; further ones are only counted.
const REASONS_MAX: usize = 20;

/// What one response body held.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// The posts, in the order of the body. An author is a keyed hash or absent; texts are as published.
    pub posts: Vec<Post>,
    /// Ids of posts that are gone at the source.
    pub deleted: Vec<String>,
    /// What to ask for next; `None` at the end, or when only the asker knows.
    pub next: Option<Next>,
    /// Ids of comments and discussions that have more comments than the body gives.
    pub threads: Vec<String>,
    /// What the body says about communities, channels and feeds.
    pub communities: Vec<CommunityInfo>,
    /// What was left out, and why.
    pub skipped: Skipped,
    /// Errors of parts: calls of a bundle that failed while others did not.
    pub faults: Vec<SourceError>,
}

/// The parameter that leads to the following page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// Name of the parameter, such as `offset`.
    pub param: &'static str,
    /// Its value.
    pub value: String,
}

/// What a body says about a community, channel or feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommunityInfo {
    /// Its id as posts have it in `community.id`.
    pub id: String,
    /// Its public name.
    pub name: String,
    /// Its page.
    pub url: Option<String>,
    /// Whether anyone may read it. What is not open is never read.
    pub is_open: bool,
    /// Members or subscribers; `None` when not said.
    pub followers: Option<u64>,
}

/// Why something of a body is no post of Otklik.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// It cannot be read; the reason names the path.
    Broken,
    /// Paid advertising.
    Advertisement,
    /// Not published yet: postponed or suggested.
    Unpublished,
    /// Of a community that is not open to all.
    Closed,
    /// No publication at all: a photo of an album, a friend's list, a private message, a service message.
    NotAPost,
    /// Written by no person: an automatic answer, a bounce, a mass mailing.
    Automatic,
    /// Beyond [`POSTS_MAX`].
    OverLimit,
}

/// Counts of what was left out, and the first reasons in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Skipped {
    /// How many, by why.
    pub counts: BTreeMap<Skip, u64>,
    /// Where and why in words, for what is broken.
    pub reasons: Vec<String>,
    /// Optional fields that could not be read: their post is there without them.
    pub fields: u64,
}

impl Skip {
    /// Its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Advertisement => "advertisement",
            Self::Unpublished => "unpublished",
            Self::Closed => "of a closed community",
            Self::NotAPost => "no post",
            Self::Automatic => "automatic",
            Self::OverLimit => "over the limit",
        }
    }
}

impl Skipped {
    /// Counts one.
    pub fn count(&mut self, why: Skip) {
        *self.counts.entry(why).or_default() += 1;
    }

    /// Counts one that cannot be read. The reason names the path and quotes no text.
    pub fn broken(&mut self, reason: String) {
        self.count(Skip::Broken);
        self.say(reason);
    }

    /// Counts an optional field that cannot be read.
    pub fn field(&mut self, reason: String) {
        self.fields += 1;
        self.say(reason);
    }

    /// How many were left out for this reason.
    pub fn of(&self, why: Skip) -> u64 {
        self.counts.get(&why).copied().unwrap_or_default()
    }

    fn say(&mut self, reason: String) {
        if self.reasons.len() < REASONS_MAX {
            self.reasons.push(reason);
        }
    }
}

impl Parsed {
    /// Adds a post read at a path of the body. One that makes no sense is counted as broken, one too many as over the limit.
    pub fn push(&mut self, path: &str, post: Post) {
        if self.posts.len() >= POSTS_MAX {
            return self.skipped.count(Skip::OverLimit);
        }
        match domain::Post::try_from(post.clone()) {
            Ok(_) => self.posts.push(post),
            Err(invalid) => self.skipped.broken(format!("{path}: {invalid}")),
        }
    }

    /// Takes over what another body, or a part of this one, held. Its next page is its own affair.
    pub fn absorb(&mut self, part: Self) {
        let room = POSTS_MAX.saturating_sub(self.posts.len());
        let over = part.posts.len().saturating_sub(room);
        self.posts.extend(part.posts.into_iter().take(room));
        self.deleted.extend(part.deleted);
        self.threads.extend(part.threads);
        self.communities.extend(part.communities);
        self.faults.extend(part.faults);
        for (why, count) in part.skipped.counts {
            *self.skipped.counts.entry(why).or_default() += count;
        }
        if over > 0 {
            *self.skipped.counts.entry(Skip::OverLimit).or_default() += over as u64;
        }
        self.skipped.fields += part.skipped.fields;
        for reason in part.skipped.reasons {
            self.skipped.say(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(id: &str, text: &str) -> Post {
        let json = serde_json::json!({ "id": id, "text": text, "published_at": "2026-03-01T10:00:00Z" });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_makes_no_sense_is_named_and_the_rest_stays() {
        let mut parsed = Parsed::default();
        parsed.push("response.items[0]", post("vk:1", &"я".repeat(otklik_wire::TEXT_CHARS_MAX + 1)));
        parsed.push("response.items[1]", post("vk:2", "Яма"));
        assert_eq!(parsed.posts.len(), 1);
        assert_eq!(parsed.skipped.of(Skip::Broken), 1);
        assert!(parsed.skipped.reasons[0].starts_with("response.items[0]: text: "), "{:?}", parsed.skipped);
    }

    #[test]
    fn nothing_grows_without_bound() {
        let mut parsed = Parsed::default();
        for number in 0..POSTS_MAX + 30 {
            parsed.push("", post(&number.to_string(), "Яма"));
            parsed.skipped.broken(format!("{number}"));
        }
        let mut all = parsed.clone();
        all.absorb(parsed);
        assert_eq!((all.posts.len(), all.skipped.reasons.len()), (POSTS_MAX, REASONS_MAX));
        assert_eq!(all.skipped.of(Skip::OverLimit), 60 + POSTS_MAX as u64);
    }
}
