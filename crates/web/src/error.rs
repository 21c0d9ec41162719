//! What a request can fail with, in one place: status, code, an English message for programs and a Russian one for the
//! desk.

mod russian;

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use otklik_domain::{IncidentId, Refusal};
use otklik_ports::{ErrorKind, PortError};
use otklik_wire::Invalid;

/// Why a request was not done. `Clone`, because it travels in the extensions of its response until the API or the desk
/// has rendered it.
#[derive(Debug, Clone)]
pub enum Error {
    /// Nobody is signed in and no token is given, or it is not valid any more.
    Unauthenticated,
    /// Login and password do not fit.
    SignIn,
    /// The actor's role does not allow this.
    Forbidden,
    /// A browser sent it from another site, or without the page's token.
    CrossSite,
    /// There is no such thing, or the actor may not see it.
    NotFound(&'static str),
    /// The address knows other methods.
    MethodNotAllowed,
    /// The request cannot be read: not JSON, a wrong parameter.
    Malformed(String),
    /// A field holds what cannot be used.
    Invalid {
        /// The field.
        field: Cow<'static, str>,
        /// What is wrong with it; never quotes a text.
        problem: String,
    },
    /// The incident does not allow the action.
    Refused(Refusal),
    /// The version the actor saw is not given.
    VersionRequired,
    /// The idempotency key was used for another request.
    KeyReused,
    /// The name or the key is taken.
    Taken(&'static str),
    /// The event has a running incident already.
    HasIncident(IncidentId),
    /// The body is longer than allowed.
    TooLarge,
    /// Too many attempts or streams.
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// It took longer than allowed.
    Timeout,
    /// A store could not do its part.
    Port(Arc<PortError>),
    /// A mistake in Otklik.
    Internal(&'static str),
}

/// The result of a service.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A field that holds what cannot be used.
    pub fn invalid(field: impl Into<Cow<'static, str>>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }

    /// The status of the reply.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::CrossSite | Self::Refused(Refusal::Forbidden { .. }) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Invalid { .. }
            | Self::KeyReused
            | Self::Refused(Refusal::UnknownAgency(_) | Refusal::Invalid { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Refused(Refusal::Version { .. }) => StatusCode::PRECONDITION_FAILED,
            Self::Taken(_) | Self::HasIncident(_) | Self::Refused(Refusal::State { .. } | Refusal::NoParent(_)) => {
                StatusCode::CONFLICT
            }
            Self::VersionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
            Self::Port(error) => port_status(error.kind),
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The fixed name programs tell errors apart by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::SignIn => "wrong_credentials",
            Self::Forbidden | Self::Refused(Refusal::Forbidden { .. }) => "forbidden",
            Self::CrossSite => "cross_site",
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Malformed(_) => "malformed",
            Self::Invalid { .. } | Self::Refused(Refusal::UnknownAgency(_) | Refusal::Invalid { .. }) => "invalid",
            Self::Refused(Refusal::Version { .. }) => "stale_version",
            Self::Refused(Refusal::State { .. }) => "wrong_state",
            Self::Refused(Refusal::NoParent(_)) => "no_parent_agency",
            Self::VersionRequired => "version_required",
            Self::KeyReused => "idempotency_key_reused",
            Self::Taken(_) => "taken",
            Self::HasIncident(_) => "has_incident",
            Self::TooLarge => "too_large",
            Self::TooMany { .. } => "too_many_requests",
            Self::Timeout => "timeout",
            Self::Port(error) => port_code(error.kind),
            Self::Internal(_) => "internal",
        }
    }

    /// What is wrong, in English, for whoever writes the program. Causes of failures are for the log only.
    pub fn message(&self) -> String {
        match self {
            Self::Unauthenticated => "give a valid token: Authorization: Bearer …".to_owned(),
            Self::SignIn => "login and password do not fit".to_owned(),
            Self::Forbidden => "your role does not allow this".to_owned(),
            Self::CrossSite => "the request does not come from a page of Otklik".to_owned(),
            Self::NotFound(what) => format!("no such {what}, or it is not yours to see"),
            Self::MethodNotAllowed => "this address does not know the method".to_owned(),
            Self::Malformed(problem) => problem.clone(),
            Self::Invalid { field, problem } => format!("{field}: {problem}"),
            Self::Refused(refusal) => refusal.to_string(),
            Self::VersionRequired => {
                "say which version you saw: If-Match: \"3\" or the field expected_version".to_owned()
            }
            Self::KeyReused => "this Idempotency-Key was used for another request".to_owned(),
            Self::Taken(what) => format!("the {what} is taken"),
            Self::HasIncident(id) => format!("the event has a running incident: {id}"),
            Self::TooLarge => "the request is larger than allowed".to_owned(),
            Self::TooMany { retry_after } => format!("too many attempts, try again in {} s", retry_after.as_secs()),
            Self::Timeout => "the request took too long, try again".to_owned(),
            Self::Port(error) => port_message(error),
            Self::Internal(_) => "an internal error; the log has the details under this request id".to_owned(),
        }
    }

    /// When it may help to try again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany { retry_after } => Some(*retry_after),
            Self::Port(error) if error.is_retryable() => Some(error.retry_after.unwrap_or(Duration::from_secs(5))),
            _ => None,
        }
    }

    /// Writes down what only the log may know. Called once, where the response is rendered.
    pub(crate) fn log(&self, request_id: &str) {
        match self {
            Self::Port(error) if self.status().is_server_error() => {
                let cause = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
                tracing::error!(request.id = request_id, kind = ?error.kind, error = %error, cause, "store failed");
            }
            Self::Internal(what) => tracing::error!(request.id = request_id, error = what, "request failed"),
            _ => {}
        }
    }
}

fn port_status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Rejected => StatusCode::BAD_REQUEST,
        ErrorKind::RateLimited | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Full => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Unauthorized | ErrorKind::Corrupt | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn port_code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not_found",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Rejected => "rejected",
        ErrorKind::RateLimited | ErrorKind::Unavailable => "unavailable",
        ErrorKind::Full => "full",
        ErrorKind::Unauthorized | ErrorKind::Corrupt | ErrorKind::Internal => "internal",
    }
}

/// A store's message for the caller, where it is meant for one: the rest may name servers.
fn port_message(error: &PortError) -> String {
    match error.kind {
        ErrorKind::Rejected => error.message.clone(),
        ErrorKind::NotFound => "no such thing".to_owned(),
        ErrorKind::Conflict => "somebody else was first: read again, then decide again".to_owned(),
        ErrorKind::RateLimited | ErrorKind::Unavailable => "a store does not answer, try again".to_owned(),
        ErrorKind::Full => "there is no room left in a store".to_owned(),
        ErrorKind::Unauthorized | ErrorKind::Corrupt | ErrorKind::Internal => {
            "an internal error; the log has the details under this request id".to_owned()
        }
    }
}

impl From<PortError> for Error {
    fn from(error: PortError) -> Self {
        Self::Port(Arc::new(error))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.field, invalid.problem)
    }
}

/// A response without a body, with the error in its extensions: [`crate::guard`] writes the body, JSON for the API and a
/// page for the desk.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(wait) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}
