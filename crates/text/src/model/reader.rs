//! Reads texts with a model: what each word adds to each label is reckoned once and kept.

use std::{hint::black_box, sync::Arc};

use otklik_domain::Analysis;

use super::{
    Model, Scored, TOP,
    features::{Cutter, Hint, WORDS_MAX, Word, of_pair, of_stem, to_unit},
    judges::Judges,
    rows::Row,
    softmax,
};
use crate::lexer::{FORMS_MAX, Lexeme};

/// Memory for what words add, in numbers of four bytes.
const NUMBERS: usize = 1 << 22;
/// Fewest words kept, however many labels there are.
const WORDS_KEPT_MIN: usize = 1 << 8;
/// Numbers in a line of the processor's cache.
const LINE: usize = 16;

/// A model at work. Each thread has its own; they share the model.
#[derive(Debug)]
pub(crate) struct Reader {
    model: Arc<Model>,
    judges: Judges,
    /// By number of a form: its place among the words kept; [`NOT_KEPT`] for one that is not.
    places: Vec<u32>,
    /// The age of the lexer that gave the numbers.
    age: u32,
    /// By place of a word, some lines for each: what its stem adds to each label, then what its pieces do, then the squared lengths of both.
    sums: Vec<Line>,
    /// By place of a word: the row of its stem.
    stem_rows: Vec<Option<Row>>,
    /// Of a text: the places of its words, the rows of its pairs with the number of the second word, the sums over all of them, what
    /// hints add, and the scores.
    text_words: Vec<u32>,
    text_pairs: Vec<(usize, u64)>,
    text_pair_rows: Vec<(usize, Row)>,
    totals: Vec<f32>,
    by_hints: Vec<f32>,
    scores: Vec<f32>,
    cutter: Cutter,
    pieces: Vec<u64>,
    rows: Vec<Row>,
    /// What one word adds.
    reckoned: Vec<f32>,
}

/// Numbers that lie in one line of the processor's cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Line([f32; LINE]);

const NOT_KEPT: u32 = u32::MAX;
/// The place of all numbers.
const OF_NUMBERS: u32 = 0;

/// A text as its lexer read it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'t> {
    pub(crate) lexemes: &'t [Lexeme],
    pub(crate) written: &'t str,
    /// The age of the lexer.
    pub(crate) age: u32,
}

impl Reader {
    pub(crate) fn new(model: Arc<Model>) -> Self {
        Self {
            places: Vec::new(),
            age: 0,
            // Memory that is not touched is not taken.
            sums: Vec::with_capacity(NUMBERS / LINE),
            stem_rows: Vec::new(),
            text_words: Vec::new(),
            text_pairs: Vec::new(),
            text_pair_rows: Vec::new(),
            totals: Vec::new(),
            by_hints: Vec::new(),
            scores: Vec::new(),
            cutter: Cutter::default(),
            pieces: Vec::new(),
            rows: Vec::new(),
            reckoned: Vec::new(),
            judges: Judges::of(&model.labels),
            model,
        }
    }

    /// The likeliest labels of a text, at most five, the likeliest first.
    pub(crate) fn predict(&mut self, text: &Text<'_>, hints: &[Hint]) -> Vec<Scored> {
        self.score(text, hints);
        let mut ranked: Vec<(f32, &String)> = self.scores.iter().copied().zip(&self.model.labels).collect();
        ranked.sort_by(|(a, first), (b, second)| b.total_cmp(a).then(first.cmp(second)));
        ranked.truncate(TOP);
        ranked.into_iter().map(|(score, label)| Scored { label: label.clone(), score }).collect()
    }

