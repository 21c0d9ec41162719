//! Writing: all or nothing, versions, counts, events, checkpoints, listeners.

use otklik_domain::{Action, AnswerKind, Event, EventTotals, Incident, IncidentId, Opening, Risk, Severity, State};

use super::{act, act_all, answer, at, clock, ids, new, open_all, opening, route_to, set_clocks, step, write_steps};
use crate::{ErrorKind, IncidentBatch, Incidents, PartitionPosition, Refresh, Step};

pub(super) async fn opens_incidents(store: &impl Incidents) {
    let bare = Opening { topic: None, place: None, municipality: None, point: None, ..opening(2) };
    let opened = vec![new(opening(1)), new(bare), new(Opening { repeats: Some("inc-001".into()), ..opening(3) })];
    store.write(IncidentBatch { opened: opened.clone(), ..IncidentBatch::default() }).await.unwrap();
    for new in opened {
        let id = &new.incident.id;
        assert_eq!(store.get(id).await.unwrap().as_ref(), Some(&new.incident), "it comes back as it was written");
        assert_eq!(store.history(id).await.unwrap(), [new.change]);
        assert_eq!(store.events_of(id).await.unwrap(), [new.incident.event]);
        assert_eq!(store.answers(id).await.unwrap(), []);
    }
    assert_eq!(store.get(&"inc-9".into()).await.unwrap(), None);
    assert_eq!(store.history(&"inc-9".into()).await.unwrap(), []);
}

pub(super) async fn leaves_what_is_there_alone(store: &impl Incidents) {
    let [first] = &open_all(store, [opening(1)]).await[..] else { panic!("one was opened") };
    let (routed, _) = act(store, first, route_to("town"), 5).await;
    let again = Opening { title: "Другое".to_owned(), ..opening(1) };
    let opened = vec![new(again), new(opening(2)), new(Opening { title: "Третье".to_owned(), ..opening(2) })];
    store.write(IncidentBatch { opened, ..IncidentBatch::default() }).await.unwrap();
    assert_eq!(store.get(&first.id).await.unwrap(), Some(routed));
    assert_eq!(store.history(&first.id).await.unwrap().len(), 2);
    assert_eq!(store.get(&"inc-002".into()).await.unwrap().unwrap().title, opening(2).title, "the first of the batch");
    assert_eq!(store.outbox(0, 100).await.unwrap().len(), 3, "nothing was told twice");
}

