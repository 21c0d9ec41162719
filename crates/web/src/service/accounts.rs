//! Accounts of people: signing in and out, and the administrator's changes.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderValue;
use otklik_domain::{Actor, AgencyId, Role};
use otklik_ports::{Account, AuditEntry};

use super::audit_entry;
use crate::{
    App, SignedIn,
    auth::{
        password::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN},
        session,
    },
    error::{Error, Result},
    rights::Right,
};

/// Longest login in bytes.
const LOGIN_BYTES_MAX: usize = 64;
/// Longest name in characters.
const NAME_CHARS_MAX: usize = 200;
/// Lines of the audit trail shown at most.
const AUDIT_LINES_MAX: usize = 1_000;

/// An account as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    /// Login; upper case is made lower.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The body it works for, when its role is [`Role::Agency`].
    pub agency: Option<AgencyId>,
    /// Whether it may sign in.
    pub active: bool,
    /// The password; `None` keeps the old one.
    pub password: Option<String>,
}

/// Signs a person in; gives the account and the `Set-Cookie` header for the browser.
///
/// # Errors
/// [`Error::SignIn`] whatever does not fit, [`Error::TooMany`] after too many failures; those of the store.
pub async fn sign_in(app: &App, login: &str, password: &str, client: Option<IpAddr>) -> Result<(Account, HeaderValue)> {
    let login = login.trim().to_lowercase();
    if !is_login(&login) {
        return Err(Error::SignIn);
    }
    let now = app.ports.clock.now();
    let login_key = format!("login {login}");
    let address_key = client.map(|address| format!("address {}", network_of(address)));
    let too_many = |retry_after| Error::TooMany { retry_after };
    app.attempts.take(&login_key, app.config.login_failures_max, now).map_err(too_many)?;
    if let Some(key) = &address_key {
        app.attempts.take(key, app.config.address_failures_max, now).map_err(too_many)?;
    }
    let account = app.ports.incidents.account(&login).await?.filter(|account| account.active);
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let fits = app.passwords.check(password, stored).await?;
    let Some(account) = account else {
        // What was typed is not written down: people type passwords into the wrong field.
        return Err(Error::SignIn);
    };
    if !fits {
        let entry = AuditEntry {
            at: now,
            actor: login.clone(),
            action: "sign_in.failed".to_owned(),
            subject: login,
            details: String::new(),
        };
        app.ports.incidents.audit(vec![entry]).await?;
        return Err(Error::SignIn);
    }
    app.attempts.give_back(&login_key);
    if let Some(key) = &address_key {
        app.attempts.give_back(key);
    }
    let cookie = begin(app, &account).await?;
    let actor = Actor { name: account.login.clone(), role: account.role, agency: account.agency.clone() };
    app.ports.incidents.audit(vec![audit_entry(app, &actor, "sign_in", &account.login, "")]).await?;
    Ok((account, cookie))
}

/// Ends a session; gives the `Set-Cookie` header that takes it from the browser.
///
/// # Errors
/// Those of the store.
pub async fn sign_out(app: &App, signed_in: &SignedIn) -> Result<HeaderValue> {
    app.ports.incidents.delete_session(&signed_in.session_hash).await?;
    session::end(&app.config)
}

/// Changes one's own password: every session of the account ends, and this browser gets a new one.
///
/// # Errors
/// [`Error::SignIn`] when the old password does not fit; [`Error::Invalid`], [`Error::TooMany`]; those of the store.
pub async fn change_password(app: &App, signed_in: &SignedIn, old: &str, new: &str) -> Result<HeaderValue> {
    let login = &signed_in.actor.name;
    check_password(new)?;
    let key = format!("login {login}");
    let too_many = |retry_after| Error::TooMany { retry_after };
    app.attempts.take(&key, app.config.login_failures_max, app.ports.clock.now()).map_err(too_many)?;
    let mut account = app.ports.incidents.account(login).await?.ok_or(Error::Unauthenticated)?;
    if !app.passwords.check(old, Some(account.password_hash.clone())).await? {
        return Err(Error::SignIn);
    }
    app.attempts.give_back(&key);
    account.password_hash = app.passwords.hash(new).await?;
    app.ports.incidents.put_account(account.clone()).await?;
    app.ports.incidents.audit(vec![audit_entry(app, &signed_in.actor, "account.password", login, "")]).await?;
    begin(app, &account).await
}