    /// Adds what the model reads from a text to its analysis. A model whose labels are polarities or intents sets those,
    /// any other adds its labels as topics.
    pub(crate) fn judge(&mut self, text: &Text<'_>, hints: &[Hint], analysis: &mut Analysis) {
        self.score(text, hints);
        let scores = &self.scores;
        match self.judges {
            Judges::Sentiment => self.model.set_sentiment(scores, analysis),
            Judges::Intent => {
                let best = scores.iter().zip(&self.model.labels).max_by(|(a, _), (b, _)| a.total_cmp(b));
                if let Some(intent) = best.and_then(|(_, label)| label.parse().ok()) {
                    analysis.intent = intent;
                }
            }
            Judges::Topics => {
                let places = self.text_words.iter().map(|&place| Some(place)).chain(std::iter::repeat(None));
                let stems = text.lexemes.iter().zip(places).filter_map(|(lexeme, place)| {
                    // A number stands there for all of them; here each is a word like others.
                    let place = place.filter(|&place| place != OF_NUMBERS);
                    let kept = place.and_then(|place| self.stem_rows.get(place as usize)).copied();
                    Some((kept.unwrap_or_else(|| self.model.rows.get(of_stem(lexeme.stem)))?, lexeme))
                });
                self.model.add_topics(scores, &stems.collect::<Vec<_>>(), text.written, analysis);
            }
        }
    }

    /// Reckons the probabilities of the labels.
    fn score(&mut self, text: &Text<'_>, hints: &[Hint]) {
        self.find(text);
        let labels = self.model.labels.len();
        let lines = self.lines();
        let mut totals = std::mem::take(&mut self.totals);
        totals.clear();
        totals.resize(lines * LINE, 0.0);
        let mut pairs = self.text_pair_rows.iter().peekable();
        for (number, &place) in self.text_words.iter().enumerate() {
            let at = place as usize * lines;
            let sums = self.sums.get(at..at + lines).unwrap_or_default();
            for (totals, Line(sums)) in totals.as_chunks_mut::<LINE>().0.iter_mut().zip(sums) {
                *totals = std::array::from_fn(|nth| totals[nth] + sums[nth]);
            }
            if let Some((_, Row { row, idf })) = pairs.next_if(|(second, _)| *second == number) {
                if let Some(square) = totals.get_mut(2 * labels) {
                    *square += idf * idf;
                }
                self.model.add_row(*row, *idf, totals.get_mut(..labels).unwrap_or_default());
            }
        }
        self.by_hints.clear();
        self.by_hints.resize(labels, 0.0);
        for &(hint, strength) in hints {
            if let Some(Row { row, .. }) = self.model.rows.get(hint) {
                self.model.add_row(row, strength, &mut self.by_hints);
            }
        }
        let taken = totals.get(..2 * labels + 2).and_then(|taken| taken.split_last_chunk::<2>());
        if let Some((by_words, &[stems_square, pieces_square])) = taken {
            let (by_stems, by_pieces) = by_words.split_at(labels);
            let (of_stems, of_pieces) = (to_unit(stems_square), to_unit(pieces_square));
            let parts = by_stems.iter().zip(by_pieces).zip(&self.by_hints).zip(&self.model.biases);
            self.scores.clear();
            self.scores.extend(
                parts.map(|(((stems, pieces), hints), bias)| *stems * of_stems + *pieces * of_pieces + *hints + bias),
            );
        }
        softmax(&mut self.scores, self.model.temperature);
        self.totals = totals;
    }

    /// How many lines a word takes.
    fn lines(&self) -> usize {
        (2 * self.model.labels.len() + 2).div_ceil(LINE)
    }

    /// Finds what the words and the pairs of a text add. All together before anything is added up: so the reads of memory do not
    /// wait for each other.
    fn find(&mut self, text: &Text<'_>) {
        let lines = self.lines();
        let full = self.sums.len() >= (WORDS_KEPT_MIN * lines).max(NUMBERS / LINE);
        if full || self.sums.is_empty() || self.age != text.age {
            self.forget(text.age);
        }
        let lexemes = text.lexemes.get(..WORDS_MAX).unwrap_or(text.lexemes);
        let place = |lexeme: &Lexeme| self.places.get(lexeme.number as usize).copied().unwrap_or_default();
        black_box(lexemes.iter().fold(0, |touched, lexeme| touched ^ place(lexeme)));
        self.text_words.clear();
        for lexeme in lexemes {
            let word = Word::of(lexeme);
            let place = match self.places.get(lexeme.number as usize) {
                _ if word == Word::NUMBER => OF_NUMBERS,
                Some(&place) if place != NOT_KEPT => place,
                _ => self.new_word(word, lexeme, text),
            };
            self.text_words.push(place);
        }
        let touched = self.text_words.iter().fold(0, |touched, &place| {
            let at = place as usize * lines;
            let sums = self.sums.get(at..at + lines).unwrap_or_default();
            sums.iter().fold(touched, |touched, Line(sums)| touched ^ sums[0].to_bits())
        });
        black_box(touched);
        self.find_pairs(text);
    }

