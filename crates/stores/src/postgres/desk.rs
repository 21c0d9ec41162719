//! Accounts, sessions, tokens, replies and the audit trail.

use jiff::Timestamp;
use otklik_domain::AgencyId;
use otklik_ports::{Account, AuditEntry, ErrorKind, IdempotentReply, Session as SignedIn, Token};

use super::{
    columns::{Columns, Kind, Micros, Rows, Text, insert},
    connections::Session,
    failure::{Result, refused},
};
use crate::sql::{Record, bounded};

const AUDIT: &Columns = &[
    ("at", Kind::Time),
    ("actor", Kind::Text),
    ("action", Kind::Text),
    ("subject", Kind::Text),
    ("details", Kind::Text),
];

/// Accounts by login, or the one of a login.
pub(super) async fn accounts(session: &Session, login: Option<&str>) -> Result<Vec<Account>> {
    let of = |rest: &str| format!("SELECT {} FROM accounts {rest}", Account::COLUMNS);
    match login {
        Some(login) => session.all(&of("WHERE login = $1"), &[&Text(login)]).await,
        None => session.all(&of("ORDER BY login"), &[]).await,
    }
}

/// Adds an account or puts it in the place of the same login.
pub(super) async fn put_account(session: &Session, account: &Account) -> Result<()> {
    let Account { login, name, role, agency, password_hash, active } = account;
    let sql = "INSERT INTO accounts VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (login) DO UPDATE SET
               name = excluded.name, role = excluded.role, agency = excluded.agency,
               password_hash = excluded.password_hash, active = excluded.active";
    let agency = agency.as_ref().map(AgencyId::as_str).map(Text);
    session.execute(sql, &[&Text(login), &Text(name), &role.as_str(), &agency, &Text(password_hash), active]).await?;
    Ok(())
}

/// Adds a session or puts it in the place of the same hash; drops those that have ended.
pub(super) async fn put_session(session: &Session, signed_in: &SignedIn, now: Timestamp) -> Result<()> {
    session.execute("DELETE FROM sessions WHERE expires_at <= $1", &[&Micros::from(now)]).await?;
    let SignedIn { hash, login, expires_at } = signed_in;
    let sql = "INSERT INTO sessions VALUES ($1, $2, $3)
               ON CONFLICT (hash) DO UPDATE SET login = excluded.login, expires_at = excluded.expires_at";
    session.execute(sql, &[&Text(hash), &Text(login), &Micros::from(*expires_at)]).await?;
    Ok(())
}

/// A session that has not ended.
pub(super) async fn session(session: &Session, hash: &str, now: Timestamp) -> Result<Option<SignedIn>> {
    let sql = format!("SELECT {} FROM sessions WHERE hash = $1 AND expires_at > $2", SignedIn::COLUMNS);
    Ok(session.all(&sql, &[&Text(hash), &Micros::from(now)]).await?.pop())
}

/// Ends a session.
pub(super) async fn delete_session(session: &Session, hash: &str) -> Result<()> {
    session.execute("DELETE FROM sessions WHERE hash = $1", &[&Text(hash)]).await?;
    Ok(())
}

/// Tokens by name, or the one of a hash.
pub(super) async fn tokens(session: &Session, hash: Option<&str>) -> Result<Vec<Token>> {
    let of = |rest: &str| format!("SELECT {} FROM tokens {rest}", Token::COLUMNS);
    match hash {
        Some(hash) => session.all(&of("WHERE hash = $1"), &[&Text(hash)]).await,
        None => session.all(&of("ORDER BY name"), &[]).await,
    }
}

/// Adds a token.
pub(super) async fn add_token(session: &Session, token: &Token) -> Result<()> {
    let Token { name, hash, role, agency, created_at, expires_at, revoked } = token;
    let agency = agency.as_ref().map(AgencyId::as_str).map(Text);
    let (created_at, expires_at) = (Micros::from(*created_at), expires_at.map(Micros::from));
    let sql = "INSERT INTO tokens VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING";
    if session
        .execute(sql, &[&Text(name), &Text(hash), &role.as_str(), &agency, &created_at, &expires_at, revoked])
        .await?
        == 0
    {
        return Err(refused(ErrorKind::Conflict, format!("there is a token named {name} already")));
    }
    Ok(())
}

/// Takes a token back; says whether there was one.
pub(super) async fn revoke_token(session: &Session, name: &str) -> Result<bool> {
    Ok(session.execute("UPDATE tokens SET revoked = TRUE WHERE name = $1", &[&Text(name)]).await? > 0)
}

/// The reply kept for an idempotency key.
pub(super) async fn reply(session: &Session, key: &str) -> Result<Option<IdempotentReply>> {
    let sql = format!("SELECT {} FROM replies WHERE key = $1", IdempotentReply::COLUMNS);
    Ok(session.all(&sql, &[&Text(key)]).await?.pop())
}

/// Adds lines to the audit trail.
pub(super) async fn audit(session: &Session, entries: &[AuditEntry]) -> Result<()> {
    let mut rows = Rows::of_columns(AUDIT);
    for AuditEntry { at, actor, action, subject, details } in entries {
        rows.push([(*at).into(), actor.into(), action.into(), subject.into(), details.into()])?;
    }
    if !rows.is_empty() {
        session.execute(&insert("audit", AUDIT, ""), &rows.values()).await?;
    }
    Ok(())
}

/// The audit trail, the latest first.
pub(super) async fn audit_trail(session: &Session, subject: Option<&str>, limit: usize) -> Result<Vec<AuditEntry>> {
    let limit = bounded(limit as u64);
    let of = |rest: &str| format!("SELECT {} FROM audit {rest}", AuditEntry::COLUMNS);
    match subject {
        Some(subject) => {
            let sql = of("WHERE subject = $1 ORDER BY entry DESC LIMIT $2");
            session.all(&sql, &[&Text(subject), &limit]).await
        }
        None => session.all(&of("ORDER BY entry DESC LIMIT $1"), &[&limit]).await,
    }
}
