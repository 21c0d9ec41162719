//! The HTTP side of Otklik: the API with its OpenAPI document, Open311, webhooks, and the server-rendered desk.
//!
//! [`service`] holds what can be done, as plain functions of the state, the actor and the request; the API and the desk
//! only read requests and write replies. Who may do what is decided there and nowhere else.

mod api;
mod app;
pub mod auth;
mod callback;
mod catalogue;
mod config;
#[cfg_attr(not(feature = "desk"), path = "no_desk.rs")]
mod desk;
mod error;
mod forms;
mod guard;
mod intake;
pub mod metrics;
mod open311;
pub mod rights;
pub mod russian;
pub mod service;
mod sources;
#[cfg(test)]
mod testing;
pub mod webhooks;

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

pub use self::{
    api::openapi_json,
    app::{App, Ports, State},
    auth::{Caller, SignedIn},
    callback::{Callbacks, Heard},
    catalogue::{Block, Catalogue, Directory, Place, Topic},
    config::WebConfig,
    error::{Error, Result},
    forms::PublicForm,
    intake::{Intake, Taken},
    sources::{Coverage, CoveredSource, SourceTrouble, Sources, Teller},
};

/// Every address of the server. The binary adds `/metrics` and listens.
///
/// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: sign-ins are limited by address.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(api::router(&app.config))
        .merge(open311::router())
        .merge(callback::router())
        .merge(desk::router())
        .layer(DefaultBodyLimit::max(app.config.body_bytes_max))
        .layer(from_fn_with_state(app.clone(), auth::csrf::guard))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn_with_state(app.clone(), guard::surround))
        .layer(CompressionLayer::new())
        .with_state(app)
}
