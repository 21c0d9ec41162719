//! Merging incidents, and corrections of what an incident is about.

use axum::http::Method;
use otklik_domain::{EventId, IncidentId, Role, State};
use otklik_ports::Incidents;

use crate::testing::{ROAD_EVENT, ROAD_INCIDENT, TestApp, WATER_INCIDENT};

async fn act(app: &TestApp, id: &str, body: &str) -> crate::testing::Reply {
    let name = format!("op-{}", app.incidents.tokens().await.unwrap().len());
    let token = app.token_of(&name, Role::Operator, None).await;
    app.call(Method::POST, &format!("/api/v1/incidents/{id}/actions"), &token, Some(body)).await
}

#[tokio::test]
async fn events_go_with_their_incident() {
    let app = TestApp::with_data().await;
    let body = r#"{"action":"merge","into":"i-water","expected_version":1}"#;
    assert_eq!(act(&app, ROAD_INCIDENT, body).await.status, 200);
    let road = app.incident(ROAD_INCIDENT).await;
    assert_eq!((road.state, road.merged_into), (State::Merged, Some(IncidentId::from(WATER_INCIDENT))));
    let events = app.incidents.events_of(&IncidentId::from(WATER_INCIDENT)).await.unwrap();
    assert!(events.contains(&EventId::from(ROAD_EVENT)));

    let back = r#"{"action":"merge","into":"i-road","expected_version":1}"#;
    let refused = act(&app, WATER_INCIDENT, back).await;
    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (422, "invalid"));
}

#[tokio::test]
async fn a_correction_is_kept_in_the_audit_trail() {
    let app = TestApp::with_data().await;
    let body =
        r#"{"action":"triage","topic":"roads.potholes","municipality":"demo.b","severity":2,"expected_version":1}"#;
    assert_eq!(act(&app, WATER_INCIDENT, body).await.status, 200);
    let incident = app.incident(WATER_INCIDENT).await;
    assert_eq!((incident.block.as_str(), incident.place_name.as_str()), ("roads", "город Б"));
    let trail = app.incidents.audit_trail(Some(WATER_INCIDENT), 1).await.unwrap();
    assert_eq!(trail[0].action, "incident.triage");
    assert_eq!(trail[0].details, "version 2, topic roads.potholes, municipality demo.b, severity 2");
}
