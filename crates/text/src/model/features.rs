//! What a text says to a model, in three groups: its stems and pairs of neighbouring stems; pieces of its words, which forgive
//! typing errors; and hints, the topics the dictionary finds, which a region's few examples cannot teach.
//!
//! Each group of a text has length 1, so that none drowns the others. The length is reckoned word by word, not over the
//! text: so what a word adds is the same in every text, and a [`Reader`](super::reader::Reader) can keep it.

use otklik_domain::{BlockId, TopicId};

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
    /// Stands for every number.
    pub(crate) const NUMBER: Self = Self { form: NUMBER, stem: NUMBER };

    pub(crate) fn of(lexeme: &Lexeme) -> Self {
        if lexeme.token.flags.has(Flags::DIGIT) {
            Self::NUMBER
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

/// What a topic of the dictionary says, as hints: that it is there, its block, and its block as that of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopicHint {
    topic: u64,
    block: u64,
    first: u64,
    /// Whether it stands for what none of its block's other topics names.
    pub(crate) is_general: bool,
}

/// How the names of such topics end.
const GENERAL: &str = ".general";

impl TopicHint {
    pub(crate) fn of(topic: &TopicId, block: &BlockId) -> Self {
        let hint = |kind: &str, name: &str| {
            let mut hash = FormHash::new();
            kind.chars().chain(name.chars()).for_each(|c| hash.push(u32::from(c)));
            mix(hash.finish(), HINT)
        };
        Self {
            topic: hint("topic ", topic.as_str()),
            block: hint("block ", block.as_str()),
            first: hint("first ", block.as_str()),
            is_general: topic.as_str().ends_with(GENERAL),
        }
    }

    /// Tells its block from others.
    pub(crate) fn block(self) -> u64 {
        self.block
    }
}

/// Puts what the dictionary's topics say, the first first, in place of what `hints` holds. Of length 1.
pub(crate) fn read_hints(topics: impl IntoIterator<Item = (TopicHint, f32)>, hints: &mut Vec<Hint>) {
    hints.clear();
    let mut first = None;
    for (topic, score) in topics {
        first = first.or(Some(topic.first));
        for hash in [topic.topic, topic.block] {
            match hints.iter_mut().find(|(known, _)| *known == hash) {
                Some((_, strength)) => *strength = strength.max(score),
                None => hints.push((hash, score)),
            }
        }
    }
    hints.extend(first.map(|first| (first, 1.0)));
    let length = hints.iter().map(|(_, strength)| strength * strength).sum::<f32>().sqrt();
    hints.iter_mut().for_each(|(_, strength)| *strength /= length);
}

/// Cuts words into pieces. Keeps its buffers from word to word.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    folded: String,
    padded: Vec<u32>,
    /// By place in the word: the hash of the letters from there on, as many as the pieces have.
    hashes: Vec<FormHash>,
}

impl Cutter {
    /// Puts the features of a word's pieces in place of what `pieces` holds: the shorter ones first, then in order.
    pub(crate) fn cut(&mut self, lexeme: &Lexeme, text: &str, pieces: &mut Vec<u64>) {
        pieces.clear();
        let flags = lexeme.token.flags;
        if !flags.has(Flags::CYRILLIC) || flags.has(Flags::DIGIT) {
            return;
        }
        fold_into(lexeme.token.text(text), &mut self.folded);
        self.padded.clear();
        self.padded.push(u32::from(' '));
        self.padded.extend(self.folded.chars().map(u32::from));
        self.padded.push(u32::from(' '));
        self.hashes.clear();
        self.hashes.resize(self.padded.len(), FormHash::new());
        for length in 1..=*PIECE_LENGTHS.end() {
            let last_letters = self.padded.get(length - 1..).unwrap_or_default();
            let begun = self.hashes.iter_mut().zip(last_letters);
            if PIECE_LENGTHS.contains(&length) {
                pieces.extend(begun.map(|(hash, &letter)| {
                    hash.push(letter);
                    mix(hash.finish(), PIECE)
                }));
            } else {
                begun.for_each(|(hash, &letter)| hash.push(letter));
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
