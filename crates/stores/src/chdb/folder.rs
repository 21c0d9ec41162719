//! The engine's folder: who has it open and in what state it is.

use std::{
    fs::{File, TryLockError},
    io::Read,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use otklik_ports::{ErrorKind, PortError, PortResult};

use super::ffi::Connection;

static OPEN: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Marks the folder as this process's, for as long as the process lives.
///
/// # Errors
/// `Conflict` when there is one already.
pub(super) fn claim(folder: &Path) -> PortResult<()> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    match open.as_ref() {
        Some(other) => {
            let message = format!(
                "{}: this process has ClickHouse open on {}; it can open it once only",
                folder.display(),
                other.display()
            );
            Err(PortError::new(ErrorKind::Conflict, message))
        }
        None => {
            *open = Some(folder.to_owned());
            Ok(())
        }
    }
}

/// Takes the mark back after a failed start.
pub(super) fn release() {
    *OPEN.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Checks that no other process has the engine running on its data: the engine itself would only say no.
///
/// # Errors
/// `Conflict`, naming the process.
pub(super) fn check_free(data: &Path) -> PortResult<()> {
    let Ok(mut status) = File::open(data.join("status")) else {
        return Ok(());
    };
    if !matches!(status.try_lock(), Err(TryLockError::WouldBlock)) {
        return Ok(());
    }
    let mut text = String::new();
    // The file names the process in its first line, `PID: 123`; without it the message is still useful.
    let read = status.by_ref().take(1_000).read_to_string(&mut text);
    let process = read.ok().and_then(|_| text.lines().find_map(|line| line.strip_prefix("PID: ")));
    let message = format!(
        "{}: another process ({}) has ClickHouse open on this folder; stop it or name another folder",
        data.display(),
        process.unwrap_or("unknown")
    );
    Err(PortError::new(ErrorKind::Conflict, message))
}

/// Reports parts of tables that the engine found damaged at its start and set aside.
pub(super) fn report_damaged_parts(connection: &mut Connection, folder: &Path) {
    let sql = "SELECT count() FROM system.detached_parts WHERE startsWith(reason, 'broken')";
    let count = connection.query(sql, "TSV", &[]);
    let count = count.map(|result| String::from_utf8_lossy(result.as_ref()).trim().to_owned());
    match count.as_deref() {
        Ok("0") => {}
        Ok(parts) => tracing::error!(
            parts,
            folder = %folder.display(),
            "damaged parts of tables were set aside, their rows are missing: put a backup there or replay the log"
        ),
        Err(error) => tracing::error!(error, "damaged parts of tables could not be counted"),
    }
}
