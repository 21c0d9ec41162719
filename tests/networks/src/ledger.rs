//! What was asked and what was shown: the truth that a crawl is measured by.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// What a network allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls within any second.
    pub per_second: usize,
    /// Calls between two midnights of Moscow.
    pub per_day: Option<u32>,
}

/// What was asked and what was shown.
#[derive(Debug, Default)]
pub struct Ledger {
    /// When each publication was shown first, milliseconds since 1970.
    pub(crate) shown: HashMap<String, i64>,
    recent: BTreeMap<String, VecDeque<i64>>,
    days: BTreeMap<(String, i64), u32>,
    /// Calls by lane.
    pub calls: BTreeMap<String, u64>,
    /// Calls beyond a limit.
    pub violations: Vec<String>,
    /// Requests so far: decides which go wrong.
    pub(crate) requests: u64,
    /// Whether the answer being made will not reach the asker.
    pub(crate) hidden: bool,
}

/// What a call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    TooFast,
    DayIsFull,
}

impl Ledger {
    /// Counts a call and says whether it is within the limits.
    pub(crate) fn count(&mut self, lane: &str, limits: Limits, now: i64) -> Verdict {
        *self.calls.entry(lane.to_owned()).or_default() += 1;
        let recent = self.recent.entry(lane.to_owned()).or_default();
        while recent.front().is_some_and(|first| *first <= now - 1_000) {
            recent.pop_front();
        }
        recent.push_back(now);
        if recent.len() > limits.per_second {
            self.violations.push(format!("{lane}: {} calls within a second at {now}", recent.len()));
            return Verdict::TooFast;
        }
        let Some(per_day) = limits.per_day else { return Verdict::Fine };
        let day = (now + 3 * 3_600_000).div_euclid(24 * 3_600_000);
        let calls = self.days.entry((lane.to_owned(), day)).or_default();
        *calls += 1;
        if *calls > per_day {
            self.violations.push(format!("{lane}: call {calls} of {per_day} a day"));
            return Verdict::DayIsFull;
        }
        Verdict::Fine
    }

    pub(crate) fn show(&mut self, id: String, now: i64) {
        if self.hidden {
            return;
        }
        self.shown.entry(id).or_insert(now);
    }
}
