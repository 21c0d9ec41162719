//! Tokens: words, numbers and emoji of a text with their place in it, in one pass over its bytes.
//!
//! Markup tags, entities and addresses of pages are passed over, so that spans still point into the text as it is.

use std::ops::{BitOr, BitOrAssign};

use otklik_domain::Span;

use crate::fold::{Class, Common, FormHash, classify, fold_common, fold_into, hash_folded, is_cyrillic};

/// Longest word that is looked at, in characters; the rest of a longer run of letters is passed over.
pub(crate) const WORD_CHARS_MAX: u32 = 64;

/// Properties of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u16);

impl Flags {
    /// Has Cyrillic letters.
    pub const CYRILLIC: Self = Self(1);
    /// Has Latin letters.
    pub const LATIN: Self = Self(1 << 1);
    /// Has digits.
    pub const DIGIT: Self = Self(1 << 2);
    /// Begins with a capital.
    pub const CAPITAL: Self = Self(1 << 3);
    /// Has a capital that is not its first letter.
    pub const CAPITAL_INSIDE: Self = Self(1 << 4);
    /// An emoji.
    pub const EMOJI: Self = Self(1 << 5);
    /// A hashtag.
    pub const HASHTAG: Self = Self(1 << 6);
    /// Follows the end of a sentence or a line, or is the first.
    pub const SENTENCE_START: Self = Self(1 << 7);
    /// Follows an exclamation mark.
    pub const AFTER_EXCLAMATION: Self = Self(1 << 8);
    /// Follows a question mark.
    pub const AFTER_QUESTION: Self = Self(1 << 9);
    /// Joined to the token before by a hyphen, a stroke or nothing at all.
    pub const JOINED: Self = Self(1 << 10);
    /// Follows a comma or a semicolon.
    pub const AFTER_COMMA: Self = Self(1 << 11);
    /// Has letters besides Cyrillic and ASCII ones, or a spelling that needs folding by the slow way.
    const SLOW: Self = Self(1 << 15);

    /// Whether all of `other` is set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// A word, a number or an emoji.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Hash of the folded form.
    pub form: u64,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Place in Unicode scalar values.
    pub span: Span,
    /// Properties.
    pub flags: Flags,
}

impl Token {
    /// The token as written.
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// What stands after the last token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ending {
    /// A question mark.
    pub question: bool,
    /// An exclamation mark.
    pub exclamation: bool,
}

/// Cuts a text into tokens, putting them in place of what `tokens` holds. Looks at the first 4 GiB.
pub fn tokenise(text: &str, tokens: &mut Vec<Token>) -> Ending {
    tokens.clear();
    let text = if text.len() > u32::MAX as usize { "" } else { text };
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0, chars: 0, before: Flags::SENTENCE_START };
    scanner.run(tokens);
    Ending {
        question: scanner.before.has(Flags::AFTER_QUESTION),
        exclamation: scanner.before.has(Flags::AFTER_EXCLAMATION),
    }
}

/// Classes of bytes that begin no multi-byte character worth a fast path.
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

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    chars: u32,
    /// What is known of the stretch since the last token.
    before: Flags,
}

