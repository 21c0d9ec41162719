//! The files of the repository, for rules over all of them.

use std::{fs, path::Path};

use crate::repository;

/// A file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// From the root.
    pub path: String,
    /// `None` when it is no text.
    pub text: Option<String>,
}

impl File {
    /// Whether its name ends so.
    pub fn is(&self, extension: &str) -> bool {
        self.path.ends_with(extension)
    }

    /// Its lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.as_deref().unwrap_or_default().lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The line at which the tests inside a file of Rust begin; the highest number when there are none.
    pub fn tests_begin(&self) -> usize {
        let begin = self.lines().find(|(_, line)| *line == "#[cfg(test)]").map(|(number, _)| number);
        begin.unwrap_or(usize::MAX)
    }

    /// Whether it is other people's code, kept as it was published.
    pub fn is_vendored(&self) -> bool {
        self.path.ends_with(".min.js")
    }

    /// Whether all of it is for tests.
    pub fn is_test(&self) -> bool {
        self.path.contains("tests/") || self.path.ends_with("tests.rs") || self.path.contains("/conformance")
    }
}

/// All files but what is built, fetched or made by a run.
pub fn files() -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![repository()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_passed_over = matches!(name.as_str(), ".git" | "target" | "node_modules" | "__pycache__")
                || ["data", "fuzz/corpus", "fuzz/artifacts", "fuzz/logs"]
                    .iter()
                    .any(|made| path == repository().join(made));
            match path.is_dir() {
                _ if is_passed_over => {}
                true => folders.push(path),
                false => files.push(File { path: below(&path), text: fs::read_to_string(&path).ok() }),
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// A path from the root.
fn below(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap().to_string_lossy().into_owned()
}

/// Copies a folder with all in it.
///
/// # Panics
/// It cannot be read, or the copy not be written.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy_folder(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// Fails with all that was found, a line each.
#[track_caller]
pub fn none(found: &[String]) {
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}
