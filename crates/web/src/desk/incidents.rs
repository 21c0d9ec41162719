//! «Инциденты»: every incident, by state, body, deadline, with views that are kept in the address.

use askama::Template;
use axum::{Router, response::Response, routing::get};
use otklik_domain::{AgencyId, ClockKind, State};
use otklik_ports::{IncidentFilter, IncidentOrder, IncidentQuery};

use super::{
    filters::{Choice, Filters, Pager, incident_filter, region_asked},
    frame::{Frame, Section, html},
    params::Params,
    rows::Row,
    said,
    say::{INCIDENTS, capital},
    triage::Tab,
    visit::{AGENCY_STATES, TRIAGE_STATES, Visit},
};
use crate::{App, error::Result, rights::BODY_STATES, russian, service};

/// Incidents on a page.
const PAGE: usize = 50;
const CLOCKS: [ClockKind; 3] = [ClockKind::Route, ClockKind::FirstAnswer, ClockKind::FinalAnswer];

pub(super) fn router() -> Router<App> {
    Router::new().route("/incidents", get(page))
}

#[derive(Template)]
#[template(path = "page/incidents.html")]
struct IncidentsPage {
    frame: Frame,
    filters: Filters,
    tabs: Vec<Tab>,
    view: String,
    states: Vec<Choice>,
    agencies: Vec<Choice>,
    orders: Vec<Choice>,
    from: String,
    to: String,
    total: String,
    rows: Vec<Row>,
    pager: Option<Pager>,
    clear: String,
    any: bool,
}

/// A view: a name, the states it shows, the order they come in.
struct View {
    id: &'static str,
    name: &'static str,
    states: &'static [State],
    order: IncidentOrder,
    overdue: bool,
}

const OPEN: [State; 11] = [
    State::New,
    State::Triaged,
    State::Routed,
    State::Accepted,
    State::InProgress,
    State::Interim,
    State::Answered,
    State::Returned,
    State::Postponed,
    State::Reopened,
    State::Escalated,
];

const VIEWS: [View; 7] = [
    View { id: "open", name: "Открытые", states: &OPEN, order: IncidentOrder::Due, overdue: false },
    View { id: "overdue", name: "Просроченные", states: &OPEN, order: IncidentOrder::Due, overdue: true },
    View { id: "bodies", name: "У органов", states: &AGENCY_STATES, order: IncidentOrder::Due, overdue: false },
    View {
        id: "triage", name: "На разборе", states: &TRIAGE_STATES, order: IncidentOrder::Urgency, overdue: false
    },
    View {
        id: "answered",
        name: "С ответом",
        states: &[State::Answered, State::Rated],
        order: IncidentOrder::Updated,
        overdue: false,
    },
    View {
        id: "done",
        name: "Завершённые",
        states: &[State::Closed, State::Merged, State::NotIncident],
        order: IncidentOrder::Updated,
        overdue: false,
    },
    View { id: "all", name: "Все", states: &[], order: IncidentOrder::Opened, overdue: false },
];

const ORDERS: [(&str, &str, IncidentOrder); 4] = [
    ("due", "по сроку", IncidentOrder::Due),
    ("urgency", "по срочности", IncidentOrder::Urgency),
    ("opened", "сначала новые", IncidentOrder::Opened),
    ("updated", "по изменениям", IncidentOrder::Updated),
];

