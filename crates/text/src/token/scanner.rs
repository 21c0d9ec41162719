//! One careful look at the characters of a text, for what is no plain word: separators, markup, addresses, emoji, letters written in an
//! uncommon way.

mod word;

use otklik_domain::Span;

pub(crate) use self::word::is_address_scheme;
use super::{Ending, Flags, Token};
use crate::fold::{Class, FormHash, classify};

/// Classes of ASCII.
const SEPARATOR: u8 = 0;
const LETTER: u8 = 1;
const CAPITAL: u8 = 2;
const DIGIT: u8 = 3;
const MARKUP: u8 = 4;

const ASCII: [u8; 128] = {
    let mut table = [SEPARATOR; 128];
    let mut i = 0;
    while i < 128 {
        let byte = i as u8;
        table[i] = if byte.is_ascii_lowercase() {
            LETTER
        } else if byte.is_ascii_uppercase() {
            CAPITAL
        } else if byte.is_ascii_digit() {
            DIGIT
        } else if byte == b'<' || byte == b'&' {
            MARKUP
        } else {
            SEPARATOR
        };
        i += 1;
    }
    table
};

/// What a separator leaves of what is known of the stretch since the last token, and what it adds.
#[derive(Clone, Copy)]
struct Separator {
    leaves: u16,
    adds: u16,
}

/// The separators of ASCII. Most undo what joins to the next word.
static SEPARATORS: [Separator; 128] = {
    let mut table = [Separator { leaves: !(Flags::JOINED.0 | Flags::HASHTAG.0), adds: 0 }; 128];
    let mut i = 0;
    while i < 128 {
        let adds = match i as u8 {
            b'.' | b'\n' | b'\r' | b'!' | b'?' => Flags::SENTENCE_START.0,
            b',' | b';' => Flags::AFTER_COMMA.0,
            b'#' => Flags::HASHTAG.0,
            b'-' | b'/' => Flags::JOINED.0,
            _ => 0,
        };
        if adds != 0 {
            table[i] = Separator { leaves: u16::MAX, adds };
        }
        i += 1;
    }
    table[b'!' as usize].adds |= Flags::AFTER_EXCLAMATION.0;
    table[b'?' as usize].adds |= Flags::AFTER_QUESTION.0;
    // The end of a sentence undoes all.
    table[b'.' as usize].leaves = 0;
    table[b'\n' as usize].leaves = 0;
    table[b'\r' as usize].leaves = 0;
    table
};

/// Reads a text from its beginning to its end.
pub(crate) struct Scanner<'t, 'o> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    chars: u32,
    /// What is known of the stretch since the last token.
    before: Flags,
    /// What was read so far and not yet taken away.
    pub(crate) tokens: &'o mut Vec<Token>,
}

impl<'t, 'o> Scanner<'t, 'o> {
    /// Looks at the first 4 GiB.
    pub(crate) fn new(text: &'t str, tokens: &'o mut Vec<Token>) -> Self {
        let text = if text.len() > u32::MAX as usize { "" } else { text };
        Self { text, bytes: text.as_bytes(), at: 0, chars: 0, before: Flags::SENTENCE_START, tokens }
    }

    /// The text, as far as it is looked at.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// The byte that is looked at next: it begins a character.
    #[inline(always)]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What stands after the last token.
    pub(crate) fn ending(&self) -> Ending {
        Ending {
            question: self.before.has(Flags::AFTER_QUESTION),
            exclamation: self.before.has(Flags::AFTER_EXCLAMATION),
        }
    }

    /// Reads up to a byte, or further when a word, a tag or an address goes on behind it. Words that begin before it become tokens.
    #[inline(always)]
    pub(crate) fn read_to(&mut self, to: usize) {
        while self.at < to {
            match self.bytes.get(self.at) {
                Some(&byte) if ASCII.get(usize::from(byte)) == Some(&SEPARATOR) => self.separator(byte),
                Some(_) => self.read_on(),
                None => break,
            }
        }
    }

