//! Incidents to write.

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{
    Action, Actor, AgencyTree, Incident, IncidentId, OpenedBy, Opening, Severity, Submission, apply, open,
};
use otklik_ports::{IncidentBatch, NewIncident, PartitionPosition, Step};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_772_431_200 + second)
}

pub(crate) fn id(number: u64) -> IncidentId {
    IncidentId::new(format!("inc-{number:06}"))
}

pub(crate) fn new(number: u64) -> NewIncident {
    let opening = Opening {
        id: id(number),
        region: "udm".into(),
        event: format!("ev-{number}").as_str().into(),
        post: format!("vk:-1_{number}").as_str().into(),
        title: format!("Яма у дома {number}"),
        summary: "Который день не едет никто.".to_owned(),
        topic: Some("roads.potholes".into()),
        block: "roads".into(),
        place: Some("udm.izhevsk".into()),
        place_name: "Ижевск".to_owned(),
        municipality: Some("udm.izhevsk".into()),
        point: None,
        severity: Severity::new(2),
        policy: "social-4wh".to_owned(),
        at: at(0),
        opened_by: OpenedBy::Authors,
        posts: 3,
        authors: 2,
        risk: 0.25,
        repeats: None,
    };
    let (incident, change) = open(opening, &Actor::system());
    NewIncident { incident, change }
}

/// A note on an incident as it stands.
pub(crate) fn note(incident: &Incident, text: &str) -> Step {
    let action = Action::Note { text: text.to_owned() };
    let submission = Submission { action, actor: Actor::system(), at: at(60), expected_version: None };
    let (incident, change) = apply(incident, &submission, &AgencyTree::default()).unwrap();
    Step { incident, change: Some(change), answer: None }
}

/// Incidents to open, and the position of a consumer behind them.
pub(crate) fn batch(numbers: impl IntoIterator<Item = u64>, partition: u32, offset: u64) -> IncidentBatch {
    IncidentBatch {
        opened: numbers.into_iter().map(new).collect(),
        checkpoint: Some(("incidents".to_owned(), PartitionPosition { partition, offset })),
        ..IncidentBatch::default()
    }
}
