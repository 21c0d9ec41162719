//! Recent posts by the words they have in common with the post at hand.

/// Places of the table, a power of two more than twice the posts that can be found.
const PLACES: usize = 512;

/// Posts found, and how much the words say by which each was found.
#[derive(Debug)]
pub(crate) struct Recent {
    /// Number of the post plus one, and weight.
    places: [(u64, f32); PLACES],
    used: Vec<u16>,
}

impl Recent {
    pub(crate) fn new() -> Self {
        Self { places: [(0, 0.0); PLACES], used: Vec::with_capacity(PLACES / 2) }
    }

    /// Counts a word for a post. Beyond half of the table nothing more is taken in.
    pub(crate) fn count(&mut self, sequence: u64, weight: f32) {
        let mut index = sequence as usize % PLACES;
        while let Some(place) = self.places.get_mut(index) {
            if place.0 == sequence + 1 {
                place.1 += weight;
                return;
            }
            if place.0 == 0 {
                if self.used.len() < PLACES / 2 {
                    *place = (sequence + 1, weight);
                    self.used.push(index as u16);
                }
                return;
            }
            index = (index + 1) % PLACES;
        }
    }

    /// The likeliest posts, at most so many, in no order.
    pub(crate) fn best(&self, count: usize) -> Vec<u64> {
        let found = self.used.iter().filter_map(|&index| self.places.get(usize::from(index)).copied());
        let mut found: Vec<(u64, f32)> = found.collect();
        if found.len() > count {
            found.select_nth_unstable_by(count, |(first, a), (second, b)| b.total_cmp(a).then(second.cmp(first)));
            found.truncate(count);
        }
        found.into_iter().map(|(place, _)| place - 1).collect()
    }
}
