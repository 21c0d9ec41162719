//! The data folder of a deployment: one process at a time runs on it.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use anyhow::{Context, bail};

/// The file whose lock says that a process runs on the folder.
pub(crate) const LOCK_FILE: &str = "lock";

/// The folder, locked while this lives; a kill lets go of it too.
#[derive(Debug)]
pub(crate) struct DataFolder {
    _lock: File,
}

impl DataFolder {
    /// Makes the folder where there is none, and locks it.
    ///
    /// # Errors
    /// Another process runs on it, or it cannot be written.
    pub(crate) fn lock(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the data folder {}", folder.display()))?;
        let path = folder.join(LOCK_FILE);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _lock: file }),
            Err(TryLockError::WouldBlock) => {
                bail!("{} is in use by another process: stop it or name another folder", folder.display())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }
}
