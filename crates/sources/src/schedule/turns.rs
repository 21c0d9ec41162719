//! Turns: whose is the next one, and when.

use jiff::{SignedDuration, Timestamp};

use super::{
    budget::{Budgets, Lane, begin_of, day_of},
    profile::{Profile, span},
};

/// Shortest stretch a day's rest is spread over: calls left at the very end of a window are not fired all at once.
const REST_HOURS_MIN: f64 = 0.05;

/// How turns are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// To the source behind which most is expected to wait.
    #[default]
    Value,
    /// To each source in turn, at an even pace. Kept to be measured against.
    RoundRobin,
}

/// What is known about a source that may be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Posts and comments expected in an hour of average share.
    pub rate: f64,
    /// When it was read last.
    pub read_at: Timestamp,
    /// Not to be read before this.
    pub earliest: Timestamp,
    /// How much its posts count: raised by a promise of short lag and by incidents of late.
    pub weight: f64,
    /// The lag that was promised for it.
    pub promise: SignedDuration,
}

/// What is expected to wait behind a source, in post-hours, by its weight. Beyond the promised lag it counts more and more.
pub fn waiting(candidate: &Candidate, profile: &Profile, now: Timestamp) -> f64 {
    let expected = candidate.rate * profile.waiting(candidate.read_at, now);
    let promise = candidate.promise.as_secs_f64().max(60.0);
    let late = (now.duration_since(candidate.read_at).as_secs_f64() / promise - 1.0).max(0.0);
    candidate.weight * expected * (1.0 + late.min(3.0))
}

impl Policy {
    /// The source whose turn it is; `None` when none may be read yet.
    pub fn pick(self, candidates: &[Candidate], profile: &Profile, now: Timestamp) -> Option<usize> {
        let ready = candidates.iter().enumerate().filter(|(_, candidate)| candidate.earliest <= now);
        match self {
            Self::Value => ready
                .map(|(index, candidate)| (index, waiting(candidate, profile, now)))
                .max_by(|(_, a), (_, b)| a.total_cmp(b))
                .map(|(index, _)| index),
            Self::RoundRobin => ready.min_by_key(|(_, candidate)| candidate.read_at).map(|(index, _)| index),
        }
    }

    /// How the calls of a day are spread over it.
    fn spread(self, profile: &Profile) -> Profile {
        match self {
            Self::Value => profile.of_calls(),
            Self::RoundRobin => Profile::default(),
        }
    }
}

/// When the next call of a lane is made, so that what is left lasts until the end of its window. A lane without a daily budget
/// goes as fast as it may. The moment may lie in the past: then it is now.
pub fn next_slot(budgets: &Budgets, lane: &Lane, policy: Policy, profile: &Profile, now: Timestamp) -> Timestamp {
    let Some(left) = budgets.left(lane, now) else { return now };
    let Some(last) = budgets.last(lane) else { return now };
    let next_window = begin_of(day_of(now) + 1);
    if left == 0 {
        return next_window;
    }
    let spread = policy.spread(profile);
    let rest = spread.hours(last.max(begin_of(day_of(now))), next_window).max(REST_HOURS_MIN);
    let pause = rest / f64::from(left) / spread.at(last).max(0.01);
    // A pause computed at night may reach into the morning, when calls are worth more: it is looked at again within the hour.
    last.saturating_add(span(pause.min(1.0))).unwrap_or(next_window)
}

/// A line of the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planned {
    /// The place of the source among the candidates.
    pub index: usize,
    /// Reads expected in the next 24 hours.
    pub reads_a_day: f64,
    /// Mean wait of its posts until they are read, in hours of average share.
    pub lag_hours: f64,
}

