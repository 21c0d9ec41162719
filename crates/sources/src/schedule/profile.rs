//! The hours of the day at which people write.

use jiff::{SignedDuration, Timestamp};

const HOUR_SECONDS: i64 = 3600;
/// How many posts of a flat day are added to what was seen, so that a few posts do not make a profile.
const PRIOR_POSTS: f64 = 48.0;

/// How much is written in each hour of the day, 1 on average. Hours are those of UTC: sources of one crawl live close together.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile([f64; 24]);

impl Default for Profile {
    fn default() -> Self {
        Self([1.0; 24])
    }
}

impl Profile {
    /// The profile of posts published at these times.
    pub fn of(times: impl Iterator<Item = Timestamp>) -> Self {
        let mut counts = [PRIOR_POSTS / 24.0; 24];
        for time in times {
            if let Some(count) = counts.get_mut(hour(time)) {
                *count += 1.0;
            }
        }
        let mean = counts.iter().sum::<f64>() / 24.0;
        Self(counts.map(|count| count / mean))
    }

    /// The share at a moment.
    pub fn at(&self, time: Timestamp) -> f64 {
        self.0.get(hour(time)).copied().unwrap_or(1.0)
    }

    /// The profile of calls that are best made: by the square root of what is written.
    pub(super) fn of_calls(&self) -> Self {
        let roots = self.0.map(f64::sqrt);
        let mean = roots.iter().sum::<f64>() / 24.0;
        Self(roots.map(|root| root / mean))
    }

    /// Hours between two moments, each counted by its share.
    pub(super) fn hours(&self, from: Timestamp, to: Timestamp) -> f64 {
        self.pieces(from, to).map(|(share, hours, _)| share * hours).sum()
    }

    /// What waits at `to` of all that came since `from` at one post an hour of average share, in post-hours.
    pub(super) fn waiting(&self, from: Timestamp, to: Timestamp) -> f64 {
        // What came in a piece has waited since the middle of it, on average.
        self.pieces(from, to).map(|(share, hours, middle)| share * hours * middle).sum()
    }

    /// The stretch from `from` to `to` cut at full hours: share, length in hours, hours from its middle to `to`.
    fn pieces(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = (f64, f64, f64)> {
        let (begin, end) = (from.as_second(), to.as_second());
        let mut at = begin;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let next = ((at.div_euclid(HOUR_SECONDS) + 1) * HOUR_SECONDS).min(end);
            let share = self.0.get(usize::try_from(at.div_euclid(HOUR_SECONDS).rem_euclid(24)).unwrap_or(0)).copied();
            let (from, until) = (at, next);
            at = next;
            let hours = (until - from) as f64 / HOUR_SECONDS as f64;
            let middle = (end - from) as f64 / HOUR_SECONDS as f64 - hours / 2.0;
            Some((share.unwrap_or(1.0), hours, middle))
        })
    }
}

fn hour(time: Timestamp) -> usize {
    usize::try_from(time.as_second().div_euclid(HOUR_SECONDS).rem_euclid(24)).unwrap_or(0)
}

/// A span of so many hours, at most a year.
pub(super) fn span(hours: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(hours.clamp(0.0, 24.0 * 365.0) * 3600.0).unwrap_or(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_that_of_a_steady_stream() {
        let begin: Timestamp = "2026-03-01T10:20:00Z".parse().unwrap();
        let flat = Profile::default();
        for hours in [0.5, 1.0, 7.25, 30.0] {
            let end = begin.saturating_add(span(hours)).unwrap();
            assert!((flat.waiting(begin, end) - hours * hours / 2.0).abs() < 1e-6, "{hours}");
            assert!((flat.hours(begin, end) - hours).abs() < 1e-6, "{hours}");
        }
    }

    #[test]
    fn nights_count_less() {
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let profile = Profile::of((0..2_000).map(|_| noon));
        assert!(profile.at(noon) > 20.0);
        let midnight: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        assert!(profile.hours(midnight, midnight.saturating_add(span(6.0)).unwrap()) < 0.2);
        assert!(profile.of_calls().at(noon) < profile.at(noon));
    }
}
