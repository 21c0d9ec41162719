//! What was read from one post, with the evidence for each decision.

use std::borrow::Cow;

use crate::{
    geo::GeoPoint,
    ids::{BlockId, PlaceId, PostId, TopicId},
    names::named_enum,
};

/// A stretch of a text in Unicode scalar values, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First character.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
}

/// The language of a post.
#[derive(Debug, Clone, PartialEq)]
pub struct Language {
    /// ISO 639 code (`ru`, `tt`, `udm`), or `und` when the text does not tell.
    pub code: Cow<'static, str>,
    /// 0..1.
    pub confidence: f32,
}

named_enum! {
    /// What produced a piece of evidence.
    "evidence source" EvidenceSource {
        /// A rule of the dictionary.
        Dictionary = "dictionary",
        /// A trained model.
        Model = "model",
    }
}

/// The words behind a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Dictionary or model.
    pub source: EvidenceSource,
    /// The rule, such as `roads.potholes#3`, or the model's name.
    pub rule: String,
    /// The words of the post.
    pub text: String,
    /// Where they stand.
    pub span: Span,
}

/// A topic recognised in a post.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicHit {
    /// The topic.
    pub id: TopicId,
    /// Its block.
    pub block: BlockId,
    /// 0..1.
    pub score: f32,
    /// The words behind it.
    pub evidence: Vec<Evidence>,
}

named_enum! {
    /// What the author wants.
    "intent" Intent {
        /// Something is wrong and somebody should mend it.
        Complaint = "complaint",
        /// An answer is wanted.
        Question = "question",
        /// Something new is asked for.
        Request = "request",
        /// Thanks or praise.
        Thanks = "thanks",
        /// A neutral account, such as news.
        Report = "report",
        /// Anything else: chatter, advertisements.
        Other = "other",
    }
}

named_enum! {
    /// Polarity of a text.
    "sentiment" SentimentLabel {
        /// Displeased.
        Negative = "negative",
        /// Neither.
        Neutral = "neutral",
        /// Pleased.
        Positive = "positive",
    }
}

/// The sentiment of a post.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sentiment {
    /// Polarity.
    pub label: SentimentLabel,
    /// −1 (negative) to 1 (positive).
    pub score: f32,
}

/// How bad the thing described is, 0 (nothing to mend) to 5 (people in danger).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Severity(u8);

impl Severity {
    /// Danger to people.
    pub const DANGER: Self = Self(5);

    /// Makes a severity; values above 5 become 5.
    pub fn new(level: u8) -> Self {
        Self(level.min(5))
    }

    /// The level, 0..=5.
    pub fn level(self) -> u8 {
        self.0
    }
}

named_enum! {
    /// What kind of place a mention names.
    "place kind" PlaceKind {
        /// A constituent of the Federation.
        Region = "region",
        /// A municipal district or urban okrug.
        Municipality = "municipality",
        /// A town or village.
        Settlement = "settlement",
        /// A part of a town.
        District = "district",
        /// A street, with a house when one is named.
        Street = "street",
        /// Anything else with a name: a school, a hospital, a bridge.
        Landmark = "landmark",
    }
}

/// A place named in a post.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceMention {
    /// The place of the gazetteer, or an id made from the words (`street:ленина:12`).
    pub id: PlaceId,
    /// Its usual name.
    pub name: String,
    /// Its kind.
    pub kind: PlaceKind,
    /// Where it is named.
    pub span: Span,
    /// 0..1: how sure it is that the words name this place.
    pub score: f32,
    /// Coordinates, where they are known.
    pub point: Option<GeoPoint>,
    /// The municipality of the gazetteer it lies in, or itself.
    pub municipality: Option<PlaceId>,
}

named_enum! {
    /// What tells where a post belongs.
    "located by" LocatedBy {
        /// A place named in the text.
        Text = "text",
        /// The home of the community it appeared in.
        Community = "community",
        /// Coordinates given by the source.
        Coordinates = "coordinates",
    }
}

/// The municipality a post belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locality {
    /// The municipality.
    pub municipality: PlaceId,
    /// Its usual name.
    pub name: String,
    /// What tells so.
    pub by: LocatedBy,
}

/// What an analysis was made with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Versions {
    /// Version of the dictionaries: a hash of their content.
    pub dictionary: String,
    /// Versions of the models used, in order.
    pub models: Vec<String>,
}

/// Everything read from one post.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The post.
    pub id: PostId,
    /// Its language.
    pub language: Language,
    /// Its topics, best first.
    pub topics: Vec<TopicHit>,
    /// What the author wants.
    pub intent: Intent,
    /// Polarity.
    pub sentiment: Sentiment,
    /// How bad it is.
    pub severity: Severity,
    /// Words that tell of danger to people, with the rule that found each.
    pub danger: Vec<Evidence>,
    /// Places named, in order of appearance.
    pub places: Vec<PlaceMention>,
    /// The municipality it belongs to, where anything tells.
    pub locality: Option<Locality>,
    /// What this was made with.
    pub versions: Versions,
}
