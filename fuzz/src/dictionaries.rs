//! The dictionaries of this checkout, and others cut out of an input.

use std::{
    fs,
    path::Path,
    sync::{Arc, LazyLock},
};

use otklik_text::{Dictionary, SourceFile};

/// The dictionaries of this checkout, compiled.
pub static OURS: LazyLock<Arc<Dictionary>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dictionaries");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    files.sort();
    let sources: Vec<SourceFile<'_>> = files.iter().map(|(path, content)| SourceFile { path, content }).collect();
    match Dictionary::compile(&sources) {
        Ok(dictionary) => Arc::new(dictionary),
        Err(problems) => panic!("the dictionaries have mistakes: {}", problems.len()),
    }
});

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            collect(root, &path, files);
        } else if let (Ok(below), Ok(content)) = (path.strip_prefix(root), fs::read_to_string(&path)) {
            files.push((below.to_string_lossy().into_owned(), content));
        }
    }
}

/// Files of an input: a line such as `@@ topics/roads.toml` begins each.
pub fn files(input: &str) -> Vec<(&str, &str)> {
    let parts = input.split("@@ ").skip(1);
    parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect()
}
