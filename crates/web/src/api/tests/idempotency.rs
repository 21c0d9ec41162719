//! Requests that come twice, and requests that come late.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use otklik_domain::{IncidentId, Role};
use otklik_ports::Incidents;

use crate::testing::{Reply, TestApp, WATER_INCIDENT};

const ACTIONS: &str = "/api/v1/incidents/i-water/actions";

async fn post(app: &TestApp, path: &str, token: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request =
        Request::post(path).header(header::AUTHORIZATION, token).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn the_same_request_is_done_once() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Operator).await;
    let key = [("idempotency-key", "a-1"), ("if-match", "\"1\"")];
    let body = r#"{"action":"triage"}"#;
    let first = post(&app, ACTIONS, &token, &key, body).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let second = post(&app, ACTIONS, &token, &key, body).await;
    assert_eq!((second.status, &second.text), (first.status, &first.text));
    assert_eq!(second.headers["etag"], "\"2\"");
    assert_eq!(app.incident(WATER_INCIDENT).await.version, 2);
    assert_eq!(app.incidents.history(&IncidentId::from(WATER_INCIDENT)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_actor() {
    let app = TestApp::with_data().await;
    let (operator, admin) = (app.token(Role::Operator).await, app.token(Role::Admin).await);
    let key = [("idempotency-key", "a-1")];
    let note = r#"{"action":"note","text":"Раз"}"#;
    assert_eq!(post(&app, ACTIONS, &operator, &key, note).await.status, 200);
    let other = post(&app, ACTIONS, &operator, &key, r#"{"action":"note","text":"Два"}"#).await;
    assert_eq!((other.status.as_u16(), other.error_code().as_str()), (422, "idempotency_key_reused"));
    let elsewhere = post(&app, "/api/v1/incidents/i-road/actions", &operator, &key, note).await;
    assert_eq!(elsewhere.error_code(), "idempotency_key_reused");
    assert_eq!(post(&app, ACTIONS, &admin, &key, note).await.status, 200);
    assert_eq!(app.incident(WATER_INCIDENT).await.version, 3);
}

#[tokio::test]
async fn keys_have_a_form() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Operator).await;
    let note = r#"{"action":"note","text":"Раз"}"#;
    for key in ["", "with space", &"k".repeat(201)] {
        let reply = post(&app, ACTIONS, &token, &[("idempotency-key", key)], note).await;
        assert_eq!((reply.status.as_u16(), reply.error_code().as_str()), (422, "invalid"), "{key}");
    }
}

#[tokio::test]
async fn a_late_version_is_refused() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Operator).await;
    let check = async |headers: &[(&str, &str)], body: &str, status: u16, code: &str| {
        let reply = post(&app, ACTIONS, &token, headers, body).await;
        assert_eq!((reply.status.as_u16(), reply.error_code().as_str()), (status, code), "{body}");
    };
    check(&[], r#"{"action":"triage"}"#, 428, "version_required").await;
    check(&[("if-match", "\"7\"")], r#"{"action":"triage"}"#, 412, "stale_version").await;
    check(&[("if-match", "*")], r#"{"action":"triage"}"#, 422, "invalid").await;
    check(&[("if-match", "\"1\"")], r#"{"action":"triage","expected_version":2}"#, 422, "invalid").await;
    check(&[], r#"{"action":"accept","expected_version":1}"#, 409, "wrong_state").await;
    assert_eq!(app.incident(WATER_INCIDENT).await.version, 1);
}

#[tokio::test]
async fn of_many_at_once_one_wins() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Operator).await;
    let body = r#"{"action":"triage","expected_version":1}"#;
    let sent = (0..10).map(|_| post(&app, ACTIONS, &token, &[], body));
    let replies = futures::future::join_all(sent).await;
    let won = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(won, 1);
    assert!(replies.iter().filter(|reply| reply.status != 200).all(|reply| reply.error_code() == "stale_version"));
}

#[tokio::test]
async fn opening_twice_gives_one_incident() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Analyst).await;
    let body = r#"{"event_id":"e-lamp"}"#;
    let path = "/api/v1/incidents";
    let first = post(&app, path, &token, &[("idempotency-key", "o-1")], body).await;
    assert_eq!((first.status.as_u16(), first.headers["location"].to_str().unwrap()), (201, "/api/v1/incidents/i-lamp"));
    let again = post(&app, path, &token, &[("idempotency-key", "o-1")], body).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    let other = post(&app, path, &token, &[], body).await;
    assert_eq!((other.status.as_u16(), other.error_code().as_str()), (409, "has_incident"));
    let missing = app.call(Method::POST, path, &token, Some(r#"{"event_id":"e-none"}"#)).await;
    assert_eq!(missing.error_code(), "not_found");
}

#[tokio::test]
async fn asking_for_the_same_split_gives_the_same_event() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Analyst).await;
    let body = r#"{"posts":["vk:-1_e-water-2"]}"#;
    let path = "/api/v1/events/e-water/split";
    let first = post(&app, path, &token, &[], body).await;
    assert_eq!(first.status, 202, "{}", first.text);
    assert_eq!(post(&app, path, &token, &[], body).await.text, first.text);
}