/// The plan for a day: how often each source will be read when `calls` a day are spread by the policy, and what lag comes of
/// it. The largest expected waiting first.
pub fn plan(candidates: &[Candidate], calls: u32, policy: Policy) -> Vec<Planned> {
    let roots: Vec<f64> = candidates
        .iter()
        .map(|candidate| match policy {
            Policy::Value => (candidate.weight * candidate.rate).max(0.0).sqrt(),
            Policy::RoundRobin => 1.0,
        })
        .collect();
    let total: f64 = roots.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut plan: Vec<Planned> = roots
        .iter()
        .enumerate()
        .map(|(index, root)| {
            let reads_a_day = f64::from(calls) * root / total;
            Planned { index, reads_a_day, lag_hours: 12.0 / reads_a_day.max(1e-3) }
        })
        .collect();
    plan.sort_by(|a, b| b.reads_a_day.total_cmp(&a.reads_a_day).then(a.index.cmp(&b.index)));
    plan
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::Limit;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn candidate(rate: f64, read_at: &str) -> Candidate {
        let read_at = at(read_at);
        Candidate { rate, read_at, earliest: read_at, weight: 1.0, promise: SignedDuration::from_hours(24) }
    }

    fn pick(policy: Policy, candidates: &[Candidate]) -> Option<usize> {
        policy.pick(candidates, &Profile::default(), at("2026-03-01T12:00:00Z"))
    }

    #[test]
    fn the_most_waiting_goes_first() {
        // 4 posts an hour for 1 hour: 2 post-hours; 1 an hour for 3 hours: 4.5.
        let sources = [candidate(4.0, "2026-03-01T11:00:00Z"), candidate(1.0, "2026-03-01T09:00:00Z")];
        assert_eq!(pick(Policy::Value, &sources), Some(1));
        assert_eq!(pick(Policy::RoundRobin, &sources), Some(1));
        let busy = [candidate(40.0, "2026-03-01T11:00:00Z"), sources[1]];
        assert_eq!((pick(Policy::Value, &busy), pick(Policy::RoundRobin, &busy)), (Some(0), Some(1)));
        let trouble = [Candidate { weight: 3.0, ..sources[0] }, sources[1]];
        assert_eq!(pick(Policy::Value, &trouble), Some(0), "incidents of late");
        let promised = [Candidate { promise: SignedDuration::from_mins(15), ..sources[0] }, sources[1]];
        assert_eq!(pick(Policy::Value, &promised), Some(0), "a promise that is broken already");
        let resting = [sources[0], Candidate { earliest: at("2026-03-01T13:00:00Z"), ..sources[1] }];
        assert_eq!(pick(Policy::Value, &resting), Some(0));
        assert_eq!(pick(Policy::Value, &[]), None);
    }

    #[test]
    fn a_budget_lasts_the_whole_day() {
        let lane = Lane { name: "a".into(), limit: Limit { gap: SignedDuration::ZERO, per_day: Some(500) } };
        let noon = at("2026-03-01T12:00:00Z");
        let busy_at_noon = Profile::of((0..500).map(|_| noon));
        for (policy, profile) in [(Policy::RoundRobin, Profile::default()), (Policy::Value, busy_at_noon)] {
            let mut budgets = Budgets::default();
            let begin = at("2026-03-01T21:00:00Z");
            let end = at("2026-03-02T21:00:00Z");
            let mut now = begin;
            let mut calls = Vec::new();
            while now < end {
                let slot = next_slot(&budgets, &lane, policy, &profile, now);
                if slot > now {
                    now = slot;
                } else if budgets.take(std::slice::from_ref(&lane), now) {
                    calls.push(now);
                }
            }
            assert!((480..=500).contains(&calls.len()), "{policy:?}: {}", calls.len());
            let morning = calls.iter().filter(|call| **call < at("2026-03-02T09:00:00Z")).count();
            let last_hour = calls.iter().filter(|call| **call >= at("2026-03-02T20:00:00Z")).count();
            assert!(morning > 150 && last_hour < 60, "{policy:?}: {morning} {last_hour}");
        }
    }

    #[test]
    fn a_plan_reads_by_the_root_of_the_rate() {
        let sources = [candidate(1.0, "2026-03-01T11:00:00Z"), candidate(16.0, "2026-03-01T11:00:00Z")];
        let plan = plan(&sources, 50, Policy::Value);
        assert_eq!((plan[0].index, plan[1].index), (1, 0));
        assert!((plan[0].reads_a_day - 40.0).abs() < 1e-9 && (plan[1].lag_hours - 1.2).abs() < 1e-9);
    }

    proptest! {
        /// The root of the rates is never worse than an even share, and reads add up to the calls.
        #[test]
        fn the_plan_waits_no_longer_than_an_even_one(rates in prop::collection::vec(0.001f64..100.0, 1..50)) {
            let sources: Vec<Candidate> = rates.iter().map(|rate| candidate(*rate, "2026-03-01T11:00:00Z")).collect();
            let lag = |policy| -> f64 {
                plan(&sources, 1_000, policy).iter().map(|line| sources[line.index].rate * line.lag_hours).sum()
            };
            prop_assert!(lag(Policy::Value) <= lag(Policy::RoundRobin) * (1.0 + 1e-9));
            let reads: f64 = plan(&sources, 1_000, Policy::Value).iter().map(|line| line.reads_a_day).sum();
            prop_assert!((reads - 1_000.0).abs() < 1e-6);
        }
    }
}
