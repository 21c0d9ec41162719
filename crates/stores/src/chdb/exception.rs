//! Errors as ClickHouse's HTTP interface gives them.

use axum::{
    http::{HeaderName, StatusCode},
    response::{IntoResponse, Response},
};

const CODE_HEADER: HeaderName = HeaderName::from_static("x-clickhouse-exception-code");
const UNKNOWN_EXCEPTION: u32 = 1002;

/// An exception of the engine, or of the endpoint in front of it.
#[derive(Debug)]
pub(super) struct Exception {
    code: u32,
    message: String,
}

impl Exception {
    /// What the engine said: `Code: N. DB::Exception: …`, sometimes with words before it.
    pub(super) fn from_engine(message: String) -> Self {
        let number =
            message.split_once("Code: ").and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next());
        Self { code: number.and_then(|digits| digits.parse().ok()).unwrap_or(UNKNOWN_EXCEPTION), message }
    }

    /// The request is not one this endpoint understands.
    pub(super) fn bad_request(problem: &str) -> Self {
        Self::new(36, problem, "BAD_ARGUMENTS")
    }

    /// Wrong user or password.
    pub(super) fn unauthorized() -> Self {
        Self::new(516, "wrong user or password", "AUTHENTICATION_FAILED")
    }

    /// The body did not come whole, or in time, or is larger than the endpoint takes.
    pub(super) fn body(problem: &str) -> Self {
        Self::new(223, problem, "QUERY_IS_TOO_LARGE")
    }

    /// No session became free in time.
    pub(super) fn too_many_queries() -> Self {
        Self::new(202, "no session became free in time", "TOO_MANY_SIMULTANEOUS_QUERIES")
    }

    /// A mistake of the endpoint.
    pub(super) fn internal(problem: &str) -> Self {
        Self::new(UNKNOWN_EXCEPTION, problem, "UNKNOWN_EXCEPTION")
    }

    fn new(code: u32, problem: &str, name: &str) -> Self {
        Self { code, message: format!("Code: {code}. DB::Exception: {problem}. ({name})") }
    }

    /// The status a server answers with, by its `exceptionCodeToHTTPStatus`: the common ones.
    fn status(&self) -> StatusCode {
        match self.code {
            192 | 193 | 516 => StatusCode::FORBIDDEN,
            16 | 36 | 38 | 41 | 42 | 43 | 53 | 62 | 457 => StatusCode::BAD_REQUEST,
            46 | 47 | 50 | 56 | 60 | 81 | 115 => StatusCode::NOT_FOUND,
            159 | 209 => StatusCode::REQUEST_TIMEOUT,
            202 => StatusCode::SERVICE_UNAVAILABLE,
            223 => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Exception {
    fn into_response(self) -> Response {
        (self.status(), [(CODE_HEADER, self.code.to_string())], self.message).into_response()
    }
}
