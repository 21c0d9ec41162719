//! The words of the post at hand, laid out so that comparing them with another post or an event is one look for each word there.

use super::{
    small_table::SmallTable,
    stems::{KeptStems, PLACES, TextStems},
    words::Words,
};

/// The stem is one of the most telling, by which posts are compared; the others of a long text are only looked for.
const PICKED: u8 = 4;
/// The stem says more than the post's topic and town do.
const TELLING: u8 = 1;
/// It names something.
const NAME: u8 = 2;

/// Words of 64 bits in the filter of stems.
const FILTER: usize = 32;

/// Stems of a post with their weights. Kept from post to post for its memory.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    stems: SmallTable<Known, PLACES>,
    /// A bit for each stem, and for few others: most stems of another post are not in this one.
    filter: [u64; FILTER],
    /// Sum of the squares of their weights.
    length: f32,
    /// The topic and town of the post, 0 when one of them is not known.
    pub(crate) matter: u32,
    /// Whether it is an article.
    is_long: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    weight: f32,
    marks: u8,
}

/// A stem of the post that was found elsewhere too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared {
    /// How much it says.
    pub(crate) weight: f32,
    pub(crate) is_telling: bool,
    pub(crate) is_name: bool,
}

/// How much of its words a post has in common with another.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Likeness {
    /// Cosine of the stems, each weighted by how much it says, 0..1.
    pub(crate) cosine: f32,
    /// The sum of what the common stems say, in nats: how unlikely it is that they are common by chance.
    pub(crate) nats: f32,
}

impl Probe {
    /// Takes the stems of a post in place of what is there.
    pub(crate) fn read(&mut self, stems: &TextStems, words: &Words) {
        self.stems.clear();
        self.filter.fill(0);
        (self.length, self.matter, self.is_long) = (0.0, stems.matter, !stems.of_long.is_empty());
        for &stem in &stems.all {
            let weight = words.idf(stem);
            self.length += weight * weight;
            self.mark(stem, |known| *known = Known { weight, marks: PICKED });
        }
        stems.of_long.iter().for_each(|&stem| self.mark(stem, |_| {}));
        stems.telling.iter().for_each(|&stem| self.mark(stem, |known| known.marks |= TELLING));
        stems.names.iter().for_each(|&stem| self.mark(stem, |known| known.marks |= NAME));
    }

    /// Changes what is known of a stem. There is room for all words that are looked at.
    fn mark(&mut self, stem: u32, change: impl FnOnce(&mut Known)) {
        if let Some(word) = self.filter.get_mut(stem as usize / 64 % FILTER) {
            *word |= 1 << (stem % 64);
        }
        if let Some(known) = self.stems.entry(u64::from(stem)) {
            change(known);
        }
    }

    #[inline(always)]
    fn get(&self, stem: u32) -> Option<&Known> {
        let word = self.filter.get(stem as usize / 64 % FILTER)?;
        if word >> (stem % 64) & 1 == 0 { None } else { self.stems.get(u64::from(stem)) }
    }

    /// Sum of the squares of the weights of its stems.
    pub(crate) fn length(&self) -> f32 {
        self.length
    }

    /// What the post's use of a stem is, if it is one of its most telling.
    pub(crate) fn find(&self, stem: u32) -> Option<Shared> {
        let known = self.get(stem).filter(|known| known.marks & PICKED != 0)?;
        let (is_telling, is_name) = (known.marks & TELLING != 0, known.marks & NAME != 0);
        Some(Shared { weight: known.weight, is_telling, is_name })
    }

    /// How alike another post is. Two articles on one event need not put the same words first: the share of the other's words
    /// that an article holds counts as much as the cosine.
    pub(crate) fn likeness(&self, stems: &KeptStems, words: &Words) -> Likeness {
        let (mut theirs, mut common, mut held, mut nats) = (0.0, 0.0, 0.0, 0.0);
        for stem in stems.words() {
            let known = self.get(stem);
            let picked = known.filter(|known| known.marks & PICKED != 0);
            let weight = picked.map_or_else(|| words.idf(stem), |known| known.weight);
            let square = weight * weight;
            theirs += square;
            held += if known.is_some() { square } else { 0.0 };
            if picked.is_some() {
                common += square;
                nats += weight;
            }
        }
        if theirs == 0.0 || self.length == 0.0 {
            return Likeness::default();
        }
        let cosine = common / (self.length * theirs).sqrt();
        Likeness { cosine: if self.is_long { (cosine + held / theirs) / 2.0 } else { cosine }, nats }
    }
}
