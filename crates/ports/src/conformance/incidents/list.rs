//! Filters, orders, pages.

use otklik_domain::{Action, Clock, Incident, Opening, Severity, State};

use super::{act, act_all, at, clock, ids, open_all, opening, route_to, set_clocks};
use crate::{INCIDENT_PAGE_MAX, IncidentBatch, IncidentFilter, IncidentOrder, IncidentQuery, Incidents, Refresh};

async fn list(store: &impl Incidents, filter: IncidentFilter, order: IncidentOrder) -> Vec<Incident> {
    let page = store.list(&IncidentQuery { filter, order, limit: 100, offset: 0 }).await.unwrap();
    assert_eq!(page.total, page.incidents.len() as u64);
    page.incidents
}

pub(super) async fn filters(store: &impl Incidents) {
    let opened = open_all(
        store,
        [
            opening(1),
            Opening { region: "tat".into(), ..opening(2) },
            Opening { block: "health".into(), topic: None, severity: Severity::DANGER, ..opening(3) },
            Opening { municipality: Some("udm.votkinsk".into()), ..opening(4) },
            Opening { municipality: None, place: None, severity: Severity::new(3), ..opening(5) },
            opening(6),
        ],
    )
    .await;
    act(store, &opened[0], route_to("town"), 10).await;
    act_all(store, &opened[3], vec![route_to("water"), Action::Accept], 11).await;
    act(store, &opened[5], Action::Reject { reason: "спам".to_owned() }, 12).await;
    let breached = Clock { breached: true, ..clock(20) };
    set_clocks(store, &opened[1], vec![clock(90), breached.clone()]).await;
    set_clocks(store, &opened[2], vec![Clock { stopped_at: Some(at(30)), ..breached }]).await;
    set_clocks(store, &opened[4], vec![clock(20)]).await;

    let check = async |filter: IncidentFilter, expected: &[&str]| {
        let found = list(store, filter.clone(), IncidentOrder::Opened).await;
        let mut found = ids(&found);
        found.sort_unstable();
        assert_eq!(found, expected, "{filter:?}");
    };
    let all = IncidentFilter::default;
    check(all(), &["inc-001", "inc-002", "inc-003", "inc-004", "inc-005", "inc-006"]).await;
    check(IncidentFilter { regions: vec!["tat".into(), "nowhere".into()], ..all() }, &["inc-002"]).await;
    check(IncidentFilter { states: vec![State::Routed, State::NotIncident], ..all() }, &["inc-001", "inc-006"]).await;
    check(IncidentFilter { agencies: vec!["town".into(), "water".into()], ..all() }, &["inc-001", "inc-004"]).await;
    check(IncidentFilter { agencies: vec!["region".into()], ..all() }, &[]).await;
    check(IncidentFilter { block: Some("health".into()), ..all() }, &["inc-003"]).await;
    check(IncidentFilter { municipality: Some("udm.votkinsk".into()), ..all() }, &["inc-004"]).await;
    check(IncidentFilter { severity_min: 3, ..all() }, &["inc-003", "inc-005"]).await;
    check(IncidentFilter { overdue: Some(true), ..all() }, &["inc-002"]).await;
    check(IncidentFilter { overdue: Some(false), severity_min: 3, ..all() }, &["inc-003", "inc-005"]).await;
    let window = IncidentFilter { opened_from: Some(at(2)), opened_to: Some(at(4)), ..all() };
    check(window.clone(), &["inc-002", "inc-003"]).await;
    check(IncidentFilter { block: Some("roads".into()), ..window }, &["inc-002"]).await;
    let both = IncidentFilter { regions: vec!["udm".into()], states: vec![State::New], ..all() };
    check(both, &["inc-003", "inc-005"]).await;
}

pub(super) async fn orders_and_pages(store: &impl Incidents) {
    let number = |number: u32, risk: f32, level: u8, minute: i64| Opening {
        risk,
        severity: Severity::new(level),
        at: at(minute),
        ..opening(number)
    };
    let opened = open_all(
        store,
        [
            number(1, 0.9, 4, 10),
            number(2, 0.1, 5, 20),
            number(3, 0.9, 1, 20),
            number(4, 0.2, 5, 30),
            number(5, 0.0, 0, 5),
        ],
    )
    .await;
    let running = set_clocks(store, &opened[0], vec![clock(300), clock(200)]).await;
    set_clocks(store, &opened[2], vec![Clock { breached: true, ..clock(100) }]).await;
    set_clocks(store, &opened[3], vec![Clock { stopped_at: Some(at(40)), ..clock(50) }]).await;
    set_clocks(store, &opened[4], vec![Clock { due_at: None, ..clock(0) }, clock(200)]).await;
    act(store, &running, route_to("town"), 60).await;

    let check = async |order, expected: [u32; 5]| {
        let expected = expected.map(|number| format!("inc-{number:03}"));
        assert_eq!(ids(&list(store, IncidentFilter::default(), order).await), expected, "{order:?}");
        for limit in 1..=5 {
            let mut paged = Vec::new();
            for offset in (0..6).step_by(limit) {
                let query = IncidentQuery { filter: IncidentFilter::default(), order, limit, offset };
                let page = store.list(&query).await.unwrap();
                assert_eq!(page.total, 5, "the total is of all pages");
                assert!(page.incidents.len() <= limit);
                paged.extend(page.incidents);
            }
            assert_eq!(ids(&paged), expected, "{order:?} in pages of {limit}");
        }
    };
    check(IncidentOrder::Urgency, [4, 2, 1, 3, 5]).await;
    check(IncidentOrder::Due, [3, 1, 5, 2, 4]).await;
    check(IncidentOrder::Opened, [4, 2, 3, 1, 5]).await;
    check(IncidentOrder::Updated, [1, 4, 2, 3, 5]).await;

    open_all(store, (100..700).map(opening)).await;
    let page = store.list(&IncidentQuery { limit: 10_000, ..IncidentQuery::default() }).await.unwrap();
    assert_eq!((page.total, page.incidents.len()), (605, INCIDENT_PAGE_MAX), "no page is longer");
    let beyond = IncidentQuery { limit: 10, offset: 605, ..IncidentQuery::default() };
    assert_eq!(store.list(&beyond).await.unwrap().incidents, []);
    let none = IncidentQuery::default();
    assert_eq!(store.list(&none).await.unwrap().incidents, [], "a limit of 0 asks for the total only");
}

