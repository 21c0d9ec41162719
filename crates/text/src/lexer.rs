//! Words of a text with their stems and with what the dictionary knows of them, by a table of forms seen before.
//!
//! A form is stemmed and looked up once; then it is one read from the table. Words of a text repeat so much that nearly
//! all are found there. The table has a fixed size, so any stream of words leaves memory as it is.

use std::sync::Arc;

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;

use crate::{
    fold::fold_into,
    lexicon::{Continuation, Lexicon, Target, WordId, bit_of},
    token::{Ending, Flags, Token, tokenise},
};

/// Pairs of entries of the table of forms; a power of two.
const PAIRS: usize = 1 << 16;
/// Distinct sets of word patterns kept; more than any dictionary has, and a bound all the same.
const WORD_SETS_MAX: usize = 1 << 20;

/// A token with its stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lexeme {
    /// The token.
    pub token: Token,
    /// Hash of its stem; of the form for what is not a Russian word.
    pub stem: u64,
    /// Index of the set of word patterns it fits; 0 for none.
    pub(crate) words: u32,
}

/// The word patterns a form fits, with the phrases they begin.
#[derive(Debug, Default)]
pub(crate) struct WordSet {
    pub(crate) words: Box<[WordId]>,
    /// The bits of its words ([`bit_of`]).
    pub(crate) mask: u64,
    /// What its words stand for by themselves.
    pub(crate) alone: Box<[Target]>,
    /// Phrases that go on, in order of the bit of the word that follows.
    longer: Box<[Continuation]>,
    /// By bit: where its phrases begin in `longer`, and after the last bit where they end.
    begins: Box<[u32]>,
}

impl WordSet {
    fn new(words: Box<[WordId]>, lexicon: &Lexicon) -> Self {
        let all = words.iter().flat_map(|&word| lexicon.continuations(word));
        let (mut longer, alone): (Vec<&Continuation>, Vec<&Continuation>) =
            all.partition(|continuation| !continuation.rest.is_empty());
        let bit = |continuation: &Continuation| continuation.rest.first().map_or(0, |&word| bit_of(word));
        longer.sort_by_key(|continuation| bit(continuation));
        let begins = (0..=u64::BITS).map(|of| longer.partition_point(|continuation| bit(continuation) < of) as u32);
        Self {
            mask: words.iter().fold(0, |mask, &word| mask | 1 << bit_of(word)),
            alone: alone.into_iter().map(|continuation| continuation.target).collect(),
            begins: begins.collect(),
            longer: longer.into_iter().cloned().collect(),
            words,
        }
    }

    /// The phrases whose second word may be among words of these bits.
    pub(crate) fn longer(&self, mut next: u64) -> impl Iterator<Item = &Continuation> {
        if self.longer.is_empty() {
            next = 0;
        }
        let bits = std::iter::from_fn(move || {
            let bit = next.trailing_zeros();
            next &= next.wrapping_sub(1);
            (bit < u64::BITS).then_some(bit as usize)
        });
        bits.flat_map(|bit| {
            let from = self.begins.get(bit).map_or(0, |&from| from as usize);
            let to = self.begins.get(bit + 1).map_or(0, |&to| to as usize);
            self.longer.get(from..to).unwrap_or_default()
        })
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// 0 where there is none.
    form: u64,
    stem: u64,
    words: u32,
}

/// The two places where a form may stand, in one line of the processor's cache; the one used last stands first.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Pair([Entry; 2]);

/// Reads texts word by word. Keeps its table from text to text; each thread has its own.
pub struct Lexer {
    lexicon: Arc<Lexicon>,
    stemmer: Stemmer,
    pairs: Vec<Pair>,
    sets: Vec<WordSet>,
    set_ids: FxHashMap<Box<[WordId]>, u32>,
    folded: String,
    tokens: Vec<Token>,
}

impl std::fmt::Debug for Lexer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lexer").field("sets", &self.sets.len()).finish_non_exhaustive()
    }
}

