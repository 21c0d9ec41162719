//! An incident as a row: a column for each field; its route and clocks are lists, as JSON.

use jiff::Timestamp;
use otklik_domain::{
    AgencyId, BlockId, Clock, EventId, GeoPoint, Incident, IncidentId, PlaceId, PostId, RegionId, RouteReason,
    Severity, TopicId,
};
use otklik_ports::{ErrorKind, PortError, PortResult};
use otklik_wire as wire;

use super::{Damaged, Fields, Record, from_json, json};

impl Record for Incident {
    const COLUMNS: &'static str = "incidents.id, incidents.version, region, incidents.event, post, title, summary, topic, \
        block, place, place_name, municipality, lat, lon, severity, state, resume_to, postponed_until, \
        incidents.agency, route, policy, opened_at, opened_by, posts, authors, risk, clocks, merged_into, repeats, \
        rating, updated_at";

    fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self {
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
            point: point(fields)?,
            severity: Severity::new(fields.number()?),
            state: fields.named("the state of an incident")?,
            resume_to: fields.optional_named("the state of an incident")?,
            postponed_until: fields.optional_time()?,
            agency: fields.optional_text()?.map(AgencyId::new),
            route: route_of(&fields.text()?)?,
            policy: fields.text()?,
            opened_at: fields.time()?,
            opened_by: fields.named("the reason of an incident")?,
            posts: fields.number()?,
            authors: fields.number()?,
            risk: fields.real()? as f32,
            clocks: clocks_of(&fields.text()?)?,
            merged_into: fields.optional_text()?.map(IncidentId::new),
            repeats: fields.optional_text()?.map(IncidentId::new),
            rating: fields.optional_number()?,
            updated_at: fields.time()?,
        })
    }
}

fn point<F: Fields>(fields: &mut F) -> Result<Option<GeoPoint>, F::Error> {
    let (lat, lon) = (fields.optional_real()?, fields.optional_real()?);
    Ok(lat.zip(lon).and_then(|(lat, lon)| GeoPoint::new(lat, lon)))
}

/// What a search for text looks at: title and place, which a separator keeps apart, in small letters.
pub(crate) fn searched_text(incident: &Incident) -> String {
    format!("{}\u{1f}{}", incident.title, incident.place_name).to_lowercase()
}

/// The route as JSON.
pub(crate) fn route_json(incident: &Incident) -> PortResult<String> {
    let reasons = incident.route.iter();
    let route: Vec<_> =
        reasons.map(|reason| wire::RouteReason { rule: reason.rule.clone(), why: reason.why.clone() }).collect();
    json(&route)
}

fn route_of(text: &str) -> Result<Vec<RouteReason>, Damaged> {
    let route: Vec<wire::RouteReason> = from_json(text, "the route of an incident")?;
    Ok(route.into_iter().map(|reason| RouteReason { rule: reason.rule, why: reason.why }).collect())
}

/// The clocks as JSON.
pub(crate) fn clocks_json(incident: &Incident) -> PortResult<String> {
    let clocks: Vec<StoredClock> = incident.clocks.iter().map(stored).collect();
    json(&clocks)
}

fn clocks_of(text: &str) -> Result<Vec<Clock>, Damaged> {
    let clocks: Vec<StoredClock> = from_json(text, "the clocks of an incident")?;
    clocks.into_iter().map(clock_of).collect()
}

/// A clock as stored: kind, started, due, stopped, next warning, warnings given, breached. Short, for there are three of
/// them in every incident.
type StoredClock = (String, i64, Option<i64>, Option<i64>, Option<i64>, u8, bool);

fn stored(clock: &Clock) -> StoredClock {
    let at = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    let Clock { kind, started_at, due_at, stopped_at, warn_at, warnings, breached } = *clock;
    (kind.to_string(), started_at.as_microsecond(), at(due_at), at(stopped_at), at(warn_at), warnings, breached)
}

fn clock_of(
    (kind, started_at, due_at, stopped_at, warn_at, warnings, breached): StoredClock,
) -> Result<Clock, Damaged> {
    let at = |microseconds: Option<i64>| microseconds.map(time).transpose();
    Ok(Clock {
        kind: kind.parse().map_err(|_| Damaged("the kind of a clock"))?,
        started_at: time(started_at)?,
        due_at: at(due_at)?,
        stopped_at: at(stopped_at)?,
        warn_at: at(warn_at)?,
        warnings,
        breached,
    })
}

/// A time stored in microseconds since 1970.
pub(crate) fn time(microseconds: i64) -> Result<Timestamp, Damaged> {
    Timestamp::from_microsecond(microseconds).map_err(|_| Damaged("a time"))
}

/// Refuses what could be written but not read again.
///
/// # Errors
/// `Rejected` for a time no message may have, or a risk that is not a number.
pub(crate) fn check(incident: &Incident) -> PortResult<()> {
    let clocks = incident.clocks.iter();
    let of_clocks = clocks.flat_map(|clock| [Some(clock.started_at), clock.due_at, clock.stopped_at, clock.warn_at]);
    let own = [Some(incident.opened_at), Some(incident.updated_at), incident.postponed_until];
    // The years that times on the wire may have.
    let readable = |time: Timestamp| wire::time::from_unix("time", time.as_second()).is_ok();
    if !own.into_iter().chain(of_clocks).flatten().all(readable) {
        let message = format!("incident {} has a time outside the years 1990 to 2100", incident.id);
        return Err(PortError::new(ErrorKind::Rejected, message));
    }
    if !incident.risk.is_finite() {
        let message = format!("the risk of incident {} is not a number", incident.id);
        return Err(PortError::new(ErrorKind::Rejected, message));
    }
    Ok(())
}
