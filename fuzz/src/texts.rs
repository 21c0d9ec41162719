//! Posts around a text.

use jiff::Timestamp;
use otklik_domain::{Community, Metrics, Network, Post, PostId, PostKind};

/// A post with this text; its number makes its id and its minute.
///
/// # Panics
/// Never for numbers of posts.
pub fn post(number: i64, text: &str) -> Post {
    let at = Timestamp::from_second(1_760_000_000 + number * 60).unwrap_or_else(|error| panic!("{error}"));
    Post {
        id: PostId::new(format!("vk:-1_{number}")),
        network: Network::Vk,
        kind: PostKind::Post,
        url: None,
        community: Some(Community { id: "-1".to_owned(), name: "Подслушано в Глазове".to_owned() }),
        author: None,
        published_at: at,
        text: text.to_owned(),
        reply_to: None,
        repost_of: None,
        metrics: Metrics::default(),
        geo: None,
        region: Some("udm".into()),
        labels: Vec::new(),
    }
}
