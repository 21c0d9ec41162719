//! What the demonstration remembers between two runs, in a file of its data folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// The file. Its presence says that a folder is a demonstration's, and may be deleted by `--fresh`.
const FILE: &str = "demo.json";
/// The seed of the day: any other gives another day of the same events.
pub(crate) const SEED: u64 = 7;

/// Where the demonstration stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DemoState {
    /// When the day begins.
    pub(crate) start: Timestamp,
    /// Its seed.
    pub(crate) seed: u64,
    /// What the demonstration's clock shows.
    pub(crate) clock: Timestamp,
}

impl DemoState {
    /// The day that ended at the last midnight of a time zone.
    ///
    /// # Errors
    /// There is no such day.
    pub(crate) fn of_yesterday(now: Timestamp, zone: &TimeZone) -> anyhow::Result<Self> {
        let today = now.to_zoned(zone.clone()).start_of_day()?;
        let start = today.checked_sub(1.day())?.start_of_day()?.timestamp();
        Ok(Self { start, seed: SEED, clock: start })
    }

    /// When the day ends.
    pub(crate) fn end(&self) -> Timestamp {
        self.start.saturating_add(SignedDuration::from_hours(24)).unwrap_or(self.start)
    }

    /// Reads where the demonstration of a folder stands, or begins one in a folder that is empty or not there.
    ///
    /// # Errors
    /// The folder holds something else; the file cannot be read or written.
    pub(crate) fn open(folder: &Path, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Self> {
        let path = file(folder);
        match fs::read_to_string(&path) {
            Ok(content) => serde_json::from_str(&content)
                .with_context(|| format!("{} is damaged: start over by --fresh", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !is_empty(folder)? {
                    bail!("{} holds something other than a demonstration: choose another by --data", folder.display());
                }
                fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
                let state = Self::of_yesterday(now, zone)?;
                state.save(folder)?;
                Ok(state)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Deletes the demonstration of a folder. Nothing else is ever deleted.
    ///
    /// # Errors
    /// The folder holds something else, or cannot be deleted.
    pub(crate) fn remove(folder: &Path) -> anyhow::Result<()> {
        if file(folder).is_file() {
            return fs::remove_dir_all(folder).with_context(|| format!("cannot delete {}", folder.display()));
        }
        if !is_empty(folder)? {
            bail!("{} holds something other than a demonstration, it is not deleted", folder.display());
        }
        Ok(())
    }

    /// Writes it, in one step.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn save(&self, folder: &Path) -> anyhow::Result<()> {
        let (path, new) = (file(folder), folder.join("demo.json.new"));
        let content = serde_json::to_string(self)?;
        fs::write(&new, content)
            .and_then(|()| fs::rename(&new, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

fn is_empty(folder: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| format!("cannot read the folder {}", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_goes_on_and_starts_over() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("demo");
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let now = "2026-03-03T12:00:00Z".parse().unwrap();
        let mut state = DemoState::open(&data, now, &zone).unwrap();
        assert_eq!(state.start, "2026-03-01T21:00:00Z".parse().unwrap());
        assert_eq!(state.end(), "2026-03-02T21:00:00Z".parse().unwrap());
        state.clock = now;
        state.save(&data).unwrap();
        assert_eq!(DemoState::open(&data, Timestamp::UNIX_EPOCH, &zone).unwrap(), state);
        DemoState::remove(&data).unwrap();
        assert!(!data.exists());
        DemoState::remove(&data).unwrap();
    }

    #[test]
    fn leaves_what_is_not_its_own() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.doc"), "").unwrap();
        assert!(DemoState::remove(folder.path()).is_err());
        assert!(DemoState::open(folder.path(), Timestamp::UNIX_EPOCH, &TimeZone::UTC).is_err());
        assert!(folder.path().join("thesis.doc").exists());
    }
}
