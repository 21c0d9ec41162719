//! Equal steps of time for charts: sparse counts laid out densely, with labels in the region's zone.

use jiff::{SignedDuration, Timestamp};

use crate::desk::say::Moments;

/// Widths a step may have, in minutes. All divide a day.
const WIDTHS: [u16; 11] = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440];
/// Most steps a chart has.
const STEPS_MAX: i64 = 400;
const DAY_SECONDS: i64 = 86_400;

/// The width of steps, in minutes, at which a stretch of time has at most `steps_max` of them.
pub(crate) fn step_minutes(from: Timestamp, to: Timestamp, steps_max: i64) -> u16 {
    let minutes = to.duration_since(from).as_mins().max(1);
    let fits = |width: &&u16| minutes / i64::from(**width) < steps_max;
    WIDTHS.iter().find(fits).copied().unwrap_or(1440)
}

/// Steps that cover a stretch of time.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    first: i64,
    width: i64,
    count: usize,
}

impl Steps {
    /// Steps of `minutes` from the one that holds `from` to the one that holds `to`, counted from 1970 plus `shift_minutes`.
    pub(crate) fn new(from: Timestamp, to: Timestamp, minutes: u16, shift_minutes: i64) -> Self {
        let width = i64::from(minutes.max(1)) * 60;
        let shift = shift_minutes * 60;
        let begin = |at: Timestamp| (at.as_second() + shift).div_euclid(width) * width - shift;
        let (first, last) = (begin(from), begin(to).max(begin(from)));
        let count = ((last - first) / width + 1).min(STEPS_MAX);
        Self { first, width, count: usize::try_from(count).unwrap_or(1) }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The step a moment falls in, unless it lies outside.
    pub(crate) fn index(&self, at: Timestamp) -> Option<usize> {
        let index = usize::try_from((at.as_second() - self.first).div_euclid(self.width)).ok()?;
        (index < self.count).then_some(index)
    }

    /// Where a moment lies between the beginning and the end, 0..1.
    pub(crate) fn share(&self, at: Timestamp) -> f64 {
        (at.as_second() - self.first) as f64 / (self.width * self.count as i64) as f64
    }

    /// The beginning of a step.
    pub(crate) fn begins(&self, index: usize) -> Timestamp {
        let second = self.first + self.width * i64::try_from(index).unwrap_or(0);
        Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Counts laid out: one number for each step.
    pub(crate) fn lay_out(&self, counts: impl IntoIterator<Item = (Timestamp, u64)>) -> Vec<u64> {
        let mut values = vec![0; self.count];
        for (at, count) in counts {
            if let Some(value) = self.index(at).and_then(|index| values.get_mut(index)) {
                *value += count;
            }
        }
        values
    }

    /// What a step is called: its day, or its day and hours.
    pub(crate) fn name(&self, index: usize, moments: &Moments) -> String {
        let (from, to) = (self.begins(index), self.begins(index + 1));
        match self.width {
            DAY_SECONDS => moments.day(from),
            width if width > DAY_SECONDS => format!("{} — {}", moments.date(from), moments.date(before(to))),
            _ => format!("{}–{}", moments.day_time(from), moments.time(to)),
        }
    }

    /// What stands below a step on the axis: its date, its time, or both where the chart is some days long.
    pub(crate) fn tick(&self, index: usize, moments: &Moments) -> String {
        let at = self.begins(index);
        let days = self.width * i64::try_from(self.count).unwrap_or(i64::MAX) / DAY_SECONDS;
        let midnight = moments.time(at) == "00:00";
        match days {
            _ if self.width >= DAY_SECONDS || midnight || days > 8 => moments.short_date(at),
            0 | 1 => moments.time(at),
            _ => format!("{} {}", moments.short_date(at), moments.time(at)),
        }
    }
}

fn before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn steps_are_as_wide_as_needed() {
        let check = |to: &str, expected: u16| {
            assert_eq!(step_minutes(at("2026-03-03T00:00:00Z"), at(to), 48), expected);
        };
        check("2026-03-03T00:10:00Z", 5);
        check("2026-03-03T10:00:00Z", 15);
        check("2026-03-04T12:00:00Z", 60);
        check("2026-03-10T00:00:00Z", 240);
        check("2027-03-10T00:00:00Z", 1440);
    }

    #[test]
    fn counts_are_laid_out_without_gaps() {
        let steps = Steps::new(at("2026-03-03T06:40:00Z"), at("2026-03-03T09:10:00Z"), 60, 0);
        assert_eq!(steps.len(), 4);
        let counts =
            [(at("2026-03-03T06:00:00Z"), 2), (at("2026-03-03T08:30:00Z"), 5), (at("2026-03-04T00:00:00Z"), 9)];
        assert_eq!(steps.lay_out(counts), [2, 0, 5, 0]);
        assert!((steps.share(at("2026-03-03T08:00:00Z")) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn ticks_say_which_day_it_is() {
        let moments = Moments::new(TimeZone::UTC, at("2026-03-03T12:00:00Z"));
        let check = |from: &str, minutes: u16, expected: &str| {
            let steps = Steps::new(at(from), at("2026-03-03T12:00:00Z"), minutes, 0);
            assert_eq!(steps.tick(0, &moments), expected, "{from}");
        };
        check("2026-03-03T10:00:00Z", 15, "10:00");
        check("2026-03-03T00:00:00Z", 60, "03.03");
        check("2026-02-27T06:00:00Z", 180, "27.02 06:00");
        check("2026-02-10T12:00:00Z", 720, "10.02");
        check("2026-02-10T12:00:00Z", 1440, "10.02");
    }

    #[test]
    fn days_begin_at_local_midnight() {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let moments = Moments::new(zone, at("2026-03-03T12:00:00Z"));
        let steps = Steps::new(at("2026-03-01T21:30:00Z"), at("2026-03-03T12:00:00Z"), 1440, 180);
        assert_eq!(steps.begins(0), at("2026-03-01T21:00:00Z"));
        assert_eq!((steps.name(0, &moments).as_str(), steps.name(1, &moments).as_str()), ("вчера", "сегодня"));
    }
}
