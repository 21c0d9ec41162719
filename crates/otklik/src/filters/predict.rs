//! `otklik predict`: texts to labels.

use std::io;

use otklik_text::{Predictor, Scored};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{analyse::load_model, train::take_text};
use crate::{Outcome, cli::PredictArgs, dictionaries::DictionaryFiles, jsonl};

/// A prediction.
#[derive(Serialize)]
struct Prediction {
    id: Value,
    label: String,
    score: f32,
    top: Vec<Label>,
}

#[derive(Serialize)]
struct Label {
    label: String,
    score: f32,
}

/// Runs the filter.
///
/// # Errors
/// The model or the dictionaries cannot be used; see [`jsonl::filter`].
pub(crate) fn run(args: &PredictArgs) -> anyhow::Result<Outcome> {
    let dictionary = DictionaryFiles::load(args.dictionaries.dictionaries.as_deref())?.compile()?;
    let mut predictor = Predictor::new(load_model(&args.model)?, dictionary);
    jsonl::filter(io::stdin().lock(), args.filter.strict, |mut object: Map<String, Value>| {
        let id = object.remove("id").unwrap_or(Value::Null);
        let text = take_text(&mut object, &args.text)?;
        let top = predictor.predict(&text);
        let best = top.first().cloned().unwrap_or(Scored { label: String::new(), score: 0.0 });
        let top = top.into_iter().map(|scored| Label { label: scored.label, score: scored.score }).collect();
        Ok(Prediction { id, label: best.label, score: best.score, top })
    })
}
