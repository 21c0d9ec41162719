//! What surrounds every request.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request, middleware::from_fn_with_state, routing::get};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use super::{panicked, surround};
use crate::{
    App, WebConfig,
    testing::{TestApp, test_config},
};

fn router(app: &App) -> Router {
    Router::new()
        .route("/api/v1/panic", get(async || -> &'static str { panic!("with a text of a resident") }))
        .route("/api/v1/slow", get(async || std::future::pending::<&'static str>().await))
        .route("/api/v1/quick", get(async || "done"))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), surround))
}

async fn call(app: &App, path: &str) -> (u16, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router(app).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_panic_is_an_error_that_says_nothing() {
    let app = TestApp::new().app;
    let (status, body) = call(&app, "/api/v1/panic").await;
    assert_eq!(status, 500);
    assert!(body.contains("\"code\":\"internal\"") && !body.contains("resident"), "{body}");
    assert_eq!(call(&app, "/api/v1/quick").await.0, 200);
}

#[tokio::test]
async fn a_request_has_its_time() {
    let app = TestApp::with_config(WebConfig { request_timeout: Duration::from_millis(10), ..test_config() }).app;
    let (status, body) = call(&app, "/api/v1/slow").await;
    assert_eq!(status, 503);
    assert!(body.contains("\"code\":\"timeout\""), "{body}");
}

#[tokio::test]
async fn only_so_many_requests_at_once() {
    let config = WebConfig { concurrent_requests_max: 1, request_timeout: Duration::from_millis(50), ..test_config() };
    let app = TestApp::with_config(config).app;
    let place = Arc::clone(&app.requests).acquire_owned().await.unwrap();
    assert_eq!(call(&app, "/api/v1/quick").await.0, 503);
    drop(place);
    assert_eq!(call(&app, "/api/v1/quick").await.0, 200);
}
