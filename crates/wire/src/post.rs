//! Posts on the wire.

use std::collections::BTreeMap;

use otklik_domain as domain;
use otklik_domain::{GeoPoint, Network, PostKind};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use crate::{
    analysis::Analysis,
    error::{Invalid, TEXT_CHARS_MAX},
    named, time,
};

/// Longest id or name, in Unicode scalar values.
const NAME_CHARS_MAX: usize = 300;
/// Longest address or value of a label, in Unicode scalar values.
const URL_CHARS_MAX: usize = 2048;
/// Most labels of a post.
const LABELS_MAX: usize = 32;

/// A post as handed in. Only `id`, `text` and `published_at` are required; unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Post {
    /// `network:native id`; the same post always has the same id.
    #[serde(deserialize_with = "text_or_number")]
    #[schema(example = "vk:-123_45")]
    pub id: String,
    /// Where it was published.
    #[serde(default = "other_network", with = "named::network")]
    #[schema(value_type = String, example = "vk")]
    pub network: Network,
    /// `post`, `comment` or `appeal`.
    #[serde(default = "plain_post", with = "named::post_kind")]
    #[schema(value_type = String, example = "post")]
    pub kind: PostKind,
    /// Link to the public post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The community, channel or feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community: Option<Community>,
    /// The author as a keyed hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_key: Option<String>,
    /// When it was published, RFC 3339; a time without an offset is Moscow time.
    #[serde(deserialize_with = "text_or_number")]
    #[schema(example = "2024-03-01T12:00:00+03:00")]
    pub published_at: String,
    /// The text.
    pub text: String,
    /// Id of the post this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Id of the post this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repost_of: Option<String>,
    /// Public counters.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Metrics::is_empty")]
    pub metrics: Metrics,
    /// Coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// The region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The source's own classification, such as an appeals portal's category.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What was read from it; absent in a bare post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Box<Analysis>>,
}

/// The community, channel or feed of a post.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Community {
    /// Its id within the network.
    #[serde(default, deserialize_with = "text_or_number")]
    pub id: String,
    /// Its public name.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
}

/// Public counters of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Metrics {
    /// Views.
    #[serde(deserialize_with = "null_is_default")]
    pub views: u64,
    /// Likes and other reactions.
    #[serde(deserialize_with = "null_is_default")]
    pub likes: u64,
    /// Reposts and forwards.
    #[serde(deserialize_with = "null_is_default")]
    pub reposts: u64,
    /// Comments.
    #[serde(deserialize_with = "null_is_default")]
    pub comments: u64,
    /// Members or subscribers of the community.
    #[serde(deserialize_with = "null_is_default")]
    pub followers: u64,
}

impl Metrics {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Coordinates of a post, degrees of WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Geo {
    /// Latitude, north positive.
    pub lat: f64,
    /// Longitude, east positive.
    pub lon: f64,
}

fn other_network() -> Network {
    Network::Other
}

fn plain_post() -> PostKind {
    PostKind::Post
}

/// Ids and times of some exports are bare numbers.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Visitor;

    impl de::Visitor<'_> for Visitor {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text or a whole number")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_string<E: de::Error>(self, text: String) -> Result<String, E> {
            Ok(text)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }

    deserializer.deserialize_any(Visitor)
}

fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl TryFrom<Post> for domain::Post {
    type Error = Invalid;

    fn try_from(post: Post) -> Result<Self, Invalid> {
        check_lengths(&post)?;
        let published_at = match post.published_at.parse::<i64>() {
            Ok(seconds) => time::from_unix("published_at", seconds)?,
            Err(_) => time::parse("published_at", &post.published_at)?,
        };
        let geo = post
            .geo
            .map(|geo| {
                GeoPoint::new(geo.lat, geo.lon)
                    .ok_or_else(|| Invalid::new("geo", format!("{}, {} is not a point on the Earth", geo.lat, geo.lon)))
            })
            .transpose()?;
        Ok(Self {
            id: domain::PostId::new(post.id),
            network: post.network,
            kind: post.kind,
            url: post.url.filter(|url| !url.is_empty()),
            community: post.community.map(|community| domain::Community { id: community.id, name: community.name }),
            author: post.author_key.filter(|key| !key.is_empty()).map(domain::AuthorKey::new),
            published_at,
            text: post.text,
            reply_to: post.reply_to.filter(|id| !id.is_empty()).map(domain::PostId::new),
            repost_of: post.repost_of.filter(|id| !id.is_empty()).map(domain::PostId::new),
            metrics: domain::Metrics {
                views: post.metrics.views,
                likes: post.metrics.likes,
                reposts: post.metrics.reposts,
                comments: post.metrics.comments,
                followers: post.metrics.followers,
            },
            geo,
            region: post.region.filter(|region| !region.is_empty()).map(domain::RegionId::new),
            labels: post.labels.into_iter().collect(),
        })
    }
}

