//! The dictionaries built into the binary, or those of a folder.

use std::{borrow::Cow, fs, path::Path, sync::Arc};

use anyhow::{Context, bail};
use otklik_text::{Dictionary, Problem, SourceFile};
use rust_embed::RustEmbed;

/// Largest dictionary file read.
const FILE_BYTES_MAX: u64 = 32 << 20;

#[derive(RustEmbed)]
#[folder = "../../dictionaries"]
struct BuiltIn;

/// The files of a dictionary, path and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DictionaryFiles(Vec<(String, Cow<'static, str>)>);

impl DictionaryFiles {
    /// Reads those built in, or those of a folder.
    ///
    /// # Errors
    /// A file cannot be read or is not UTF-8; the message names it.
    pub(crate) fn load(folder: Option<&Path>) -> anyhow::Result<Self> {
        match folder {
            Some(folder) => Self::of_folder(folder),
            None => Self::built_in(),
        }
    }

    fn built_in() -> anyhow::Result<Self> {
        let mut files = Vec::new();
        for path in BuiltIn::iter() {
            let content = BuiltIn::get(&path).map(|file| file.data.into_owned()).unwrap_or_default();
            let content = String::from_utf8(content).with_context(|| format!("dictionaries/{path} is not UTF-8"))?;
            files.push((path.into_owned(), Cow::Owned(content)));
        }
        Ok(Self(files))
    }

    fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            let entries = fs::read_dir(&next).with_context(|| format!("cannot read the folder {}", next.display()))?;
            for entry in entries {
                let entry = entry.with_context(|| format!("cannot read the folder {}", next.display()))?;
                let (path, metadata) = (entry.path(), entry.metadata()?);
                if metadata.is_dir() {
                    folders.push(path);
                } else if metadata.len() > FILE_BYTES_MAX {
                    bail!("{} is larger than {} MiB", path.display(), FILE_BYTES_MAX >> 20);
                } else {
                    let content =
                        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                    let below = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                    files.push((below, Cow::Owned(content)));
                }
            }
        }
        files.sort();
        Ok(Self(files))
    }

    /// The files, in order of path.
    pub(crate) fn sources(&self) -> Vec<SourceFile<'_>> {
        self.0.iter().map(|(path, content)| SourceFile { path, content }).collect()
    }

    /// The content of a file.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == path).map(|(_, content)| content.as_ref())
    }

    /// Compiles the dictionary.
    ///
    /// # Errors
    /// Every mistake, with file and line.
    pub(crate) fn compile(&self) -> anyhow::Result<Arc<Dictionary>> {
        match Dictionary::compile(&self.sources()) {
            Ok(dictionary) => Ok(Arc::new(dictionary)),
            Err(problems) => bail!("the dictionaries have mistakes:\n{}", list(&problems)),
        }
    }
}

/// Mistakes, a line each.
pub(crate) fn list(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    lines.join("\n")
}
