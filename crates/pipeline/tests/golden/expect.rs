//! Whether what came of a story is what it says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use otklik_domain::{Incident, IncidentId};
use otklik_pipeline::{Counters, Outcome};
use otklik_ports::{EventQuery, Incidents, PostFilter, Posts};

use crate::{
    case::{Case, DeadLine, EventLine, Expect, IncidentLine},
    world::World,
};

/// Compares everything a story says with what is there.
pub(crate) async fn check(case: &Case, world: &World, counters: &Counters) {
    let letters = world.dead_letters().await.into_iter();
    let found = Expect {
        stages: stages(counters),
        events: events(world).await,
        incidents: incidents(world).await,
        dead: sorted(letters.map(|letter| DeadLine { stage: letter.stage, reason: letter.reason }).collect()),
    };
    let expected = &case.expect;
    // Of the log only what was told of incidents: that its records are emptied is another's test.
    let in_log = |line: &String| ["posts/", "analysed/", "grouped/"].iter().any(|topic| line.starts_with(topic));
    let told: Vec<String> = world.content().await.into_iter().filter(|line| !in_log(line)).collect();
    let begins = |(found, expected): (&DeadLine, &DeadLine)| {
        found.stage == expected.stage && found.reason.starts_with(&expected.reason)
    };
    let fits = found.stages == expected.stages
        && found.events == sorted(expected.events.clone())
        && found.incidents == expected.incidents
        && found.dead.len() == expected.dead.len()
        && found.dead.iter().zip(&sorted(expected.dead.clone())).all(begins);
    for (word, line) in case.gone.iter().flat_map(|word| told.iter().map(move |line| (word, line))) {
        assert!(!line.contains(word), "{}: {word} is still in {line}", case.title);
    }
    let came = toml::to_string(&BTreeMap::from([("expect", found)])).unwrap();
    assert!(fits, "{}: something else came of it:\n{came}", case.title);
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

fn stages(counters: &Counters) -> BTreeMap<String, BTreeMap<String, u64>> {
    ["analyse", "group", "store", "incidents"]
        .into_iter()
        .map(|stage| {
            let counts = counters.of(stage);
            let outcomes = Outcome::ALL.into_iter().map(|outcome| (outcome.as_str().to_owned(), counts.of(outcome)));
            (stage.to_owned(), outcomes.filter(|(_, records)| *records > 0).collect())
        })
        .collect()
}

async fn events(world: &World) -> Vec<EventLine> {
    let rows = world.posts.list(&PostFilter::default(), 1_000, 0).await.unwrap();
    let events = world.posts.events(&EventQuery { limit: 1_000, ..EventQuery::default() }).await.unwrap();
    let told: BTreeSet<_> = events.iter().map(|event| event.id.clone()).collect();
    for row in &rows {
        assert!(told.contains(&row.group.event), "{} is in {}, which is not stored", row.post.id, row.group.event);
    }
    let line = |event: &otklik_domain::Event| {
        let own = || rows.iter().filter(|row| row.group.event == event.id);
        let is_repeat =
            |row: &&otklik_ports::PostRow| row.group.duplicate_of.is_some() || row.group.near_duplicate_of.is_some();
        let posts: Vec<String> = sorted(own().map(|row| row.post.id.to_string()).collect());
        assert_eq!(posts.len(), event.totals.posts as usize, "{}: its posts and their number", event.id);
        EventLine {
            posts,
            repeats: sorted(own().filter(is_repeat).map(|row| row.post.id.to_string()).collect()),
            authors: event.totals.authors,
            topic: event.topic.as_ref().map(ToString::to_string),
            place: event.place.as_ref().map(ToString::to_string),
        }
    };
    sorted(events.iter().map(line).collect())
}

async fn incidents(world: &World) -> Vec<IncidentLine> {
    let list = world.incident_list().await;
    let post_of = |id: &IncidentId| {
        let found = list.iter().find(|incident| incident.id == *id);
        found.map(|incident| incident.post.to_string()).unwrap_or_else(|| panic!("no incident {id}"))
    };
    let mut lines = Vec::new();
    for incident in &list {
        let history = world.incidents.history(&incident.id).await.unwrap();
        lines.push(IncidentLine {
            post: incident.post.to_string(),
            opened_by: incident.opened_by.to_string(),
            state: incident.state.to_string(),
            agency: incident.agency.as_ref().map(ToString::to_string),
            topic: incident.topic.as_ref().map(ToString::to_string),
            municipality: incident.municipality.as_ref().map(ToString::to_string),
            posts: incident.posts,
            authors: incident.authors,
            history: history.iter().map(|change| change.action.to_string()).collect(),
            due: due(incident),
            breached: breached(incident),
            merged_into: incident.merged_into.as_ref().map(post_of),
            repeats: incident.repeats.as_ref().map(post_of),
        });
    }
    lines
}

/// Deadlines by clock, local.
fn due(incident: &Incident) -> BTreeMap<String, String> {
    let moscow = TimeZone::get("Europe/Moscow").unwrap();
    let clocks = incident.clocks.iter().filter_map(|clock| Some((clock.kind, clock.due_at?)));
    clocks
        .map(|(kind, due)| (kind.to_string(), due.to_zoned(moscow.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()))
        .collect()
}

fn breached(incident: &Incident) -> Vec<String> {
    incident.clocks.iter().filter(|clock| clock.breached).map(|clock| clock.kind.to_string()).collect()
}
