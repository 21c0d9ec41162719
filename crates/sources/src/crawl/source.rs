//! A source: one community, channel, feed or search.

use jiff::SignedDuration;
use otklik_domain::Network;

use super::target::Target;

/// The lag that is promised where nothing else is said.
const PROMISE: SignedDuration = SignedDuration::from_hours(24);

/// One community, channel, feed or search to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its network.
    pub network: Network,
    /// Its id, as it is configured: the words of its target.
    pub id: String,
    /// What it is.
    pub target: Target,
    /// The region its posts belong to.
    pub region: String,
    /// How much its posts count: 1 as others.
    pub weight: f64,
    /// The lag promised for it.
    pub promise: SignedDuration,
}

/// What is wrong with a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceProblem(pub String);

impl Source {
    /// A source like others.
    ///
    /// # Errors
    /// The id is none of its network, or the network is not crawled.
    pub fn new(network: Network, id: &str, region: &str) -> Result<Self, SourceProblem> {
        let target = Target::parse(network, id)?;
        let (id, region) = (target.to_string(), region.to_owned());
        Ok(Self { network, id, target, region, weight: 1.0, promise: PROMISE })
    }

    /// The name of its cursor in the log.
    pub fn cursor(&self) -> String {
        format!("crawl:{}:{}", self.network.as_str(), self.id)
    }

    /// What the ids of all its posts begin with.
    pub(super) fn id_prefix(&self) -> String {
        match &self.target {
            Target::Wall(owner) => format!("vk:{owner}_"),
            Target::Board(group) => format!("vk:topic-{group}_"),
            Target::Channel(name) => format!("telegram:{}/", name.to_lowercase()),
            _ => format!("{}:", self.network.as_str()),
        }
    }

    /// What the ids of all comments of a post begin with; the post is named by the end of its id.
    pub(super) fn comment_prefix(&self, post: &str) -> String {
        match self.network {
            Network::Facebook => self.id_prefix(),
            _ => format!("{}{post}_r", self.id_prefix()),
        }
    }
}
