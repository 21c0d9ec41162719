//! The slots a text fills, and where.

use super::Words;

/// What filled a slot, with what filled the same slot before it.
#[derive(Debug, Clone, Copy)]
struct Occurrence {
    words: Words,
    slot: u32,
    /// The number of the one before it, 0 for none.
    before: u32,
}

/// Slots with their occurrences. Forgetting them all costs as much as there are.
#[derive(Debug)]
pub(super) struct Found {
    /// By slot: the number, from 1, of its last occurrence; 0 for a slot that was not found.
    last: Vec<u32>,
    occurrences: Vec<Occurrence>,
    /// The slots that rules hang on, each once, in order of first occurrence.
    anchors: Vec<u32>,
}

impl Found {
    pub(super) fn new(slots: usize) -> Self {
        Self { last: vec![0; slots], occurrences: Vec::new(), anchors: Vec::new() }
    }

    /// Fills slots that rules hang on.
    #[inline(always)]
    pub(super) fn add_anchors(&mut self, slots: &[u32], words: Words) {
        let last = |slot: u32| self.last.get(slot as usize).copied().unwrap_or_default();
        self.anchors.extend(slots.iter().copied().filter(|&slot| last(slot) == 0));
        self.add(slots, words);
    }

    /// Fills slots, each of which is there once.
    #[inline(always)]
    pub(super) fn add(&mut self, slots: &[u32], words: Words) {
        let Self { last, occurrences, .. } = self;
        let numbers = occurrences.len() as u32 + 1..;
        occurrences.extend(slots.iter().zip(numbers).map(|(&slot, number)| {
            let before = last.get_mut(slot as usize).map_or(0, |last| std::mem::replace(last, number));
            Occurrence { words, slot, before }
        }));
    }

    #[inline(always)]
    pub(super) fn has(&self, slot: u32) -> bool {
        self.last.get(slot as usize).is_some_and(|&last| last != 0)
    }

    /// The slots found that rules hang on, each once.
    pub(super) fn anchors(&self) -> &[u32] {
        &self.anchors
    }

    /// Where a slot was found, the last occurrence first.
    pub(super) fn of(&self, slot: u32) -> impl Iterator<Item = Words> {
        let mut number = self.last.get(slot as usize).copied().unwrap_or_default();
        std::iter::from_fn(move || {
            let occurrence = self.occurrences.get(number.checked_sub(1)? as usize)?;
            number = occurrence.before;
            Some(occurrence.words)
        })
    }

    pub(super) fn clear(&mut self) {
        for Occurrence { slot, .. } in self.occurrences.drain(..) {
            if let Some(last) = self.last.get_mut(slot as usize) {
                *last = 0;
            }
        }
        self.anchors.clear();
    }
}
