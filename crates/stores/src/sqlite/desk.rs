//! Accounts, sessions, tokens, replies and the audit trail.

use jiff::Timestamp;
use otklik_domain::AgencyId;
use otklik_ports::{Account, AuditEntry, ErrorKind, IdempotentReply, Session, Token};
use rusqlite::{Connection, params};

use super::{
    failure::{Result, refused},
    rows::all,
};
use crate::sql::{Record, bounded};

/// Accounts by login, or the one of a login.
pub(super) fn accounts(connection: &Connection, login: Option<&str>) -> Result<Vec<Account>> {
    let of = |rest: &str| format!("SELECT {} FROM accounts {rest}", Account::COLUMNS);
    match login {
        Some(login) => all(connection, &of("WHERE login = ?"), [login]),
        None => all(connection, &of("ORDER BY login"), []),
    }
}

/// Tokens by name, or the one of a hash.
pub(super) fn tokens(connection: &Connection, hash: Option<&str>) -> Result<Vec<Token>> {
    let of = |rest: &str| format!("SELECT {} FROM tokens {rest}", Token::COLUMNS);
    match hash {
        Some(hash) => all(connection, &of("WHERE hash = ?"), [hash]),
        None => all(connection, &of("ORDER BY name"), []),
    }
}

/// Adds an account or puts it in the place of the same login.
pub(super) fn put_account(connection: &Connection, account: &Account) -> Result<()> {
    let Account { login, name, role, agency, password_hash, active } = account;
    let agency = agency.as_ref().map(AgencyId::as_str);
    let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO accounts VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    statement.execute(params![login, name, role.as_str(), agency, password_hash, active])?;
    Ok(())
}

/// Adds a session or puts it in the place of the same hash; drops those that have ended.
pub(super) fn put_session(connection: &Connection, session: &Session, now: Timestamp) -> Result<()> {
    connection.prepare_cached("DELETE FROM sessions WHERE expires_at <= ?")?.execute([now.as_microsecond()])?;
    let Session { hash, login, expires_at } = session;
    let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO sessions VALUES (?1, ?2, ?3)")?;
    statement.execute(params![hash, login, expires_at.as_microsecond()])?;
    Ok(())
}

/// A session that has not ended.
pub(super) fn session(connection: &Connection, hash: &str, now: Timestamp) -> Result<Option<Session>> {
    let sql = format!("SELECT {} FROM sessions WHERE hash = ? AND expires_at > ?", Session::COLUMNS);
    Ok(all(connection, &sql, (hash, now.as_microsecond()))?.pop())
}

/// Ends a session.
pub(super) fn delete_session(connection: &Connection, hash: &str) -> Result<()> {
    connection.prepare_cached("DELETE FROM sessions WHERE hash = ?")?.execute([hash])?;
    Ok(())
}

/// Adds a token.
pub(super) fn add_token(connection: &Connection, token: &Token) -> Result<()> {
    let Token { name, hash, role, agency, created_at, expires_at, revoked } = token;
    let agency = agency.as_ref().map(AgencyId::as_str);
    let (created_at, expires_at) = (created_at.as_microsecond(), expires_at.map(Timestamp::as_microsecond));
    let mut statement = connection
        .prepare_cached("INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO NOTHING")?;
    if statement.execute(params![name, hash, role.as_str(), agency, created_at, expires_at, revoked])? == 0 {
        return Err(refused(ErrorKind::Conflict, format!("there is a token named {name} already")));
    }
    Ok(())
}

/// Takes a token back; says whether there was one.
pub(super) fn revoke_token(connection: &Connection, name: &str) -> Result<bool> {
    Ok(connection.prepare_cached("UPDATE tokens SET revoked = 1 WHERE name = ?")?.execute([name])? > 0)
}

/// The reply kept for an idempotency key.
pub(super) fn reply(connection: &Connection, key: &str) -> Result<Option<IdempotentReply>> {
    let sql = format!("SELECT {} FROM replies WHERE key = ?", IdempotentReply::COLUMNS);
    Ok(all(connection, &sql, [key])?.pop())
}

/// The audit trail, the latest first.
pub(super) fn audit_trail(connection: &Connection, subject: Option<&str>, limit: usize) -> Result<Vec<AuditEntry>> {
    let limit = bounded(limit as u64);
    let of =
        |condition: &str| format!("SELECT {} FROM audit {condition} ORDER BY entry DESC LIMIT ?", AuditEntry::COLUMNS);
    match subject {
        Some(subject) => all(connection, &of("WHERE subject = ?"), (subject, limit)),
        None => all(connection, &of(""), [limit]),
    }
}
