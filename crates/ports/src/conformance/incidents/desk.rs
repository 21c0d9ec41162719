//! What the desk and the API keep: accounts, sessions, tokens, replies, the audit trail, locks.

use otklik_domain::Role;

use super::at;
use crate::{
    Account, AuditEntry, ErrorKind, IdempotentReply, IncidentBatch, Incidents, REPLIES_KEPT_DAYS, Session, Token,
};

pub(super) async fn accounts(store: &impl Incidents) {
    let account = |login: &str, role, agency: Option<&str>| Account {
        login: login.to_owned(),
        name: "Анна Ивановна".to_owned(),
        role,
        agency: agency.map(Into::into),
        password_hash: "$argon2id$…".to_owned(),
        active: true,
    };
    assert_eq!(store.account("anna").await.unwrap(), None);
    store.put_account(account("boris", Role::Agency, Some("town"))).await.unwrap();
    store.put_account(account("anna", Role::Operator, None)).await.unwrap();
    let off = Account { active: false, ..account("boris", Role::Agency, Some("water")) };
    store.put_account(off.clone()).await.unwrap();
    assert_eq!(store.account("boris").await.unwrap(), Some(off.clone()));
    assert_eq!(store.accounts().await.unwrap(), [account("anna", Role::Operator, None), off], "by login");
}

pub(super) async fn sessions(store: &impl Incidents) {
    let session = |hash: &str, ends| Session { hash: hash.to_owned(), login: "anna".to_owned(), expires_at: at(ends) };
    store.put_session(session("a", 10), at(0)).await.unwrap();
    store.put_session(session("b", 30), at(5)).await.unwrap();
    assert_eq!(store.session("a", at(9)).await.unwrap(), Some(session("a", 10)));
    assert_eq!(store.session("a", at(10)).await.unwrap(), None, "it has ended");
    assert_eq!(store.session("c", at(0)).await.unwrap(), None);
    store.put_session(session("c", 40), at(20)).await.unwrap();
    assert_eq!(store.session("a", at(9)).await.unwrap(), None, "the ended one was dropped");
    assert_eq!(store.session("b", at(20)).await.unwrap(), Some(session("b", 30)));
    store.put_session(session("b", 50), at(20)).await.unwrap();
    assert_eq!(store.session("b", at(45)).await.unwrap(), Some(session("b", 50)), "prolonged");
    store.delete_session("b").await.unwrap();
    store.delete_session("b").await.unwrap();
    assert_eq!(store.session("b", at(20)).await.unwrap(), None);
}

pub(super) async fn tokens(store: &impl Incidents) {
    let token = |name: &str, hash: &str| Token {
        name: name.to_owned(),
        hash: hash.to_owned(),
        role: Role::Source,
        agency: None,
        created_at: at(0),
        expires_at: None,
        revoked: false,
    };
    let limited =
        Token { role: Role::Agency, agency: Some("town".into()), expires_at: Some(at(9)), ..token("form", "h2") };
    store.add_token(limited.clone()).await.unwrap();
    store.add_token(token("crm", "h1")).await.unwrap();
    assert_eq!(store.token("h2").await.unwrap(), Some(limited.clone()));
    assert_eq!(store.token("h3").await.unwrap(), None);
    assert_eq!(store.tokens().await.unwrap(), [token("crm", "h1"), limited], "by name");
    assert_eq!(store.add_token(token("crm", "h4")).await.unwrap_err().kind, ErrorKind::Conflict);
    assert_eq!(store.token("h4").await.unwrap(), None);
    assert!(store.revoke_token("crm").await.unwrap());
    assert!(!store.revoke_token("nobody").await.unwrap());
    assert!(store.token("h1").await.unwrap().unwrap().revoked);
    assert_eq!(store.add_token(token("crm", "h5")).await.unwrap_err().kind, ErrorKind::Conflict, "taken for ever");
}

pub(super) async fn idempotent_replies(store: &impl Incidents) {
    const DAY_MINUTES: i64 = 24 * 60;
    let write = async |reply: IdempotentReply| {
        store.write(IncidentBatch { reply: Some(reply), ..IncidentBatch::default() }).await
    };
    assert_eq!(store.reply("desk:1").await.unwrap(), None);
    write(reply("desk:1", 1)).await.unwrap();
    write(reply("desk:2", 2)).await.unwrap();
    assert_eq!(store.reply("desk:1").await.unwrap(), Some(reply("desk:1", 1)));
    let taken = write(IdempotentReply { request: "ff".to_owned(), ..reply("desk:1", 3) }).await.unwrap_err();
    assert_eq!(taken.kind, ErrorKind::Conflict);
    assert_eq!(store.reply("desk:1").await.unwrap(), Some(reply("desk:1", 1)), "the first reply stays");

    let kept = i64::from(REPLIES_KEPT_DAYS) * DAY_MINUTES;
    write(reply("desk:3", kept)).await.unwrap();
    assert!(store.reply("desk:1").await.unwrap().is_some() && store.reply("desk:2").await.unwrap().is_some());
}

pub(super) fn reply(key: &str, minute: i64) -> IdempotentReply {
    IdempotentReply {
        key: key.to_owned(),
        request: "0f".repeat(32),
        status: 201,
        body: "{\"id\":\"inc-001\",\"place\":\"Ижевск\"}".to_owned(),
        at: at(minute),
    }
}

pub(super) async fn audit_trail(store: &impl Incidents) {
    store.audit(vec![audit_entry(1, "inc-001"), audit_entry(2, "inc-002")]).await.unwrap();
    let audit = vec![audit_entry(3, "inc-001")];
    store.write(IncidentBatch { audit, ..IncidentBatch::default() }).await.unwrap();
    // The clock may go back: the trail is in the order of writing.
    store.audit(vec![audit_entry(0, "")]).await.unwrap();
    let minutes = async |subject: Option<&str>, limit| {
        let trail = store.audit_trail(subject, limit).await.unwrap();
        trail.iter().map(|entry| (entry.at.as_second() - at(0).as_second()) / 60).collect::<Vec<_>>()
    };
    assert_eq!(minutes(None, 10).await, [0, 3, 2, 1]);
    assert_eq!(minutes(None, 2).await, [0, 3]);
    assert_eq!(minutes(Some("inc-001"), 10).await, [3, 1]);
    assert_eq!(minutes(Some("inc-009"), 10).await, [0; 0]);
    assert_eq!(store.audit_trail(Some("inc-002"), 1).await.unwrap(), [audit_entry(2, "inc-002")]);
}

pub(super) fn audit_entry(minute: i64, subject: &str) -> AuditEntry {
    AuditEntry {
        at: at(minute),
        actor: "anna".to_owned(),
        action: "incident.route".to_owned(),
        subject: subject.to_owned(),
        details: "agency=town".to_owned(),
    }
}

pub(super) async fn locks(store: &impl Incidents) {
    let held = store.try_lock("sla").await.unwrap();
    assert!(held.is_some(), "nobody holds it");
    assert!(store.try_lock("sla").await.unwrap().is_none(), "it is held");
    let other = store.try_lock("webhooks").await.unwrap();
    assert!(other.is_some(), "another name is another lock");
    drop(held);
    let again = store.try_lock("sla").await.unwrap();
    assert!(again.is_some(), "it was given back");
    let odd = store.try_lock("webhook ../ж%").await.unwrap();
    assert!(odd.is_some(), "any name will do");
    assert!(store.try_lock("webhook ../ж%").await.unwrap().is_none(), "and is held like any other");
}
