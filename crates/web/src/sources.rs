//! What the crawler covers, as it tells: the map of sources.

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Network, RegionId};
use otklik_ports::PortResult;

/// Knows what is covered. The binary fills it in: the crawler itself, or what it wrote into the log.
#[async_trait]
pub trait Sources: Send + Sync {
    /// What is known of every source that is configured.
    ///
    /// # Errors
    /// Those of the log.
    async fn coverage(&self) -> PortResult<Coverage>;
}

/// What is known of the sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// Who says so.
    pub teller: Teller,
    /// The sources.
    pub sources: Vec<CoveredSource>,
}

/// Who says what is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Teller {
    /// The crawler, which runs in this process.
    Crawler,
    /// The log: the crawler runs elsewhere and writes there what it knows, some minutes late.
    Log,
    /// Nobody: no crawler runs here, and nothing is known of one elsewhere.
    Nobody,
}

impl Teller {
    /// Its fixed name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Crawler => "crawler",
            Self::Log => "log",
            Self::Nobody => "nobody",
        }
    }
}

/// What is known of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct CoveredSource {
    /// The crawl it belongs to: sources of one crawl share a token and its limits.
    pub crawl: String,
    /// Its network.
    pub network: Network,
    /// Its id: a wall's number, a channel's name, a feed's address.
    pub id: String,
    /// Its name, as it says; empty before it was read.
    pub name: String,
    /// The region of its posts.
    pub region: RegionId,
    /// Publications expected in a day.
    pub posts_a_day: f64,
    /// Readings planned for a day.
    pub reads_a_day: f64,
    /// Mean time from publishing to reading, by the plan, in minutes.
    pub planned_lag_minutes: f64,
    /// The same as it was of late.
    pub lag_minutes: Option<f64>,
    /// When it answered last.
    pub answered_at: Option<Timestamp>,
    /// Lists that its crawl may still read today; `None` where that is not limited or not known here.
    pub quota_left: Option<u32>,
    /// The last trouble, until it answers again.
    pub trouble: Option<SourceTrouble>,
    /// Since when publications may be missing.
    pub not_covered_since: Option<Timestamp>,
}

/// What stands in the way of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTrouble {
    /// Its kind, a fixed name.
    pub kind: String,
    /// The words of the network.
    pub message: String,
    /// What the crawler does about it, a fixed name; empty where it was not kept.
    pub action: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// When the source is asked again; `None` at its next turn, or once somebody has seen to it.
    pub again_at: Option<Timestamp>,
}
