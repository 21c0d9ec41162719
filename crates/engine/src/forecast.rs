//! How many posts an event will get in the next hours, with an interval.
//!
//! What has come lately tells the rate: three fading sums, in hours that count by how much residents write in them. How
//! closely the posts followed one another tells the spread: one that others stir up comes in bursts. A post that is counted
//! and a rate that is not known make a negative binomial; its interval is the shortest that comes nearest to 80 %.
//! The constants were tuned on the first half in time of the appeals and posts that `benches/quality/forecast.py` measures on.

mod interval;
mod pulse;
mod rhythm;

use otklik_domain::Forecast;

use self::interval::interval;
pub use self::{
    pulse::{Pulse, QUICK_HOURS},
    rhythm::Rhythm,
};

/// Days of posts a forecast looks back on.
pub const DAYS_BACK: i64 = 28;

/// How far a forecast looks, and what it goes by.
#[derive(Debug, Clone, Copy)]
struct Horizon {
    hours: u32,
    /// Weight of the rate of the last hours, and of the last day, for an event all of whose posts stir up others.
    quick: f64,
    day: f64,
    /// Which part of what is known about bursts lasts so long.
    bursts: f64,
}

/// What can still be done on this shift, and what the next one will find.
const HORIZONS: [Horizon; 2] = [
    Horizon { hours: 3, quick: 0.45, day: 0.17, bursts: 1.08 },
    Horizon { hours: 24, quick: 0.085, day: 0.18, bursts: 0.32 },
];
/// How bursty an event is taken for before it has shown it, and the pairs of posts that are worth as much.
const BURSTS: f64 = 3.4;
const BURSTS_PAIRS: f64 = 0.5;
/// Least share of the usual rate that is expected after silence.
const RATE_SHARE_MIN: f64 = 0.05;
/// Posts that what is known of a rate is worth at least.
const POSTS_KNOWN_MIN: f64 = 3.0;
/// Spread that no number of posts takes away, and that of an event that has just begun, which is gone with its age.
const SPREAD_MIN: f64 = 0.02;
const SPREAD_YOUNG: f64 = 3.7;
const YOUNG_HOURS: f64 = 24.0;

/// What comes after `now`, in seconds since 1970, for each horizon. It is empty for an event without posts.
pub fn forecast(pulse: Pulse, rhythm: &Rhythm, now: u32) -> Vec<Forecast> {
    let Some(seen) = pulse.seen(now, rhythm) else { return Vec::new() };
    // How many posts stand close to another one, against what chance alone would bring together.
    let by_chance = seen.posts * seen.slow * QUICK_HOURS;
    let bursts = ((seen.near + BURSTS_PAIRS * (1.0 + BURSTS)) / (by_chance + BURSTS_PAIRS) - 1.0).max(0.0);
    let stirred = bursts / (1.0 + bursts);
    let one = |horizon: &Horizon| {
        let hours = rhythm.passed(now, now.saturating_add(horizon.hours * 3600));
        let (quick, day) = (horizon.quick * stirred, horizon.day * stirred);
        let rate = seen.slow + quick * (seen.quick - seen.slow) + day * (seen.day - seen.slow);
        // What is young fades soon: the rate falls as one over the age.
        let hours = seen.age * (hours / seen.age).ln_1p();
        let mean = hours * rate.max(RATE_SHARE_MIN * seen.slow);
        let unknown = 1.0 / (POSTS_KNOWN_MIN + seen.posts) + SPREAD_YOUNG / (1.0 + (seen.age / YOUNG_HOURS).powi(2));
        let spread = horizon.bursts * bursts + unknown + SPREAD_MIN;
        let (likely, low, high) = interval(mean, spread);
        Forecast { hours: horizon.hours, likely, low, high }
    };
    HORIZONS.iter().map(one).collect()
}

#[cfg(test)]
mod tests;
