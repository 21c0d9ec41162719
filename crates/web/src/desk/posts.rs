//! Posts as pages show them, with the reason each stands where it stands.

use otklik_domain::{GroupEvidence, Network, Post, PostId, PostKind, SentimentLabel};
use otklik_ports::PostRow;

use super::{
    marked::{Piece, Wanted, evidence, pieces},
    rows::{When, key, network_class},
    say::{Moments, NBSP, VIEWS, intent, network, number, score},
};
use crate::Catalogue;

/// Topics named below a post.
const TOPICS_MAX: usize = 3;

/// A post.
#[derive(Debug, Clone)]
pub(crate) struct PostCard {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) network: Network,
    pub(crate) network_class: &'static str,
    pub(crate) network_name: &'static str,
    pub(crate) community: String,
    pub(crate) kind: &'static str,
    pub(crate) when: When,
    pub(crate) url: Option<String>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) intent: &'static str,
    pub(crate) negative: bool,
    pub(crate) topics: Vec<String>,
    /// Why it is in its event.
    pub(crate) why: Vec<String>,
    pub(crate) reach: String,
    pub(crate) is_origin: bool,
    pub(crate) is_repeat: bool,
    pub(crate) event: String,
}

impl PostCard {
    /// A post with the words marked that the analysis rests on.
    pub(crate) fn new(row: &PostRow, origin: Option<&PostId>, names: &Catalogue, moments: &Moments) -> Self {
        let wanted = evidence(&row.analysis, |topic| names.topic_name(topic).to_owned());
        Self::marked(row, &wanted, origin, names, moments)
    }

    /// A post with other words marked.
    pub(crate) fn marked(
        row: &PostRow,
        wanted: &[Wanted],
        origin: Option<&PostId>,
        names: &Catalogue,
        moments: &Moments,
    ) -> Self {
        let post = &row.post;
        let topics = row.analysis.topics.iter().take(TOPICS_MAX);
        Self {
            id: post.id.to_string(),
            key: key(post.id.as_str()),
            network: post.network,
            network_class: network_class(post.network),
            network_name: network(post.network),
            community: post.community.as_ref().map(|community| community.name.clone()).unwrap_or_default(),
            kind: kind(post.kind),
            when: When::new(post.published_at, moments),
            url: link(post),
            pieces: pieces(&post.text, wanted),
            intent: intent(row.analysis.intent),
            negative: row.analysis.sentiment.label == SentimentLabel::Negative,
            topics: topics.map(|topic| topic_words(names.topic_name(&topic.id), topic.score)).collect(),
            why: row.group.evidence.iter().map(|evidence| why(evidence, names)).collect(),
            reach: reach(post),
            is_origin: origin == Some(&post.id),
            is_repeat: row.group.duplicate_of.is_some(),
            event: row.group.event.to_string(),
        }
    }
}

fn kind(kind: PostKind) -> &'static str {
    match kind {
        PostKind::Post => "",
        PostKind::Comment => "комментарий",
        PostKind::Appeal => "обращение",
    }
}

/// The link to the public post; only to the web.
fn link(post: &Post) -> Option<String> {
    post.url.clone().filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}

fn topic_words(name: &str, value: f32) -> String {
    format!("{name}{NBSP}{}", score(value))
}

fn reach(post: &Post) -> String {
    let metrics = post.metrics;
    let mut said = Vec::new();
    if metrics.views > 0 {
        said.push(VIEWS.of(metrics.views));
    }
    if metrics.reposts > 0 {
        said.push(format!("репостов{NBSP}{}", number(metrics.reposts)));
    }
    if metrics.comments > 0 {
        said.push(format!("комментариев{NBSP}{}", number(metrics.comments)));
    }
    said.join(", ")
}

fn why(evidence: &GroupEvidence, names: &Catalogue) -> String {
    match evidence {
        GroupEvidence::Text { similarity, .. } => {
            format!("текст похож на{NBSP}другой пост события ({})", score(*similarity))
        }
        GroupEvidence::Topic { topic } => format!("та{NBSP}же тема: {}", names.topic_name(topic)),
        GroupEvidence::Place { name, .. } => format!("то{NBSP}же место: {name}"),
        GroupEvidence::Distance { metres } => {
            format!("{}{NBSP}м от{NBSP}места события", number(metres.max(0.0).round() as u64))
        }
        GroupEvidence::Repost { .. } => "репост поста этого события".to_owned(),
        GroupEvidence::Reply { .. } => format!("комментарий к{NBSP}посту события"),
        GroupEvidence::Person => "добавлен сотрудником".to_owned(),
    }
}
