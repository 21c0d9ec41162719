//! Posts into events. `grouping alone FILE`: the texts are analysed before the clock starts; `grouping whole FILE`: raw text to
//! analysis to event. Prints the event of each.

use std::collections::HashMap;

use anyhow::bail;
use otklik_engine::group::{GroupConfig, Grouper};
use otklik_text::Analyser;
use serde_json::{Value, json};

use crate::{corpus, timed};

/// Posts of a batch: few enough that what was read of them is still at hand when they are grouped.
const BATCH: usize = 16;

pub fn run(who: &str, more: &[&str]) -> anyhow::Result<Value> {
    let file = more.first().copied().unwrap_or_default();
    let content = std::fs::read_to_string(file)?;
    let mut posts = Vec::new();
    for (number, line) in content.lines().enumerate() {
        let object: Value = serde_json::from_str(line)?;
        let at = corpus::field(&object, "published_at").parse()?;
        posts.push(corpus::post(&corpus::field(&object, "text"), number as i64, at));
    }
    let mut analyser = Analyser::new(corpus::dictionary()?, Vec::new());
    let mut grouper = Grouper::new("bench".into(), GroupConfig::default());
    let mut found = Vec::with_capacity(posts.len());
    let mut result = match who {
        "alone" => {
            let analyses: Vec<_> = posts.iter().map(|post| analyser.analyse(post)).collect();
            timed(posts.len(), || {
                found.extend(
                    posts.iter().zip(&analyses).map(|(post, analysis)| grouper.add(post, analysis).group.event),
                );
                json!({})
            })
        }
        // Stage after stage, a batch at a time; the peer groups all posts after it has read them all.
        "whole" => timed(posts.len(), || {
            let mut analyses = Vec::with_capacity(BATCH);
            for batch in posts.chunks(BATCH) {
                analyses.clear();
                analyses.extend(batch.iter().map(|post| analyser.analyse(post)));
                found.extend(
                    batch.iter().zip(&analyses).map(|(post, analysis)| grouper.add(post, analysis).group.event),
                );
            }
            json!({})
        }),
        _ => bail!("there is no {who} here"),
    };
    let mut names: HashMap<&str, usize> = HashMap::new();
    let numbers = found.iter().map(|event| {
        let next = names.len();
        *names.entry(event.as_str()).or_insert(next)
    });
    let numbers: Vec<usize> = numbers.collect();
    result["found"] = json!(numbers);
    Ok(result)
}
