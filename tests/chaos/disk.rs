//! A small disk of its own for the data folder of the processes, that can be filled up. Mounting one takes root.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// A disk in memory, mounted on a folder. It is unmounted when this is dropped.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// Mounts a disk of so many mebibytes on a folder, which is made. `None` where that is not allowed.
    pub(crate) fn mount(folder: &Path, mebibytes: u64) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let options = format!("size={mebibytes}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).output();
        mount.is_ok_and(|done| done.status.success()).then(|| Self(folder.to_owned()))
    }

    /// Leaves no room on it.
    pub(crate) fn fill(&self) {
        let mut filler = fs::File::create(self.filler()).unwrap();
        let zeros = vec![0; 1 << 20];
        while filler.write_all(&zeros).is_ok() {}
    }

    /// Makes room again.
    pub(crate) fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A process may have files open on it still: it goes when they are closed.
        Command::new("umount").arg("--lazy").arg(&self.0).status().ok();
    }
}
