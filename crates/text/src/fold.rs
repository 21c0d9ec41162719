//! One spelling for every way a letter can be written: lower case, `ё` as `е`.

use crate::{
    stemmer::{number_of, stem_length},
    token::WORD_CHARS_MAX,
};

/// What a character is to the tokeniser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Ends a word.
    Separator,
    /// Belongs to a word and counts, as the folded letter given.
    Letter(char),
    /// A digit.
    Digit(char),
    /// Belongs to a word but does not count: soft hyphens, stress marks, zero-width spaces.
    Ignored,
    /// An emoji: a token of its own.
    Emoji,
}

/// Classifies and folds a character.
pub(crate) fn classify(c: char) -> Class {
    match c {
        'а'..='я' | 'a'..='z' => Class::Letter(c),
        '0'..='9' => Class::Digit(c),
        'А'..='Я' | 'A'..='Z' => Class::Letter(lower(c)),
        'ё' | 'Ё' => Class::Letter('е'),
        '\u{00AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{FE00}'..='\u{FE0F}' => Class::Ignored,
        // Combining marks: the stress mark above all. A breve after `и` is handled by the tokeniser.
        '\u{0300}'..='\u{036F}' => Class::Ignored,
        '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' => Class::Emoji,
        // What most often stands between words besides ASCII; the tables of Unicode would say the same, but slower.
        '\u{80}'..='\u{A9}' | '«' | '»' | '\u{2000}'..='\u{206F}' => Class::Separator,
        _ if c.is_alphabetic() => Class::Letter(lower(c)),
        _ if c.is_numeric() => Class::Digit(c),
        _ => Class::Separator,
    }
}

/// A common Cyrillic letter, folded, and whether it was a capital; nothing (0) for anything else.
#[derive(Clone, Copy, Default)]
pub(crate) struct Common(u32);

impl Common {
    const CAPITAL: u32 = 1 << 16;

    /// The letter; 0 for anything else.
    #[inline(always)]
    pub(crate) const fn letter(self) -> u32 {
        self.0 & (Self::CAPITAL - 1)
    }

    #[inline(always)]
    pub(crate) const fn is_capital(self) -> bool {
        self.0 & Self::CAPITAL != 0
    }

