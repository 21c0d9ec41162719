//! A model by itself: a text to its likeliest labels.

use std::sync::Arc;

use super::{Model, Scored, features::hints, reader::Reader};
use crate::{Analyser, Dictionary};

/// Reads texts with one model, and with the dictionary, whose topics are hints to it. Each thread has its own.
#[derive(Debug)]
pub struct Predictor {
    analyser: Analyser,
    reader: Reader,
}

impl Predictor {
    /// The dictionary should be the one the model was trained with: topics it did not know then say nothing to it.
    pub fn new(model: Arc<Model>, dictionary: Arc<Dictionary>) -> Self {
        Self { analyser: Analyser::new(dictionary, Vec::new()), reader: Reader::new(model) }
    }

    /// The likeliest labels of a text, at most five, the likeliest first.
    pub fn predict(&mut self, text: &str) -> Vec<Scored> {
        let hints = hints(&self.analyser.topics(text));
        self.reader.predict(self.analyser.lexemes(), text, &hints)
    }
}
