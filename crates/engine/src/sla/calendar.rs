//! The Russian production calendar: days off, working weekends, short days.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday, date};

/// What a day is to those who work five days a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// A working day.
    Working,
    /// A working day an hour shorter (Labour Code, article 95).
    Short,
    /// A day off.
    Off,
}

/// A day of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// What it is.
    pub kind: DayKind,
    /// Why, in Russian: `праздничный день: Новогодние каникулы`.
    pub why: String,
    /// Whether the year's calendar is not there and the day follows from the Labour Code alone.
    pub provisional: bool,
}

/// Why a calendar cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not the XML of xmlcalendar.
    #[error("not a production calendar: {0}")]
    NotACalendar(String),
    /// A day that does not exist or has an unknown type.
    #[error("line {line}: day {day:?} of type {kind:?} makes no sense")]
    Day {
        /// Line of the file.
        line: u32,
        /// The day as written.
        day: String,
        /// The type as written.
        kind: String,
    },
    /// Fewer days off than the Labour Code has: the file is cut short or wrong.
    #[error("{year} has {found} days off besides weekends, fewer than the law knows: the file is not whole")]
    FewDays {
        /// The year.
        year: i16,
        /// Days found.
        found: usize,
    },
}

/// Production calendars of any number of years, and regional days off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    years: BTreeMap<i16, BTreeMap<Date, Day>>,
    regional: BTreeMap<Date, String>,
}

/// Public holidays of the Labour Code, article 112: month, day, name.
const STATUTORY: [(i8, i8, &str); 14] = [
    (1, 1, "Новогодние каникулы"),
    (1, 2, "Новогодние каникулы"),
    (1, 3, "Новогодние каникулы"),
    (1, 4, "Новогодние каникулы"),
    (1, 5, "Новогодние каникулы"),
    (1, 6, "Новогодние каникулы"),
    (1, 7, "Рождество Христово"),
    (1, 8, "Новогодние каникулы"),
    (2, 23, "День защитника Отечества"),
    (3, 8, "Международный женский день"),
    (5, 1, "Праздник Весны и Труда"),
    (5, 9, "День Победы"),
    (6, 12, "День России"),
    (11, 4, "День народного единства"),
];

impl Calendar {
    /// Adds a year from the XML of xmlcalendar, in place of one that is there: `t` is 1 day off, 2 short day, 3 working
    /// weekend.
    ///
    /// # Errors
    /// Not such a file, a day that makes no sense, or too few days off to be whole.
    pub fn add_xml(&mut self, xml: &str) -> Result<i16, CalendarError> {
        let document =
            roxmltree::Document::parse(xml).map_err(|error| CalendarError::NotACalendar(error.to_string()))?;
        let root = document.root_element();
        let year = root
            .attribute("year")
            .filter(|_| root.has_tag_name("calendar"))
            .and_then(|year| year.parse::<i16>().ok())
            .filter(|year| (1990..=2100).contains(year))
            .ok_or_else(|| CalendarError::NotACalendar("expected <calendar year=\"…\">".to_owned()))?;
        let titles: BTreeMap<&str, &str> = root
            .descendants()
            .filter(|node| node.has_tag_name("holiday"))
            .filter_map(|node| Some((node.attribute("id")?, node.attribute("title")?)))
            .collect();
        let mut days = BTreeMap::new();
        for node in root.descendants().filter(|node| node.has_tag_name("day")) {
            let (written, kind) = (node.attribute("d").unwrap_or_default(), node.attribute("t").unwrap_or_default());
            let wrong = || CalendarError::Day {
                line: document.text_pos_at(node.range().start).row,
                day: written.to_owned(),
                kind: kind.to_owned(),
            };
            let date = parse_day(year, written).ok_or_else(wrong)?;
            let title = node.attribute("h").and_then(|id| titles.get(id)).copied();
            let (kind, why) = match kind {
                "1" => (DayKind::Off, title.map_or("перенесённый выходной".into(), holiday)),
                "2" => (DayKind::Short, "предпраздничный день, короче на час".to_owned()),
                "3" => (DayKind::Working, "рабочий день, перенесённый на выходной".to_owned()),
                _ => return Err(wrong()),
            };
            days.insert(date, Day { kind, why, provisional: false });
        }
        let found = days.iter().filter(|(_, day)| day.kind == DayKind::Off).count();
        if found < 10 {
            return Err(CalendarError::FewDays { year, found });
        }
        self.years.insert(year, days);
        Ok(year)
    }

