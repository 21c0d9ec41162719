//! Models by themselves: a text to its likeliest labels.

use std::sync::Arc;

use super::{Model, Scored, reader::Reader};
use crate::{Analyser, Dictionary};

/// Reads texts with models, and with the dictionary, whose topics are hints to them. Each thread has its own.
#[derive(Debug)]
pub struct Predictor {
    analyser: Analyser,
    readers: Vec<Reader>,
}

impl Predictor {
    /// The dictionary should be the one the model was trained with: topics it did not know then say nothing to it.
    pub fn new(model: Arc<Model>, dictionary: Arc<Dictionary>) -> Self {
        Self::of_several(vec![model], dictionary)
    }

    /// One that looks at each text once for all models.
    pub fn of_several(models: Vec<Arc<Model>>, dictionary: Arc<Dictionary>) -> Self {
        Self { analyser: Analyser::new(dictionary, Vec::new()), readers: models.into_iter().map(Reader::new).collect() }
    }

    /// The likeliest labels of a text, at most five, the likeliest first; of several models those of the first.
    pub fn predict(&mut self, text: &str) -> Vec<Scored> {
        self.predict_each(text).next().unwrap_or_default()
    }

    /// The likeliest labels of a text by each model in turn, at most five, the likeliest first.
    pub fn predict_each<'t>(&'t mut self, text: &'t str) -> impl Iterator<Item = Vec<Scored>> {
        let (hints, text) = self.analyser.hints(text);
        self.readers.iter_mut().map(move |reader| reader.predict(&text, hints))
    }
}
