//! What replies look like.

use axum::http::Method;
use otklik_domain::{AgencyId, Role};

use crate::{
    Teller,
    testing::{ROAD_INCIDENT, TOWN_B, TestApp, WATER_INCIDENT},
};

/// Calls the address as an operator and keeps the reply as a snapshot.
macro_rules! snapshot {
    ($name:literal, $app:expr, $token:expr, $path:literal) => {
        let reply = $app.get($path, $token).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        insta::assert_json_snapshot!($name, reply.json());
    };
}

#[tokio::test]
async fn replies_look_like_this() {
    let app = TestApp::with_data().await;
    let token = &app.token(Role::Operator).await;
    snapshot!("incidents", app, token, "/api/v1/incidents?order=opened&block=utilities");
    snapshot!("incident", app, token, "/api/v1/incidents/i-water");
    snapshot!("incident_history", app, token, "/api/v1/incidents/i-water/history");
    snapshot!("events", app, token, "/api/v1/events?order=latest&municipality=demo.b");
    snapshot!("event", app, token, "/api/v1/events/e-water");
    snapshot!("event_posts", app, token, "/api/v1/events/e-water/posts?limit=1");
    snapshot!("event_curve", app, token, "/api/v1/events/e-water/curve?step_minutes=60");
    snapshot!("search", app, token, "/api/v1/search?q=фонари&order=latest&histogram_seconds=3600&limit=1");
    snapshot!("counts", app, token, "/api/v1/stats/counts?by=block&network=vk");
    snapshot!("timeline", app, token, "/api/v1/stats/timeline?step=hours");
    snapshot!("board", app, token, "/api/v1/stats/board");
    snapshot!("sources", app, token, "/api/v1/sources");
    snapshot!("topics", app, token, "/api/v1/topics");
    snapshot!("blocks", app, token, "/api/v1/blocks");
    snapshot!("places", app, token, "/api/v1/places?kind=municipality&limit=1");
    snapshot!("agencies", app, token, "/api/v1/agencies");
    snapshot!("ready", app, token, "/readyz");
}

#[tokio::test]
async fn sources_are_chosen_and_paged() {
    let app = TestApp::new();
    let token = &app.token(Role::Viewer).await;
    let check = async |query: &str, expected: &[&str], total: u64| {
        let reply = app.get(&format!("/api/v1/sources{query}"), token).await.json();
        let ids = reply["sources"].as_array().unwrap().iter().map(|source| source["id"].as_str().unwrap().to_owned());
        assert_eq!(
            (ids.collect::<Vec<_>>().as_slice(), reply["meta"]["total"].as_u64()),
            (&expected.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()[..], Some(total)),
            "{query}"
        );
    };
    check("?limit=2", &["-103", "gorod_24"], 6).await;
    check("?limit=2&offset=4", &["-101", "-102"], 6).await;
    check("?network=vk", &["-103", "-101", "-102"], 3).await;
    check("?troubled=false", &["-101", "-102"], 2).await;
    check("?region=mars", &[], 0).await;
    assert_eq!(app.get("/api/v1/sources?network=fido", token).await.status, 422);
    *app.sources.0.lock().unwrap() = Teller::Nobody;
    assert_eq!(app.get("/api/v1/sources", token).await.json()["told_by"], "nobody");
}

