//! What is kept of a post's stems.

/// Stems kept of a post: the most telling, and in the last place its matter.
pub(crate) const STEMS: usize = 32;
/// The bit that tells a matter, which is a topic in a town, from a stem.
pub(super) const MATTER: u32 = 1 << 31;

/// Stems of a post, 0 beyond the last.
pub(crate) type Stems = [u32; STEMS];

/// Stems as they are kept: three bytes of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptStems([[u8; 3]; STEMS]);

impl KeptStems {
    pub(crate) const NONE: Self = Self([[0; 3]; STEMS]);

    pub(crate) fn of(stems: &Stems) -> Self {
        let mut kept = Self::NONE;
        for (bytes, stem) in kept.0.iter_mut().zip(stems) {
            let [a, b, c, _] = stem.to_le_bytes();
            *bytes = [a, b, c];
        }
        kept
    }

    pub(crate) fn read(&self) -> Stems {
        let mut stems = self.0.map(widen);
        stems[STEMS - 1] = self.matter();
        stems
    }

    /// Looks at both ends, which lie in different lines of the processor's cache.
    pub(crate) fn touch(&self) -> u32 {
        let [[first, ..], .., [.., last]] = self.0;
        u32::from(first ^ last)
    }

    /// The stems without the matter.
    #[inline(always)]
    pub(crate) fn words(&self) -> impl Iterator<Item = u32> {
        self.0.iter().take(STEMS - 1).map(|&bytes| widen(bytes)).take_while(|&stem| stem != 0)
    }

    /// The topic in a town the post is on, 0 when one of them is not known.
    pub(crate) fn matter(&self) -> u32 {
        match widen(self.0[STEMS - 1]) {
            0 => 0,
            matter => matter | MATTER,
        }
    }
}

#[inline(always)]
fn widen([a, b, c]: [u8; 3]) -> u32 {
    u32::from_le_bytes([a, b, c, 0])
}

/// Whether a stem stands for a topic in a town.
pub(crate) fn is_matter(stem: u32) -> bool {
    stem & MATTER != 0
}
