//! What an adapter reports when it could not do its work.

use std::time::Duration;

/// What the caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// There is no such thing.
    NotFound,
    /// Somebody else was first: the version or the key is taken. Read again, then decide again.
    Conflict,
    /// The request makes no sense to the store; sending it again will not help.
    Rejected,
    /// The credentials are not accepted.
    Unauthorized,
    /// A quota is used up.
    RateLimited,
    /// The service does not answer, or not in time.
    Unavailable,
    /// There is no room left: disk or memory.
    Full,
    /// What was read is damaged.
    Corrupt,
    /// A mistake in the adapter.
    Internal,
}

impl ErrorKind {
    /// Whether trying again later may help.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::Full)
    }
}

/// A failure of an adapter.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct PortError {
    /// What the caller can do about it.
    pub kind: ErrorKind,
    /// What was attempted and on what. Never holds a text, an author or a token.
    pub message: String,
    /// When to try again, where the service says so.
    pub retry_after: Option<Duration>,
    /// What lies behind it.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of a port's method.
pub type PortResult<T> = Result<T, PortError>;

impl PortError {
    /// An error without a cause behind it.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, source: None }
    }

    /// An error with the cause behind it.
    pub fn caused(
        kind: ErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, message: message.into(), retry_after: None, source: Some(source.into()) }
    }

    /// Whether trying again later may help.
    pub fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }
}
