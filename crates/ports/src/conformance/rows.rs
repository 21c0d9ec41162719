//! Posts and events for the suites: plain ones to change, and one with every field set.

use jiff::Timestamp;
use otklik_domain::{
    Analysis, AuthorKey, BlockId, Community, Event, EventId, EventTotals, Evidence, EvidenceSource, GeoPoint, Group,
    GroupEvidence, Intent, Language, Locality, LocatedBy, Metrics, Network, PlaceId, PlaceKind, PlaceMention, Post,
    PostId, PostKind, RegionId, Risk, Sentiment, SentimentLabel, Severity, Span, TopicHit, TopicId, Versions,
};

use crate::PostRow;

/// A time given as RFC 3339.
///
/// # Panics
/// When it is not one.
pub fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// A post of a network with nothing but a text, version 1, in an event of its own.
pub fn row(id: &str, published_at: &str, text: &str) -> PostRow {
    let post_id = PostId::from(id);
    PostRow {
        post: Post {
            id: post_id.clone(),
            network: Network::Vk,
            kind: PostKind::Post,
            url: None,
            community: None,
            author: None,
            published_at: at(published_at),
            text: text.to_owned(),
            reply_to: None,
            repost_of: None,
            metrics: Metrics::default(),
            geo: None,
            region: None,
            labels: Vec::new(),
        },
        analysis: Analysis {
            id: post_id.clone(),
            language: Language { code: "ru".into(), confidence: 1.0 },
            topics: Vec::new(),
            intent: Intent::Other,
            sentiment: Sentiment { label: SentimentLabel::Neutral, score: 0.0 },
            severity: Severity::default(),
            danger: Vec::new(),
            places: Vec::new(),
            locality: None,
            versions: Versions::default(),
        },
        group: Group {
            id: post_id,
            duplicate_of: None,
            near_duplicate_of: None,
            similarity: 0.0,
            event: EventId::from(format!("event of {id}").as_str()),
            event_new: true,
            evidence: Vec::new(),
        },
        version: 1,
    }
}

/// A post with every field set, each to a value that is hard to keep.
pub fn full_row(id: &str, published_at: &str) -> PostRow {
    let mut row =
        row(id, published_at, "Яма «на» дороге: 'кавычки', \"ещё\", \\n, \n\t\u{0}, {p:String} ?? 🚧 e\u{301}");
    let evidence = Evidence {
        source: EvidenceSource::Model,
        rule: "roads.potholes#3".to_owned(),
        text: "Яма «на» дороге".to_owned(),
        span: Span { start: 0, end: 15 },
    };
    row.post = Post {
        network: Network::Telegram,
        kind: PostKind::Appeal,
        url: Some("https://t.me/example/1?single&x='1'".to_owned()),
        community: Some(Community { id: "-1".to_owned(), name: "Город \"N\"".to_owned() }),
        author: Some(AuthorKey::from("0123abcd")),
        reply_to: Some(PostId::from("telegram:example/0")),
        repost_of: Some(PostId::from("vk:-1_1")),
        metrics: Metrics { views: u64::MAX, likes: 2, reposts: 3, comments: 4, followers: 5 },
        geo: GeoPoint::new(56.852_593, 53.204_843),
        region: Some(RegionId::from("udm")),
        labels: vec![("category".to_owned(), "Дороги, 'ямы'".to_owned()), ("тема \\".to_owned(), String::new())],
        ..row.post
    };
    row.analysis = Analysis {
        language: Language { code: "tt".into(), confidence: 0.8125 },
        topics: vec![
            TopicHit { evidence: vec![evidence.clone()], ..topic("roads.potholes", 0.75) },
            topic("utilities.drains", 0.25),
        ],
        intent: Intent::Complaint,
        sentiment: Sentiment { label: SentimentLabel::Negative, score: -0.5 },
        severity: Severity::DANGER,
        danger: vec![evidence],
        places: vec![
            PlaceMention {
                point: GeoPoint::new(56.5, 53.25), ..place("street:ленина:12", Some("udm.izhevsk"), 0.5)
            },
            place("region:udm", None, 1.0),
        ],
        locality: Some(Locality { by: LocatedBy::Text, ..locality("udm.izhevsk") }),
        versions: Versions { dictionary: "d1".to_owned(), models: vec!["m1".to_owned(), "m2".to_owned()] },
        ..row.analysis
    };
    row.group = Group {
        duplicate_of: Some(PostId::from("vk:1")),
        near_duplicate_of: Some(PostId::from("vk:2")),
        similarity: 0.875,
        event_new: false,
        evidence: vec![
            GroupEvidence::Text { post: PostId::from("vk:2"), similarity: 0.875 },
            GroupEvidence::Topic { topic: TopicId::from("roads.potholes") },
            GroupEvidence::Place {
                place: PlaceId::from("street:ленина:12"), name: "улица Ленина, 12".to_owned()
            },
            GroupEvidence::Distance { metres: 250.0 },
            GroupEvidence::Repost { post: PostId::from("vk:-1_1") },
            GroupEvidence::Reply { post: PostId::from("telegram:example/0") },
            GroupEvidence::Person,
        ],
        ..row.group
    };
    row.version = 1 << 60;
    row
}

