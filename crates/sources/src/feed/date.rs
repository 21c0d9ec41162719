//! Dates of feeds, in every form that sites write them.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::{Offset, TimeZone},
};

/// Reads a date: RFC 822 and its many misspellings, RFC 3339 and ISO 8601, `01.03.2026 10:00`, seconds since 1970. Without an
/// offset it is Moscow time, as most Russian sites mean. `None` for anything else.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        return if text.len() >= 12 {
            Timestamp::from_millisecond(number).ok()
        } else {
            Timestamp::from_second(number).ok()
        };
    }
    let mut read = Read::default();
    // `2026-03-01T10:00` is two words, `+03:00` behind a time another.
    let spaced = split_offset(&text.replace(',', " "));
    for word in spaced.split_whitespace().take(12) {
        read.word(word);
    }
    read.finish()
}

/// Sets apart a time that follows a date, `2026-03-01T10:00`, and an offset that follows a time, `10:00:00+03:00`.
fn split_offset(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 2);
    let mut after_time = false;
    for c in text.chars() {
        if c == 'T' && spaced.ends_with(|c: char| c.is_ascii_digit()) {
            spaced.push(' ');
            continue;
        }
        if after_time && matches!(c, '+' | '-' | 'Z') {
            spaced.push(' ');
            after_time = false;
        }
        after_time |= c == ':';
        spaced.push(c);
    }
    spaced
}

/// What has been read of a date so far.
#[derive(Debug, Default)]
struct Read {
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    time: Option<Time>,
    offset: Option<Offset>,
}

impl Read {
    fn word(&mut self, word: &str) {
        if self.time.is_none() && word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()) {
            self.time = time(word);
        } else if self.time.is_some()
            && (self.offset.is_none() || word.starts_with(['+', '-']))
            && offset(word).is_some()
        {
            // Of `GMT+3` the number counts.
            self.offset = offset(word);
        } else if let Some(month) = month(word) {
            self.month = self.month.or(Some(month));
        } else if let Some((year, month, day)) = numeric(word) {
            (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
        } else if let Ok(number) = word.trim_end_matches('.').parse::<i16>() {
            match (self.day, i8::try_from(number)) {
                (None, Ok(day)) if (1..=31).contains(&day) => self.day = Some(day),
                _ => self.year = self.year.or(Some(full_year(number))),
            }
        } else if word.contains('-') && word.split('-').count() == 3 {
            word.split('-').for_each(|part| self.word(part));
        }
    }

    fn finish(self) -> Option<Timestamp> {
        let date = Date::new(self.year?, self.month?, self.day?).ok()?;
        let local = DateTime::from_parts(date, self.time.unwrap_or(Time::midnight()));
        let zone = match self.offset {
            Some(offset) => TimeZone::fixed(offset),
            None => TimeZone::get("Europe/Moscow").ok()?,
        };
        Some(local.to_zoned(zone).ok()?.timestamp())
    }
}

/// `10:00`, `9:05:03`, `10:00:00.123`; 24:00 is the midnight that ends the day and is taken for 23:59.
fn time(word: &str) -> Option<Time> {
    let mut parts = word.split(':').map(|part| part.split('.').next().unwrap_or_default().parse::<i8>());
    let hour = parts.next()?.ok()?;
    let minute = parts.next()?.ok()?;
    let second = parts.next().and_then(Result::ok).unwrap_or_default().min(59);
    if (hour, minute) == (24, 0) { Time::new(23, 59, 59, 0).ok() } else { Time::new(hour, minute, second, 0).ok() }
}

