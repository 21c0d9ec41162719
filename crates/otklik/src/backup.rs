//! `otklik backup` and `otklik restore`: everything an embedded deployment keeps, in one file.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use otklik_stores::sqlite::{SqliteConfig, SqliteIncidents};
use sha2::{Digest, Sha256};
use tar::{Archive, Builder, EntryType, Header};

use crate::{
    Outcome,
    cli::{BackupArgs, RestoreArgs},
    config::Config,
    data_folder::{DataFolder, LOCK_FILE},
    engines::INCIDENTS_FILE,
};

/// The last entry of a backup: the checksum of each file before it. Without it the backup was broken off.
const SUMS: &str = "SHA256SUMS";
/// Bytes of the list of checksums read at most.
const SUMS_BYTES_MAX: u64 = 64 << 20;

/// Writes the data folder into a file. Nothing may run on the folder meanwhile: its lock is taken.
///
/// # Errors
/// A process runs on the folder; the file exists; something cannot be read or written. Then no file is left.
pub(crate) fn backup(args: &BackupArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(&args.config)?;
    ensure!(config.data.is_dir(), "there is no data folder {}", config.data.display());
    let _lock = DataFolder::lock(&config.data)?;
    ensure!(!args.to.exists(), "{} exists: name another file", args.to.display());
    settle(&config.data.join(INCIDENTS_FILE))?;
    let partial = args.to.with_added_extension("partial");
    let written = write(&config.data, &partial).and_then(|files| {
        fs::rename(&partial, &args.to).with_context(|| format!("cannot name {}", args.to.display()))?;
        sync_folder(&args.to)?;
        Ok(files)
    });
    if written.is_err() {
        // What is left of a failed backup would only be taken for one.
        fs::remove_file(&partial).ok();
    }
    let files = written?;
    let bytes = fs::metadata(&args.to).map_or(0, |about| about.len());
    eprintln!("otklik: {files} files, {} MiB in {}", bytes >> 20, args.to.display());
    Ok(Outcome::Done)
}

/// Puts all of the incidents into their file: what a process that was killed left beside it may hold words since taken out.
fn settle(incidents: &Path) -> anyhow::Result<()> {
    if incidents.exists() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().context("cannot start")?;
        runtime.block_on(SqliteIncidents::open(SqliteConfig::new(incidents))).context("cannot open the incidents")?;
    }
    Ok(())
}

/// Puts a backup into the data folder of a configuration, which must not exist or be empty. Every file is checked before the
/// folder gets its name.
///
/// # Errors
/// The folder holds something; the backup is damaged or broken off; something cannot be read or written.
pub(crate) fn restore(args: &RestoreArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(&args.config)?;
    let data = &config.data;
    let is_free = fs::read_dir(data).map_or(true, |mut entries| entries.next().is_none());
    ensure!(is_free, "{} is not empty: a backup is restored into an empty folder only", data.display());
    let partial = data.with_added_extension("partial");
    ensure!(!partial.exists(), "{} is left of an earlier attempt: remove it", partial.display());
    let files = read(&args.file, &partial).inspect_err(|_| {
        fs::remove_dir_all(&partial).ok();
    })?;
    if data.exists() {
        fs::remove_dir(data).with_context(|| format!("cannot replace {}", data.display()))?;
    }
    fs::rename(&partial, data).with_context(|| format!("cannot name {}", data.display()))?;
    sync_folder(data)?;
    eprintln!("otklik: {files} files restored into {}", data.display());
    Ok(Outcome::Done)
}

fn write(data: &Path, to: &Path) -> anyhow::Result<usize> {
    let cannot = || format!("cannot write {}", to.display());
    let file = File::options().write(true).create_new(true).mode(0o600).open(to).with_context(cannot)?;
    let packed = GzEncoder::new(BufWriter::with_capacity(1 << 20, file), Compression::fast());
    let mut archive = Builder::new(packed);
    archive.follow_symlinks(false);
    let mut sums = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let full = data.join(&folder);
        let entries = fs::read_dir(&full).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries = entries.with_context(|| format!("cannot read {}", full.display()))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), folder.join(entry.file_name()));
            let kind = entry.file_type().with_context(|| format!("cannot read {}", path.display()))?;
            let skip = name == Path::new(LOCK_FILE);
            if kind.is_dir() {
                archive.append_dir(&name, &path).with_context(cannot)?;
                folders.push(name);
            } else if kind.is_symlink() {
                add_link(&mut archive, &name, &path, data).with_context(cannot)?;
            } else if kind.is_file() && !skip {
                let sum =
                    add_file(&mut archive, &name, &path).with_context(|| format!("cannot copy {}", path.display()))?;
                sums.insert(name, sum);
            }
        }
    }
    let list: String = sums.iter().map(|(name, sum)| format!("{sum}  {}\n", name.display())).collect();
    let mut header = Header::new_gnu();
    header.set_size(list.len() as u64);
    header.set_mode(0o600);
    archive.append_data(&mut header, SUMS, list.as_bytes()).with_context(cannot)?;
    let packed = archive.into_inner().with_context(cannot)?;
    let file = packed.finish().and_then(|file| file.into_inner().map_err(io::IntoInnerError::into_error));
    file.and_then(|file| file.sync_all()).with_context(cannot)?;
    Ok(sums.len())
}

