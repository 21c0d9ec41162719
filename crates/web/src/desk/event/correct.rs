//! Corrections a person makes to an event, and opening an incident of it by hand.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use otklik_domain::{EventId, PostId};
use serde::Deserialize;

use super::{Refused, page};
use crate::{
    Error,
    desk::{
        frame::html_with,
        params::{Params, path},
        visit::Visit,
    },
    error::Result,
    service::{
        self,
        events::{MergeRequest, SplitRequest},
        incidents::OpenRequest,
    },
};

#[derive(Debug, Deserialize)]
pub(super) struct Joined {
    #[serde(default)]
    into: String,
    /// An event named by its address, when it is not among those offered.
    #[serde(default)]
    other: String,
}

/// Makes the chosen posts an event of their own.
pub(super) async fn split(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response> {
    let event = EventId::new(id);
    let posts: Vec<String> = fields.into_iter().filter(|(name, _)| name == "post").map(|(_, id)| id).collect();
    let request =
        SplitRequest { event: event.clone(), posts: posts.iter().map(|id| PostId::from(id.as_str())).collect() };
    match service::events::split(&visit.app, visit.actor(), request).await {
        Ok(_) => Ok(Redirect::to(&format!("{}?said=split", path(&["events", event.as_str()]))).into_response()),
        Err(error @ Error::Invalid { .. }) => {
            let problem = if posts.is_empty() {
                "Отметьте посты, которые нужно выделить."
            } else {
                "Выделить эти посты нельзя: часть уже в другом событии, или в этом не останется ни одного."
            };
            let refused = Refused { problem: Some(problem.to_owned()), posts, merge: false };
            came_back(&visit, &event, refused, &error).await
        }
        Err(error) => Err(error),
    }
}

/// Joins the event with another one, which goes on.
pub(super) async fn merge(visit: Visit, Path(id): Path<String>, Form(given): Form<Joined>) -> Result<Response> {
    let from = EventId::new(id);
    let named = if given.other.trim().is_empty() { &given.into } else { &given.other };
    let into = named.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let into = into.split(['?', '#']).next().unwrap_or_default();
    let request = MergeRequest { from: from.clone(), into: EventId::from(into) };
    match service::events::merge(&visit.app, visit.actor(), request).await {
        Ok(()) => Ok(Redirect::to(&format!("{}?said=joined", path(&["events", into]))).into_response()),
        Err(error @ Error::Invalid { .. }) => {
            let problem = if into.is_empty() {
                "Выберите событие, с которым объединить."
            } else if into == from.as_str() {
                "Событие нельзя объединить с самим собой."
            } else {
                "Такого события нет, или оно относится к другому региону."
            };
            let refused = Refused { problem: Some(problem.to_owned()), posts: Vec::new(), merge: true };
            came_back(&visit, &from, refused, &error).await
        }
        Err(error) => Err(error),
    }
}

/// Opens an incident of the event.
pub(super) async fn open(visit: Visit, Path(id): Path<String>) -> Result<Response> {
    let request = OpenRequest { event: EventId::new(id), key: None };
    let incident = match service::incidents::open_from_event(&visit.app, visit.actor(), request).await {
        Ok(acted) => format!("{}?said=open", path(&["incidents", &acted.id])),
        // A colleague or the engine was faster: that is the one to work on.
        Err(Error::HasIncident(id)) => path(&["incidents", id.as_str()]),
        Err(error) => return Err(error),
    };
    Ok(Redirect::to(&incident).into_response())
}

async fn came_back(visit: &Visit, event: &EventId, refused: Refused, error: &Error) -> Result<Response> {
    Ok(html_with(error.status(), &page(visit, event, &Params::default(), refused).await?))
}
