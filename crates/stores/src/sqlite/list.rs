//! Finding incidents.
//!
//! A page of a list can be found in two ways: walk along the index of its order and leave out what does not fit, or
//! collect what fits by the index of some field and sort it. The first is quick when much fits, the second when little
//! does; the tally says which, see [`find_page`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use otklik_domain::{Answer, Change, Event, EventId, Incident, IncidentId};
use otklik_ports::{INCIDENT_PAGE_MAX, IncidentFilter, IncidentPage, IncidentQuery};
use rusqlite::{Connection, OptionalExtension, Params, ToSql, types::Value};

use super::{
    failure::Result,
    filter::{self, Condition, TextBy},
    rows::{self, RowFields},
};
use crate::sql::{Fields, Record, bounded, integer, is_of_kinds, text_of};

const RUNNING_LIKE_MAX: usize = 10;

/// An incident by id.
pub(super) fn get(connection: &Connection, id: &IncidentId) -> Result<Option<Incident>> {
    Ok(incidents(connection, "WHERE id = ?", [id.as_str()])?.pop())
}

/// A page of a list.
pub(super) fn list(connection: &Connection, query: &IncidentQuery) -> Result<IncidentPage> {
    let counts = count(connection, &query.filter)?;
    let limit = query.limit.min(INCIDENT_PAGE_MAX);
    let mut page = IncidentPage { total: counts.total, incidents: Vec::new() };
    if limit > 0 && (query.offset as u64) < counts.total {
        page.incidents = find_page(connection, query, limit, &counts)?;
    }
    Ok(page)
}

