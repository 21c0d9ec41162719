//! Counts for boards.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::Timestamp;
use otklik_domain::{AgencyId, BlockId, PlaceId, State};
use otklik_ports::{BOARD_DAYS, BoardCounts, IncidentFilter};
use rusqlite::{Connection, ToSql};

use super::{
    failure::{Failure, Result},
    filter::{self, Condition, TextBy},
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
    let condition = Condition::of(filter, TextBy::Scan);
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
            let at = Timestamp::from_microsecond(bounds[0]).map_err(|_| Failure::Damaged("a day"))?;
            days.push((at, found[0].into(), found[1].into()));
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

/// Those with any, most first, then by id.
fn most_first<T>(counts: BTreeMap<String, u64>, id: fn(String) -> T) -> Vec<(T, u64)> {
    let mut list: Vec<(String, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    list.sort_by_key(|(_, count)| Reverse(*count));
    list.into_iter().map(|(name, count)| (id(name), count)).collect()
}
