//! Finds texts published before: exactly, or nearly.
//!
//! Sixteen bands of four bytes of a fingerprint each lead to a place in one flat table, which holds the number of the latest
//! post there. What is found is verified by the whole fingerprint, so a place taken by another post costs a comparison and
//! never an error. A post that has left the window is not found: its number names nothing.

use otklik_text::{BINS, Fingerprint, likeness};

use super::window::{COUNTS_SHORT, Entry, Window};

const BANDS: usize = 16;
const ROWS: usize = BINS / BANDS;
/// Likeness from which a text counts as nearly the same.
const NEAR_MIN: f32 = 0.5;
/// Texts with fewer words are the same only when they are exactly the same: «нет воды» is said by many.
const NEAR_WORDS_MIN: u16 = 6;
/// Texts with fewer words tell nothing: «спасибо», «ап».
pub(crate) const EXACT_WORDS_MIN: u16 = 3;
/// Places of the table at first and at most; each is four bytes.
const PLACES_MIN: usize = 1 << 12;
const PLACES_MAX: usize = 1 << 28;

/// A text like this one that was published before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Twin {
    pub(crate) sequence: u64,
    pub(crate) likeness: f32,
    pub(crate) exact: bool,
}

/// The latest posts by bands of their fingerprints.
#[derive(Debug)]
pub(crate) struct Duplicates {
    /// Low 32 bits of a post's number plus one; 0 where there is none.
    places: Vec<u32>,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self { places: vec![0; PLACES_MIN] }
    }
}

impl Duplicates {
    /// The likest text before this one, the earliest of equally like ones that were found.
    pub(crate) fn find(&self, fingerprint: &Fingerprint, window: &Window) -> Option<Twin> {
        if fingerprint.words < EXACT_WORDS_MIN {
            return None;
        }
        let mut best: Option<Twin> = None;
        let mut looked_at = [u64::MAX; BANDS + 1];
        for (nth, place) in self.keys(fingerprint.exact, &fingerprint.bins).into_iter().enumerate() {
            let Some(&low) = self.places.get(place).filter(|&&low| low != 0) else { continue };
            let Some(sequence) = widen(low, window) else { continue };
            if looked_at.contains(&sequence) {
                continue;
            }
            if let Some(seen) = looked_at.get_mut(nth) {
                *seen = sequence;
            }
            let Some(entry) = window.get(sequence).filter(|entry| !entry.id.is_empty()) else { continue };
            let exact = entry.exact == fingerprint.exact;
            let likeness = if exact { 1.0 } else { likeness(&entry.bins, &fingerprint.bins) };
            let near = likeness >= NEAR_MIN && fingerprint.words >= NEAR_WORDS_MIN;
            let better = best.is_none_or(|best| {
                (exact, likeness) > (best.exact, best.likeness)
                    || (exact, likeness) == (best.exact, best.likeness) && sequence < best.sequence
            });
            if (exact || near) && better {
                best = Some(Twin { sequence, likeness, exact });
            }
        }
        best
    }

    /// Remembers a post.
    pub(crate) fn add(&mut self, entry: &Entry, sequence: u64) {
        if entry.counts & COUNTS_SHORT != 0 {
            return;
        }
        for place in self.keys(entry.exact, &entry.bins) {
            if let Some(slot) = self.places.get_mut(place) {
                *slot = (sequence as u32).wrapping_add(1);
            }
        }
    }

    /// Whether the table is too small for so many posts to have places mostly of their own.
    pub(crate) fn is_crowded(&self, posts: usize) -> bool {
        posts * BANDS > self.places.len() && self.places.len() < PLACES_MAX
    }

    /// Places for so many posts and as many more.
    pub(crate) fn size_for(posts: usize) -> usize {
        (posts * BANDS * 2).next_power_of_two().clamp(PLACES_MIN, PLACES_MAX)
    }

    /// Places of the table.
    pub(crate) fn size(&self) -> usize {
        self.places.len()
    }

    /// A table of `size` places with the posts of the window. It finds just what one that saw them arrive would find: a place
    /// holds its latest post, and with a post that has left all before it have left too.
    pub(crate) fn rebuilt(size: usize, window: &Window) -> Self {
        let mut rebuilt = Self { places: vec![0; size.next_power_of_two().clamp(PLACES_MIN, PLACES_MAX)] };
        window.iter().for_each(|(sequence, entry)| rebuilt.add(entry, sequence));
        rebuilt
    }

    /// Places of the bands, and of the whole text.
    fn keys(&self, exact: u64, bins: &[u8; BINS]) -> [usize; BANDS + 1] {
        let mask = self.places.len() as u64 - 1;
        let mut keys = [0; BANDS + 1];
        let bands = bins.chunks_exact(ROWS).zip(0_u64..);
        for (key, (band, number)) in keys.iter_mut().zip(bands) {
            let value = band.iter().fold(number + 1, |value, &byte| value << 8 | u64::from(byte));
            *key = (scramble(value) & mask) as usize;
        }
        if let Some(last) = keys.last_mut() {
            *last = (scramble(exact) & mask) as usize;
        }
        keys
    }
}

/// The number of a post in the window from its low 32 bits plus one.
fn widen(low: u32, window: &Window) -> Option<u64> {
    let newest = window.next_sequence().checked_sub(1)?;
    let back = (newest as u32).wrapping_sub(low.wrapping_sub(1));
    newest.checked_sub(u64::from(back))
}

fn scramble(value: u64) -> u64 {
    let product = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (product ^ (product >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 13
}
