//! An incident as a row: a column for each field; its route and clocks are lists, as JSON.

use std::{str::FromStr, sync::LazyLock};

use jiff::Timestamp;
use otklik_domain::{
    AgencyId, BlockId, Clock, EventId, GeoPoint, Incident, IncidentId, PlaceId, PostId, RegionId, RouteReason,
    Severity, TopicId,
};
use otklik_ports::{ErrorKind, due};
use otklik_wire as wire;
use rusqlite::{Connection, Row, ToSql, types::FromSql};

use super::failure::{Failure, Result, refused};

/// The columns of an incident, in the order [`write`] and [`read`] have them.
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

/// The columns [`read`] wants, for a `SELECT` from `incidents`.
pub(super) static SELECTED: LazyLock<String> =
    LazyLock::new(|| STORED.map(|column| format!("incidents.{column}")).join(", "));

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
    let route: Vec<_> = incident
        .route
        .iter()
        .map(|reason| wire::RouteReason { rule: reason.rule.clone(), why: reason.why.clone() })
        .collect();
    let clocks: Vec<StoredClock> = incident.clocks.iter().map(stored).collect();
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
        &json(&route)?,
        &incident.policy,
        &incident.opened_at.as_microsecond(),
        &incident.opened_by.as_str(),
        &incident.posts,
        &incident.authors,
        &f64::from(incident.risk),
        &json(&clocks)?,
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

/// Reads an incident from the columns of [`SELECTED`], which may follow others.
pub(super) fn read(row: &Row<'_>, first: usize) -> Result<Incident> {
    let mut fields = Fields { row, next: first };
    Ok(Incident {
        id: IncidentId::new(fields.text()?),
        version: fields.number()?,
        region: RegionId::new(fields.text()?),
        event: EventId::new(fields.text()?),
        post: PostId::new(fields.text()?),
        title: fields.text()?,
        summary: fields.text()?,
        topic: fields.optional_text()?.map(TopicId::new),
        block: BlockId::new(fields.text()?),
        place: fields.optional_text()?.map(PlaceId::new),
        place_name: fields.text()?,
        municipality: fields.optional_text()?.map(PlaceId::new),
        point: fields.point()?,
        severity: Severity::new(fields.get()?),
        state: fields.named("the state of an incident")?,
        resume_to: fields.optional_named("the state of an incident")?,
        postponed_until: fields.optional_time()?,
        agency: fields.optional_text()?.map(AgencyId::new),
        route: fields.route()?,
        policy: fields.text()?,
        opened_at: fields.time()?,
        opened_by: fields.named("the reason of an incident")?,
        posts: fields.get()?,
        authors: fields.get()?,
        risk: fields.get::<f64>()? as f32,
        clocks: fields.clocks()?,
        merged_into: fields.optional_text()?.map(IncidentId::new),
        repeats: fields.optional_text()?.map(IncidentId::new),
        rating: fields.get()?,
        updated_at: fields.time()?,
    })
}

/// What a search for text looks at: title and place, which a separator keeps apart, in small letters.
pub(super) fn searched_text(incident: &Incident) -> String {
    format!("{}\u{1f}{}", incident.title, incident.place_name).to_lowercase()
}

/// Fields of a row, one after the other.
pub(super) struct Fields<'a> {
    pub(super) row: &'a Row<'a>,
    pub(super) next: usize,
}

