//! How fast posts come to an event, in four numbers.

use serde::{Deserialize, Serialize};

use super::Rhythm;

/// Resident hours after which each of the sums has faded to a third.
pub const QUICK_HOURS: f64 = 3.0;
pub(crate) const DAY_HOURS: f64 = 24.0;
pub(crate) const SLOW_HOURS: f64 = 168.0;
/// Share of its first post that does not speak for an event's rate: without it there would be no event.
const FIRST_POST: f64 = 0.7;
/// Resident hours of silence that an event of one post is taken to have had; the more posts, the fewer.
const SILENT_HOURS: f64 = 7.0;
/// Slow sum at least, where it divides.
const POSTS_MIN: f64 = 0.05;
/// Least age of an event, in resident hours.
const AGE_HOURS_MIN: f64 = 1.0;

/// How fast posts come: fading sums of them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Pulse {
    quick: f32,
    day: f32,
    slow: f32,
    /// For each post the quick sum that it found, as slow as the slow sum.
    near: f32,
    since: u32,
    at: u32,
}

/// What a pulse shows at a time: rates in posts per resident hour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) quick: f64,
    pub(crate) day: f64,
    pub(crate) slow: f64,
    /// The slow sum of posts, and of the posts found near each.
    pub(crate) posts: f64,
    pub(crate) near: f64,
    /// Since its first post, in resident hours.
    pub(crate) age: f64,
}

/// A fading sum and the resident hours it speaks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sum {
    pub(crate) posts: f64,
    pub(crate) hours: f64,
}

impl Pulse {
    /// Counts posts at a time, in seconds since 1970. Those that come late count as of the latest.
    pub fn beat(&mut self, at: u32, posts: u32, rhythm: &Rhythm) {
        if posts == 0 {
            return;
        }
        if self.slow == 0.0 {
            (self.since, self.at) = (at, at);
        }
        *self = self.faded(at, rhythm);
        self.since = self.since.min(at);
        let posts = posts as f32;
        self.near += posts * self.quick + posts * (posts - 1.0) / 2.0;
        self.quick += posts;
        self.day += posts;
        self.slow += posts;
    }

    /// Adds the posts of another event that was joined to this one. How bursty both are together is taken from each.
    pub(crate) fn merge(&mut self, other: Self, rhythm: &Rhythm) {
        if other.slow == 0.0 {
            return;
        }
        if self.slow == 0.0 {
            *self = other;
            return;
        }
        let at = self.at.max(other.at);
        let (one, two) = (self.faded(at, rhythm), other.faded(at, rhythm));
        let slow = one.slow + two.slow;
        let pairs = (one.slow * one.slow + two.slow * two.slow).max(f32::MIN_POSITIVE);
        *self = Self {
            quick: one.quick + two.quick,
            day: one.day + two.day,
            slow,
            near: (one.near + two.near) * (slow * slow / pairs),
            since: one.since.min(two.since),
            at,
        };
    }

    /// The rates at a time; `None` without posts.
    pub(crate) fn seen(self, now: u32, rhythm: &Rhythm) -> Option<Seen> {
        if self.slow == 0.0 {
            return None;
        }
        let pulse = self.faded(now, rhythm);
        let age = rhythm.passed(self.since, now).max(AGE_HOURS_MIN);
        let silent = SILENT_HOURS / f64::from(pulse.slow).max(POSTS_MIN);
        let rate = |sum: f32, fading: f64| {
            let further = f64::from(sum) - FIRST_POST * (-age / fading).exp();
            further.max(0.0) / (exposure(age, fading) + silent)
        };
        Some(Seen {
            quick: rate(pulse.quick, QUICK_HOURS),
            day: rate(pulse.day, DAY_HOURS),
            slow: rate(pulse.slow, SLOW_HOURS),
            posts: pulse.slow.into(),
            near: pulse.near.into(),
            age,
        })
    }

    /// The three sums at the latest post, the quickest first.
    pub(crate) fn sums(self, rhythm: &Rhythm) -> [Sum; 3] {
        let age = rhythm.passed(self.since, self.at);
        let sum = |posts: f32, fading| Sum { posts: posts.into(), hours: exposure(age, fading) };
        [sum(self.quick, QUICK_HOURS), sum(self.day, DAY_HOURS), sum(self.slow, SLOW_HOURS)]
    }

    fn faded(self, now: u32, rhythm: &Rhythm) -> Self {
        let passed = rhythm.passed(self.at, now);
        let left = |hours: f64| (-passed / hours).exp() as f32;
        let slow = left(SLOW_HOURS);
        Self {
            quick: self.quick * left(QUICK_HOURS),
            day: self.day * left(DAY_HOURS),
            slow: self.slow * slow,
            near: self.near * slow,
            since: self.since,
            at: self.at.max(now),
        }
    }
}

/// Hours that a fading sum speaks for at an age.
fn exposure(age: f64, fading: f64) -> f64 {
    fading * (1.0 - (-age / fading).exp())
}
