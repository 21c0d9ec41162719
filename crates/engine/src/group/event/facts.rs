//! What a post says that matters for grouping: topic, address, town, danger.

use std::collections::BTreeSet;

use otklik_domain::{
    Analysis, Evidence, GeoPoint, Intent, LocatedBy, Network, PlaceKind, PlaceMention, Post, PostKind, SentimentLabel,
    Span, TopicHit, TopicId,
};
use serde::{Deserialize, Serialize};

use super::super::window::hash_text;

/// Score from which a topic is what a post is about.
const TOPIC_MIN: f32 = 0.5;
/// Score from which a place counts.
const PLACE_MIN: f32 = 0.5;
/// Characters from which a text is long.
const LONG_CHARS_MIN: usize = 400;
/// The same for news, which are written as articles however short.
const NEWS_CHARS_MIN: usize = 200;
/// Side of a cell of the map in degrees of latitude: about 110 m.
const CELL_DEGREES: f64 = 0.001;

/// Side of a spot: about 11 m.
const SPOT_DEGREES: f64 = 0.0001;
/// The rank of a house among addresses.
const HOUSE: u8 = 3;

/// An address as named in posts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Located {
    /// Hash of the address within its municipality.
    pub(crate) key: u64,
    /// Hash of its street, 0 for what lies on none.
    pub(crate) street: u64,
    /// How precise it is: 3 house, 2 landmark, 1 street, 0 a part of the town or a village.
    pub(crate) rank: u8,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) count: u32,
}

/// What a post says that matters for grouping.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts<'a> {
    /// The topic and its score.
    pub(crate) topic: Option<(&'a str, f32)>,
    /// Every topic it was given, however unsure, the surest first.
    pub(crate) topics: &'a [TopicHit],
    /// Whether its trouble reaches beyond one address.
    pub(crate) is_area: bool,
    pub(crate) address: Option<Located>,
    /// Id and name.
    pub(crate) municipality: Option<(&'a str, &'a str)>,
    /// Whether the text or a point tells the municipality; that of the community is a guess.
    pub(crate) is_town_sure: bool,
    pub(crate) point: Option<(f64, f64)>,
    pub(crate) at: u32,
    pub(crate) severity: u8,
    /// Words of danger.
    pub(crate) danger: &'a [Evidence],
    pub(crate) complains: bool,
    pub(crate) is_appeal: bool,
    /// Spans of the words behind its topic.
    pub(crate) topic_spans: Vec<Span>,
    /// Where the first and the last word of each piece of evidence for a topic begin or end, ascending.
    pub(crate) topic_ends: Vec<u32>,
    /// Spans of the region, the municipality and its town where they are named.
    pub(crate) town_spans: Vec<Span>,
    /// Those, and spans of streets: places that are compared as such and not as words.
    pub(crate) exact_spans: Vec<Span>,
    /// Spans of all places named.
    pub(crate) place_spans: Vec<Span>,
    /// Whether the text names its town.
    pub(crate) names_town: bool,
    /// Whether it complains, asks or reports.
    pub(crate) speaks_up: bool,
    /// Whether it says that a trouble has come again.
    pub(crate) says_again: bool,
    /// Whether it tells of no trouble: it neither complains nor asks, nor is it on a topic.
    pub(crate) is_idle: bool,
    /// Whether it is no remark but an article. Appeals are long too, but made of phrases everybody uses.
    pub(crate) is_long: bool,
    pub(crate) is_news: bool,
    /// Characters of the text.
    pub(crate) chars: usize,
}

