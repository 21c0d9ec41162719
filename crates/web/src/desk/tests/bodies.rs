//! A body sees what was sent to it, and nothing that waits for the management centre.

use axum::{
    body::Body,
    http::{Request, header},
};
use jiff::SignedDuration;
use otklik_domain::{Action, Answer, AnswerKind, Role, State};

use crate::testing::{ROAD_INCIDENT, TestApp, WATER_A, WATER_EVENT, WATER_INCIDENT, now};

const TITLE: &str = "Нет холодной воды";

fn triage() -> Action {
    Action::Triage { topic: None, municipality: None, severity: None }
}

fn route() -> Action {
    Action::Route { agency: WATER_A.into(), why: Vec::new() }
}

fn postpone() -> Action {
    Action::Postpone { until: now() + SignedDuration::from_hours(24), reason: "Ждём".to_owned() }
}

fn reason<T>(make: impl Fn(String) -> T) -> T {
    make("Так надо".to_owned())
}

fn answer() -> Action {
    Action::Answer(Answer { kind: AnswerKind::Final, text: "Вода есть".to_owned(), url: None })
}

/// Does actions to the incident of the waterworks, then looks for it everywhere its body may look.
async fn check(actions: Vec<Action>, state: State, is_seen: bool) {
    let app = TestApp::with_data().await;
    for action in actions {
        app.act(WATER_INCIDENT, action).await;
    }
    assert_eq!(app.incident(WATER_INCIDENT).await.state, state);
    // The account belongs to the town above the waterworks.
    let cookie = app.sign_in(Role::Agency).await;
    let status = if is_seen { 200 } else { 404 };
    for path in [
        format!("/incidents/{WATER_INCIDENT}"),
        format!("/events/{WATER_EVENT}"),
        format!("/api/v1/incidents/{WATER_INCIDENT}"),
        format!("/api/v1/incidents/{WATER_INCIDENT}/history"),
        format!("/api/v1/events/{WATER_EVENT}/posts"),
        format!("/api/v1/posts/vk:-1_{WATER_EVENT}-1"),
    ] {
        assert_eq!(app.page(&path, &cookie).await.status.as_u16(), status, "{path} {state}");
    }
    let token = app.token(Role::Agency).await;
    for path in ["/incidents?view=all", "/api/v1/incidents", "/open311/v2/requests.json"] {
        let credentials =
            if path.starts_with("/incidents") { (header::COOKIE, &cookie) } else { (header::AUTHORIZATION, &token) };
        let request = Request::get(path).header(credentials.0, credentials.1).body(Body::empty()).unwrap();
        let list = app.send(request).await;
        assert_eq!(list.status, 200, "{path}: {}", list.text);
        assert_eq!(list.text.contains(WATER_INCIDENT), is_seen, "{path} {state}: {}", list.text);
        assert!(!list.text.contains(ROAD_INCIDENT), "{path} {state}");
    }
    for path in ["/agency", "/agency?view=new", "/agency?view=postponed", "/agency?view=done"] {
        let page = app.page(path, &cookie).await;
        assert!(is_seen || !page.text.contains(TITLE), "{path} {state}: {}", page.text);
    }
}

#[tokio::test]
async fn a_proposal_is_not_shown_to_the_body() {
    let merge = || Action::Merge { into: ROAD_INCIDENT.into() };
    check(vec![], State::New, false).await;
    check(vec![triage()], State::Triaged, false).await;
    check(vec![postpone()], State::Postponed, false).await;
    check(vec![merge()], State::Merged, false).await;
    check(vec![route(), merge()], State::Merged, false).await;
    check(vec![reason(|reason| Action::Reject { reason })], State::NotIncident, false).await;
    check(vec![route(), reason(|reason| Action::Return { reason })], State::Returned, false).await;
    let reopen = || reason(|reason| Action::Reopen { reason });
    check(vec![route(), Action::Accept, answer(), reopen()], State::Reopened, false).await;
}

#[tokio::test]
async fn what_was_sent_is_shown_to_the_body() {
    check(vec![route()], State::Routed, true).await;
    check(vec![route(), Action::Accept], State::Accepted, true).await;
    check(vec![route(), postpone()], State::Postponed, true).await;
    check(vec![route(), Action::Accept, answer(), Action::Close], State::Closed, true).await;
}

#[tokio::test]
async fn boards_count_what_was_sent() {
    let app = TestApp::with_data().await;
    let board = async |app: &TestApp, cookie: &str| {
        let board = app.page("/api/v1/stats/board", cookie).await.json();
        let states = board["states"].as_array().unwrap().clone();
        states.iter().map(|state| state["incidents"].as_u64().unwrap()).sum::<u64>()
    };
    let (agency, operator) = (app.sign_in(Role::Agency).await, app.sign_in(Role::Operator).await);
    assert_eq!((board(&app, &agency).await, board(&app, &operator).await), (0, 2));
    assert!(!app.page("/board", &operator).await.text.contains("/incidents?agency="), "a proposal is not work");
    app.send_out().await;
    assert_eq!((board(&app, &agency).await, board(&app, &operator).await), (1, 2));
    assert!(app.page("/board", &operator).await.text.contains("/incidents?agency=demo.water_a"));
}

#[tokio::test]
async fn a_body_has_no_pages_of_the_centre() {
    let app = TestApp::with_data().await;
    let cookie = app.sign_in(Role::Agency).await;
    for (path, status) in [("/", 303), ("/events", 403), ("/search", 403), ("/admin", 403), ("/incidents", 200)] {
        assert_eq!(app.page(path, &cookie).await.status.as_u16(), status, "{path}");
    }
    let page = app.page("/incidents?view=triage", &cookie).await.text;
    assert!(!page.contains("На разборе") && !page.contains("value=\"triaged\""), "{page}");
}
