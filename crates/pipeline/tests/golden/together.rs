//! The process and people at work on the same incidents at the same moment, and what is left of a log.

use std::sync::Arc;

use otklik_domain::{IncidentId, RegionId};
use otklik_pipeline::{Batch, Group, Stage, check_due};
use otklik_ports::{
    Clock, FixedClock, IncidentBatch, Incidents, Log, NewIncident, PartitionPosition, Retention, Snapshots,
    StoredRecord, Topic, memory::MemorySnapshots,
};
use tokio::sync::watch;

use crate::{
    SETUP,
    case::{Act, Case, Step},
    faults::{Faults, Faulty},
    story::{Process, incident_of, person_acts, play},
    world::World,
};

/// Three appeals about different matters, each with its incident.
const APPEALS: &str = r#"
title = "three appeals"
[[steps]]
at = "2026-03-03T09:00:00+03:00"
posts = [
    { id = "form:1", author = "1", kind = "appeal", text = "Прошу вывезти мусор: на Чапаева, 7 контейнеры не вывозят неделю." },
    { id = "form:2", author = "2", kind = "appeal", text = "Прошу отловить бродячих собак у школы на Победы, 30." },
    { id = "form:3", author = "3", kind = "appeal", text = "Не работает лифт в доме Мира, 44. Прошу отремонтировать лифт." },
]
[expect]
stages = {}
"#;

async fn three_appeals() -> World {
    let case: Case = toml::from_str(APPEALS).unwrap();
    let world = World::new();
    play(&SETUP, &case, &world, None).await;
    assert_eq!(world.incident_list().await.len(), 3);
    world
}

fn step(toml: &str) -> Step {
    toml::from_str(toml).unwrap()
}

fn note(post: &str) -> Act {
    toml::from_str(&format!("incident = '{post}'\naction = {{ action = 'note', text = 'звоню заявителю' }}")).unwrap()
}

async fn actions(world: &World, post: &str) -> Vec<String> {
    let id = incident_of(world, post).await.id;
    world.incidents.history(&id).await.unwrap().iter().map(|change| change.action.to_string()).collect()
}

#[tokio::test]
async fn a_persons_act_keeps_no_other_incident_from_its_clock() {
    let world = three_appeals().await;
    world.clock.set("2026-03-03T12:00:00+03:00".parse().unwrap());
    let faults = Faults::new(None);
    let port: Arc<dyn Incidents> = world.incidents.clone();
    let incidents: Faulty<dyn Incidents> = Faulty { port, faults: Arc::clone(&faults) };
    let regions = &SETUP.regions;
    let now = world.clock.now();

    faults.pause_at("Incidents::write");
    let person = async {
        faults.paused().await;
        person_acts(&SETUP, &world, &note("form:2")).await;
        faults.resume();
    };
    let (due, ()) = tokio::join!(check_due(&incidents, regions, now), person);
    let due = due.unwrap();
    assert_eq!((due.incidents, due.breached), (2, 2));
    let writes = |calls: Vec<&str>| calls.iter().filter(|call| **call == "Incidents::write").count();
    assert_eq!(writes(faults.calls()), 1 + 3, "one for all, then one for each");
    let is_breached = async |post| incident_of(&world, post).await.clocks.iter().any(|clock| clock.breached);
    assert!(is_breached("form:1").await && !is_breached("form:2").await && is_breached("form:3").await);

    let due = check_due(&incidents, regions, now).await.unwrap();
    assert_eq!((due.incidents, due.breached), (1, 1), "the one left over");
    assert_eq!(writes(faults.calls()), 1 + 3 + 1);
    assert_eq!(actions(&world, "form:2").await, ["open", "note"]);
    assert_eq!(check_due(&incidents, regions, now).await.unwrap(), otklik_pipeline::Due::default());
}

#[tokio::test]
async fn incidents_of_a_region_no_longer_configured_hide_no_others() {
    let world = three_appeals().await;
    let model = incident_of(&world, "form:1").await;
    let history = world.incidents.history(&model.id).await.unwrap();
    let gone = |number: usize| {
        let mut incident = model.clone();
        incident.id = IncidentId::new(format!("i-gone-{number}"));
        incident.region = RegionId::new("gone");
        let long_ago = model.opened_at - jiff::SignedDuration::from_hours(1);
        incident.clocks.iter_mut().for_each(|clock| clock.due_at = Some(long_ago));
        NewIncident { incident, change: history[0].clone() }
    };
    let batch = IncidentBatch { opened: (0..700).map(gone).collect(), ..IncidentBatch::default() };
    world.incidents.write(batch).await.unwrap();
    let clock = FixedClock::new("2026-03-03T12:00:00+03:00".parse().unwrap());
    let due = check_due(world.incidents.as_ref(), &SETUP.regions, clock.now()).await.unwrap();
    assert_eq!(due.incidents, 3);
}