/// A topic of the block its id names, without evidence.
pub fn topic(id: &str, score: f32) -> TopicHit {
    TopicHit { id: TopicId::from(id), block: TopicId::from(id).block(), score, evidence: Vec::new() }
}

/// A place named at the beginning of a text.
pub fn place(id: &str, municipality: Option<&str>, score: f32) -> PlaceMention {
    PlaceMention {
        id: PlaceId::from(id),
        name: id.to_owned(),
        kind: PlaceKind::Street,
        span: Span { start: 0, end: 3 },
        score,
        point: None,
        municipality: municipality.map(PlaceId::from),
    }
}

/// A municipality as the home of a post's community.
pub fn locality(municipality: &str) -> Locality {
    Locality { municipality: PlaceId::from(municipality), name: municipality.to_owned(), by: LocatedBy::Community }
}

/// An event with one post and nothing known about it, version 1.
pub fn event(id: &str, first_at: &str, last_at: &str) -> Event {
    Event {
        id: EventId::from(id),
        version: 1,
        region: RegionId::from("udm"),
        title: String::new(),
        summary: String::new(),
        topic: None,
        block: BlockId::from("other"),
        place: None,
        place_name: String::new(),
        municipality: None,
        point: None,
        severity: Severity::default(),
        danger: Vec::new(),
        origin: PostId::from("vk:1"),
        first_at: at(first_at),
        last_at: at(last_at),
        totals: EventTotals { posts: 1, authors: 1, ..EventTotals::default() },
        risk: Risk::default(),
        merged: Vec::new(),
    }
}

/// An event with every field set.
pub fn full_event(id: &str, first_at: &str, last_at: &str) -> Event {
    Event {
        version: 1 << 60,
        title: "Яма: «ул. Ленина» 'x' \\ \n\u{0}".to_owned(),
        summary: "Два \"предложения\". ?".to_owned(),
        topic: Some(TopicId::from("roads.potholes")),
        block: BlockId::from("roads"),
        place: Some(PlaceId::from("street:ленина:12")),
        place_name: "улица Ленина, 12".to_owned(),
        municipality: Some(PlaceId::from("udm.izhevsk")),
        point: GeoPoint::new(-56.5, 0.0),
        severity: Severity::new(4),
        danger: vec!["люк".to_owned(), "провал".to_owned()],
        totals: EventTotals {
            posts: u32::MAX,
            authors: 2,
            appeals: 3,
            complaints: 4,
            views: u64::MAX,
            networks: vec![(Network::Vk, 1), (Network::Rss, 2)],
        },
        risk: Risk { harm: 0.5, growth: 0.25, unanswered: 1.0 },
        merged: vec![EventId::from("a"), EventId::from("b'")],
        ..event(id, first_at, last_at)
    }
}
