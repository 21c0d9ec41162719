//! When residents of a region write: the hours of their day and the days of their week.

use serde::{Deserialize, Serialize};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
/// Days from the Monday before to 1 January 1970, a Thursday.
const MONDAY_TO_1970: i64 = 3 * DAY;

/// Posts by local hour where nothing has been learnt yet, in all worth [`HOURS_POSTS`] posts: people sleep.
const USUAL_HOURS: [f32; 24] = [
    4.6, 2.8, 1.4, 0.9, 0.9, 1.4, 3.2, 6.5, 10.2, 12.5, 13.4, 13.9, 13.9, 13.9, 13.9, 13.9, 13.9, 13.9, 13.4, 13.0,
    12.5, 11.6, 9.7, 6.9,
];
/// Days that a weekday is taken to be like all others, before its own count.
const USUAL_DAYS: f32 = 2.0;
/// Days after which what was learnt has faded to a third.
const FADING_DAYS: f32 = 28.0;

/// When residents of a region write, learnt from their posts.
///
/// It measures time in resident hours: as many as real ones in a week, long while people write, short while they sleep. In
/// them a steady event has a steady rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    utc_offset: i32,
    /// The local day of the latest post, counted from 1970.
    day: i64,
    /// Posts of that day so far.
    today: f32,
    /// Fading counts of posts by hour, and by weekday with the number of such days.
    hours: [f32; 24],
    days: [(f32, f32); 7],
}

impl Rhythm {
    /// The usual rhythm at so many seconds east of UTC.
    pub fn new(utc_offset_seconds: i32) -> Self {
        Self { utc_offset: utc_offset_seconds, day: 0, today: 0.0, hours: [0.0; 24], days: [(0.0, 0.0); 7] }
    }

    /// Takes note of posts. Gives the days that have begun since the latest ones.
    pub fn learn(&mut self, at: u32, posts: u32) -> u32 {
        let local = i64::from(at) + i64::from(self.utc_offset);
        let day = local.div_euclid(DAY);
        let begun = u32::try_from(day - self.day).unwrap_or(0);
        if begun > 0 {
            self.end_day();
            let left = (-(begun as f32) / FADING_DAYS).exp();
            self.hours.iter_mut().for_each(|posts| *posts *= left);
            self.days.iter_mut().for_each(|(posts, days)| (*posts, *days) = (*posts * left, *days * left));
            self.day = day;
        }
        if let Some(count) = self.hours.get_mut(places(local).1) {
            *count += posts as f32;
        }
        self.today += posts as f32;
        begun
    }

    /// Resident hours between two times; 0 when they are the wrong way round.
    pub fn passed(&self, from: u32, to: u32) -> f64 {
        if from >= to {
            return 0.0;
        }
        let hours = self.by_hour();
        let days = self.by_day();
        let clock = |at: u32| {
            let local = i64::from(at) + i64::from(self.utc_offset);
            let (week_second, hour) = places(local);
            let of_hour = f64::from((local.rem_euclid(HOUR)) as i32) / HOUR as f64;
            let whole: f64 = hours.iter().take(hour).sum();
            let today = whole + of_hour * hours.get(hour).copied().unwrap_or_default();
            let day = (week_second / DAY) as usize;
            let before: f64 = days.iter().take(day).sum();
            let week = (local + MONDAY_TO_1970).div_euclid(WEEK) as f64;
            week * 168.0 + before * 24.0 + days.get(day).copied().unwrap_or_default() * today
        };
        (clock(to) - clock(from)).max(0.0)
    }

    /// A weekday counts when it is over: half a day would look like a quiet one.
    fn end_day(&mut self) {
        let (week_second, _) = places(self.day * DAY);
        if let Some((posts, days)) = self.days.get_mut((week_second / DAY) as usize).filter(|_| self.today > 0.0) {
            *posts += self.today;
            *days += 1.0;
        }
        self.today = 0.0;
    }

    /// How much is written in each hour of the day, and on each day of the week, against the mean.
    fn by_hour(&self) -> [f64; 24] {
        let mut shares = USUAL_HOURS.map(f64::from);
        shares.iter_mut().zip(self.hours).for_each(|(share, posts)| *share += f64::from(posts));
        against_mean(shares)
    }

    fn by_day(&self) -> [f64; 7] {
        let (posts, days) = self.days.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
        // Where nothing is known all days are alike.
        let mean = if posts > 0.0 && days > 0.0 { posts / days } else { 1.0 };
        against_mean(self.days.map(|(posts, days)| f64::from((posts + mean * USUAL_DAYS) / (days + USUAL_DAYS))))
    }
}

fn against_mean<const N: usize>(mut shares: [f64; N]) -> [f64; N] {
    let mean = shares.iter().sum::<f64>() / N as f64;
    shares.iter_mut().for_each(|share| *share /= mean);
    shares
}

/// The second of the week, from Monday, and the hour of the day.
fn places(local: i64) -> (i64, usize) {
    ((local + MONDAY_TO_1970).rem_euclid(WEEK), (local.rem_euclid(DAY) / HOUR) as usize)
}
