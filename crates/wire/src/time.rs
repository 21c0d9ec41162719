//! Times on the wire.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::error::Invalid;

/// Reads a time: RFC 3339 (`2024-03-01T12:00:00+03:00`), or the same without an offset, which is taken to be
/// Moscow time as most Russian exports are.
///
/// # Errors
/// Anything else, and years outside 1990..=2100: such a date is a mistake of the source.
pub fn parse(field: &'static str, text: &str) -> Result<Timestamp, Invalid> {
    parse_in(field, text, || TimeZone::get("Europe/Moscow"))
}

/// Reads a time like [`parse`], taking one without an offset to be of the given time zone.
///
/// # Errors
/// As [`parse`]; also when the time zone is not known.
pub fn parse_in(
    field: &'static str,
    text: &str,
    zone: impl FnOnce() -> Result<TimeZone, jiff::Error>,
) -> Result<Timestamp, Invalid> {
    let text = text.trim();
    let not_a_time = || Invalid::new(field, format!("{:?} is not a time such as 2024-03-01T12:00:00+03:00", cut(text)));
    let time = match text.parse::<Timestamp>() {
        Ok(time) => time,
        Err(_) => {
            let local: DateTime = text.parse().map_err(|_| not_a_time())?;
            let zone = zone().map_err(|error| Invalid::new(field, error.to_string()))?;
            local.to_zoned(zone).map_err(|_| not_a_time())?.timestamp()
        }
    };
    in_range(field, time)
}

/// Takes a time from seconds since 1970.
///
/// # Errors
/// Years outside 1990..=2100.
pub fn from_unix(field: &'static str, seconds: i64) -> Result<Timestamp, Invalid> {
    let time = Timestamp::from_second(seconds).map_err(|_| Invalid::new(field, "is not a time"))?;
    in_range(field, time)
}

fn in_range(field: &'static str, time: Timestamp) -> Result<Timestamp, Invalid> {
    const YEAR_1990: i64 = 631_152_000;
    const YEAR_2101: i64 = 4_133_980_800;
    if (YEAR_1990..YEAR_2101).contains(&time.as_second()) {
        Ok(time)
    } else {
        Err(Invalid::new(field, format!("{time} lies outside the years 1990 to 2100")))
    }
}

/// The beginning of a wrong value, short enough for a message.
fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = match parse("published_at", text) {
            Ok(time) => time.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn reads_times() {
        check("2024-03-01T12:00:00+03:00", "2024-03-01T09:00:00Z");
        check("2024-03-01T09:00:00Z", "2024-03-01T09:00:00Z");
        check(" 2020-10-18T14:50:40.817676", "2020-10-18T11:50:40.817676Z");
        check("2020-10-18 14:50:40", "2020-10-18T11:50:40Z");
        check("2020-10-18", "2020-10-17T21:00:00Z");
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        check("вчера", "published_at: \"вчера\" is not a time such as 2024-03-01T12:00:00+03:00");
        check(
            "2024-02-30T12:00:00Z",
            "published_at: \"2024-02-30T12:00:00Z\" is not a time such as 2024-03-01T12:00:00+03:00",
        );
        check("", "published_at: \"\" is not a time such as 2024-03-01T12:00:00+03:00");
        check("0001-01-01T00:00:00Z", "published_at: 0001-01-01T00:00:00Z lies outside the years 1990 to 2100");
    }
}
