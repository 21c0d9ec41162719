//! A server without pages.

use axum::{
    Router,
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use crate::{App, Error, PublicForm};

pub(crate) fn router() -> Router<App> {
    Router::new()
}

pub(crate) fn error_page(error: &Error, request_id: &str, _headers: &HeaderMap) -> Response {
    (error.status(), format!("{} ({request_id})", error.message())).into_response()
}

pub(crate) fn form_problem(_form: &PublicForm, error: &Error, request_id: &str) -> Response {
    error_page(error, request_id, &HeaderMap::new())
}
