//! Finds texts published before: exactly, or nearly.
//!
//! Fourteen bands of three bytes of a fingerprint each, and the whole text, lead to a line of one flat table: a line of the
//! processor's cache, which holds the numbers of the latest posts there with eight bits of what led each there. What is found
//! is verified by the whole fingerprint, so a place taken by another post costs a comparison and never an error. A post that
//! has left the window is not found: its number names nothing.

use std::hint::black_box;

use otklik_text::{FINGERPRINT_BYTES, Fingerprint, KEY_BINS, likeness};

use super::window::{COUNTS_SHORT, Entry, Window};

const BANDS: usize = 14;
const ROWS: usize = KEY_BINS / BANDS;
/// What a text is looked up by: its bands, and itself.
const KEYS: usize = BANDS + 1;
/// Likeness from which a text counts as nearly the same.
pub(crate) const NEAR_MIN: f32 = 0.5;
/// Texts with fewer words are the same only when they are exactly the same: «нет воды» is said by many.
const NEAR_WORDS_MIN: u16 = 6;
/// Texts with fewer words tell nothing: «спасибо», «ап».
pub(crate) const EXACT_WORDS_MIN: u16 = 3;
/// Places of a line, four bytes each.
const LINE: usize = 16;
/// Lines of the table at first and at most: the numbers in it have 24 bits, so that more posts would not be told apart.
const LINES_MIN: usize = 1 << 8;
const LINES_MAX: usize = 1 << 24;
/// The bits of a place that hold the number of a post; the others hold its tag.
const NUMBER_BITS: u32 = 24;
const NUMBER: u32 = (1 << NUMBER_BITS) - 1;

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
    lines: Vec<Line>,
}

/// For each post a tag and the low bits of its number plus one, the latest first; 0 where there is none. Of posts with the same
/// tag only the latest.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Line([u32; LINE]);

/// Where a post is looked up: the line and the tag.
#[derive(Debug, Clone, Copy, Default)]
struct Key {
    line: usize,
    tag: u32,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self { lines: vec![Line([0; LINE]); LINES_MIN] }
    }
}

