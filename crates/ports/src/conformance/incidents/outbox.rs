//! The outbox, webhooks and attempts to deliver.

use jiff::Timestamp;
use otklik_domain::Action;

use super::{act, act_all, at, open_all, opening, route_to, step, write_steps};
use crate::{Delivery, DeliveryResult, Incidents, Webhook};

pub(super) async fn keeps_every_change_in_order(store: &impl Incidents) {
    assert_eq!(store.outbox(0, 10).await.unwrap(), []);
    let opened = open_all(store, (1..=5).map(opening)).await;
    let (routed, change) = act(store, &opened[3], route_to("town"), 10).await;
    let steps = vec![step(&routed, Action::Accept, 11), step(&opened[0], route_to("water"), 11)];
    write_steps(store, steps).await;
    let all = store.outbox(0, 100).await.unwrap();
    let told: Vec<_> = all.iter().map(|entry| (entry.incident.id.as_str(), entry.change.version)).collect();
    assert_eq!(
        told,
        [
            ("inc-001", 1),
            ("inc-002", 1),
            ("inc-003", 1),
            ("inc-004", 1),
            ("inc-005", 1),
            ("inc-004", 2),
            ("inc-004", 3),
            ("inc-001", 2)
        ]
    );
    assert!(all.is_sorted_by(|a, b| a.sequence < b.sequence) && all[0].sequence > 0);
    assert_eq!((&all[5].incident, &all[5].change), (&routed, &change), "the incident as it was after that change");
    for limit in [1, 3, 8] {
        let mut after = 0;
        let mut paged = Vec::new();
        loop {
            let page = store.outbox(after, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= limit);
            after = last.sequence;
            paged.extend(page);
        }
        assert_eq!(paged, all, "in pages of {limit}");
    }
}

pub(super) async fn is_trimmed(store: &impl Incidents) {
    let first = open_all(store, [opening(1)]).await.remove(0);
    act_all(store, &first, vec![route_to("town"), Action::Accept, Action::Start], 10).await;
    let all = store.outbox(0, 10).await.unwrap();
    let left = async || store.outbox(0, 10).await.unwrap().iter().map(|entry| entry.change.version).collect::<Vec<_>>();
    store.trim_outbox(all[2].sequence, at(11)).await.unwrap();
    assert_eq!(left().await, [3, 4], "made at minute 11 is not before it");
    store.trim_outbox(all[2].sequence, Timestamp::MAX).await.unwrap();
    assert_eq!(left().await, [4], "not beyond the sequence");
    store.trim_outbox(all[3].sequence, Timestamp::MAX).await.unwrap();
    assert_eq!(left().await, [0; 0]);
    open_all(store, [opening(2)]).await;
    let next = store.outbox(0, 10).await.unwrap();
    assert!(next[0].sequence > all[3].sequence, "sequences are never given twice");
    assert_eq!(store.history(&first.id).await.unwrap().len(), 4, "the history stays");
}

pub(super) async fn webhooks_and_deliveries(store: &impl Incidents) {
    assert_eq!(store.webhooks().await.unwrap(), []);
    let second = Webhook { agency: Some("town".into()), actions: vec![], active: false, ..webhook("b") };
    store.put_webhook(second.clone()).await.unwrap();
    store.put_webhook(webhook("a")).await.unwrap();
    assert_eq!(store.webhooks().await.unwrap(), [webhook("a"), second.clone()], "by id");

    let delivery =
        |sequence, attempt, result| Delivery { webhook: "a".to_owned(), sequence, attempt, at: at(1), result };
    let attempts = [
        (delivery(11, 1, DeliveryResult::HttpError { status: 503 }), None),
        (delivery(11, 2, DeliveryResult::TimedOut), None),
        (delivery(11, 3, DeliveryResult::Succeeded), Some(11)),
        (delivery(12, 1, DeliveryResult::Unreachable), None),
        (delivery(12, 2, DeliveryResult::Refused), Some(12)),
    ];
    for (delivery, delivered_to) in attempts.clone() {
        store.note_delivery(delivery, delivered_to).await.unwrap();
    }
    let latest_first: Vec<Delivery> = attempts.into_iter().rev().map(|(delivery, _)| delivery).collect();
    assert_eq!(store.deliveries("a", 10).await.unwrap(), latest_first);
    assert_eq!(store.deliveries("a", 2).await.unwrap(), latest_first[..2]);
    assert_eq!(store.deliveries("b", 10).await.unwrap(), []);
    let delivered_to = async || store.webhooks().await.unwrap()[0].delivered_to;
    assert_eq!(delivered_to().await, 12);
    store.note_delivery(delivery(11, 4, DeliveryResult::Succeeded), Some(11)).await.unwrap();
    assert_eq!(delivered_to().await, 12, "it does not go back");
    let edited = Webhook { url: "https://example.org/new".to_owned(), delivered_to: 11, ..webhook("a") };
    store.put_webhook(edited.clone()).await.unwrap();
    assert_eq!(store.webhooks().await.unwrap(), [Webhook { delivered_to: 12, ..edited }, second], "nor by an edit");

    assert!(store.delete_webhook("a").await.unwrap());
    assert!(!store.delete_webhook("a").await.unwrap(), "there is none");
    assert_eq!(store.webhooks().await.unwrap().len(), 1);
    assert_eq!(store.deliveries("a", 10).await.unwrap().len(), 6, "its attempts stay");
    store.trim_outbox(11, at(1)).await.unwrap();
    assert_eq!(store.deliveries("a", 10).await.unwrap().len(), 6, "made at minute 1");
    store.trim_outbox(11, at(2)).await.unwrap();
    let left: Vec<u64> = store.deliveries("a", 10).await.unwrap().iter().map(|delivery| delivery.sequence).collect();
    assert_eq!(left, [12, 12]);
}

fn webhook(id: &str) -> Webhook {
    Webhook {
        id: id.to_owned(),
        url: "https://example.org/hook".to_owned(),
        agency: None,
        actions: vec!["route".to_owned(), "answer_final".to_owned()],
        secret: "s3cret".to_owned(),
        active: true,
        delivered_to: 10,
    }
}
