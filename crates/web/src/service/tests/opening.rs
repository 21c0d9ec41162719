//! An incident opened by hand is the one the engine would have opened.

use otklik_domain::{Actor, EventId, OpenedBy, Role};
use otklik_engine::incidents::{Decision, Joined, Known, decide};
use otklik_ports::{Incidents, Posts};

use crate::{
    service::incidents::{OpenRequest, open_from_event},
    testing::{LAMP_EVENT, TestApp, now, post},
};

fn analyst() -> Actor {
    Actor { name: "analyst".to_owned(), role: Role::Analyst, agency: None }
}

fn request(event: &str) -> OpenRequest {
    OpenRequest { event: EventId::from(event), key: None }
}

#[tokio::test]
async fn the_same_as_the_engine_opens() {
    let app = TestApp::with_data().await;
    let mut event = app.posts.event(&EventId::from(LAMP_EVENT)).await.unwrap().unwrap();
    event.totals.authors = 3;
    event.totals.complaints = 3;
    let row = post(event.origin.as_str(), &now().to_string(), "Не горят фонари", &event);
    let joined = Joined {
        post: &row.post,
        analysis: &row.analysis,
        event: &event,
        topic_name: "Освещение улиц",
        municipality_name: "город А",
    };
    let directory = app.app.directory();
    let Decision::Open(opened) = decide(&joined, Known::default(), &directory.regions[0], now()) else {
        panic!("the engine opens nothing")
    };
    let (mut by_engine, _) = *opened;

    open_from_event(&app.app, &analyst(), request(LAMP_EVENT)).await.unwrap();
    let by_hand = app.incident("i-lamp").await;
    assert_eq!((by_hand.opened_by, by_hand.authors), (OpenedBy::Person, 2));
    by_engine.opened_by = OpenedBy::Person;
    by_engine.authors = 2;
    assert_eq!(by_hand, by_engine);
}

#[tokio::test]
async fn a_repeat_is_linked_and_numbered() {
    let app = TestApp::with_data().await;
    let operator = app.token(Role::Operator).await;
    for (number, id) in ["i-lamp", "i-lamp-2", "i-lamp-3"].iter().enumerate() {
        // The latest of an event is the one opened last.
        app.clock.set(now() + jiff::SignedDuration::from_hours(number as i64 + 1));
        let acted = open_from_event(&app.app, &analyst(), request(LAMP_EVENT)).await.unwrap();
        assert_eq!(acted.id, *id);
        let body = r#"{"action":"reject","reason":"Проверка","expected_version":1}"#;
        let path = format!("/api/v1/incidents/{id}/actions");
        assert_eq!(app.call(axum::http::Method::POST, &path, &operator, Some(body)).await.status, 200);
    }
    assert_eq!(app.incident("i-lamp-3").await.repeats.unwrap().as_str(), "i-lamp-2");
    let trail = app.incidents.audit_trail(Some("i-lamp"), 10).await.unwrap();
    let actions: Vec<&str> = trail.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["incident.reject", "incident.open"]);
}
