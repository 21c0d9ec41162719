//! What was read of a mailbox goes into the log together with how far that is.

use std::sync::Arc;

use jiff::SignedDuration;
use otklik_pipeline::Gate;
use otklik_ports::{
    Clock, Log, Polled, Topic,
    memory::{MemoryLog, MemorySnapshots},
};
use otklik_sources::mail::mailbox::{MailError, MailboxConfig};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{clocks::ReplayClock, coverage::CoverageBoard};

fn engines(log: &Arc<dyn Log>) -> CrawlEngines {
    let clock: Arc<dyn Clock> = Arc::new(ReplayClock::new());
    CrawlEngines {
        log: Arc::clone(log),
        snapshots: Arc::new(MemorySnapshots::default()),
        gate: Gate::new(Arc::clone(log), Arc::clone(&clock), "0123456789abcdef0123456789abcdef".into()),
        clock,
        stop: CancellationToken::new(),
        board: CoverageBoard::default(),
    }
}

fn reader() -> Reader {
    let config = MailboxConfig {
        host: "127.0.0.1".to_owned(),
        port: 1,
        plain: true,
        folder: "INBOX".to_owned(),
        user: "cur".to_owned(),
        password: "secret".into(),
        backfill: SignedDuration::from_hours(1),
    };
    Reader { name: "cur".to_owned(), region: "demo".to_owned(), mailbox: Mailbox::new(config, None).unwrap() }
}

fn post(id: &str) -> otklik_wire::Post {
    serde_json::from_value(serde_json::json!({
        "id": id, "text": "Нет воды, звоните 8 912 345-67-89", "published_at": "2026-03-03T10:00:00+03:00", "network": "email",
    }))
    .unwrap()
}

#[tokio::test]
async fn posts_and_position_move_together() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new(1));
    let (engines, reader) = (engines(&log), reader());
    let known = Position { validity: 7, uid: 3 };
    let read = Read {
        posts: vec![post("email:1"), post("email:2")],
        position: Some(Position { validity: 7, uid: 5 }),
        trouble: Some(MailError::TimedOut),
        ..Read::default()
    };
    let (more, trouble) = reader.take(&engines, "mailbox:cur".to_owned(), Some(known), read).await.unwrap();
    assert!(!more && trouble);
    assert_eq!(log.cursor("mailbox:cur").await.unwrap().as_deref(), Some("{\"validity\":7,\"uid\":5}"));

    let mut consumer = log.consumer("test", Topic::Posts).await.unwrap();
    let mut stored = String::new();
    for _ in 0..64 {
        match consumer.poll(10, Duration::ZERO).await.unwrap() {
            Polled::Records { records, .. } => {
                stored.extend(records.into_iter().map(|record| String::from_utf8(record.payload).unwrap()));
            }
            Polled::Idle => break,
            _ => {}
        }
    }
    assert_eq!(stored.matches("\"region\":\"demo\"").count(), 2, "{stored}");
    assert!(!stored.contains("345-67-89"), "{stored}");
}

#[tokio::test]
async fn nothing_new_writes_nothing() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new(1));
    let known = Some(Position { validity: 7, uid: 3 });
    let read = Read { position: known, more: true, ..Read::default() };
    let took = reader().take(&engines(&log), "mailbox:cur".to_owned(), known, read).await.unwrap();
    assert_eq!((took, log.cursor("mailbox:cur").await.unwrap()), ((true, false), None));
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_an_error() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new(1));
    assert_eq!(reader().step(&engines(&log)).await.unwrap_err().to_string(), "cannot connect");
}

#[test]
fn a_mistake_names_section_and_field() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "secret\n").unwrap();
    let open_with = |more: &str| {
        let path = folder.path().join("otklik.toml");
        let section = "[[mailbox]]\nname = \"cur\"\nhost = \"127.0.0.1\"\nuser = \"cur\"\n";
        let password = if more.starts_with("password-file") { "" } else { "password-file = \"password\"\n" };
        let content = format!("data = \"d\"\nregions = [\"demo\"]\n{section}{password}{more}");
        std::fs::write(&path, content).unwrap();
        open(&Config::load(&path).unwrap(), &["demo"], None)
            .map(|readers| readers.len())
            .map_err(|error| format!("{error:#}"))
    };
    assert_eq!(open_with("plain = true"), Ok(1));
    let check = |more: &str, expected: &str| {
        let error = open_with(more).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    };
    check("region = \"mars\"", "mailbox 1: region: \"mars\" is not served here");
    check("password-file = \"none\"", "mailbox 1: password-file: cannot read ");
    check("folder = \"Входящие\"", "mailbox 1: user, password and folder must be of visible ASCII");
    let again = "plain = true\n[[mailbox]]\nname = \"cur\"\nhost = \"b\"\nuser = \"u\"\npassword-file = \"password\"";
    check(again, "mailbox 2: name: \"cur\" is taken by another section");
}