impl Default for Lexer {
    /// A lexer that knows stems only.
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

impl Lexer {
    pub(crate) fn new(lexicon: Arc<Lexicon>) -> Self {
        Self {
            lexicon,
            stemmer: Stemmer::create(Algorithm::Russian),
            pairs: vec![Pair::default(); PAIRS],
            sets: vec![WordSet::default()],
            set_ids: FxHashMap::default(),
            folded: String::new(),
            tokens: Vec::new(),
        }
    }

    /// Reads a text, putting its words in place of what `lexemes` holds.
    pub fn read(&mut self, text: &str, lexemes: &mut Vec<Lexeme>) -> Ending {
        lexemes.clear();
        let mut tokens = std::mem::take(&mut self.tokens);
        let ending = tokenise(text, &mut tokens);
        lexemes.extend(tokens.iter().map(|token| {
            let entry = self.entry(token, text);
            Lexeme { token: *token, stem: entry.stem, words: entry.words }
        }));
        self.tokens = tokens;
        ending
    }

    pub(crate) fn set(&self, index: u32) -> Option<&WordSet> {
        self.sets.get(index as usize)
    }

    /// Looks a form up.
    #[inline]
    fn entry(&mut self, token: &Token, text: &str) -> Entry {
        let form = token.form;
        let place = (form >> 20) as usize & (PAIRS - 1);
        if let Some(Pair([a, b])) = self.pairs.get(place) {
            if a.form == form {
                return *a;
            }
            if b.form == form {
                return *b;
            }
        }
        self.new_entry(token, text, place)
    }

    #[cold]
    fn new_entry(&mut self, token: &Token, text: &str, place: usize) -> Entry {
        let mut folded = std::mem::take(&mut self.folded);
        fold_into(token.text(text), &mut folded);
        if token.flags.has(Flags::EMOJI) {
            folded.push_str(token.text(text));
        }
        let stem = if token.flags.has(Flags::CYRILLIC) {
            self.lexicon.stem(token.form, &folded, &self.stemmer)
        } else {
            token.form
        };
        let words = self.set_of(self.lexicon.words(token.form, stem, &folded));
        self.folded = folded;
        let entry = Entry { form: token.form, stem, words };
        if let Some(Pair([first, second])) = self.pairs.get_mut(place) {
            *second = std::mem::replace(first, entry);
        }
        entry
    }

    fn set_of(&mut self, words: Vec<WordId>) -> u32 {
        if words.is_empty() {
            return 0;
        }
        if let Some(&id) = self.set_ids.get(words.as_slice()) {
            return id;
        }
        if self.sets.len() >= WORD_SETS_MAX {
            return 0;
        }
        let id = self.sets.len() as u32;
        let words = words.into_boxed_slice();
        self.sets.push(WordSet::new(words.clone(), &self.lexicon));
        self.set_ids.insert(words, id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(lexer: &mut Lexer, text: &str) -> Vec<u64> {
        let mut lexemes = Vec::new();
        lexer.read(text, &mut lexemes);
        lexemes.iter().map(|lexeme| lexeme.stem).collect()
    }

    #[test]
    fn inflections_share_a_stem() {
        let mut lexer = Lexer::default();
        let check = |lexer: &mut Lexer, text: &str, same: bool| {
            let stems = stems(lexer, text);
            assert_eq!(stems.windows(2).all(|pair| pair[0] == pair[1]), same, "{text}");
        };
        for _ in 0..2 {
            check(&mut lexer, "яма ямы ямой ЯМУ", true);
            check(&mut lexer, "отопление отоплением отоплению", true);
            check(&mut lexer, "вода газ", false);
            check(&mut lexer, "ёлка елки", true);
        }
    }

    #[test]
    fn irregular_forms_get_the_stem_they_should_have() {
        let lexicon = Lexicon::new([("льда".to_owned(), "лед".to_owned())]);
        let mut lexer = Lexer::new(Arc::new(lexicon));
        let stems = stems(&mut lexer, "лёд льда");
        assert_eq!(stems[0], stems[1]);
    }

    #[test]
    fn a_full_table_changes_nothing() {
        let mut lexer = Lexer::default();
        let before = stems(&mut lexer, "вода отопление");
        let many: String = (0..300_000).map(|n| format!("слово{n} ")).collect();
        stems(&mut lexer, &many);
        assert_eq!(stems(&mut lexer, "вода отопление"), before);
    }
}