impl<'a> Facts<'a> {
    /// `says_again`: a word of the post says that something has come again.
    pub(crate) fn of(post: &Post, analysis: &'a Analysis, area_topics: &BTreeSet<TopicId>, says_again: bool) -> Self {
        let topic = analysis.topics.first().filter(|topic| topic.score >= TOPIC_MIN);
        let municipality =
            analysis.locality.as_ref().map(|locality| (locality.municipality.as_str(), locality.name.as_str()));
        let town = municipality.map_or("", |(id, _)| id);
        let address = analysis
            .places
            .iter()
            .filter(|place| place.score >= PLACE_MIN)
            .filter(|place| !is_town(place, analysis))
            .filter_map(|place| located(place, town))
            .max_by_key(|located| located.rank);
        let chars = post.text.chars().count();
        let long_min = if post.network == Network::Rss { NEWS_CHARS_MIN } else { LONG_CHARS_MIN };
        let complains = matches!(analysis.intent, Intent::Complaint | Intent::Request | Intent::Question);
        let evidence = analysis.topics.iter().flat_map(|topic| &topic.evidence);
        let ends = evidence.flat_map(|found| [found.span.start, found.span.end.saturating_sub(1)]);
        let mut topic_ends: Vec<u32> = ends.collect();
        topic_ends.sort_unstable();
        Self {
            topic: topic.map(|topic| (topic.id.as_str(), topic.score)),
            topics: &analysis.topics,
            is_area: topic.is_some_and(|topic| area_topics.contains(&topic.id)),
            address,
            municipality,
            is_town_sure: analysis.locality.as_ref().is_some_and(|locality| locality.by != LocatedBy::Community),
            point: post.geo.map(|point| (point.lat(), point.lon())),
            at: super::super::window::seconds(post.published_at),
            severity: analysis.severity.level(),
            danger: &analysis.danger,
            complains: complains && (topic.is_some() || post.kind == PostKind::Appeal || !analysis.danger.is_empty()),
            is_appeal: post.kind == PostKind::Appeal,
            topic_spans: topic.map_or_else(Vec::new, |topic| topic.evidence.iter().map(|found| found.span).collect()),
            topic_ends,
            town_spans: analysis
                .places
                .iter()
                .filter(|place| is_town(place, analysis))
                .map(|place| place.span)
                .collect(),
            exact_spans: analysis
                .places
                .iter()
                .filter(|place| is_exact(place) || is_town(place, analysis))
                .map(|place| place.span)
                .collect(),
            place_spans: analysis.places.iter().map(|place| place.span).collect(),
            names_town: analysis.places.iter().any(|place| is_town(place, analysis)),
            speaks_up: complains || analysis.intent == Intent::Report,
            says_again: topic.is_some() && says_again,
            is_idle: topic.is_none()
                && analysis.danger.is_empty()
                && matches!(analysis.intent, Intent::Other | Intent::Thanks)
                && analysis.sentiment.label != SentimentLabel::Negative
                && post.kind != PostKind::Appeal
                && post.network != Network::Rss,
            is_news: post.network == Network::Rss,
            is_long: chars >= long_min && post.kind != PostKind::Appeal,
            chars,
        }
    }

    pub(crate) fn block(&self) -> Option<&'a str> {
        self.topic.map(|(topic, _)| block_of(topic))
    }

    /// The topic in the town, as a hash.
    pub(crate) fn matter(&self) -> Option<u64> {
        let (topic, _) = self.topic?;
        let (town, _) = self.municipality?;
        Some(join(hash_text(town), hash_text(topic)))
    }

    /// The block of the likeliest topic, however unsure it is.
    pub(crate) fn leaning_block(&self) -> Option<&'a str> {
        self.topics.first().map(|topic| block_of(topic.id.as_str()))
    }

    /// Keys under which events are remembered: by address, by street and block, by cell of the map and block, by town and topic.
    pub(crate) fn keys(&self) -> impl Iterator<Item = u64> {
        let block = self.block().map_or(0, hash_text);
        let topic = self.topic.map_or(0, |(topic, _)| hash_text(topic));
        let address = self.address.as_ref().filter(|address| address.rank < HOUSE).map(|address| join(1, address.key));
        let street = self.address.as_ref().filter(|address| address.street != 0);
        let street = street.map(|address| join(join(2, address.street), block));
        let cell = self.point.map(|(lat, lon)| {
            let (row, column) = ((lat / CELL_DEGREES).floor() as i64, (lon / CELL_DEGREES / 2.0).floor() as i64);
            join(join(join(3, row as u64), column as u64), block)
        });
        let town = self.municipality.filter(|_| topic != 0);
        let town = town.map(|(id, _)| join(join(4, hash_text(id)), topic));
        [address, street, cell, town].into_iter().flatten().chain(self.spots())
    }

    /// Keys of what is as precise as a house: a house, a spot of the map about 11 m wide.
    pub(crate) fn spots(&self) -> impl Iterator<Item = u64> {
        let house = self.address.as_ref().filter(|address| address.rank == HOUSE).map(|address| join(1, address.key));
        let spot = self.point.map(|(lat, lon)| {
            let (row, column) = ((lat / SPOT_DEGREES).round() as i64, (lon / SPOT_DEGREES / 2.0).round() as i64);
            join(join(5, row as u64), column as u64)
        });
        [house, spot].into_iter().flatten()
    }

    pub(crate) fn geo(&self) -> Option<GeoPoint> {
        self.point.and_then(|(lat, lon)| GeoPoint::new(lat, lon))
    }
}

