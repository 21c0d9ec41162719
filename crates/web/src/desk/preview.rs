//! An incident beside the list it was chosen from: enough to decide without leaving the list.

use askama::Template;
use otklik_domain::{ActionKind, AgencyId, ClockKind, Incident, IncidentId, RouteReason};
use otklik_engine::routing::Matter;

use super::{
    act::{Form, Given},
    chart::Columns,
    due::{Due, nearest},
    posts::PostCard,
    risk::RiskView,
    rows::{Row, place_of},
    spread,
    visit::Visit,
};
use crate::{error::Result, service};

/// Posts shown beside the list.
const POSTS: usize = 6;

/// An incident beside the list.
#[derive(Template)]
#[template(path = "part/preview.html")]
pub(crate) struct Preview {
    row: Row,
    summary: String,
    place: String,
    due: Option<Due>,
    risk: Option<RiskView>,
    curve: Option<Columns>,
    posts: Vec<PostCard>,
    more_posts: Option<String>,
    proposal: Option<Proposal>,
    returned: Option<String>,
    repeats: Option<String>,
    /// The form that confirms it, when the person may.
    triage: Option<Form>,
    allowed: Vec<ActionKind>,
}

/// The body proposed for an incident and why.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    pub(crate) agency: AgencyId,
    pub(crate) name: String,
    pub(crate) why: Vec<RouteReason>,
}

/// The body the configuration proposes for the topic and place an incident has now.
pub(crate) fn proposal(visit: &Visit, incident: &Incident) -> Option<Proposal> {
    let region = visit.directory.region_of(incident)?;
    let names = &visit.directory.catalogue;
    let route = region.route(&Matter {
        topic: incident.topic.as_ref(),
        topic_name: incident.topic.as_ref().map_or("", |topic| names.topic_name(topic)),
        municipality: incident.municipality.as_ref(),
        municipality_name: incident.municipality.as_ref().map_or("", |place| names.place_name(place)),
    });
    let name = visit.directory.agency_name(&route.agency).to_owned();
    Some(Proposal { agency: route.agency, name, why: route.why })
}

impl Preview {
    pub(crate) async fn load(visit: &Visit, id: &IncidentId) -> Result<Self> {
        let (app, actor) = (&visit.app, visit.actor());
        let view = service::incidents::get(app, actor, id).await?;
        let incident = &view.incident;
        let moments = visit.moments_in(&incident.region);
        let names = &visit.directory.catalogue;
        let event = view.events.first();
        let (mut posts, mut more_posts, mut curve) = (Vec::new(), None, None);
        if let Some(event) = event {
            let (page, (_, points)) = tokio::try_join!(
                service::events::posts(app, actor, &event.id, POSTS * 4, 0),
                service::events::curve(app, actor, &event.id, None)
            )?;
            let origin = view.post.as_ref().filter(|row| row.post.id == event.origin).map(|row| row.post.network);
            curve = Some(spread::curve(event, origin, Some(incident), &points, &moments));
            let own = view.post.iter();
            let rest = page.posts.iter().filter(|row| row.post.id != incident.post && row.group.duplicate_of.is_none());
            posts = own
                .chain(rest)
                .take(POSTS)
                .map(|row| PostCard::new(row, Some(&event.origin), names, &moments))
                .collect();
            let total = usize::try_from(page.total).unwrap_or(usize::MAX);
            more_posts = (total > posts.len()).then(|| super::say::POSTS.of(page.total));
        }
        let returned = view.history.iter().rev().find(|change| change.action == ActionKind::Return);
        Ok(Self {
            summary: incident.summary.clone(),
            place: place_of(visit, incident),
            due: nearest(incident, &[ClockKind::Route], &moments),
            risk: event.map(|event| RiskView::new(event, Some(incident), &[], &moments)),
            curve: curve.filter(|curve| !curve.is_empty()),
            posts,
            more_posts,
            proposal: incident.state.is_triage().then(|| proposal(visit, incident)).flatten(),
            returned: returned.filter(|_| incident.state.is_triage()).map(|change| change.note.clone()),
            repeats: incident.repeats.as_ref().map(ToString::to_string),
            triage: view
                .allowed
                .contains(&ActionKind::Triage)
                .then(|| Form::new(visit, &view, ActionKind::Triage, Given::from_triage())),
            row: Row::new(visit, incident, event, &[ClockKind::Route]),
            allowed: view.allowed,
        })
    }

    fn may(&self, action: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed.as_str() == action)
    }
}
