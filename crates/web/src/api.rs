//! The HTTP API: it reads requests, calls services, writes replies. Its rules are in `docs/api-design.md`.

mod changes;
mod events;
pub(crate) mod extract;
mod health;
mod incidents;
mod names;
mod openapi;
mod posts;
mod search;
mod sources;
mod stats;
#[cfg(test)]
mod tests;
mod tokens;
mod webhooks;

use axum::{
    Json, Router,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::openapi::openapi_json;
use crate::{
    App, WebConfig,
    error::{Error, Result},
    service::events::check_offset,
};

/// Things on a page when the request does not say how many.
const PAGE_USUAL: usize = 50;
/// Longest text of a filter in characters.
const TEXT_CHARS_MAX: usize = 200;

/// Which page a list is.
#[derive(Debug, Serialize, ToSchema)]
struct Meta {
    /// How many there are in all; absent where counting would cost more than it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// At most so many are on the page.
    limit: usize,
    /// So many were skipped.
    offset: usize,
}

/// The body of every reply that is an error.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorBody {
    /// What went wrong.
    error: ErrorDetails,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorDetails {
    /// A fixed name.
    #[schema(example = "stale_version")]
    code: &'static str,
    /// A sentence for whoever writes the program.
    message: String,
    /// Names the request in the log, also given in the header `X-Request-Id`.
    request_id: String,
}

/// Every address of the API.
pub(crate) fn router(config: &WebConfig) -> Router<App> {
    let (router, document) = openapi::documented(config).split_for_parts();
    // The document of this code never changes while it runs.
    let json = document.to_json().unwrap_or_default();
    router.route("/api/openapi.json", get(async move || ([(CONTENT_TYPE, "application/json")], json)))
}

/// An error as the API says it.
pub(crate) fn error_reply(error: &Error, request_id: &str) -> Response {
    let details = ErrorDetails { code: error.code(), message: error.message(), request_id: request_id.to_owned() };
    (error.status(), Json(ErrorBody { error: details })).into_response()
}

/// How many and from where on.
fn page(limit: Option<usize>, offset: Option<usize>, limit_max: usize) -> Result<(usize, usize)> {
    let limit = limit.unwrap_or(PAGE_USUAL.min(limit_max));
    if !(1..=limit_max).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be 1 to {limit_max}")));
    }
    let offset = offset.unwrap_or(0);
    check_offset(offset)?;
    Ok((limit, offset))
}

fn check_text(field: &'static str, text: Option<&str>) -> Result<()> {
    if text.is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX) {
        return Err(Error::invalid(field, format!("must not be longer than {TEXT_CHARS_MAX} characters")));
    }
    Ok(())
}
