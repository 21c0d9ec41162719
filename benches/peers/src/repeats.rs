//! Texts published before: found among those that came first. Prints for each text the number of the one it repeats, or -1, and
//! of ours how like it is.

use std::time::Duration;

use anyhow::bail;
use gaoya::minhash::{MinHashIndex, MinHasher, MinHasher32};
use gaoya::text::whitespace_split;
use jiff::{SignedDuration, Timestamp};
use otklik_engine::group::RepeatWindow;
use otklik_text::{Fingerprint, Lexer};
use serde_json::{Value, json};

use crate::{corpus, timed};

/// Likeness from which texts count as repeated.
pub const LIKE: f32 = 0.5;
/// Likeness from which ours tells of texts at all: who counts may draw the line elsewhere.
const TOLD: f32 = 0.4;

pub fn run(who: &str, more: &[&str]) -> anyhow::Result<Value> {
    let texts = corpus::texts(more.first().copied().unwrap_or_default())?;
    let before = memory();
    let mut found: Vec<i64> = Vec::with_capacity(texts.len());
    let mut likeness: Vec<f32> = Vec::with_capacity(texts.len());
    let mut result = match who {
        "otklik" => {
            let (mut lexer, mut lexemes) = (Lexer::default(), Vec::new());
            let mut window = RepeatWindow::new(2_000_000, 14);
            let begin = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000);
            timed(texts.len(), || {
                for (number, text) in texts.iter().enumerate() {
                    lexer.read(text, &mut lexemes);
                    let at = begin + SignedDuration::try_from(Duration::from_millis(number as u64)).unwrap_or_default();
                    let twin = window.add(&number.to_string(), at, &Fingerprint::of(&lexemes), TOLD);
                    found.push(twin.map_or(-1, |(number, _)| number as i64));
                    likeness.push(twin.map_or(0.0, |(_, likeness)| likeness));
                }
                json!({ "bytes": memory().saturating_sub(before) })
            })
        }
        "gaoya42x3" => gaoya(&texts, 42, 3, before, &mut found),
        "gaoya20x5" => gaoya(&texts, 20, 5, before, &mut found),
        _ => bail!("there is no {who} here"),
    };
    result["found"] = json!(found);
    result["likeness"] = json!(likeness);
    Ok(result)
}

/// The peer as its own documentation uses it: lower case, shingles of words, a band index with verification by signature.
fn gaoya(texts: &[String], bands: usize, width: usize, before: u64, found: &mut Vec<i64>) -> Value {
    let hasher = MinHasher32::new(bands * width);
    let mut index: MinHashIndex<u32, usize> = MinHashIndex::new(bands, width, f64::from(LIKE));
    timed(texts.len(), || {
        for (number, text) in texts.iter().enumerate() {
            let lower = text.to_lowercase();
            let words: Vec<&str> = whitespace_split(&lower).collect();
            let pairs = words.windows(2).map(|pair| (pair[0], pair[1]));
            let first = words.first().map(|word| ("", *word));
            let signature = hasher.create_signature(first.into_iter().chain(pairs));
            let twins = index.query_owned(&signature);
            found.push(twins.into_iter().min().map_or(-1, |number| number as i64));
            index.insert(number, signature);
        }
        json!({ "bytes": memory().saturating_sub(before) })
    })
}

/// What the process holds, in bytes.
pub fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or_default() << 10
}