async fn page(visit: Visit, params: Params) -> Result<Response> {
    let asked = params.get("view").unwrap_or("open");
    let view = views(&visit).find(|view| view.id == asked).unwrap_or(&VIEWS[0]);
    let order = ORDERS.iter().find(|(id, ..)| params.get("order") == Some(id));
    let zone = visit.moments().zone().clone();
    let query = IncidentQuery {
        filter: IncidentFilter {
            opened_from: params.moment("from", &zone),
            opened_to: params.moment_to("to", &zone),
            ..filter(view, &params)
        },
        order: order.map_or(view.order, |(_, _, order)| *order),
        limit: PAGE,
        offset: (params.page() - 1) * PAGE,
    };
    let found = service::incidents::list(&visit.app, visit.actor(), query).await?;
    let filters = Filters::new(&visit, &params);
    let given = |name: &str| params.get(name).unwrap_or_default().to_owned();
    let page = IncidentsPage {
        frame: said::frame(&visit, Section::Incidents, &params).await?,
        any: filters.any || ["state", "agency", "from", "to"].iter().any(|name| params.get(name).is_some()),
        filters,
        tabs: tabs(&visit, &params, view),
        view: view.id.to_owned(),
        states: states(&visit, view, &params),
        agencies: agencies(&visit, &params),
        orders: orders(view, &params),
        from: given("from"),
        to: given("to"),
        total: INCIDENTS.of(found.total),
        rows: found.incidents.iter().map(|incident| Row::new(&visit, incident, None, &CLOCKS)).collect(),
        pager: Pager::new(&params, "/incidents", PAGE, found.total),
        clear: format!("/incidents?view={}", view.id),
    };
    Ok(html(&page))
}

/// The views a person has: staff of a body see nothing that waits for the management centre.
fn views(visit: &Visit) -> impl Iterator<Item = &'static View> {
    let is_agency = visit.is_agency();
    VIEWS.iter().filter(move |view| !is_agency || view.id != "triage")
}

fn filter(view: &View, params: &Params) -> IncidentFilter {
    let state = params.get("state").and_then(|state| state.parse().ok());
    let state = state.filter(|state| view.states.is_empty() || view.states.contains(state));
    let given = incident_filter(params);
    IncidentFilter {
        states: state.map_or_else(|| view.states.to_vec(), |state| vec![state]),
        agencies: params.get("agency").map(AgencyId::from).into_iter().collect(),
        overdue: if view.overdue { Some(true) } else { given.overdue },
        ..given
    }
}

fn tabs(visit: &Visit, params: &Params, current: &View) -> Vec<Tab> {
    let tab = |view: &View| Tab {
        href: params.href(
            "/incidents",
            &[("view", Some(view.id).filter(|id| *id != "open")), ("state", None), ("order", None)],
        ),
        name: view.name.to_owned(),
        count: None,
        current: view.id == current.id,
    };
    views(visit).map(tab).collect()
}

fn states(visit: &Visit, view: &View, params: &Params) -> Vec<Choice> {
    let states = if view.states.is_empty() { State::ALL } else { view.states };
    let choice = |state: &State| Choice {
        value: state.to_string(),
        name: capital(russian::state(*state)),
        chosen: params.get("state") == Some(state.as_str()),
    };
    states.iter().filter(|state| !visit.is_agency() || BODY_STATES.contains(state)).map(choice).collect()
}

fn orders(view: &View, params: &Params) -> Vec<Choice> {
    let chosen = params.get("order");
    ORDERS
        .iter()
        .map(|(id, name, order)| Choice {
            value: (*id).to_owned(),
            name: (*name).to_owned(),
            chosen: chosen.map_or(*order == view.order, |chosen| chosen == *id),
        })
        .collect()
}

/// Bodies the person may ask for, by name.
fn agencies(visit: &Visit, params: &Params) -> Vec<Choice> {
    let region = region_asked(visit, params);
    let own = visit.actor().agency.as_ref();
    let regions = visit.directory.regions.iter().filter(|one| region.as_ref().is_none_or(|region| one.id == *region));
    let mut found: Vec<Choice> = regions
        .flat_map(|region| region.agencies.iter().map(move |agency| (region, agency)))
        .filter(|(region, agency)| own.is_none_or(|own| region.agencies.is_within(&agency.id, own)))
        .map(|(_, agency)| Choice {
            value: agency.id.to_string(),
            name: agency.name.clone(),
            chosen: params.get("agency") == Some(agency.id.as_str()),
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}
