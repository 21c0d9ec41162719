//! Events: lists, one with its posts and its spread, and corrections of the grouping.

mod correct;
mod forecast;

use jiff::Timestamp;
use otklik_domain::{Actor, Event, EventId, Forecast, Incident, PostId};
use otklik_ports::{CurvePoint, EventQuery, PostFilter, PostRow};

pub use self::correct::{MergeRequest, SplitRequest, merge, split};
use crate::{
    App,
    error::{Error, Result},
    rights::{Right, Scope},
};

/// Most events on a page.
pub const EVENT_PAGE_MAX: usize = 200;
/// Most posts on a page.
pub const POST_PAGE_MAX: usize = 200;
/// Deepest page of posts and events: further down people narrow the filter.
pub const OFFSET_MAX: usize = 10_000;
/// Steps a curve has at most when its width is chosen here.
const CURVE_STEPS: i64 = 120;
/// Widths of a curve's steps that people read easily, in minutes.
const STEP_MINUTES: [u16; 9] = [5, 10, 15, 30, 60, 180, 360, 720, 1440];

/// An event with what belongs to it.
#[derive(Debug, Clone)]
pub struct EventView {
    /// The event.
    pub event: Event,
    /// Its earliest post; `None` when that is gone at its source.
    pub origin: Option<PostRow>,
    /// Its latest incident, when there is one and the actor sees it.
    pub incident: Option<Incident>,
    /// How it spread.
    pub curve: Vec<CurvePoint>,
    /// Width of the curve's steps in minutes.
    pub curve_step_minutes: u16,
    /// How many posts it will get; empty when it has had none for long.
    pub forecast: Vec<Forecast>,
}

/// Posts of an event.
#[derive(Debug, Clone, Default)]
pub struct PostPage {
    /// How many there are in all.
    pub total: u64,
    /// A page of them, the latest first.
    pub posts: Vec<PostRow>,
}

/// A page of events.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::Invalid`]; those of the store.
pub async fn list(app: &App, actor: &Actor, mut query: EventQuery) -> Result<Vec<Event>> {
    Right::Research.check(actor)?;
    query.limit = query.limit.min(EVENT_PAGE_MAX);
    check_offset(query.offset)?;
    Ok(app.ports.posts.events(&query).await?)
}

/// An event with its origin, its incident and its curve.
///
/// # Errors
/// [`Error::NotFound`] also when the actor does not see it; [`Error::Forbidden`]; those of the stores.
pub async fn get(app: &App, actor: &Actor, id: &EventId) -> Result<EventView> {
    let (event, incident) = visible(app, actor, id).await?;
    let curve_step_minutes = step_minutes(event.first_at, event.last_at);
    let posts = &app.ports.posts;
    let (origin, curve, forecast) = tokio::try_join!(
        posts.get(std::slice::from_ref(&event.origin)),
        posts.curve(id, curve_step_minutes),
        forecast::of(app, &event)
    )?;
    Ok(EventView { event, origin: origin.into_iter().next(), incident, curve, curve_step_minutes, forecast })
}

/// As [`get`], and `None` where that finds nothing.
///
/// # Errors
/// [`Error::Forbidden`]; those of the stores.
pub async fn find(app: &App, actor: &Actor, id: &EventId) -> Result<Option<EventView>> {
    match get(app, actor, id).await {
        Ok(view) => Ok(Some(view)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Posts of an event, the latest first.
///
/// # Errors
/// As [`get`].
pub async fn posts(app: &App, actor: &Actor, id: &EventId, limit: usize, offset: usize) -> Result<PostPage> {
    visible(app, actor, id).await?;
    check_offset(offset)?;
    let filter = PostFilter { event: Some(id.clone()), ..PostFilter::default() };
    let store = &app.ports.posts;
    let (total, posts) = tokio::try_join!(store.count(&filter), store.list(&filter, limit.min(POST_PAGE_MAX), offset))?;
    Ok(PostPage { total, posts })
}

/// How an event spread, in steps of `step_minutes`, or of a width chosen by its length.
///
/// # Errors
/// As [`get`]; [`Error::Port`] with `Rejected` when there would be too many steps.
pub async fn curve(
    app: &App,
    actor: &Actor,
    id: &EventId,
    given_step_minutes: Option<u16>,
) -> Result<(u16, Vec<CurvePoint>)> {
    let (event, _) = visible(app, actor, id).await?;
    let width = given_step_minutes.unwrap_or_else(|| step_minutes(event.first_at, event.last_at));
    if width == 0 {
        return Err(Error::invalid("step_minutes", "must be at least 1"));
    }
    Ok((width, app.ports.posts.curve(id, width).await?))
}

/// A post with what was read from it and where it belongs.
///
/// # Errors
/// [`Error::NotFound`] also when the actor does not see its event; [`Error::Forbidden`]; those of the stores.
pub async fn post(app: &App, actor: &Actor, id: &PostId) -> Result<PostRow> {
    Right::ReadEvent.check(actor)?;
    let row = app.ports.posts.get(std::slice::from_ref(id)).await?.pop().ok_or(Error::NotFound("post"))?;
    if !Right::Research.is_given_to(actor.role) {
        incident_of(app, actor, &row.group.event).await?.ok_or(Error::NotFound("post"))?;
    }
    Ok(row)
}

/// An event the actor sees, with its incident. Staff of a body see the events behind its incidents.
async fn visible(app: &App, actor: &Actor, id: &EventId) -> Result<(Event, Option<Incident>)> {
    Right::ReadEvent.check(actor)?;
    let incident = incident_of(app, actor, id).await?;
    if incident.is_none() && !Right::Research.is_given_to(actor.role) {
        return Err(Error::NotFound("event"));
    }
    let event = app.ports.posts.event(id).await?.ok_or(Error::NotFound("event"))?;
    Ok((event, incident))
}

async fn incident_of(app: &App, actor: &Actor, event: &EventId) -> Result<Option<Incident>> {
    let scope = Scope::of(actor, &app.directory());
    let found = app.ports.incidents.by_events(std::slice::from_ref(event)).await?;
    Ok(found.into_iter().map(|(_, incident)| incident).find(|incident| scope.sees(incident)))
}

pub(crate) fn check_offset(offset: usize) -> Result<()> {
    if offset > OFFSET_MAX {
        return Err(Error::invalid("offset", format!("must be at most {OFFSET_MAX}: narrow the filter instead")));
    }
    Ok(())
}

/// The narrowest step that shows the event in few enough of them.
fn step_minutes(first: Timestamp, last: Timestamp) -> u16 {
    let minutes = last.duration_since(first).as_mins();
    let fits = |step: &&u16| minutes / i64::from(**step) < CURVE_STEPS;
    STEP_MINUTES.iter().find(fits).copied().unwrap_or(1440)
}
