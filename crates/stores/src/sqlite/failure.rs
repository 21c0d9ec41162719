//! What went wrong in SQLite, in the words of the port.

use std::path::Path;

use otklik_ports::{ErrorKind, PortError};
use rusqlite::ErrorCode;

use crate::sql::Damaged;

/// Anything that stops a piece of work on the database.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Migration(#[from] rusqlite_migration::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The work itself says no.
    #[error(transparent)]
    Refused(#[from] PortError),
}

/// The result of a piece of work.
pub(super) type Result<T> = std::result::Result<T, Failure>;

/// A refusal with its reason.
pub(super) fn refused(kind: ErrorKind, message: impl Into<String>) -> Failure {
    Failure::Refused(PortError::new(kind, message))
}

impl Failure {
    /// The error of the port, with the place of the database.
    pub(super) fn into_port(self, path: &Path) -> PortError {
        let kind = match self {
            Self::Refused(error) => return error,
            Self::Damaged(_) => ErrorKind::Corrupt,
            Self::Io(_) => ErrorKind::Unavailable,
            Self::Sqlite(ref error) => kind_of(error),
            Self::Migration(ref error) => match error {
                rusqlite_migration::Error::RusqliteError { err, .. } => kind_of(err),
                _ => ErrorKind::Rejected,
            },
        };
        let what = match kind {
            ErrorKind::Corrupt => "is damaged: restore it from a copy",
            ErrorKind::Full => "could not grow, the disk is full: make room, then try again",
            ErrorKind::Rejected => "refused what was to be written",
            ErrorKind::Internal => "was misused",
            _ => "could not be used",
        };
        PortError::caused(kind, format!("the incident database {} {what}", path.display()), self)
    }
}

fn kind_of(error: &rusqlite::Error) -> ErrorKind {
    use rusqlite::Error;
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => ErrorKind::Corrupt,
            ErrorCode::DiskFull => ErrorKind::Full,
            // The file shared by the connections could not grow: SQLite has no word of its own for a full disk there.
            _ if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => ErrorKind::Full,
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::OperationInterrupted => ErrorKind::Unavailable,
            ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch => ErrorKind::Rejected,
            _ => ErrorKind::Internal,
        },
        Error::FromSqlConversionFailure(..) | Error::IntegralValueOutOfRange(..) | Error::InvalidColumnType(..) => {
            ErrorKind::Corrupt
        }
        _ => ErrorKind::Internal,
    }
}
