//! Words of a text with their stems and with what the dictionary knows of them, by a table of words seen before.
//!
//! A plain word is looked for as it is spelled, letter case aside. Only one that is new is read letter by letter, stemmed and looked up in
//! the dictionary. Words of a text repeat so much that nearly all are found. The table has a bound, at which it begins anew, so any stream
//! of words leaves memory as it is.

mod forms;
mod latin;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use self::forms::{Form, Forms};
use crate::{
    fold::Folded,
    lexicon::{Lexicon, WordId, bit_of},
    token::{Ending, Flags, NO_KEY, Run, Runs, Scanner, Token, is_address_scheme},
};

/// Most forms kept.
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
    forms: Forms,
    /// Whether it finds stems.
    stems: bool,
    /// How often the table began anew.
    age: u32,
    /// Where the lists of several word patterns begin in `members`.
    sets: Vec<u32>,
    members: Vec<WordId>,
    set_ids: FxHashMap<Box<[WordId]>, WordSet>,
    folded: Folded,
    words: Vec<WordId>,
    /// Of a text: its runs of letters, and tokens that were read letter by letter.
    runs: Runs,
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
    /// A lexer that finds no stems: each form stands for its own.
    pub(crate) fn without_stems() -> Self {
        Self { stems: false, ..Self::default() }
    }

    pub(crate) fn new(lexicon: Arc<Lexicon>) -> Self {
        Self {
            lexicon,
            forms: Forms::new(),
            stems: true,
            age: 0,
            sets: vec![0],
            members: Vec::new(),
            set_ids: FxHashMap::default(),
            folded: Folded::default(),
            words: Vec::new(),
            runs: Runs::default(),
            tokens: Vec::new(),
        }
    }

    /// Reads a text, putting its words in place of what `lexemes` holds. Looks at the first 4 GiB.
    pub fn read(&mut self, text: &str, lexemes: &mut Vec<Lexeme>) -> Ending {
        if self.forms.len() + ROOM_MIN > FORMS_MAX {
            self.forms.clear();
            self.age = self.age.wrapping_add(1);
        }
        lexemes.clear();
        let (mut runs, mut tokens) = (std::mem::take(&mut self.runs), std::mem::take(&mut self.tokens));
        let mut scanner = Scanner::new(text, &mut tokens);
        let found = runs.find(scanner.text(), |key| self.forms.expect(key));
        for run in found {
            scanner.read_to(run.start as usize);
            self.take_tokens(&mut scanner, lexemes);
            self.read_run(&mut scanner, run, lexemes);
        }
        scanner.read_to(usize::MAX);
        self.take_tokens(&mut scanner, lexemes);
        let ending = scanner.ending();
        (self.runs, self.tokens) = (runs, tokens);
        ending
    }

    /// Reads a run of letters: most often it is one plain word.
    #[inline(always)]
    fn read_run(&mut self, scanner: &mut Scanner<'_, '_>, run: &Run, lexemes: &mut Vec<Lexeme>) {
        let (at, end) = (scanner.at(), run.end as usize);
        if at == run.start as usize && run.key != NO_KEY {
            match self.forms.get(run.key) {
                Some(known) => {
                    let token = scanner.take_word(known.form, end, known.chars(), known.kinds() | run.capitals);
                    lexemes.push(lexeme(token, known));
                }
                None => self.read_new(scanner, run, lexemes),
            }
        } else if at < end {
            scanner.word();
        }
        // Else what stands before went on to here: a tag, an address, a word with an uncommon letter.
    }

    /// Reads a plain word that is not known.
    #[cold]
    #[inline(never)]
    fn read_new(&mut self, scanner: &mut Scanner<'_, '_>, run: &Run, lexemes: &mut Vec<Lexeme>) {
        let end = run.end as usize;
        let written = scanner.text().get(scanner.at()..end).unwrap_or_default();
        if let Some(letters) = self.folded.read_common(written) {
            let token = scanner.take_word(self.folded.form(), end, letters, Flags::CYRILLIC | run.capitals);
            lexemes.push(lexeme(token, &self.learn(run.key, &token)));
            return;
        }
        scanner.word();
        // None when it begins an address.
        let Some(token) = scanner.tokens.pop() else { return };
        let key = if is_address_scheme(token.form) || has_rare_letters(written) { token.form } else { run.key };
        lexemes.push(self.known(key, token, written));
    }

    /// Takes what was read letter by letter.
    #[inline(always)]
    fn take_tokens(&mut self, scanner: &mut Scanner<'_, '_>, lexemes: &mut Vec<Lexeme>) {
        if !scanner.tokens.is_empty() {
            let text = scanner.text();
            lexemes.extend(scanner.tokens.drain(..).map(|token| self.known(token.form, token, token.text(text))));
        }
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

    /// A token that was read letter by letter, with what is known of it or now learnt.
    fn known(&mut self, key: u64, token: Token, written: &str) -> Lexeme {
        let known = self.forms.get(key).copied().unwrap_or_else(|| {
            if let Some(known) = self.learn_latin(key, &token, written) {
                return known;
            }
            if token.flags.has(Flags::EMOJI) {
                self.folded.read_as_it_is(written);
            } else {
                self.folded.read(written);
            }
            self.learn(key, &token)
        });
        lexeme(token, &known)
    }

    /// Learns a word that was just folded.
    fn learn(&mut self, key: u64, token: &Token) -> Form {
        let has_stem = self.stems && token.flags.has(Flags::CYRILLIC);
        let stem = if has_stem { self.lexicon.stem(&self.folded) } else { token.form };
        self.lexicon.words(&self.folded, stem, &mut self.words);
        let words = self.set_of_words();
        self.forms.keep(Form::new(key, token, stem, words))
    }

    /// Learns a word of Latin letters that is one of the dictionary's when it is read as Russian.
    fn learn_latin(&mut self, key: u64, token: &Token, written: &str) -> Option<Form> {
        let flags = token.flags;
        if self.lexicon.is_empty() || !flags.has(Flags::LATIN) || flags.has(Flags::CYRILLIC) || flags.has(Flags::DIGIT)
        {
            return None;
        }
        self.folded.read(&latin::cyrillic(written)?);
        let stem = self.lexicon.stem(&self.folded);
        self.lexicon.words(&self.folded, stem, &mut self.words);
        if self.words.is_empty() {
            return None;
        }
        let words = self.set_of_words();
        Some(self.forms.keep(Form::new(key, token, stem, words)))
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

fn lexeme(token: Token, known: &Form) -> Lexeme {
    Lexeme { token, stem: known.stem, words: known.words, number: known.number() }
}

/// Whether a plain word has letters of U+0460..U+047F, of which runs tell no capitals.
fn has_rare_letters(written: &str) -> bool {
    written.as_bytes().windows(2).any(|pair| matches!(pair, [0xD1, 0xA0..=0xBF]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_stemmers::{Algorithm, Stemmer};

    use super::*;
    use crate::{
        fold::{fold, hash_folded},
        token::tokenise,
    };

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

    /// What the tables give against each word looked at by itself.
    fn agrees_with_each_word_by_itself(lexer: &mut Lexer, text: &str) -> Result<(), TestCaseError> {
        let (mut lexemes, mut tokens) = (Vec::new(), Vec::new());
        let snowball = Stemmer::create(Algorithm::Russian);
        // New words first, then the same as known ones.
        for _ in 0..2 {
            prop_assert_eq!(lexer.read(text, &mut lexemes), tokenise(text, &mut tokens));
            let read: Vec<Token> = lexemes.iter().map(|lexeme| lexeme.token).collect();
            prop_assert_eq!(&read, &tokens, "{:?}", text);
            for Lexeme { token, stem, .. } in &lexemes {
                let word = fold(token.text(text));
                let is_word = token.flags.has(Flags::CYRILLIC);
                let expected = if is_word { hash_folded(&snowball.stem(&word)) } else { token.form };
                prop_assert_eq!(*stem, expected, "{}", token.text(text));
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn agrees_on_words(
            text in "([а-яА-ЯёЁЀ-џѠ-ѿ]{0,35}[a-zA-Z0-9]{0,2}[ .,!?<>&;#/\u{AD}\u{301}\u{306}\u{200B}җҖ😡—»№\n-]{0,2}){0,12}",
        ) {
            agrees_with_each_word_by_itself(&mut Lexer::default(), &text)?;
        }

        #[test]
        fn agrees_on_markup(
            text in "(яма|<b>|</|a b>|&nbsp;|&|http|https|www|://|[.]ya|Ы|ѠЫ|\u{306}|é|[ \n]|и){0,30}",
        ) {
            agrees_with_each_word_by_itself(&mut Lexer::default(), &text)?;
        }

        #[test]
        fn agrees_on_anything(text in "\\PC{0,120}") {
            agrees_with_each_word_by_itself(&mut Lexer::default(), &text)?;
        }
    }
}
