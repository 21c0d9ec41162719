//! Words seen before, with what is known of them: a table that is read once for each word of a text.

use prefetch_index::prefetch_index;

use super::{FORMS_MAX, WordSet};
use crate::token::{Flags, Token};

/// Lines of the table, at first and at most; powers of two. There is a lexer for every region: who reads little takes little.
const LINES_MIN: usize = 1 << 8;
const LINES_MAX: usize = 1 << 17;

/// What is known of a word, in half a line of the processor's cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(super) struct Form {
    /// What the word is found by: hash of its spelling in one letter case; 0 for none.
    key: u64,
    /// Hash of the folded form.
    pub(super) form: u64,
    pub(super) stem: u64,
    pub(super) words: WordSet,
    /// The number of the word in the upper bits, then how many characters it has, then its kinds of letters.
    packed: u32,
}

impl Form {
    const KINDS_BITS: u32 = 3;
    const CHARS_BITS: u32 = 7;

    /// What is known of a token's word, without its number.
    pub(super) fn new(key: u64, token: &Token, stem: u64, words: WordSet) -> Self {
        let chars = token.span.end - token.span.start;
        let packed = chars << Self::KINDS_BITS | u32::from(token.flags.kinds());
        Self { key, form: token.form, stem, words, packed }
    }

    /// Its number among those kept; [`FORMS_MAX`] for one that is not kept.
    #[inline(always)]
    pub(super) fn number(self) -> u32 {
        self.packed >> (Self::CHARS_BITS + Self::KINDS_BITS)
    }

    #[inline(always)]
    pub(super) fn chars(self) -> u32 {
        self.packed >> Self::KINDS_BITS & ((1 << Self::CHARS_BITS) - 1)
    }

    #[inline(always)]
    pub(super) fn kinds(self) -> Flags {
        Flags::of_kinds((self.packed & ((1 << Self::KINDS_BITS) - 1)) as u8)
    }
}

/// A line of the processor's cache: it is read at once. Its places are taken in order.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Line([Form; 2]);

/// The table: each word in the first line with a free place from its own on. It doubles when two thirds of its places are
/// taken, so that what is not there is soon missed.
#[derive(Debug)]
pub(super) struct Forms {
    lines: Vec<Line>,
    count: u32,
}

impl Forms {
    pub(super) fn new() -> Self {
        Self { lines: vec![Line::default(); LINES_MIN], count: 0 }
    }

    /// How many words are kept.
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    pub(super) fn clear(&mut self) {
        self.lines.fill(Line::default());
        self.count = 0;
    }

    /// Has the line of a word read while other things are done: soon it will be asked for.
    #[inline(always)]
    pub(super) fn expect(&self, key: u64) {
        prefetch_index(&self.lines, line_of(key, self.lines.len()));
    }

    /// What is known of a word.
    #[inline(always)]
    pub(super) fn get(&self, key: u64) -> Option<&Form> {
        let lines = self.lines.as_slice();
        let mut line = line_of(key, lines.len());
        loop {
            let Line(forms) = lines.get(line)?;
            // Chosen before it is judged: which of both it is cannot be foreseen, that it is one of them can.
            let form = &forms[usize::from(forms[1].key == key)];
            if form.key == key {
                return Some(form);
            }
            if forms[1].key == 0 {
                return None;
            }
            line = (line + 1) & (lines.len() - 1);
        }
    }

    /// Keeps a word that is not there yet, if there is room; gives it with its number.
    pub(super) fn keep(&mut self, mut form: Form) -> Form {
        let number = self.count.min(FORMS_MAX as u32);
        form.packed |= number << (Form::CHARS_BITS + Form::KINDS_BITS);
        if self.len() < FORMS_MAX {
            if self.len() * 3 >= self.lines.len() * 4 && self.lines.len() < LINES_MAX {
                self.double();
            }
            self.place(form);
            self.count += 1;
        }
        form
    }

    /// Puts a word that is not there into the first free place from its own on; not all are taken.
    fn place(&mut self, form: Form) {
        let count = self.lines.len();
        let mut line = line_of(form.key, count);
        while self.lines.get(line).is_some_and(|Line([_, last])| last.key != 0) {
            line = (line + 1) & (count - 1);
        }
        let free = self.lines.get_mut(line).and_then(|Line(forms)| forms.iter_mut().find(|form| form.key == 0));
        free.into_iter().for_each(|free| *free = form);
    }

    fn double(&mut self) {
        let lines = vec![Line::default(); self.lines.len() * 2];
        let known = std::mem::replace(&mut self.lines, lines);
        known.into_iter().flat_map(|Line(forms)| forms).filter(|form| form.key != 0).for_each(|form| self.place(form));
    }
}

/// The line of so many, a power of two, where a word stands, or before.
#[inline(always)]
fn line_of(key: u64, lines: usize) -> usize {
    (key >> 20) as usize & (lines - 1)
}