/// All accounts, by login.
///
/// # Errors
/// [`Error::Forbidden`]; those of the store.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Account>> {
    Right::Administer.check(actor)?;
    Ok(app.ports.incidents.accounts().await?)
}

/// Adds an account or changes it. What it may do counts from its next request; a new password ends its sessions.
///
/// # Errors
/// [`Error::Invalid`], also when administrators would shut themselves out; [`Error::Taken`] when a token has the name;
/// [`Error::Forbidden`]; those of the store.
pub async fn put(app: &App, actor: &Actor, change: AccountChange) -> Result<Account> {
    Right::Administer.check(actor)?;
    let login = change.login.trim().to_lowercase();
    check_change(app, actor, &login, &change)?;
    let before = app.ports.incidents.account(&login).await?;
    if before.is_none() && app.ports.incidents.tokens().await?.iter().any(|token| token.name == login) {
        return Err(Error::Taken("login"));
    }
    let password_hash = match (&change.password, &before) {
        (Some(password), _) => app.passwords.hash(password).await?,
        (None, Some(before)) => before.password_hash.clone(),
        (None, None) => return Err(Error::invalid("password", "must be given for a new account")),
    };
    let account = Account {
        login,
        name: change.name.trim().to_owned(),
        role: change.role,
        agency: change.agency,
        password_hash,
        active: change.active,
    };
    app.ports.incidents.put_account(account.clone()).await?;
    let action = if before.is_some() { "account.change" } else { "account.create" };
    let password = if change.password.is_some() { ", new password" } else { "" };
    let details = format!("role {}, active {}{password}", account.role, account.active);
    app.ports.incidents.audit(vec![audit_entry(app, actor, action, &account.login, details)]).await?;
    Ok(account)
}

/// The audit trail, the latest first, of a subject when one is given.
///
/// # Errors
/// [`Error::Forbidden`]; those of the store.
pub async fn audit_trail(app: &App, actor: &Actor, subject: Option<&str>, limit: usize) -> Result<Vec<AuditEntry>> {
    Right::Administer.check(actor)?;
    Ok(app.ports.incidents.audit_trail(subject, limit.min(AUDIT_LINES_MAX)).await?)
}

async fn begin(app: &App, account: &Account) -> Result<HeaderValue> {
    let now = app.ports.clock.now();
    let (session, cookie) = session::begin(account, &app.config, now)?;
    app.ports.incidents.put_session(session, now).await?;
    Ok(cookie)
}

/// What one client has of the network: an address, of IPv6 the 64 bits a provider gives to each.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

fn check_change(app: &App, actor: &Actor, login: &str, change: &AccountChange) -> Result<()> {
    if !is_login(login) {
        let problem = format!("must be 1 to {LOGIN_BYTES_MAX} Latin letters, digits, '.', '_', '@' or '-'");
        return Err(Error::invalid("login", problem));
    }
    let name_chars = change.name.trim().chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&name_chars) {
        return Err(Error::invalid("name", format!("must be 1 to {NAME_CHARS_MAX} characters")));
    }
    if matches!(change.role, Role::System | Role::Source) {
        return Err(Error::invalid("role", "is not for people"));
    }
    if actor.name == login && (change.role != actor.role || !change.active) {
        return Err(Error::invalid("role", "nobody takes rights from themselves: ask another administrator"));
    }
    change.password.as_deref().map(check_password).transpose()?;
    check_agency(app, change.role, change.agency.as_ref())
}

fn check_password(password: &str) -> Result<()> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        let problem = format!("must have {PASSWORD_CHARS_MIN} characters and not more than {PASSWORD_BYTES_MAX} bytes");
        return Err(Error::invalid("password", problem));
    }
    Ok(())
}

/// Staff and programs of a body name one that is configured; others name none.
pub(super) fn check_agency(app: &App, role: Role, agency: Option<&AgencyId>) -> Result<()> {
    match (role, agency) {
        (Role::Agency, Some(agency)) if app.directory().agency(agency).is_some() => Ok(()),
        (Role::Agency, Some(_)) => Err(Error::invalid("agency", "is not configured")),
        (Role::Agency, None) => Err(Error::invalid("agency", "must be given for this role")),
        (_, Some(_)) => Err(Error::invalid("agency", "is for the role agency only")),
        (_, None) => Ok(()),
    }
}

fn is_login(login: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._@-".contains(&byte);
    (1..=LOGIN_BYTES_MAX).contains(&login.len()) && login.bytes().all(allowed)
}