    /// A capital where one of both is.
    #[inline(always)]
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// U+0400..U+047F by their last seven bits; other letters need the slow way.
static COMMON: [Common; 128] = {
    let mut table = [Common(0); 128];
    let mut i = 0;
    while i < 32 {
        // А..Я become а..я; а..я stay.
        table[0x10 + i] = Common((0x430 + i as u32) | Common::CAPITAL);
        table[0x30 + i] = Common(0x430 + i as u32);
        i += 1;
    }
    let mut upper = 0;
    while upper < 16 {
        // Ѐ..Џ become ѐ..џ: Ukrainian, Belarusian, Serbian letters. Ё and ё become е.
        let folded = if upper == 1 { 0x435 } else { 0x450 + upper as u32 };
        table[upper] = Common(folded | Common::CAPITAL);
        table[0x50 + upper] = Common(folded);
        upper += 1;
    }
    table
};

/// Folds a character of two bytes.
#[inline(always)]
pub(crate) fn fold_common([first, second]: [u8; 2]) -> Common {
    if first & 0xFE != 0xD0 {
        return Common(0);
    }
    COMMON.get(usize::from(first & 1) << 6 | usize::from(second & 0x3F)).copied().unwrap_or_default()
}

/// Lower case of a letter. A letter with a longer lower case (`İ`) keeps the first of its characters.
fn lower(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        'А'..='Я' => char::from_u32(u32::from(c) + 0x20).unwrap_or(c),
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

/// A Latin letter that looks like a Cyrillic one, as the Cyrillic one: people and spammers mix them within a word.
pub(crate) fn latin_lookalike(c: char) -> char {
    match c {
        'a' => 'а',
        'b' => 'в',
        'c' => 'с',
        'e' => 'е',
        'h' => 'н',
        'k' => 'к',
        'm' => 'м',
        'o' => 'о',
        'p' => 'р',
        't' => 'т',
        'x' => 'х',
        'y' => 'у',
        _ => c,
    }
}

/// The hash of a word, fed letter by letter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormHash(u64);

impl FormHash {
    pub(crate) const fn new() -> Self {
        Self(0x243F_6A88_85A3_08D3)
    }

    #[inline(always)]
    pub(crate) const fn push(&mut self, c: u32) {
        self.0 = (self.0.rotate_left(5) ^ c as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    /// The hash; never 0, which marks an empty slot.
    #[inline(always)]
    pub(crate) const fn finish(self) -> u64 {
        (self.0 ^ (self.0 >> 29)) | 1
    }
}

/// The hash of a word that is folded already.
pub(crate) fn hash_folded(word: &str) -> u64 {
    let mut hash = FormHash::new();
    for c in word.chars() {
        hash.push(u32::from(c));
    }
    hash.finish()
}

/// A folded word, as hashes of its beginnings and numbers of its letters. Keeps its buffers from word to word.
#[derive(Debug)]
pub(crate) struct Folded {
    /// The hash after each letter.
    hashes: [FormHash; LETTERS_MAX],
    /// The letters as the stemmer numbers them.
    numbers: [u8; LETTERS_MAX],
    letters: usize,
    spelled: String,
}

/// Most letters of a word: no token has more characters.
const LETTERS_MAX: usize = WORD_CHARS_MAX as usize;

impl Default for Folded {
    fn default() -> Self {
        let hashes = [FormHash::new(); LETTERS_MAX];
        Self { hashes, numbers: [0; LETTERS_MAX], letters: 0, spelled: String::new() }
    }
}

impl Folded {
    /// Folds a word as it is written.
    pub(crate) fn read(&mut self, written: &str) {
        if self.read_common(written).is_none() {
            fold_into(written, &mut self.spelled);
            self.take_letters();
        }
    }

    /// Takes what is written as it is: an emoji.
    pub(crate) fn read_as_it_is(&mut self, written: &str) {
        self.spelled.clear();
        self.spelled.push_str(written);
        self.take_letters();
    }

    /// Folds a word of common Cyrillic letters only and tells how many it has; `None` at anything else.
    pub(crate) fn read_common(&mut self, written: &str) -> Option<u32> {
        let (letters, []) = written.as_bytes().as_chunks::<2>() else { return None };
        let mut hash = FormHash::new();
        let places = self.hashes.iter_mut().zip(&mut self.numbers);
        if letters.len() > places.len() {
            return None;
        }
        for (&letter, (place, number)) in letters.iter().zip(places) {
            let folded = fold_common(letter).letter();
            if folded == 0 {
                return None;
            }
            hash.push(folded);
            *place = hash;
            *number = number_of(folded);
        }
        self.letters = letters.len();
        Some(letters.len() as u32)
    }

    fn take_letters(&mut self) {
        let mut hash = FormHash::new();
        self.letters = 0;
        let places = self.hashes.iter_mut().zip(&mut self.numbers);
        for (c, (place, number)) in self.spelled.chars().zip(places) {
            hash.push(u32::from(c));
            *place = hash;
            *number = number_of(u32::from(c));
            self.letters += 1;
        }
    }

    /// The hash of the whole word.
    pub(crate) fn form(&self) -> u64 {
        self.beginning(self.letters).unwrap_or_default()
    }

    /// The hash of the word's Russian stem.
    pub(crate) fn stem(&self) -> u64 {
        let letters = stem_length(self.numbers.get(..self.letters).unwrap_or_default());
        self.beginning(letters).unwrap_or_default()
    }

    /// The hash of the first letters, where there are as many.
    pub(crate) fn beginning(&self, letters: usize) -> Option<u64> {
        match letters.checked_sub(1) {
            Some(last) => self.hashes.get(..self.letters)?.get(last).map(|hash| hash.finish()),
            None => Some(FormHash::new().finish()),
        }
    }
}

/// Folds a word: what is neither letter nor digit is left out, and within a Cyrillic word Latin lookalikes become
/// Cyrillic.
pub(crate) fn fold_into(word: &str, folded: &mut String) {
    folded.clear();
    let (mut cyrillic, mut latin) = (false, false);
    for c in word.chars() {
        match classify(c) {
            Class::Letter(letter) => {
                cyrillic |= is_cyrillic(letter);
                latin |= letter.is_ascii_alphabetic();
                folded.push(letter);
            }
            Class::Digit(digit) => folded.push(digit),
            // A breve written apart from its letter.
            Class::Ignored if c == '\u{0306}' && folded.ends_with('и') => {
                folded.pop();
                folded.push('й');
            }
            Class::Ignored | Class::Separator | Class::Emoji => {}
        }
    }
    if cyrillic && latin {
        *folded = folded.chars().map(latin_lookalike).collect();
    }
}

/// Folds a word into a new string.
pub(crate) fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    fold_into(word, &mut folded);
    folded
}

/// Whether a letter is Cyrillic, supplements included.
pub(crate) fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{0400}'..='\u{052F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds() {
        let check = |word: &str, expected: &str| assert_eq!(fold(word), expected, "{word}");
        check("ЁЛКА", "елка");
        check("дорoгa", "дорога");
        check("Wi-Fi", "wifi");
        check("и\u{0306}од", "йод");
        check("за́мок", "замок");
        check("Җир", "җир");
        check("10А", "10а");
    }

    #[test]
    fn separators_are_neither_letters_nor_digits() {
        let separators = (char::MIN..=char::MAX).filter(|&c| classify(c) == Class::Separator);
        let wrong: Vec<char> = separators.filter(|c| c.is_alphanumeric()).collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn a_hash_is_never_zero() {
        assert_ne!(hash_folded(""), 0);
        assert_ne!(hash_folded("вода"), hash_folded("воды"));
    }
}
