//! Incidents told anew, since a post was deleted at its source.

use otklik_domain::{Action, Incident, Opening};

use super::{act, act_all, at, ids, new, open_all, opening, route_to, step, write_steps};
use crate::{IdempotentReply, IncidentBatch, IncidentFilter, IncidentQuery, Incidents};

const WORD: &str = "каракатица";

fn telling() -> Opening {
    Opening {
        title: format!("В яме {WORD} \"живёт\""),
        summary: format!("На улице Ленина яма. В ней {WORD}."),
        ..opening(1)
    }
}

fn retell() -> Action {
    Action::Retell { title: "Ямы на дорогах, Ижевск".to_owned(), summary: String::new() }
}

fn reply(key: &str, body: &str) -> IdempotentReply {
    IdempotentReply { key: key.to_owned(), request: "0f".repeat(32), status: 200, body: body.to_owned(), at: at(3) }
}

pub(super) async fn finds_what_was_opened_for_events(store: &impl Incidents) {
    let first = open_all(store, [opening(1)]).await.remove(0);
    act(store, &first, Action::Reject { reason: "дубль".to_owned() }, 5).await;
    let repeat = Opening { event: "ev-001".into(), repeats: Some(first.id.clone()), ..opening(30) };
    open_all(store, [opening(2), opening(3), repeat]).await;
    let joined = vec![("ev-001".into(), "inc-003".into())];
    store.write(IncidentBatch { joined, ..IncidentBatch::default() }).await.unwrap();
    let check = async |events: &[&str], expected: &[&str]| {
        let events: Vec<_> = events.iter().map(|event| (*event).into()).collect();
        assert_eq!(ids(&store.opened_for(&events).await.unwrap()), expected);
    };
    check(&["ev-001"], &["inc-001", "inc-030"]).await;
    check(&["ev-002", "ev-001", "ev-404"], &["inc-001", "inc-002", "inc-030"]).await;
    check(&[], &[]).await;
}

pub(super) async fn old_words_leave_what_was_told(store: &impl Incidents) {
    let first = open_all(store, [telling(), opening(2)]).await.remove(0);
    let routed = act(store, &first, route_to("town"), 2).await.0;
    let written = |text: &str| text.replace('"', "\\\"");
    let body = format!(r#"{{"id":"inc-001","title":"{}"}}"#, written(&first.title));
    for reply in [reply("desk:1", &body), reply("desk:2", &body.replace("inc-001", "inc-009"))] {
        store.write(IncidentBatch { reply: Some(reply), ..IncidentBatch::default() }).await.unwrap();
    }
    let retold = act(store, &routed, retell(), 4).await.0;
    assert_eq!((retold.version, retold.updated_at), (3, at(2)), "nobody has worked on it");
    assert_eq!(store.get(&first.id).await.unwrap(), Some(retold.clone()));
    let told = store.outbox(0, 10).await.unwrap();
    let of_it: Vec<&Incident> = told.iter().map(|entry| &entry.incident).filter(|told| told.id == first.id).collect();
    assert_eq!(of_it.iter().map(|told| told.version).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(of_it.iter().all(|told| told.title == retold.title && told.summary.is_empty()), "{of_it:?}");
    assert_eq!(told[1].incident.title, opening(2).title, "of others nothing changed");
    let body_of = async |key| store.reply(key).await.unwrap().unwrap().body;
    assert_eq!(body_of("desk:1").await, r#"{"id":"inc-001","title":"Ямы на дорогах, Ижевск"}"#);
    assert!(body_of("desk:2").await.contains(WORD), "of others nothing changed");

    let finds = async |text: &str| {
        let filter = IncidentFilter { text: Some(text.to_owned()), ..IncidentFilter::default() };
        store.list(&IncidentQuery { filter, limit: 10, ..IncidentQuery::default() }).await.unwrap().total
    };
    assert_eq!((finds(WORD).await, finds("ямы на дорогах").await), (0, 1));
}

pub(super) async fn is_written_again_without_harm(store: &impl Incidents) {
    // Opened, worked on and told anew at once, as a batch that was long may have it.
    let opened = new(telling());
    let routed = step(&opened.incident, route_to("town"), 2);
    let once = step(&routed.incident, retell(), 3);
    let again = Action::Retell { title: "Яма".to_owned(), summary: "Яма.".to_owned() };
    let twice = step(&once.incident, again, 4);
    let steps = vec![routed, once, twice.clone()];
    store.write(IncidentBatch { opened: vec![opened], steps, ..IncidentBatch::default() }).await.unwrap();
    let last = act_all(store, &twice.incident, vec![Action::Accept], 5).await;
    assert_eq!(store.get(&last.id).await.unwrap().as_ref(), Some(&last));
    let told = store.outbox(0, 10).await.unwrap();
    assert_eq!(told.len(), 5);
    assert!(told.iter().all(|entry| entry.incident.title == "Яма" && entry.incident.summary == "Яма."));
    write_steps(store, vec![step(&last, retell(), 6)]).await;
    assert!(store.outbox(0, 10).await.unwrap().iter().all(|entry| entry.incident.summary.is_empty()));
}
