//! The words every rule and every place name is made of, as tables: from a word to what it may begin.

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;

use crate::{
    fold::hash_folded,
    term::{Phrase, WordPattern},
};

/// A word pattern that occurs in some phrase.
pub(crate) type WordId = u32;

/// What a phrase stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    /// A slot of rules.
    Slot(u32),
    /// A name of places.
    Name(u32),
}

/// The continuation of a phrase after its first word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Continuation {
    pub(crate) target: Target,
    /// The words that have to follow, none for a phrase of one word.
    pub(crate) rest: Box<[WordId]>,
}

/// Which of 64 bits a word has: where a set of words lacks the bit, it lacks the word.
pub(crate) fn bit_of(word: WordId) -> u32 {
    word.wrapping_mul(0x9E37_79B9) >> 26
}

/// Tables from words to phrases.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    by_stem: FxHashMap<u64, WordId>,
    by_form: FxHashMap<u64, Vec<WordId>>,
    /// Words given by one exact form.
    by_exact: FxHashMap<u64, WordId>,
    by_prefix: FxHashMap<u64, WordId>,
    /// Lengths of prefixes in characters, ascending.
    prefix_lengths: Vec<usize>,
    /// By word: the phrases it begins.
    continuations: Vec<Vec<Continuation>>,
    /// Forms whose stem the stemmer gets wrong: hash of the form to hash of the right stem.
    irregular: FxHashMap<u64, u64>,
}

impl Lexicon {
    /// Takes the forms the stemmer gets wrong, each with the word whose stem it should have; both folded.
    pub(crate) fn new(irregular: impl IntoIterator<Item = (String, String)>) -> Self {
        let stemmer = Stemmer::create(Algorithm::Russian);
        let irregular =
            irregular.into_iter().map(|(form, word)| (hash_folded(&form), hash_folded(&stemmer.stem(&word)))).collect();
        Self { irregular, ..Self::default() }
    }

    /// Adds a phrase that stands for a target.
    pub(crate) fn add(&mut self, phrase: &Phrase, target: Target, stemmer: &Stemmer) {
        let words: Vec<WordId> = phrase.iter().map(|word| self.word(word, stemmer)).collect();
        self.add_words(&words, target);
    }

    /// Adds a phrase of words known by their id.
    pub(crate) fn add_words(&mut self, words: &[WordId], target: Target) {
        let Some((first, rest)) = words.split_first() else { return };
        if let Some(continuations) = self.continuations.get_mut(*first as usize) {
            let continuation = Continuation { target, rest: rest.into() };
            if !continuations.contains(&continuation) {
                continuations.push(continuation);
            }
        }
    }

    fn word(&mut self, pattern: &WordPattern, stemmer: &Stemmer) -> WordId {
        match pattern {
            WordPattern::Inflected(word) => {
                let form = hash_folded(word);
                let stem = self.irregular.get(&form).copied().unwrap_or_else(|| hash_folded(&stemmer.stem(word)));
                let next = self.continuations.len() as WordId;
                let id = *self.by_stem.entry(stem).or_insert(next);
                self.make_room(id);
                id
            }
            WordPattern::Exact(word) => match self.by_exact.get(&hash_folded(word)) {
                Some(&id) => id,
                None => {
                    let id = self.any_of([word.as_str()]);
                    self.by_exact.insert(hash_folded(word), id);
                    id
                }
            },
            WordPattern::Prefix(prefix) => {
                let length = prefix.chars().count();
                if let Err(at) = self.prefix_lengths.binary_search(&length) {
                    self.prefix_lengths.insert(at, length);
                }
                let next = self.continuations.len() as WordId;
                let id = *self.by_prefix.entry(hash_folded(prefix)).or_insert(next);
                self.make_room(id);
                id
            }
        }
    }

    /// A word given by its forms, folded.
    pub(crate) fn any_of<'f>(&mut self, forms: impl IntoIterator<Item = &'f str>) -> WordId {
        let id = self.continuations.len() as WordId;
        self.make_room(id);
        for form in forms {
            let ids = self.by_form.entry(hash_folded(form)).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        id
    }

    fn make_room(&mut self, id: WordId) {
        if id as usize >= self.continuations.len() {
            self.continuations.resize_with(id as usize + 1, Vec::new);
        }
    }

    /// The hash of a folded word's stem.
    pub(crate) fn stem(&self, form: u64, folded: &str, stemmer: &Stemmer) -> u64 {
        match self.irregular.get(&form) {
            Some(stem) => *stem,
            None => hash_folded(&stemmer.stem(folded)),
        }
    }

    /// Every word pattern a folded word fits, ascending.
    pub(crate) fn words(&self, form: u64, stem: u64, folded: &str) -> Vec<WordId> {
        let mut words: Vec<WordId> = self.by_stem.get(&stem).copied().into_iter().collect();
        words.extend(self.by_form.get(&form).into_iter().flatten());
        if let Some(&longest) = self.prefix_lengths.last() {
            let mut hash = crate::fold::FormHash::new();
            for (index, c) in folded.chars().take(longest).enumerate() {
                hash.push(u32::from(c));
                if self.prefix_lengths.binary_search(&(index + 1)).is_ok() {
                    words.extend(self.by_prefix.get(&hash.finish()));
                }
            }
        }
        words.sort_unstable();
        words.dedup();
        words
    }

    /// The phrases a word begins.
    pub(crate) fn continuations(&self, word: WordId) -> &[Continuation] {
        self.continuations.get(word as usize).map_or(&[], Vec::as_slice)
    }
}
