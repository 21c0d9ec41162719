//! Errors of Tantivy as those of the port.

use std::io;

use ::tantivy::TantivyError;
use otklik_ports::{ErrorKind, PortError};

/// Turns an error into the port's; `what` says what was attempted and on what.
pub(super) fn failure(what: impl Into<String>, error: TantivyError) -> PortError {
    let kind = match &error {
        TantivyError::LockFailure(..) => ErrorKind::Conflict,
        TantivyError::DataCorruption(_) | TantivyError::DeserializeError(_) => ErrorKind::Corrupt,
        TantivyError::IncompatibleIndex(_) | TantivyError::SchemaError(_) => ErrorKind::Rejected,
        TantivyError::OpenDirectoryError(_) | TantivyError::OpenReadError(_) | TantivyError::OpenWriteError(_) => {
            ErrorKind::Unavailable
        }
        TantivyError::IoError(error) if error.kind() == io::ErrorKind::StorageFull => ErrorKind::Full,
        // A full disk ends the indexing thread, which leaves only the text of its error.
        TantivyError::ErrorInThread(text) if text.contains("No space left") => ErrorKind::Full,
        TantivyError::IoError(_) | TantivyError::ErrorInThread(_) => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    PortError::caused(kind, what, error)
}
