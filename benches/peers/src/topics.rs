//! Raw text to labels: by two models, and by the whole reading of a post (dictionary, places, tone, language and two models).
//! `topics models|reading FILE MODEL MODEL`.

use std::{fs, hint::black_box, sync::Arc};

use anyhow::bail;
use otklik_text::{Analyser, Model, Predictor};
use serde_json::{Value, json};

use crate::{corpus, timed};

pub fn run(who: &str, more: &[&str]) -> anyhow::Result<Value> {
    let texts = corpus::texts(more.first().copied().unwrap_or_default())?;
    let read = |file: &&str| anyhow::Ok(Arc::new(Model::from_bytes(&fs::read(file)?)?));
    let models: Vec<Arc<Model>> = more.iter().skip(1).map(read).collect::<Result<_, _>>()?;
    let dictionary = corpus::dictionary()?;
    Ok(match who {
        "models" => {
            let mut predictor = Predictor::of_several(models, dictionary);
            timed(texts.len(), || {
                texts.iter().for_each(|text| predictor.predict_each(text).for_each(|labels| drop(black_box(labels))));
                json!({})
            })
        }
        "reading" => {
            let posts = corpus::posts(&texts);
            let mut analyser = Analyser::new(dictionary, models);
            timed(texts.len(), || {
                posts.iter().for_each(|post| drop(black_box(analyser.analyse(post))));
                json!({})
            })
        }
        _ => bail!("there is no {who} here"),
    })
}
