//! Words of a text with their stems and with what the dictionary knows of them, by a table of forms seen before.
//!
//! A form is stemmed and looked up once; then it is one read from the table. Words of a text repeat so much that nearly
//! all are found there. The table has a bound, at which it begins anew, so any stream of words leaves memory as it is.

use std::{hint::black_box, sync::Arc};

use rustc_hash::FxHashMap;

use crate::{
    fold::Folded,
    lexicon::{Lexicon, WordId, bit_of},
    token::{Ending, Flags, Token, tokenise},
};

/// Places of the table of forms; a power of two.
const PLACES: usize = 1 << 18;
/// Most forms kept: the rest of the table stays empty, so that what is not there is soon missed.
pub(crate) const FORMS_MAX: usize = 180_000;
/// How many new forms there must be room for at the beginning of a text. What has no room is read anew each time.
const ROOM_MIN: usize = 10_000;
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
    /// The number of its form among those its lexer keeps, counted from the last time it began anew; [`FORMS_MAX`] for one that
    /// is not kept.
    pub(crate) number: u32,
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

/// Reads texts word by word. Keeps its table from text to text; each thread has its own.
pub struct Lexer {
    lexicon: Arc<Lexicon>,
    /// By hash of a form: the form, 0 for none, and its number with its words in the upper half.
    places: Vec<[u64; 2]>,
    /// By number of a form: its stem.
    stems: Vec<u64>,
    /// The stem of the last form for which there was no room.
    stem_not_kept: u64,
    /// How often the table began anew.
    age: u32,
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
            places: vec![[0; 2]; PLACES],
            stems: Vec::with_capacity(FORMS_MAX),
            stem_not_kept: 0,
            age: 0,
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
        if self.stems.len() + ROOM_MIN > FORMS_MAX {
            self.places.fill([0; 2]);
            self.stems.clear();
            self.age = self.age.wrapping_add(1);
        }
        lexemes.clear();
        let mut tokens = std::mem::take(&mut self.tokens);
        let ending = tokenise(text, &mut tokens);
        // Looked at all together first: then the reads of memory do not wait for each other.
        black_box(tokens.iter().fold(0, |touched, token| {
            let [form, known] = self.places.get(place_of(token)).copied().unwrap_or_default();
            touched ^ form ^ self.stems.get(known as u32 as usize).copied().unwrap_or_default()
        }));
        lexemes.extend(tokens.iter().map(|token| self.known(token, text)));
        self.tokens = tokens;
        ending
    }

    /// Changes when forms get other numbers.
    pub(crate) fn age(&self) -> u32 {
        self.age
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

    /// A token with what is known of its form.
    #[inline(always)]
    fn known(&mut self, token: &Token, text: &str) -> Lexeme {
        let mut place = place_of(token);
        let known = loop {
            match self.places.get(place) {
                Some(&[form, known]) if form == token.form => break known,
                Some(&[form, _]) if form != 0 => place = (place + 1) & (PLACES - 1),
                _ => break self.learn(token, text, place),
            }
        };
        let number = known as u32;
        let stem = self.stems.get(number as usize).copied().unwrap_or(self.stem_not_kept);
        Lexeme { token: *token, stem, words: WordSet((known >> 32) as u32), number }
    }

    /// Learns a form, to be kept in a free place; gives its number with its words in the upper half.
    #[cold]
    #[inline(never)]
    fn learn(&mut self, token: &Token, text: &str, place: usize) -> u64 {
        if token.flags.has(Flags::EMOJI) {
            self.folded.read_as_it_is(token.text(text));
        } else {
            self.folded.read(token.text(text));
        }
        let stem = if token.flags.has(Flags::CYRILLIC) { self.lexicon.stem(&self.folded) } else { token.form };
        self.lexicon.words(&self.folded, stem, &mut self.words);
        let number = self.stems.len().min(FORMS_MAX);
        let known = u64::from(self.set_of_words().0) << 32 | number as u64;
        match self.places.get_mut(place) {
            Some(free) if number < FORMS_MAX => {
                *free = [token.form, known];
                self.stems.push(stem);
            }
            _ => self.stem_not_kept = stem,
        }
        known
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

/// Where a token's form stands in the table, or before.
fn place_of(token: &Token) -> usize {
    (token.form >> 20) as usize & (PLACES - 1)
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
