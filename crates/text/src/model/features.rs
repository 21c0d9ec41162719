//! What a text says to a model, in three groups: its stems and pairs of neighbouring stems; pieces of its words, which forgive
//! typing errors; and hints, the topics the dictionary finds, which a region's few examples cannot teach.
//!
//! Each group of a text has length 1, so that none drowns the others. The length is reckoned word by word, not over the
//! text: so what a word adds is the same in every text, and a [`Reader`](super::reader::Reader) can keep it.

use otklik_domain::TopicHit;

use crate::{
    fold::{FormHash, fold_into},
    lexer::Lexeme,
    token::Flags,
};

/// Rows and values, sorted by row.
pub(crate) type Features = Vec<(u32, f32)>;

/// Words looked at: news may be long, but what it is about stands at its beginning.
pub(crate) const WORDS_MAX: usize = 1000;
/// Lengths of pieces of words in characters, the marks of a word's begin and end included.
const PIECE_LENGTHS: std::ops::RangeInclusive<usize> = 3..=5;
/// Stands for every number: they are many and say little one by one; that there is one says something.
const NUMBER: u64 = 1;
/// Kinds of features, mixed into their hashes so that they do not meet.
const PAIR: u64 = 0x5851_F42D_4C95_7F2D;
const PIECE: u64 = 0x1405_7B7E_F767_814F;
const STEM: u64 = 0x2545_F491_4F6C_DD1D;
const HINT: u64 = 0x9FB2_1C65_1E98_DF25;

/// A hint and how strong it is.
pub(crate) type Hint = (u64, f32);

/// A word as models see it: its form, which decides its pieces, and its stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) form: u64,
    pub(crate) stem: u64,
}

impl Word {
    pub(crate) fn of(lexeme: &Lexeme) -> Self {
        if lexeme.token.flags.has(Flags::DIGIT) {
            Self { form: NUMBER, stem: NUMBER }
        } else {
            Self { form: lexeme.token.form, stem: lexeme.stem }
        }
    }
}

/// The feature of a stem.
pub(crate) fn of_stem(stem: u64) -> u64 {
    mix(stem, STEM)
}

/// The feature of two stems side by side.
pub(crate) fn of_pair(before: u64, stem: u64) -> u64 {
    mix(mix(before, PAIR), stem)
}

/// What the dictionary's topics say: each of them, its block, and the block of the first. Of length 1.
pub(crate) fn hints(topics: &[TopicHit]) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    let mut add = |kind: &str, name: &str, score: f32| {
        let mut hash = FormHash::new();
        kind.chars().chain(name.chars()).for_each(|c| hash.push(u32::from(c)));
        let hash = mix(hash.finish(), HINT);
        match hints.iter_mut().find(|(known, _)| *known == hash) {
            Some((_, strength)) => *strength = strength.max(score),
            None => hints.push((hash, score)),
        }
    };
    for topic in topics {
        add("topic ", topic.id.as_str(), topic.score);
        add("block ", topic.block.as_str(), topic.score);
    }
    if let Some(first) = topics.first() {
        add("first ", first.block.as_str(), 1.0);
    }
    let length = hints.iter().map(|(_, strength)| strength * strength).sum::<f32>().sqrt();
    hints.iter_mut().for_each(|(_, strength)| *strength /= length);
    hints
}

/// Cuts words into pieces. Keeps its buffers from word to word.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    folded: String,
    padded: Vec<char>,
}

impl Cutter {
    /// Puts the features of a word's pieces in place of what `pieces` holds.
    pub(crate) fn cut(&mut self, lexeme: &Lexeme, text: &str, pieces: &mut Vec<u64>) {
        pieces.clear();
        let flags = lexeme.token.flags;
        if !flags.has(Flags::CYRILLIC) || flags.has(Flags::DIGIT) {
            return;
        }
        fold_into(lexeme.token.text(text), &mut self.folded);
        self.padded.clear();
        self.padded.push(' ');
        self.padded.extend(self.folded.chars());
        self.padded.push(' ');
        for length in PIECE_LENGTHS {
            for piece in self.padded.windows(length) {
                let mut hash = FormHash::new();
                piece.iter().for_each(|&c| hash.push(u32::from(c)));
                pieces.push(mix(hash.finish(), PIECE));
            }
        }
    }
}

/// What a group of a length is multiplied by to be of length 1.
pub(crate) fn to_unit(square: f32) -> f32 {
    if square > 0.0 { square.sqrt().recip() } else { 0.0 }
}

fn mix(a: u64, b: u64) -> u64 {
    let product = (a ^ b.rotate_left(23)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ (product >> 31)
}
