//! The HTTP API: it reads requests, calls services, writes replies.

use axum::{
    Json, Router,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::{App, error::Error};

/// The body of every reply that is an error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetails,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetails {
    /// A fixed name.
    #[schema(example = "stale_version")]
    pub code: &'static str,
    /// A sentence for whoever writes the program.
    pub message: String,
    /// Names the request in the log, also given in the header `X-Request-Id`.
    pub request_id: String,
}

/// Every address of the API.
pub(crate) fn router() -> Router<App> {
    documented().split_for_parts().0
}

/// The OpenAPI document.
///
/// # Errors
/// None: the document has text keys only.
pub fn openapi_json() -> serde_json::Result<String> {
    documented().split_for_parts().1.to_pretty_json()
}

fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// An error as the API says it.
pub(crate) fn error_reply(error: &Error, request_id: &str) -> Response {
    let details = ErrorDetails { code: error.code(), message: error.message(), request_id: request_id.to_owned() };
    (error.status(), HeaderMap::new(), Json(ErrorBody { error: details })).into_response()
}