#[tokio::test(start_paused = true)]
async fn incidents_are_decided_again_when_a_person_was_first() {
    let world = three_appeals().await;
    let faults = Faults::new(None);
    let process = Process::start(&SETUP, 10, &world, &faults);
    faults.pause_at("Incidents::write");
    let merge = "at = '2026-03-03T10:00:00+03:00'\nmerge = { from = 'form:1', into = 'form:2' }";
    process.hand_in_rest(&step(merge), &world).await;
    faults.paused().await;
    person_acts(&SETUP, &world, &note("form:1")).await;
    faults.resume();
    process.rest(&world).await.unwrap();
    process.stop().await;
    assert_eq!(actions(&world, "form:1").await, ["open", "note", "merge"]);
    let (ended, goes_on) = (incident_of(&world, "form:1").await, incident_of(&world, "form:2").await);
    assert_eq!((ended.merged_into, goes_on.posts, goes_on.authors), (Some(goes_on.id), 2, 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_handed_in_twice_is_done_once() {
    let world = three_appeals().await;
    let process = Process::start(&SETUP, 10, &world, &Faults::new(None));
    let merge = "at = '2026-03-03T10:00:00+03:00'\ndelete = ['form:3']\nmerge = { from = 'form:1', into = 'form:2' }";
    for _ in 0..2 {
        process.hand_in_rest(&step(merge), &world).await;
        process.rest(&world).await.unwrap();
    }
    process.stop().await;
    assert_eq!(actions(&world, "form:1").await, ["open", "merge"]);
    assert_eq!(actions(&world, "form:2").await, ["open"]);
    assert_eq!(actions(&world, "form:3").await, ["open", "retell", "reject"]);
    assert_eq!(incident_of(&world, "form:2").await.posts, 2);
    world.content().await;
}

#[tokio::test(start_paused = true)]
async fn a_trimmed_log_without_saved_state_is_no_reason_to_stop() {
    let mut world = three_appeals().await;
    let everything = Retention { appended_before: "2030-01-01T00:00:00Z".parse().unwrap(), bytes_max: u64::MAX };
    assert_eq!(world.log.trim(Topic::Analysed, everything).await.unwrap(), 3);
    world.snapshots = Arc::new(MemorySnapshots::default());
    let process = Process::start(&SETUP, 10, &world, &Faults::new(None));
    let delete = "at = '2026-03-03T10:00:00+03:00'\ndelete = ['form:3']";
    process.hand_in_rest(&step(delete), &world).await;
    process.rest(&world).await.unwrap();
    process.stop().await;
    assert_eq!(world.lag("group", Topic::Analysed).await, 0);
}

#[tokio::test(start_paused = true)]
async fn who_takes_over_reads_nothing_again() {
    let world = three_appeals().await;
    let lags = world.log.lag("group", Topic::Analysed).await.unwrap();
    for lag in lags.iter().filter(|lag| lag.committed > 0) {
        let saved = world.snapshots.load("group", lag.partition).await.unwrap().unwrap();
        assert_eq!(saved.offset, lag.committed);
    }
    assert!(lags.iter().any(|lag| lag.committed > 0));
}

#[tokio::test]
async fn who_was_overtaken_leaves_the_newer_state() {
    let world = three_appeals().await;
    let records = world.records(Topic::Analysed).await;
    let check = async |read: usize, expected: Option<u64>| {
        let (snapshots, partition) = (Arc::new(MemorySnapshots::default()), records[0].0);
        let records: Vec<StoredRecord> = records[..read].iter().map(|(_, record)| record.clone()).collect();
        let (_, current) = watch::channel(Arc::clone(&SETUP));
        let mut group = Group::new(world.log.clone(), snapshots.clone(), current, 1_000);
        group.assigned(PartitionPosition { partition, offset: 3 }).await.unwrap();
        group.handle(Batch { partition, records: &records }).await.unwrap();
        group.stopping().await.unwrap();
        let saved = snapshots.load("group", partition).await.unwrap();
        assert_eq!(saved.map(|saved| saved.offset), expected, "after {read} records");
    };
    check(1, None).await;
    check(2, None).await;
    check(3, Some(3)).await;
}
