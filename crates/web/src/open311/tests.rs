//! Open311 over the ports in memory.

use axum::{
    body::Body,
    http::{Request, header},
};
use otklik_domain::{AgencyId, EventId, Role};
use otklik_ports::{PostBatch, Posts};

use crate::{
    WebConfig,
    testing::{Reply, TOWN_B, TestApp, post, test_config},
};

const FORM: &str = "service_code=roads.potholes&description=%D0%AF%D0%BC%D0%B0&lat=56.85&long=53.2&account_id=7\
    &email=a%40b.ru&phone=89000000000&first_name=%D0%98%D0%B2%D0%B0%D0%BD";

async fn submit(app: &TestApp, headers: &[(&str, &str)], form: &str) -> Reply {
    let mut request =
        Request::post("/open311/v2/requests.json").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

#[tokio::test]
async fn replies_look_like_this() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Viewer).await;
    for (name, path) in [
        ("services", "/open311/v2/services"),
        ("service", "/open311/v2/services/roads.potholes"),
        ("requests", "/open311/v2/requests"),
        ("request", "/open311/v2/requests/i-water"),
        ("missing", "/open311/v2/requests/i-none"),
    ] {
        for ending in ["json", "xml"] {
            let reply = app.get(&format!("{path}.{ending}?jurisdiction_id=demo"), &token).await;
            let kind = reply.headers["content-type"].to_str().unwrap();
            assert!(kind.contains(ending), "{path}: {kind}");
            let id = reply.headers["x-request-id"].to_str().unwrap();
            let text = reply.text.replace(id, "REQUEST").replace("><", ">\n<").replace("},{", "},\n{");
            insta::assert_snapshot!(format!("{name}_{ending}"), text);
        }
    }
}

#[tokio::test]
async fn who_may_read() {
    let app = TestApp::with_data().await;
    app.send_out().await;
    let check = async |path: &str, token: &str, status: u16| {
        let reply = app.get(path, token).await;
        assert_eq!(reply.status.as_u16(), status, "{path}: {}", reply.text);
    };
    check("/open311/v2/services.json", "", 200).await;
    for path in
        ["/open311/v2/requests.json", "/open311/v2/requests/i-water.xml", "/open311/v2/tokens/form:open311-0.json"]
    {
        check(path, "", 403).await;
        check(path, "Bearer otklik_0", 403).await;
    }
    for role in [Role::Admin, Role::Operator, Role::Analyst, Role::Viewer, Role::Source, Role::Agency] {
        let token = app.token(role).await;
        check("/open311/v2/requests.json", &token, 200).await;
        check("/open311/v2/requests/i-water.json", &token, 200).await;
    }
    let other = app.token_of("b", Role::Agency, Some(AgencyId::from(TOWN_B))).await;
    check("/open311/v2/requests/i-water.json", &other, 404).await;
    assert_eq!(app.get("/open311/v2/requests.json", &other).await.json().as_array().unwrap().len(), 1);

    let open = TestApp::filled_with_config(WebConfig { open311_public: true, ..test_config() }).await;
    assert_eq!(open.get("/open311/v2/requests/i-water.json", "").await.status, 200);
    assert_eq!(open.get("/open311/v2/requests/i-water.json", "Bearer otklik_0").await.status, 403);
    assert_eq!(submit(&open, &[], FORM).await.status, 403);
}

