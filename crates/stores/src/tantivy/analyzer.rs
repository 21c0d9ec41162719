//! The words of a text for the index: as they are, and as Russian stems.

use ::tantivy::tokenizer::{Language, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};

use super::words::Words;

/// Name of the analyzer that gives stems.
pub(super) const STEMS: &str = "otklik_stems";
/// Name of the analyzer that gives words as they stand.
pub(super) const FORMS: &str = "otklik_forms";

/// Gives stems: one for all inflections of a word. Words of other languages mostly stay as they are.
pub(super) fn stems() -> TextAnalyzer {
    TextAnalyzer::builder(WordTokenizer::default()).filter(Stemmer::new(Language::Russian)).build()
}

/// Gives words as they stand, for searches by the beginning of a word.
pub(super) fn forms() -> TextAnalyzer {
    TextAnalyzer::builder(WordTokenizer::default()).build()
}

/// The words an analyzer gives for a text.
pub(super) fn tokens(analyzer: &mut TextAnalyzer, text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    analyzer.token_stream(text).process(&mut |token| tokens.push(token.clone()));
    tokens
}

/// The words of a text: their stems, and as they stand.
#[cfg(feature = "clickhouse")]
pub(crate) fn words_of(text: &str) -> (Vec<String>, Vec<String>) {
    let of = |mut analyzer| tokens(&mut analyzer, text).into_iter().map(|token| token.text).collect();
    (of(stems()), of(forms()))
}

#[derive(Debug, Clone, Default)]
struct WordTokenizer {
    token: Token,
}

struct WordStream<'a> {
    words: Words<'a>,
    token: &'a mut Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream { words: Words::new(text), token: &mut self.token }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        match self.words.next_into(&mut self.token.text) {
            Some(place) => {
                self.token.offset_from = place.start;
                self.token.offset_to = place.end;
                // The position of a fresh token is the highest number: the first word wraps it round to 0.
                self.token.position = self.token.position.wrapping_add(1);
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_make_inflections_equal() {
        let stem = |text: &str| tokens(&mut stems(), text).into_iter().map(|token| token.text).collect::<Vec<_>>();
        for (text, expected) in [
            ("дорога дороге дорогой ДОРОГИ", "дорог"),
            ("труба трубы трубой", "труб"),
            ("ёлка Ёлки елку", "елк"),
            ("прорвало прорвала прорвали", "прорва"),
            ("facebook Facebook", "facebook"),
        ] {
            assert!(stem(text).iter().all(|stem| stem == expected), "{text}: {:?}", stem(text));
        }
    }

    #[test]
    fn words_are_counted_from_nought() {
        let tokens = tokens(&mut forms(), "раз, два");
        let places: Vec<_> = tokens.iter().map(|token| (token.position, token.offset_from, token.offset_to)).collect();
        assert_eq!(places, [(0, 0, 6), (1, 8, 14)]);
    }
}
