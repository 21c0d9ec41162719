//! Counts for boards.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use otklik_domain::{AgencyId, BlockId, PlaceId, State};
use otklik_ports::{BOARD_DAYS, BoardCounts, IncidentFilter};
use rusqlite::Connection;

use super::{
    failure::{Failure, Result},
    filter::{self, Condition},
    rows::Fields,
};

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
    const COLUMNS: &str = "state, ifnull(agency, ''), block, ifnull(municipality, ''), overdue";
    let condition = Condition::of(filter);
    let (answered, count, source) = if filter::is_of_kinds(filter) {
        ("answered, rating", "sum(n)", "tally")
    } else {
        ("final_answer_at IS NOT NULL, ifnull(rating, 0)", "count(*)", "incidents")
    };
    let sql = format!(
        "SELECT {COLUMNS}, {answered}, {count} FROM {source} WHERE {} GROUP BY 1, 2, 3, 4, 5, 6, 7",
        condition.sql()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(&condition.values()[..])?;

    let mut states: BTreeMap<State, u64> = BTreeMap::new();
    let mut blocks: BTreeMap<String, u64> = BTreeMap::new();
    let mut agencies: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
    let mut municipalities: BTreeMap<String, u64> = BTreeMap::new();
    let mut ratings = [0; 5];
    while let Some(row) = rows.next()? {
        let mut fields = Fields { row, next: 0 };
        let state: State = fields.named("the state of an incident")?;
        let (agency, block, municipality) = (fields.text()?, fields.text()?, fields.text()?);
        let (overdue, answered): (bool, bool) = (fields.get()?, fields.get()?);
        let rating: u8 = fields.get()?;
        let n = fields.number()?;
        let open = if state.is_final() { 0 } else { n };
        *states.entry(state).or_default() += n;
        *blocks.entry(block).or_default() += open;
        *municipalities.entry(municipality).or_default() += open;
        let counts = agencies.entry(agency).or_default();
        counts.0 += open;
        counts.1 += if overdue { n } else { 0 };
        counts.2 += if answered { n } else { 0 };
        if let Some(count) = rating.checked_sub(1).and_then(|index| ratings.get_mut(usize::from(index))) {
            *count += n;
        }
    }
    municipalities.remove("");
    agencies.remove("");
    let mut agencies: Vec<_> =
        agencies.into_iter().map(|(id, (o, late, done))| (AgencyId::new(id), o, late, done)).collect();
    agencies.sort_by_key(|(_, open, ..)| Reverse(*open));
    Ok(BoardCounts {
        states: states.into_iter().collect(),
        blocks: most_first(blocks, BlockId::new),
        agencies,
        municipalities: most_first(municipalities, PlaceId::new),
        ratings,
        ..BoardCounts::default()
    })
}

/// Opened and answered by day, for the last days.
fn days(connection: &Connection, filter: &IncidentFilter, now: Timestamp) -> Result<Vec<(Timestamp, u64, u64)>> {
    let today = now.as_microsecond().div_euclid(DAY_MICROSECONDS);
    let range = (today - i64::from(BOARD_DAYS) + 1) * DAY_MICROSECONDS..(today + 1) * DAY_MICROSECONDS;
    let by_day = |column: &str| -> Result<BTreeMap<i64, u32>> {
        let mut condition = Condition::of(filter);
        condition.add(&format!("{column} >= ?"), range.start);
        condition.add(&format!("{column} < ?"), range.end);
        let sql = format!(
            "SELECT {column} / {DAY_MICROSECONDS}, count(*) FROM incidents WHERE {} GROUP BY 1",
            condition.sql()
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let counts = statement.query_map(&condition.values()[..], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(counts.collect::<rusqlite::Result<_>>()?)
    };
    let (opened, answered) = (by_day("opened_at")?, by_day("final_answer_at")?);
    let days: BTreeSet<i64> = opened.keys().chain(answered.keys()).copied().collect();
    days.into_iter()
        .map(|day| {
            let at = Timestamp::from_microsecond(day * DAY_MICROSECONDS).map_err(|_| Failure::Damaged("a day"))?;
            let count = |counts: &BTreeMap<i64, u32>| u64::from(counts.get(&day).copied().unwrap_or_default());
            Ok((at, count(&opened), count(&answered)))
        })
        .collect()
}

/// Median and 90th percentile of the minutes to the first answer, by nearest rank.
fn first_answer_minutes(connection: &Connection, filter: &IncidentFilter) -> Result<Option<(u64, u64)>> {
    let condition = Condition::of(filter);
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

/// Those with any, most first, then by id.
fn most_first<T>(counts: BTreeMap<String, u64>, id: fn(String) -> T) -> Vec<(T, u64)> {
    let mut list: Vec<(String, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    list.sort_by_key(|(_, count)| Reverse(*count));
    list.into_iter().map(|(name, count)| (id(name), count)).collect()
}