fn check_lengths(post: &Post) -> Result<(), Invalid> {
    if post.id.trim().is_empty() {
        return Err(Invalid::new("id", "must not be empty"));
    }
    let community = post.community.as_ref();
    let fields = [
        ("id", Some(&post.id), NAME_CHARS_MAX),
        ("url", post.url.as_ref(), URL_CHARS_MAX),
        ("community.id", community.map(|community| &community.id), NAME_CHARS_MAX),
        ("community.name", community.map(|community| &community.name), NAME_CHARS_MAX),
        ("author_key", post.author_key.as_ref(), NAME_CHARS_MAX),
        ("reply_to", post.reply_to.as_ref(), NAME_CHARS_MAX),
        ("repost_of", post.repost_of.as_ref(), NAME_CHARS_MAX),
        ("region", post.region.as_ref(), NAME_CHARS_MAX),
    ];
    for (field, value, chars_max) in fields {
        check_length(field, value.map_or("", String::as_str), chars_max)?;
    }
    if post.labels.len() > LABELS_MAX {
        return Err(Invalid::new("labels", format!("are {}, at most {LABELS_MAX} are read", post.labels.len())));
    }
    for (name, value) in &post.labels {
        check_length("labels", name, NAME_CHARS_MAX)?;
        check_length("labels", value, URL_CHARS_MAX)?;
    }
    check_text(&post.text)
}

fn check_length(field: &'static str, value: &str, chars_max: usize) -> Result<(), Invalid> {
    if value.len() > chars_max && value.chars().count() > chars_max {
        return Err(Invalid::new(field, format!("is longer than {chars_max} characters")));
    }
    Ok(())
}

fn check_text(text: &str) -> Result<(), Invalid> {
    // A text within the limit in bytes is within it in characters: counting is for the long ones only.
    if text.len() > TEXT_CHARS_MAX {
        let chars = text.chars().count();
        if chars > TEXT_CHARS_MAX {
            return Err(Invalid::new("text", format!("{chars} characters, at most {TEXT_CHARS_MAX} are read")));
        }
    }
    Ok(())
}

impl From<&domain::Post> for Post {
    fn from(post: &domain::Post) -> Self {
        Self {
            id: post.id.to_string(),
            network: post.network,
            kind: post.kind,
            url: post.url.clone(),
            community: post
                .community
                .as_ref()
                .map(|community| Community { id: community.id.clone(), name: community.name.clone() }),
            author_key: post.author.as_ref().map(ToString::to_string),
            published_at: post.published_at.to_string(),
            text: post.text.clone(),
            reply_to: post.reply_to.as_ref().map(ToString::to_string),
            repost_of: post.repost_of.as_ref().map(ToString::to_string),
            metrics: Metrics {
                views: post.metrics.views,
                likes: post.metrics.likes,
                reposts: post.metrics.reposts,
                comments: post.metrics.comments,
                followers: post.metrics.followers,
            },
            geo: post.geo.map(|point| Geo { lat: point.lat(), lon: point.lon() }),
            region: post.region.as_ref().map(ToString::to_string),
            labels: post.labels.iter().cloned().collect(),
            analysis: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<domain::Post, String> {
        let post: Post = serde_json::from_str(json).map_err(|error| error.to_string())?;
        domain::Post::try_from(post).map_err(|error| error.to_string())
    }

    #[test]
    fn needs_three_fields_only() {
        let post = read(r#"{"id":45,"text":"Яма","published_at":1700000000,"unknown":1,"metrics":null}"#).unwrap();
        assert_eq!(post.id.as_str(), "45");
        assert_eq!(post.network, Network::Other);
        assert_eq!(post.published_at.to_string(), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let json = r#"{"id":"vk:-1_2","network":"vk","kind":"comment","url":"https://vk.com/wall-1_2",
            "community":{"id":"-1","name":"Город"},"author_key":"k","published_at":"2024-03-01T12:00:00Z","text":"Т",
            "reply_to":"vk:-1_1","repost_of":null,"metrics":{"views":5},"geo":{"lat":55.0,"lon":37.0},"region":"udm",
            "labels":{"category":"Дороги"}}"#;
        let post = read(json).unwrap();
        let again = serde_json::to_string(&Post::from(&post)).unwrap();
        assert_eq!(read(&again).unwrap(), post);
    }

    #[test]
    fn refuses_with_the_field_named() {
        let check = |json: &str, expected: &str| assert_eq!(read(json).unwrap_err(), expected);
        check(r#"{"id":"","text":"","published_at":"2024-03-01T12:00:00Z"}"#, "id: must not be empty");
        check(
            r#"{"id":"1","text":"","published_at":"2024-03-01T12:00:00Z","geo":{"lat":95,"lon":0}}"#,
            "geo: 95, 0 is not a point on the Earth",
        );
        let long = format!(r#"{{"id":"1","text":"{}","published_at":"2024-03-01T12:00:00Z"}}"#, "а".repeat(100_001));
        check(&long, "text: 100001 characters, at most 100000 are read");
        let with = |field: &str| format!(r#"{{"id":"1","text":"","published_at":"2024-03-01T12:00:00Z",{field}}}"#);
        check(&with(&format!(r#""url":"{}""#, "u".repeat(2049))), "url: is longer than 2048 characters");
        let name = "я".repeat(301);
        check(&with(&format!(r#""community":{{"name":"{name}"}}"#)), "community.name: is longer than 300 characters");
        check(&with(&format!(r#""labels":{{"{name}":""}}"#)), "labels: is longer than 300 characters");
        let many: Vec<String> = (0..33).map(|index| format!(r#""l{index}":"""#)).collect();
        check(&with(&format!(r#""labels":{{{}}}"#, many.join(","))), "labels: are 33, at most 32 are read");
        assert!(
            read(r#"{"id":"1","text":"","published_at":"2024-03-01T12:00:00Z","network":"fido"}"#)
                .unwrap_err()
                .starts_with("unknown network \"fido\", expected one of: vk, ok, telegram")
        );
    }
}
