//! Words of a text as they are looked for: in lower case, without the dots of ё, without stress marks.

use std::ops::Range;

/// Characters of a word that are kept; longer ones are not words of a language.
const WORD_CHARS_MAX: usize = 64;

/// Walks over the words of a text: runs of letters and digits.
#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    rest: std::iter::Peekable<std::str::CharIndices<'a>>,
    bytes: usize,
}

impl<'a> Words<'a> {
    /// The words of a text.
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.char_indices().peekable(), bytes: text.len() }
    }

    /// Writes the next word into `word` and gives its place in bytes; `None` at the end of the text.
    pub(super) fn next_into(&mut self, word: &mut String) -> Option<Range<usize>> {
        word.clear();
        let begin = loop {
            let (place, character) = self.rest.next()?;
            if is_letter(character) {
                push_folded(word, character);
                break place;
            }
        };
        let mut length = 1;
        while let Some((_, character)) = self.rest.next_if(|(_, c)| is_letter(*c) || is_mark(*c)) {
            if is_mark(character) {
                // A decomposed й; the dots of a decomposed ё go as those of a composed one do.
                if character == '\u{306}' && word.ends_with('и') {
                    word.pop();
                    word.push('й');
                }
            } else if length < WORD_CHARS_MAX {
                push_folded(word, character);
                length += 1;
            }
        }
        let end = self.rest.peek().map_or(self.bytes, |(place, _)| *place);
        Some(begin..end)
    }
}

/// Letters and digits of any script; the common ones are known without the tables of Unicode, which are slow.
fn is_letter(character: char) -> bool {
    match character {
        'а'..='я' | 'А'..='Я' | 'ё' | 'Ё' | 'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        '\0'..='\u{7f}' => false,
        _ => character.is_alphanumeric(),
    }
}

/// What may stand within a word without being part of it: accents, soft hyphens, zero-width characters.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn push_folded(word: &mut String, character: char) {
    match character {
        'ё' | 'Ё' => word.push('е'),
        'а'..='я' | 'a'..='z' | '0'..='9' => word.push(character),
        'А'..='Я' => word.push(char::from_u32(u32::from(character) + 0x20).unwrap_or(character)),
        _ => word.extend(character.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let mut words = Words::new(text);
        let mut word = String::new();
        let mut got = Vec::new();
        while let Some(place) = words.next_into(&mut word) {
            got.push((word.clone(), text.get(place).unwrap()));
        }
        let got: Vec<(&str, &str)> = got.iter().map(|(word, place)| (word.as_str(), *place)).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn finds_words_and_their_places() {
        check("", &[]);
        check("🚧…", &[]);
        check("Ёлки, ёлки!", &[("елки", "Ёлки"), ("елки", "ёлки")]);
        check("д.12а/3", &[("д", "д"), ("12а", "12а"), ("3", "3")]);
        check("e-mail", &[("e", "e"), ("mail", "mail")]);
        check("ЩЁКИ ГАЗель İ", &[("щеки", "ЩЁКИ"), ("газель", "ГАЗель"), ("i\u{307}", "İ")]);
    }

    #[test]
    fn sees_through_marks() {
        check("за\u{301}мок", &[("замок", "за\u{301}мок")]);
        check("е\u{308}лка и\u{306}од", &[("елка", "е\u{308}лка"), ("йод", "и\u{306}од")]);
        check("авто\u{ad}бус \u{301} x", &[("автобус", "авто\u{ad}бус"), ("x", "x")]);
    }

    #[test]
    fn cuts_what_is_no_word() {
        let long = "щ".repeat(300);
        let cut = "щ".repeat(64);
        check(&long, &[(cut.as_str(), long.as_str())]);
    }
}
