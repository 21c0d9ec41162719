//! What surrounds every request: an id, limits of time and number, security headers, the form of errors, the access log.

use std::{any::Any, sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{
        HeaderName, HeaderValue, Response as HttpResponse, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use crate::{App, api, auth::secret, desk, error::Error, metrics, open311};

/// Scripts, styles, fonts and pictures from this server only, nothing inline, no frames.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A form for residents: nothing but styles and pictures, embedded only where its configuration allows.
const FORM_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors";

/// Names a request in replies and in the log. Made here: a client cannot choose it.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

/// Surrounds a request.
pub(crate) async fn surround(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId(secret::hex(&rand::random::<[u8; 8]>()).into());
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let face = Face::of(request.uri().path());
    let form = app.config.form_at(request.uri().path());
    let headers = request.headers().clone();

    let reply = timeout(app.config.request_timeout, async {
        let _place = app.requests.acquire().await;
        next.run(request).await
    });
    let mut response = reply.await.unwrap_or_else(|_| Error::Timeout.into_response());
    if let Some(error) = take_error(&mut response) {
        error.log(&id.0);
        let retry_after = response.headers().get(axum::http::header::RETRY_AFTER).cloned();
        response = match face {
            Face::Api => api::error_reply(&error, &id.0),
            Face::Open311(format) => open311::error_reply(&error, &id.0, format),
            Face::Desk => match form {
                Some(form) => desk::form_problem(form, &error, &id.0),
                None => desk::error_page(&error, &id.0, &headers),
            },
        };
        if let Some(value) = retry_after {
            response.headers_mut().insert(axum::http::header::RETRY_AFTER, value);
        }
    }
    set_headers(&mut response, &app, &id);
    if let Some(form) = form {
        allow_frames(&mut response, &form.frame_ancestors);
    }
    let status = response.status().as_u16();
    metrics::request(&route, &method, status, started.elapsed());
    let duration_ms = started.elapsed().as_millis();
    // The route, not the path: an address may hold what a person typed.
    tracing::info!(request.id = &*id.0, %method, route, status, duration_ms, "request served");
    response
}

/// Which side of the server a path belongs to: each has its own form of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    Api,
    Open311(open311::Format),
    Desk,
}

impl Face {
    fn of(path: &str) -> Self {
        if path.starts_with("/api/") || path.starts_with("/callback/") || path == "/healthz" || path == "/readyz" {
            Self::Api
        } else if path.starts_with("/open311/") {
            Self::Open311(open311::Format::of(path))
        } else {
            Self::Desk
        }
    }
}

/// Takes the error out of a response that has no body of its own yet.
fn take_error(response: &mut Response) -> Option<Error> {
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        return Some(error);
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // A plain text comes from the framework, anything else from a handler that has written its own reply.
    if !kind.is_empty() && !kind.starts_with("text/plain") {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Error::NotFound("address"),
        StatusCode::METHOD_NOT_ALLOWED => Error::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        status if status.is_client_error() => Error::Malformed("the request cannot be read".to_owned()),
        _ => Error::Internal("a layer failed"),
    })
}

fn set_headers(response: &mut Response, app: &App, id: &RequestId) {
    let headers = response.headers_mut();
    let fixed = [
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Without any referrer a browser sends `Origin: null` with its own forms, which are then refused.
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if app.config.secure_cookies {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}

/// Lets these sites embed the page; none of them, nobody.
fn allow_frames(response: &mut Response, sites: &[String]) {
    let sites = if sites.is_empty() { "'none'".to_owned() } else { sites.join(" ") };
    if let Ok(policy) = HeaderValue::from_str(&format!("{FORM_POLICY} {sites}")) {
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        // The older header knows no list of sites; browsers that know the policy go by it.
        headers.remove(X_FRAME_OPTIONS);
    }
}

/// The reply to a request whose handler panicked.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> HttpResponse<Body> {
    // What the panic said may quote a text; the panic hook decides where it goes.
    Error::Internal("a handler panicked").into_response()
}

#[cfg(test)]
mod tests;
