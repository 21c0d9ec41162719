//! A word, letter by letter, and the address that it may begin.

use otklik_domain::Span;

use super::{ASCII, CAPITAL, DIGIT, LETTER, Scanner};
use crate::{
    fold::{Class, Common, FormHash, classify, fold_common, fold_into, hash_folded, is_cyrillic},
    token::{Flags, Token, WORD_CHARS_MAX},
};

impl Scanner<'_, '_> {
    /// Reads a word that begins here, which becomes a token, or an address after its scheme, which does not.
    pub(crate) fn word(&mut self) {
        let (start, first_char) = (self.at, self.chars);
        let mut flags = self.before;
        let mut hash = FormHash::new();
        loop {
            self.common_letters(&mut flags, &mut hash, first_char);
            // What stopped them is the end of the word, or an uncommon letter of it.
            let Some(letter) = self.letter_slowly(&mut flags, self.chars == first_char) else { break };
            hash.push(letter);
        }
        let mut form = hash.finish();
        if flags.has(Flags::SLOW) || flags.has(Flags::CYRILLIC | Flags::LATIN) {
            let mut folded = String::new();
            fold_into(self.text.get(start..self.at).unwrap_or_default(), &mut folded);
            form = hash_folded(&folded);
        }
        if flags.has(Flags::LATIN) && is_address_scheme(form) && self.skip_address() {
            self.before.0 &= !Flags::JOINED.0;
            return;
        }
        let length = self.chars - first_char;
        flags.0 &= !Flags::SLOW.0;
        if length <= WORD_CHARS_MAX {
            let span = Span { start: first_char, end: self.chars };
            self.tokens.push(Token { form, start: start as u32, end: self.at as u32, span, flags });
        }
        // Until a separator says otherwise the next token touches this one.
        self.before = Flags::JOINED;
    }

    /// Takes the letters and digits of a word that are ASCII or common Cyrillic, folded, up to what is neither.
    #[inline(always)]
    fn common_letters(&mut self, flags: &mut Flags, hash: &mut FormHash, first_char: u32) {
        loop {
            self.cyrillic_letters(flags, hash, first_char);
            let from = self.at;
            self.ascii_letters(flags, hash, first_char);
            if from == self.at {
                break;
            }
        }
    }

    #[inline(always)]
    fn cyrillic_letters(&mut self, flags: &mut Flags, hash: &mut FormHash, first_char: u32) {
        let (letters, _) = self.bytes.get(self.at..).unwrap_or_default().as_chunks::<2>();
        let mut count = 0;
        let (mut first, mut others) = (Common::default(), Common::default());
        for &letter in letters {
            let folded = fold_common(letter);
            if folded.letter() == 0 {
                break;
            }
            hash.push(folded.letter());
            if count == 0 {
                first = folded;
            } else {
                others = others.or(folded);
            }
            count += 1;
        }
        if count == 0 {
            return;
        }
        let mut kinds = Flags::CYRILLIC;
        if first.is_capital() {
            kinds |= if self.chars == first_char { Flags::CAPITAL } else { Flags::CAPITAL_INSIDE };
        }
        if others.is_capital() {
            kinds |= Flags::CAPITAL_INSIDE;
        }
        *flags |= kinds;
        self.at += 2 * count;
        self.chars += count as u32;
    }

    fn ascii_letters(&mut self, flags: &mut Flags, hash: &mut FormHash, first_char: u32) {
        while let Some(&byte) = self.bytes.get(self.at).filter(|byte| **byte < 0x80) {
            let capital = if self.chars == first_char { Flags::CAPITAL } else { Flags::CAPITAL_INSIDE };
            let (kinds, folded) = match ASCII[usize::from(byte)] {
                LETTER => (Flags::LATIN, byte),
                CAPITAL => (Flags::LATIN | capital, byte | 0x20),
                DIGIT => (Flags::DIGIT, byte),
                _ => break,
            };
            *flags |= kinds;
            hash.push(u32::from(folded));
            self.step(1);
        }
    }

    /// Takes the next letter or digit of a word, folded, however it is written; `None` at the word's end.
    fn letter_slowly(&mut self, flags: &mut Flags, first: bool) -> Option<u32> {
        // Nothing else in ASCII is a letter or a digit.
        let c = self.bytes.get(self.at).filter(|byte| !byte.is_ascii()).and_then(|_| self.current())?;
        let folded = match classify(c) {
            Class::Letter(letter) => {
                *flags |= if is_cyrillic(letter) { Flags::CYRILLIC } else { Flags::LATIN };
                if c.is_uppercase() {
                    *flags |= if first { Flags::CAPITAL } else { Flags::CAPITAL_INSIDE };
                }
                letter
            }
            Class::Digit(digit) => {
                *flags |= Flags::DIGIT;
                digit
            }
            Class::Ignored if !first => {
                *flags |= Flags::SLOW;
                c
            }
            _ => return None,
        };
        self.at += c.len_utf8();
        self.chars += 1;
        Some(u32::from(folded))
    }

    /// After `http`, `https` or `www`: passes over the rest of the address, if it is one.
    fn skip_address(&mut self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !(rest.starts_with(b"://") || rest.starts_with(b".")) {
            return false;
        }
        let length = rest.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'<' | b'"' | b')' | b']'));
        self.skip_to(self.at + length.unwrap_or(rest.len()));
        true
    }
}

/// Whether an address may go on after a word.
pub(crate) fn is_address_scheme(form: u64) -> bool {
    const fn hash(word: &[u8]) -> u64 {
        let mut hash = FormHash::new();
        let mut i = 0;
        while i < word.len() {
            hash.push(word[i] as u32);
            i += 1;
        }
        hash.finish()
    }
    const SCHEMES: [u64; 3] = [hash(b"http"), hash(b"https"), hash(b"www")];
    SCHEMES.contains(&form)
}
