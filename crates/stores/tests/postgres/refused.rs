//! What is refused, and what the messages say.

use std::time::Duration;

use otklik_ports::{ErrorKind, IncidentBatch, Incidents, PortResult};
use otklik_stores::postgres::{PostgresConfig, PostgresIncidents};

use crate::{config, open, sample::new, server::Server};

fn kind(opened: PortResult<PostgresIncidents>) -> (ErrorKind, String) {
    let error = opened.err().unwrap();
    let cause = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
    let message = format!("{error}: {cause}");
    (error.kind, message)
}

#[tokio::test]
async fn who_may_not_enter() {
    let Some(server) = Server::start("what PostgreSQL refuses") else { return };
    let address = server.database();
    let wrong = PostgresConfig { password: Some("s3cret".to_owned().into()), ..config(&address) };
    let (found, message) = kind(PostgresIncidents::open(&wrong).await);
    assert_eq!(found, ErrorKind::Unauthorized);
    assert!(message.contains("the incident database test0 on") && message.contains("28P01"), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
    let none = PostgresConfig { password: None, ..config(&address) };
    assert_eq!(kind(PostgresIncidents::open(&none).await).0, ErrorKind::Unauthorized);
    assert_eq!(kind(PostgresIncidents::open(&config(&server.address("nowhere"))).await).0, ErrorKind::Rejected);
    let gone = "postgresql:///x?user=o&host=/nowhere";
    assert_eq!(kind(PostgresIncidents::open(&config(gone)).await).0, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_newer_schema() {
    let Some(server) = Server::start("what PostgreSQL refuses") else { return };
    let address = server.database();
    drop(open(&address).await);
    server.ask(&address, "INSERT INTO migrations (version, name) VALUES (1000, 'of the future')");
    let (found, message) = kind(PostgresIncidents::open(&config(&address)).await);
    assert_eq!(found, ErrorKind::Rejected);
    assert!(message.contains("has schema 1000, this program knows 9 at most: use a newer otklik"), "{message}");
}

#[tokio::test]
async fn the_audit_trail_only_grows() {
    let Some(server) = Server::start("what PostgreSQL refuses") else { return };
    let address = server.database();
    drop(open(&address).await);
    for sql in ["DELETE FROM audit", "UPDATE audit SET actor = ''", "TRUNCATE audit"] {
        let refused = std::panic::catch_unwind(|| server.ask(&address, sql)).unwrap_err();
        assert!(refused.downcast::<String>().unwrap().contains("the audit trail only grows"), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long() {
    let Some(server) = Server::start("what PostgreSQL refuses") else { return };
    let address = server.database();
    drop(open(&address).await);
    let store = PostgresConfig { statement_within: Duration::from_millis(300), ..config(&address) };
    let store = PostgresIncidents::open(&store).await.unwrap();
    // Somebody holds the table for longer than a statement may take.
    let sql = "BEGIN; LOCK TABLE incidents; SELECT pg_sleep(3); COMMIT";
    let write = async {
        // The lock may not be held yet.
        loop {
            let opened = vec![new(1)];
            let written = store.write(IncidentBatch { opened, ..IncidentBatch::default() }).await;
            if let Err(error) = written {
                return error;
            }
        }
    };
    let (_, error) = std::thread::scope(|scope| {
        let held = scope.spawn(|| server.ask(&address, sql));
        let error = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(write));
        (held.join().unwrap(), error)
    });
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.source.unwrap().to_string().contains("57014"));
}

#[tokio::test]
async fn a_text_with_a_nul_is_kept_without_it() {
    let Some(server) = Server::start("what PostgreSQL refuses") else { return };
    let store = open(&server.database()).await;
    let mut odd = new(1);
    odd.incident.title = "Яма\0 на дороге".to_owned();
    store.write(IncidentBatch { opened: vec![odd.clone()], ..IncidentBatch::default() }).await.unwrap();
    let stored = store.get(&odd.incident.id).await.unwrap().unwrap();
    assert_eq!(stored.title, "Яма\u{fffd} на дороге");
    assert_eq!(store.get(&"inc\0".into()).await.unwrap(), None);
}
