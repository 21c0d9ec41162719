//! Reads texts with a model: what each word adds to each label is reckoned once and kept.

use std::sync::Arc;

use otklik_domain::{Analysis, Intent, SentimentLabel};

use super::{
    Model, Scored, TOP,
    features::{Cutter, Hint, WORDS_MAX, Word, of_pair, of_stem, to_unit},
    softmax,
};
use crate::lexer::Lexeme;

/// Memory for what words add, in numbers of four bytes.
const NUMBERS: usize = 1 << 22;
/// Bounds of the words kept; powers of two.
const WORDS_KEPT: std::ops::RangeInclusive<usize> = 1 << 8..=1 << 17;

/// A model at work. Each thread has its own; they share the model.
#[derive(Debug)]
pub(crate) struct Reader {
    model: Arc<Model>,
    judges: Judges,
    /// By the hash of a form: whose sums stand there.
    words: Vec<Kept>,
    /// By place of a word: what its stem adds to each label, then what its pieces do.
    sums: Vec<f32>,
    cutter: Cutter,
    pieces: Vec<u64>,
}

/// What a model judges, by its labels.
#[derive(Debug, Clone, Copy)]
enum Judges {
    /// They are polarities.
    Sentiment,
    /// They are intents.
    Intent,
    /// They are anything else.
    Topics,
}

impl Judges {
    fn of(labels: &[String]) -> Self {
        if labels.iter().all(|label| label.parse::<SentimentLabel>().is_ok()) {
            Self::Sentiment
        } else if labels.iter().all(|label| label.parse::<Intent>().is_ok()) {
            Self::Intent
        } else {
            Self::Topics
        }
    }
}

/// A word that is kept, with the squared lengths of its stem and of its pieces. The form is 0 where there is none.
#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    form: u64,
    stem_square: f32,
    pieces_square: f32,
}

impl Reader {
    pub(crate) fn new(model: Arc<Model>) -> Self {
        let numbers = 2 * model.labels.len();
        let fit = (NUMBERS / numbers.max(1)).max(1);
        let words = (fit.next_power_of_two() >> 1).clamp(*WORDS_KEPT.start(), *WORDS_KEPT.end());
        Self {
            words: vec![Kept::default(); words],
            sums: vec![0.0; words * numbers],
            cutter: Cutter::default(),
            pieces: Vec::new(),
            judges: Judges::of(&model.labels),
            model,
        }
    }

    /// The likeliest labels of a text, at most five, the likeliest first.
    pub(crate) fn predict(&mut self, lexemes: &[Lexeme], text: &str, hints: &[Hint]) -> Vec<Scored> {
        let scores = self.scores(lexemes, text, hints);
        let mut ranked: Vec<(f32, &String)> = scores.into_iter().zip(&self.model.labels).collect();
        ranked.sort_by(|(a, first), (b, second)| b.total_cmp(a).then(first.cmp(second)));
        ranked.truncate(TOP);
        ranked.into_iter().map(|(score, label)| Scored { label: label.clone(), score }).collect()
    }

    /// Adds what the model reads from a text to its analysis. A model whose labels are polarities or intents sets those,
    /// any other adds its labels as topics.
    pub(crate) fn judge(&mut self, lexemes: &[Lexeme], text: &str, hints: &[Hint], analysis: &mut Analysis) {
        let scores = self.scores(lexemes, text, hints);
        match self.judges {
            Judges::Sentiment => self.model.set_sentiment(&scores, analysis),
            Judges::Intent => {
                let best = scores.iter().zip(&self.model.labels).max_by(|(a, _), (b, _)| a.total_cmp(b));
                if let Some(intent) = best.and_then(|(_, label)| label.parse().ok()) {
                    analysis.intent = intent;
                }
            }
            Judges::Topics => self.model.add_topics(&scores, lexemes, text, analysis),
        }
    }

    /// Probabilities of the labels.
    fn scores(&mut self, lexemes: &[Lexeme], text: &str, hints: &[Hint]) -> Vec<f32> {
        let labels = self.model.labels.len();
        // What stems and pairs add, what pieces add, what hints add.
        let mut by_words = vec![0.0_f32; 3 * labels];
        let (mut stems_square, mut pieces_square) = (0.0, 0.0);
        let mut before = None;
        for lexeme in lexemes.iter().take(WORDS_MAX) {
            let word = Word::of(lexeme);
            let (kept, sums) = self.word(word, lexeme, text);
            stems_square += kept.stem_square;
            pieces_square += kept.pieces_square;
            by_words.iter_mut().zip(sums).for_each(|(sum, add)| *sum += add);
            if let Some(row) = before.and_then(|before| self.model.row(of_pair(before, word.stem))) {
                let idf = self.model.idf_of(row);
                stems_square += idf * idf;
                self.model.add_row(row, idf, by_words.get_mut(..labels).unwrap_or_default());
            }
            before = Some(word.stem);
        }
        let (by_words, by_hints) = by_words.split_at_mut(2 * labels);
        for &(hint, strength) in hints {
            if let Some(row) = self.model.row(hint) {
                self.model.add_row(row, strength, by_hints);
            }
        }
        let (by_words, by_pieces) = by_words.split_at_mut(labels);
        let (of_words, of_pieces) = (to_unit(stems_square), to_unit(pieces_square));
        let parts = by_words.iter().zip(by_pieces).zip(by_hints).zip(&self.model.biases);
        let mut scores: Vec<f32> = parts
            .map(|(((words, pieces), hints), bias)| *words * of_words + *pieces * of_pieces + *hints + bias)
            .collect();
        softmax(&mut scores, self.model.temperature);
        scores
    }

    /// What a word adds, from the table or for the first time.
    fn word(&mut self, word: Word, lexeme: &Lexeme, text: &str) -> (Kept, &[f32]) {
        let numbers = 2 * self.model.labels.len();
        let place = (word.form >> 20) as usize & (self.words.len() - 1);
        let at = place * numbers;
        let kept = self.words.get(place).copied().unwrap_or_default();
        if kept.form == word.form {
            return (kept, self.sums.get(at..at + numbers).unwrap_or_default());
        }
        let kept = self.reckon(word, lexeme, text, at);
        if let Some(old) = self.words.get_mut(place) {
            *old = kept;
        }
        (kept, self.sums.get(at..at + numbers).unwrap_or_default())
    }

    #[cold]
    fn reckon(&mut self, word: Word, lexeme: &Lexeme, text: &str, at: usize) -> Kept {
        let Self { model, sums, cutter, pieces, .. } = self;
        let labels = model.labels.len();
        let mut kept = Kept { form: word.form, ..Kept::default() };
        let Some(sums) = sums.get_mut(at..at + 2 * labels) else { return kept };
        sums.fill(0.0);
        let (by_stem, by_pieces) = sums.split_at_mut(labels);
        if let Some(row) = model.row(of_stem(word.stem)) {
            let idf = model.idf_of(row);
            kept.stem_square = idf * idf;
            model.add_row(row, idf, by_stem);
        }
        cutter.cut(lexeme, text, pieces);
        for row in pieces.iter().filter_map(|&piece| model.row(piece)) {
            let idf = model.idf_of(row);
            kept.pieces_square += idf * idf;
            model.add_row(row, idf, by_pieces);
        }
        kept
    }
}
