//! Incidents: lists, one with all that belongs to it, and what is done to them.

mod act;
mod deadlines;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use otklik_domain::{ActionKind, Actor, Answer, Change, Event, Incident, IncidentId, Role};
use otklik_ports::{IncidentPage, IncidentQuery, PostRow};

pub use self::{
    act::{ActRequest, Acted, act},
    deadlines::{ClockTrace, Stretch},
};
pub use super::opening::{OpenRequest, open_from_event};
use crate::{
    App,
    catalogue::Directory,
    error::{Error, Result},
    rights::{Right, Scope},
};

/// Events shown with an incident.
const EVENTS_MAX: usize = 50;

/// An incident with all that belongs to it.
#[derive(Debug, Clone)]
pub struct IncidentView {
    /// The incident.
    pub incident: Incident,
    /// Its history, oldest first.
    pub history: Vec<Change>,
    /// Answers given, oldest first.
    pub answers: Vec<(Timestamp, Answer)>,
    /// Its events, the first first.
    pub events: Vec<Event>,
    /// The post the answer goes to; `None` when it is gone at its source.
    pub post: Option<PostRow>,
    /// Its clocks with the way each deadline was found.
    pub clocks: Vec<ClockTrace>,
    /// What the actor may do now.
    pub allowed: Vec<ActionKind>,
}

/// A page of the incidents the actor sees. A body in the filter stands for its subtree.
///
/// # Errors
/// [`Error::Forbidden`]; those of the store.
pub async fn list(app: &App, actor: &Actor, mut query: IncidentQuery) -> Result<IncidentPage> {
    Right::ReadIncidents.check(actor)?;
    let directory = app.directory();
    let asked = std::mem::take(&mut query.filter.agencies);
    for agency in &asked {
        query.filter.agencies.extend(directory.subtree(agency));
    }
    let unknown = !asked.is_empty() && query.filter.agencies.is_empty();
    let scope = Scope::of(actor, &directory);
    if unknown || !scope.narrow(&mut query.filter) {
        return Ok(IncidentPage::default());
    }
    let mut page = app.ports.incidents.list(&query).await?;
    let found = page.incidents.len();
    page.incidents.retain(|incident| scope.sees(incident));
    page.total = page.total.saturating_sub((found - page.incidents.len()) as u64);
    Ok(page)
}

/// An incident with all that belongs to it.
///
/// # Errors
/// [`Error::NotFound`] also when the actor does not see it; [`Error::Forbidden`]; those of the stores.
pub async fn get(app: &App, actor: &Actor, id: &IncidentId) -> Result<IncidentView> {
    let incident = visible(app, actor, id).await?;
    let directory = app.directory();
    let store = &app.ports.incidents;
    let (history, answers, events) = tokio::try_join!(store.history(id), store.answers(id), store.events_of(id))?;
    let posts = &app.ports.posts;
    let mut found = Vec::new();
    for event in events.iter().take(EVENTS_MAX) {
        found.extend(posts.event(event).await?);
    }
    let post = posts.get(std::slice::from_ref(&incident.post)).await?.pop();
    let clocks = deadlines::trace(&incident, &history, &directory, app.ports.clock.now());
    let allowed = allowed(&incident, actor, &directory);
    Ok(IncidentView { incident, history, answers, events: found, post, clocks, allowed })
}

/// The history of an incident, oldest first.
///
/// # Errors
/// As [`get`].
pub async fn history(app: &App, actor: &Actor, id: &IncidentId) -> Result<Vec<Change>> {
    visible(app, actor, id).await?;
    Ok(app.ports.incidents.history(id).await?)
}

/// Names of the people in a history, by login. Programs have none.
///
/// # Errors
/// Those of the store.
pub async fn people(app: &App, history: &[Change]) -> Result<HashMap<String, String>> {
    let logins: BTreeSet<&str> = history.iter().map(|change| change.actor.as_str()).collect();
    let mut names = HashMap::new();
    for login in logins {
        names.extend(app.ports.incidents.account(login).await?.map(|account| (account.login, account.name)));
    }
    Ok(names)
}

/// An incident the actor sees.
pub(super) async fn visible(app: &App, actor: &Actor, id: &IncidentId) -> Result<Incident> {
    Right::ReadIncidents.check(actor)?;
    let scope = Scope::of(actor, &app.directory());
    let incident = app.ports.incidents.get(id).await?;
    incident.filter(|incident| scope.sees(incident)).ok_or(Error::NotFound("incident"))
}

/// What an actor may do to an incident as it stands.
pub fn allowed(incident: &Incident, actor: &Actor, directory: &Directory) -> Vec<ActionKind> {
    let in_scope = actor.role == Role::Source || Scope::of(actor, directory).sees(incident);
    let has_parent = || {
        let agencies = directory.region_of(incident).map(|region| &region.agencies);
        incident.agency.as_ref().zip(agencies).is_some_and(|(agency, tree)| tree.parent(agency).is_some())
    };
    let possible = |kind: &&ActionKind| {
        **kind != ActionKind::Open
            && kind.is_allowed(actor.role)
            && kind.leads_to(incident.state).is_some()
            && (**kind != ActionKind::Escalate || has_parent())
    };
    if in_scope { ActionKind::ALL.iter().filter(possible).copied().collect() } else { Vec::new() }
}