pub(super) async fn finds_text_in_any_case(store: &impl Incidents) {
    let titled = |number, title: &str, place: &str| Opening {
        title: title.to_owned(),
        place_name: place.to_owned(),
        ..opening(number)
    };
    open_all(
        store,
        [
            titled(1, "Прорвало ТРУБУ на улице", "Ижевск"),
            titled(2, "Нет воды", "посёлок Трубный"),
            titled(3, "Скидка 100% на_всё", "Воткинск"),
            titled(4, "it's \"broken\"", ""),
        ],
    )
    .await;
    let check = async |text: &str, expected: &[&str]| {
        let filter = IncidentFilter { text: Some(text.to_owned()), ..IncidentFilter::default() };
        let mut found = list(store, filter, IncidentOrder::Opened).await;
        found.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(ids(&found), expected, "{text:?}");
    };
    check("труб", &["inc-001", "inc-002"]).await;
    check("ТРУБУ", &["inc-001"]).await;
    check("ПОСЁЛОК труб", &["inc-002"]).await;
    check("ижевск", &["inc-001"]).await;
    check("улице ижевск", &[]).await;
    check("%", &["inc-003"]).await;
    check("на_в", &["inc-003"]).await;
    check("0*", &[]).await;
    check("'s \"BRO", &["inc-004"]).await;
    check("воды нет", &[]).await;
    check("Ж", &["inc-001"]).await;
    check("", &["inc-001", "inc-002", "inc-003", "inc-004"]).await;

    let both = IncidentFilter {
        text: Some("труб".to_owned()),
        opened_from: Some(at(2)),
        regions: vec!["udm".into()],
        ..IncidentFilter::default()
    };
    assert_eq!(ids(&list(store, both, IncidentOrder::Urgency).await), ["inc-002"]);
}

/// Filters and orders go by what an incident is now, whatever it was.
pub(super) async fn follows_changes(store: &impl Incidents) {
    let opened = open_all(store, [opening(1), opening(2)]).await;
    let triage = Action::Triage {
        topic: Some("utilities.heating".into()),
        municipality: Some(("udm.votkinsk".into(), "Воткинск".to_owned())),
        severity: Some(Severity::DANGER),
    };
    let triaged = act_all(store, &opened[0], vec![triage, route_to("town"), route_to("water")], 10).await;
    let overdue = set_clocks(store, &triaged, vec![Clock { breached: true, ..clock(10) }]).await;
    let refreshed = vec![Refresh { id: opened[1].id.clone(), posts: 9, authors: 9, risk: 1.0 }];
    store.write(IncidentBatch { refreshed, ..IncidentBatch::default() }).await.unwrap();

    let all = IncidentFilter::default;
    let check = async |filter: IncidentFilter, expected: &[&str]| {
        let found = list(store, filter.clone(), IncidentOrder::Urgency).await;
        assert_eq!(ids(&found), expected, "{filter:?}");
    };
    check(IncidentFilter { block: Some("utilities".into()), ..all() }, &["inc-001"]).await;
    check(IncidentFilter { block: Some("roads".into()), ..all() }, &["inc-002"]).await;
    check(IncidentFilter { municipality: Some("udm.votkinsk".into()), ..all() }, &["inc-001"]).await;
    check(IncidentFilter { agencies: vec!["town".into()], ..all() }, &[]).await;
    check(IncidentFilter { agencies: vec!["water".into()], ..all() }, &["inc-001"]).await;
    check(IncidentFilter { severity_min: 5, overdue: Some(true), ..all() }, &["inc-001"]).await;
    check(IncidentFilter { text: Some("воткинск".to_owned()), ..all() }, &["inc-001"]).await;
    check(IncidentFilter { text: Some("ижевск".to_owned()), ..all() }, &["inc-002"]).await;
    check(all(), &["inc-001", "inc-002"]).await;

    let merged = act(store, &overdue, Action::Merge { into: opened[1].id.clone() }, 20).await.0;
    assert!(merged.clocks[0].stopped_at.is_none());
    check(IncidentFilter { overdue: Some(true), ..all() }, &[]).await;
    check(IncidentFilter { overdue: Some(false), ..all() }, &["inc-001", "inc-002"]).await;
}
