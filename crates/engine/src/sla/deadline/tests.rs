use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const XML_2026: &str = include_str!("../../../../../dictionaries/calendar/ru-2026.xml");

fn schedule() -> Schedule {
    let mut calendar = Calendar::default();
    calendar.add_xml(XML_2026).unwrap();
    Schedule::usual(calendar, TimeZone::get("Europe/Moscow").unwrap())
}

fn at(text: &str) -> Timestamp {
    format!("{text}:00+03:00").parse().unwrap()
}

#[track_caller]
fn check(unit: Unit, amount: u32, start: &str, pauses: &[(&str, &str)], expected: &str) {
    let pauses: Vec<_> = pauses.iter().map(|(from, to)| (at(from), at(to))).collect();
    let deadline = deadline(unit, amount, at(start), &pauses, &schedule());
    let due = deadline.due.to_zoned(TimeZone::get("Europe/Moscow").unwrap()).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    assert_eq!(due, expected, "{amount} {unit} from {start}");
}

#[test]
fn clock_time_goes_on_by_night() {
    check(Unit::Minutes, 60, "2026-03-06T17:30", &[], "2026-03-06T18:30:00");
    check(Unit::Hours, 24, "2026-03-06T17:30", &[], "2026-03-07T17:30:00");
    check(Unit::Hours, 8, "2026-03-06T17:30", &[("2026-03-06T18:00", "2026-03-06T20:00")], "2026-03-07T03:30:00");
}

#[test]
fn working_hours() {
    // Within a day, over a night, over a weekend.
    check(Unit::WorkingHours, 4, "2026-03-10T10:00", &[], "2026-03-10T14:00:00");
    check(Unit::WorkingHours, 4, "2026-03-10T16:00", &[], "2026-03-11T11:00:00");
    check(Unit::WorkingHours, 4, "2026-03-13T17:00", &[], "2026-03-16T12:00:00");
    // Used up exactly at closing: due at that closing.
    check(Unit::WorkingHours, 9, "2026-03-10T09:00", &[], "2026-03-10T18:00:00");
    check(Unit::WorkingHours, 9, "2026-03-10T08:00", &[], "2026-03-10T18:00:00");
    check(Unit::WorkingHours, 9, "2026-03-10T18:00", &[], "2026-03-11T18:00:00");
    // A short day closes an hour earlier: 30 April 2026.
    check(Unit::WorkingHours, 9, "2026-04-30T09:00", &[], "2026-05-04T10:00:00");
    check(Unit::WorkingHours, 8, "2026-04-30T09:00", &[], "2026-04-30T17:00:00");
    // New Year: 31 December 2025 is not in this calendar; 1 to 11 January 2026 are off.
    check(Unit::WorkingHours, 1, "2026-01-01T12:00", &[], "2026-01-12T10:00:00");
    // Pauses at night cost nothing, those by day do, also across a night.
    check(
        Unit::WorkingHours,
        4,
        "2026-03-10T16:00",
        &[("2026-03-10T19:00", "2026-03-11T08:00")],
        "2026-03-11T11:00:00",
    );
    check(
        Unit::WorkingHours,
        4,
        "2026-03-10T16:00",
        &[("2026-03-10T17:00", "2026-03-11T10:00")],
        "2026-03-11T13:00:00",
    );
}

#[test]
fn days() {
    check(Unit::WorkingDays, 1, "2026-03-10T10:00", &[], "2026-03-11T18:00:00");
    check(Unit::WorkingDays, 7, "2026-03-10T23:59", &[], "2026-03-19T18:00:00");
    check(Unit::WorkingDays, 1, "2026-03-06T10:00", &[], "2026-03-10T18:00:00");
    check(Unit::WorkingDays, 1, "2026-04-29T10:00", &[], "2026-04-30T17:00:00");
    check(Unit::CalendarDays, 10, "2026-03-10T10:00", &[], "2026-03-20T23:59:59");
    check(Unit::CalendarDays, 30, "2026-01-31T00:00", &[], "2026-03-02T23:59:59");
}

