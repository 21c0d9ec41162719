//! Reading something over HTTP.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;

/// What to read.
///
/// Its debug form holds neither query, fields nor token.
#[derive(Clone, Default)]
pub struct FetchRequest {
    /// The address, `http` or `https`. Never holds a token: it may reach a message.
    pub url: String,
    /// The body of a POST, as `application/x-www-form-urlencoded`. May hold tokens and signatures.
    pub form: Option<SecretString>,
    /// Value of the header `Authorization`.
    pub authorization: Option<SecretString>,
    /// What the server called the version read last: `ETag`.
    pub etag: Option<String>,
    /// When the version read last was changed: `Last-Modified`, as the server wrote it.
    pub last_modified: Option<String>,
    /// Whether robots.txt of the host decides: for pages and feeds, not for APIs with a token.
    pub robots: bool,
}

impl FetchRequest {
    /// A page or a feed, read as robots.txt allows.
    pub fn page(url: impl Into<String>) -> Self {
        Self { url: url.into(), robots: true, ..Self::default() }
    }
}

impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.url.split(['?', '#']).next().unwrap_or_default();
        f.debug_struct("FetchRequest").field("url", &address).field("robots", &self.robots).finish_non_exhaustive()
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// The status of HTTP. 304 means that what the request knew is still so.
    pub status: u16,
    /// The address it came from in the end, after redirects.
    pub url: String,
    /// The body, decompressed. Empty with 304.
    pub body: Vec<u8>,
    /// `Content-Type`: it may name the charset.
    pub content_type: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
    /// When to come again, where the server says so.
    pub retry_after: Option<Duration>,
}

/// Why something was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FetchErrorKind {
    /// The address is none, or of another scheme than HTTP.
    BadAddress,
    /// The address leads into a network that is not public.
    NotPublic,
    /// robots.txt does not allow it.
    Disallowed,
    /// Redirects lead in a circle, are too many, or would carry a token to another host.
    BadRedirect,
    /// The body is larger than the limit.
    TooLarge,
    /// The body grows out of all proportion when decompressed.
    Bomb,
    /// The body is not what its headers say.
    Damaged,
    /// It took too long.
    TimedOut,
    /// No connection, or it broke.
    Unreachable,
    /// The certificate is not valid for the host.
    Untrusted,
}

impl FetchErrorKind {
    /// Whether the same request may succeed later without anybody changing anything.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::TimedOut | Self::Unreachable | Self::Damaged)
    }

    /// A short stable name: for metrics and the coverage map.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadAddress => "bad-address",
            Self::NotPublic => "not-public",
            Self::Disallowed => "robots",
            Self::BadRedirect => "bad-redirect",
            Self::TooLarge => "too-large",
            Self::Bomb => "bomb",
            Self::Damaged => "damaged",
            Self::TimedOut => "timed-out",
            Self::Unreachable => "unreachable",
            Self::Untrusted => "untrusted",
        }
    }
}

/// Something was not read. The message names the host and the problem, never a query, a field or a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {problem}")]
pub struct FetchError {
    /// What the caller can do about it.
    pub kind: FetchErrorKind,
    /// The host it happened at.
    pub host: String,
    /// What happened, for people.
    pub problem: String,
}

impl FetchError {
    /// Makes an error.
    pub fn new(kind: FetchErrorKind, host: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { kind, host: host.into(), problem: problem.into() }
    }
}

/// Reads over HTTP: from public addresses only, within limits of size and time, as politely as its host asks.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Reads. Any answer of the server is one, whatever its status.
    ///
    /// # Errors
    /// There was no answer, or none that may be taken.
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, FetchError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shows_no_token() {
        let request = FetchRequest {
            url: "https://api.example.ru/method?access_token=SECRET#SECRET".to_owned(),
            form: Some("access_token=SECRET".into()),
            authorization: Some("Bearer SECRET".into()),
            ..FetchRequest::default()
        };
        let shown = format!("{request:?}");
        assert!(!shown.contains("SECRET") && shown.contains("https://api.example.ru/method"), "{shown}");
    }
}
