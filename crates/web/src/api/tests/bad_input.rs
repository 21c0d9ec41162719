//! Requests that make no sense, or mean harm.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use otklik_domain::Role;

use crate::{
    WebConfig,
    testing::{TestApp, test_config},
};

#[tokio::test]
async fn queries_that_cannot_be_read() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Admin).await;
    let check = async |path: &str, status: u16, code: &str| {
        let reply = app.get(path, &token).await;
        assert_eq!((reply.status.as_u16(), reply.error_code().as_str()), (status, code), "{path}: {}", reply.text);
        assert_eq!(reply.json()["error"]["request_id"], reply.headers["x-request-id"].to_str().unwrap());
    };
    check("/api/v1/incidents?unknown=1", 400, "malformed").await;
    check("/api/v1/incidents?limit=many", 400, "malformed").await;
    check("/api/v1/incidents?limit=0", 422, "invalid").await;
    check("/api/v1/incidents?limit=501", 422, "invalid").await;
    check("/api/v1/incidents?limit=99999999999999999999999", 400, "malformed").await;
    check("/api/v1/incidents?offset=10001", 422, "invalid").await;
    check("/api/v1/incidents?offset=-1", 400, "malformed").await;
    check("/api/v1/incidents?state=open", 422, "invalid").await;
    check("/api/v1/incidents?severity_min=6", 422, "invalid").await;
    check("/api/v1/incidents?order=random", 422, "invalid").await;
    check("/api/v1/incidents?opened_from=yesterday", 422, "invalid").await;
    check(&format!("/api/v1/incidents?region={}", "a,".repeat(200)), 422, "invalid").await;
    check(&format!("/api/v1/incidents?text={}", "a".repeat(300)), 422, "invalid").await;
    check("/api/v1/events?order=due", 422, "invalid").await;
    check("/api/v1/events/e-water/curve?step_minutes=0", 422, "invalid").await;
    check("/api/v1/events/e-water/curve?step_minutes=70000", 400, "malformed").await;
    check("/api/v1/search?q=%22%22", 400, "rejected").await;
    check(&format!("/api/v1/search?q={}", "a".repeat(501)), 422, "invalid").await;
    check("/api/v1/search?limit=101", 422, "invalid").await;
    check("/api/v1/stats/counts", 422, "invalid").await;
    check("/api/v1/stats/counts?by=author", 422, "invalid").await;
    check("/api/v1/stats/counts?by=label:", 422, "invalid").await;
    check("/api/v1/stats/counts?by=block&network=fido", 422, "invalid").await;
    check("/api/v1/stats/counts?by=block&autor=1", 400, "malformed").await;
    check("/api/v1/stats/timeline?utc_offset_minutes=900", 422, "invalid").await;
    check("/api/v1/places?kind=planet", 422, "invalid").await;
    check("/api/v1/nothing", 404, "not_found").await;
    check("/api/v2/incidents", 404, "not_found").await;
}