#[test]
fn the_trace_says_why() {
    let found = deadline(Unit::WorkingHours, 2, at("2026-04-30T16:00"), &[], &schedule());
    let shown: Vec<(bool, &str)> = found.trace.iter().map(|part| (part.counted, part.why.as_ref())).collect();
    assert_eq!(
        shown,
        [
            (true, "предпраздничный день, короче на час"),
            (false, "нерабочее время"),
            (false, "праздничный день: Праздник Весны и Труда"),
            (false, "выходной день"),
            (false, "нерабочее время"),
            (true, "рабочий день"),
        ]
    );
}

#[test]
fn a_pause_without_end_has_no_deadline() {
    let pauses = [(at("2026-03-10T11:00"), Timestamp::MAX)];
    assert_eq!(deadline(Unit::Hours, 8, at("2026-03-10T10:00"), &pauses, &schedule()).due, Timestamp::MAX);
    assert_eq!(deadline(Unit::WorkingHours, 8, at("2026-03-10T10:00"), &pauses, &schedule()).due, Timestamp::MAX);
}

/// Counts working minutes one by one: slow, and too simple to be wrong.
fn by_minutes(amount: u32, start: Timestamp, pauses: &[(Timestamp, Timestamp)], schedule: &Schedule) -> Timestamp {
    let minute = SignedDuration::from_mins(1);
    let (mut at, mut left) = (start, amount * 60);
    while left > 0 {
        let local = at.to_zoned(schedule.zone.clone());
        let counts = match schedule.calendar.day(local.date()).kind {
            DayKind::Off => false,
            DayKind::Working => (9..18).contains(&local.hour()),
            DayKind::Short => (9..17).contains(&local.hour()),
        } && !pauses.iter().any(|(from, to)| (*from..*to).contains(&at));
        left -= u32::from(counts);
        at += minute;
    }
    at
}

proptest! {
    #[test]
    fn working_hours_agree_with_counting_minutes(
        day in 0_i64..340, minute in 0_i64..1440, amount in 1_u32..30, pause_from in 0_i64..4000, pause_for in 0_i64..4000,
    ) {
        let schedule = schedule();
        let base = date(2026, 1, 1).to_zoned(schedule.zone.clone()).unwrap().timestamp();
        let start = base + SignedDuration::from_mins(day * 1440 + minute);
        let pause = (start + SignedDuration::from_mins(pause_from), start + SignedDuration::from_mins(pause_from + pause_for));
        let pauses = if pause_for > 0 { vec![pause] } else { vec![] };
        let found = deadline(Unit::WorkingHours, amount, start, &pauses, &schedule);
        prop_assert_eq!(found.due, by_minutes(amount, start, &pauses, &schedule));
    }

    #[test]
    fn a_trace_has_no_gaps_and_counts_the_limit(day in 0_i64..340, minute in 0_i64..1440, amount in 1_u32..40, unit in 0_usize..5) {
        let schedule = schedule();
        let unit = Unit::ALL[unit];
        let base = date(2026, 1, 1).to_zoned(schedule.zone.clone()).unwrap().timestamp();
        let start = base + SignedDuration::from_mins(day * 1440 + minute);
        let found = deadline(unit, amount, start, &[], &schedule);
        prop_assert_eq!(found.trace.first().map(|part| part.from), Some(start));
        prop_assert_eq!(found.trace.last().map(|part| part.to), Some(found.due));
        prop_assert!(found.trace.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].from < pair[0].to));
        if matches!(unit, Unit::Minutes | Unit::Hours | Unit::WorkingHours) {
            let counted: i64 = found.trace.iter().filter(|part| part.counted).map(|part| part.to.duration_since(part.from).as_mins()).sum();
            prop_assert_eq!(counted, i64::from(amount) * if unit == Unit::Minutes { 1 } else { 60 });
        }
    }

    #[test]
    fn a_later_start_is_never_due_earlier(day in 0_i64..340, minute in 0_i64..1440, later in 0_i64..3000, unit in 0_usize..5) {
        let schedule = schedule();
        let base = date(2026, 1, 1).to_zoned(schedule.zone.clone()).unwrap().timestamp();
        let start = base + SignedDuration::from_mins(day * 1440 + minute);
        let due = |start| deadline(Unit::ALL[unit], 5, start, &[], &schedule).due;
        prop_assert!(due(start) <= due(start + SignedDuration::from_mins(later)));
    }
}
