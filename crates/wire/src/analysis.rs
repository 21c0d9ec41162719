//! Analyses on the wire.

use otklik_domain as domain;
use otklik_domain::{EvidenceSource, GeoPoint, Intent, LocatedBy, PlaceKind, SentimentLabel, Severity, Span};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::named;

/// What was read from one post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Analysis {
    /// The post.
    pub id: String,
    /// Its language.
    pub language: Language,
    /// Its topics, best first.
    pub topics: Vec<TopicHit>,
    /// What the author wants.
    #[serde(with = "named::intent")]
    #[schema(value_type = String, example = "complaint")]
    pub intent: Intent,
    /// Polarity.
    pub sentiment: Sentiment,
    /// 0 (nothing to mend) to 5 (people in danger).
    pub severity: u8,
    /// Words that tell of danger to people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub danger: Vec<Evidence>,
    /// Places named, in order of appearance.
    pub places: Vec<PlaceMention>,
    /// The municipality it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<Locality>,
    /// What this was made with.
    #[serde(default)]
    pub versions: Versions,
}

/// The language of a post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Language {
    /// ISO 639 code, `und` when the text does not tell.
    #[schema(example = "ru")]
    pub code: String,
    /// 0..1.
    pub confidence: f32,
}

/// A topic recognised in a post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopicHit {
    /// The topic.
    #[schema(example = "roads.potholes")]
    pub id: String,
    /// Its block.
    #[schema(example = "roads")]
    pub block: String,
    /// 0..1.
    pub score: f32,
    /// The words behind it.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// The words behind a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// `dictionary` or `model`.
    #[serde(with = "named::evidence_source")]
    #[schema(value_type = String, example = "dictionary")]
    pub source: EvidenceSource,
    /// The rule, or the model's name.
    pub rule: String,
    /// The words of the post.
    pub text: String,
    /// First character, in Unicode scalar values.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
}

/// Polarity of a post.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sentiment {
    /// `negative`, `neutral` or `positive`.
    #[serde(with = "named::sentiment_label")]
    #[schema(value_type = String, example = "negative")]
    pub label: SentimentLabel,
    /// −1 to 1.
    pub score: f32,
}

/// A place named in a post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlaceMention {
    /// The place of the gazetteer, or an id made from the words.
    pub id: String,
    /// Its usual name.
    pub name: String,
    /// Its kind.
    #[serde(with = "named::place_kind")]
    #[schema(value_type = String, example = "settlement")]
    pub kind: PlaceKind,
    /// First character, in Unicode scalar values.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// 0..1.
    pub score: f32,
    /// Latitude, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// The municipality it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<String>,
}

/// The municipality a post belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Locality {
    /// The municipality.
    pub municipality: String,
    /// Its usual name.
    pub name: String,
    /// `text`, `community` or `coordinates`.
    #[serde(with = "named::located_by")]
    #[schema(value_type = String, example = "text")]
    pub by: LocatedBy,
}

/// What an analysis was made with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Versions {
    /// Version of the dictionaries.
    pub dictionary: String,
    /// Versions of the models.
    #[serde(default)]
    pub models: Vec<String>,
}

impl From<&domain::Evidence> for Evidence {
    fn from(evidence: &domain::Evidence) -> Self {
        Self {
            source: evidence.source,
            rule: evidence.rule.clone(),
            text: evidence.text.clone(),
            start: evidence.span.start,
            end: evidence.span.end,
        }
    }
}

impl From<Evidence> for domain::Evidence {
    fn from(evidence: Evidence) -> Self {
        Self {
            source: evidence.source,
            rule: evidence.rule,
            text: evidence.text,
            span: Span { start: evidence.start, end: evidence.end },
        }
    }
}

impl From<&domain::Analysis> for Analysis {
    fn from(analysis: &domain::Analysis) -> Self {
        Self {
            id: analysis.id.to_string(),
            language: Language {
                code: analysis.language.code.to_string(),
                confidence: round(analysis.language.confidence),
            },
            topics: analysis
                .topics
                .iter()
                .map(|topic| TopicHit {
                    id: topic.id.to_string(),
                    block: topic.block.to_string(),
                    score: round(topic.score),
                    evidence: topic.evidence.iter().map(Into::into).collect(),
                })
                .collect(),
            intent: analysis.intent,
            sentiment: Sentiment { label: analysis.sentiment.label, score: round(analysis.sentiment.score) },
            severity: analysis.severity.level(),
            danger: analysis.danger.iter().map(Into::into).collect(),
            places: analysis.places.iter().map(Into::into).collect(),
            locality: analysis.locality.as_ref().map(|locality| Locality {
                municipality: locality.municipality.to_string(),
                name: locality.name.clone(),
                by: locality.by,
            }),
            versions: Versions {
                dictionary: analysis.versions.dictionary.clone(),
                models: analysis.versions.models.clone(),
            },
        }
    }
}

impl From<&domain::PlaceMention> for PlaceMention {
    fn from(place: &domain::PlaceMention) -> Self {
        Self {
            id: place.id.to_string(),
            name: place.name.clone(),
            kind: place.kind,
            start: place.span.start,
            end: place.span.end,
            score: round(place.score),
            lat: place.point.map(GeoPoint::lat),
            lon: place.point.map(GeoPoint::lon),
            municipality: place.municipality.as_ref().map(ToString::to_string),
        }
    }
}

impl From<Analysis> for domain::Analysis {
    fn from(analysis: Analysis) -> Self {
        Self {
            id: domain::PostId::new(analysis.id),
            language: domain::Language {
                code: analysis.language.code.into(),
                confidence: analysis.language.confidence,
            },
            topics: analysis
                .topics
                .into_iter()
                .map(|topic| domain::TopicHit {
                    id: domain::TopicId::new(topic.id),
                    block: domain::BlockId::new(topic.block),
                    score: topic.score,
                    evidence: topic.evidence.into_iter().map(Into::into).collect(),
                })
                .collect(),
            intent: analysis.intent,
            sentiment: domain::Sentiment { label: analysis.sentiment.label, score: analysis.sentiment.score },
            severity: Severity::new(analysis.severity),
            danger: analysis.danger.into_iter().map(Into::into).collect(),
            places: analysis
                .places
                .into_iter()
                .map(|place| domain::PlaceMention {
                    id: domain::PlaceId::new(place.id),
                    name: place.name,
                    kind: place.kind,
                    span: Span { start: place.start, end: place.end },
                    score: place.score,
                    point: place.lat.zip(place.lon).and_then(|(lat, lon)| GeoPoint::new(lat, lon)),
                    municipality: place.municipality.map(domain::PlaceId::new),
                })
                .collect(),
            locality: analysis.locality.map(|locality| domain::Locality {
                municipality: domain::PlaceId::new(locality.municipality),
                name: locality.name,
                by: locality.by,
            }),
            versions: domain::Versions { dictionary: analysis.versions.dictionary, models: analysis.versions.models },
        }
    }
}

/// Four decimals say all a score can say and keep messages short.
pub(crate) fn round(score: f32) -> f32 {
    (score * 10_000.0).round() / 10_000.0
}
