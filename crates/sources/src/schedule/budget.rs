//! What the limits of networks and hosts leave.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Daily windows begin at midnight in Moscow: VK does not say when its own do, and this is where it lives.
const WINDOW_OFFSET: SignedDuration = SignedDuration::from_hours(3);
const DAY_SECONDS: i64 = 24 * 3600;

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Shortest time between two calls.
    pub gap: SignedDuration,
    /// Calls a day.
    pub per_day: Option<u32>,
}

/// A limit by name. Calls that share a token, a method or a host share a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its name, such as `vk:main` (a token), `vk:main/wall.get` (a method of it), `host:t.me`.
    pub name: String,
    /// What it allows.
    pub limit: Limit,
}

/// What was used of each lane. Saved before each call of a lane with a daily budget, so that no kill makes room twice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Budgets {
    lanes: BTreeMap<String, Used>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Used {
    /// The window, as days since 1970 in the windows' zone.
    day: i64,
    /// Calls in it.
    calls: u32,
    /// The last call, milliseconds since 1970.
    last: i64,
    /// No call before this, milliseconds since 1970: the network said so.
    blocked_until: i64,
}

/// The window a moment lies in.
pub(super) fn day_of(now: Timestamp) -> i64 {
    (now.as_second() + WINDOW_OFFSET.as_secs()).div_euclid(DAY_SECONDS)
}

/// When a window begins.
pub(super) fn begin_of(day: i64) -> Timestamp {
    Timestamp::from_second(day.saturating_mul(DAY_SECONDS) - WINDOW_OFFSET.as_secs()).unwrap_or(Timestamp::MAX)
}

impl Budgets {
    /// The first moment, now or later, at which one more call fits into every lane.
    pub fn free_at(&self, lanes: &[Lane], now: Timestamp) -> Timestamp {
        lanes.iter().map(|lane| self.lane_free_at(lane, now)).max().unwrap_or(now).max(now)
    }

    fn lane_free_at(&self, lane: &Lane, now: Timestamp) -> Timestamp {
        let Some(used) = self.lanes.get(&lane.name) else {
            return if lane.limit.per_day == Some(0) { Timestamp::MAX } else { now };
        };
        let mut at = now.max(millis(used.blocked_until)).max(add(millis(used.last), lane.limit.gap));
        let is_full = lane.limit.per_day.is_some_and(|per_day| used.calls >= per_day);
        if is_full && day_of(at) <= used.day {
            at = begin_of(used.day + 1);
        }
        at
    }

    /// Takes a call out of every lane, or out of none when one has no room.
    pub fn take(&mut self, lanes: &[Lane], now: Timestamp) -> bool {
        if self.free_at(lanes, now) > now {
            return false;
        }
        for lane in lanes {
            let used = self.lanes.entry(lane.name.clone()).or_default();
            let today = day_of(now);
            if used.day < today {
                *used = Used { day: today, calls: 0, ..*used };
            }
            used.calls = used.calls.saturating_add(1);
            used.last = now.as_millisecond();
        }
        true
    }

    /// Closes a lane until a moment.
    pub fn block(&mut self, lane: &str, until: Timestamp) {
        let used = self.lanes.entry(lane.to_owned()).or_default();
        used.blocked_until = used.blocked_until.max(until.as_millisecond());
    }

    /// Closes a lane until its next window.
    pub fn block_for_the_day(&mut self, lane: &str, now: Timestamp) {
        self.block(lane, begin_of(day_of(now) + 1));
    }

    /// Opens what is closed for longer than until a moment.
    pub fn reopen(&mut self, until: Timestamp) {
        for used in self.lanes.values_mut().filter(|used| used.blocked_until > until.as_millisecond()) {
            used.blocked_until = 0;
        }
    }

    /// Calls that are left today; `None` where there is no daily limit.
    pub fn left(&self, lane: &Lane, now: Timestamp) -> Option<u32> {
        let per_day = lane.limit.per_day?;
        let used = self.lanes.get(&lane.name).filter(|used| used.day == day_of(now)).map_or(0, |used| used.calls);
        Some(per_day.saturating_sub(used))
    }

