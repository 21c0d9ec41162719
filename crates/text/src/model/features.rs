//! Features of a text: stems, pairs of neighbouring stems, and pieces of words, which forgive typing errors.

use rustc_hash::FxHashMap;

use crate::{
    fold::{FormHash, fold_into},
    lexer::Lexeme,
    token::Flags,
};

/// Rows and values, sorted by row, of length 1.
pub(crate) type Features = Vec<(u32, f32)>;

/// Lengths of pieces of words in characters, the marks of a word's begin and end included.
const PIECE_LENGTHS: std::ops::RangeInclusive<usize> = 3..=5;
/// Words looked at: news may be long, but what it is about stands at its beginning.
const WORDS_MAX: usize = 1000;
/// Kinds of features, mixed into their hashes so that they do not meet.
const PAIR: u64 = 0x5851_F42D_4C95_7F2D;
const PIECE: u64 = 0x1405_7B7E_F767_814F;
const STEM: u64 = 0x2545_F491_4F6C_DD1D;

/// The feature of a stem.
pub(crate) fn of_stem(stem: u64) -> u64 {
    mix(stem, STEM)
}

fn mix(a: u64, b: u64) -> u64 {
    let product = (a ^ b.rotate_left(23)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ (product >> 31)
}

/// Takes features out of texts. Keeps its buffers from text to text.
#[derive(Debug, Default)]
pub(crate) struct Extractor {
    counts: FxHashMap<u64, u32>,
    folded: String,
    padded: Vec<char>,
}

impl Extractor {
    /// Hashes of a text's features with how often each occurs.
    pub(crate) fn counts(&mut self, lexemes: &[Lexeme], text: &str) -> &FxHashMap<u64, u32> {
        self.counts.clear();
        let mut before = None;
        for lexeme in lexemes.iter().take(WORDS_MAX) {
            // Numbers are many and say little one by one; that there is one says something.
            let stem = if lexeme.token.flags.has(Flags::DIGIT) { 1 } else { lexeme.stem };
            *self.counts.entry(of_stem(stem)).or_default() += 1;
            if let Some(before) = before {
                *self.counts.entry(mix(mix(before, PAIR), stem)).or_default() += 1;
            }
            before = Some(stem);
            self.pieces(lexeme, text);
        }
        &self.counts
    }

    fn pieces(&mut self, lexeme: &Lexeme, text: &str) {
        if !lexeme.token.flags.has(Flags::CYRILLIC) {
            return;
        }
        fold_into(lexeme.token.text(text), &mut self.folded);
        self.padded.clear();
        self.padded.push(' ');
        self.padded.extend(self.folded.chars());
        self.padded.push(' ');
        for length in PIECE_LENGTHS {
            for piece in self.padded.windows(length) {
                let mut hash = FormHash::new();
                piece.iter().for_each(|&c| hash.push(u32::from(c)));
                *self.counts.entry(mix(hash.finish(), PIECE)).or_default() += 1;
            }
        }
    }

    /// Features that `known` gives a row and an inverse document frequency.
    pub(crate) fn extract(
        &mut self,
        lexemes: &[Lexeme],
        text: &str,
        known: impl Fn(u64) -> Option<(u32, f32)>,
    ) -> Features {
        let mut features: Features = self
            .counts(lexemes, text)
            .iter()
            .filter_map(|(&hash, &count)| {
                let (row, idf) = known(hash)?;
                Some((row, (1.0 + (count as f32).ln()) * idf))
            })
            .collect();
        features.sort_unstable_by_key(|(row, _)| *row);
        let length = features.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            for (_, value) in &mut features {
                *value /= length;
            }
        }
        features
    }
}
