//! The language of short texts. Each line of the file: a JSON array of the language's code and the text.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, bail};
use lingua::{IsoCode639_1, LanguageDetectorBuilder};
use otklik_text::LanguageReader;
use serde_json::{Value, json};

use crate::timed;

pub fn run(who: &str, more: &[&str]) -> anyhow::Result<Value> {
    let file = more.first().copied().unwrap_or_default();
    let content = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    let samples: Vec<(String, String)> = content.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let count = samples.len();
    let judge = |found: Vec<String>| {
        let mut right: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        for ((truth, _), found) in samples.iter().zip(&found) {
            let (hits, all) = right.entry(truth).or_default();
            *hits += u32::from(truth == found);
            *all += 1;
        }
        json!(right)
    };
    let mut found: Vec<String> = Vec::with_capacity(count);
    let result = match who {
        "otklik" => {
            let mut reader = LanguageReader::default();
            timed(count, || {
                found.extend(samples.iter().map(|(_, text)| reader.read(text).code.into_owned()));
                json!({})
            })
        }
        "whatlang" => {
            let detector = whatlang::Detector::new();
            timed(count, || {
                let code = |text: &str| detector.detect_lang(text).map_or("und", |language| language.code());
                found.extend(samples.iter().map(|(_, text)| two_letters(code(text)).to_owned()));
                json!({})
            })
        }
        "lingua" => {
            let detector = LanguageDetectorBuilder::from_all_languages().with_preloaded_language_models().build();
            timed(count, || {
                let code = |text: &str| detector.detect_language_of(text).map(|language| language.iso_code_639_1());
                found.extend(samples.iter().map(|(_, text)| code(text).map_or("und".to_owned(), lower)));
                json!({})
            })
        }
        _ => bail!("there is no {who} here"),
    };
    let mut result = result;
    result["right"] = judge(found);
    Ok(result)
}

fn lower(code: IsoCode639_1) -> String {
    code.to_string().to_lowercase()
}

/// whatlang's codes as the others write them.
fn two_letters(code: &str) -> &str {
    match code {
        "rus" => "ru",
        "ukr" => "uk",
        "bel" => "be",
        "bul" => "bg",
        "srp" => "sr",
        "kaz" => "kk",
        "eng" => "en",
        other => other,
    }
}
