//! The map of what is covered: of each source, how fresh it is, and what stands in the way.

use jiff::Timestamp;
use otklik_domain::Network;
use serde::Serialize;

use super::crawler::Crawl;
use crate::schedule::{Policy, plan};

/// What is known of the coverage of a source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// The crawl it belongs to.
    pub crawl: String,
    /// Its network.
    #[serde(serialize_with = "network")]
    pub network: Network,
    /// Its id.
    pub id: String,
    /// Its name, as it says; empty before it was read.
    pub name: String,
    /// The region of its posts.
    pub region: String,
    /// Posts and, by a tenth, comments expected in a day.
    pub posts_a_day: f64,
    /// Readings planned for a day.
    pub reads_a_day: f64,
    /// Mean time from publishing to reading by the plan, in minutes.
    pub lag_minutes: f64,
    /// When it answered last.
    pub answered_at: Option<Timestamp>,
    /// Lists that its crawl may still read today.
    pub quota_left: Option<u32>,
    /// The last trouble, until it answers again: kind and words.
    pub trouble: Option<(String, String)>,
    /// Since when posts may be missing: from the last answer before a trouble, or what lay beyond the pages read.
    pub not_covered_since: Option<Timestamp>,
}

fn network<S: serde::Serializer>(network: &Network, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(network.as_str())
}

impl Crawl {
    /// The coverage of its sources, those with the most to read first.
    pub fn coverage(&self) -> Vec<Coverage> {
        let now = self.ports.clock.now();
        let candidates = self.candidates(now);
        let lane = self.asks.list_lane();
        let quota_left = self.budgets.left(&lane, now);
        let lines = plan(&candidates, self.config.limits.lists_a_day, self.config.policy);
        let coverage = lines.into_iter().filter_map(|line| {
            let (watched, candidate) = (self.sources.get(line.index)?, candidates.get(line.index)?);
            let state = &watched.state;
            let is_stopped =
                state.trouble.is_some() || self.budgets.blocked_until(&watched.main_lane.name, now).is_some();
            // The plan cannot read a source more often than its shortest gap allows.
            let reads_max = 86_400.0 / self.config.limits.source_gap.as_secs_f64().max(1.0);
            let reads_a_day = line.reads_a_day.min(reads_max);
            Some(Coverage {
                crawl: self.config.name.clone(),
                network: watched.source.network,
                id: watched.source.id.clone(),
                name: state.name.clone(),
                region: watched.source.region.clone(),
                posts_a_day: candidate.rate * 24.0,
                reads_a_day,
                lag_minutes: 720.0 / reads_a_day.max(1e-3),
                answered_at: state.answered_at,
                quota_left,
                trouble: state.trouble.as_ref().map(|trouble| (trouble.kind.clone(), trouble.message.clone())),
                not_covered_since: state.gap_since.or(state.answered_at.filter(|_| is_stopped)),
            })
        });
        coverage.collect()
    }

    /// How turns are given.
    pub fn policy(&self) -> Policy {
        self.config.policy
    }
}
