//! Look-ups for whole lists at once, held to the same rights as the services.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use otklik_domain::{Event, EventId, Incident};
use otklik_ports::CurvePoint;

use super::{chart::step_minutes, visit::Visit};
use crate::{
    error::Result,
    rights::{Right, Scope},
};

/// Questions to a store under way at once.
const AT_ONCE: usize = 8;
/// Steps of a small curve at most.
const SPARK_STEPS: i64 = 24;

/// The latest incident of each event, as far as the person sees it.
pub(crate) async fn incidents_of(visit: &Visit, events: &[EventId]) -> Result<HashMap<EventId, Incident>> {
    Right::ReadIncidents.check(visit.actor())?;
    let scope = Scope::of(visit.actor(), &visit.directory);
    let found = visit.app.ports.incidents.by_events(events).await?;
    Ok(found.into_iter().filter(|(_, incident)| scope.sees(incident)).collect())
}

/// The events behind incidents the person sees.
pub(crate) async fn events_of(visit: &Visit, incidents: &[Incident]) -> Result<HashMap<EventId, Event>> {
    Right::ReadEvent.check(visit.actor())?;
    let scope = Scope::of(visit.actor(), &visit.directory);
    let visible = incidents.iter().filter(|incident| scope.sees(incident)).map(|incident| incident.event.clone());
    let asked = stream::iter(visible.collect::<Vec<_>>());
    let found = asked.map(async |id| visit.app.ports.posts.event(&id).await).buffered(AT_ONCE);
    let events: Vec<Event> = found.try_filter_map(async |event| Ok(event)).try_collect().await?;
    Ok(events.into_iter().map(|event| (event.id.clone(), event)).collect())
}

/// How events spread, in a few steps each; for those who may read every event.
pub(crate) async fn spreads(visit: &Visit, events: &[EventId]) -> Result<Vec<(Event, Vec<CurvePoint>)>> {
    Right::Research.check(visit.actor())?;
    let posts = &visit.app.ports.posts;
    let asked = stream::iter(events.to_vec());
    let found = asked.map(async |id| {
        let Some(event) = posts.event(&id).await? else { return Ok(None) };
        let step = step_minutes(event.first_at, event.last_at, SPARK_STEPS);
        let points = posts.curve(&id, step).await?;
        Ok::<_, crate::Error>(Some((event, points)))
    });
    found.buffered(AT_ONCE).try_filter_map(async |found| Ok(found)).try_collect().await
}