    /// When a lane was last used.
    pub fn last(&self, lane: &Lane) -> Option<Timestamp> {
        self.lanes.get(&lane.name).filter(|used| used.last > 0).map(|used| millis(used.last))
    }

    /// When a lane is open again, if the network closed it.
    pub fn blocked_until(&self, lane: &str, now: Timestamp) -> Option<Timestamp> {
        self.lanes.get(lane).map(|used| millis(used.blocked_until)).filter(|until| *until > now)
    }
}

fn millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

fn add(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lane(name: &str, gap_ms: i64, per_day: Option<u32>) -> Lane {
        Lane { name: name.to_owned(), limit: Limit { gap: SignedDuration::from_millis(gap_ms), per_day } }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_full_day_waits_for_midnight_in_moscow() {
        let lanes = [lane("vk:a", 334, None), lane("vk:a/wall.get", 0, Some(2))];
        let mut budgets = Budgets::default();
        let begin = at("2026-03-01T20:00:00Z");
        assert!(budgets.take(&lanes, begin));
        assert!(!budgets.take(&lanes, begin), "a third of a second has not passed");
        assert_eq!(budgets.free_at(&lanes, begin), at("2026-03-01T20:00:00.334Z"));
        assert!(budgets.take(&lanes, at("2026-03-01T20:00:01Z")));
        assert_eq!(budgets.left(&lanes[1], begin), Some(0));
        assert_eq!(budgets.free_at(&lanes, at("2026-03-01T20:00:02Z")), at("2026-03-01T21:00:00Z"));
        assert!(budgets.take(&lanes, at("2026-03-01T21:00:00Z")));
        assert_eq!(budgets.left(&lanes[1], at("2026-03-01T21:00:00Z")), Some(1));
    }

    #[test]
    fn what_the_network_closes_stays_closed() {
        let lanes = [lane("vk:a/wall.get", 0, Some(2))];
        let mut budgets = Budgets::default();
        let now = at("2026-03-01T10:00:00Z");
        budgets.block_for_the_day("vk:a/wall.get", now);
        assert!(!budgets.take(&lanes, now));
        let saved: Budgets = serde_json::from_str(&serde_json::to_string(&budgets).unwrap()).unwrap();
        assert_eq!(saved.free_at(&lanes, now), at("2026-03-01T21:00:00Z"));
        assert_eq!(saved.blocked_until("vk:a/wall.get", now), Some(at("2026-03-01T21:00:00Z")));
        assert_eq!(Budgets::default().free_at(&[lane("off", 0, Some(0))], now), Timestamp::MAX);
    }

    proptest! {
        /// However calls are tried, no gap is undercut and no day is overdrawn.
        #[test]
        fn no_limit_is_ever_exceeded(steps in prop::collection::vec(0i64..40_000_000, 1..200), gap in 0i64..2_000, per_day in 1u32..5) {
            let lanes = [lane("a", gap, Some(per_day))];
            let mut budgets = Budgets::default();
            let mut now = at("2026-03-01T00:00:00Z");
            let mut taken: Vec<Timestamp> = Vec::new();
            for step in steps {
                now = now.saturating_add(SignedDuration::from_millis(step)).unwrap();
                let free = budgets.free_at(&lanes, now);
                prop_assert_eq!(budgets.take(&lanes, now), free == now);
                if free == now {
                    taken.push(now);
                } else if budgets.take(&lanes, free) {
                    taken.push(free);
                    now = free;
                }
            }
            for pair in taken.windows(2) {
                prop_assert!(pair[1].duration_since(pair[0]).as_millis() >= i128::from(gap));
            }
            for day in taken.iter().map(|at| day_of(*at)) {
                prop_assert!(taken.iter().filter(|at| day_of(**at) == day).count() <= per_day as usize);
            }
        }
    }
}
