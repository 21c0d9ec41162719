//! Protection of browsers' requests that change something against being sent by another site.
//!
//! The request must come from a page of this desk by what the browser says (`Sec-Fetch-Site`, or `Origin` from browsers
//! that do not know it), and must carry the token of the session in the header `X-CSRF-Token` or the form field `csrf`.
//! The token is masked anew for each page, so that compression does not give it away.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, Method,
        header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{secret, session};
use crate::{App, error::Error};

/// The header with the token.
pub(crate) const TOKEN_HEADER: &str = "x-csrf-token";
/// The field of a form with the token.
pub(crate) const TOKEN_FIELD: &str = "csrf";
/// Bytes of a token before it is masked.
const TOKEN_BYTES: usize = 16;

/// The token a request carries, found by [`guard`].
#[derive(Debug, Clone, Default)]
pub(crate) struct GivenToken(Option<String>);

/// The token for the forms of a page, masked.
pub(crate) fn token(session_secret: &str) -> String {
    let mask = rand::random::<[u8; TOKEN_BYTES]>();
    let masked: Vec<u8> = plain(session_secret).iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    format!("{}{}", secret::hex(&mask), secret::hex(&masked))
}

/// Whether a request carries the token of its session.
pub(crate) fn is_token_of(session_secret: &str, given: Option<&GivenToken>) -> bool {
    let Some(bytes) = given.and_then(|given| given.0.as_deref()).and_then(secret::unhex) else { return false };
    let Some((mask, masked)) = bytes.split_at_checked(TOKEN_BYTES).filter(|(_, masked)| masked.len() == TOKEN_BYTES)
    else {
        return false;
    };
    let token: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    secret::same(&token, &plain(session_secret))
}

fn plain(session_secret: &str) -> Vec<u8> {
    secret::hmac(session_secret, &[b"csrf"]).into_iter().take(TOKEN_BYTES).collect()
}

/// Whether a method may change something.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses what another site sent, and finds the token for [`SignedIn`](super::SignedIn) to check.
///
/// A request with a token of the API is not a browser's doing. One to the API without a session cookie carries no rights.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let has_session = session::cookie(headers, &app.config).is_some();
    let by_browser = !headers.contains_key(AUTHORIZATION) && (has_session || !is_for_programs(request.uri().path()));
    if !is_unsafe(request.method()) || !by_browser {
        return next.run(request).await;
    }
    if !is_from_own_page(headers, &app.config.public_url) {
        return Error::CrossSite.into_response();
    }
    match with_token(request, app.config.body_bytes_max).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn is_for_programs(path: &str) -> bool {
    ["/api/", "/open311/", "/callback/"].iter().any(|begin| path.starts_with(begin))
}

fn is_from_own_page(headers: &HeaderMap, public_url: &str) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match value("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => value(ORIGIN.as_str()).is_some_and(|origin| origin == public_url.trim_end_matches('/')),
    }
}

/// Puts the token into the request's extensions; reads a form for it and puts the form back.
async fn with_token(mut request: Request, body_bytes_max: usize) -> Result<Request, Error> {
    if let Some(token) = request.headers().get(TOKEN_HEADER).and_then(|value| value.to_str().ok()) {
        let given = GivenToken(Some(token.to_owned()));
        request.extensions_mut().insert(given);
        return Ok(request);
    }
    let is_form = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let bytes = to_bytes(body, body_bytes_max).await.map_err(|_| Error::TooLarge)?;
    let token =
        url::form_urlencoded::parse(&bytes).find(|(name, _)| name == TOKEN_FIELD).map(|(_, token)| token.into_owned());
    parts.extensions.insert(GivenToken(token));
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_fit_their_session_only() {
        let (one, other) = (token("secret"), token("secret"));
        assert_ne!(one, other);
        let check = |session: &str, given: Option<&str>, expected: bool| {
            let given = GivenToken(given.map(ToOwned::to_owned));
            assert_eq!(is_token_of(session, Some(&given)), expected, "{given:?}");
        };
        check("secret", Some(&one), true);
        check("secret", Some(&other), true);
        check("another", Some(&one), false);
        check("secret", None, false);
        check("secret", Some(""), false);
        check("secret", Some("00"), false);
        check("secret", Some(&"0".repeat(64)), false);
        check("secret", Some("не число"), false);
        check("secret", Some(&format!("{one}00")), false);
    }

    #[test]
    fn only_own_pages_may_send() {
        let check = |pairs: &[(&'static str, &'static str)], expected: bool| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().unwrap()))
                .collect::<HeaderMap>();
            assert_eq!(is_from_own_page(&headers, "https://desk.example.ru/"), expected, "{pairs:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("sec-fetch-site", "cross-site"), ("origin", "https://desk.example.ru")], false);
        check(&[("origin", "https://desk.example.ru")], true);
        check(&[("origin", "https://desk.example.ru.evil.ru")], false);
        check(&[("origin", "null")], false);
        check(&[], false);
    }
}
