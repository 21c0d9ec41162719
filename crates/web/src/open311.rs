//! Open311 GeoReport v2.

use axum::{Router, response::Response};

use crate::{App, error::Error};

/// The form of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `.json`
    Json,
    /// `.xml`, and anything else: the specification makes XML the one everybody has.
    Xml,
}

impl Format {
    /// The form an address asks for by its ending.
    pub(crate) fn of(path: &str) -> Self {
        if path.ends_with(".json") { Self::Json } else { Self::Xml }
    }
}

/// Every address of Open311.
pub(crate) fn router() -> Router<App> {
    Router::new()
}

/// An error as Open311 says it.
pub(crate) fn error_reply(error: &Error, request_id: &str, _format: Format) -> Response {
    crate::api::error_reply(error, request_id)
}
