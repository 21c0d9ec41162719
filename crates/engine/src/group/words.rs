//! Words as evidence: how rare each is, which recent posts have it, how alike two sets of words are.

use super::stems::is_matter;

/// Stems by which recent posts are looked up.
const PROBES: usize = 8;
/// Recent posts kept for a stem.
const RECENT: usize = 16;
/// Candidates compared exactly.
const CANDIDATES_MAX: usize = 12;
/// Posts assumed to have been seen before the first, so that a word does not count as common when the second has it.
const POSTS_ASSUMED: f32 = 1000.0;
/// Counters of posts by stem and lists of recent posts by stem; powers of two. Stems that share one are counted together.
const COUNTERS: usize = 1 << 18;
const LISTS: usize = 1 << 16;

/// How often words occur in the window, and where they did last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Words {
    pub(crate) counters: Vec<u32>,
    pub(crate) counted: u32,
    /// Low 32 bits of numbers of recent posts plus one, the latest first.
    pub(crate) lists: Vec<[u32; RECENT]>,
    pub(crate) latest: u64,
}

impl Default for Words {
    fn default() -> Self {
        Self { counters: vec![0; COUNTERS], counted: 0, lists: vec![[0; RECENT]; LISTS], latest: 0 }
    }
}

impl Words {
    pub(crate) fn count(&self, stem: u32) -> u32 {
        self.counters.get(stem as usize & (COUNTERS - 1)).copied().unwrap_or_default()
    }

    /// How much a stem says: the logarithm of its rarity.
    pub(crate) fn idf(&self, stem: u32) -> f32 {
        ((self.counted as f32 + POSTS_ASSUMED) / (self.count(stem) as f32 + 1.0)).ln().max(0.05)
    }

    /// Counts a post's stems and remembers it for each of them.
    pub(crate) fn add(&mut self, stems: &[u32], sequence: u64) {
        self.latest = sequence;
        self.counted += 1;
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
        self.counted = self.counted.saturating_sub(1);
        for &stem in stems.iter().filter(|&&stem| stem != 0) {
            if let Some(counter) = self.counters.get_mut(stem as usize & (COUNTERS - 1)) {
                *counter = counter.saturating_sub(1);
            }
        }
    }

    /// Recent posts that share the most telling stems, the likeliest first.
    pub(crate) fn recent(&self, stems: &[u32]) -> Vec<u64> {
        let mut found: Vec<(u64, f32)> = Vec::new();
        for &stem in stems.iter().take(PROBES) {
            let Some(list) = self.lists.get(stem as usize & (LISTS - 1)) else { continue };
            let says = self.idf(stem);
            for &low in list.iter().take_while(|&&low| low != 0) {
                let back = (self.latest as u32).wrapping_sub(low.wrapping_sub(1));
                let Some(sequence) = self.latest.checked_sub(u64::from(back)) else { continue };
                match found.iter_mut().find(|(known, _)| *known == sequence) {
                    Some((_, weight)) => *weight += says,
                    None => found.push((sequence, says)),
                }
            }
        }
        found.sort_by(|(first, a), (second, b)| b.total_cmp(a).then(second.cmp(first)));
        found.truncate(CANDIDATES_MAX);
        found.into_iter().map(|(sequence, _)| sequence).collect()
    }

    /// Share of the stems of another post, weighted by how much they say, that a long text holds; its stems are sorted.
    pub(crate) fn held(&self, of_long: &[u32], stems: &[u32]) -> f32 {
        let says = |stem: &&u32| **stem != 0 && !is_matter(**stem);
        let weight = |stem: &u32| self.idf(*stem) * self.idf(*stem);
        let all: f32 = stems.iter().filter(says).map(weight).sum();
        let held: f32 = stems.iter().filter(says).filter(|stem| of_long.binary_search(stem).is_ok()).map(weight).sum();
        if all > 0.0 { held / all } else { 0.0 }
    }

    /// Cosine of two sets of stems, each weighted by how much it says.
    pub(crate) fn cosine(&self, a: &[u32], b: &[u32]) -> f32 {
        let square = |stem: u32| {
            let idf = self.idf(stem);
            idf * idf
        };
        let says = |stem: &&u32| **stem != 0 && !is_matter(**stem);
        let length = |stems: &[u32]| stems.iter().filter(says).map(|&stem| square(stem)).sum::<f32>();
        let common: f32 = a.iter().filter(says).filter(|stem| b.contains(stem)).map(|&stem| square(stem)).sum();
        let lengths = (length(a) * length(b)).sqrt();
        if lengths > 0.0 { common / lengths } else { 0.0 }
    }
}
