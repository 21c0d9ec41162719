//! `/healthz` and `/readyz`

use std::time::Duration;

use axum::{
    Json as Reply,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use otklik_domain::EventId;
use otklik_ports::PortResult;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::App;

const HEALTH: &str = "health";
/// A store that takes longer than this is not ready.
const STORE_TIME_MAX: Duration = Duration::from_secs(3);
/// A name no store knows: only the way there and back is tried.
const NOBODY: &str = "readyz";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(is_alive)).routes(routes!(is_ready))
}

/// Says that the process answers.
#[utoipa::path(get, path = "/healthz", tag = HEALTH, security(()),
    responses((status = 200, description = "It does.", body = String)))]
async fn is_alive() -> &'static str {
    "ok"
}

/// Whether each store answers.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    /// Posts and events.
    posts: bool,
    /// Full-text search.
    search: bool,
    /// Incidents and accounts.
    incidents: bool,
    /// The log.
    log: bool,
}

/// Says whether every store answers.
#[utoipa::path(get, path = "/readyz", tag = HEALTH, security(()),
    responses(
        (status = 200, description = "Every store answers.", body = Readiness),
        (status = 503, description = "One does not.", body = Readiness),
    ))]
async fn is_ready(State(app): State<App>) -> Response {
    let ports = &app.ports;
    let nobody = EventId::from(NOBODY);
    let (posts, search, incidents, log) = tokio::join!(
        answers("posts", ports.posts.event(&nobody)),
        answers("search", ports.search.position(0)),
        answers("incidents", ports.incidents.checkpoint(NOBODY, 0)),
        answers("log", ports.log.cursor(NOBODY)),
    );
    let readiness = Readiness { posts, search, incidents, log };
    let status = if posts && search && incidents && log { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Reply(readiness)).into_response()
}

async fn answers<T>(store: &'static str, asked: impl Future<Output = PortResult<T>>) -> bool {
    match timeout(STORE_TIME_MAX, asked).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::warn!(store, error = %error, "store is not ready");
            false
        }
        Err(_) => {
            tracing::warn!(store, "store does not answer in time");
            false
        }
    }
}