/// `+0300`, `+03:00`, `+3`, `GMT+3`, `Z`, names of zones.
fn offset(word: &str) -> Option<Offset> {
    let named = match word.trim_matches(['(', ')']).to_ascii_uppercase().as_str() {
        "Z" | "UT" | "UTC" | "GMT" => Some(0),
        "MSK" | "МСК" => Some(3),
        "MSD" | "SAMT" => Some(4),
        "YEKT" => Some(5),
        "OMST" => Some(6),
        "NOVT" | "KRAT" => Some(7),
        "EST" | "CDT" => Some(-5),
        "EDT" => Some(-4),
        "CST" => Some(-6),
        "PST" => Some(-8),
        "PDT" => Some(-7),
        "CET" => Some(1),
        "CEST" | "EET" => Some(2),
        "EEST" => Some(3),
        _ => None,
    };
    if let Some(hours) = named {
        return Offset::from_hours(hours).ok();
    }
    let signed = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let sign = match signed.chars().next()? {
        '+' => 1,
        '-' | '−' => -1,
        _ => return None,
    };
    let digits: String = signed.chars().filter(char::is_ascii_digit).collect();
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A month by the beginning of its name, English or Russian.
fn month(word: &str) -> Option<i8> {
    const MONTHS: [[&str; 2]; 12] = [
        ["jan", "янв"],
        ["feb", "фев"],
        ["mar", "мар"],
        ["apr", "апр"],
        ["may", "ма"],
        ["jun", "июн"],
        ["jul", "июл"],
        ["aug", "авг"],
        ["sep", "сен"],
        ["oct", "окт"],
        ["nov", "ноя"],
        ["dec", "дек"],
    ];
    let word = word.to_lowercase();
    let place = MONTHS.iter().position(|names| names.iter().any(|name| word.starts_with(name)))?;
    i8::try_from(place + 1).ok()
}

/// `2026-03-01`, `2026/03/01`, `01.03.2026`, `20260301`.
fn numeric(word: &str) -> Option<(i16, i8, i8)> {
    let parts: Vec<i16> = word.split(['-', '.', '/']).map(str::parse).collect::<Result<_, _>>().ok()?;
    let (year, month, day) = match parts[..] {
        [year, month, day] if year >= 1000 => (year, month, day),
        [day, month, year] => (full_year(year), month, day),
        _ => return None,
    };
    Some((year, i8::try_from(month).ok()?, i8::try_from(day).ok()?))
}

/// A year written with two digits.
fn full_year(year: i16) -> i16 {
    match year {
        0..=69 => year + 2000,
        70..=99 => year + 1900,
        _ => year,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_dates_of_every_broken_sort() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        };
        let ten = Some("2026-03-01T10:00:00Z");
        for text in [
            "Sun, 01 Mar 2026 13:00:00 +0300",
            "Sun, 1 Mar 2026 10:00:00 GMT",
            "Mon, 1 March 2026 10:00 UT",
            "01 Mar 26 10:00:00 Z",
            "Вс, 01 марта 2026 13:00:00 MSK",
            "1 Mar 2026 13:00:00",
            "Sun, 01-Mar-2026 10:00:00 GMT",
            "Sun, 01 Mar 2026 13:00:00 GMT+3",
            "Sun, 01 Mar 2026 13:00:00 +03:00",
            "  Sun , 01 Mar 2026 05:00:00 EST  ",
            "2026-03-01T10:00:00Z",
            "2026-03-01T10:00:00.000Z",
            "2026-03-01T13:00:00+03:00",
            "2026-03-01T13:00:00+0300",
            "2026-03-01 13:00:00 +0300",
            "2026-03-01 13:00:00",
            "2026-03-01T13:00",
            "01.03.2026 13:00",
            "01.03.2026, 13:00",
            "2026/03/01 13:00",
            "1772359200",
            "1772359200000",
        ] {
            check(text, ten);
        }
        check("2026-03-01", Some("2026-02-28T21:00:00Z"));
        check("Sun, 01 Mar 2026", Some("2026-02-28T21:00:00Z"));
        check("Sun, 01 Mar 2026 24:00:00 GMT", Some("2026-03-01T23:59:59Z"));
        check("5 мая 2026 10:00 +0000", Some("2026-05-05T10:00:00Z"));
        for broken in
            ["", "вчера", "Sun, 31 Feb 2026 10:00:00 GMT", "2026", "0000-00-00 00:00:00", "12:00", "32.13.2026"]
        {
            check(broken, None);
        }
    }

    proptest! {
        #[test]
        fn reads_anything(text in "[0-9A-Za-zа-я:,.+/ TZ-]{0,40}") {
            prop_assert_eq!(parse(&text), parse(&text));
        }

        #[test]
        fn reads_back_what_is_written(second in 631_152_000i64..4_133_980_000) {
            let time = Timestamp::from_second(second).unwrap();
            let written = jiff::fmt::rfc2822::to_string(&time.to_zoned(TimeZone::UTC)).unwrap();
            prop_assert_eq!(parse(&written), Some(time), "{}", written);
        }
    }
}