/// Adds a file with the length it has now, and gives its checksum.
fn add_file(archive: &mut Builder<impl Write>, name: &Path, path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    let mut header = Header::new_gnu();
    header.set_metadata(&about);
    let mut summed = Summed { input: BufReader::with_capacity(1 << 20, file).take(about.len()), sum: Sha256::new() };
    archive.append_data(&mut header, name, &mut summed)?;
    Ok(hex(summed.sum))
}

/// Adds a link within the folder. ClickHouse links its tables by their full path: the backup holds it from the folder on.
fn add_link(archive: &mut Builder<impl Write>, name: &Path, path: &Path, data: &Path) -> io::Result<()> {
    let target = fs::read_link(path)?;
    let up: PathBuf = name.parent().into_iter().flat_map(Path::components).map(|_| Component::ParentDir).collect();
    let target = match fs::canonicalize(data).ok().and_then(|data| Some(target.strip_prefix(data).ok()?.to_owned())) {
        Some(inside) => up.join(inside),
        None => target,
    };
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Symlink);
    header.set_size(0);
    archive.append_link(&mut header, name, target)
}

fn read(from: &Path, into: &Path) -> anyhow::Result<usize> {
    let cannot = || format!("cannot read {}", from.display());
    let damaged = |what: String| format!("{} is damaged: {what}", from.display());
    let file = File::open(from).with_context(cannot)?;
    let mut archive = Archive::new(GzDecoder::new(BufReader::with_capacity(1 << 20, file)));
    fs::create_dir_all(into).with_context(|| format!("cannot make {}", into.display()))?;
    let mut found = BTreeMap::new();
    let mut sums = None;
    for entry in archive.entries().with_context(cannot)? {
        let mut entry = entry.with_context(|| damaged("it ends too early or is no backup".to_owned()))?;
        let name = entry.path().with_context(cannot)?.into_owned();
        if name == Path::new(SUMS) {
            let mut list = String::new();
            let read = entry.by_ref().take(SUMS_BYTES_MAX).read_to_string(&mut list);
            read.with_context(|| damaged("its checksums cannot be read".to_owned()))?;
            sums = Some(list);
            continue;
        }
        ensure!(
            name.components().all(|part| matches!(part, Component::Normal(_))),
            damaged("a name leads out".to_owned())
        );
        let placed = match entry.header().entry_type() {
            EntryType::Regular => unpack_file(&mut entry, &into.join(&name)).map(|sum| {
                found.insert(name.clone(), sum);
            }),
            EntryType::Directory => fs::create_dir_all(into.join(&name)),
            EntryType::Symlink => unpack_link(&mut entry, &into.join(&name), into),
            _ => bail!("{}", damaged(format!("{} is no file", name.display()))),
        };
        placed.with_context(|| format!("cannot put {} of {} in place", name.display(), from.display()))?;
    }
    let sums = sums.with_context(|| damaged("it was broken off, its checksums are missing".to_owned()))?;
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").with_context(|| damaged("its checksums cannot be read".to_owned()))?;
        let is_whole = found.remove(Path::new(name)).is_some_and(|found| found == sum);
        ensure!(is_whole, damaged(format!("{name} is not as it was")));
    }
    ensure!(found.is_empty(), damaged("it holds files without a checksum".to_owned()));
    Ok(sums.lines().count())
}

fn unpack_file(entry: &mut impl Read, to: &Path) -> io::Result<String> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(to)?;
    let mut summed = Summed { input: entry, sum: Sha256::new() };
    io::copy(&mut summed, &mut file)?;
    file.sync_all()?;
    Ok(hex(summed.sum))
}

/// Puts a link in place; one that leads out of the folder is refused.
fn unpack_link<R: Read>(entry: &mut tar::Entry<'_, R>, to: &Path, root: &Path) -> io::Result<()> {
    let target = entry.link_name()?.ok_or_else(|| io::Error::other("a link without a target"))?;
    let mut depth = to.strip_prefix(root).map_or(0, |name| name.components().count()).saturating_sub(1);
    for part in target.components() {
        depth = match part {
            Component::ParentDir => {
                depth.checked_sub(1).ok_or_else(|| io::Error::other("a link leads out of the folder"))?
            }
            Component::Normal(_) => depth + 1,
            Component::CurDir => depth,
            Component::RootDir | Component::Prefix(_) => {
                return Err(io::Error::other("a link leads out of the folder"));
            }
        };
    }
    std::os::unix::fs::symlink(target, to)
}

fn sync_folder(of: &Path) -> anyhow::Result<()> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| format!("cannot sync {}", folder.display()))
}

fn hex(sum: Sha256) -> String {
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads and sums.
struct Summed<R> {
    input: R,
    sum: Sha256,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.sum.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
