//! An incident as a row, and the fields of any row.

use std::sync::LazyLock;

use jiff::Timestamp;
use otklik_domain::{AgencyId, GeoPoint, Incident, IncidentId, PlaceId, TopicId};
use otklik_ports::due;
use rusqlite::{Connection, Params, Row, ToSql, types::FromSql};

use super::failure::{Failure, Result};
use crate::sql::{
    Fields, Record,
    incident::{check, clocks_json, route_json, time},
    integer,
};

/// The columns of an incident, in the order [`write`] has them.
const STORED: [&str; 31] = [
    "id",
    "version",
    "region",
    "event",
    "post",
    "title",
    "summary",
    "topic",
    "block",
    "place",
    "place_name",
    "municipality",
    "lat",
    "lon",
    "severity",
    "state",
    "resume_to",
    "postponed_until",
    "agency",
    "route",
    "policy",
    "opened_at",
    "opened_by",
    "posts",
    "authors",
    "risk",
    "clocks",
    "merged_into",
    "repeats",
    "rating",
    "updated_at",
];

/// The columns derived from it.
const DERIVED: [&str; 4] = ["running", "overdue", "next_check", "deadline"];

/// The deadline of an incident without one: it sorts last.
const NO_DEADLINE: i64 = i64::MAX;

/// Adds an incident, unless its id is there.
pub(super) static INSERT: LazyLock<String> = LazyLock::new(|| {
    let columns = written();
    let values: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
    format!("INSERT INTO incidents ({}) VALUES ({}) ON CONFLICT (id) DO NOTHING", columns.join(", "), values.join(", "))
});

/// Puts an incident in the place of the same id.
pub(super) static UPDATE: LazyLock<String> = LazyLock::new(|| {
    let set: Vec<String> = written().iter().zip(1..).map(|(column, number)| format!("{column} = ?{number}")).collect();
    format!("UPDATE incidents SET {} WHERE id = ?1", set.join(", "))
});

fn written() -> Vec<&'static str> {
    [STORED.as_slice(), DERIVED.as_slice()].concat()
}

/// Runs [`INSERT`] or [`UPDATE`]; gives the number of rows changed.
pub(super) fn write(connection: &Connection, sql: &str, incident: &Incident) -> Result<usize> {
    check(incident)?;
    let deadline = due::next_deadline(incident).map_or(NO_DEADLINE, Timestamp::as_microsecond);
    let values: &[&dyn ToSql] = &[
        &incident.id.as_str(),
        &integer(incident.version)?,
        &incident.region.as_str(),
        &incident.event.as_str(),
        &incident.post.as_str(),
        &incident.title,
        &incident.summary,
        &incident.topic.as_ref().map(TopicId::as_str),
        &incident.block.as_str(),
        &incident.place.as_ref().map(PlaceId::as_str),
        &incident.place_name,
        &incident.municipality.as_ref().map(PlaceId::as_str),
        &incident.point.map(GeoPoint::lat),
        &incident.point.map(GeoPoint::lon),
        &incident.severity.level(),
        &incident.state.as_str(),
        &incident.resume_to.map(otklik_domain::State::as_str),
        &incident.postponed_until.map(Timestamp::as_microsecond),
        &incident.agency.as_ref().map(AgencyId::as_str),
        &route_json(incident)?,
        &incident.policy,
        &incident.opened_at.as_microsecond(),
        &incident.opened_by.as_str(),
        &incident.posts,
        &incident.authors,
        &f64::from(incident.risk),
        &clocks_json(incident)?,
        &incident.merged_into.as_ref().map(IncidentId::as_str),
        &incident.repeats.as_ref().map(IncidentId::as_str),
        &incident.rating,
        &incident.updated_at.as_microsecond(),
        &!incident.state.is_final(),
        &due::is_overdue(incident),
        &due::next_check(incident).map(Timestamp::as_microsecond),
        &deadline,
    ];
    Ok(connection.prepare_cached(sql)?.execute(values)?)
}

/// Fields of a row, one after the other.
pub(super) struct RowFields<'a> {
    pub(super) row: &'a Row<'a>,
    pub(super) next: usize,
}

impl RowFields<'_> {
    fn get<T: FromSql>(&mut self) -> Result<T> {
        self.next += 1;
        Ok(self.row.get(self.next - 1)?)
    }
}

impl Fields for RowFields<'_> {
    type Error = Failure;

    fn optional_text(&mut self) -> Result<Option<String>> {
        self.get()
    }

    fn optional_integer(&mut self) -> Result<Option<i64>> {
        self.get()
    }

    fn optional_real(&mut self) -> Result<Option<f64>> {
        self.get()
    }

    fn optional_time(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>()?.map(time).transpose()?)
    }

    fn flag(&mut self) -> Result<bool> {
        self.get()
    }
}

/// Records of a query whose columns are theirs.
pub(super) fn all<T: Record>(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(T::read(&mut RowFields { row, next: 0 })?);
    }
    Ok(found)
}