/// Incidents with something to notice at a time, the longest due first.
pub(super) fn due(connection: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Incident>> {
    let rest = "WHERE next_check <= ? ORDER BY next_check, id LIMIT ?";
    incidents(connection, rest, [now.as_microsecond(), bounded(limit as u64)])
}

/// The latest incident of each event.
pub(super) fn by_events(connection: &Connection, events: &[EventId]) -> Result<Vec<(EventId, Incident)>> {
    let wanted: Vec<Value> = events.iter().map(|event| Value::from(event.as_str().to_owned())).collect();
    let sql = format!(
        "SELECT incident_events.event, {} FROM incident_events JOIN incidents ON incidents.n = incident_events.n
         WHERE incident_events.event IN rarray(?) ORDER BY opened_at, id",
        Incident::COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([std::rc::Rc::new(wanted)])?;
    let mut latest = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let mut fields = RowFields { row, next: 0 };
        latest.insert(EventId::new(fields.text()?), Incident::read(&mut fields)?);
    }
    Ok(latest.into_iter().collect())
}

/// Incidents opened for one of these events.
pub(super) fn opened_for(connection: &Connection, events: &[EventId]) -> Result<Vec<Incident>> {
    let wanted: Vec<Value> = events.iter().map(|event| Value::from(event.as_str().to_owned())).collect();
    let rest = "WHERE n IN (SELECT n FROM incident_events WHERE event IN rarray(?1)) AND event IN rarray(?1)
                ORDER BY opened_at, id";
    incidents(connection, rest, [std::rc::Rc::new(wanted)])
}

/// Running incidents of an event's region, topic and place.
pub(super) fn running_like(connection: &Connection, event: &Event) -> Result<Vec<Incident>> {
    let (Some(topic), Some(place)) = (&event.topic, &event.place) else { return Ok(Vec::new()) };
    let rest = format!(
        "WHERE running = 1 AND region = ? AND topic = ? AND place = ? ORDER BY opened_at DESC, id LIMIT {RUNNING_LIKE_MAX}"
    );
    incidents(connection, &rest, [event.region.as_str(), topic.as_str(), place.as_str()])
}

/// Events of an incident, in the order they were linked.
pub(super) fn events_of(connection: &Connection, id: &IncidentId) -> Result<Vec<EventId>> {
    let mut statement = connection.prepare_cached(
        "SELECT incident_events.event FROM incidents JOIN incident_events ON incident_events.n = incidents.n
         WHERE id = ? ORDER BY link",
    )?;
    let events = statement.query_map([id.as_str()], |row| Ok(EventId::new(row.get::<_, String>(0)?)))?;
    Ok(events.collect::<rusqlite::Result<_>>()?)
}

/// History of an incident, oldest first.
pub(super) fn history(connection: &Connection, id: &IncidentId) -> Result<Vec<Change>> {
    let sql = format!(
        "SELECT {} FROM incidents JOIN changes ON changes.n = incidents.n WHERE id = ? ORDER BY changes.version",
        Change::COLUMNS
    );
    rows::all(connection, &sql, [id.as_str()])
}

/// Answers of an incident, oldest first.
pub(super) fn answers(connection: &Connection, id: &IncidentId) -> Result<Vec<(Timestamp, Answer)>> {
    let sql = format!(
        "SELECT {} FROM incidents JOIN answers ON answers.n = incidents.n WHERE id = ? ORDER BY answer",
        <(Timestamp, Answer)>::COLUMNS
    );
    rows::all(connection, &sql, [id.as_str()])
}

/// How far a consumer has come in a partition.
pub(super) fn checkpoint(connection: &Connection, consumer: &str, partition: u32) -> Result<u64> {
    let mut statement =
        connection.prepare_cached("SELECT next_offset FROM checkpoints WHERE consumer = ? AND partition = ?")?;
    let offset: Option<i64> = statement.query_row((consumer, partition), |row| row.get(0)).optional()?;
    Ok(offset.and_then(|offset| u64::try_from(offset).ok()).unwrap_or_default())
}

/// Incidents by the rest of a `SELECT`.
fn incidents(connection: &Connection, rest: &str, values: impl Params) -> Result<Vec<Incident>> {
    rows::all(connection, &format!("SELECT {} FROM incidents {rest}", Incident::COLUMNS), values)
}

/// How many incidents a filter has, and what finding them costs.
#[derive(Default)]
struct Counts {
    /// Incidents of the filter.
    total: u64,
    /// All incidents.
    all: u64,
    /// The index that narrows best, and the incidents it leaves.
    narrowest: Option<(&'static str, u64)>,
}

impl Counts {
    /// How to look for a text among the incidents that the indices leave.
    fn text_by(&self) -> TextBy {
        /// Looking a text up costs so many times as much as reading on to the next.
        const LOOKUP_COST: u64 = 8;
        let left = self.narrowest.map_or(self.all, |(_, count)| count);
        if left.saturating_mul(LOOKUP_COST) < self.all { TextBy::Lookup } else { TextBy::Scan }
    }

    fn narrowest_index(&self) -> String {
        self.narrowest.map(|(index, _)| format!("INDEXED BY {index}")).unwrap_or_default()
    }
}

fn count(connection: &Connection, filter: &IncidentFilter) -> Result<Counts> {
    let mut counts = tallied(connection, filter)?;
    if !is_of_kinds(filter) {
        counts.total = count_one_by_one(connection, filter, &counts)?;
        if text_of(filter).is_none() {
            // How many the times of the filter leave is not known; the planner does well with them.
            counts.narrowest = None;
        }
    }
    Ok(counts)
}

fn count_one_by_one(connection: &Connection, filter: &IncidentFilter, counts: &Counts) -> Result<u64> {
    let text_alone = IncidentFilter { text: filter.text.clone(), ..IncidentFilter::default() } == *filter;
    let text_by = counts.text_by();
    let condition = Condition::of(filter, text_by);
    let sql = if text_alone {
        "SELECT count(*) FROM incident_texts WHERE instr(text, ?) > 0".to_owned()
    } else if text_of(filter).is_some() {
        // The index by opening has all the fields of a filter in it.
        let source = if text_by == TextBy::Scan { "INDEXED BY incidents_by_opened" } else { &counts.narrowest_index() };
        format!("SELECT count(*) FROM incidents {source} WHERE {}", condition.sql())
    } else {
        format!("SELECT count(*) FROM incidents WHERE {}", condition.sql())
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(&condition.values()[..])?;
    rows.next()?.map_or(Ok(0), |row| RowFields { row, next: 0 }.number())
}

/// Counts by the tally, for the part of a filter that it knows.
fn tallied(connection: &Connection, filter: &IncidentFilter) -> Result<Counts> {
    let whole = Condition::of_kinds(filter);
    let narrowing = filter::narrowing(filter);
    let conditions: Vec<&Condition> = [&whole].into_iter().chain(narrowing.iter().map(|(_, one)| one)).collect();
    let sums: Vec<String> =
        conditions.iter().map(|condition| format!("ifnull(sum(n) FILTER (WHERE {}), 0)", condition.sql())).collect();
    let values: Vec<&dyn ToSql> = conditions.iter().flat_map(|condition| condition.values()).collect();
    let sql = format!("SELECT ifnull(sum(n), 0), {} FROM tally", sums.join(", "));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(&values[..])?;
    let Some(row) = rows.next()? else { return Ok(Counts::default()) };
    let mut fields = RowFields { row, next: 0 };
    let mut counts = Counts { all: fields.number()?, total: fields.number()?, narrowest: None };
    for (index, _) in &narrowing {
        let count = fields.number()?;
        if counts.narrowest.is_none_or(|(_, least)| count < least) {
            counts.narrowest = Some((index, count));
        }
    }
    Ok(counts)
}

/// Finds a page by the way that looks at fewer incidents.
fn find_page(connection: &Connection, query: &IncidentQuery, limit: usize, counts: &Counts) -> Result<Vec<Incident>> {
    let (index, order) = filter::order(query.order);
    // Walking meets a fitting incident every `all / total` steps.
    let wanted = (query.offset + limit) as u64;
    let walked = (counts.all / counts.total.max(1)).saturating_mul(wanted.min(counts.total));
    let collected = counts.narrowest.map_or(counts.total, |(_, count)| count);
    let (source, order, text_by) = if walked <= collected {
        (format!("INDEXED BY {index}"), order.to_owned(), TextBy::Lookup)
    } else {
        // A plus sign keeps the planner from walking along the order after all.
        let sorted: Vec<String> = order.split(", ").map(|term| format!("+{term}")).collect();
        (counts.narrowest_index(), sorted.join(", "), counts.text_by())
    };
    let condition = Condition::of(&query.filter, text_by);
    let rest = format!("{source} WHERE {} ORDER BY {order} LIMIT ? OFFSET ?", condition.sql());
    let (limit, offset) = (integer(limit as u64)?, integer(query.offset as u64)?);
    let mut values = condition.values();
    values.push(&limit);
    values.push(&offset);
    incidents(connection, &rest, &values[..])
}