impl Fields<'_> {
    pub(super) fn get<T: FromSql>(&mut self) -> Result<T> {
        self.next += 1;
        Ok(self.row.get(self.next - 1)?)
    }

    pub(super) fn text(&mut self) -> Result<String> {
        self.get()
    }

    pub(super) fn optional_text(&mut self) -> Result<Option<String>> {
        self.get()
    }

    pub(super) fn number(&mut self) -> Result<u64> {
        u64::try_from(self.get::<i64>()?).map_err(|_| Failure::Damaged("a number below zero"))
    }

    pub(super) fn time(&mut self) -> Result<Timestamp> {
        time(self.get()?)
    }

    pub(super) fn optional_time(&mut self) -> Result<Option<Timestamp>> {
        self.get::<Option<i64>>()?.map(time).transpose()
    }

    /// A value by its fixed name.
    pub(super) fn named<T: FromStr>(&mut self, what: &'static str) -> Result<T> {
        self.text()?.parse().map_err(|_| Failure::Damaged(what))
    }

    fn optional_named<T: FromStr>(&mut self, what: &'static str) -> Result<Option<T>> {
        self.optional_text()?.map(|name| name.parse().map_err(|_| Failure::Damaged(what))).transpose()
    }

    fn point(&mut self) -> Result<Option<GeoPoint>> {
        let (lat, lon): (Option<f64>, Option<f64>) = (self.get()?, self.get()?);
        Ok(lat.zip(lon).and_then(|(lat, lon)| GeoPoint::new(lat, lon)))
    }

    fn route(&mut self) -> Result<Vec<RouteReason>> {
        let route: Vec<wire::RouteReason> = from_json(&self.text()?, "the route of an incident")?;
        Ok(route.into_iter().map(|reason| RouteReason { rule: reason.rule, why: reason.why }).collect())
    }

    fn clocks(&mut self) -> Result<Vec<Clock>> {
        let clocks: Vec<StoredClock> = from_json(&self.text()?, "the clocks of an incident")?;
        clocks.into_iter().map(clock_of).collect()
    }
}

/// A clock as stored: kind, started, due, stopped, next warning, warnings given, breached. Short, for there are three of
/// them in every incident.
type StoredClock = (String, i64, Option<i64>, Option<i64>, Option<i64>, u8, bool);

fn stored(clock: &Clock) -> StoredClock {
    let at = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    let Clock { kind, started_at, due_at, stopped_at, warn_at, warnings, breached } = *clock;
    (kind.to_string(), started_at.as_microsecond(), at(due_at), at(stopped_at), at(warn_at), warnings, breached)
}

fn clock_of((kind, started_at, due_at, stopped_at, warn_at, warnings, breached): StoredClock) -> Result<Clock> {
    let at = |microseconds: Option<i64>| microseconds.map(time).transpose();
    Ok(Clock {
        kind: kind.parse().map_err(|_| Failure::Damaged("the kind of a clock"))?,
        started_at: time(started_at)?,
        due_at: at(due_at)?,
        stopped_at: at(stopped_at)?,
        warn_at: at(warn_at)?,
        warnings,
        breached,
    })
}

pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| refused(ErrorKind::Internal, error.to_string()))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str, what: &'static str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Failure::Damaged(what))
}

/// A number as SQLite has it, with a sign.
pub(super) fn integer(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| refused(ErrorKind::Rejected, format!("{number} is too large a number")))
}

fn time(microseconds: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(microseconds).map_err(|_| Failure::Damaged("a time"))
}

/// Refuses what could be written but not read again.
fn check(incident: &Incident) -> Result<()> {
    let clocks = incident.clocks.iter();
    let of_clocks = clocks.flat_map(|clock| [Some(clock.started_at), clock.due_at, clock.stopped_at, clock.warn_at]);
    let own = [Some(incident.opened_at), Some(incident.updated_at), incident.postponed_until];
    // The years that times on the wire may have.
    let readable = |time: Timestamp| wire::time::from_unix("time", time.as_second()).is_ok();
    if !own.into_iter().chain(of_clocks).flatten().all(readable) {
        let message = format!("incident {} has a time outside the years 1990 to 2100", incident.id);
        return Err(refused(ErrorKind::Rejected, message));
    }
    if !incident.risk.is_finite() {
        return Err(refused(ErrorKind::Rejected, format!("the risk of incident {} is not a number", incident.id)));
    }
    Ok(())
}