pub(super) async fn steps_follow_versions(store: &impl Incidents) {
    let first = open_all(store, [opening(1)]).await.remove(0);
    let actions = vec![route_to("town"), Action::Accept, answer(AnswerKind::Interim), answer(AnswerKind::Final)];
    let last = act_all(store, &first, actions, 10).await;
    assert_eq!(store.get(&first.id).await.unwrap().as_ref(), Some(&last));
    let history = store.history(&first.id).await.unwrap();
    assert_eq!(history.iter().map(|change| change.version).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(history[1].agency, Some("town".into()));
    let answers = store.answers(&first.id).await.unwrap();
    assert_eq!(
        answers.iter().map(|(at, answer)| (*at, answer.kind)).collect::<Vec<_>>(),
        [(at(12), AnswerKind::Interim), (at(13), AnswerKind::Final)]
    );
    assert_eq!(answers[1].1.text, "Яму заделали");
    assert_eq!(answers[1].1.url.as_deref(), Some("https://example.org/1"));

    let stale = step(&first, Action::Note { text: "опоздал".to_owned() }, 20);
    let batch = IncidentBatch { steps: vec![stale], ..IncidentBatch::default() };
    assert_eq!(store.write(batch).await.unwrap_err().kind, ErrorKind::Conflict);
    assert_eq!(store.get(&first.id).await.unwrap(), Some(last.clone()));

    let once = step(&last, Action::Close, 30);
    let twice = step(&once.incident, Action::Note { text: "после".to_owned() }, 31);
    write_steps(store, vec![once, twice.clone()]).await;
    assert_eq!(store.get(&first.id).await.unwrap(), Some(twice.incident), "two steps in one batch");

    let fresh = new(opening(2));
    let steps = vec![step(&fresh.incident, route_to("water"), 40)];
    store.write(IncidentBatch { opened: vec![fresh], steps, ..IncidentBatch::default() }).await.unwrap();
    assert_eq!(store.get(&"inc-002".into()).await.unwrap().unwrap().state, State::Routed, "opened and routed at once");
}

pub(super) async fn clocks_change_without_a_version(store: &impl Incidents) {
    let first = open_all(store, [opening(1)]).await.remove(0);
    let running = set_clocks(store, &first, vec![clock(60), clock(90)]).await;
    assert_eq!(store.get(&first.id).await.unwrap(), Some(running));
    assert_eq!(store.history(&first.id).await.unwrap().len(), 1);
    assert_eq!(store.outbox(0, 10).await.unwrap().len(), 1, "only changes go out");

    act(store, &first, route_to("town"), 5).await;
    let late = Step { incident: Incident { clocks: vec![], ..first }, change: None, answer: None };
    let batch = IncidentBatch { steps: vec![late], ..IncidentBatch::default() };
    assert_eq!(store.write(batch).await.unwrap_err().kind, ErrorKind::Conflict, "clocks of an older version");
}

pub(super) async fn refuses_a_batch_as_a_whole(store: &impl Incidents) {
    let first = open_all(store, [opening(1)]).await.remove(0);
    let wrong_version = Step { incident: Incident { version: 7, ..first.clone() }, change: None, answer: None };
    let unknown = open_step("inc-404");
    let everything = |steps| IncidentBatch {
        opened: vec![new(opening(2))],
        steps,
        refreshed: vec![Refresh { id: first.id.clone(), posts: 99, authors: 98, risk: 0.5 }],
        joined: vec![("ev-9".into(), first.id.clone())],
        checkpoint: Some(("incidents".to_owned(), PartitionPosition { partition: 0, offset: 5 })),
        audit: vec![super::desk::audit_entry(1, "inc-001")],
        reply: Some(super::desk::reply("desk:1", 1)),
    };
    let check = async |batch: IncidentBatch, expected| {
        assert_eq!(store.write(batch).await.unwrap_err().kind, expected);
        assert_eq!(store.get(&first.id).await.unwrap().as_ref(), Some(&first), "nothing was written");
        assert_eq!(store.get(&"inc-002".into()).await.unwrap(), None);
        assert_eq!(store.events_of(&first.id).await.unwrap().len(), 1);
        assert_eq!(store.checkpoint("incidents", 0).await.unwrap(), 0);
        assert_eq!(store.audit_trail(None, 10).await.unwrap(), []);
        assert_eq!(store.reply("desk:1").await.unwrap(), None);
        assert_eq!(store.outbox(0, 10).await.unwrap().len(), 1);
    };
    check(everything(vec![step(&first, route_to("town"), 5), wrong_version]), ErrorKind::Conflict).await;
    check(everything(vec![unknown]), ErrorKind::NotFound).await;
    let refreshed = vec![Refresh { id: "inc-404".into(), posts: 1, authors: 1, risk: 0.5 }];
    check(IncidentBatch { refreshed, ..everything(vec![]) }, ErrorKind::NotFound).await;
    let joined = vec![("ev-9".into(), first.id.clone()), ("ev-9".into(), "inc-404".into())];
    check(IncidentBatch { joined, ..everything(vec![]) }, ErrorKind::NotFound).await;

    store.write(everything(vec![step(&first, route_to("town"), 5)])).await.unwrap();
    assert_eq!(store.checkpoint("incidents", 0).await.unwrap(), 5, "and all of it when it fits");
    assert_eq!(store.get(&first.id).await.unwrap().unwrap().posts, 99);
}

fn open_step(id: &str) -> Step {
    let incident = new(Opening { id: id.into(), ..opening(1) }).incident;
    step(&incident, Action::Note { text: "?".to_owned() }, 5)
}

pub(super) async fn counts_belong_to_refreshes(store: &impl Incidents) {
    let first = open_all(store, [opening(1)]).await.remove(0);
    let seen_before = step(&first, route_to("town"), 5);
    let refresh = Refresh { id: first.id.clone(), posts: 40, authors: 30, risk: 0.75 };
    store.write(IncidentBatch { refreshed: vec![refresh], ..IncidentBatch::default() }).await.unwrap();
    let counts = |incident: &Incident| (incident.version, incident.posts, incident.authors, incident.risk);
    assert_eq!(counts(&store.get(&first.id).await.unwrap().unwrap()), (1, 40, 30, 0.75));
    write_steps(store, vec![seen_before]).await;
    let after = store.get(&first.id).await.unwrap().unwrap();
    assert_eq!(counts(&after), (2, 40, 30, 0.75), "a step does not bring old counts back");
    assert_eq!(store.outbox(0, 10).await.unwrap().last().unwrap().incident, after);
}

pub(super) async fn links_events(store: &impl Incidents) {
    let mut opened = open_all(store, [opening(1), opening(2)]).await;
    let joined = vec![("ev-9".into(), opened[0].id.clone()), ("ev-8".into(), opened[0].id.clone())];
    let batch = IncidentBatch { joined, ..IncidentBatch::default() };
    store.write(batch.clone()).await.unwrap();
    store.write(batch).await.unwrap();
    assert_eq!(store.events_of(&opened[0].id).await.unwrap(), ["ev-001".into(), "ev-9".into(), "ev-8".into()]);

    // A repeat of the first: same event, opened later, and the first is done.
    opened[0] = act_all(store, &opened[0], vec![Action::Reject { reason: "дубль".to_owned() }], 20).await;
    let repeat = Opening { event: "ev-001".into(), repeats: Some(opened[0].id.clone()), ..opening(30) };
    open_all(store, [repeat]).await;
    let wanted = ["ev-9".into(), "ev-404".into(), "ev-001".into(), "ev-002".into()];
    let mut found = store.by_events(&wanted).await.unwrap();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let found: Vec<(&str, &str)> =
        found.iter().map(|(event, incident)| (event.as_str(), incident.id.as_str())).collect();
    assert_eq!(found, [("ev-001", "inc-030"), ("ev-002", "inc-002"), ("ev-9", "inc-001")]);
    assert_eq!(store.by_events(&[]).await.unwrap(), []);
}

pub(super) async fn finds_running_incidents_like_an_event(store: &impl Incidents) {
    let other = |number, change: &dyn Fn(&mut Opening)| {
        let mut opening = opening(number);
        change(&mut opening);
        opening
    };
    open_all(
        store,
        [
            other(50, &|opening| opening.region = "tat".into()),
            other(51, &|opening| opening.topic = Some("roads.snow".into())),
            other(52, &|opening| opening.place = Some("udm.votkinsk".into())),
            other(53, &|opening| opening.place = None),
        ],
    )
    .await;
    let like = open_all(store, (1..=13).map(opening)).await;
    act(store, &like[12], Action::Merge { into: like[0].id.clone() }, 60).await;
    let found = store.running_like(&event()).await.unwrap();
    let expected: Vec<String> = (3..=12).rev().map(|number| format!("inc-{number:03}")).collect();
    assert_eq!(ids(&found), expected, "the ten latest that run");
    assert_eq!(store.running_like(&Event { place: None, ..event() }).await.unwrap(), [], "no place, nothing alike");
    assert_eq!(store.running_like(&Event { topic: None, ..event() }).await.unwrap(), []);
}

fn event() -> Event {
    Event {
        id: "ev-77".into(),
        version: 1,
        region: "udm".into(),
        title: String::new(),
        summary: String::new(),
        topic: Some("roads.potholes".into()),
        block: "roads".into(),
        place: Some("udm.izhevsk".into()),
        place_name: "Ижевск".to_owned(),
        municipality: None,
        point: None,
        severity: Severity::new(1),
        danger: vec![],
        origin: "vk:-1_1".into(),
        first_at: at(0),
        last_at: at(1),
        totals: EventTotals::default(),
        risk: Risk::default(),
        merged: vec![],
    }
}

pub(super) async fn remembers_checkpoints(store: &impl Incidents) {
    let write = async |consumer: &str, partition, offset| {
        let checkpoint = Some((consumer.to_owned(), PartitionPosition { partition, offset }));
        store.write(IncidentBatch { checkpoint, ..IncidentBatch::default() }).await.unwrap();
    };
    assert_eq!(store.checkpoint("incidents", 0).await.unwrap(), 0);
    write("incidents", 0, 10).await;
    write("incidents", 1, 20).await;
    write("other", 0, 30).await;
    write("incidents", 0, 11).await;
    assert_eq!(store.checkpoint("incidents", 0).await.unwrap(), 11);
    assert_eq!(store.checkpoint("incidents", 1).await.unwrap(), 20);
    assert_eq!(store.checkpoint("other", 0).await.unwrap(), 30);
}

pub(super) async fn tells_of_changes(store: &impl Incidents) {
    let mut changes = store.changes();
    let opened = open_all(store, [opening(1), opening(2)]).await;
    act(store, &opened[0], route_to("town"), 5).await;
    set_clocks(store, &opened[1], vec![clock(10)]).await;
    let refreshed = vec![Refresh { id: opened[1].id.clone(), posts: 5, authors: 5, risk: 0.5 }];
    store.write(IncidentBatch { refreshed, ..IncidentBatch::default() }).await.unwrap();
    // What fails or was there already is not told.
    open_all(store, [opening(1)]).await;
    let stale = IncidentBatch { steps: vec![step(&opened[0], route_to("town"), 6)], ..IncidentBatch::default() };
    store.write(stale).await.unwrap_err();
    open_all(store, [opening(3)]).await;
    for expected in ["inc-001", "inc-002", "inc-001", "inc-002", "inc-002", "inc-003"] {
        let id = tokio::time::timeout(std::time::Duration::from_secs(30), changes.recv()).await.unwrap().unwrap();
        assert_eq!(id, IncidentId::from(expected));
    }
    assert!(changes.try_recv().is_err(), "nothing more");
}

pub(super) async fn two_writers_of_one_version(store: &impl Incidents) {
    let incident = open_all(store, [opening(1)]).await.remove(0);
    let write = async |agency: &str| {
        let steps = vec![step(&incident, route_to(agency), 5)];
        store.write(IncidentBatch { steps, ..IncidentBatch::default() }).await
    };
    let (one, other) = tokio::join!(write("town"), write("water"));
    assert!(one.is_ok() != other.is_ok(), "one of them wins: {one:?}, {other:?}");
    let loser = one.err().or(other.err()).unwrap();
    assert_eq!(loser.kind, ErrorKind::Conflict);
    assert_eq!(store.get(&incident.id).await.unwrap().unwrap().version, 2);
}
