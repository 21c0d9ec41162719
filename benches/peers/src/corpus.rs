//! The files that `corpus.py` makes.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, anyhow};
use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Metrics, Network, Post, PostKind};
use otklik_text::{Dictionary, SourceFile};
use serde_json::Value;

/// Texts, a JSON string on each line.
pub fn texts(file: &str) -> anyhow::Result<Vec<String>> {
    let content = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    content.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// The posts of texts, a second apart.
pub fn posts(texts: &[String]) -> Vec<Post> {
    let begin = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000);
    texts.iter().zip(0..).map(|(text, number)| post(text, number, begin + SignedDuration::from_secs(number))).collect()
}

/// A post without anything but its text.
pub fn post(text: &str, number: i64, published_at: Timestamp) -> Post {
    Post {
        id: format!("vk:-1_{number}").as_str().into(),
        network: Network::Vk,
        kind: PostKind::Post,
        url: None,
        community: None,
        author: None,
        published_at,
        text: text.to_owned(),
        reply_to: None,
        repost_of: None,
        metrics: Metrics::default(),
        geo: None,
        region: None,
        labels: Vec::new(),
    }
}

/// The dictionaries of the repository.
pub fn dictionary() -> anyhow::Result<Arc<Dictionary>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dictionaries");
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(&folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(&folder)?.to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(entry.path())?));
        }
    }
    let sources: Vec<SourceFile<'_>> = files.iter().map(|(path, content)| SourceFile { path, content }).collect();
    Dictionary::compile(&sources).map(Arc::new).map_err(|problems| anyhow!("{} mistakes", problems.len()))
}

/// A field of an object as text.
pub fn field(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
