//! Words as evidence: how rare each is, which recent posts have it, how alike two sets of words are.

use std::hint::black_box;

use super::small_table::SmallTable;

/// Stems by which recent posts are looked up.
const PROBES: usize = 12;
/// Recent posts kept for a stem.
const RECENT: usize = 16;
/// Places of the table of posts found; there cannot be more of them than half as many.
const FOUND: usize = 512;
/// Candidates compared exactly. More of them find no more events, but more that do not belong together.
const CANDIDATES_MAX: usize = 5;
/// Posts assumed to have been seen before the first, so that a word does not count as common when the second has it.
const POSTS_ASSUMED: f32 = 1000.0;
/// Counters of posts by stem and lists of recent posts by stem; powers of two. Stems that share one are counted together.
const COUNTERS: usize = 1 << 18;
const LISTS: usize = 1 << 16;

/// Counts whose logarithms are kept.
const LOGARITHMS: u32 = 1 << 12;

/// Recent posts found by their words. Kept from post to post for its memory.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// What the stems say that each shares.
    found: SmallTable<f32, FOUND>,
    likeliest: Vec<(u64, f32)>,
}

impl Recent {
    /// Numbers of the likeliest.
    pub(crate) fn likeliest(&self) -> impl Iterator<Item = u64> {
        self.likeliest.iter().map(|(sequence, _)| *sequence)
    }
}

/// How often words occur in the window, and where they did last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Words {
    pub(crate) counters: Vec<u32>,
    counted: u32,
    /// Low 32 bits of numbers of recent posts plus one, the latest first.
    pub(crate) lists: Vec<[u32; RECENT]>,
    pub(crate) latest: u64,
    /// The logarithm of the posts counted, and those of small counts plus one: they are asked for by the hundred for each post.
    of_counted: f32,
    logarithms: Vec<f32>,
}

impl Default for Words {
    fn default() -> Self {
        Self::of(0, 0)
    }
}

impl Words {
    /// Words without a count, after so many posts of which the latest had this number.
    pub(crate) fn of(counted: u32, latest: u64) -> Self {
        let mut words = Self {
            counters: vec![0; COUNTERS],
            counted: 0,
            lists: vec![[0; RECENT]; LISTS],
            latest,
            of_counted: 0.0,
            logarithms: (0..LOGARITHMS).map(|count| (count as f32 + 1.0).ln()).collect(),
        };
        words.set_counted(counted);
        words
    }

    fn set_counted(&mut self, counted: u32) {
        self.counted = counted;
        self.of_counted = (counted as f32 + POSTS_ASSUMED).ln();
    }

    /// Posts counted.
    pub(crate) fn counted(&self) -> u32 {
        self.counted
    }

    pub(crate) fn count(&self, stem: u32) -> u32 {
        self.counters.get(stem as usize & (COUNTERS - 1)).copied().unwrap_or_default()
    }

    /// How much a stem says: the logarithm of its rarity.
    pub(crate) fn idf(&self, stem: u32) -> f32 {
        let count = self.count(stem);
        let of_count = self.logarithms.get(count as usize).copied().unwrap_or_else(|| (count as f32 + 1.0).ln());
        (self.of_counted - of_count).max(0.05)
    }

    /// Counts a post's stems and remembers it for each of them.
    pub(crate) fn add(&mut self, stems: &[u32], sequence: u64) {
        self.latest = sequence;
        self.set_counted(self.counted + 1);
        for &stem in stems.iter().filter(|&&stem| stem != 0) {
            if let Some(counter) = self.counters.get_mut(stem as usize & (COUNTERS - 1)) {
                *counter += 1;
            }
        }
        for &stem in stems.iter().take(PROBES).filter(|&&stem| stem != 0) {
            if let Some(list) = self.lists.get_mut(stem as usize & (LISTS - 1)) {
                list.copy_within(..RECENT - 1, 1);
                list[0] = (sequence as u32).wrapping_add(1);
            }
        }
    }

    /// Takes back what a post that leaves the window added.
    pub(crate) fn forget(&mut self, stems: &[u32]) {
        self.set_counted(self.counted.saturating_sub(1));
        for &stem in stems.iter().filter(|&&stem| stem != 0) {
            if let Some(counter) = self.counters.get_mut(stem as usize & (COUNTERS - 1)) {
                *counter = counter.saturating_sub(1);
            }
        }
    }

    /// Puts the recent posts that share the most telling stems, the likeliest of them first, in place of what `recent` holds.
    pub(crate) fn recent(&self, stems: &[u32], recent: &mut Recent) {
        let Recent { found, likeliest } = recent;
        found.clear();
        let lists = || {
            let stems = stems.iter().take(PROBES);
            stems.filter_map(|&stem| Some((stem, self.lists.get(stem as usize & (LISTS - 1))?)))
        };
        // All lists are looked at before anything is made of them: so reads of memory do not wait for each other.
        black_box(lists().fold(0, |touched, (_, [first, ..])| touched ^ first));
        for (stem, list) in lists() {
            let says = self.idf(stem);
            for &low in list.iter().take_while(|&&low| low != 0) {
                found.entry(u64::from(low)).into_iter().for_each(|weight| *weight += says);
            }
        }
        likeliest.clear();
        for &(low, says) in found.list() {
            let back = (self.latest as u32).wrapping_sub((low as u32).wrapping_sub(1));
            let Some(sequence) = self.latest.checked_sub(u64::from(back)) else { continue };
            // Of equally likely ones the latest first. Most come after the last of them.
            let is_before = |&(other, others): &(u64, f32)| others > says || others == says && other > sequence;
            if likeliest.len() < CANDIDATES_MAX || !likeliest.last().is_some_and(is_before) {
                likeliest.truncate(CANDIDATES_MAX - 1);
                let place = likeliest.iter().rposition(is_before).map_or(0, |before| before + 1);
                likeliest.insert(place, (sequence, says));
            }
        }
    }
}