/// Whether a place says no more than the municipality does: it is one, a region, or the town a municipality is named after.
fn is_town(place: &PlaceMention, analysis: &Analysis) -> bool {
    const ROOT_CHARS: usize = 4;
    let root = |word: &str| word.to_lowercase().chars().take(ROOT_CHARS).collect::<String>();
    match place.kind {
        PlaceKind::Region | PlaceKind::Municipality => true,
        PlaceKind::Settlement => {
            let locality = analysis.locality.as_ref().map_or("", |locality| locality.name.as_str());
            locality.split(' ').any(|word| root(word) == root(&place.name))
        }
        PlaceKind::District | PlaceKind::Street | PlaceKind::Landmark => false,
    }
}

/// Whether the words of a place say something else elsewhere: of streets, and of landmarks with an adjective in their name, such
/// as «Речной парк». «ТЦ Меридиан» is named by its own word.
fn is_exact(place: &PlaceMention) -> bool {
    let is_adjective = |word: &str| ["ый", "ий", "ой", "ая", "яя", "ое", "ее"].iter().any(|end| word.ends_with(end));
    match place.kind {
        PlaceKind::Street => true,
        PlaceKind::Landmark => place.name.split(' ').any(is_adjective),
        _ => false,
    }
}

/// The first word of a topic's id with its block: that of `utilities.heating_off` is `utilities.heating`.
pub(crate) fn family_of(topic: &str) -> &str {
    topic.split_once('_').map_or(topic, |(family, _)| family)
}

/// The block of a topic's id.
pub(crate) fn block_of(topic: &str) -> &str {
    topic.split_once('.').map_or(topic, |(block, _)| block)
}

fn located(place: &PlaceMention, town: &str) -> Option<Located> {
    let id = place.id.as_str();
    let house = place.kind == PlaceKind::Street && id.rsplit(':').next().is_some_and(is_house);
    let rank = match place.kind {
        PlaceKind::Street if house => HOUSE,
        PlaceKind::Landmark => 2,
        PlaceKind::Street => 1,
        PlaceKind::District | PlaceKind::Settlement => 0,
        PlaceKind::Region | PlaceKind::Municipality => return None,
    };
    // A street of the gazetteer lies where it lies; one read from the text lies in the post's town.
    let within = place.municipality.as_ref().map_or(town, |municipality| municipality.as_str());
    let street_id = if house { id.rsplit_once(':').map_or(id, |(street, _)| street) } else { id };
    let street = if place.kind == PlaceKind::Street { join(hash_text(within), hash_text(street_id)) } else { 0 };
    Some(Located {
        key: join(hash_text(within), hash_text(id)),
        street,
        rank,
        id: id.to_owned(),
        name: place.name.clone(),
        count: 1,
    })
}

fn is_house(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_digit()) && part.chars().count() <= 8
}

fn join(a: u64, b: u64) -> u64 {
    let mixed = (a.rotate_left(21) ^ b).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}
