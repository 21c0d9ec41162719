//! Reading a Russian post: tokens, stems, language, topics by dictionary and model, places, tone.
//!
//! Everything here is a pure function of its input and of dictionaries handed in as text.

mod analyse;
mod check;
mod dictionary;
mod fingerprint;
mod fold;
mod language;
mod lexer;
mod lexicon;
mod mask;
mod matcher;
mod model;
mod places;
mod source;
mod stemmer;
mod term;
mod token;
mod tone;

pub use analyse::Analyser;
pub use check::ExampleReport;
pub use dictionary::{Dictionary, Topic};
pub use fingerprint::{FINGERPRINT_BYTES, Fingerprint, KEY_BINS, likeness};
pub use language::LanguageReader;
pub use lexer::{Lexeme, Lexer};
pub use mask::mask;
pub use model::{Model, ModelFileError, Predictor, Sample, Scored, TrainError, TrainOptions, train};
pub use places::{Gazetteer, Place};
pub use source::{Problem, SourceFile, read_toml};
pub use token::{Ending, Flags, Token, tokenise};