    /// Adds a day off of a region.
    pub fn add_regional(&mut self, date: Date, name: impl Into<String>) {
        self.regional.insert(date, name.into());
    }

    /// Years with a production calendar.
    pub fn years(&self) -> impl Iterator<Item = i16> {
        self.years.keys().copied()
    }

    /// What a day is. In a year without a calendar it follows from weekends and the Labour Code, moved days not known.
    pub fn day(&self, date: Date) -> Day {
        if let Some(name) = self.regional.get(&date) {
            return Day { kind: DayKind::Off, why: holiday(name), provisional: false };
        }
        let year = self.years.get(&date.year());
        if let Some(day) = year.and_then(|days| days.get(&date)) {
            return day.clone();
        }
        let provisional = year.is_none();
        let statutory = STATUTORY.iter().find(|(month, day, _)| (*month, *day) == (date.month(), date.day()));
        let (kind, mut why) = match statutory {
            Some((_, _, name)) if provisional => (DayKind::Off, holiday(name)),
            _ if is_weekend(date) => (DayKind::Off, "выходной день".to_owned()),
            _ => (DayKind::Working, "рабочий день".to_owned()),
        };
        if provisional {
            why = format!("{why} (предварительно: производственный календарь на {} год не загружен)", date.year());
        }
        Day { kind, why, provisional }
    }
}

fn holiday(name: &str) -> String {
    format!("праздничный день: {name}")
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn parse_day(year: i16, written: &str) -> Option<Date> {
    let (month, day) = written.split_once('.')?;
    let (month, day): (i8, i8) = (month.parse().ok()?, day.parse().ok()?);
    Date::new(year, month, day).ok()
}

/// The first day of a calendar's range, for callers that walk it.
pub(crate) fn next_day(date_before: Date) -> Date {
    date_before.tomorrow().unwrap_or(date(9999, 12, 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = r#"<calendar year="2026"><holidays><holiday id="1" title="Новогодние каникулы"/></holidays><days>
        <day d="01.01" t="1" h="1"/><day d="01.02" t="1" h="1"/><day d="01.03" t="1" h="1"/><day d="01.04" t="1" h="1"/>
        <day d="01.05" t="1" h="1"/><day d="01.06" t="1" h="1"/><day d="01.07" t="1"/><day d="01.08" t="1" h="1"/>
        <day d="01.09" t="1" f="01.03"/><day d="02.23" t="1"/><day d="04.30" t="2"/><day d="02.28" t="3"/></days></calendar>"#;

    #[test]
    fn tells_what_days_are() {
        let mut calendar = Calendar::default();
        assert_eq!(calendar.add_xml(XML), Ok(2026));
        calendar.add_regional(date(2026, 5, 27), "Курбан-байрам");
        let check = |day: Date, kind: DayKind, why: &str| {
            let found = calendar.day(day);
            assert_eq!((found.kind, found.why.as_str()), (kind, why), "{day}");
        };
        check(date(2026, 1, 5), DayKind::Off, "праздничный день: Новогодние каникулы");
        check(date(2026, 1, 9), DayKind::Off, "перенесённый выходной");
        check(date(2026, 1, 12), DayKind::Working, "рабочий день");
        check(date(2026, 4, 30), DayKind::Short, "предпраздничный день, короче на час");
        check(date(2026, 2, 28), DayKind::Working, "рабочий день, перенесённый на выходной");
        check(date(2026, 3, 1), DayKind::Off, "выходной день");
        check(date(2026, 5, 27), DayKind::Off, "праздничный день: Курбан-байрам");
        let unknown =
            "праздничный день: День России (предварительно: производственный календарь на 2031 год не загружен)";
        check(date(2031, 6, 12), DayKind::Off, unknown);
    }

    #[test]
    fn refuses_what_is_not_whole() {
        let check = |xml: &str, expected: &str| {
            assert_eq!(Calendar::default().add_xml(xml).unwrap_err().to_string(), expected);
        };
        check("<html/>", "not a production calendar: expected <calendar year=\"…\">");
        check(
            r#"<calendar year="2026"><days><day d="13.40" t="1"/></days></calendar>"#,
            "line 1: day \"13.40\" of type \"1\" makes no sense",
        );
        check(
            r#"<calendar year="2026"><days><day d="01.01" t="1"/></days></calendar>"#,
            "2026 has 1 days off besides weekends, fewer than the law knows: the file is not whole",
        );
        assert!(Calendar::default().add_xml("").is_err());
    }
}