#[tokio::test]
async fn a_body_sees_its_subtree_only() {
    let app = TestApp::with_data().await;
    app.send_out().await;
    let own = app.token(Role::Agency).await;
    let other = app.token_of("b", Role::Agency, Some(AgencyId::from(TOWN_B))).await;
    let ids = async |token: &str, query: &str| {
        let reply = app.get(&format!("/api/v1/incidents{query}"), token).await.json();
        let incidents = reply["incidents"].as_array().unwrap().clone();
        incidents.iter().map(|incident| incident["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&own, "").await, [WATER_INCIDENT]);
    assert_eq!(ids(&other, "").await, [ROAD_INCIDENT]);
    assert_eq!(ids(&own, "?agency=demo.town_b").await, Vec::<String>::new());
    assert_eq!(ids(&own, "?agency=demo.gov").await, [WATER_INCIDENT]);
    assert_eq!(ids(&own, "?agency=nobody").await, Vec::<String>::new());
    let agencies = app.get("/api/v1/agencies", &own).await.json();
    assert_eq!(agencies["agencies"].as_array().unwrap().len(), 2);
    let board = app.get("/api/v1/stats/board", &own).await.json();
    assert_eq!(board["states"][0]["incidents"], 1);
}

#[tokio::test]
async fn an_incident_goes_its_way() {
    let app = TestApp::with_data().await;
    let operator = app.token(Role::Operator).await;
    let agency = app.token(Role::Agency).await;
    let source = app.token(Role::Source).await;
    let act = async |token: &str, body: &str| {
        let path = format!("/api/v1/incidents/{WATER_INCIDENT}/actions");
        let reply = app.call(Method::POST, &path, token, Some(body)).await;
        assert_eq!(reply.status, 200, "{body}: {}", reply.text);
        reply.json()
    };
    act(&operator, r#"{"action":"triage","severity":4,"expected_version":1}"#).await;
    act(&operator, r#"{"action":"route","agency":"demo.water_a","expected_version":2}"#).await;
    act(&agency, r#"{"action":"accept","expected_version":3}"#).await;
    let answer = r#"{"action":"answer_final","text":"Вода дана","url":"https://social.test/1","expected_version":4}"#;
    let acted = act(&agency, answer).await;
    insta::assert_json_snapshot!("acted", acted);
    let rated = act(&source, r#"{"action":"rate","score":1}"#).await;
    assert_eq!(rated["state"], "escalated");
    assert_eq!(rated["agency"], "demo.town_a");
    let incident = app.get("/api/v1/incidents/i-water", &operator).await;
    assert_eq!(incident.headers["etag"], "\"6\"");
    insta::assert_json_snapshot!("incident_after", incident.json());
}

#[tokio::test]
async fn posts_are_handed_in() {
    let app = TestApp::new();
    let token = app.token(Role::Source).await;
    let body = r#"[
        {"id":"form:1","text":"Яма","published_at":"2026-03-18T10:00:00+03:00","unknown":1},
        {"id":"form:1","text":"Яма","published_at":"2026-03-18T10:00:00+03:00"},
        {"id":"form:2","text":"","published_at":"2026-03-18T10:00:00+03:00"},
        {"id":"form:3","text":"Яма","published_at":"вчера"},
        {"id":"form:4","text":"Яма","published_at":"2026-03-18T10:00:00+03:00","region":"nowhere"},
        {"text":"Яма","published_at":"2026-03-18T10:00:00+03:00"},
        17
    ]"#;
    let reply = app.call(Method::POST, "/api/v1/posts", &token, Some(body)).await;
    assert_eq!(reply.status, 200);
    insta::assert_json_snapshot!("handed_in", reply.json());
    assert_eq!(app.intake.taken.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn secrets_are_shown_once() {
    let app = TestApp::new();
    let admin = app.token(Role::Admin).await;
    let token = r#"{"name":"crm","role":"agency","agency":"demo.town_a","expires_at":"2027-01-01T00:00:00Z"}"#;
    let created = app.call(Method::POST, "/api/v1/tokens", &admin, Some(token)).await;
    assert_eq!(created.status, 201);
    let secret = created.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(app.get("/api/v1/incidents", &format!("Bearer {secret}")).await.status, 200);
    let list = app.get("/api/v1/tokens", &admin).await;
    assert!(!list.text.contains(secret.trim_start_matches("otklik_")));
    insta::assert_json_snapshot!("tokens", list.json());

    let webhook = r#"{"url":"https://example.ru/hook","agency":"demo.town_a","actions":["route"]}"#;
    let created = app.call(Method::POST, "/api/v1/webhooks", &admin, Some(webhook)).await;
    assert_eq!(created.status, 201);
    let mut list = app.get("/api/v1/webhooks", &admin).await;
    assert!(!list.text.contains(created.json()["secret"].as_str().unwrap()));
    list.text = list.text.replace(created.json()["webhook"]["id"].as_str().unwrap(), "w-1");
    insta::assert_json_snapshot!("webhooks", list.json());
}

#[tokio::test]
async fn a_token_taken_back_or_ended_opens_nothing() {
    let app = TestApp::new();
    let admin = app.token(Role::Admin).await;
    let viewer = app.token(Role::Viewer).await;
    assert_eq!(app.get("/api/v1/topics", &viewer).await.status, 200);
    assert_eq!(app.call(Method::DELETE, "/api/v1/tokens/t-viewer", &admin, None).await.status, 204);
    assert_eq!(app.get("/api/v1/topics", &viewer).await.status, 401);

    let body = r#"{"name":"short","role":"viewer","expires_at":"2026-03-18T09:00:10Z"}"#;
    let created = app.call(Method::POST, "/api/v1/tokens", &admin, Some(body)).await.json();
    let short = format!("Bearer {}", created["secret"].as_str().unwrap());
    assert_eq!(app.get("/api/v1/topics", &short).await.status, 200);
    app.clock.set("2026-03-18T09:00:10Z".parse().unwrap());
    assert_eq!(app.get("/api/v1/topics", &short).await.status, 401);
}

#[tokio::test]
async fn authors_are_not_given_out() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Admin).await;
    for path in
        ["/api/v1/posts/vk:-1_e-water-1", "/api/v1/incidents/i-water", "/api/v1/search?q=", "/api/v1/events/e-water"]
    {
        let reply = app.get(path, &token).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert!(!reply.text.contains("0011223344556677"), "{path}");
        assert!(!reply.text.contains("author_key"), "{path}");
    }
}
