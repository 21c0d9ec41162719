//! Measures the store of incidents: `cargo run --release --example incidents_speed -- STORE [INCIDENTS]`, where STORE is a
//! SQLite file or the address of a PostgreSQL database that asks for no password.
//!
//! Opens incidents with running clocks in batches of 500, then asks what the desk and the reconcilers ask.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement that stops at the first error")]

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{
    Action, Actor, AgencyTree, Clock, ClockKind, Incident, IncidentId, OpenedBy, Opening, PlaceId, Severity, State,
    Submission, apply, open,
};
use otklik_ports::{
    IncidentBatch, IncidentFilter, IncidentOrder, IncidentQuery, Incidents, NewIncident, Refresh, Step,
};
use otklik_stores::{
    postgres::{PostgresConfig, PostgresIncidents},
    sqlite::{SqliteConfig, SqliteIncidents},
};

const BATCH: u64 = 500;
const BLOCKS: [&str; 8] = ["roads", "utilities", "health", "education", "social", "waste", "transport", "energy"];
/// Questions are asked so often; the median and the longest are told.
const REPEATS: usize = 15;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().unwrap();
    let incidents: u64 = arguments.next().map_or(100_000, |count| count.parse().unwrap());
    let store: Box<dyn Incidents> = if place.starts_with("postgresql:") {
        Box::new(PostgresIncidents::open(&PostgresConfig::new(place)).await.unwrap())
    } else {
        Box::new(SqliteIncidents::open(SqliteConfig::new(place)).await.unwrap())
    };
    fill(&*store, incidents).await;
    lists(&*store, incidents).await;
    others(&*store, incidents).await;
}

async fn fill(store: &dyn Incidents, incidents: u64) {
    let there = store.list(&IncidentQuery::default()).await.unwrap().total;
    let begun = Instant::now();
    for first in (there..incidents).step_by(usize::try_from(BATCH).unwrap()) {
        let opened = (first..first + BATCH).map(new).collect();
        store.write(IncidentBatch { opened, ..IncidentBatch::default() }).await.unwrap();
        if (first + BATCH).is_multiple_of(100_000) {
            let opened = first + BATCH - there;
            let rate = opened as f64 / begun.elapsed().as_secs_f64();
            println!("opened {opened} in {:?}: {rate:.0} a second", begun.elapsed());
            // What was told long ago is dropped, as it is by the reconciler of the outbox.
            store.trim_outbox(u64::MAX, Timestamp::MAX).await.unwrap();
        }
    }
}

async fn lists(store: &dyn Incidents, incidents: u64) {
    let all = IncidentFilter::default;
    let filters = [
        ("all", all()),
        (
            "region, open states",
            IncidentFilter {
                regions: vec!["udm".into()],
                states: vec![State::New, State::Triaged, State::Routed],
                ..all()
            },
        ),
        ("a rare state", IncidentFilter { states: vec![State::Routed], ..all() }),
        ("a body", IncidentFilter { agencies: vec!["udm.agency7".into()], ..all() }),
        (
            "a municipality and a block",
            IncidentFilter { municipality: Some("udm.place3".into()), block: Some("health".into()), ..all() },
        ),
        ("overdue", IncidentFilter { overdue: Some(true), ..all() }),
        ("a small region", IncidentFilter { regions: vec!["tat".into()], ..all() }),
        ("danger", IncidentFilter { severity_min: 5, ..all() }),
        ("a week", IncidentFilter { opened_from: Some(at(0)), opened_to: Some(at(7 * 24 * 3600)), ..all() }),
        ("a frequent text", IncidentFilter { text: Some("ТРУБУ".to_owned()), ..all() }),
        ("a rare text", IncidentFilter { text: Some(format!("дом {} ", incidents / 2)), ..all() }),
    ];
    let orders = [IncidentOrder::Urgency, IncidentOrder::Due, IncidentOrder::Opened, IncidentOrder::Updated];
    for (name, filter) in filters {
        for order in orders {
            let query = IncidentQuery { filter: filter.clone(), order, limit: 50, offset: 0 };
            let total = store.list(&query).await.unwrap().total;
            ask(&format!("list: {name}, {total} of them, by {order:?}"), async || {
                store.list(&query).await.unwrap();
            })
            .await;
        }
    }
    let deep = IncidentQuery { limit: 50, offset: 10_000, ..IncidentQuery::default() };
    ask("list: all, from 10,000", async || drop(store.list(&deep).await.unwrap())).await;
}

