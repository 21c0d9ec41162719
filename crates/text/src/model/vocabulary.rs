//! What labelled texts are learnt from: their words, pairs, pieces and hints, counted, and as the features of a model.

use std::{
    collections::{BTreeMap, hash_map::Entry},
    sync::Arc,
};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    features::{Cutter, Features, Hint, WORDS_MAX, Word, of_pair, of_stem, to_unit},
    train::Sample,
};
use crate::{Analyser, Dictionary};

/// A feature must occur in so many texts.
const TEXTS_MIN: u32 = 2;

/// A text by what it holds.
pub(super) struct Counted {
    /// Words, as places in [`Words`], with how often each occurs.
    words: Vec<(u32, u32)>,
    /// Pairs of neighbouring stems with how often each occurs.
    pairs: Vec<(u64, u32)>,
    hints: Vec<Hint>,
}

/// The different words of all texts: the feature of each one's stem, and of its pieces.
pub(super) type Words = Vec<(u64, Box<[u64]>)>;

/// Counts what the texts hold.
pub(super) fn count(samples: &[Sample<'_>], dictionary: &Arc<Dictionary>) -> (Words, Vec<Counted>) {
    let mut analyser = Analyser::new(Arc::clone(dictionary), Vec::new());
    let mut cutter = Cutter::default();
    let mut pieces = Vec::new();
    let mut words: Words = Vec::new();
    let mut places: FxHashMap<u64, u32> = FxHashMap::default();
    let counted = samples.iter().map(|sample| {
        let hints = analyser.hints(sample.text).0.to_vec();
        let mut own: BTreeMap<u32, u32> = BTreeMap::new();
        let mut pairs: BTreeMap<u64, u32> = BTreeMap::new();
        let mut before = None;
        for lexeme in analyser.lexemes().iter().take(WORDS_MAX) {
            let word = Word::of(lexeme);
            let place = *places.entry(word.form).or_insert_with(|| {
                cutter.cut(lexeme, sample.text, &mut pieces);
                words.push((of_stem(word.stem), pieces.as_slice().into()));
                words.len() as u32 - 1
            });
            *own.entry(place).or_default() += 1;
            if let Some(before) = before {
                *pairs.entry(of_pair(before, word.stem)).or_default() += 1;
            }
            before = Some(word.stem);
        }
        Counted { words: own.into_iter().collect(), pairs: pairs.into_iter().collect(), hints }
    });
    let counted = counted.collect();
    (words, counted)
}

/// The features that are learnt from: their rows, and how much each says at all.
pub(super) struct Vocabulary {
    /// In order of row.
    pub(super) features: Vec<u64>,
    rows: FxHashMap<u64, u32>,
    pub(super) idf: Vec<f32>,
}

impl Vocabulary {
    pub(super) fn of(words: &Words, counted: &[Counted]) -> Self {
        // A feature's texts, and the text that counted last.
        let mut texts: FxHashMap<u64, (u32, usize)> = FxHashMap::default();
        let mut hints: FxHashSet<u64> = FxHashSet::default();
        for (number, text) in counted.iter().enumerate() {
            let own = text.words.iter().filter_map(|(word, _)| words.get(*word as usize));
            let of_words = own.flat_map(|(stem, pieces)| pieces.iter().copied().chain([*stem]));
            let others = text.pairs.iter().map(|(pair, _)| *pair).chain(text.hints.iter().map(|(hint, _)| *hint));
            for feature in of_words.chain(others) {
                match texts.entry(feature) {
                    Entry::Vacant(entry) => {
                        entry.insert((1, number));
                    }
                    Entry::Occupied(mut entry) if entry.get().1 != number => {
                        *entry.get_mut() = (entry.get().0 + 1, number);
                    }
                    Entry::Occupied(_) => {}
                }
            }
            hints.extend(text.hints.iter().map(|(hint, _)| *hint));
        }
        let kept = texts.into_iter().filter(|(_, (texts, _))| *texts >= TEXTS_MIN);
        let mut kept: Vec<(u64, u32)> = kept.map(|(feature, (texts, _))| (feature, texts)).collect();
        // Rows in order of their hashes: the same texts give the same model.
        kept.sort_unstable();
        let all = counted.len() as f32;
        let idf = kept.iter().map(|(feature, texts)| {
            if hints.contains(feature) { 1.0 } else { ((1.0 + all) / (1.0 + *texts as f32)).ln() + 1.0 }
        });
        let idf = idf.collect();
        let features = kept.iter().map(|(feature, _)| *feature).collect();
        let rows = kept.iter().zip(0..).map(|((feature, _), row)| (*feature, row)).collect();
        Self { features, rows, idf }
    }

    /// The features of a text as a [`Reader`](super::reader::Reader) reckons them.
    pub(super) fn features(&self, words: &Words, text: &Counted) -> Features {
        let known = |feature: u64| {
            let row = *self.rows.get(&feature)?;
            Some((row, *self.idf.get(row as usize)?))
        };
        let (mut by_stems, mut by_pieces): (Features, Features) = (Vec::new(), Vec::new());
        let (mut stems_square, mut pieces_square) = (0.0, 0.0);
        let add = |found: Option<(u32, f32)>, count: u32, features: &mut Features, square: &mut f32| {
            if let Some((row, idf)) = found {
                features.push((row, count as f32 * idf));
                *square += count as f32 * idf * idf;
            }
        };
        for (word, count) in &text.words {
            let Some((stem, pieces)) = words.get(*word as usize) else { continue };
            add(known(*stem), *count, &mut by_stems, &mut stems_square);
            pieces.iter().for_each(|&piece| add(known(piece), *count, &mut by_pieces, &mut pieces_square));
        }
        text.pairs.iter().for_each(|(pair, count)| add(known(*pair), *count, &mut by_stems, &mut stems_square));
        let unit = to_unit(stems_square);
        let mut features: Features = by_stems.into_iter().map(|(row, value)| (row, value * unit)).collect();
        let unit = to_unit(pieces_square);
        features.extend(by_pieces.into_iter().map(|(row, value)| (row, value * unit)));
        features.extend(text.hints.iter().filter_map(|&(hint, strength)| Some((known(hint)?.0, strength))));
        features.sort_unstable_by_key(|(row, _)| *row);
        features.dedup_by(|(row, value), (kept, sum)| {
            let same = row == kept;
            *sum += if same { *value } else { 0.0 };
            same
        });
        features
    }
}
