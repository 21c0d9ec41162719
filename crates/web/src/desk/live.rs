//! `/live`: tells open pages which incidents have changed, so that lists renew themselves.
//!
//! Only ids are sent, and only of incidents the person sees; the page asks for what it shows. A reader that falls behind
//! is told to ask for everything.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures::{Stream, stream};
use otklik_domain::IncidentId;
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast},
    time::Instant,
};

use super::{rows::key, visit::Visit};
use crate::{
    App, Error,
    error::Result,
    rights::{Right, Scope},
};

/// A sign of life, so that proxies do not close a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// When a page that could not be served tries again.
const RETRY: Duration = Duration::from_secs(10);

pub(super) fn router() -> Router<App> {
    Router::new().route("/live", get(live))
}

/// A page that listens.
struct Listener {
    visit: Visit,
    changes: broadcast::Receiver<IncidentId>,
    ends: Instant,
    _place: OwnedSemaphorePermit,
}

async fn live(visit: Visit) -> Result<Response> {
    Right::ReadIncidents.check(visit.actor())?;
    let place = std::sync::Arc::clone(&visit.app.streams).try_acquire_owned();
    let _place = place.map_err(|_| Error::TooMany { retry_after: RETRY })?;
    let changes = visit.app.ports.incidents.changes();
    let ends = Instant::now() + visit.app.config.stream_life;
    let listener = Listener { visit, changes, ends, _place };
    Ok(Sse::new(events(listener)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

fn events(listener: Listener) -> impl Stream<Item = std::result::Result<Event, Infallible>> {
    stream::unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })
}

impl Listener {
    /// The next change the person sees; `None` at the end of the stream's life, when the page connects again.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let change = tokio::time::timeout_at(self.ends, self.changes.recv()).await.ok()?;
            match change {
                Ok(id) => match self.sees(&id).await {
                    Some(true) => return Some(Event::default().event("incident").data(key(id.as_str()))),
                    Some(false) => {}
                    None => return Some(Event::default().event("everything").data("")),
                },
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    return Some(Event::default().event("everything").data(""));
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// Whether the person sees an incident; `None` when the store cannot say.
    async fn sees(&self, id: &IncidentId) -> Option<bool> {
        let incident = self.visit.app.ports.incidents.get(id).await.ok()?;
        let scope = Scope::of(self.visit.actor(), &self.visit.app.directory());
        Some(incident.is_some_and(|incident| scope.sees(&incident)))
    }
}
