//! Opening an incident by hand, from an event Otklik did not find reason enough in.

use otklik_domain::{Actor, Change, Event, EventId, Incident, IncidentId, OpenedBy, Opening, open};
use otklik_engine::{region::Region, routing::Matter, sla::clocks};
use otklik_ports::{IncidentBatch, NewIncident};

use super::{audit_entry, idempotency::Key, incidents::Acted};
use crate::{
    App,
    catalogue::Catalogue,
    error::{Error, Result},
    rights::Right,
};

/// Longest title in characters, as the engine has it.
const TITLE_CHARS_MAX: usize = 160;

/// An incident to open.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRequest {
    /// The event behind it.
    pub event: EventId,
    /// The key of a request that may come twice.
    pub key: Option<Key>,
}

/// Opens an incident from an event and routes it, as the engine would have done.
///
/// # Errors
/// [`Error::NotFound`] without such an event, [`Error::HasIncident`] when it has a running one, [`Error::Forbidden`],
/// [`Error::KeyReused`]; those of the stores.
pub async fn open_from_event(app: &App, actor: &Actor, request: OpenRequest) -> Result<Acted> {
    Right::OpenIncident.check(actor)?;
    if let Some(key) = &request.key
        && let Some(acted) = key.replayed(app).await?
    {
        return Ok(acted);
    }
    let event = app.ports.posts.event(&request.event).await?.ok_or(Error::NotFound("event"))?;
    let before = app.ports.incidents.by_events(std::slice::from_ref(&event.id)).await?.pop();
    let before = before.map(|(_, incident)| incident);
    if let Some(running) = before.as_ref().filter(|incident| !incident.state.is_final()) {
        return Err(Error::HasIncident(running.id.clone()));
    }
    let directory = app.directory();
    let region = directory.region(&event.region).ok_or(Error::Internal("the event's region is not configured"))?;
    let now = app.ports.clock.now();
    let opening = opening(&event, before.as_ref(), region, now);
    let (incident, change) = routed(open(opening, actor), region, &directory.catalogue);

    let acted = Acted::new(&incident, &change);
    let details = format!("event {}", event.id);
    let batch = IncidentBatch {
        audit: vec![audit_entry(app, actor, "incident.open", incident.id.as_str(), details)],
        reply: request.key.map(|key| key.reply(201, &acted, now)).transpose()?,
        opened: vec![NewIncident { incident: incident.clone(), change: change.clone() }],
        ..IncidentBatch::default()
    };
    app.ports.incidents.write(batch).await?;
    // An incident that is there already is left alone by the store: the engine may have opened it a moment ago.
    let history = app.ports.incidents.history(&incident.id).await?;
    if history.first() == Some(&change) { Ok(acted) } else { Err(Error::HasIncident(incident.id)) }
}

fn opening(event: &Event, before: Option<&Incident>, region: &Region, now: jiff::Timestamp) -> Opening {
    Opening {
        id: incident_id(&event.id, before),
        region: event.region.clone(),
        event: event.id.clone(),
        post: event.origin.clone(),
        title: event.title.chars().take(TITLE_CHARS_MAX).collect(),
        summary: event.summary.clone(),
        topic: event.topic.clone(),
        block: event.block.clone(),
        place: event.place.clone(),
        place_name: event.place_name.clone(),
        municipality: event.municipality.clone(),
        point: event.point,
        severity: event.severity,
        policy: region.policy_of(&event.block).to_owned(),
        at: now,
        opened_by: OpenedBy::Person,
        posts: event.totals.posts,
        authors: event.totals.authors,
        risk: event.risk.score(),
        repeats: before.map(|before| before.id.clone()),
    }
}

fn routed((mut incident, change): (Incident, Change), region: &Region, names: &Catalogue) -> (Incident, Change) {
    let route = region.route(&Matter {
        topic: incident.topic.as_ref(),
        topic_name: incident.topic.as_ref().map_or("", |topic| names.topic_name(topic)),
        municipality: incident.municipality.as_ref(),
        municipality_name: incident.municipality.as_ref().map_or("", |place| names.place_name(place)),
    });
    incident.agency = Some(route.agency);
    incident.route = route.why;
    if let Some(policy) = region.policy_for(&incident) {
        incident.clocks = clocks(&incident, std::slice::from_ref(&change), policy, &region.schedule);
    }
    (incident, change)
}

/// The name the engine gives to the next incident of an event, so that both never open two at once.
fn incident_id(event: &EventId, before: Option<&Incident>) -> IncidentId {
    let base = format!("i-{}", event.as_str().trim_start_matches("e-"));
    match before {
        None => IncidentId::new(base),
        Some(before) => {
            let number = before.id.as_str().strip_prefix(&format!("{base}-")).and_then(|n| n.parse::<u32>().ok());
            IncidentId::new(format!("{base}-{}", number.unwrap_or(1) + 1))
        }
    }
}
