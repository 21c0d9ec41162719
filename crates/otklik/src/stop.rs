//! Reasons to stop that have an exit code of their own.

use std::fmt;

/// Why a command stopped, when that is no failure of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A value on the command line makes no sense.
    Usage(String),
    /// A line of the input was refused, and none may be.
    Line {
        /// The line, from 1.
        number: u64,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => write!(f, "otklik: {message}"),
            Self::Line { number, reason } => write!(f, "line {number}: {reason}"),
        }
    }
}

impl std::error::Error for Stop {}

/// Marks an error as one of usage.
pub(crate) trait OrUsage<T> {
    /// The value, or an error of usage with this message before the reason.
    ///
    /// # Errors
    /// The same as before.
    fn or_usage(self, message: impl fmt::Display) -> anyhow::Result<T>;
}

impl<T, E: fmt::Display> OrUsage<T> for Result<T, E> {
    fn or_usage(self, message: impl fmt::Display) -> anyhow::Result<T> {
        self.map_err(|error| Stop::Usage(format!("{message}: {error}")).into())
    }
}
