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
    /// Each slot once, in order of first occurrence.
    slots: Vec<u32>,
}

impl Found {
    pub(super) fn new(slots: usize) -> Self {
        Self { last: vec![0; slots], occurrences: Vec::new(), slots: Vec::new() }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, slot: u32, words: Words) {
        if let Some(last) = self.last.get_mut(slot as usize) {
            if *last == 0 {
                self.slots.push(slot);
            }
            self.occurrences.push(Occurrence { words, slot, before: *last });
            *last = self.occurrences.len() as u32;
        }
    }

    #[inline(always)]
    pub(super) fn has(&self, slot: u32) -> bool {
        self.last.get(slot as usize).is_some_and(|&last| last != 0)
    }

    /// The slots found, each once.
    pub(super) fn slots(&self) -> &[u32] {
        &self.slots
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
        self.slots.clear();
    }
}
