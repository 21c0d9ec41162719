//! Conformance of [`Incidents`].

mod board;
mod desk;
mod due;
mod list;
mod outbox;
mod retold;
mod write;

use jiff::Timestamp;
use otklik_domain::{
    Action, Actor, Agency, AgencyTree, Answer, AnswerKind, Change, Clock, ClockKind, GeoPoint, Incident, IncidentId,
    OpenedBy, Opening, RouteReason, Severity, Submission, apply, open,
};

use crate::{IncidentBatch, Incidents, NewIncident, Step};

/// Runs every case on a fresh adapter.
///
/// # Panics
/// When the adapter does not do what the port says.
pub async fn suite<I: Incidents>(make: impl AsyncFn() -> I) {
    write::opens_incidents(&make().await).await;
    write::leaves_what_is_there_alone(&make().await).await;
    write::steps_follow_versions(&make().await).await;
    write::clocks_change_without_a_version(&make().await).await;
    write::refuses_a_batch_as_a_whole(&make().await).await;
    write::counts_belong_to_refreshes(&make().await).await;
    write::links_events(&make().await).await;
    write::finds_running_incidents_like_an_event(&make().await).await;
    retold::finds_what_was_opened_for_events(&make().await).await;
    retold::old_words_leave_what_was_told(&make().await).await;
    retold::is_written_again_without_harm(&make().await).await;
    write::remembers_checkpoints(&make().await).await;
    write::tells_of_changes(&make().await).await;
    write::two_writers_of_one_version(&make().await).await;
    list::filters(&make().await).await;
    list::orders_and_pages(&make().await).await;
    list::finds_text_in_any_case(&make().await).await;
    list::follows_changes(&make().await).await;
    due::gives_what_is_due(&make().await).await;
    due::gives_nothing_noticed_or_done(&make().await).await;
    board::counts(&make().await).await;
    board::counts_of_a_filter(&make().await).await;
    board::counts_days_and_answers(&make().await).await;
    outbox::keeps_every_change_in_order(&make().await).await;
    outbox::is_trimmed(&make().await).await;
    outbox::webhooks_and_deliveries(&make().await).await;
    desk::accounts(&make().await).await;
    desk::sessions(&make().await).await;
    desk::tokens(&make().await).await;
    desk::idempotent_replies(&make().await).await;
    desk::audit_trail(&make().await).await;
    desk::locks(&make().await).await;
}

/// A minute of the day the cases play in: 2026-03-02, Monday, from 09:00 in Moscow.
fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_772_431_200 + minute * 60).unwrap()
}

/// What an incident of the cases is opened with; a case changes what it is about.
fn opening(number: u32) -> Opening {
    Opening {
        id: IncidentId::new(format!("inc-{number:03}")),
        region: "udm".into(),
        event: format!("ev-{number:03}").as_str().into(),
        post: format!("vk:-1_{number}").as_str().into(),
        title: "Яма на дороге".to_owned(),
        summary: "На улице Ленина яма.".to_owned(),
        topic: Some("roads.potholes".into()),
        block: "roads".into(),
        place: Some("udm.izhevsk".into()),
        place_name: "Ижевск".to_owned(),
        municipality: Some("udm.izhevsk".into()),
        point: GeoPoint::new(56.8526, 53.2114),
        severity: Severity::new(2),
        policy: "social-4wh".to_owned(),
        at: at(i64::from(number)),
        opened_by: OpenedBy::Authors,
        posts: 3,
        authors: 2,
        risk: 0.25,
        repeats: None,
    }
}

fn new(opening: Opening) -> NewIncident {
    let (incident, change) = open(opening, &Actor::system());
    NewIncident { incident, change }
}

async fn open_all(store: &impl Incidents, openings: impl IntoIterator<Item = Opening>) -> Vec<Incident> {
    let opened: Vec<NewIncident> = openings.into_iter().map(new).collect();
    let incidents = opened.iter().map(|new| new.incident.clone()).collect();
    store.write(IncidentBatch { opened, ..IncidentBatch::default() }).await.unwrap();
    incidents
}

/// Does an action as the state machine has it; the step is not written yet.
fn step(incident: &Incident, action: Action, minute: i64) -> Step {
    let answer = if let Action::Answer(answer) = &action { Some(answer.clone()) } else { None };
    let submission = Submission { action, actor: Actor::system(), at: at(minute), expected_version: None };
    let (incident, change) = apply(incident, &submission, &agencies()).unwrap();
    Step { incident, change: Some(change), answer }
}

/// Does an action and writes it; gives the incident and the change.
async fn act(store: &impl Incidents, incident: &Incident, action: Action, minute: i64) -> (Incident, Change) {
    let step = step(incident, action, minute);
    write_steps(store, vec![step.clone()]).await;
    (step.incident, step.change.unwrap())
}

/// Does several actions, a minute apart.
async fn act_all(store: &impl Incidents, incident: &Incident, actions: Vec<Action>, minute: i64) -> Incident {
    let mut incident = incident.clone();
    for (action, minute) in actions.into_iter().zip(minute..) {
        incident = act(store, &incident, action, minute).await.0;
    }
    incident
}

async fn write_steps(store: &impl Incidents, steps: Vec<Step>) {
    store.write(IncidentBatch { steps, ..IncidentBatch::default() }).await.unwrap();
}

/// Writes new clocks without a change.
async fn set_clocks(store: &impl Incidents, incident: &Incident, clocks: Vec<Clock>) -> Incident {
    let incident = Incident { clocks, ..incident.clone() };
    write_steps(store, vec![Step { incident: incident.clone(), change: None, answer: None }]).await;
    incident
}

fn agencies() -> AgencyTree {
    let agency = |id: &str, parent: Option<&str>| Agency {
        id: id.into(),
        name: id.to_uppercase(),
        parent: parent.map(Into::into),
        municipality: None,
    };
    AgencyTree::new([agency("region", None), agency("town", Some("region")), agency("water", Some("town"))]).unwrap()
}

fn route_to(agency: &str) -> Action {
    let why =
        vec![RouteReason { rule: "roads@municipality".to_owned(), why: "Дороги в городе".to_owned() }];
    Action::Route { agency: agency.into(), why }
}

fn answer(kind: AnswerKind) -> Action {
    Action::Answer(Answer {
        kind, text: "Яму заделали".to_owned(), url: Some("https://example.org/1".to_owned())
    })
}

/// A running clock that is due at a minute.
fn clock(due: i64) -> Clock {
    Clock {
        kind: ClockKind::FirstAnswer,
        started_at: at(0),
        due_at: Some(at(due)),
        stopped_at: None,
        warn_at: None,
        warnings: 0,
        breached: false,
    }
}

fn ids(incidents: &[Incident]) -> Vec<&str> {
    incidents.iter().map(|incident| incident.id.as_str()).collect()
}
