//! kill -9 of the server in the midst of writing: what was acknowledged is there, and nothing is there twice.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use otklik_ports::{IncidentBatch, IncidentQuery, Incidents};
use tokio::sync::watch;

use crate::{
    open,
    sample::{batch, id, note},
    server::Server,
};
use otklik_stores::postgres::PostgresIncidents;

const WRITERS: u64 = 3;
const BATCHES: u64 = 60;
const OPENED: u64 = 4;
/// Batches acknowledged by all together when the server is killed.
const KILLS: [u64; 3] = [20, 70, 120];

/// Writes like a consumer of the log: after an error it asks for its position and goes on from there.
async fn write_all(store: &PostgresIncidents, writer: u64, up: watch::Receiver<bool>, acknowledged: &AtomicU64) {
    let partition = u32::try_from(writer).unwrap();
    let mut up = up;
    let mut done = 0;
    let mut safe = 0;
    while done < BATCHES {
        let first = (writer * BATCHES + done) * OPENED;
        let mut next = batch(first..first + OPENED, partition, done + 1);
        if done > 0 {
            // A step on an incident of the batch before, which must not be done twice.
            let before = id(first - 1);
            match store.get(&before).await {
                Ok(incident) => next.steps = vec![note(&incident.unwrap(), "дальше")],
                Err(_) => {
                    up.wait_for(|up| *up).await.unwrap();
                    continue;
                }
            }
        }
        match store.write(next).await {
            Ok(()) => {
                done += 1;
                safe = done;
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) => {
                assert!(error.is_retryable(), "{error}: {:?}", error.source);
                up.wait_for(|up| *up).await.unwrap();
                let Ok(reached) = store.checkpoint("incidents", partition).await else { continue };
                assert!(reached >= safe, "acknowledged up to {safe}, there up to {reached}");
                done = reached;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled() {
    let Some(server) = Server::start("PostgreSQL killed in the midst of writing") else { return };
    let address = server.database();
    let stores = join_all((0..WRITERS).map(|_| open(&address))).await;
    let (state, up) = watch::channel(true);
    let acknowledged = AtomicU64::new(0);
    let writing =
        join_all(stores.iter().zip(0..).map(|(store, writer)| write_all(store, writer, up.clone(), &acknowledged)));
    let killing = async {
        for kill_at in KILLS {
            while acknowledged.load(Ordering::SeqCst) < kill_at {
                tokio::task::yield_now().await;
            }
            state.send(false).unwrap();
            tokio::task::block_in_place(|| {
                server.kill();
                server.run_again();
            });
            state.send(true).unwrap();
        }
    };
    tokio::join!(writing, killing);

    let all = WRITERS * BATCHES * OPENED;
    let store = &stores[0];
    assert_eq!(store.list(&IncidentQuery::default()).await.unwrap().total, all);
    let steps = WRITERS * (BATCHES - 1);
    let told = server.ask(&address, "SELECT count(*), count(DISTINCT sequence) FROM outbox");
    assert_eq!(told, format!("{0}|{0}", all + steps));
    assert_eq!(server.ask(&address, "SELECT count(*) FROM changes"), (all + steps).to_string());
    assert_eq!(server.ask(&address, "SELECT count(*), max(version) FROM incidents"), format!("{all}|2"));
    assert_eq!(server.ask(&address, "SELECT count(*) FROM incident_texts"), all.to_string());
    let tally = server.ask(&address, "SELECT sum(n) FROM tally");
    assert_eq!(tally, all.to_string());
    for writer in 0..WRITERS {
        assert_eq!(store.checkpoint("incidents", u32::try_from(writer).unwrap()).await.unwrap(), BATCHES);
    }
    store.write(IncidentBatch::default()).await.unwrap();
}
