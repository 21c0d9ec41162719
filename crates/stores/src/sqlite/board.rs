//! Counts for boards.

use jiff::Timestamp;
use otklik_ports::{BOARD_DAYS, BoardCounts, IncidentFilter};
use rusqlite::{Connection, ToSql};

use super::{
    failure::Result,
    filter::{Condition, TextBy},
    rows::RowFields,
};
use crate::sql::{board::BoardSums, incident::time, is_of_kinds};

const DAY_MICROSECONDS: i64 = 24 * 60 * 60 * 1_000_000;
const MINUTE_MICROSECONDS: i64 = 60 * 1_000_000;

/// Counts the incidents of a filter.
pub(super) fn board(connection: &Connection, filter: &IncidentFilter, now: Timestamp) -> Result<BoardCounts> {
    let mut board = kinds(connection, filter)?;
    board.days = days(connection, filter, now)?;
    board.first_answer_minutes = first_answer_minutes(connection, filter)?;
    Ok(board)
}

/// All that can be counted by kinds: from the tally when it knows the filter, otherwise from the incidents.
fn kinds(connection: &Connection, filter: &IncidentFilter) -> Result<BoardCounts> {
    let condition = Condition::of(filter, TextBy::Scan);
    let (columns, count, source) = if is_of_kinds(filter) {
        (BoardSums::OF_TALLY, "sum(n)", "tally")
    } else {
        (BoardSums::OF_INCIDENTS, "count(*)", "incidents")
    };
    let sql = format!("SELECT {columns}, {count} FROM {source} WHERE {} GROUP BY 1, 2, 3, 4, 5, 6, 7", condition.sql());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(&condition.values()[..])?;
    let mut sums = BoardSums::default();
    while let Some(row) = rows.next()? {
        sums.add(&mut RowFields { row, next: 0 })?;
    }
    Ok(sums.into_board())
}

/// Opened and answered by day, for the last days.
fn days(connection: &Connection, filter: &IncidentFilter, now: Timestamp) -> Result<Vec<(Timestamp, u64, u64)>> {
    // A count for each day, since a count by days would sort all incidents of the time.
    let count = |column: &str| {
        let mut condition = Condition::of(filter, TextBy::Scan);
        condition.add_term(format!("{column} >= ? AND {column} < ?"));
        let sql = format!("SELECT count(*) FROM incidents WHERE {}", condition.sql());
        (condition, sql)
    };
    let counts = [count("opened_at"), count("final_answer_at")];
    let today = now.as_microsecond().div_euclid(DAY_MICROSECONDS);
    let mut days = Vec::new();
    for day in today - i64::from(BOARD_DAYS) + 1..=today {
        let bounds = [day * DAY_MICROSECONDS, (day + 1) * DAY_MICROSECONDS];
        let mut found = [0, 0];
        for ((condition, sql), count) in counts.iter().zip(&mut found) {
            let mut values = condition.values();
            values.extend(bounds.iter().map(|bound| bound as &dyn ToSql));
            *count = connection.prepare_cached(sql)?.query_row(&values[..], |row| row.get::<_, u32>(0))?;
        }
        if found != [0, 0] {
            days.push((time(bounds[0])?, found[0].into(), found[1].into()));
        }
    }
    Ok(days)
}

/// Median and 90th percentile of the minutes to the first answer, by nearest rank.
fn first_answer_minutes(connection: &Connection, filter: &IncidentFilter) -> Result<Option<(u64, u64)>> {
    let condition = Condition::of(filter, TextBy::Scan);
    let sql = format!(
        "SELECT max(first_answer_at - opened_at, 0) / {MINUTE_MICROSECONDS} FROM incidents
         WHERE final_answer_at IS NOT NULL AND {}",
        condition.sql()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let minutes = statement.query_map(&condition.values()[..], |row| row.get::<_, u32>(0))?;
    let mut minutes: Vec<u32> = minutes.collect::<rusqlite::Result<_>>()?;
    let mut nearest_rank = |percent: usize| {
        let rank = (minutes.len() * percent).div_ceil(100).checked_sub(1)?;
        Some(u64::from(*minutes.select_nth_unstable(rank).1))
    };
    Ok(nearest_rank(50).zip(nearest_rank(90)))
}