    /// Reads what is no common separator.
    #[inline(never)]
    fn read_on(&mut self) {
        match self.bytes.get(self.at) {
            Some(b'<') => self.pass_tag(),
            Some(b'&') => self.pass_entity(),
            Some(byte) if byte.is_ascii() || byte & 0xFE == 0xD0 => self.word(),
            Some(_) if self.begins_word_slowly() => self.word(),
            _ => {}
        }
    }

    #[inline(always)]
    fn separator(&mut self, byte: u8) {
        if let Some(Separator { leaves, adds }) = SEPARATORS.get(usize::from(byte)) {
            self.before = Flags(self.before.0 & leaves | adds);
        }
        self.step(1);
    }

    /// Takes a word that was read elsewhere: its form, the byte behind it, its characters and its own flags.
    #[inline(always)]
    pub(crate) fn take_word(&mut self, form: u64, end: usize, chars: u32, own: Flags) -> Token {
        let span = Span { start: self.chars, end: self.chars + chars };
        let token = Token { form, start: self.at as u32, end: end as u32, span, flags: self.before | own };
        self.at = end;
        self.chars += chars;
        self.before = Flags::JOINED;
        token
    }

    /// Passes over a tag, or over `<` alone when it begins none.
    fn pass_tag(&mut self) {
        const BYTES_MAX: usize = 2000;
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let opens = rest.first().is_some_and(|next| next.is_ascii_alphabetic() || *next == b'/' || *next == b'!');
        let length = opens.then(|| rest.iter().take(BYTES_MAX).position(|&byte| byte == b'>')).flatten();
        if self.pass_markup(length) {
            self.before |= Flags::SENTENCE_START;
        }
    }

    /// Passes over an entity, or over `&` alone when it begins none.
    fn pass_entity(&mut self) {
        const BYTES_MAX: usize = 10;
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let mut name = rest.iter().take(BYTES_MAX);
        let end = name.position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#');
        self.pass_markup(end.filter(|&end| end > 1 && rest.get(end) == Some(&b';')));
    }

    /// Passes over a sign, and over what belongs to it with the byte that ends it, if anything does.
    fn pass_markup(&mut self, length: Option<usize>) -> bool {
        match length {
            Some(length) => self.skip_to(self.at + length + 2),
            None => self.step(1),
        }
        if length.is_some() {
            self.before.0 &= !Flags::JOINED.0;
        }
        length.is_some()
    }

    /// At a character that is neither ASCII nor one of the common Cyrillic letters: whether a word begins there. What is
    /// no word is passed over; an emoji becomes a token.
    fn begins_word_slowly(&mut self) -> bool {
        let Some(c) = self.current() else { return false };
        match classify(c) {
            Class::Letter(_) | Class::Digit(_) => return true,
            Class::Emoji => {
                let mut hash = FormHash::new();
                hash.push(u32::from(c));
                let start = self.at as u32;
                let end = start + c.len_utf8() as u32;
                let span = Span { start: self.chars, end: self.chars + 1 };
                self.tokens.push(Token { form: hash.finish(), start, end, span, flags: self.before | Flags::EMOJI });
                self.before = Flags::default();
            }
            Class::Separator if c == '…' => self.before = Flags::SENTENCE_START,
            Class::Separator if matches!(c, '–' | '—' | '«' | '»' | '\u{A0}') => {
                self.before.0 &= !Flags::JOINED.0
            }
            Class::Separator | Class::Ignored => {}
        }
        self.at += c.len_utf8();
        self.chars += 1;
        false
    }

    fn current(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn step(&mut self, ascii_bytes: usize) {
        self.at += ascii_bytes;
        self.chars += ascii_bytes as u32;
    }

    /// Moves on to a byte that begins a character.
    fn skip_to(&mut self, to: usize) {
        let skipped = self.bytes.get(self.at..to).unwrap_or_default();
        self.chars += skipped.iter().filter(|&&b| b & 0xC0 != 0x80).count() as u32;
        self.at = to;
    }
}
