//! The stream of changes.

use std::time::Duration;

use axum::http::Method;
use otklik_domain::Role;

use crate::{
    WebConfig,
    testing::{TestApp, test_config},
};

#[tokio::test]
async fn a_body_is_told_of_its_own_incidents() {
    let config = WebConfig { stream_life: Duration::from_millis(400), ..test_config() };
    let app = TestApp::filled_with_config(config).await;
    app.send_out().await;
    let (operator, agency) = (app.token(Role::Operator).await, app.token(Role::Agency).await);
    let note = Some(r#"{"action":"note","text":"Да"}"#);
    let (stream, ()) = tokio::join!(app.get("/api/v1/changes", &agency), async {
        // The stream listens from its first poll on, which comes before this one.
        for id in ["i-road", "i-water"] {
            let path = format!("/api/v1/incidents/{id}/actions");
            assert_eq!(app.call(Method::POST, &path, &operator, note).await.status, 200);
        }
    });
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    let expected = "event: incident\ndata: {\"id\":\"i-water\",\"version\":3,\"state\":\"routed\",\"agency\":\"demo.water_a\"}\n\n";
    assert_eq!(stream.text, expected);
}

#[tokio::test]
async fn streams_have_a_limit() {
    let app = TestApp::with_config(WebConfig { streams_max: 0, ..test_config() });
    let token = app.token(Role::Viewer).await;
    let reply = app.get("/api/v1/changes", &token).await;
    assert_eq!((reply.status.as_u16(), reply.error_code().as_str()), (429, "too_many_requests"));
    assert_eq!(reply.headers["retry-after"], "60");
}
