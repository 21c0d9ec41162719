//! Counts for boards.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use otklik_ports::{BOARD_DAYS, BoardCounts, IncidentFilter};

use super::{connections::Session, failure::Result, filter::Condition, rows::RowFields};
use crate::sql::{Damaged, Fields, board::BoardSums, is_of_kinds};

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Counts the incidents of a filter.
pub(super) async fn board(session: &Session, filter: &IncidentFilter, now: Timestamp) -> Result<BoardCounts> {
    let mut board = kinds(session, filter).await?;
    board.days = days(session, filter, now).await?;
    board.first_answer_minutes = first_answer_minutes(session, filter).await?;
    Ok(board)
}

/// All that can be counted by kinds: from the tally when it knows the filter, otherwise from the incidents.
async fn kinds(session: &Session, filter: &IncidentFilter) -> Result<BoardCounts> {
    let mut condition = Condition::of(filter);
    let (columns, count, source) = if is_of_kinds(filter) {
        condition.add_term("n <> 0");
        (BoardSums::OF_TALLY, "sum(n)::bigint", "tally")
    } else {
        (BoardSums::OF_INCIDENTS, "count(*)", "incidents")
    };
    let sql = format!("SELECT {columns}, {count} FROM {source} WHERE {} GROUP BY 1, 2, 3, 4, 5, 6, 7", condition.sql());
    let mut sums = BoardSums::default();
    for row in &session.query_once(&sql, &condition.values()).await? {
        sums.add(&mut RowFields { row, next: 0 })?;
    }
    Ok(sums.into_board())
}

/// Opened and answered by day, for the last days.
async fn days(session: &Session, filter: &IncidentFilter, now: Timestamp) -> Result<Vec<(Timestamp, u64, u64)>> {
    let today = now.as_second().div_euclid(DAY_SECONDS);
    let first = Timestamp::from_second((today - i64::from(BOARD_DAYS) + 1) * DAY_SECONDS);
    let first = first.map_err(|_| Damaged("the present time"))?;
    let end = first + SignedDuration::from_secs(i64::from(BOARD_DAYS) * DAY_SECONDS);
    let mut days: BTreeMap<Timestamp, [u64; 2]> = BTreeMap::new();
    for (index, column) in ["opened_at", "final_answer_at"].into_iter().enumerate() {
        let mut condition = Condition::of(filter);
        condition.add_time(&format!("{column} >= ?"), first);
        condition.add_time(&format!("{column} < ?"), end);
        // The days of the session's time zone, which is UTC.
        let sql =
            format!("SELECT date_trunc('day', {column}), count(*) FROM incidents WHERE {} GROUP BY 1", condition.sql());
        for row in &session.query_once(&sql, &condition.values()).await? {
            let mut fields = RowFields { row, next: 0 };
            let (day, count) = (fields.time()?, fields.number()?);
            days.entry(day).or_default()[index] = count;
        }
    }
    Ok(days.into_iter().map(|(day, [opened, answered])| (day, opened, answered)).collect())
}

/// Median and 90th percentile of the minutes to the first answer, by nearest rank.
async fn first_answer_minutes(session: &Session, filter: &IncidentFilter) -> Result<Option<(u64, u64)>> {
    let mut condition = Condition::of(filter);
    condition.add_term("final_answer_at IS NOT NULL");
    let sql = format!(
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY minutes), percentile_disc(0.9) WITHIN GROUP (ORDER BY minutes)
         FROM (SELECT greatest(0, floor(extract(epoch FROM first_answer_at - opened_at) / 60))::bigint AS minutes
               FROM incidents WHERE {}) AS answered",
        condition.sql()
    );
    let rows = session.query_once(&sql, &condition.values()).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut fields = RowFields { row, next: 0 };
    Ok(fields.optional_number()?.zip(fields.optional_number()?))
}
