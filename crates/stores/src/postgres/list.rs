//! Finding incidents. PostgreSQL chooses how by its statistics, with the values at hand; every order and every field that
//! narrows a list has an index.

use std::collections::BTreeMap;

use jiff::Timestamp;
use otklik_domain::{Answer, Change, Event, EventId, Incident, IncidentId};
use otklik_ports::{INCIDENT_PAGE_MAX, IncidentFilter, IncidentPage, IncidentQuery};
use tokio_postgres::types::ToSql;

use super::{
    columns::{Micros, Text},
    connections::{Session, records},
    failure::Result,
    filter::{self, Condition},
    rows::RowFields,
};
use crate::sql::{Fields, Record, bounded, is_of_kinds};

const RUNNING_LIKE_MAX: usize = 10;

/// An incident by id.
pub(super) async fn get(session: &Session, id: &IncidentId) -> Result<Option<Incident>> {
    let sql = format!("SELECT {} FROM incidents WHERE id = $1", Incident::COLUMNS);
    Ok(session.all(&sql, &[&Text(id.as_str())]).await?.pop())
}

/// A page of a list.
pub(super) async fn list(session: &Session, query: &IncidentQuery) -> Result<IncidentPage> {
    let condition = Condition::of(&query.filter);
    let total = count(session, &query.filter, &condition).await?;
    let limit = query.limit.min(INCIDENT_PAGE_MAX);
    let mut page = IncidentPage { total, incidents: Vec::new() };
    if limit > 0 && (query.offset as u64) < total {
        let (sql, order) = (condition.sql(), filter::order(query.order));
        let sql = format!(
            "SELECT {} FROM incidents WHERE {sql} ORDER BY {order} LIMIT {limit} OFFSET {}",
            Incident::COLUMNS,
            query.offset
        );
        page.incidents = records(&session.query_once(&sql, &condition.values()).await?)?;
    }
    Ok(page)
}

/// How many incidents a filter has: by the tally when it knows the filter.
async fn count(session: &Session, filter: &IncidentFilter, condition: &Condition) -> Result<u64> {
    let (what, source) =
        if is_of_kinds(filter) { ("coalesce(sum(n), 0)::bigint", "tally") } else { ("count(*)", "incidents") };
    let sql = format!("SELECT {what} FROM {source} WHERE {}", condition.sql());
    let rows = session.query_once(&sql, &condition.values()).await?;
    rows.first().map_or(Ok(0), |row| RowFields { row, next: 0 }.number())
}

/// Incidents with something to notice at a time, the longest due first.
pub(super) async fn due(session: &Session, now: Timestamp, limit: usize) -> Result<Vec<Incident>> {
    let sql =
        format!("SELECT {} FROM incidents WHERE next_check <= $1 ORDER BY next_check, id LIMIT $2", Incident::COLUMNS);
    session.all(&sql, &[&Micros::from(now), &bounded(limit as u64)]).await
}

/// The latest incident of each event.
pub(super) async fn by_events(session: &Session, events: &[EventId]) -> Result<Vec<(EventId, Incident)>> {
    let wanted: Vec<Text<'_>> = events.iter().map(|event| Text(event.as_str())).collect();
    let sql = format!(
        "SELECT incident_events.event, {} FROM incident_events JOIN incidents ON incidents.n = incident_events.n
         WHERE incident_events.event = ANY($1) ORDER BY opened_at, id",
        Incident::COLUMNS
    );
    let mut latest = BTreeMap::new();
    for row in &session.query(&sql, &[&wanted]).await? {
        let mut fields = RowFields { row, next: 0 };
        latest.insert(EventId::new(fields.text()?), Incident::read(&mut fields)?);
    }
    Ok(latest.into_iter().collect())
}

/// Incidents opened for one of these events.
pub(super) async fn opened_for(session: &Session, events: &[EventId]) -> Result<Vec<Incident>> {
    let wanted: Vec<Text<'_>> = events.iter().map(|event| Text(event.as_str())).collect();
    let sql = format!(
        "SELECT {} FROM incidents WHERE n IN (SELECT n FROM incident_events WHERE event = ANY($1)) AND event = ANY($1)
         ORDER BY opened_at, id",
        Incident::COLUMNS
    );
    session.all(&sql, &[&wanted]).await
}

/// Running incidents of an event's region, topic and place.
pub(super) async fn running_like(session: &Session, event: &Event) -> Result<Vec<Incident>> {
    let (Some(topic), Some(place)) = (&event.topic, &event.place) else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT {} FROM incidents WHERE running AND region = $1 AND topic = $2 AND place = $3
         ORDER BY opened_at DESC, id LIMIT {RUNNING_LIKE_MAX}",
        Incident::COLUMNS
    );
    session.all(&sql, &[&Text(event.region.as_str()), &Text(topic.as_str()), &Text(place.as_str())]).await
}

/// Events of an incident, in the order they were linked.
pub(super) async fn events_of(session: &Session, id: &IncidentId) -> Result<Vec<EventId>> {
    let sql = "SELECT incident_events.event FROM incidents JOIN incident_events ON incident_events.n = incidents.n
               WHERE id = $1 ORDER BY link";
    let rows = session.query(sql, &[&Text(id.as_str())]).await?;
    rows.iter().map(|row| Ok(EventId::new(RowFields { row, next: 0 }.text()?))).collect()
}

/// History of an incident, oldest first.
pub(super) async fn history(session: &Session, id: &IncidentId) -> Result<Vec<Change>> {
    let sql = format!(
        "SELECT {} FROM incidents JOIN changes ON changes.n = incidents.n WHERE id = $1 ORDER BY changes.version",
        Change::COLUMNS
    );
    session.all(&sql, &[&Text(id.as_str())]).await
}

/// Answers of an incident, oldest first.
pub(super) async fn answers(session: &Session, id: &IncidentId) -> Result<Vec<(Timestamp, Answer)>> {
    let sql = format!(
        "SELECT {} FROM incidents JOIN answers ON answers.n = incidents.n WHERE id = $1 ORDER BY answer",
        <(Timestamp, Answer)>::COLUMNS
    );
    session.all(&sql, &[&Text(id.as_str())]).await
}

/// How far a consumer has come in a partition.
pub(super) async fn checkpoint(session: &Session, consumer: &str, partition: u32) -> Result<u64> {
    let sql = "SELECT next_offset FROM checkpoints WHERE consumer = $1 AND partition = $2";
    let values: [&(dyn ToSql + Sync); 2] = [&Text(consumer), &i64::from(partition)];
    let rows = session.query(sql, &values).await?;
    rows.first().map_or(Ok(0), |row| RowFields { row, next: 0 }.number())
}