#[tokio::test]
async fn lists_are_narrowed() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Viewer).await;
    let check = async |query: &str, expected: &[&str]| {
        let reply = app.get(&format!("/open311/v2/requests.json?{query}"), &token).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        let json = reply.json();
        let ids: Vec<&str> =
            json.as_array().unwrap().iter().map(|request| request["service_request_id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    };
    check("service_code=roads.potholes", &["i-road"]).await;
    check("service_code=roads.potholes,utilities.cold_water", &["i-road", "i-water"]).await;
    check("service_code=roads.signs", &[]).await;
    check("service_request_id=i-water,i-none", &["i-water"]).await;
    check("status=open", &["i-road", "i-water"]).await;
    check("status=closed", &[]).await;
    check("start_date=2026-03-19T00:00:00Z", &[]).await;
    check("end_date=2026-03-18T00:00:00Z", &[]).await;
    check("page=1&page_size=1", &["i-road"]).await;
    check("page=2&page_size=1", &["i-water"]).await;
    check("page=3&page_size=1", &[]).await;
}

#[tokio::test]
async fn requests_that_make_no_sense() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Source).await;
    for (query, status) in [
        ("status=solved", 400),
        ("page=0", 400),
        ("page_size=1000", 400),
        ("page=18446744073709551615", 400),
        ("start_date=yesterday", 400),
        ("jurisdiction_id=moon", 404),
    ] {
        let reply = app.get(&format!("/open311/v2/requests.json?{query}"), &token).await;
        assert_eq!(reply.status.as_u16(), status, "{query}: {}", reply.text);
        assert_eq!(reply.json()[0]["code"], status, "{query}");
    }
    for file in ["requests/i-water", "requests/.json", "services/roads.signs.json", "nothing.json"] {
        let reply = app.get(&format!("/open311/v2/{file}"), &token).await;
        assert_eq!(reply.status, 404, "{file}: {}", reply.text);
    }
    for form in [
        "",
        "service_code=roads.potholes",
        "service_code=roads.potholes&description=x",
        "service_code=roads.potholes&description=x&lat=56",
        "service_code=roads.potholes&description=x&lat=x&long=y",
        "service_code=roads.potholes&description=x&lat=95&long=53",
        "service_code=roads.signs&description=x&address_string=y",
        &format!("service_code=roads.potholes&address_string=y&description={}", "x".repeat(4_001)),
    ] {
        let reply = submit(&app, &[("authorization", &token)], form).await;
        let shown: String = form.chars().take(80).collect();
        assert_eq!(reply.status.as_u16(), 400, "{shown}: {}", reply.text);
    }
    let viewer = app.token(Role::Viewer).await;
    assert_eq!(submit(&app, &[("authorization", &viewer)], FORM).await.status, 403);
}

#[tokio::test]
async fn a_request_becomes_an_appeal_without_personal_data() {
    let app = TestApp::with_data().await;
    let token = app.token(Role::Source).await;
    let key = token.trim_start_matches("Bearer ");
    let first = submit(&app, &[("idempotency-key", "r-1")], &format!("{FORM}&api_key={key}")).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let again = submit(&app, &[("idempotency-key", "r-1"), ("authorization", &token)], FORM).await;
    assert_eq!(first.text, again.text);
    let other = submit(&app, &[("authorization", &token)], FORM).await;
    assert_ne!(first.text, other.text);

    let receipt = first.json()[0]["token"].as_str().unwrap().to_owned();
    {
        let taken = app.intake.taken.lock().unwrap();
        assert_eq!(taken.len(), 2);
        let written = format!("{:?}", taken[&receipt]);
        for personal in ["a@b.ru", "89000000000", "Иван"] {
            assert!(!written.contains(personal), "{written}");
        }
        assert_eq!(taken[&receipt].kind, otklik_domain::PostKind::Appeal);
    }

    let path = format!("/open311/v2/tokens/{receipt}.json");
    assert_eq!(app.get(&path, &token).await.status, 404);
    let event = app.posts.event(&EventId::from("e-road")).await.unwrap().unwrap();
    let row = post(&receipt, "2026-03-18T09:00:00Z", "Яма", &event);
    app.posts.write(PostBatch { rows: vec![row], ..PostBatch::default() }).await.unwrap();
    assert_eq!(app.get(&path, &token).await.json()[0]["service_request_id"], "i-road");
    assert_eq!(app.get("/open311/v2/tokens/vk:-1_e-road-1.json", &token).await.status, 404);
}
