//! What went wrong in PostgreSQL, in the words of the port. PostgreSQL's own messages may quote what is in a row, so that
//! only their codes and the names of tables and constraints go on.

use std::{error::Error as _, io};

use deadpool_postgres::PoolError;
use otklik_ports::{ErrorKind, PortError};
use tokio_postgres::{
    Error,
    error::{DbError, SqlState},
    types::{WasNull, WrongType},
};

use crate::sql::Damaged;

/// Anything that stops a piece of work on the database.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Postgres(#[from] Error),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The work itself says no.
    #[error(transparent)]
    Refused(#[from] PortError),
    /// The connection has been given back.
    #[error("the connection was used after its end")]
    Ended,
}

/// The result of a piece of work.
pub(super) type Result<T> = std::result::Result<T, Failure>;

/// A refusal with its reason.
pub(super) fn refused(kind: ErrorKind, message: impl Into<String>) -> Failure {
    Failure::Refused(PortError::new(kind, message))
}

impl Failure {
    /// Whether two transactions were in each other's way, so that the same one will do when it runs again.
    pub(super) fn is_collision(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        matches!(error.code(), Some(code) if is_collision(code))
    }

    /// The error of the port, with the place of the database.
    pub(super) fn into_port(self, place: &str) -> PortError {
        let (kind, cause) = match self {
            Self::Refused(error) => return error,
            Self::Damaged(damaged) => (ErrorKind::Corrupt, damaged.to_string()),
            Self::Ended => (ErrorKind::Internal, self.to_string()),
            Self::Postgres(error) | Self::Pool(PoolError::Backend(error)) => (kind_of(&error), cause_of(&error)),
            Self::Pool(error) => (ErrorKind::Unavailable, error.to_string()),
        };
        let what = match kind {
            ErrorKind::Corrupt => "is damaged: restore it from a copy",
            ErrorKind::Full => "could not grow, disk or memory of the server are full: make room, then try again",
            ErrorKind::Rejected => "refused what was asked",
            ErrorKind::Unauthorized => "does not let this user in, or not do this",
            ErrorKind::Internal => "was misused",
            _ => "could not be used",
        };
        PortError::caused(kind, format!("{place} {what}"), cause)
    }
}

fn kind_of(error: &Error) -> ErrorKind {
    if let Some(error) = error.as_db_error() {
        return kind_of_code(error.code());
    }
    match error.source() {
        None if error.is_closed() => ErrorKind::Unavailable,
        // Only what has taken too long has neither code nor cause.
        None => ErrorKind::Unavailable,
        Some(cause) if cause.is::<io::Error>() => ErrorKind::Unavailable,
        Some(cause) if cause.is::<WrongType>() || cause.is::<WasNull>() => ErrorKind::Corrupt,
        // A password that is asked for and not there counts as a configuration to the driver.
        Some(cause) if error.to_string().contains("authentication") || cause.to_string().contains("password") => {
            ErrorKind::Unauthorized
        }
        Some(_) => ErrorKind::Internal,
    }
}

fn is_collision(code: &SqlState) -> bool {
    *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED
}

/// What the codes of <https://www.postgresql.org/docs/current/errcodes-appendix.html> mean to a caller.
fn kind_of_code(code: &SqlState) -> ErrorKind {
    let class = code.code().get(..2).unwrap_or_default();
    match (class, code.code()) {
        (_, "53100" | "53200") => ErrorKind::Full,
        // Names of database or table that are not there, statements that are none: a database of something else.
        (_, "3D000" | "3F000") => ErrorKind::Rejected,
        (_, "42501") | ("28", _) => ErrorKind::Unauthorized,
        ("XX", "XX001" | "XX002") => ErrorKind::Corrupt,
        // Connection, transaction at the wrong time or in the way, resources, object in use, operator, system.
        ("08" | "25" | "40" | "53" | "55" | "57" | "58", _) => ErrorKind::Unavailable,
        ("22" | "23" | "44" | "54", _) => ErrorKind::Rejected,
        _ => ErrorKind::Internal,
    }
}

/// The cause without anything of a row.
fn cause_of(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(error), _) => cause_of_code(error),
        (None, Some(cause)) if cause.is::<io::Error>() || cause.is::<WrongType>() => format!("{error}: {cause}"),
        (None, _) => error.to_string(),
    }
}

fn cause_of_code(error: &DbError) -> String {
    let mut cause = format!("PostgreSQL says {}", error.code().code());
    let names = [("table", error.table()), ("column", error.column()), ("constraint", error.constraint())];
    for (what, name) in names.into_iter().filter_map(|(what, name)| Some((what, name?))) {
        cause.push_str(&format!(", {what} {name}"));
    }
    cause
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        let check = |code: &str, expected| assert_eq!(kind_of_code(&SqlState::from_code(code)), expected, "{code}");
        check("53100", ErrorKind::Full);
        check("53200", ErrorKind::Full);
        check("53300", ErrorKind::Unavailable);
        check("57P01", ErrorKind::Unavailable);
        check("57014", ErrorKind::Unavailable);
        check("55P03", ErrorKind::Unavailable);
        check("40P01", ErrorKind::Unavailable);
        check("25006", ErrorKind::Unavailable);
        check("08006", ErrorKind::Unavailable);
        check("23505", ErrorKind::Rejected);
        check("22021", ErrorKind::Rejected);
        check("3D000", ErrorKind::Rejected);
        check("28P01", ErrorKind::Unauthorized);
        check("42501", ErrorKind::Unauthorized);
        check("XX001", ErrorKind::Corrupt);
        check("42P01", ErrorKind::Internal);
        check("", ErrorKind::Internal);
    }

    #[test]
    fn collisions_are_tried_again() {
        for (code, expected) in [("40001", true), ("40P01", true), ("40003", false), ("23505", false)] {
            assert_eq!(is_collision(&SqlState::from_code(code)), expected, "{code}");
        }
    }
}
