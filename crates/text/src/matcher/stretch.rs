//! A stretch of a text's words.

use otklik_domain::Span;

use crate::lexer::Lexeme;

/// A stretch of words, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Words {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

impl Words {
    /// The characters from the first word to the last.
    pub(crate) fn span(self, lexemes: &[Lexeme]) -> Span {
        let start = lexemes.get(self.from as usize).map_or(0, |first| first.token.span.start);
        let end = lexemes.get(self.to.saturating_sub(1) as usize).map_or(start, |last| last.token.span.end);
        Span { start, end }
    }

    /// The words as written.
    pub(crate) fn text<'t>(self, lexemes: &[Lexeme], text: &'t str) -> &'t str {
        let start = lexemes.get(self.from as usize).map_or(0, |first| first.token.start);
        let end = lexemes.get(self.to.saturating_sub(1) as usize).map_or(start, |last| last.token.end);
        text.get(start as usize..end as usize).unwrap_or_default()
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}
