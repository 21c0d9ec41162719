//! Snapshots as files of a folder, one for each stage and partition.
//!
//! A file is a header (what it is, the offset, the length of the state), the SHA-256 of what follows the first eight
//! bytes but itself, and the state. It is written beside its place, synced, and then put there by a rename.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use otklik_ports::{ErrorKind, PortError, PortResult, Snapshot, Snapshots};
use sha2::{Digest, Sha256};

/// What a file begins with; the last digit is the version of the format.
const MAGIC: [u8; 8] = *b"otksnap1";
const HEADER_BYTES: usize = 24;
const CHECKSUM_BYTES: usize = 32;
const TEMPORARY: &str = "tmp";
/// Longest name of a stage in a file name.
const STAGE_CHARS_MAX: usize = 200;

/// Snapshots in a folder.
#[derive(Debug)]
pub struct FileSnapshots {
    folder: Arc<Path>,
    /// Tells apart what is being written at the same time.
    written: AtomicU64,
}

impl FileSnapshots {
    /// Takes a folder, making it when it is not there. What a kill left half written is removed.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be made or read.
    pub fn open(folder: impl Into<PathBuf>) -> PortResult<Self> {
        let folder = folder.into();
        let open = || {
            fs::create_dir_all(&folder)?;
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.extension().is_some_and(|extension| extension == TEMPORARY) {
                    fs::remove_file(path)?;
                }
            }
            Ok(())
        };
        open().map_err(|error| failed(&folder, "opened", error))?;
        Ok(Self { folder: folder.into(), written: AtomicU64::new(0) })
    }

    fn place(&self, stage: &str, partition: u32) -> PortResult<PathBuf> {
        let name = file_name(stage);
        if name.len() > STAGE_CHARS_MAX {
            let message = format!("the name of a stage takes {} characters of a file name", name.len());
            return Err(PortError::new(ErrorKind::Rejected, message));
        }
        Ok(self.folder.join(format!("stage-{name}.{partition}.snapshot")))
    }
}

#[async_trait]
impl Snapshots for FileSnapshots {
    async fn save(&self, stage: &str, partition: u32, snapshot: Snapshot) -> PortResult<()> {
        let place = self.place(stage, partition)?;
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let folder = Arc::clone(&self.folder);
        let blocking = move || {
            let temporary = place.with_extension(format!("{number}.{TEMPORARY}"));
            write(&folder, &temporary, &place, &snapshot).map_err(|error| {
                // Best effort: the next opening removes it too.
                fs::remove_file(&temporary).ok();
                failed(&place, "written", error)
            })
        };
        tokio::task::spawn_blocking(blocking).await.map_err(stopped)?
    }

    async fn load(&self, stage: &str, partition: u32) -> PortResult<Option<Snapshot>> {
        let place = self.place(stage, partition)?;
        let blocking = move || match read(&place) {
            Ok(snapshot) => Ok(Some(snapshot)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&place, "read", error)),
        };
        tokio::task::spawn_blocking(blocking).await.map_err(stopped)?
    }
}

fn write(folder: &Path, temporary: &Path, place: &Path, snapshot: &Snapshot) -> io::Result<()> {
    let mut file = File::create_new(temporary)?;
    let header = header(snapshot);
    file.write_all(&header)?;
    file.write_all(&checksum(&header, &snapshot.state))?;
    file.write_all(&snapshot.state)?;
    file.sync_all()?;
    fs::rename(temporary, place)?;
    // The new name has to reach the disk as well.
    File::open(folder)?.sync_all()
}

fn read(place: &Path) -> io::Result<Snapshot> {
    let damaged = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut file = File::open(place)?;
    let mut header = [0; HEADER_BYTES];
    let mut expected = [0; CHECKSUM_BYTES];
    file.read_exact(&mut header)?;
    file.read_exact(&mut expected)?;
    let mut state = Vec::new();
    file.read_to_end(&mut state)?;
    if header[..8] != MAGIC {
        return Err(damaged("it does not begin as a snapshot does"));
    }
    if checksum(&header, &state) != expected {
        return Err(damaged("its checksum does not fit"));
    }
    let mut offset = [0; 8];
    offset.copy_from_slice(&header[8..16]);
    Ok(Snapshot { offset: u64::from_be_bytes(offset), state })
}

fn header(snapshot: &Snapshot) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..16].copy_from_slice(&snapshot.offset.to_be_bytes());
    header[16..].copy_from_slice(&(snapshot.state.len() as u64).to_be_bytes());
    header
}

fn checksum(header: &[u8; HEADER_BYTES], state: &[u8]) -> [u8; CHECKSUM_BYTES] {
    Sha256::new().chain_update(&header[8..]).chain_update(state).finalize().into()
}

/// A stage's name in a file name: letters and digits as they are, every other byte as `%` and two digits. Capitals too,
/// since some file systems take them for small ones.
fn file_name(stage: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    stage.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") }).collect()
}

fn failed(path: &Path, task: &str, error: io::Error) -> PortError {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => ErrorKind::Full,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => ErrorKind::Corrupt,
        _ => ErrorKind::Unavailable,
    };
    PortError::caused(kind, format!("the snapshot at {} could not be {task}: {error}", path.display()), error)
}

fn stopped(error: tokio::task::JoinError) -> PortError {
    PortError::caused(ErrorKind::Internal, "a snapshot could not be worked on", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(text: &str) -> Snapshot {
        Snapshot { offset: 7, state: text.as_bytes().to_vec() }
    }

    #[tokio::test]
    async fn conforms() {
        let folder = tempfile::tempdir().unwrap();
        let make = async || FileSnapshots::open(tempfile::tempdir_in(&folder).unwrap().keep()).unwrap();
        otklik_ports::conformance::snapshots::suite(make).await;
    }

    #[tokio::test]
    async fn the_old_one_stays_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = FileSnapshots::open(folder.path()).unwrap();
        snapshots.save("group", 0, snapshot("old")).await.unwrap();
        // What a kill in the midst of writing leaves.
        let half = folder.path().join("stage-group.0.0.tmp");
        fs::write(&half, b"otksnap1").unwrap();
        assert_eq!(snapshots.load("group", 0).await.unwrap(), Some(snapshot("old")));
        let error = snapshots.save("long".repeat(60).as_str(), 0, snapshot("new")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rejected);

        let snapshots = FileSnapshots::open(folder.path()).unwrap();
        assert!(!half.exists(), "it is removed");
        assert_eq!(snapshots.load("group", 0).await.unwrap(), Some(snapshot("old")));
        snapshots.save("group", 0, snapshot("new")).await.unwrap();
        assert_eq!(snapshots.load("group", 0).await.unwrap(), Some(snapshot("new")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[tokio::test]
    async fn damage_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = FileSnapshots::open(folder.path()).unwrap();
        snapshots.save("group", 3, snapshot("a state of some length")).await.unwrap();
        let path = folder.path().join("stage-group.3.snapshot");
        let whole = fs::read(&path).unwrap();
        let check = async |bytes: Vec<u8>| {
            fs::write(&path, &bytes).unwrap();
            let error = snapshots.load("group", 3).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        };
        for length in [0, 8, 23, 55, 56, whole.len() - 1] {
            check(whole[..length].to_vec()).await;
        }
        for position in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[position] ^= 1;
            check(bytes).await;
        }
        check([whole.as_slice(), b"!"].concat()).await;
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = FileSnapshots::open(file.join("snapshots")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    }
}
