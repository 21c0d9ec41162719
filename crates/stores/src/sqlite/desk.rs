//! Accounts, sessions, tokens, replies and the audit trail.

use jiff::Timestamp;
use otklik_domain::AgencyId;
use otklik_ports::{Account, AuditEntry, ErrorKind, IdempotentReply, Session, Token};
use rusqlite::{Connection, Params, Row, params};

use super::{
    failure::{Result, refused},
    rows::Fields,
};

const ACCOUNT: &str = "SELECT login, name, role, agency, password_hash, active FROM accounts";
const TOKEN: &str = "SELECT name, hash, role, agency, created_at, expires_at, revoked FROM tokens";
const AUDIT: &str = "SELECT at, actor, action, subject, details FROM audit";

/// Accounts by login, or the one of a login.
pub(super) fn accounts(connection: &Connection, login: Option<&str>) -> Result<Vec<Account>> {
    let read = |mut fields: Fields<'_>| {
        Ok(Account {
            login: fields.text()?,
            name: fields.text()?,
            role: fields.named("the role of an account")?,
            agency: fields.optional_text()?.map(AgencyId::new),
            password_hash: fields.text()?,
            active: fields.get()?,
        })
    };
    match login {
        Some(login) => all(connection, &format!("{ACCOUNT} WHERE login = ?"), [login], read),
        None => all(connection, &format!("{ACCOUNT} ORDER BY login"), [], read),
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
    let sql = "SELECT hash, login, expires_at FROM sessions WHERE hash = ? AND expires_at > ?";
    let read = |mut fields: Fields<'_>| {
        Ok(Session { hash: fields.text()?, login: fields.text()?, expires_at: fields.time()? })
    };
    Ok(all(connection, sql, (hash, now.as_microsecond()), read)?.pop())
}

/// Ends a session.
pub(super) fn delete_session(connection: &Connection, hash: &str) -> Result<()> {
    connection.prepare_cached("DELETE FROM sessions WHERE hash = ?")?.execute([hash])?;
    Ok(())
}

/// Tokens by name, or the one of a hash.
pub(super) fn tokens(connection: &Connection, hash: Option<&str>) -> Result<Vec<Token>> {
    let read = |mut fields: Fields<'_>| {
        Ok(Token {
            name: fields.text()?,
            hash: fields.text()?,
            role: fields.named("the role of a token")?,
            agency: fields.optional_text()?.map(AgencyId::new),
            created_at: fields.time()?,
            expires_at: fields.optional_time()?,
            revoked: fields.get()?,
        })
    };
    match hash {
        Some(hash) => all(connection, &format!("{TOKEN} WHERE hash = ?"), [hash], read),
        None => all(connection, &format!("{TOKEN} ORDER BY name"), [], read),
    }
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
    let sql = "SELECT key, request, status, body, at FROM replies WHERE key = ?";
    let read = |mut fields: Fields<'_>| {
        Ok(IdempotentReply {
            key: fields.text()?,
            request: fields.text()?,
            status: fields.get()?,
            body: fields.text()?,
            at: fields.time()?,
        })
    };
    Ok(all(connection, sql, [key], read)?.pop())
}

/// The audit trail, the latest first.
pub(super) fn audit_trail(connection: &Connection, subject: Option<&str>, limit: usize) -> Result<Vec<AuditEntry>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let read = |mut fields: Fields<'_>| {
        Ok(AuditEntry {
            at: fields.time()?,
            actor: fields.text()?,
            action: fields.text()?,
            subject: fields.text()?,
            details: fields.text()?,
        })
    };
    const LATEST: &str = "ORDER BY entry DESC LIMIT ?";
    match subject {
        Some(subject) => all(connection, &format!("{AUDIT} WHERE subject = ? {LATEST}"), (subject, limit), read),
        None => all(connection, &format!("{AUDIT} {LATEST}"), [limit], read),
    }
}

/// All rows of a query.
fn all<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    read: impl Fn(Fields<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(fields_of(row))?);
    }
    Ok(found)
}

fn fields_of<'a>(row: &'a Row<'a>) -> Fields<'a> {
    Fields { row, next: 0 }
}
