//! Tokens: words, numbers and emoji of a text with their place in it.
//!
//! Markup tags, entities and addresses of pages are passed over, so that spans still point into the text as it is.

mod runs;
mod scanner;

use std::ops::{BitOr, BitOrAssign};

use otklik_domain::Span;

pub(crate) use self::{
    runs::{NO_KEY, Run, Runs},
    scanner::{Scanner, is_address_scheme},
};

/// Longest word that is looked at, in characters; a longer run of letters is passed over.
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
    /// Kinds of letters: the lowest bits.
    const KINDS: Self = Self(Self::CYRILLIC.0 | Self::LATIN.0 | Self::DIGIT.0);

    /// Whether all of `other` is set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The kinds of letters, as a number below 8.
    pub(crate) fn kinds(self) -> u8 {
        (self.0 & Self::KINDS.0) as u8
    }

    /// The other way round.
    pub(crate) fn of_kinds(kinds: u8) -> Self {
        Self(u16::from(kinds) & Self::KINDS.0)
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
    let mut scanner = Scanner::new(text, tokens);
    scanner.read_to(usize::MAX);
    scanner.ending()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fold::{fold, hash_folded};

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
