//! Who may call what: every operation of the OpenAPI document against every role.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use otklik_domain::{Actor, AgencyId, Role};
use utoipa::openapi::path::PathItem;

use crate::{
    api::openapi::documented,
    service::{
        tokens::{self, NewToken},
        webhooks::{self, NewWebhook},
    },
    testing::{TOWN_A, TOWN_B, TestApp, test_config},
};

/// Columns of [`TABLE`]: roles, the last two staff of the body that has the incident `i-water` and of another one.
const COLUMNS: [(&str, Role, Option<&str>); 7] = [
    ("admin", Role::Admin, None),
    ("operator", Role::Operator, None),
    ("analyst", Role::Analyst, None),
    ("viewer", Role::Viewer, None),
    ("source", Role::Source, None),
    ("own", Role::Agency, Some(TOWN_A)),
    ("other", Role::Agency, Some(TOWN_B)),
];

/// Operation, address, body, and what each role gets: `+` it is done, `-` forbidden, `0` not found.
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("GET /healthz", "", "", "+++++++"),
    ("GET /readyz", "", "", "+++++++"),
    ("GET /api/v1/incidents", "", "", "++++-++"),
    ("POST /api/v1/incidents", "", r#"{"event_id":"e-lamp"}"#, "+++----"),
    ("GET /api/v1/incidents/{id}", "/api/v1/incidents/i-water", "", "++++-+0"),
    ("GET /api/v1/incidents/{id}/history", "/api/v1/incidents/i-water/history", "", "++++-+0"),
    (
        "POST /api/v1/incidents/{id}/actions",
        "/api/v1/incidents/i-water/actions",
        r#"{"action":"note","text":"Проверено"}"#,
        "+++--+0",
    ),
    ("GET /api/v1/changes", "", "", "++++-++"),
    ("GET /api/v1/events", "", "", "++++---"),
    ("GET /api/v1/events/{id}", "/api/v1/events/e-water", "", "++++-+0"),
    ("GET /api/v1/events/{id}/posts", "/api/v1/events/e-water/posts", "", "++++-+0"),
    ("GET /api/v1/events/{id}/curve", "/api/v1/events/e-water/curve", "", "++++-+0"),
    ("POST /api/v1/events/{id}/split", "/api/v1/events/e-water/split", r#"{"posts":["vk:-1_e-water-2"]}"#, "+++----"),
    ("POST /api/v1/events/{id}/merge", "/api/v1/events/e-water/merge", r#"{"into":"e-lamp"}"#, "+++----"),
    ("GET /api/v1/search", "/api/v1/search?q=фонари", "", "++++---"),
    ("GET /api/v1/posts/{id}", "/api/v1/posts/vk:-1_e-water-1", "", "++++-+0"),
    (
        "POST /api/v1/posts",
        "",
        r#"{"id":"form:1","text":"Яма","published_at":"2026-03-18T10:00:00+03:00","region":"demo"}"#,
        "++--+--",
    ),
    ("DELETE /api/v1/posts/{id}", "/api/v1/posts/vk:-1_e-water-1", "", "++--+--"),
    ("GET /api/v1/stats/counts", "/api/v1/stats/counts?by=block", "", "++++---"),
    ("GET /api/v1/stats/timeline", "", "", "++++---"),
    ("GET /api/v1/stats/board", "", "", "++++-++"),
    ("GET /api/v1/sources", "", "", "++++-++"),
    ("GET /api/v1/topics", "", "", "+++++++"),
    ("GET /api/v1/blocks", "", "", "+++++++"),
    ("GET /api/v1/places", "", "", "+++++++"),
    ("GET /api/v1/agencies", "", "", "+++++++"),
    ("GET /api/v1/tokens", "", "", "+------"),
    ("POST /api/v1/tokens", "", r#"{"name":"crm","role":"viewer"}"#, "+------"),
    ("DELETE /api/v1/tokens/{name}", "/api/v1/tokens/t-victim", "", "+------"),
    ("GET /api/v1/webhooks", "", "", "+------"),
    ("POST /api/v1/webhooks", "", r#"{"url":"https://example.ru/hook"}"#, "+------"),
    ("POST /api/v1/webhooks/{id}", "/api/v1/webhooks/WEBHOOK", r#"{"active":false}"#, "+------"),
    ("DELETE /api/v1/webhooks/{id}", "/api/v1/webhooks/WEBHOOK", "", "+------"),
    ("GET /api/v1/webhooks/{id}/deliveries", "/api/v1/webhooks/WEBHOOK/deliveries", "", "+------"),
];

/// Operations that need nobody's rights.
const OPEN: [&str; 2] = ["GET /healthz", "GET /readyz"];

#[tokio::test]
async fn every_role_gets_what_the_table_says() {
    for (operation, address, body, expected) in TABLE {
        for ((name, role, agency), expected) in COLUMNS.iter().zip(expected.chars()) {
            let app = TestApp::with_data().await;
            app.send_out().await;
            let token = app.token_of(name, *role, agency.map(AgencyId::from)).await;
            let reply = send(&app, operation, address, body, &token).await;
            let got = match reply.status {
                StatusCode::FORBIDDEN => '-',
                StatusCode::NOT_FOUND => '0',
                status if status.is_success() => '+',
                _ => panic!("{operation} as {name}: {} {}", reply.status, reply.text),
            };
            assert_eq!(got, expected, "{operation} as {name}: {} {}", reply.status, reply.text);
        }
    }
}

#[tokio::test]
async fn nobody_gets_nothing() {
    let app = TestApp::with_data().await;
    for (operation, address, body, _) in TABLE {
        for token in ["", "Bearer", "Bearer otklik_0000", "Bearer ", "Basic YWRtaW46YWRtaW4=", "Bearer wrong"] {
            let reply = send(&app, operation, address, body, token).await;
            let expected = if OPEN.contains(operation) { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
            assert_eq!(reply.status, expected, "{operation} with {token:?}: {}", reply.text);
        }
    }
}

#[test]
fn every_operation_has_a_row() {
    let document = documented(&test_config()).split_for_parts().1;
    let operations: BTreeSet<String> = document
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| methods(item).map(move |method| format!("{method} {path}")))
        .collect();
    let rows: BTreeSet<String> = TABLE.iter().map(|(operation, ..)| (*operation).to_owned()).collect();
    assert_eq!(rows.len(), TABLE.len(), "an operation has two rows");
    assert_eq!(operations, rows);
}

fn methods(item: &PathItem) -> impl Iterator<Item = &'static str> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
        ("HEAD", &item.head),
        ("OPTIONS", &item.options),
        ("TRACE", &item.trace),
    ];
    all.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method)
}

async fn send(app: &TestApp, operation: &str, address: &str, body: &str, token: &str) -> crate::testing::Reply {
    let (method, path) = operation.split_once(' ').unwrap();
    let mut address = if address.is_empty() { path.to_owned() } else { address.to_owned() };
    if address.contains("WEBHOOK") {
        let new = NewWebhook { url: "https://example.ru/x".to_owned(), agency: None, actions: Vec::new() };
        address = address.replace("WEBHOOK", &webhooks::create(&app.app, &Actor::system(), new).await.unwrap().id);
    }
    if address.ends_with("t-victim") {
        let new = NewToken { name: "t-victim".to_owned(), role: Role::Viewer, agency: None, expires_at: None };
        // The second try finds the name taken: the token is there all the same.
        tokens::create(&app.app, &Actor::system(), new).await.ok();
    }
    let body = (!body.is_empty()).then_some(body);
    app.call(method.parse::<Method>().unwrap(), &address, token, body).await
}