impl Scanner<'_> {
    fn run(&mut self, tokens: &mut Vec<Token>) {
        while let Some(&byte) = self.bytes.get(self.at) {
            let begins_word = match byte {
                b' ' => {
                    self.space();
                    false
                }
                0..=0x7F => match ASCII[byte as usize] {
                    SEPARATOR => {
                        self.separator(byte);
                        false
                    }
                    MARKUP => {
                        self.markup(byte);
                        false
                    }
                    _ => true,
                },
                0xD0 | 0xD1 => true,
                _ => self.begins_word_slowly(tokens),
            };
            if begins_word {
                self.word(tokens);
            }
        }
    }

    fn separator(&mut self, byte: u8) {
        match byte {
            b'.' | b'\n' | b'\r' => self.before = Flags::SENTENCE_START,
            b'!' => self.before |= Flags::SENTENCE_START | Flags::AFTER_EXCLAMATION,
            b'?' => self.before |= Flags::SENTENCE_START | Flags::AFTER_QUESTION,
            b',' | b';' => self.before |= Flags::AFTER_COMMA,
            b'#' => self.before |= Flags::HASHTAG,
            b'-' | b'/' => self.before |= Flags::JOINED,
            _ => return self.space(),
        }
        self.step(1);
    }

    /// A space undoes what joins to the next word.
    #[inline(always)]
    fn space(&mut self) {
        self.before.0 &= !(Flags::JOINED.0 | Flags::HASHTAG.0);
        self.step(1);
    }

    /// Passes over a tag or an entity, or over the sign alone when it is neither.
    fn markup(&mut self, byte: u8) {
        const TAG_BYTES_MAX: usize = 2000;
        const ENTITY_BYTES_MAX: usize = 10;
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let length = if byte == b'<' {
            let opens = rest.first().is_some_and(|next| next.is_ascii_alphabetic() || *next == b'/' || *next == b'!');
            opens.then(|| rest.iter().take(TAG_BYTES_MAX).position(|&b| b == b'>')).flatten()
        } else {
            rest.iter()
                .take(ENTITY_BYTES_MAX)
                .position(|b| !b.is_ascii_alphanumeric() && *b != b'#')
                .filter(|&end| end > 1 && rest.get(end) == Some(&b';'))
        };
        match length {
            Some(length) => {
                let to = self.at + length + 2;
                self.skip_to(to);
                if byte == b'<' {
                    self.before |= Flags::SENTENCE_START;
                }
                self.before.0 &= !Flags::JOINED.0;
            }
            None => self.step(1),
        }
    }

    /// At a character that is neither ASCII nor one of the common Cyrillic letters: whether a word begins there. What is
    /// no word is passed over; an emoji becomes a token.
    fn begins_word_slowly(&mut self, tokens: &mut Vec<Token>) -> bool {
        let Some(c) = self.current() else { return false };
        match classify(c) {
            Class::Letter(_) | Class::Digit(_) => return true,
            Class::Emoji => {
                let mut hash = FormHash::new();
                hash.push(u32::from(c));
                let start = self.at as u32;
                let end = start + c.len_utf8() as u32;
                let span = Span { start: self.chars, end: self.chars + 1 };
                tokens.push(Token { form: hash.finish(), start, end, span, flags: self.before | Flags::EMOJI });
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

    fn word(&mut self, tokens: &mut Vec<Token>) {
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
            tokens.push(Token { form, start: start as u32, end: self.at as u32, span, flags });
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

fn is_address_scheme(form: u64) -> bool {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fold::fold;

    fn words(text: &str) -> Vec<&str> {
        let mut tokens = Vec::new();
        tokenise(text, &mut tokens);
        tokens.iter().map(|token| token.text(text)).collect()
    }

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(words(text), expected, "{text}");
    }

    #[test]
    fn cuts_into_words() {
        check("Прорвало трубу!", &["Прорвало", "трубу"]);
        check("ул.Ленина,д.5а", &["ул", "Ленина", "д", "5а"]);
        check("Каменск-Уральский", &["Каменск", "Уральский"]);
        check("нет воды😡второй день", &["нет", "воды", "😡", "второй", "день"]);
        check("", &[]);
        check("!!!", &[]);
    }

    #[test]
    fn passes_over_markup_and_addresses() {
        check("<p>Яма&nbsp;на <b>дороге</b></p>", &["Яма", "на", "дороге"]);
        check("5 < 6 & 7", &["5", "6", "7"]);
        check("Фото: https://example.org/a?b=в яма", &["Фото", "яма"]);
        check("сайт www.example.org/x", &["сайт"]);
        check("<не тег>", &["не", "тег"]);
    }

    #[test]
    fn spans_count_characters() {
        let text = "<b>Ёж</b> 🙂 и вода";
        let mut tokens = Vec::new();
        tokenise(text, &mut tokens);
        let spans: Vec<(u32, u32)> = tokens.iter().map(|token| (token.span.start, token.span.end)).collect();
        assert_eq!(spans, [(3, 5), (10, 11), (12, 13), (14, 18)]);
    }

    #[test]
    fn flags() {
        let check = |text: &str, nth: usize, set: Flags, unset: Flags| {
            let mut tokens = Vec::new();
            tokenise(text, &mut tokens);
            let flags = tokens[nth].flags;
            assert!(flags.has(set), "{text} {nth} {flags:?}");
            assert_eq!(flags.0 & unset.0, 0, "{text} {nth} {flags:?}");
        };
        check("Нет воды", 0, Flags::CAPITAL | Flags::CYRILLIC | Flags::SENTENCE_START, Flags::CAPITAL_INSIDE);
        check("Нет воды", 1, Flags::CYRILLIC, Flags::CAPITAL | Flags::SENTENCE_START | Flags::JOINED);
        check("ЖКХ", 0, Flags::CAPITAL | Flags::CAPITAL_INSIDE, Flags::LATIN);
        check("Да! Нет", 1, Flags::AFTER_EXCLAMATION | Flags::SENTENCE_START, Flags::AFTER_QUESTION);
        check("а #нетводы", 1, Flags::HASHTAG, Flags::SENTENCE_START);
        check("Каменск-Уральский", 1, Flags::JOINED, Flags::SENTENCE_START);
    }

    #[test]
    fn the_end_of_a_text() {
        let ending = |text: &str| tokenise(text, &mut Vec::new());
        assert!(ending("Когда дадут воду?").question);
        assert!(ending("Дайте воду!!!").exclamation);
        assert_eq!(ending("Дали воду."), Ending::default());
    }

    proptest! {
        /// The fast way and the slow way fold alike, and a span cuts out what the bytes do.
        #[test]
        fn agrees_with_folding(text in "[а-яА-ЯёЁa-zA-Z0-9 .,!?<>&;#\u{AD}\u{301}\u{306}җ😡-]{0,60}") {
            let mut tokens = Vec::new();
            tokenise(&text, &mut tokens);
            let chars: Vec<char> = text.chars().collect();
            for token in &tokens {
                let by_span: String = chars[token.span.start as usize..token.span.end as usize].iter().collect();
                prop_assert_eq!(&by_span, token.text(&text));
                if !token.flags.has(Flags::EMOJI) {
                    prop_assert_eq!(token.form, hash_folded(&fold(token.text(&text))));
                }
            }
        }

        #[test]
        fn reads_anything(text in ".{0,200}") {
            let mut tokens = Vec::new();
            tokenise(&text, &mut tokens);
            prop_assert!(tokens.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }
}
