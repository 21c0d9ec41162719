//! The desk: server-rendered pages in Russian.
//!
//! A page is a template of `templates/` filled with words that are ready to be shown: [`say`] makes them, the modules of
//! the pages gather them from [`crate::service`]. Pages work without scripts; with them lists renew themselves and forms
//! open without leaving the list.

mod act;
mod admin;
mod agency;
mod assets;
mod board;
mod chart;
mod due;
mod event;
mod events;
mod filters;
mod form;
mod frame;
mod incident;
mod incidents;
mod live;
mod lookup;
mod marked;
mod params;
mod posts;
mod preview;
mod risk;
mod rows;
mod said;
mod say;
mod search;
mod sign_in;
mod sources;
mod spread;
mod triage;
mod visit;

use axum::{Router, http::HeaderMap, response::Response};

use crate::{App, Error, PublicForm};

#[cfg(test)]
mod tests;

/// Every page of the desk.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .merge(assets::router())
        .merge(sign_in::router())
        .merge(form::router())
        .merge(triage::router())
        .merge(incidents::router())
        .merge(incident::router())
        .merge(act::router())
        .merge(agency::router())
        .merge(events::router())
        .merge(event::router())
        .merge(search::router())
        .merge(board::router())
        .merge(sources::router())
        .merge(admin::router())
        .merge(live::router())
}

/// A page that says what went wrong. `headers` are those of the request, to tell a part of a page from a whole one.
pub(crate) fn error_page(error: &Error, request_id: &str, headers: &HeaderMap) -> Response {
    frame::error_page(error, request_id, headers)
}

/// A page of a form for residents that says what went wrong.
pub(crate) fn form_problem(form: &PublicForm, error: &Error, request_id: &str) -> Response {
    form::problem_page(form, error, request_id)
}
