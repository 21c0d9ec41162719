//! What went wrong in fjall, in the words of the port.

use std::{io, path::Path};

use otklik_ports::{ErrorKind, PortError};

use super::layout::Damaged;

/// Turns an error into one of the port; `task` says what was attempted, as in "the log at … could not be read".
pub(super) fn failed(folder: &Path, task: &str, error: impl Into<Failure>) -> PortError {
    let error = error.into();
    let kind = error.kind();
    let hint = match kind {
        ErrorKind::Corrupt => ": it is damaged. Restore it from a copy, or move it away to begin an empty one",
        ErrorKind::Full => ": the disk is full. Make room, then try again",
        _ => "",
    };
    let message = format!("the log at {} could not be {task}{hint}", folder.display());
    PortError::caused(kind, message, error)
}

/// Anything that stops the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Engine(#[from] fjall::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The engine met something it holds to be impossible.
    #[error("the engine gave up on its files")]
    Panicked,
}

impl Failure {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Engine(fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)))
            | Self::Io(error) => kind_of_io(error),
            Self::Engine(fjall::Error::Poisoned | fjall::Error::KeyspaceDeleted) => ErrorKind::Unavailable,
            Self::Engine(fjall::Error::Locked) => ErrorKind::Conflict,
            Self::Engine(_) | Self::Damaged(_) | Self::Panicked => ErrorKind::Corrupt,
        }
    }
}

fn kind_of_io(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => ErrorKind::Full,
        // A file of the log is gone, ends too early, or sends the reader outside itself.
        io::ErrorKind::NotFound
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::InvalidData
        | io::ErrorKind::InvalidInput => ErrorKind::Corrupt,
        _ => ErrorKind::Unavailable,
    }
}
