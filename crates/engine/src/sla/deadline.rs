//! From a start and a limit to the moment it ends, with every stretch of time counted or left out.

use std::borrow::Cow;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time, time},
    tz::TimeZone,
};
use otklik_domain::Unit;

use super::calendar::{Calendar, DayKind, next_day};

/// Days walked at most in search of a deadline: any sensible limit ends within five years.
const DAYS_MAX: u32 = 5 * 366;
const SHORT_DAY_LESS: SignedDuration = SignedDuration::from_hours(1);

/// When a body works.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Days off and short days.
    pub calendar: Calendar,
    /// Time zone of the body.
    pub zone: TimeZone,
    /// When it opens.
    pub opens: Time,
    /// When it closes; an hour earlier on a short day.
    pub closes: Time,
}

impl Schedule {
    /// Moscow time, nine to six.
    pub fn usual(calendar: Calendar, zone: TimeZone) -> Self {
        Self { calendar, zone, opens: time(9, 0, 0, 0), closes: time(18, 0, 0, 0) }
    }

    /// The local date of a moment.
    fn date_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// A local date and time as a moment. One that a change of clocks skips is taken as the law of the zone has it.
    fn moment(&self, date: Date, at: Time) -> Timestamp {
        let zoned = date.to_datetime(at).to_zoned(self.zone.clone());
        zoned.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    fn day_starts(&self, date: Date) -> Timestamp {
        self.moment(date, Time::midnight())
    }

    /// Opening and closing of a day, or why it has none.
    fn working_time(&self, date: Date) -> Result<(Timestamp, Timestamp, String), String> {
        let day = self.calendar.day(date);
        let (opens, closes) = (self.moment(date, self.opens), self.moment(date, self.closes));
        match day.kind {
            DayKind::Off => Err(day.why),
            DayKind::Working => Ok((opens, closes, day.why)),
            DayKind::Short => Ok((opens, closes - SHORT_DAY_LESS, day.why)),
        }
    }
}

/// A stretch of time that was counted or left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Whether it was counted.
    pub counted: bool,
    /// Why, in Russian.
    pub why: Cow<'static, str>,
}

/// When a limit ends, and how that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// The last moment that is in time. [`Timestamp::MAX`] when nothing ends it, such as a pause without end.
    pub due: Timestamp,
    /// Every stretch from the start to the end, without gaps.
    pub trace: Vec<Interval>,
}

/// Counts a limit from a start. `pauses` are sorted and do not overlap; they are left out of clock and working hours,
/// while days go on.
pub fn deadline(
    unit: Unit,
    amount: u32,
    start: Timestamp,
    pauses: &[(Timestamp, Timestamp)],
    schedule: &Schedule,
) -> Deadline {
    match unit {
        Unit::Minutes => by_clock(SignedDuration::from_mins(i64::from(amount)), start, pauses),
        Unit::Hours => by_clock(SignedDuration::from_hours(i64::from(amount)), start, pauses),
        Unit::WorkingHours => by_working_time(SignedDuration::from_hours(i64::from(amount)), start, pauses, schedule),
        Unit::WorkingDays => by_working_days(amount, start, schedule),
        Unit::CalendarDays => by_calendar_days(amount, start, schedule),
    }
}

/// The same with a part of the limit, for warnings: `percent` of it.
pub(crate) fn part(
    unit: Unit,
    amount: u32,
    percent: u8,
    start: Timestamp,
    pauses: &[(Timestamp, Timestamp)],
    schedule: &Schedule,
) -> Timestamp {
    let share = |unit_minutes: i64| {
        SignedDuration::from_mins(i64::from(amount) * unit_minutes * i64::from(percent.min(100)) / 100)
    };
    match unit {
        Unit::Minutes => by_clock(share(1), start, pauses).due,
        Unit::Hours => by_clock(share(60), start, pauses).due,
        Unit::WorkingHours => by_working_time(share(60), start, pauses, schedule).due,
        Unit::WorkingDays | Unit::CalendarDays => {
            let due = deadline(unit, amount, start, pauses, schedule).due;
            let milliseconds = due.as_millisecond() - start.as_millisecond();
            let share = i128::from(milliseconds) * i128::from(percent.min(100)) / 100;
            start.saturating_add(SignedDuration::from_millis(i64::try_from(share).unwrap_or(i64::MAX))).unwrap_or(due)
        }
    }
}

/// Writes a trace: stretches that follow each other for the same reason become one.
struct Trace {
    intervals: Vec<Interval>,
}