    fn find_pairs(&mut self, text: &Text<'_>) {
        let Self { model, text_pairs, text_pair_rows, .. } = self;
        let rows = &model.rows;
        text_pairs.clear();
        let stems = text.lexemes.iter().take(WORDS_MAX).map(|lexeme| Word::of(lexeme).stem);
        let pairs = stems.clone().zip(stems.skip(1)).zip(1..);
        let pairs = pairs.map(|((before, stem), number)| (number, of_pair(before, stem)));
        text_pairs.extend(pairs.filter(|(_, pair)| rows.may_have(*pair)));
        rows.touch(text_pairs.iter().map(|(_, pair)| *pair));
        text_pair_rows.clear();
        text_pair_rows.extend(text_pairs.iter().filter_map(|&(number, pair)| Some((number, rows.find(pair)?))));
        model.touch(text_pair_rows.iter().map(|(_, row)| row.row));
    }

    fn forget(&mut self, age: u32) {
        self.age = age;
        self.places.clear();
        self.sums.clear();
        self.sums.resize(self.lines(), Line::default());
        self.stem_rows.clear();
        self.pieces.clear();
        self.reckon(Word::NUMBER, OF_NUMBERS);
    }

    /// Reckons what a word adds for the first time, and keeps it if its lexer keeps the word.
    #[cold]
    #[inline(never)]
    fn new_word(&mut self, word: Word, lexeme: &Lexeme, text: &Text<'_>) -> u32 {
        let number = lexeme.number as usize;
        let lines = self.lines();
        let place = (self.sums.len() / lines) as u32;
        self.sums.resize(self.sums.len() + lines, Line::default());
        if number < FORMS_MAX {
            if self.places.len() <= number {
                self.places.resize(number + 1, NOT_KEPT);
            }
            if let Some(kept) = self.places.get_mut(number) {
                *kept = place;
            }
        }
        self.cutter.cut(lexeme, text.written, &mut self.pieces);
        self.reckon(word, place);
        place
    }

    /// Reckons what a word adds, of the pieces that were cut.
    fn reckon(&mut self, word: Word, place: u32) {
        let lines = self.lines();
        let Self { model, sums, pieces, rows, stem_rows, reckoned, .. } = self;
        let labels = model.labels.len();
        reckoned.clear();
        reckoned.resize(2 * labels + 2, 0.0);
        let Some((by_words, [stem_square, pieces_square])) = reckoned.split_last_chunk_mut::<2>() else { return };
        let (by_stem, by_pieces) = by_words.split_at_mut(labels);
        pieces.retain(|&piece| model.rows.may_have(piece));
        model.rows.touch(pieces.iter().copied());
        rows.clear();
        rows.extend(pieces.iter().filter_map(|&piece| model.rows.find(piece)));
        model.touch(rows.iter().map(|row| row.row));
        let stem_row = model.rows.get(of_stem(word.stem));
        stem_rows.push(stem_row);
        if let Some(Row { row, idf }) = stem_row {
            *stem_square = idf * idf;
            model.add_row(row, idf, by_stem);
        }
        for &Row { row, idf } in rows.iter() {
            *pieces_square += idf * idf;
            model.add_row(row, idf, by_pieces);
        }
        let at = place as usize * lines;
        for (Line(sums), reckoned) in
            sums.get_mut(at..at + lines).unwrap_or_default().iter_mut().zip(reckoned.chunks(LINE))
        {
            sums.iter_mut().zip(reckoned).for_each(|(sum, reckoned)| *sum = *reckoned);
        }
    }
}
