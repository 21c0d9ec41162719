//! `/changes`: changed incidents as they change, by Server-Sent Events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt, stream};
use otklik_domain::{Incident, IncidentId};
use serde::Serialize;
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast},
    time::{Instant, timeout_at},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App, Caller,
    error::{Error, Result},
    rights::{Right, Scope},
};

/// How often a stream without changes says that it lives: proxies close silent ones.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stream_changes))
}

/// The data of an event named `incident`.
#[derive(Debug, Serialize, ToSchema)]
struct ChangedIncident {
    /// The incident.
    id: String,
    /// The version it has now.
    version: u64,
    /// Where it stands now.
    #[schema(example = "accepted")]
    state: &'static str,
    /// The body that has it now.
    agency: Option<String>,
}

impl ChangedIncident {
    fn new(incident: &Incident) -> Self {
        Self {
            id: incident.id.to_string(),
            version: incident.version,
            state: incident.state.as_str(),
            agency: incident.agency.as_ref().map(ToString::to_string),
        }
    }
}

/// Streams changed incidents as Server-Sent Events.
///
/// An event `incident` names one that you see and that has just changed. An event `missed` says that you read too slowly
/// and changes were left out: read the list again. The stream ends after a while; connect again.
#[utoipa::path(get, path = "/changes", tag = "incidents",
    responses((status = 200, description = "Events `incident` and `missed`.", content_type = "text/event-stream",
        body = ChangedIncident)))]
async fn stream_changes(State(app): State<App>, Caller(actor): Caller) -> Result<Response> {
    Right::ReadIncidents.check(&actor)?;
    let place = Arc::clone(&app.streams).try_acquire_owned();
    let place = place.map_err(|_| Error::TooMany { retry_after: Duration::from_secs(60) })?;
    let scope = Scope::of(&actor, &app.directory());
    let changes = Changes {
        receiver: app.ports.incidents.changes(),
        ends_at: Instant::now() + app.config.stream_life,
        app,
        scope,
        _place: place,
    };
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(changes.stream()).keep_alive(alive).into_response())
}

struct Changes {
    app: App,
    scope: Scope,
    receiver: broadcast::Receiver<IncidentId>,
    ends_at: Instant,
    _place: OwnedSemaphorePermit,
}

impl Changes {
    fn stream(self) -> impl Stream<Item = std::result::Result<Event, Infallible>> {
        stream::unfold(self, async |mut changes| Some((changes.next().await?, changes))).map(Ok)
    }

    /// The next event, or `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let id = match timeout_at(self.ends_at, self.receiver.recv()).await {
                Ok(Ok(id)) => id,
                Ok(Err(broadcast::error::RecvError::Lagged(_))) => {
                    return Some(Event::default().event("missed").data("{}"));
                }
                Ok(Err(broadcast::error::RecvError::Closed)) | Err(_) => return None,
            };
            match self.app.ports.incidents.get(&id).await {
                Ok(incident) => {
                    let Some(incident) = incident.filter(|incident| self.scope.sees(incident)) else { continue };
                    return Event::default().event("incident").json_data(ChangedIncident::new(&incident)).ok();
                }
                Err(error) => {
                    tracing::warn!(error = %error, "stream of changes lost a change");
                    return Some(Event::default().event("missed").data("{}"));
                }
            }
        }
    }
}
