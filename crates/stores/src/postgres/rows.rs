//! An incident as a row, and the fields of any row.

use jiff::Timestamp;
use otklik_domain::{AgencyId, GeoPoint, Incident, IncidentId, PlaceId, State, TopicId};
use otklik_ports::due;
use tokio_postgres::{Row, types::FromSql};

use super::{
    columns::{Columns, Kind, Micros, Value},
    failure::{Failure, Result},
};
use crate::sql::{
    Fields,
    incident::{check, clocks_json, route_json, time},
    integer,
};

/// The columns of an incident, in the order [`values`] has them.
pub(super) const INCIDENT: &Columns = &[
    ("id", Kind::Text),
    ("version", Kind::Integer),
    ("region", Kind::Text),
    ("event", Kind::Text),
    ("post", Kind::Text),
    ("title", Kind::Text),
    ("summary", Kind::Text),
    ("topic", Kind::Text),
    ("block", Kind::Text),
    ("place", Kind::Text),
    ("place_name", Kind::Text),
    ("municipality", Kind::Text),
    ("lat", Kind::Real),
    ("lon", Kind::Real),
    ("severity", Kind::Integer),
    ("state", Kind::Text),
    ("resume_to", Kind::Text),
    ("postponed_until", Kind::Time),
    ("agency", Kind::Text),
    ("route", Kind::Text),
    ("policy", Kind::Text),
    ("opened_at", Kind::Time),
    ("opened_by", Kind::Text),
    ("posts", Kind::Integer),
    ("authors", Kind::Integer),
    ("risk", Kind::Real),
    ("clocks", Kind::Text),
    ("merged_into", Kind::Text),
    ("repeats", Kind::Text),
    ("rating", Kind::Integer),
    ("updated_at", Kind::Time),
    ("running", Kind::Flag),
    ("overdue", Kind::Flag),
    ("next_check", Kind::Time),
    ("deadline", Kind::Time),
    ("first_answer_at", Kind::Time),
    ("final_answer_at", Kind::Time),
];

/// The deadline of an incident without one.
const NO_DEADLINE: Micros = Micros(i64::MAX);

/// When an incident got its first answer and its first final one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) first: Option<Timestamp>,
    pub(super) finally: Option<Timestamp>,
}

/// An incident as the values of [`INCIDENT`].
///
/// # Errors
/// `Rejected` for one that could not be read again.
pub(super) fn values<'a>(incident: &Incident, answered: Answered) -> Result<Vec<Value<'a>>> {
    check(incident)?;
    let text = |text: &str| Value::from(text.to_owned());
    let optional = |text: Option<&str>| Value::from(text.map(ToOwned::to_owned));
    Ok(vec![
        text(incident.id.as_str()),
        Value::Integer(integer(incident.version)?),
        text(incident.region.as_str()),
        text(incident.event.as_str()),
        text(incident.post.as_str()),
        text(&incident.title),
        text(&incident.summary),
        optional(incident.topic.as_ref().map(TopicId::as_str)),
        text(incident.block.as_str()),
        optional(incident.place.as_ref().map(PlaceId::as_str)),
        text(&incident.place_name),
        optional(incident.municipality.as_ref().map(PlaceId::as_str)),
        incident.point.map_or(Value::Null, |point| Value::Real(GeoPoint::lat(point))),
        incident.point.map_or(Value::Null, |point| Value::Real(GeoPoint::lon(point))),
        Value::Integer(incident.severity.level().into()),
        text(incident.state.as_str()),
        optional(incident.resume_to.map(State::as_str)),
        incident.postponed_until.into(),
        optional(incident.agency.as_ref().map(AgencyId::as_str)),
        route_json(incident)?.into(),
        text(&incident.policy),
        incident.opened_at.into(),
        text(incident.opened_by.as_str()),
        Value::Integer(incident.posts.into()),
        Value::Integer(incident.authors.into()),
        Value::Real(incident.risk.into()),
        clocks_json(incident)?.into(),
        optional(incident.merged_into.as_ref().map(IncidentId::as_str)),
        optional(incident.repeats.as_ref().map(IncidentId::as_str)),
        incident.rating.map_or(Value::Null, |rating| Value::Integer(rating.into())),
        incident.updated_at.into(),
        Value::Flag(!incident.state.is_final()),
        Value::Flag(due::is_overdue(incident)),
        due::next_check(incident).into(),
        Value::Time(due::next_deadline(incident).map_or(NO_DEADLINE, Micros::from)),
        answered.first.into(),
        answered.finally.into(),
    ])
}

/// Fields of a row, one after the other.
pub(super) struct RowFields<'a> {
    pub(super) row: &'a Row,
    pub(super) next: usize,
}

impl RowFields<'_> {
    fn get<'a, T: FromSql<'a>>(&'a mut self) -> Result<T> {
        self.next += 1;
        Ok(self.row.try_get(self.next - 1)?)
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
        Ok(self.get::<Option<Micros>>()?.map(|Micros(micros)| time(micros)).transpose()?)
    }

    fn flag(&mut self) -> Result<bool> {
        self.get()
    }
}
