//! The trace of a clock leads to the deadline the engine found, whatever happened on the way.

use axum::http::Method;
use jiff::Timestamp;
use otklik_domain::{Actor, ClockKind, IncidentId, Role};

use crate::{
    service::incidents::{self, ClockTrace},
    testing::{TestApp, WATER_INCIDENT},
};

async fn traces(app: &TestApp) -> Vec<ClockTrace> {
    let view = incidents::get(&app.app, &Actor::system(), &IncidentId::from(WATER_INCIDENT)).await.unwrap();
    view.clocks
}

/// Does actions at times, then checks that every trace is without gaps and ends at the deadline.
async fn check(steps: &[(&str, &str)], expected: &[(ClockKind, Option<&str>)]) {
    let app = TestApp::with_data().await;
    let operator = app.token(Role::Operator).await;
    for (version, (at, action)) in (1..).zip(steps) {
        app.clock.set(at.parse().unwrap());
        let body = format!(r#"{{"expected_version":{version},{action}}}"#);
        let path = format!("/api/v1/incidents/{WATER_INCIDENT}/actions");
        let reply = app.call(Method::POST, &path, &operator, Some(&body)).await;
        assert_eq!(reply.status, 200, "{body}: {}", reply.text);
    }
    let traces = traces(&app).await;
    let due = |text: &Option<&str>| text.map(|text| text.parse::<Timestamp>().unwrap());
    assert_eq!(traces.len(), expected.len());
    for (trace, (kind, expected)) in traces.iter().zip(expected) {
        assert_eq!((trace.clock.kind, trace.clock.due_at), (*kind, due(expected)), "{steps:?}");
        let stretches = &trace.stretches;
        assert_eq!(stretches.first().map(|stretch| stretch.from), Some(trace.clock.started_at));
        assert!(stretches.windows(2).all(|pair| pair[0].to == Some(pair[1].from)), "{stretches:?}");
        assert_eq!(stretches.last().and_then(|stretch| stretch.to), trace.clock.due_at, "{steps:?} {stretches:?}");
    }
}

const TRIAGE: &str = r#""action":"triage""#;
const ROUTE: &str = r#""action":"route","agency":"demo.water_a""#;
const POSTPONE: &str = r#""action":"postpone","until":"2026-04-01T00:00:00Z","reason":"Ждём""#;
const RESUME: &str = r#""action":"resume""#;
const WORSE: &str = r#""action":"triage","severity":4"#;

#[tokio::test]
async fn traces_lead_to_deadlines() {
    use ClockKind::{FirstAnswer, Route};
    check(&[], &[(Route, Some("2026-03-18T10:00:00Z")), (FirstAnswer, Some("2026-03-19T09:00:00Z"))]).await;
    check(
        &[("2026-03-18T09:10:00Z", WORSE)],
        &[(Route, Some("2026-03-18T10:00:00Z")), (FirstAnswer, Some("2026-03-18T13:00:00Z"))],
    )
    .await;
    // Two hours of the pause are working time: the answer is due two hours later.
    check(
        &[
            ("2026-03-18T09:10:00Z", TRIAGE),
            ("2026-03-18T09:20:00Z", ROUTE),
            ("2026-03-18T10:00:00Z", POSTPONE),
            ("2026-03-18T12:00:00Z", RESUME),
        ],
        &[(Route, Some("2026-03-18T10:00:00Z")), (FirstAnswer, Some("2026-03-19T11:00:00Z"))],
    )
    .await;
    // Two pauses, one over the night.
    check(
        &[
            ("2026-03-18T09:20:00Z", ROUTE),
            ("2026-03-18T10:00:00Z", POSTPONE),
            ("2026-03-18T11:00:00Z", RESUME),
            ("2026-03-18T14:00:00Z", POSTPONE),
            ("2026-03-19T07:00:00Z", RESUME),
        ],
        &[(Route, Some("2026-03-18T10:00:00Z")), (FirstAnswer, Some("2026-03-19T12:00:00Z"))],
    )
    .await;
    // It stands still: no deadline, and the trace ends with what lasts.
    check(
        &[("2026-03-18T09:20:00Z", ROUTE), ("2026-03-18T10:00:00Z", POSTPONE)],
        &[(Route, Some("2026-03-18T10:00:00Z")), (FirstAnswer, None)],
    )
    .await;
}