impl Duplicates {
    /// The likest text before this one, at least so like, the earliest of equally like ones that were found.
    pub(crate) fn find(&self, fingerprint: &Fingerprint, window: &Window, near_min: f32) -> Option<Twin> {
        if fingerprint.words < EXACT_WORDS_MIN {
            return None;
        }
        let mut best: Option<Twin> = None;
        let (numbers, count) = self.numbers(fingerprint);
        let entry = |number: &u32| widen(*number, window).and_then(|sequence| Some((sequence, window.get(sequence)?)));
        let found = || numbers.iter().take(count).filter_map(entry);
        black_box(found().fold(0, |touched, (_, entry)| touched ^ entry.touch_text()));
        for (sequence, entry) in found().filter(|(_, entry)| !entry.id.is_empty()) {
            let exact = entry.exact == fingerprint.exact;
            let likeness = if exact { 1.0 } else { likeness(&entry.bins, &fingerprint.bins) };
            let near = likeness >= near_min && fingerprint.words >= NEAR_WORDS_MIN;
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

    /// The numbers of posts with a key in common with this one, each once, and how many there are.
    fn numbers(&self, fingerprint: &Fingerprint) -> ([u32; KEYS], usize) {
        let keys = self.keys(fingerprint.exact, &fingerprint.bins);
        self.touch(&keys);
        let mut numbers = keys.map(|key| self.lines.get(key.line).map_or(0, |line| line.with(key.tag)));
        numbers.sort_unstable();
        let (mut each, mut count) = ([0; KEYS], 0);
        for (nth, &number) in numbers.iter().enumerate() {
            if number != 0 && numbers.get(nth + 1) != Some(&number) {
                each.get_mut(count).into_iter().for_each(|place| *place = number);
                count += 1;
            }
        }
        (each, count)
    }

    /// Looks at all lines before anything is made of them, as `find` does at posts: so reads of memory do not wait for each other.
    fn touch(&self, keys: &[Key; KEYS]) {
        let first = |key: &Key| self.lines.get(key.line).map_or(0, |Line([first, ..])| *first);
        black_box(keys.iter().fold(0, |touched, key| touched ^ first(key)));
    }

    /// Remembers a post.
    pub(crate) fn add(&mut self, entry: &Entry, sequence: u64) {
        if entry.counts & COUNTS_SHORT != 0 {
            return;
        }
        let number = (sequence as u32).wrapping_add(1) & NUMBER;
        let keys = self.keys(entry.exact, &entry.bins);
        self.touch(&keys);
        for key in keys {
            self.lines.get_mut(key.line).into_iter().for_each(|line| line.put(key.tag, number));
        }
    }

    /// Whether the table is too small for so many posts to be found. One that has four places for five keys still finds
    /// nearly all: a post has several keys in common with one that is like it.
    pub(crate) fn is_crowded(&self, posts: usize) -> bool {
        posts * KEYS * 4 / 5 > self.lines.len() * LINE && self.lines.len() < LINES_MAX
    }

    /// Lines for a window that has outgrown its table with so many posts: twice as many.
    pub(crate) fn size_for(posts: usize) -> usize {
        (posts * KEYS * 8 / 5).div_ceil(LINE).clamp(LINES_MIN, LINES_MAX)
    }

    /// Lines of the table.
    pub(crate) fn size(&self) -> usize {
        self.lines.len()
    }

    /// A table of `size` lines with the posts of the window. It finds just what one that saw them arrive would find: a line
    /// holds its latest posts, and with a post that has left all before it have left too.
    pub(crate) fn rebuilt(size: usize, window: &Window) -> Self {
        let mut rebuilt = Self { lines: vec![Line([0; LINE]); size.clamp(LINES_MIN, LINES_MAX)] };
        window.iter().for_each(|(sequence, entry)| rebuilt.add(entry, sequence));
        rebuilt
    }

    /// Keys of the bands, and of the whole text.
    fn keys(&self, exact: u64, bins: &[u8; FINGERPRINT_BYTES]) -> [Key; KEYS] {
        let lines = self.lines.len() as u64;
        let key = |value: u64| {
            let hash = scramble(value);
            Key { line: (((hash >> 32) * lines) >> 32) as usize, tag: hash as u32 & !NUMBER }
        };
        let mut keys = [Key::default(); KEYS];
        let bands = bins.chunks_exact(ROWS).zip(0_u64..);
        for (own, (band, number)) in keys.iter_mut().take(BANDS).zip(bands) {
            *own = key(band.iter().fold(number + 1, |value, &byte| value << 8 | u64::from(byte)));
        }
        if let Some(last) = keys.last_mut() {
            *last = key(exact);
        }
        keys
    }
}

impl Line {
    /// The number of the post with a tag, 0 for none.
    fn with(&self, tag: u32) -> u32 {
        // At most one has the tag. All are looked at, without a branch: whether there is one at all cannot be foreseen.
        self.0.iter().fold(0, |found, &place| found | if place & !NUMBER == tag { place & NUMBER } else { 0 })
    }

    /// Puts in a post later than all there are, in place of the one with its tag or else of the earliest.
    fn put(&mut self, tag: u32, number: u32) {
        let places = self.0.iter().enumerate().rev();
        let at = places.fold(LINE - 1, |at, (index, &place)| if place & !NUMBER == tag { index } else { at });
        self.0.copy_within(..at, 1);
        if let Some(first) = self.0.first_mut() {
            *first = tag | number;
        }
    }
}

/// The number of a post in the window from its low bits plus one.
fn widen(number: u32, window: &Window) -> Option<u64> {
    let newest = window.next_sequence().checked_sub(1)?;
    let back = (newest as u32).wrapping_sub(number.wrapping_sub(1)) & NUMBER;
    newest.checked_sub(u64::from(back))
}

fn scramble(value: u64) -> u64 {
    let product = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let product = (product ^ (product >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    product ^ (product >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_the_latest_and_of_each_tag_one() {
        let tag = |number: u32| number << NUMBER_BITS;
        let mut line = Line([0; LINE]);
        // The tag 0 is one like the others.
        (0..20).for_each(|number| line.put(tag(number), number + 1));
        assert_eq!([3, 4, 19].map(|number| line.with(tag(number))), [0, 5, 20]);
        line.put(tag(4), 21);
        assert_eq!([4, 5].map(|number| line.with(tag(number))), [21, 6]);
        line.put(tag(0), 22);
        assert_eq!([0, 4, 5, 6].map(|number| line.with(tag(number))), [22, 21, 0, 7]);
        // Nor is a free place one of the tag 0.
        let mut line = Line([0; LINE]);
        line.put(tag(0), 1);
        line.put(tag(0), 2);
        assert_eq!(line.with(tag(0)), 2);
    }

    #[test]
    fn a_number_is_that_of_the_latest_post_with_its_low_bits() {
        let check = |first: u64, sequence: u64| {
            let window = Window::restore(first, [Entry::of_nobody(), Entry::of_nobody()].into());
            let number = (sequence as u32).wrapping_add(1) & NUMBER;
            assert_eq!(widen(number, &window), Some(sequence), "{first}");
        };
        for first in [0, u64::from(NUMBER) - 1, u64::from(NUMBER) + 5, u64::from(u32::MAX) - 1, 1 << 40] {
            check(first, first);
            check(first, first + 1);
        }
    }
}
