//! Words of a text with their stems and with what the dictionary knows of them, by a table of forms seen before.
//!
//! A form is stemmed and looked up once; then it is one read from the table. Words of a text repeat so much that nearly
//! all are found there. The table has a fixed size, so any stream of words leaves memory as it is.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::{
    fold::Folded,
    lexicon::{Lexicon, WordId, bit_of},
    token::{Ending, Flags, Token, tokenise},
};

/// Lines of the table of forms; a power of two.
const LINES: usize = 1 << 16;
/// Distinct sets of word patterns kept; more than any dictionary has, and a bound all the same.
const WORD_SETS_MAX: usize = 1 << 20;

/// A token with its stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lexeme {
    /// The token.
    pub token: Token,
    /// Hash of its stem; of the form for what is not a Russian word.
    pub stem: u64,
    /// The word patterns it fits.
    pub(crate) words: WordSet,
}

/// The word patterns a form fits: none (0), one, as its id and 1, or several, as the index of their list and the highest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct WordSet(u32);

impl WordSet {
    const SEVERAL: u32 = 1 << 31;

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Forms with what is known of them that share a line of the processor's cache; the one seen first last. The form is 0 where there is
/// none.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Line {
    forms: [u64; 3],
    stems: [u64; 3],
    words: [WordSet; 3],
}

/// Reads texts word by word. Keeps its table from text to text; each thread has its own.
pub struct Lexer {
    lexicon: Arc<Lexicon>,
    lines: Vec<Line>,
    /// Where the lists of several word patterns begin in `members`.
    sets: Vec<u32>,
    members: Vec<WordId>,
    set_ids: FxHashMap<Box<[WordId]>, WordSet>,
    folded: Folded,
    words: Vec<WordId>,
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
            lines: vec![Line::default(); LINES],
            sets: vec![0],
            members: Vec::new(),
            set_ids: FxHashMap::default(),
            folded: Folded::default(),
            words: Vec::new(),
            tokens: Vec::new(),
        }
    }

    /// Reads a text, putting its words in place of what `lexemes` holds.
    pub fn read(&mut self, text: &str, lexemes: &mut Vec<Lexeme>) -> Ending {
        lexemes.clear();
        let mut tokens = std::mem::take(&mut self.tokens);
        let ending = tokenise(text, &mut tokens);
        lexemes.extend(tokens.iter().map(|token| {
            let (stem, words) = self.known(token, text);
            Lexeme { token: *token, stem, words }
        }));
        self.tokens = tokens;
        ending
    }

    /// The word patterns of a set, ascending, by `one` when there is a single one.
    #[inline(always)]
    pub(crate) fn members<'s>(&'s self, set: WordSet, one: &'s mut [WordId; 1]) -> &'s [WordId] {
        if set.is_empty() {
            return &[];
        }
        if set.0 & WordSet::SEVERAL == 0 {
            one[0] = set.0 - 1;
            return one;
        }
        let index = (set.0 & !WordSet::SEVERAL) as usize;
        match self.sets.get(index..index + 2) {
            Some(&[from, to]) => self.members.get(from as usize..to as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The bits of the word patterns of a set.
    #[inline(always)]
    pub(crate) fn bits(&self, set: WordSet) -> u64 {
        self.members(set, &mut [0]).iter().fold(0, |bits, &word| bits | bit_of(word))
    }

    /// The stem and the word patterns of a form.
    #[inline(always)]
    fn known(&mut self, token: &Token, text: &str) -> (u64, WordSet) {
        let form = token.form;
        let place = (form >> 20) as usize & (LINES - 1);
        if let Some(Line { forms, stems, words }) = self.lines.get(place) {
            if forms[0] == form {
                return (stems[0], words[0]);
            }
            if forms[1] == form {
                return (stems[1], words[1]);
            }
            if forms[2] == form {
                return (stems[2], words[2]);
            }
        }
        self.learn(token, text, place)
    }

    #[cold]
    #[inline(never)]
    fn learn(&mut self, token: &Token, text: &str, place: usize) -> (u64, WordSet) {
        if token.flags.has(Flags::EMOJI) {
            self.folded.read_as_it_is(token.text(text));
        } else {
            self.folded.read(token.text(text));
        }
        let stem = if token.flags.has(Flags::CYRILLIC) { self.lexicon.stem(&self.folded) } else { token.form };
        self.lexicon.words(&self.folded, stem, &mut self.words);
        let words = self.set_of_words();
        if let Some(line) = self.lines.get_mut(place) {
            line.forms = [token.form, line.forms[0], line.forms[1]];
            line.stems = [stem, line.stems[0], line.stems[1]];
            line.words = [words, line.words[0], line.words[1]];
        }
        (stem, words)
    }

    fn set_of_words(&mut self) -> WordSet {
        match self.words.as_slice() {
            [] => WordSet::default(),
            [word] => WordSet(word + 1),
            words => {
                if let Some(&set) = self.set_ids.get(words) {
                    return set;
                }
                if self.sets.len() >= WORD_SETS_MAX {
                    return WordSet::default();
                }
                let set = WordSet(WordSet::SEVERAL | (self.sets.len() as u32 - 1));
                self.members.extend(words);
                self.sets.push(self.members.len() as u32);
                self.set_ids.insert(words.into(), set);
                set
            }
        }
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
