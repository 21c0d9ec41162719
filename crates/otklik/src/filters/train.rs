//! `otklik train`: labelled texts to a model.

use std::{fs, path::Path};

use anyhow::Context;
use otklik_text::{Sample, TrainOptions, train};
use serde_json::{Map, Value};

use crate::{Outcome, cli::TrainArgs, dictionaries::DictionaryFiles, jsonl};

/// Trains and writes the model.
///
/// # Errors
/// The file or the dictionaries cannot be read, nothing can be learnt from it, or the model cannot be written.
pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<Outcome> {
    let mut labelled: Vec<(String, String)> = Vec::new();
    let outcome = read_labelled(&args.file, &args.text, &args.label, args.filter.strict, |text, label| {
        labelled.push((text, label));
    })?;
    let samples: Vec<Sample<'_>> = labelled.iter().map(|(text, label)| Sample { text, label }).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let dictionary = DictionaryFiles::load(args.dictionaries.dictionaries.as_deref())?.compile()?;
    let model = train(&samples, &dictionary, TrainOptions { threads, ..TrainOptions::default() })
        .with_context(|| format!("cannot train on {}", args.file.display()))?;
    let bytes = model.to_bytes();
    fs::write(&args.output, &bytes).with_context(|| format!("cannot write {}", args.output.display()))?;
    eprintln!(
        "trained on {} texts: {} labels, model {} of {} KiB",
        samples.len(),
        model.labels().len(),
        model.version(),
        bytes.len() >> 10
    );
    Ok(outcome)
}

/// Reads texts with their labels; a line without either is refused.
///
/// # Errors
/// As [`jsonl::for_each`].
pub(crate) fn read_labelled(
    path: &Path,
    text_field: &str,
    label_field: &str,
    strict: bool,
    mut each: impl FnMut(String, String),
) -> anyhow::Result<Outcome> {
    jsonl::for_each(jsonl::open(path)?, strict, |mut object: Map<String, Value>| {
        let text = take_text(&mut object, text_field)?;
        let label = take_text(&mut object, label_field)?;
        each(text, label);
        Ok(())
    })
}

/// The text or number of a field, as text.
pub(crate) fn take_text(object: &mut Map<String, Value>, field: &str) -> Result<String, String> {
    match object.remove(field) {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(value)) => Ok(value.to_string()),
        Some(Value::Null) | None => Err(format!("{field}: is missing")),
        Some(_) => Err(format!("{field}: is neither a text nor a number")),
    }
}
