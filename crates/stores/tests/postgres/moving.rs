//! Moving from SQLite: all of it arrives, in one transaction, or nothing does.

use std::path::Path;

use jiff::Timestamp;
use otklik_domain::{
    Action, Actor, Agency, AgencyTree, Answer, AnswerKind, Clock, ClockKind, GeoPoint, Incident, Role, Submission,
    apply,
};
use otklik_ports::{
    Account, AuditEntry, Delivery, DeliveryResult, ErrorKind, IdempotentReply, IncidentBatch, IncidentFilter,
    IncidentOrder, IncidentQuery, Incidents, Refresh, Session, Step, Token, Webhook,
};
use otklik_stores::sqlite::{SqliteConfig, SqliteIncidents};

use crate::{
    open,
    sample::{at, batch, id, new, note},
    server::Server,
};

async fn sqlite(path: &Path) -> SqliteIncidents {
    SqliteIncidents::open(SqliteConfig::new(path)).await.unwrap()
}

/// An action that a body of the tree does.
fn step(incident: &Incident, action: Action, second: i64) -> Step {
    let body = Agency { id: "town".into(), name: "Город".to_owned(), parent: None, municipality: None };
    let answer = if let Action::Answer(answer) = &action { Some(answer.clone()) } else { None };
    let submission = Submission { action, actor: Actor::system(), at: at(second), expected_version: None };
    let (incident, change) = apply(incident, &submission, &AgencyTree::new([body]).unwrap()).unwrap();
    Step { incident, change: Some(change), answer }
}

/// Something in every table, and what is not there in every column that allows it.
async fn fill(store: &SqliteIncidents) {
    let mut opening = batch(0..2_500, 3, 77);
    opening.opened[1].incident.title = "Яма\0 с NUL и 'кавычкой' \\ %".to_owned();
    opening.opened[2].incident.point = GeoPoint::new(56.852_6, 53.211_4);
    store.write(opening).await.unwrap();
    store.trim_outbox(2_000, Timestamp::MAX).await.unwrap();
    let routed = step(&new(0).incident, Action::Route { agency: "town".into(), why: vec![] }, 10);
    let accepted = step(&routed.incident, Action::Accept, 20);
    let words = Answer { kind: AnswerKind::Final, text: "Заделали".to_owned(), url: None };
    let answered = step(&accepted.incident, Action::Answer(words), 30);
    let rated = step(&answered.incident, Action::Rate { score: 4 }, 40);
    let mut clocked = new(3).incident;
    clocked.clocks = vec![Clock {
        kind: ClockKind::FirstAnswer,
        started_at: at(0),
        due_at: Some(at(100)),
        stopped_at: None,
        warn_at: None,
        warnings: 1,
        breached: true,
    }];
    let steps = vec![routed, accepted, answered, rated, Step { incident: clocked, change: None, answer: None }];
    let refreshed = vec![Refresh { id: id(4), posts: 9, authors: 8, risk: 0.1 }];
    let joined = vec![("ev-joined".into(), id(4))];
    let reply = IdempotentReply {
        key: "desk:1".to_owned(),
        request: "0f".repeat(32),
        status: 201,
        body: "{}".to_owned(),
        at: at(5),
    };
    let all = IncidentBatch { steps, refreshed, joined, reply: Some(reply), ..IncidentBatch::default() };
    store.write(all).await.unwrap();
    let webhook = Webhook {
        id: "w".to_owned(),
        url: "https://example.org/".to_owned(),
        agency: None,
        actions: vec!["route".to_owned()],
        secret: "s3cret".to_owned(),
        active: true,
        delivered_to: 2_100,
    };
    store.put_webhook(webhook).await.unwrap();
    let result = DeliveryResult::HttpError { status: 503 };
    let delivery = Delivery { webhook: "w".to_owned(), sequence: 2_101, attempt: 1, at: at(6), result };
    store.note_delivery(delivery, None).await.unwrap();
    let account = Account {
        login: "anna".to_owned(),
        name: "Анна".to_owned(),
        role: Role::Admin,
        agency: None,
        password_hash: "$argon2id$…".to_owned(),
        active: true,
    };
    store.put_account(account).await.unwrap();
    let session = Session { hash: "h".to_owned(), login: "anna".to_owned(), expires_at: at(9_000) };
    store.put_session(session, at(0)).await.unwrap();
    let token = Token {
        name: "crm".to_owned(),
        hash: "th".to_owned(),
        role: Role::Agency,
        agency: Some("town".into()),
        created_at: at(0),
        expires_at: Some(at(9_000)),
        revoked: false,
    };
    store.add_token(token).await.unwrap();
    let entry = AuditEntry {
        at: at(1),
        actor: "anna".to_owned(),
        action: "sign_in".to_owned(),
        subject: String::new(),
        details: String::new(),
    };
    store.audit(vec![entry.clone(), AuditEntry { subject: "inc-000000".to_owned(), ..entry }]).await.unwrap();
}

