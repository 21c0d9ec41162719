//! The map of what is covered: of each source, how fresh it is, and what stands in the way.

use jiff::{SignedDuration, Timestamp};
use otklik_domain::Network;
use serde::Serialize;

use super::{
    crawler::{Crawl, Watched},
    state::Trouble,
    target::Lists,
};
use crate::{
    fault::Action,
    schedule::{Candidate, Lane, Policy, plan},
};

/// A wait of this length is no wait: somebody must do something.
const FOR_GOOD: SignedDuration = SignedDuration::from_hours(7 * 24);

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
    /// Posts expected in a day.
    pub posts_a_day: f64,
    /// Readings planned for a day.
    pub reads_a_day: f64,
    /// Mean time from publishing to reading by the plan, in minutes.
    pub lag_minutes: f64,
    /// The same as it was of late; `None` before anything new was read.
    pub seen_lag_minutes: Option<f64>,
    /// When it answered last.
    pub answered_at: Option<Timestamp>,
    /// Lists that its crawl may still read today.
    pub quota_left: Option<u32>,
    /// The last trouble, until it answers again.
    pub trouble: Option<Standing>,
    /// Since when posts may be missing: from the last answer before a trouble, or what lay beyond the pages read.
    pub not_covered_since: Option<Timestamp>,
}

/// What stands in the way of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// What kind of trouble: of [`crate::fault::Kind`], or why it was not reached.
    pub kind: String,
    /// The network's words.
    pub message: String,
    /// What is done about it.
    pub action: Option<Action>,
    /// When it happened last.
    pub at: Timestamp,
    /// When the source is asked again; `None` when somebody must see to it first, or at its next turn.
    pub again_at: Option<Timestamp>,
}

fn network<S: serde::Serializer>(network: &Network, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(network.as_str())
}

impl Crawl {
    /// The coverage of its sources, those with the most to read first.
    pub fn coverage(&self) -> Vec<Coverage> {
        let now = self.ports.clock.now();
        let candidates = self.candidates(now);
        let mut coverage = Vec::with_capacity(self.sources.len());
        for lists in Lists::ALL {
            let kind = |index: &usize| self.sources.get(*index).map(|watched| watched.source.target.lists());
            let indices: Vec<usize> = (0..self.sources.len()).filter(|index| kind(index) == Some(lists)).collect();
            let own: Vec<Candidate> = indices.iter().filter_map(|index| candidates.get(*index)).copied().collect();
            for line in plan(&own, self.config.limits.a_day(lists), self.config.policy) {
                let watched = indices.get(line.index).and_then(|index| self.sources.get(*index));
                let rate = own.get(line.index).map_or(0.0, |candidate| candidate.rate);
                coverage.extend(watched.map(|watched| self.covered(watched, lists, rate, line.reads_a_day, now)));
            }
        }
        coverage
    }

    fn covered(&self, watched: &Watched, lists: Lists, rate: f64, planned: f64, now: Timestamp) -> Coverage {
        let lane = self.asks.list_lane(lists);
        let lists_until = self.budgets.blocked_until(&lane.name, now);
        let state = &watched.state;
        let blocked_until = self.budgets.blocked_until(&watched.main_lane.name, now);
        let stopped = blocked_until.and_then(|_| stopper(&self.sources, &watched.main_lane));
        let trouble = state.trouble.as_ref().or(stopped);
        let is_stopped = trouble.is_some() || blocked_until.is_some();
        // The plan cannot read a source more often than its shortest gap allows.
        let reads_max = 86_400.0 / self.config.limits.source_gap.as_secs_f64().max(1.0);
        let reads_a_day = planned.min(reads_max);
        Coverage {
            crawl: self.config.name.clone(),
            network: watched.source.network,
            id: watched.source.id.clone(),
            name: state.name.clone(),
            region: watched.source.region.clone(),
            posts_a_day: rate * 24.0,
            reads_a_day,
            lag_minutes: 720.0 / reads_a_day.max(1e-3),
            seen_lag_minutes: state.lag,
            answered_at: state.answered_at,
            quota_left: self.budgets.left(&lane, now),
            trouble: trouble.map(|trouble| {
                let again_at = state.rest_until.into_iter().chain(blocked_until).chain(lists_until).max();
                standing(trouble, again_at, now)
            }),
            not_covered_since: state.gap_since.or(state.answered_at.filter(|_| is_stopped)),
        }
    }

    /// How turns are given.
    pub fn policy(&self) -> Policy {
        self.config.policy
    }
}

/// The trouble that stopped the lane of a source, whichever source it happened at.
fn stopper<'a>(sources: &'a [Watched], lane: &Lane) -> Option<&'a Trouble> {
    let of_lane = sources.iter().filter(|watched| watched.main_lane == *lane);
    let stopping = |trouble: &&Trouble| matches!(trouble.action, Some(Action::TokenFault | Action::TellHuman));
    of_lane.filter_map(|watched| watched.state.trouble.as_ref()).filter(stopping).max_by_key(|trouble| trouble.at)
}

fn standing(trouble: &Trouble, again_at: Option<Timestamp>, now: Timestamp) -> Standing {
    Standing {
        kind: trouble.kind.clone(),
        message: trouble.message.clone(),
        action: trouble.action,
        at: trouble.at,
        again_at: again_at.filter(|at| *at > now && at.duration_since(now) < FOR_GOOD),
    }
}