#[tokio::test]
async fn strange_ids_are_nobodys() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Admin).await;
    let long = "a".repeat(4_000);
    for id in ["nothing", "i-water'%20OR%20'1'='1", "%00", "..%2F..%2Fetc%2Fpasswd", "%D1%8F%D0%BC%D0%B0", "%FF", &long]
    {
        for path in ["incidents", "events", "posts"] {
            let reply = app.get(&format!("/api/v1/{path}/{id}"), &token).await;
            assert_eq!((reply.status.as_u16(), reply.error_code().as_str()), (404, "not_found"), "{path} {id}");
        }
    }
    for text in ["'%20OR%201=1--", "%25%27%3B%20DROP%20TABLE%20incidents", "%00"] {
        let reply = app.get(&format!("/api/v1/incidents?text={text}&block={text}&agency={text}"), &token).await;
        assert_eq!(reply.json()["incidents"].as_array().map(Vec::len), Some(0), "{text}: {}", reply.text);
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Admin).await;
    let check = async |path: &str, body: &str, status: u16, code: &str| {
        let reply = app.call(Method::POST, path, &token, Some(body)).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!((reply.status.as_u16(), reply.error_code().as_str()), (status, code), "{shown}: {}", reply.text);
    };
    let act = "/api/v1/incidents/i-water/actions";
    check(act, "", 400, "malformed").await;
    check(act, "{", 400, "malformed").await;
    check(act, "null", 400, "malformed").await;
    check(act, r#"{"action":"explode"}"#, 400, "malformed").await;
    check(act, r#"{"text":"Без действия"}"#, 400, "malformed").await;
    check(act, r#"{"action":"note","text":"Да","extra":1}"#, 400, "malformed").await;
    check(act, r#"{"action":"note","text":7}"#, 400, "malformed").await;
    check(act, r#"{"action":"note","text":"  "}"#, 422, "invalid").await;
    check(act, &format!(r#"{{"action":"note","text":"{}"}}"#, "я".repeat(2_001)), 422, "invalid").await;
    check(act, r#"{"action":"rate","score":6}"#, 422, "invalid").await;
    check(act, r#"{"action":"rate","score":300}"#, 400, "malformed").await;
    check(act, r#"{"action":"triage","severity":9,"expected_version":1}"#, 422, "invalid").await;
    check(act, r#"{"action":"triage","topic":"politics.protest","expected_version":1}"#, 422, "invalid").await;
    check(act, r#"{"action":"triage","municipality":"moon","expected_version":1}"#, 422, "invalid").await;
    check(act, r#"{"action":"route","agency":"nobody","expected_version":1}"#, 422, "invalid").await;
    check(
        act,
        r#"{"action":"postpone","until":"2020-01-01T00:00:00Z","reason":"Ждём","expected_version":1}"#,
        422,
        "invalid",
    )
    .await;
    check(
        act,
        r#"{"action":"postpone","until":"2036-01-01T00:00:00Z","reason":"Ждём","expected_version":1}"#,
        422,
        "invalid",
    )
    .await;
    check(act, r#"{"action":"merge","into":"i-water","expected_version":1}"#, 422, "invalid").await;
    check(act, r#"{"action":"merge","into":"i-none","expected_version":1}"#, 422, "invalid").await;
    check(act, r#"{"action":"note","text":"Да","expected_version":-1}"#, 400, "malformed").await;
    check(act, &format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)), 400, "malformed").await;

    let split = "/api/v1/events/e-water/split";
    check(split, r#"{"posts":[]}"#, 422, "invalid").await;
    check(split, r#"{"posts":["vk:-1_e-road-1"]}"#, 422, "invalid").await;
    check(split, r#"{"posts":["vk:-1_e-water-1","vk:-1_e-water-2"]}"#, 422, "invalid").await;
    check("/api/v1/events/e-none/split", r#"{"posts":["vk:1"]}"#, 404, "not_found").await;
    check("/api/v1/events/e-water/merge", r#"{"into":"e-water"}"#, 422, "invalid").await;
    check("/api/v1/events/e-water/merge", r#"{"into":"e-none"}"#, 422, "invalid").await;

    check("/api/v1/posts", "17", 400, "malformed").await;
    let posts = format!("[{}]", vec!["{}"; 1_001].join(","));
    check("/api/v1/posts", &posts, 422, "invalid").await;

    let tokens = "/api/v1/tokens";
    check(tokens, r#"{"name":"crm","role":"root"}"#, 400, "malformed").await;
    check(tokens, r#"{"name":"crm","role":"system"}"#, 422, "invalid").await;
    check(tokens, r#"{"name":"CRM","role":"viewer"}"#, 422, "invalid").await;
    check(tokens, r#"{"name":"crm","role":"agency"}"#, 422, "invalid").await;
    check(tokens, r#"{"name":"crm","role":"viewer","agency":"demo.town_a"}"#, 422, "invalid").await;
    check(tokens, r#"{"name":"t-admin","role":"viewer"}"#, 409, "taken").await;
    check(tokens, r#"{"name":"crm","role":"viewer","expires_at":"2020-01-01T00:00:00Z"}"#, 422, "invalid").await;

    let webhooks = "/api/v1/webhooks";
    check(webhooks, r#"{"url":"http://example.ru/"}"#, 422, "invalid").await;
    check(webhooks, r#"{"url":"https://10.0.0.1/"}"#, 422, "invalid").await;
    check(webhooks, r#"{"url":"https://example.ru/","actions":["fly"]}"#, 422, "invalid").await;
    check(webhooks, r#"{"url":"https://example.ru/","agency":"nobody"}"#, 422, "invalid").await;
    check("/api/v1/webhooks/w-none", r#"{"active":true}"#, 404, "not_found").await;
}

#[tokio::test]
async fn requests_of_a_wrong_kind() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Admin).await;
    let wrong_method = app.call(Method::PUT, "/api/v1/incidents", &token, None).await;
    assert_eq!((wrong_method.status.as_u16(), wrong_method.error_code().as_str()), (405, "method_not_allowed"));
    let plain = Request::post("/api/v1/incidents")
        .header(header::AUTHORIZATION, &token)
        .body(Body::from(r#"{"event_id":"e-lamp"}"#))
        .unwrap();
    let reply = app.send(plain).await;
    assert_eq!((reply.status.as_u16(), reply.error_code().as_str()), (400, "malformed"));
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let config = WebConfig { body_bytes_max: 1_000, posts_body_bytes_max: 5_000, ..test_config() };
    let app = TestApp::with_config(config);
    let token = app.token(Role::Admin).await;
    let check = async |path: &str, bytes: usize, status: u16| {
        let body = format!("\"{}\"", "a".repeat(bytes - 2));
        let reply = app.call(Method::POST, path, &token, Some(&body)).await;
        assert_eq!(reply.status.as_u16(), status, "{bytes} to {path}: {}", reply.text);
    };
    check("/api/v1/tokens", 1_000, 400).await;
    check("/api/v1/tokens", 1_001, 413).await;
    check("/api/v1/posts", 5_000, 400).await;
    check("/api/v1/posts", 5_001, 413).await;
}
