//! Instagram: what business accounts publish, and recent posts with a hashtag, by the Graph API. Off until a token is set.
//!
//! A post is `instagram:123`. A hashtag search names no author. An account of a deployment may ask for 30 hashtags a week.

mod media;
pub mod requests;
#[cfg(test)]
mod tests;

use crate::parse::Method;

/// What is read of Instagram.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "instagram:business_discovery", read: media::discovery },
    Method { name: "instagram:hashtag.search", read: media::hashtag },
    Method { name: "instagram:hashtag.recent_media", read: media::tagged },
];
