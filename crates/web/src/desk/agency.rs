//! «Моя очередь»: what a body owes, the nearest deadline first.

use askama::Template;
use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use otklik_domain::{ActionKind, ClockKind, Incident, State};
use otklik_ports::{IncidentFilter, IncidentOrder, IncidentQuery};

use super::{
    filters::{Filters, Pager, incident_filter},
    frame::{Frame, Section, html},
    params::Params,
    rows::Row,
    said,
    say::{INCIDENTS, action, number},
    triage::Tab,
    visit::{AGENCY_STATES, Visit},
};
use crate::{App, error::Result, service};

/// Incidents on a page.
const PAGE: usize = 40;

pub(super) fn router() -> Router<App> {
    Router::new().route("/agency", get(page))
}

#[derive(Template)]
#[template(path = "page/agency.html")]
struct AgencyPage {
    frame: Frame,
    agency: String,
    filters: Filters,
    tabs: Vec<Tab>,
    view: String,
    total: String,
    rows: Vec<Row>,
    pager: Option<Pager>,
}

impl Row {
    /// The step a body takes next with the incident of this row: its name in addresses and its words.
    pub(crate) fn next_step(&self) -> Option<(&'static str, &'static str)> {
        let kind = match self.state {
            State::Routed | State::Escalated => ActionKind::Accept,
            State::Accepted => ActionKind::Start,
            State::InProgress | State::Interim => ActionKind::AnswerFinal,
            State::Postponed => ActionKind::Resume,
            _ => return None,
        };
        Some((kind.as_str(), action(kind)))
    }

    /// Whether a body may give an interim answer now.
    pub(crate) fn may_answer_interim(&self) -> bool {
        ActionKind::AnswerInterim.leads_to(self.state).is_some()
    }

    /// Whether a body may give the incident back.
    pub(crate) fn may_return(&self) -> bool {
        ActionKind::Return.leads_to(self.state).is_some()
    }
}

async fn page(visit: Visit, params: Params) -> Result<Response> {
    if !visit.is_agency() {
        return Ok(Redirect::to("/incidents").into_response());
    }
    let view = params.get("view").unwrap_or("work");
    let query = IncidentQuery {
        filter: IncidentFilter { states: states(view), ..incident_filter(&params) },
        order: if view == "done" { IncidentOrder::Updated } else { IncidentOrder::Due },
        limit: PAGE,
        offset: (params.page() - 1) * PAGE,
    };
    let found = service::incidents::list(&visit.app, visit.actor(), query).await?;
    let own = visit.actor().agency.as_ref();
    let page = AgencyPage {
        frame: said::frame(&visit, Section::Agency, &params).await?,
        agency: own.map(|agency| visit.directory.agency_name(agency).to_owned()).unwrap_or_default(),
        filters: Filters::new(&visit, &params),
        tabs: tabs(&visit, &params, view).await?,
        view: view.to_owned(),
        total: INCIDENTS.of(found.total),
        rows: found.incidents.iter().map(|incident| row(&visit, incident)).collect(),
        pager: Pager::new(&params, "/agency", PAGE, found.total),
    };
    Ok(html(&page))
}

/// The row of an incident in the queue of a body.
pub(crate) fn row(visit: &Visit, incident: &Incident) -> Row {
    Row::new(visit, incident, None, &[ClockKind::FirstAnswer, ClockKind::FinalAnswer])
}

fn states(view: &str) -> Vec<State> {
    match view {
        "new" => vec![State::Routed, State::Escalated],
        "postponed" => vec![State::Postponed],
        "done" => vec![State::Answered, State::Rated, State::Closed],
        _ => AGENCY_STATES.to_vec(),
    }
}

async fn tabs(visit: &Visit, params: &Params, current: &str) -> Result<Vec<Tab>> {
    let mut tabs = Vec::new();
    for (view, name) in
        [("work", "К ответу"), ("new", "Ждут принятия"), ("postponed", "Отложены"), ("done", "Отвечены")]
    {
        let count = visit.count(IncidentFilter { states: states(view), ..incident_filter(params) }).await?;
        tabs.push(Tab {
            href: params.href("/agency", &[("view", Some(view).filter(|view| *view != "work"))]),
            name: name.to_owned(),
            count: Some(number(count)),
            current: current == view,
        });
    }
    Ok(tabs)
}
