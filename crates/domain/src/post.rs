//! A public post as its source published it.

use jiff::Timestamp;

use crate::{
    geo::GeoPoint,
    ids::{AuthorKey, PostId, RegionId},
    names::named_enum,
};

named_enum! {
    /// Where a post was published.
    "network" Network {
        /// ВКонтакте.
        Vk = "vk",
        /// Одноклассники.
        Ok = "ok",
        /// Telegram, public preview pages.
        Telegram = "telegram",
        /// News sites by RSS, Atom or JSON Feed.
        Rss = "rss",
        /// X, formerly Twitter.
        X = "x",
        /// Facebook pages.
        Facebook = "facebook",
        /// Instagram business accounts and hashtags.
        Instagram = "instagram",
        /// A form on a body's site or an appeals portal.
        Form = "form",
        /// An e-mail to a body.
        Email = "email",
        /// A hot line's record.
        Hotline = "hotline",
        /// A file or another system.
        Other = "other",
    }
}

named_enum! {
    /// What kind of publication a post is.
    "kind" PostKind {
        /// A post of its own.
        Post = "post",
        /// A comment below a post.
        Comment = "comment",
        /// An appeal addressed to a body: it always deserves an answer.
        Appeal = "appeal",
    }
}

/// The community, channel or feed a post appeared in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Community {
    /// Its id within the network.
    pub id: String,
    /// Its public name.
    pub name: String,
}

/// Public counters of a post at the time it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metrics {
    /// Views.
    pub views: u64,
    /// Likes and other reactions.
    pub likes: u64,
    /// Reposts and forwards.
    pub reposts: u64,
    /// Comments.
    pub comments: u64,
    /// Members or subscribers of the community.
    pub followers: u64,
}

/// A public post, comment or appeal.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// The id, derived from the source: reading a post twice gives the same id.
    pub id: PostId,
    /// Where it was published.
    pub network: Network,
    /// Post, comment or appeal.
    pub kind: PostKind,
    /// Link to the public post: the answer goes there.
    pub url: Option<String>,
    /// Where in the network it appeared.
    pub community: Option<Community>,
    /// Who wrote it, as a keyed hash.
    pub author: Option<AuthorKey>,
    /// When it was published.
    pub published_at: Timestamp,
    /// The text, with phones and e-mails masked once it has passed intake.
    pub text: String,
    /// The post this one answers.
    pub reply_to: Option<PostId>,
    /// The post this one repeats.
    pub repost_of: Option<PostId>,
    /// Public counters.
    pub metrics: Metrics,
    /// Coordinates given by the source.
    pub geo: Option<GeoPoint>,
    /// The region whose desk it belongs to.
    pub region: Option<RegionId>,
    /// The source's own classification, such as an appeals portal's category; name and value, sorted by name.
    pub labels: Vec<(String, String)>,
}

impl Post {
    /// The value of one of the source's labels.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value.as_str())
    }
}