/// All that the port can say of a store.
async fn told(store: &dyn Incidents) -> Vec<String> {
    let mut told = Vec::new();
    let orders = [IncidentOrder::Urgency, IncidentOrder::Due, IncidentOrder::Opened, IncidentOrder::Updated];
    for order in orders {
        for offset in [0, 500, 2_000] {
            let query = IncidentQuery { filter: IncidentFilter::default(), order, limit: 500, offset };
            told.push(format!("{:?}", store.list(&query).await.unwrap()));
        }
    }
    for number in 0..6 {
        told.push(format!("{:?}", store.history(&id(number)).await.unwrap()));
        told.push(format!("{:?}", store.answers(&id(number)).await.unwrap()));
        told.push(format!("{:?}", store.events_of(&id(number)).await.unwrap()));
    }
    told.push(format!("{:?}", store.board(&IncidentFilter::default(), at(50)).await.unwrap()));
    told.push(format!("{:?}", store.due(at(500), 100).await.unwrap()));
    told.push(format!("{:?}", store.outbox(0, 10_000).await.unwrap()));
    told.push(format!("{:?} {:?}", store.webhooks().await.unwrap(), store.deliveries("w", 10).await.unwrap()));
    told.push(format!("{:?} {:?}", store.accounts().await.unwrap(), store.session("h", at(10)).await.unwrap()));
    told.push(format!("{:?} {:?}", store.tokens().await.unwrap(), store.reply("desk:1").await.unwrap()));
    told.push(format!("{:?}", store.audit_trail(None, 100).await.unwrap()));
    told.push(format!("{}", store.checkpoint("incidents", 3).await.unwrap()));
    told
}

#[tokio::test]
async fn everything_arrives() {
    let Some(server) = Server::start("moving from SQLite to PostgreSQL") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("incidents.sqlite");
    let source = sqlite(&path).await;
    fill(&source).await;
    let address = server.database();
    let target = open(&address).await;
    let copied = target.copy_from_sqlite(&path).await.unwrap();
    let rows: Vec<(&str, u64)> = copied.iter().map(|table| (table.table, table.rows)).collect();
    assert_eq!(rows[0], ("incidents", 2_500));
    assert_eq!(rows.len(), 15);
    assert!(rows.iter().all(|(_, rows)| *rows > 0), "every table was tried: {rows:?}");
    // A character stands in the place of the one PostgreSQL does not keep.
    let nul = |said: Vec<String>| said.into_iter().map(|said| said.replace("\\0", "\u{fffd}")).collect::<Vec<_>>();
    for (stored, expected) in told(&target).await.into_iter().zip(nul(told(&source).await)) {
        assert_eq!(stored, expected);
    }

    // Life goes on behind what was copied.
    let last = source.outbox(0, 10_000).await.unwrap().last().unwrap().sequence;
    let incident = target.get(&id(0)).await.unwrap().unwrap();
    let steps = vec![note(&incident, "дальше")];
    target.write(IncidentBatch { steps, ..batch([9_000], 3, 78) }).await.unwrap();
    let next: Vec<u64> = target.outbox(last, 10).await.unwrap().iter().map(|entry| entry.sequence).collect();
    assert_eq!(next, [last + 1, last + 2]);
    assert_eq!(target.list(&IncidentQuery::default()).await.unwrap().total, 2_501);

    let again = target.copy_from_sqlite(&path).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Rejected);
    assert!(again.message.contains("table incidents has rows already"), "{again}");
}

#[tokio::test]
async fn numbers_go_on_after_an_emptied_outbox() {
    let Some(server) = Server::start("moving from SQLite to PostgreSQL") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("incidents.sqlite");
    let source = sqlite(&path).await;
    source.write(batch(0..5, 0, 5)).await.unwrap();
    source.trim_outbox(5, Timestamp::MAX).await.unwrap();
    let target = open(&server.database()).await;
    target.copy_from_sqlite(&path).await.unwrap();
    target.write(batch([6], 0, 6)).await.unwrap();
    assert_eq!(target.outbox(0, 10).await.unwrap()[0].sequence, 6);
}

#[tokio::test]
async fn nothing_arrives_when_something_is_wrong() {
    let Some(server) = Server::start("moving from SQLite to PostgreSQL") else { return };
    let folder = tempfile::tempdir().unwrap();
    let address = server.database();
    let target = open(&address).await;
    let missing = target.copy_from_sqlite(&folder.path().join("nothing")).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
    assert!(!folder.path().join("nothing").exists());

    let path = folder.path().join("incidents.sqlite");
    drop(sqlite(&path).await);
    // A file with a row that the target cannot take, after good ones.
    let source = sqlite(&path).await;
    source.write(batch(0..1_500, 0, 1)).await.unwrap();
    drop(source);
    server.ask(&address, "ALTER TABLE incidents ADD CHECK (n < 1200)");
    let refused = target.copy_from_sqlite(&path).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Rejected, "{refused}");
    assert_eq!(server.ask(&address, "SELECT count(*) FROM incidents"), "0");
}
