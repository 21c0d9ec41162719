//! Bodies, queries and paths of requests, with errors in the form of the API.

use std::str::FromStr;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header::IF_MATCH, request::Parts},
};
use otklik_domain::Actor;
use serde::de::DeserializeOwned;

use crate::{
    error::{Error, Result},
    service::idempotency::Key,
};

/// Longest explanation of what could not be read, in characters: parsers quote what they were given.
const PROBLEM_CHARS_MAX: usize = 300;
/// Values of a list in a query at most.
const LIST_MAX: usize = 100;

/// A body of JSON.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let json = axum::Json::<T>::from_request(request, state).await;
        json.map(|axum::Json(body)| Self(body)).map_err(|rejection| problem(rejection.status(), &rejection.body_text()))
    }
}

/// The query of an address.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let query = query.map(|axum::extract::Query(query)| Self(query));
        query.map_err(|rejection| problem(rejection.status(), &rejection.body_text()))
    }
}

/// The variable part of an address.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        // An id that is not UTF-8 is nobody's.
        path.map(|axum::extract::Path(path)| Self(path)).map_err(|_| Error::NotFound("address"))
    }
}

fn problem(status: axum::http::StatusCode, text: &str) -> Error {
    if status == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge;
    }
    Error::Malformed(text.chars().take(PROBLEM_CHARS_MAX).collect())
}

/// Reads an optional value of a query.
pub(crate) fn one<T: FromStr<Err: std::fmt::Display>>(field: &'static str, text: Option<&str>) -> Result<Option<T>> {
    text.filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(|error: T::Err| Error::invalid(field, error.to_string())))
        .transpose()
}

/// Reads an optional list of a query, comma separated.
pub(crate) fn list<T: FromStr<Err: std::fmt::Display>>(field: &'static str, text: Option<&str>) -> Result<Vec<T>> {
    words(field, text)?
        .map(|word| word.parse().map_err(|error: T::Err| Error::invalid(field, error.to_string())))
        .collect()
}

/// The words of an optional list of a query, comma separated.
pub(crate) fn words<'a>(field: &'static str, text: Option<&'a str>) -> Result<impl Iterator<Item = &'a str>> {
    let text = text.unwrap_or_default();
    if text.split(',').count() > LIST_MAX {
        return Err(Error::invalid(field, format!("must not have more than {LIST_MAX} values")));
    }
    Ok(text.split(',').map(str::trim).filter(|word| !word.is_empty()))
}

/// Reads an optional time of a query.
pub(crate) fn time(field: &'static str, text: Option<&str>) -> Result<Option<jiff::Timestamp>> {
    Ok(text.filter(|text| !text.is_empty()).map(|text| otklik_wire::time::parse(field, text)).transpose()?)
}

/// The version a request says it saw, by the header `If-Match` or by its own field.
pub(crate) fn expected_version(headers: &HeaderMap, field: Option<u64>) -> Result<Option<u64>> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(field) };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    let version = text.parse().map_err(|_| Error::invalid("If-Match", "must be a version such as \"3\""))?;
    match field {
        Some(other) if other != version => Err(Error::invalid("expected_version", "differs from If-Match")),
        _ => Ok(Some(version)),
    }
}

/// The key of a request that may come twice.
pub(crate) fn idempotency_key(headers: &HeaderMap, actor: &Actor, request: &[&str]) -> Result<Option<Key>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    Key::new(actor, value.to_str().unwrap_or_default(), request).map(Some)
}
