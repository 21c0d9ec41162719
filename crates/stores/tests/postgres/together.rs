//! Several processes on one database: here several stores, each with connections of its own.

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use otklik_domain::IncidentId;
use otklik_ports::{ErrorKind, IncidentBatch, IncidentQuery, Incidents};
use tokio::sync::broadcast;

use crate::{
    config, open,
    sample::{batch, id, note},
    server::Server,
};
use otklik_stores::postgres::PostgresIncidents;

const PATIENCE: Duration = Duration::from_secs(30);

async fn next(changes: &mut broadcast::Receiver<IncidentId>) -> IncidentId {
    tokio::time::timeout(PATIENCE, changes.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn processes_that_begin_together_migrate_once() {
    let Some(server) = Server::start("several processes on PostgreSQL") else { return };
    let address = server.database();
    let config = config(&address);
    let stores = join_all((0..6).map(|_| PostgresIncidents::open(&config))).await;
    let stores: Vec<_> = stores.into_iter().map(Result::unwrap).collect();
    assert_eq!(server.ask(&address, "SELECT count(*), max(version) FROM migrations"), "9|9");
    stores[0].write(batch([1], 0, 1)).await.unwrap();
    assert!(stores[5].get(&id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn of_two_writers_of_an_incident_one_wins() {
    let Some(server) = Server::start("several processes on PostgreSQL") else { return };
    let address = server.database();
    let stores = [open(&address).await, open(&address).await];
    stores[0].write(batch([1], 0, 1)).await.unwrap();
    for round in 1..=20 {
        let incident = stores[0].get(&id(1)).await.unwrap().unwrap();
        let write = async |store: &PostgresIncidents, who: &str| {
            let steps = vec![note(&incident, who)];
            store.write(IncidentBatch { steps, ..IncidentBatch::default() }).await
        };
        let (one, other) = tokio::join!(write(&stores[0], "один"), write(&stores[1], "другой"));
        assert!(one.is_ok() != other.is_ok(), "round {round}: {one:?}, {other:?}");
        assert_eq!(one.err().or(other.err()).unwrap().kind, ErrorKind::Conflict);
    }
    assert_eq!(stores[1].get(&id(1)).await.unwrap().unwrap().version, 21);
    assert_eq!(stores[1].history(&id(1)).await.unwrap().len(), 21);
}

#[tokio::test]
async fn incidents_opened_twice_are_there_once() {
    let Some(server) = Server::start("several processes on PostgreSQL") else { return };
    let address = server.database();
    let stores = [open(&address).await, open(&address).await];
    // One forwards, one backwards: neither may come to wait for the other crosswise.
    for first in (0..3_000).step_by(300) {
        let ids = first..first + 300;
        let (one, other) = tokio::join!(
            stores[0].write(batch(ids.clone(), 0, ids.end)),
            stores[1].write(batch(ids.clone().rev(), 1, ids.end))
        );
        one.unwrap();
        other.unwrap();
    }
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(server.ask(&address, deadlocks), "0");
    assert_eq!(stores[0].list(&IncidentQuery::default()).await.unwrap().total, 3_000);
    let told = stores[0].outbox(0, 10_000).await.unwrap();
    let ids: BTreeSet<_> = told.iter().map(|entry| entry.incident.id.clone()).collect();
    assert_eq!((told.len(), ids.len()), (3_000, 3_000));
}

#[tokio::test]
async fn a_reader_of_the_outbox_misses_nothing() {
    const WRITERS: u64 = 4;
    const BATCHES: u64 = 40;
    let Some(server) = Server::start("several processes on PostgreSQL") else { return };
    let address = server.database();
    let stores = join_all((0..WRITERS).map(|_| open(&address))).await;
    let writing = join_all(stores.iter().zip(0..).map(|(store, writer)| async move {
        for number in 0..BATCHES {
            let first = (writer * BATCHES + number) * 5;
            store.write(batch(first..first + 5, u32::try_from(writer).unwrap(), number + 1)).await.unwrap();
        }
    }));
    let reader = open(&address).await;
    let reading = async {
        let (mut after, mut read) = (0, Vec::new());
        while read.len() < usize::try_from(WRITERS * BATCHES * 5).unwrap() {
            for entry in reader.outbox(after, 7).await.unwrap() {
                after = entry.sequence;
                read.push(entry.incident.id);
            }
        }
        read
    };
    // A reader that had passed an entry not committed yet would wait for it for ever.
    let (_, read) = tokio::time::timeout(2 * PATIENCE, async { tokio::join!(writing, reading) }).await.unwrap();
    assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), read.len(), "each once");
}

#[tokio::test]
async fn each_process_hears_of_the_changes_of_all() {
    let Some(server) = Server::start("several processes on PostgreSQL") else { return };
    let address = server.database();
    let stores = [open(&address).await, open(&address).await];
    let mut heard = stores[1].changes();
    // The other begins to listen some time after it was opened: what it is told shows when.
    let mut number = 0;
    loop {
        number += 1;
        stores[0].write(batch([number], 0, number)).await.unwrap();
        let told = tokio::time::timeout(Duration::from_millis(200), heard.recv()).await;
        if told.is_ok() {
            break;
        }
        assert!(number < 100, "nothing is heard");
    }
    let many: Vec<u64> = (1_000..1_700).collect();
    stores[0].write(batch(many.clone(), 0, 9)).await.unwrap();
    stores[1].write(batch([5_000], 1, 1)).await.unwrap();
    let mut ids = BTreeSet::new();
    let expected: BTreeSet<IncidentId> = many.iter().map(|number| id(*number)).chain([id(5_000)]).collect();
    while !expected.is_subset(&ids) {
        assert!(ids.insert(next(&mut heard).await), "told twice");
    }
    // A connection lost and made again: what was missed is told.
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%outbox%' AND pid <> pg_backend_pid()";
    assert_ne!(server.ask(&address, sql), "0");
    loop {
        match stores[0].write(batch([6_000], 0, 10)).await {
            Ok(()) => break,
            Err(error) => assert_eq!(error.kind, ErrorKind::Unavailable, "{error}"),
        }
    }
    while next(&mut heard).await != id(6_000) {}
}

#[tokio::test]
async fn a_lock_is_held_by_one_process() {
    let Some(server) = Server::start("several processes on PostgreSQL") else { return };
    let address = server.database();
    let stores = [open(&address).await, open(&address).await];
    let held = stores[0].try_lock("sla").await.unwrap();
    assert!(held.is_some());
    assert!(stores[1].try_lock("sla").await.unwrap().is_none(), "the other process has it");
    assert!(stores[1].try_lock("outbox").await.unwrap().is_some());
    drop(held);
    let again = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(held) = stores[1].try_lock("sla").await.unwrap() {
                return held;
            }
        }
    });
    let again = again.await.unwrap();
    assert!(stores[0].try_lock("sla").await.unwrap().is_none());
    // A process that ends without a word gives its locks back.
    std::mem::forget(again);
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'";
    assert_eq!(server.ask(&address, sql), "1");
    let taken = tokio::time::timeout(PATIENCE, async {
        loop {
            if stores[0].try_lock("sla").await.unwrap().is_some() {
                return;
            }
        }
    });
    taken.await.unwrap();
}

