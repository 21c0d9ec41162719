//! «Разбор»: incidents that wait for the management centre, the most urgent first.

use askama::Template;
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use otklik_domain::{ActionKind, ClockKind, Event, Incident, IncidentId, State};
use otklik_ports::{IncidentFilter, IncidentOrder, IncidentQuery};

use super::{
    filters::{Filters, Pager, incident_filter},
    frame::{Frame, Section, html},
    lookup,
    params::{Params, path},
    preview::Preview,
    rows::Row,
    said,
    say::{INCIDENTS, capital, number},
    visit::{TRIAGE_STATES, Visit},
};
use crate::{App, error::Result, russian, service};

/// Incidents on a page.
const PAGE: usize = 40;

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(page)).route("/triage/{id}", get(preview))
}

#[derive(Template)]
#[template(path = "page/triage.html")]
struct TriagePage {
    frame: Frame,
    filters: Filters,
    /// The state asked for, kept when a filter changes.
    state: String,
    tabs: Vec<Tab>,
    total: String,
    rows: Vec<Row>,
    pager: Option<Pager>,
    /// Whether the person may decide, and is not only looking.
    decides: bool,
    clear: String,
}

/// A tab above a list.
#[derive(Debug, Clone)]
pub(crate) struct Tab {
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) count: Option<String>,
    pub(crate) current: bool,
}

async fn page(visit: Visit, params: Params) -> Result<Response> {
    if visit.is_agency() {
        return Ok(Redirect::to("/agency").into_response());
    }
    let asked: Option<State> = params.get("state").and_then(|state| state.parse().ok());
    let asked = asked.filter(|state| TRIAGE_STATES.contains(state));
    let query = IncidentQuery {
        filter: IncidentFilter {
            states: asked.map_or_else(|| TRIAGE_STATES.to_vec(), |state| vec![state]),
            ..incident_filter(&params)
        },
        order: IncidentOrder::Urgency,
        limit: PAGE,
        offset: (params.page() - 1) * PAGE,
    };
    let found = service::incidents::list(&visit.app, visit.actor(), query).await?;
    let events = lookup::events_of(&visit, &found.incidents).await?;
    let page = TriagePage {
        frame: said::frame(&visit, Section::Triage, &params).await?,
        filters: Filters::new(&visit, &params),
        state: asked.map(|state| state.to_string()).unwrap_or_default(),
        tabs: tabs(&visit, &params, asked).await?,
        total: INCIDENTS.of(found.total),
        rows: found.incidents.iter().map(|incident| row(&visit, incident, events.get(&incident.event))).collect(),
        pager: Pager::new(&params, "/", PAGE, found.total),
        decides: ActionKind::Triage.is_allowed(visit.actor().role),
        clear: params
            .href("/", &["region", "block", "municipality", "severity", "overdue", "text"].map(|name| (name, None))),
    };
    Ok(html(&page))
}

/// The row of an incident in the triage.
pub(crate) fn row(visit: &Visit, incident: &Incident, event: Option<&Event>) -> Row {
    Row::new(visit, incident, event, &[ClockKind::Route])
}

async fn tabs(visit: &Visit, params: &Params, asked: Option<State>) -> Result<Vec<Tab>> {
    let mut tabs = Vec::new();
    let mut total = 0;
    for state in TRIAGE_STATES {
        let count = visit.count(IncidentFilter { states: vec![state], ..incident_filter(params) }).await?;
        total += count;
        tabs.push(Tab {
            href: params.href("/", &[("state", Some(state.as_str()))]),
            name: match state {
                State::New => "Новые".to_owned(),
                State::Returned => "Возвращены".to_owned(),
                State::Reopened => "Открыты повторно".to_owned(),
                State::Triaged => "Подтверждены".to_owned(),
                other => capital(russian::state(other)),
            },
            count: Some(number(count)),
            current: asked == Some(state),
        });
    }
    let all = Tab {
        href: params.href("/", &[("state", None)]),
        name: "Все".to_owned(),
        count: Some(number(total)),
        current: asked.is_none(),
    };
    tabs.insert(0, all);
    Ok(tabs)
}

/// The incident beside the list.
async fn preview(visit: Visit, Path(id): Path<String>) -> Result<Response> {
    if !visit.part {
        return Ok(Redirect::to(&path(&["incidents", &id])).into_response());
    }
    Ok(html(&Preview::load(&visit, &IncidentId::new(id)).await?))
}
