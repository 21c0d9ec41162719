//! Dictionary files as an operator writes them, read with the place of every mistake.

use std::{collections::BTreeMap, ops::Range};

use serde::{Deserialize, de::DeserializeOwned};
use toml::Spanned;

use crate::{
    fold::fold,
    term::{Classes, check_class},
};

/// A dictionary file: its path below `dictionaries/` and its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceFile<'a> {
    /// Path with forward strokes, such as `topics/roads.toml`; it says what the file is.
    pub path: &'a str,
    /// The whole content.
    pub content: &'a str,
}

/// A mistake in a dictionary file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct Problem {
    /// The file.
    pub path: String,
    /// Line from 1; 0 when it concerns the whole file.
    pub line: usize,
    /// What is wrong and what is expected.
    pub message: String,
}

impl Problem {
    /// A mistake at a place of a file, given in bytes.
    pub fn at(file: &SourceFile<'_>, span: Range<usize>, message: impl Into<String>) -> Self {
        let line = file.content.bytes().take(span.start).filter(|&byte| byte == b'\n').count() + 1;
        Self { path: file.path.to_owned(), line, message: message.into() }
    }

    /// A mistake on a line, from 1.
    pub fn on_line(file: &SourceFile<'_>, line: usize, message: impl Into<String>) -> Self {
        Self { path: file.path.to_owned(), line, message: message.into() }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopicFile {
    pub(crate) id: Spanned<String>,
    pub(crate) name: String,
    pub(crate) topics: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DangerFile {
    pub(crate) danger: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToneFile {
    pub(crate) tone: Vec<Entry>,
}

/// A topic, a danger or a tone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) id: Spanned<String>,
    pub(crate) name: String,
    pub(crate) severity: Option<Spanned<u8>>,
    /// `address` or `area`.
    pub(crate) reach: Option<Spanned<String>>,
    pub(crate) terms: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) hints: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) not: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) examples: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) others: Vec<Spanned<String>>,
}

/// Reads a TOML file.
///
/// # Errors
/// The first mistake, with file and line.
pub fn read_toml<T: DeserializeOwned>(file: &SourceFile<'_>) -> Result<T, Problem> {
    toml::from_str(file.content)
        .map_err(|error| Problem::at(file, error.span().unwrap_or(0..0), error.message().to_owned()))
}

/// Reads `classes.toml`.
pub(crate) fn read_classes(file: &SourceFile<'_>, problems: &mut Vec<Problem>) -> Classes {
    let spanned: BTreeMap<String, Spanned<String>> = match read_toml(file) {
        Ok(classes) => classes,
        Err(problem) => {
            problems.push(problem);
            return Classes::default();
        }
    };
    let spans: Vec<(String, Range<usize>)> = spanned.iter().map(|(name, words)| (name.clone(), words.span())).collect();
    let classes: Classes = spanned.into_iter().map(|(name, words)| (name, words.into_inner())).collect();
    for (name, span) in spans {
        if let Some(Err(message)) = classes.get(&name).map(|words| check_class(words, &classes)) {
            problems.push(Problem::at(file, span, format!("class {name}: {message}")));
        }
    }
    classes
}

/// Reads `morphology.tsv`: a form and the word whose stem it should have.
pub(crate) fn read_morphology(file: &SourceFile<'_>, problems: &mut Vec<Problem>) -> Vec<(String, String)> {
    let mut forms = Vec::new();
    for (line, fields) in tsv_lines(file) {
        match fields.as_slice() {
            [form, word] if !fold(form).is_empty() && !fold(word).is_empty() => forms.push((fold(form), fold(word))),
            _ => problems.push(Problem::on_line(file, line, "expected a form, a tab and a word")),
        }
    }
    forms
}

/// The lines of a tab-separated file with their numbers; empty ones and those that begin with `#` are left out.
pub(crate) fn tsv_lines<'a>(file: &SourceFile<'a>) -> impl Iterator<Item = (usize, Vec<&'a str>)> + use<'a> {
    file.content
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(index, line)| (index + 1, line.split('\t').map(str::trim).collect()))
}
