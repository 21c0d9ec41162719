//! Corrections of the grouping reach the log as the pipeline reads them.

use std::time::Duration;

use otklik_domain::{Actor, EventId, PostId, Role};
use otklik_ports::{Incidents, Log, Polled, Topic};
use otklik_wire::log::{Correction, Intake, Message};

use crate::{
    service::events::{MergeRequest, SplitRequest, merge, split},
    testing::{LAMP_EVENT, TestApp, WATER_EVENT, now},
};

/// Everything in the topic of posts.
async fn written(app: &TestApp) -> Vec<Message<Intake>> {
    let mut consumer = app.log.consumer("test", Topic::Posts).await.unwrap();
    let mut messages = Vec::new();
    loop {
        match consumer.poll(100, Duration::ZERO).await.unwrap() {
            Polled::Records { records, .. } => {
                messages.extend(records.iter().map(|record| Message::from_bytes(&record.payload).unwrap()));
            }
            Polled::Idle => return messages,
            Polled::Assigned(_) | Polled::Revoked(_) => {}
        }
    }
}

#[tokio::test]
async fn corrections_are_written_with_who_asked() {
    let app = TestApp::with_data().await;
    let actor = Actor { name: "analyst".to_owned(), role: Role::Analyst, agency: None };
    let second = PostId::from("vk:-1_e-water-2");
    let request = SplitRequest { event: EventId::from(WATER_EVENT), posts: vec![second.clone(), second.clone()] };
    let new_event = split(&app.app, &actor, request).await.unwrap();
    let request = MergeRequest { from: EventId::from(WATER_EVENT), into: EventId::from(LAMP_EVENT) };
    merge(&app.app, &actor, request).await.unwrap();

    let correction = |correction| Message::new(now().to_string(), Intake::Correction(correction));
    let expected = [
        correction(Correction::SplitEvent {
            region: "demo".to_owned(),
            event: WATER_EVENT.to_owned(),
            posts: vec![second.to_string()],
            new_event: new_event.to_string(),
            actor: "analyst".to_owned(),
        }),
        correction(Correction::MergeEvents {
            region: "demo".to_owned(),
            from: WATER_EVENT.to_owned(),
            into: LAMP_EVENT.to_owned(),
            actor: "analyst".to_owned(),
        }),
    ];
    assert_eq!(written(&app).await, expected);
    let trail = app.incidents.audit_trail(Some(WATER_EVENT), 10).await.unwrap();
    let actions: Vec<&str> = trail.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["event.merge", "event.split"]);
}
