//! Reading a Russian post: tokens, stems, language, topics by dictionary and model, places, tone, fingerprints.
//!
//! Everything here is a pure function of its input and of dictionaries handed in as text.

mod fold;
mod lexer;
mod lexicon;
mod term;
mod token;

pub use lexer::{Lexeme, Lexer};
pub use token::{Ending, Flags, Token, tokenise};
