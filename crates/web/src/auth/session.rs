//! Sessions of browsers.
//!
//! The cookie holds `login.secret`. What the store keeps is a hash of the secret together with the account's password
//! hash: a changed password ends every session of the account.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header::COOKIE, request::Parts},
};
use jiff::Timestamp;
use otklik_domain::Actor;
use otklik_ports::{Account, Session};

use super::{csrf, secret};
use crate::{App, config::WebConfig, error::Error};

/// A person at the desk, by session cookie. A request that changes something must also carry the page's token.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What the account may do.
    pub actor: Actor,
    /// The name to show.
    pub name: String,
    /// The token for the forms of the page, in the field `csrf` or the header `X-CSRF-Token`.
    pub csrf: String,
    /// Names the session in the store.
    pub(crate) session_hash: String,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let (login, session_secret) = cookie(&parts.headers, &app.config).ok_or(Error::Unauthenticated)?;
        let account = app.ports.incidents.account(login).await?;
        let account = account.filter(|account| account.active).ok_or(Error::Unauthenticated)?;
        let hash = hash(session_secret, &account);
        let session = app.ports.incidents.session(&hash, app.ports.clock.now()).await?;
        let is_its_own = |session: &Session| {
            secret::same(session.hash.as_bytes(), hash.as_bytes()) && session.login == account.login
        };
        session.filter(is_its_own).ok_or(Error::Unauthenticated)?;
        if csrf::is_unsafe(&parts.method) && !csrf::is_token_of(session_secret, parts.extensions.get()) {
            return Err(Error::CrossSite);
        }
        Ok(Self {
            actor: Actor { name: account.login, role: account.role, agency: account.agency },
            name: account.name,
            csrf: csrf::token(session_secret),
            session_hash: hash,
        })
    }
}

/// A new session: what the store keeps and the cookie the browser gets.
pub(crate) fn begin(account: &Account, config: &WebConfig, now: Timestamp) -> Result<(Session, HeaderValue), Error> {
    let session_secret = secret::generate();
    let seconds = i64::from(config.session_hours) * 3_600;
    let expires_at = now
        .checked_add(jiff::SignedDuration::from_secs(seconds))
        .map_err(|_| Error::Internal("session_hours is out of range"))?;
    let session = Session { hash: hash(&session_secret, account), login: account.login.clone(), expires_at };
    Ok((session, set_cookie(&format!("{}.{session_secret}", account.login), seconds, config)?))
}

/// The cookie that takes the session from the browser.
pub(crate) fn end(config: &WebConfig) -> Result<HeaderValue, Error> {
    set_cookie("", 0, config)
}

/// Login and secret of a request's session cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, config: &WebConfig) -> Option<(&'a str, &'a str)> {
    let name = cookie_name(config);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, _)| *given == name)
        .and_then(|(_, value)| value.rsplit_once('.'))
}

fn hash(session_secret: &str, account: &Account) -> String {
    secret::digest(&[session_secret, &account.password_hash])
}

/// A browser takes a `__Host-` cookie only over HTTPS, and no other host or path can set it.
fn cookie_name(config: &WebConfig) -> &'static str {
    if config.secure_cookies { "__Host-otklik" } else { "otklik" }
}

fn set_cookie(value: &str, max_age_seconds: i64, config: &WebConfig) -> Result<HeaderValue, Error> {
    let secure = if config.secure_cookies { "; Secure" } else { "" };
    let name = cookie_name(config);
    let cookie = format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).map_err(|_| Error::Internal("a login cannot stand in a cookie"))
}
