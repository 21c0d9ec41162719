//! As much of ClickHouse's HTTP interface as its official Rust client uses, on the loopback address.
//!
//! A query comes as the body, or as `query` of a multipart form beside its parameters; an insert comes as `query` in
//! the address with the data as the body. Other fields of the address are settings.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Query, State},
    http::{HeaderMap, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::time;

use super::{
    exception::Exception,
    multipart,
    session::{Sessions, Statement},
};

/// The user the endpoint knows.
pub(super) const USER: &str = "otklik";
/// Largest body: a batch of 10,000 posts of usual length has about 20 MB.
const BODY_BYTES_MAX: usize = 256 << 20;
/// How long a body may take to arrive.
const BODY_TIME_MAX: Duration = Duration::from_secs(60);

/// What requests share.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    sessions: Arc<Sessions>,
    password_hash: [u8; 32],
}

impl Endpoint {
    /// An endpoint that asks for this password.
    pub(super) fn new(sessions: Arc<Sessions>, password: &str) -> Self {
        Self { sessions, password_hash: Sha256::digest(password).into() }
    }

    /// Its routes.
    pub(super) fn router(self) -> Router {
        Router::new().route("/", post(answer)).with_state(self)
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let header = |name| headers.get(name).map(|value| value.as_bytes()).unwrap_or_default();
        // Hashes are compared, so the time taken tells nothing about the password.
        let hash: [u8; 32] = Sha256::digest(header("x-clickhouse-key")).into();
        header("x-clickhouse-user") == USER.as_bytes() && hash == self.password_hash
    }
}

async fn answer(
    State(endpoint): State<Endpoint>,
    Query(fields): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !endpoint.knows(&headers) {
        return Exception::unauthorized().into_response();
    }
    let result = async {
        let body = match time::timeout(BODY_TIME_MAX, to_bytes(body, BODY_BYTES_MAX)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => return Err(Exception::body("the body broke off or is too large")),
            Err(_) => return Err(Exception::body("the body took too long")),
        };
        endpoint.sessions.run(read(fields, &headers, body)?).await
    };
    match result.await {
        Ok(data) => data.into_response(),
        Err(exception) => exception.into_response(),
    }
}

fn read(mut fields: BTreeMap<String, String>, headers: &HeaderMap, body: Bytes) -> Result<Statement, Exception> {
    for name in ["compress", "decompress", "session_id", "role"] {
        if fields.contains_key(name) {
            return Err(Exception::bad_request(&format!("{name} is not supported in process")));
        }
    }
    fields.remove("query_id");
    let database = fields.remove("database");
    let format = fields.remove("default_format").unwrap_or_else(|| "TabSeparated".to_owned());
    let insert = fields.remove("query");
    let settings = fields;
    if let Some(insert) = insert {
        let (sql, format) = split_format(&insert)?;
        let statement = Statement { sql, format, data: Some(body), database, settings, ..Statement::default() };
        return Ok(statement);
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (sql, parameters) = match content_type.strip_prefix("multipart/form-data; boundary=") {
        Some(boundary) => multipart::read(&body, boundary).map_err(Exception::bad_request)?,
        None => (text(&body)?, Vec::new()),
    };
    Ok(Statement { sql, format, parameters, data: None, database, settings })
}

/// Takes the FORMAT clause off the end of an insert.
fn split_format(insert: &str) -> Result<(String, String), Exception> {
    match insert.trim_end().rsplit_once(" FORMAT ") {
        Some((sql, format)) if format.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Ok((sql.to_owned(), format.to_owned()))
        }
        _ => Err(Exception::bad_request("query in the address must be an insert that ends with FORMAT and its name")),
    }
}

fn text(body: &[u8]) -> Result<String, Exception> {
    let text = std::str::from_utf8(body).map_err(|_| Exception::bad_request("the query is not UTF-8"))?;
    Ok(text.to_owned())
}
