//! Moments in the region's time zone and stretches of time, for people.

use jiff::{SignedDuration, Timestamp, Zoned, civil::Weekday, tz::TimeZone};

use super::NBSP;

const MONTHS: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

/// Tells moments as people of one time zone see them at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    zone: TimeZone,
    now: Timestamp,
}

impl Moments {
    pub(crate) fn new(zone: TimeZone, now: Timestamp) -> Self {
        Self { zone, now }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// `сегодня, 14:05`, `вчера, 09:10`, `3 марта, 18:00`, `3 марта 2025, 18:00`.
    pub(crate) fn day_time(&self, at: Timestamp) -> String {
        format!("{}, {}", self.day(at), self.time(at))
    }

    /// `сегодня`, `завтра`, `вчера`, `3 марта`, `3 марта 2025`.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        let (then, now) = (self.local(at).date(), self.local(self.now).date());
        if then == now {
            "сегодня".to_owned()
        } else if now.tomorrow().is_ok_and(|tomorrow| tomorrow == then) {
            "завтра".to_owned()
        } else if now.yesterday().is_ok_and(|yesterday| yesterday == then) {
            "вчера".to_owned()
        } else {
            self.date(at)
        }
    }

    /// `3 марта`, with the year when it is another one.
    pub(crate) fn date(&self, at: Timestamp) -> String {
        let then = self.local(at);
        let month = usize::try_from(then.month() - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or("");
        let year =
            if then.year() == self.local(self.now).year() { String::new() } else { format!("{NBSP}{}", then.year()) };
        format!("{}{NBSP}{month}{year}", then.day())
    }

    /// `14:05`.
    pub(crate) fn time(&self, at: Timestamp) -> String {
        let then = self.local(at);
        format!("{:02}:{:02}", then.hour(), then.minute())
    }

    /// `03.03`.
    pub(crate) fn short_date(&self, at: Timestamp) -> String {
        let then = self.local(at);
        format!("{:02}.{:02}", then.day(), then.month())
    }

    /// `понедельник, 3 марта 2026, 18:00:07`: everything, for a tooltip.
    pub(crate) fn full(&self, at: Timestamp) -> String {
        let then = self.local(at);
        let month = usize::try_from(then.month() - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or("");
        let (day, year) = (then.day(), then.year());
        format!(
            "{}, {day} {month} {year}, {:02}:{:02}:{:02}",
            weekday(&then),
            then.hour(),
            then.minute(),
            then.second()
        )
    }

    /// The value a date and time field of a form takes: `2026-03-03T18:00`.
    pub(crate) fn field(&self, at: Timestamp) -> String {
        let then = self.local(at);
        format!("{}T{:02}:{:02}", then.date(), then.hour(), then.minute())
    }

    /// The value a date field of a form takes: `2026-03-03`.
    pub(crate) fn date_field(&self, at: Timestamp) -> String {
        self.local(at).date().to_string()
    }

    /// How long ago: `только что`, `12 мин назад`, `3 ч назад`, then the day.
    pub(crate) fn ago(&self, at: Timestamp) -> String {
        let passed = self.now.duration_since(at);
        if passed < SignedDuration::ZERO {
            self.day_time(at)
        } else if passed < SignedDuration::from_mins(1) {
            "только что".to_owned()
        } else if passed < SignedDuration::from_hours(12) {
            format!("{}{NBSP}назад", span(passed))
        } else {
            self.day_time(at)
        }
    }
}

fn weekday(then: &Zoned) -> &'static str {
    match then.weekday() {
        Weekday::Monday => "понедельник",
        Weekday::Tuesday => "вторник",
        Weekday::Wednesday => "среда",
        Weekday::Thursday => "четверг",
        Weekday::Friday => "пятница",
        Weekday::Saturday => "суббота",
        Weekday::Sunday => "воскресенье",
    }
}

/// A stretch of time in its two largest units: `42 мин`, `3 ч 10 мин`, `2 дн 4 ч`.
pub(crate) fn span(length: SignedDuration) -> String {
    let minutes = length.as_mins().abs();
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let pair = |big: i64, big_unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{big}{NBSP}{big_unit}"),
        _ => format!("{big}{NBSP}{big_unit} {small}{NBSP}{small_unit}"),
    };
    match (days, hours) {
        (0, 0) if rest == 0 => format!("меньше{NBSP}минуты"),
        (0, 0) => format!("{rest}{NBSP}мин"),
        (0, _) => pair(hours, "ч", rest, "мин"),
        _ => pair(days, "дн", hours, "ч"),
    }
}

/// What is left until a deadline: `осталось 42 мин` or `просрочено на 3 ч 10 мин`.
pub(crate) fn left(due: Timestamp, now: Timestamp) -> String {
    let left = due.duration_since(now);
    if left < SignedDuration::ZERO {
        format!("просрочено на{NBSP}{}", span(left))
    } else {
        format!("осталось{NBSP}{}", span(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments() -> Moments {
        let zone = TimeZone::get("Europe/Samara").unwrap();
        Moments::new(zone, "2026-03-03T08:00:00Z".parse().unwrap())
    }

    #[test]
    fn moments_are_told_in_the_zone() {
        let check = |at: &str, expected: &str| {
            assert_eq!(moments().day_time(at.parse().unwrap()).replace(NBSP, " "), expected);
        };
        check("2026-03-03T05:10:00Z", "сегодня, 09:10");
        check("2026-03-02T20:00:00Z", "сегодня, 00:00");
        check("2026-03-02T19:59:00Z", "вчера, 23:59");
        check("2026-03-04T05:00:00Z", "завтра, 09:00");
        check("2026-01-12T14:05:00Z", "12 января, 18:05");
        check("2025-12-31T19:00:00Z", "31 декабря 2025, 23:00");
        assert_eq!(moments().full("2026-03-03T05:10:07Z".parse().unwrap()), "вторник, 3 марта 2026, 09:10:07");
        assert_eq!(moments().field("2026-03-03T05:10:07Z".parse().unwrap()), "2026-03-03T09:10");
    }

    #[test]
    fn stretches_have_two_units_at_most() {
        let check = |minutes: i64, expected: &str| {
            assert_eq!(span(SignedDuration::from_mins(minutes)).replace(NBSP, " "), expected);
        };
        check(0, "меньше минуты");
        check(59, "59 мин");
        check(60, "1 ч");
        check(190, "3 ч 10 мин");
        check(1440, "1 дн");
        check(1440 * 2 + 245, "2 дн 4 ч");
        check(-42, "42 мин");
    }

    #[test]
    fn deadlines_say_what_is_left() {
        let check = |due: &str, expected: &str| {
            let due = due.parse().unwrap();
            assert_eq!(left(due, moments().now()).replace(NBSP, " "), expected);
        };
        check("2026-03-03T08:42:00Z", "осталось 42 мин");
        check("2026-03-03T04:50:00Z", "просрочено на 3 ч 10 мин");
    }

    #[test]
    fn the_recent_past_is_told_by_its_distance() {
        let check = |at: &str, expected: &str| {
            assert_eq!(moments().ago(at.parse().unwrap()).replace(NBSP, " "), expected);
        };
        check("2026-03-03T07:59:30Z", "только что");
        check("2026-03-03T07:48:00Z", "12 мин назад");
        check("2026-03-02T10:00:00Z", "вчера, 14:00");
    }
}