#[tokio::test]
async fn batches_that_meet_come_through() {
    let Some(server) = Server::start("several processes on PostgreSQL") else { return };
    let address = server.database();
    let stores = [open(&address).await, open(&address).await, open(&address).await];
    stores[0].write(batch(0..50, 0, 50)).await.unwrap();
    // Each notes every incident as often as it takes until all notes are there.
    let notes = join_all(stores.iter().zip(["а", "б", "в"]).map(|(store, who)| async move {
        let mut left: BTreeSet<u64> = (0..50).collect();
        while let Some(first) = left.first().copied() {
            let some: Vec<u64> = left.iter().copied().filter(|number| number % 7 == first % 7).collect();
            let mut steps = Vec::new();
            for number in some.iter().rev() {
                steps.push(note(&store.get(&id(*number)).await.unwrap().unwrap(), who));
            }
            match store.write(IncidentBatch { steps, ..IncidentBatch::default() }).await {
                Ok(()) => left.retain(|number| !some.contains(number)),
                Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error}"),
            }
        }
    }));
    tokio::time::timeout(2 * PATIENCE, notes).await.unwrap();
    for number in 0..50 {
        let history = stores[0].history(&id(number)).await.unwrap();
        let mut notes: Vec<_> = history.iter().skip(1).map(|change| change.note.as_str()).collect();
        notes.sort_unstable();
        assert_eq!(notes, ["а", "б", "в"]);
    }
    let states = server.ask(&address, "SELECT sum(n), min(n) >= 0 FROM tally");
    assert_eq!(states, "50|t");
}
