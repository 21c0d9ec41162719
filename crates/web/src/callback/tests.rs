use axum::{body::Body, http::Request};

use crate::testing::{Reply, TestApp};

async fn post(app: &TestApp, name: &str, body: &str) -> Reply {
    app.send(Request::post(format!("/callback/vk/{name}")).body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_network_reads_what_it_expects() {
    let app = TestApp::new();
    let check = async |name: &str, body: &str, status: u16, text: &str| {
        let reply = post(&app, name, body).await;
        assert_eq!(reply.status, status, "{name} {body}: {}", reply.text);
        let said = if status == 200 { reply.text.clone() } else { reply.error_code() };
        assert_eq!(said, text, "{name} {body}");
        assert_ne!(reply.text, "remove", "that word makes VK drop the server");
    };
    check("gorod", "confirm", 200, "abc123").await;
    check("gorod", "event", 200, "ok").await;
    check("gorod", "again", 200, "ok").await;
    check("gorod", "half", 200, "ok").await;
    check("gorod", "stranger", 403, "forbidden").await;
    check("gorod", "broken", 400, "malformed").await;
    check("selo", "event", 404, "not_found").await;
    check("gorod", &"x".repeat(app.app.config.body_bytes_max + 1), 413, "too_large").await;
}

#[tokio::test]
async fn an_event_that_finds_no_room_is_asked_for_again() {
    let app = TestApp::new();
    let reply = post(&app, "gorod", "full").await;
    assert_eq!((reply.status.as_u16(), reply.headers["retry-after"].as_bytes()), (503, &b"60"[..]));
    assert!(!reply.text.contains("server-7"), "{}", reply.text);
}

#[tokio::test]
async fn a_session_is_no_way_around_the_secret() {
    let app = TestApp::new();
    let cookie = app.sign_in(otklik_domain::Role::Admin).await;
    let request = Request::post("/callback/vk/gorod").header("cookie", cookie).body(Body::from("event")).unwrap();
    assert_eq!(app.send(request).await.status, 403, "a browser of another site sent it");
}
