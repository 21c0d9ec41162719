//! What words begin: for each word what it stands for by itself, and the phrases that go on after it.
//!
//! While a dictionary is read the phrases lie apart by their first word; then they are put side by side in a few arrays, so that
//! looking at a word touches little memory.

use rustc_hash::FxHashMap;

use super::WordId;

/// What a phrase stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    /// A slot of rules.
    Slot(u32),
    /// A name of places.
    Name(u32),
}

/// Which of 64 bits a word has: where a set of words lacks the bit, it lacks the word.
pub(crate) fn bit_of(word: WordId) -> u64 {
    1 << (word.wrapping_mul(0x9E37_79B9) >> 26)
}

/// A phrase of several words, without the first two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Longer {
    pub(crate) target: Target,
    /// The words that have to follow the second, as a stretch of [`Phrases::rests`].
    rest: (u32, u32),
}

/// What a word begins, as stretches of the arrays of [`Phrases`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Begun {
    /// The bits of the words that may follow ([`bit_of`]).
    pub(crate) seconds: u64,
    /// Slots, of which those before the third number are anchors.
    slots: (u32, u32, u32),
    names: (u32, u32),
}

/// Phrases by the word they begin with.
#[derive(Debug, Default)]
pub(crate) struct Phrases {
    /// First words, the other words, targets, in no order; empty once sealed.
    added: Vec<(WordId, Box<[WordId]>, Target)>,
    by_word: Vec<Begun>,
    slots: Vec<u32>,
    names: Vec<u32>,
    /// By the first two words of phrases: a stretch of `longer`.
    by_pair: FxHashMap<(WordId, WordId), (u32, u32)>,
    longer: Vec<Longer>,
    rests: Vec<WordId>,
}

impl Phrases {
    pub(super) fn add(&mut self, first: WordId, rest: &[WordId], target: Target) {
        self.added.push((first, rest.into(), target));
    }

    /// By slot, of so many: how common its words are. Texts are not known here, but a word of many slots is one that is said of many things.
    pub(crate) fn commonness(&self, slots: usize) -> Vec<u32> {
        let single = || {
            self.added.iter().filter_map(|(word, rest, target)| match target {
                Target::Slot(slot) if rest.is_empty() => Some((*word, *slot)),
                _ => None,
            })
        };
        let mut of_words: FxHashMap<WordId, u32> = FxHashMap::default();
        single().for_each(|(word, _)| *of_words.entry(word).or_default() += 1);
        let mut commonness = vec![0; slots];
        for (word, slot) in single() {
            if let Some(sum) = commonness.get_mut(slot as usize) {
                *sum += of_words.get(&word).copied().unwrap_or_default();
            }
        }
        commonness
    }

    /// Puts what was added in its place, slots that rules hang on before others.
    pub(super) fn seal(&mut self, words: WordId, is_anchor: impl Fn(u32) -> bool) {
        let mut added = std::mem::take(&mut self.added);
        added.sort_unstable();
        added.dedup();
        self.by_word = vec![Begun::default(); words as usize];
        for phrases in added.chunk_by(|(a, ..), (b, ..)| a == b) {
            let mut begun =
                Begun { seconds: 0, slots: (self.slots.len() as u32, 0, 0), names: (self.names.len() as u32, 0) };
            for (first, others, target) in phrases {
                match (others.split_first(), *target) {
                    (None, Target::Slot(slot)) => self.slots.push(slot),
                    (None, Target::Name(name)) => self.names.push(name),
                    (Some((&second, rest)), target) => {
                        let from = self.rests.len() as u32;
                        self.rests.extend(rest);
                        begun.seconds |= bit_of(second);
                        self.longer.push(Longer { target, rest: (from, self.rests.len() as u32) });
                        // Those of a pair stand side by side, as `added` is sorted.
                        let end = self.longer.len() as u32;
                        self.by_pair.entry((*first, second)).or_insert((end - 1, end)).1 = end;
                    }
                }
            }
            begun.slots.1 = self.slots.len() as u32;
            let slots = self.slots.get_mut(begun.slots.0 as usize..).unwrap_or_default();
            slots.sort_by_key(|&slot| !is_anchor(slot));
            begun.slots.2 = begun.slots.0 + slots.partition_point(|&slot| is_anchor(slot)) as u32;
            begun.names.1 = self.names.len() as u32;
            let first = phrases.first().map(|(first, ..)| *first as usize);
            if let Some(place) = first.and_then(|first| self.by_word.get_mut(first)) {
                *place = begun;
            }
        }
    }

    /// What a word begins.
    #[inline(always)]
    pub(crate) fn of(&self, word: WordId) -> Begun {
        self.by_word.get(word as usize).copied().unwrap_or_default()
    }

    /// The slots a word fills by itself: those that rules hang on, and others.
    #[inline(always)]
    pub(crate) fn slots(&self, Begun { slots: (begin, end, others), .. }: Begun) -> (&[u32], &[u32]) {
        (stretch(&self.slots, (begin, others)), stretch(&self.slots, (others, end)))
    }

    /// The names a word is by itself.
    #[inline(always)]
    pub(crate) fn names(&self, begun: Begun) -> &[u32] {
        stretch(&self.names, begun.names)
    }

    /// The phrases that begin with two words.
    #[inline(always)]
    pub(crate) fn longer(&self, first: WordId, second: WordId) -> &[Longer] {
        self.by_pair.get(&(first, second)).map_or(&[], |&longer| stretch(&self.longer, longer))
    }

    /// The words of a phrase after the second.
    pub(crate) fn rest(&self, longer: &Longer) -> &[WordId] {
        stretch(&self.rests, longer.rest)
    }
}

#[inline(always)]
fn stretch<T>(all: &[T], (from, to): (u32, u32)) -> &[T] {
    all.get(from as usize..to as usize).unwrap_or_default()
}