async fn others(store: &dyn Incidents, incidents: u64) {
    let now = at(i64::try_from(incidents).unwrap());
    ask("due, 200", async || drop(store.due(now, 200).await.unwrap())).await;
    ask("board of all", async || drop(store.board(&IncidentFilter::default(), now).await.unwrap())).await;
    let body = IncidentFilter { agencies: vec!["udm.agency7".into()], ..IncidentFilter::default() };
    ask("board of a body", async || drop(store.board(&body, now).await.unwrap())).await;
    let mut events = 0..incidents;
    ask("by 500 events", async || {
        let wanted: Vec<_> =
            events.by_ref().step_by(997).take(500).map(|n| format!("ev-{n}").as_str().into()).collect();
        store.by_events(&wanted).await.unwrap();
    })
    .await;
    let mut numbers = (0..incidents).step_by(1_009);
    ask("refresh 500", async || {
        let refreshed = numbers.by_ref().take(500).map(|n| Refresh { id: id(n), posts: 9, authors: 9, risk: 0.5 });
        store.write(IncidentBatch { refreshed: refreshed.collect(), ..IncidentBatch::default() }).await.unwrap();
    })
    .await;
    let mut numbers = (0..incidents).step_by(1_013);
    ask("one step", async || {
        let incident = store.get(&id(numbers.next().unwrap())).await.unwrap().unwrap();
        let steps = vec![note(&incident, now)];
        store.write(IncidentBatch { steps, ..IncidentBatch::default() }).await.unwrap();
    })
    .await;
}

async fn ask(what: &str, mut question: impl AsyncFnMut()) {
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let begun = Instant::now();
        question().await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let [median, longest]: [Duration; 2] = [times[REPEATS / 2], times[REPEATS - 1]];
    println!("{what}: median {median:?}, longest {longest:?}");
}

fn note(incident: &Incident, at: Timestamp) -> Step {
    let action = Action::Note { text: "замечание".to_owned() };
    let submission = Submission { action, actor: Actor::system(), at, expected_version: None };
    let (incident, change) = apply(incident, &submission, &AgencyTree::default()).unwrap();
    Step { incident, change: Some(change), answer: None }
}

fn id(number: u64) -> IncidentId {
    IncidentId::new(format!("inc-{:016x}", mixed(number)))
}

fn mixed(number: u64) -> u64 {
    number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_772_431_200 + second).unwrap()
}

/// An incident a second, spread over regions, bodies, places and blocks, most of them in the state `new`.
fn new(number: u64) -> NewIncident {
    let random = mixed(number) >> 20;
    let opened_at = at(i64::try_from(number).unwrap());
    let place = PlaceId::new(format!("udm.place{}", random % 30));
    let block = BLOCKS[usize::try_from(random % 8).unwrap()];
    let opening = Opening {
        id: id(number),
        region: if random.is_multiple_of(500) { "tat".into() } else { "udm".into() },
        event: format!("ev-{number}").as_str().into(),
        post: format!("vk:-1_{number}").as_str().into(),
        title: if random.is_multiple_of(7) {
            format!("Прорвало трубу, дом {number} по улице Ленина")
        } else {
            format!("Яма на дороге у дома {number} по улице Советской")
        },
        summary: "Который день никто не приезжает, звонили много раз, обещают и не делают. ".repeat(4),
        topic: Some(format!("{block}.topic{}", random % 5).as_str().into()),
        block: block.into(),
        place: Some(place.clone()),
        place_name: format!("Посёлок {}", random % 30),
        municipality: Some(place),
        point: otklik_domain::GeoPoint::new(56.8, 53.2),
        severity: Severity::new(u8::try_from(random % 6).unwrap()),
        policy: "social-4wh".to_owned(),
        at: opened_at,
        opened_by: OpenedBy::Authors,
        posts: 3,
        authors: 2,
        risk: (random % 10_000) as f32 / 10_000.0,
        repeats: None,
    };
    let (mut incident, change) = open(opening, &Actor::system());
    incident.agency = Some(format!("udm.agency{}", random % 200).as_str().into());
    if random % 1_000 == 1 {
        incident.state = State::Routed;
    }
    let due = |hours: i64| opened_at + SignedDuration::from_hours(hours);
    incident.clocks = [(ClockKind::Route, 1), (ClockKind::FirstAnswer, 4), (ClockKind::FinalAnswer, 240)]
        .map(|(kind, hours)| Clock {
            kind,
            started_at: opened_at,
            due_at: Some(due(hours)),
            stopped_at: None,
            warn_at: Some(due(hours) - SignedDuration::from_mins(20)),
            warnings: 0,
            breached: random.is_multiple_of(50),
        })
        .to_vec();
    NewIncident { incident, change }
}
