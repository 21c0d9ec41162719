//! Who is asking: a browser with a session cookie or a program with a token.
//!
//! Neither cookie nor token is stored: the store keeps hashes. A request from a browser that changes something must come
//! from a page of this desk and carry that page's token, see [`csrf`].

pub(crate) mod attempts;
pub(crate) mod csrf;
pub(crate) mod password;
pub(crate) mod secret;
pub(crate) mod session;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use otklik_domain::Actor;

pub use self::session::SignedIn;
use crate::{App, error::Error, service};

/// Whoever asks, by token or by session. A request with an `Authorization` header is judged by it alone.
#[derive(Debug, Clone)]
pub struct Caller(pub Actor);

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        match bearer(&parts.headers)? {
            Some(secret) => service::tokens::actor(app, secret).await.map(Self),
            None => SignedIn::from_request_parts(parts, app).await.map(|signed_in| Self(signed_in.actor)),
        }
    }
}

/// The secret of an `Authorization: Bearer` header, if there is such a header.
///
/// # Errors
/// A header of another kind.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let (scheme, secret) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Error::Unauthenticated)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(secret.trim())) } else { Err(Error::Unauthenticated) }
}
