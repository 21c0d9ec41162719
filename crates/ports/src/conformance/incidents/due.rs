//! What the reconciler of deadlines is given.

use otklik_domain::{Action, Clock};

use super::{act, act_all, at, clock, ids, open_all, opening, route_to, set_clocks};
use crate::Incidents;

async fn check(store: &impl Incidents, minute: i64, expected: &[&str]) {
    let due = store.due(at(minute), 100).await.unwrap();
    assert_eq!(ids(&due), expected, "at minute {minute}");
}

pub(super) async fn gives_what_is_due(store: &impl Incidents) {
    let opened = open_all(store, (1..=5).map(opening)).await;
    set_clocks(store, &opened[0], vec![clock(300), clock(100)]).await;
    let warned = Clock { warn_at: Some(at(80)), ..clock(200) };
    set_clocks(store, &opened[1], vec![warned.clone()]).await;
    set_clocks(store, &opened[2], vec![Clock { due_at: None, ..clock(0) }]).await;
    let postpone = Action::Postpone { until: at(90), reason: "ждём поставки".to_owned() };
    let postponed = act_all(store, &opened[3], vec![route_to("town"), postpone], 10).await;
    let standing = set_clocks(store, &postponed, vec![Clock { due_at: None, ..clock(0) }]).await;

    check(store, 79, &[]).await;
    check(store, 80, &["inc-002"]).await;
    check(store, 90, &["inc-002", "inc-004"]).await;
    check(store, 500, &["inc-002", "inc-004", "inc-001"]).await;
    assert_eq!(ids(&store.due(at(500), 2).await.unwrap()), ["inc-002", "inc-004"], "the longest due first");
    assert_eq!(store.due(at(90), 10).await.unwrap()[1], standing, "as it is stored");

    let counted = Clock { warn_at: Some(at(180)), warnings: 1, ..warned };
    let warned_once = set_clocks(store, &opened[1], vec![counted.clone()]).await;
    act(store, &standing, Action::Resume, 91).await;
    check(store, 179, &["inc-001"]).await;
    check(store, 180, &["inc-001", "inc-002"]).await;
    let last = Clock { warn_at: None, warnings: 2, ..counted };
    set_clocks(store, &warned_once, vec![last]).await;
    check(store, 199, &["inc-001"]).await;
    check(store, 200, &["inc-001", "inc-002"]).await;
}

pub(super) async fn gives_nothing_noticed_or_done(store: &impl Incidents) {
    let opened = open_all(store, (1..=4).map(opening)).await;
    let breached = Clock { breached: true, ..clock(100) };
    set_clocks(store, &opened[0], vec![breached.clone()]).await;
    check(store, 500, &[]).await;
    set_clocks(store, &opened[0], vec![breached, clock(150)]).await;
    check(store, 500, &["inc-001"]).await;

    let stopped = Clock { stopped_at: Some(at(50)), warn_at: Some(at(40)), ..clock(100) };
    set_clocks(store, &opened[1], vec![stopped]).await;
    let running = set_clocks(store, &opened[2], vec![clock(60)]).await;
    check(store, 500, &["inc-003", "inc-001"]).await;
    let rejected = act(store, &running, Action::Reject { reason: "спам".to_owned() }, 70).await.0;
    check(store, 500, &["inc-001"]).await;
    act(store, &rejected, Action::Reopen { reason: "не спам".to_owned() }, 80).await;
    check(store, 500, &["inc-003", "inc-001"]).await;
}
