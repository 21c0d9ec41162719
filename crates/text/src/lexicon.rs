//! The words every rule and every place name is made of, as tables: from a word to what it may begin.

mod phrases;

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;

pub(crate) use self::phrases::{Begun, Phrases, Target, bit_of};
use crate::{
    fold::{Folded, hash_folded},
    term::{Phrase, WordPattern},
    token::WORD_CHARS_MAX,
};

/// A word pattern that occurs in some phrase.
pub(crate) type WordId = u32;

/// Tables from words to phrases.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    by_stem: FxHashMap<u64, WordId>,
    by_form: FxHashMap<u64, Vec<WordId>>,
    /// Words given by one exact form.
    by_exact: FxHashMap<u64, WordId>,
    by_prefix: FxHashMap<u64, WordId>,
    /// A bit for each length of a prefix in characters.
    prefix_lengths: u128,
    words: WordId,
    phrases: Phrases,
    /// Forms whose stem the stemmer gets wrong: hash of the form to hash of the right stem.
    irregular: FxHashMap<u64, u64>,
}

impl Lexicon {
    /// Takes the forms the stemmer gets wrong, each with the word whose stem it should have; both folded.
    pub(crate) fn new(irregular: impl IntoIterator<Item = (String, String)>) -> Self {
        let stemmer = Stemmer::create(Algorithm::Russian);
        let right = |(form, word): (String, String)| (hash_folded(&form), hash_folded(&stemmer.stem(&word)));
        Self { irregular: irregular.into_iter().map(right).collect(), ..Self::default() }
    }

    /// Adds a phrase that stands for a target.
    pub(crate) fn add(&mut self, phrase: &Phrase, target: Target, stemmer: &Stemmer) {
        let words: Vec<WordId> = phrase.iter().map(|word| self.word(word, stemmer)).collect();
        self.add_words(&words, target);
    }

    /// Adds a phrase of words known by their id.
    pub(crate) fn add_words(&mut self, words: &[WordId], target: Target) {
        if let Some((first, rest)) = words.split_first() {
            self.phrases.add(*first, rest, target);
        }
    }

    /// Makes the phrases ready for use: none may be added after. `is_anchor` tells the slots that rules hang on.
    pub(crate) fn seal(&mut self, is_anchor: impl Fn(u32) -> bool) {
        self.phrases.seal(self.words, is_anchor);
    }

    pub(crate) fn phrases(&self) -> &Phrases {
        &self.phrases
    }

    fn word(&mut self, pattern: &WordPattern, stemmer: &Stemmer) -> WordId {
        let next = self.words;
        let id = match pattern {
            WordPattern::Inflected(word) => {
                let regular = || hash_folded(&stemmer.stem(word));
                let stem = self.irregular.get(&hash_folded(word)).copied().unwrap_or_else(regular);
                *self.by_stem.entry(stem).or_insert(next)
            }
            WordPattern::Exact(word) => match self.by_exact.get(&hash_folded(word)) {
                Some(&id) => id,
                None => {
                    let id = self.any_of([word.as_str()]);
                    self.by_exact.insert(hash_folded(word), id);
                    return id;
                }
            },
            WordPattern::Prefix(prefix) => {
                let length = prefix.chars().count() as u32;
                // No word begins with what is longer than any word.
                if length <= WORD_CHARS_MAX {
                    self.prefix_lengths |= 1 << length;
                }
                *self.by_prefix.entry(hash_folded(prefix)).or_insert(next)
            }
        };
        self.words = self.words.max(id + 1);
        id
    }

    /// A word given by its forms, folded.
    pub(crate) fn any_of<'f>(&mut self, forms: impl IntoIterator<Item = &'f str>) -> WordId {
        let id = self.words;
        self.words += 1;
        for form in forms {
            let ids = self.by_form.entry(hash_folded(form)).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        id
    }

    /// Whether it has no words to be found.
    pub(crate) fn is_empty(&self) -> bool {
        self.words == 0
    }

    /// The hash of a folded word's stem.
    pub(crate) fn stem(&self, word: &Folded) -> u64 {
        self.irregular.get(&word.form()).copied().unwrap_or_else(|| word.stem())
    }

    /// Puts every word pattern a folded word fits, ascending, in place of what `words` holds.
    pub(crate) fn words(&self, word: &Folded, stem: u64, words: &mut Vec<WordId>) {
        words.clear();
        words.extend(self.by_stem.get(&stem));
        words.extend(self.by_form.get(&word.form()).into_iter().flatten());
        let mut lengths = self.prefix_lengths;
        while lengths != 0 {
            let Some(prefix) = word.beginning(lengths.trailing_zeros() as usize) else { break };
            words.extend(self.by_prefix.get(&prefix));
            lengths &= lengths - 1;
        }
        words.sort_unstable();
        words.dedup();
    }
}