impl Trace {
    fn push(&mut self, from: Timestamp, to: Timestamp, counted: bool, why: impl Into<Cow<'static, str>>) {
        if from >= to {
            return;
        }
        let why = why.into();
        match self.intervals.last_mut() {
            Some(last) if last.to == from && last.counted == counted && last.why == why => last.to = to,
            _ => self.intervals.push(Interval { from, to, counted, why }),
        }
    }
}

/// Counts down `left` over a stretch that counts but for its pauses; gives the end when it is reached within.
fn count_down(
    left: &mut SignedDuration,
    (from, to): (Timestamp, Timestamp),
    pauses: &[(Timestamp, Timestamp)],
    why: &str,
    trace: &mut Trace,
) -> Option<Timestamp> {
    let mut at = from;
    let mut pauses = pauses.iter().filter(|(begin, end)| *begin < to && *end > from && begin < end);
    loop {
        let pause = pauses.next();
        let stop = pause.map_or(to, |(begin, _)| (*begin).clamp(at, to));
        let span = stop.duration_since(at);
        if span >= *left {
            let end = at + *left;
            trace.push(at, end, true, why.to_owned());
            *left = SignedDuration::ZERO;
            return Some(end);
        }
        *left -= span;
        trace.push(at, stop, true, why.to_owned());
        let (_, pause_end) = pause?;
        let resumed = (*pause_end).clamp(stop, to);
        trace.push(stop, resumed, false, "пауза");
        at = resumed;
    }
}

fn by_clock(mut left: SignedDuration, start: Timestamp, pauses: &[(Timestamp, Timestamp)]) -> Deadline {
    let mut trace = Trace { intervals: Vec::new() };
    let due = count_down(&mut left, (start, Timestamp::MAX), pauses, "время идёт круглосуточно", &mut trace)
        .unwrap_or(Timestamp::MAX);
    Deadline { due, trace: trace.intervals }
}

fn by_working_time(
    mut left: SignedDuration,
    start: Timestamp,
    pauses: &[(Timestamp, Timestamp)],
    schedule: &Schedule,
) -> Deadline {
    let mut trace = Trace { intervals: Vec::new() };
    let mut date = schedule.date_of(start);
    let mut at = start;
    for _ in 0..DAYS_MAX {
        let tomorrow = next_day(date);
        let day_ends = schedule.day_starts(tomorrow);
        match schedule.working_time(date) {
            Err(why) => trace.push(at, day_ends, false, why),
            Ok((opens, closes, why)) => {
                let begins = at.max(opens);
                trace.push(at, begins.min(day_ends), false, "нерабочее время");
                if begins < closes
                    && let Some(due) = count_down(&mut left, (begins, closes), pauses, &why, &mut trace)
                {
                    return Deadline { due, trace: trace.intervals };
                }
                trace.push(begins.max(closes), day_ends, false, "нерабочее время");
            }
        }
        at = day_ends;
        date = tomorrow;
    }
    Deadline { due: Timestamp::MAX, trace: trace.intervals }
}

fn by_working_days(amount: u32, start: Timestamp, schedule: &Schedule) -> Deadline {
    let mut trace = Trace { intervals: Vec::new() };
    let mut date = schedule.date_of(start);
    let mut day_starts = schedule.day_starts(next_day(date));
    trace.push(start, day_starts, false, "день начала не считается");
    let mut left = amount.max(1);
    for _ in 0..DAYS_MAX {
        date = next_day(date);
        let day_ends = schedule.day_starts(next_day(date));
        match schedule.working_time(date) {
            Err(why) => trace.push(day_starts, day_ends, false, why),
            Ok((_, closes, why)) => {
                left -= 1;
                let to = if left == 0 { closes } else { day_ends };
                trace.push(day_starts, to, true, why);
                if left == 0 {
                    return Deadline { due: closes, trace: trace.intervals };
                }
            }
        }
        day_starts = day_ends;
    }
    Deadline { due: Timestamp::MAX, trace: trace.intervals }
}

fn by_calendar_days(amount: u32, start: Timestamp, schedule: &Schedule) -> Deadline {
    let mut trace = Trace { intervals: Vec::new() };
    let mut date = schedule.date_of(start);
    let first_day = schedule.day_starts(next_day(date));
    trace.push(start, first_day, false, "день начала не считается");
    for _ in 0..amount.clamp(1, DAYS_MAX) {
        date = next_day(date);
    }
    let due = schedule.moment(date, time(23, 59, 59, 0));
    trace.push(first_day, due, true, "календарные дни");
    Deadline { due, trace: trace.intervals }
}

#[cfg(test)]
mod tests;
