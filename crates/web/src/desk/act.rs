//! Forms that do something to an incident: in a dialog beside a list, or on the card of the incident.
//!
//! What was typed is never lost: a form that is refused comes back with it, the reason above and, after a colleague's
//! change, the version that is right now.

mod answers;
mod form;
mod read;

use std::collections::HashMap;

use askama::Template;
use axum::{
    Form as Body, Router,
    extract::{Path, Query},
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use otklik_domain::{ActionKind, IncidentId, Refusal};

use self::form::Problem;
pub(crate) use self::form::{Form, Given};
use super::{
    agency,
    frame::{html, html_with},
    incident,
    params::path,
    rows::{Row, key},
    said,
    say::{action_done, capital},
    triage,
    visit::Visit,
};
use crate::{
    App, Error,
    error::Result,
    russian,
    service::{
        self,
        idempotency::Key,
        incidents::{ActRequest, IncidentView},
    },
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/incidents/{id}/act/{action}", get(ask).post(submit))
}

/// A form in a dialog.
#[derive(Template)]
#[template(path = "part/dialog.html")]
struct Dialog {
    form: Form,
}

/// What a list is told after an action: the row as it is now, and a message.
#[derive(Template)]
#[template(path = "part/acted.html")]
struct Acted {
    row: Row,
    for_agency: bool,
    text: String,
    undo: Option<(String, &'static str)>,
    bad: bool,
}

/// The form of an action: a dialog for a script, otherwise the card with the form open.
async fn ask(visit: Visit, Path((id, action)): Path<(String, String)>, Query(given): Query<Given>) -> Result<Response> {
    let kind = kind(&action)?;
    if !visit.part {
        let address = format!("{}?do={kind}", path(&["incidents", &id]));
        return Ok(Redirect::to(&address).into_response());
    }
    let view = service::incidents::get(&visit.app, visit.actor(), &IncidentId::new(id)).await?;
    if !view.allowed.contains(&kind) {
        return Err(not_possible(kind, &view).into());
    }
    let form = Form::load(&visit, &view, kind, given).await?;
    Ok(html(&Dialog { form }))
}

async fn submit(
    visit: Visit,
    Path((id, action)): Path<(String, String)>,
    Body(given): Body<Given>,
) -> Result<Response> {
    let kind = kind(&action)?;
    let id = IncidentId::new(id);
    let view = service::incidents::get(&visit.app, visit.actor(), &id).await?;
    let mut version = given.version();
    match act(&visit, &view, kind, &given, &mut version).await {
        Ok(kind) => done(&visit, &id, kind, &given).await,
        Err(error) => refused(&visit, &id, kind, given, version, error).await,
    }
}

/// Does the action. A correction of the severity made beside the list is confirmed before the incident is sent on.
async fn act(
    visit: &Visit,
    view: &IncidentView,
    kind: ActionKind,
    given: &Given,
    version: &mut Option<u64>,
) -> Result<ActionKind> {
    let incident = &view.incident;
    let mut steps = Vec::new();
    if kind == ActionKind::Route && view.allowed.contains(&ActionKind::Triage) {
        steps.extend(read::correction(given, incident)?);
    }
    steps.push(read::action(visit, kind, given, incident)?);
    let mut done = kind;
    for (index, action) in steps.into_iter().enumerate() {
        done = action.kind();
        let request = ActRequest {
            id: incident.id.clone(),
            action,
            expected_version: *version,
            key: once(visit, view, kind, given, index)?,
        };
        let acted = service::incidents::act(&visit.app, visit.actor(), request).await?;
        *version = Some(acted.version);
    }
    Ok(done)
}

/// A form sent twice by a nervous hand is one.
fn once(visit: &Visit, view: &IncidentView, kind: ActionKind, given: &Given, step: usize) -> Result<Option<Key>> {
    if given.once.is_empty() {
        return Ok(None);
    }
    let own = format!("{}-{step}", given.once);
    let typed = format!("{given:?}");
    Key::new(visit.actor(), &own, &[view.incident.id.as_str(), kind.as_str(), &typed]).map(Some)
}

async fn done(visit: &Visit, id: &IncidentId, kind: ActionKind, given: &Given) -> Result<Response> {
    let card = path(&["incidents", id.as_str()]);
    if !visit.part {
        let address = match given.from.as_str() {
            "agency" => format!("/agency?said={kind}"),
            "triage" => format!("/?said={kind}"),
            _ => format!("{card}?said={kind}"),
        };
        return Ok(Redirect::to(&address).into_response());
    }
    // Whoever hands an incident on may not see it any more.
    let view = match service::incidents::get(&visit.app, visit.actor(), id).await {
        Ok(view) => view,
        Err(Error::NotFound(_)) => return Ok(gone(id, kind)),
        Err(error) => return Err(error),
    };
    let for_agency = given.from == "agency";
    let row = if for_agency {
        agency::row(visit, &view.incident).in_place()
    } else {
        triage::row(visit, &view.incident, view.events.first()).in_place()
    };
    let agency = view.incident.agency.as_ref().filter(|_| view.incident.state.is_with_agency());
    let text = match agency.map(|agency| visit.directory.agency_name(agency)) {
        Some(agency) if matches!(kind, ActionKind::Route | ActionKind::Escalate | ActionKind::RateBad) => {
            format!("{} {}.", said::done(kind).trim_end_matches('.'), format_args!("— {agency}"))
        }
        _ => said::done(kind).to_owned(),
    };
    let undo = match kind {
        ActionKind::Reject | ActionKind::Merge => Some((format!("{card}?do=reopen"), "Открыть снова")),
        ActionKind::Route => Some((format!("{card}?do=route"), "Изменить орган")),
        ActionKind::Postpone => Some((format!("{card}?do=resume"), "Вернуть в работу")),
        _ => None,
    };
    let acted = Acted { row, for_agency, text, undo, bad: false };
    Ok(told(html(&acted), id, kind))
}

fn gone(id: &IncidentId, kind: ActionKind) -> Response {
    let toast = super::frame::Toast { bad: false, text: said::done(kind).to_owned(), undo: None };
    let mut response = told(html(&toast), id, kind);
    response.headers_mut().insert("hx-retarget", HeaderValue::from_static("#toasts"));
    response.headers_mut().insert("hx-reswap", HeaderValue::from_static("beforeend"));
    response
}

/// Tells the script which incident was dealt with, so that it closes the dialog and goes on to the next.
fn told(mut response: Response, id: &IncidentId, kind: ActionKind) -> Response {
    let event = format!("{{\"otklik:done\":{{\"key\":\"{}\",\"action\":\"{kind}\"}}}}", key(id.as_str()));
    if let Ok(event) = HeaderValue::from_str(&event) {
        response.headers_mut().insert("hx-trigger", event);
    }
    response
}

async fn refused(
    visit: &Visit,
    id: &IncidentId,
    kind: ActionKind,
    given: Given,
    version: Option<u64>,
    error: Error,
) -> Result<Response> {
    let status = match &error {
        Error::Refused(Refusal::Version { .. }) => StatusCode::CONFLICT,
        Error::Refused(_) | Error::Invalid { .. } | Error::VersionRequired | Error::KeyReused => error.status(),
        _ => return Err(error),
    };
    let view = service::incidents::get(&visit.app, visit.actor(), id).await?;
    let people = service::incidents::people(&visit.app, &view.history).await?;
    let problem = problem(visit, (&view, &people), kind, version, &error);
    let mut form = Form::load(visit, &view, kind, given).await?;
    form.problem = Some(problem);
    if visit.part {
        return Ok(html_with(status, &Dialog { form }));
    }
    Ok(html_with(status, &incident::page(visit, &view, Some(form), &super::params::Params::default()).await?))
}

/// What to say above a form that was refused.
fn problem(
    visit: &Visit,
    (view, people): (&IncidentView, &HashMap<String, String>),
    kind: ActionKind,
    version: Option<u64>,
    error: &Error,
) -> Problem {
    let possible = view.allowed.contains(&kind);
    let field = match error {
        Error::Invalid { field, .. } => Some(field.to_string()),
        Error::Refused(Refusal::Invalid { field, .. }) => Some((*field).to_owned()),
        _ => None,
    };
    let moments = visit.moments_in(&view.incident.region);
    let text = match error {
        Error::Refused(Refusal::Version { .. }) => {
            let changes = view.history.iter().filter(|change| version.is_some_and(|version| change.version > version));
            let changes: Vec<String> = changes
                .map(|change| {
                    format!(
                        "{} — {} ({})",
                        incident::actor(&change.actor, people),
                        action_done(change.action).to_lowercase(),
                        moments.day_time(change.at)
                    )
                })
                .collect();
            let what =
                if changes.is_empty() { "инцидент изменился".to_owned() } else { changes.join("; ") };
            let then = if possible {
                "Всё, что вы ввели, на месте: проверьте и отправьте ещё раз."
            } else {
                "Теперь это действие невозможно. Всё, что вы ввели, ниже: скопируйте, если пригодится."
            };
            format!("Пока вы писали, коллега успел раньше: {what}. {then}")
        }
        Error::Invalid { field, problem } => {
            format!("{}: {}.", capital(russian::field(field)), read::problem(problem))
        }
        error => error.russian(),
    };
    Problem { text, field, conflict: matches!(error, Error::Refused(Refusal::Version { .. })), possible }
}

fn kind(action: &str) -> Result<ActionKind> {
    let kind =
        action.parse().ok().filter(|kind| !matches!(kind, ActionKind::Open | ActionKind::RateBad | ActionKind::Retell));
    kind.ok_or(Error::NotFound("action"))
}

fn not_possible(kind: ActionKind, view: &IncidentView) -> Refusal {
    Refusal::State { action: kind, state: view.incident.state }
}
