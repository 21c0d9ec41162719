//! The features of a model: a table from their hashes to their rows, in few reads of memory.

use std::hint::black_box;

/// Bits of the filter for each feature.
const FILTER_BITS: usize = 8;

/// A feature's row and how much it says at all, its inverse document frequency; 1 for a hint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub(super) row: u32,
    pub(super) idf: f32,
}

/// Row of a place that is free.
const FREE: u32 = u32::MAX;

/// Features by hash, each at the first free place from its own on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    places: Vec<(u64, Row)>,
    /// A bit for each hash there is, and for few others: most features of a text are not in a model.
    filter: Vec<u64>,
    count: usize,
}

impl Rows {
    /// Takes features with their inverse document frequencies in order of row; a feature that is there twice keeps its first row.
    pub(super) fn new(features: impl ExactSizeIterator<Item = (u64, f32)>) -> Self {
        let count = features.len();
        let mut rows = Self {
            places: vec![(0, Row { row: FREE, idf: 0.0 }); (count * 4 / 3 + 1).next_power_of_two()],
            filter: vec![0; (count * FILTER_BITS / 64 + 1).next_power_of_two()],
            count: 0,
        };
        for ((feature, idf), row) in features.zip(0..) {
            rows.insert(feature, Row { row, idf });
        }
        rows
    }

    fn insert(&mut self, feature: u64, row: Row) {
        let mask = self.places.len() - 1;
        let mut at = self.place(feature);
        while let Some(place) = self.places.get_mut(at) {
            if place.1.row == FREE {
                *place = (feature, row);
                self.count += 1;
                break;
            }
            if place.0 == feature {
                return;
            }
            at = (at + 1) & mask;
        }
        let (word, bit) = self.filter_bit(feature);
        if let Some(word) = self.filter.get_mut(word) {
            *word |= bit;
        }
    }

    /// The row of a feature.
    #[inline(always)]
    pub(super) fn get(&self, feature: u64) -> Option<Row> {
        self.may_have(feature).then(|| self.find(feature)).flatten()
    }

    #[inline(always)]
    pub(super) fn may_have(&self, feature: u64) -> bool {
        let (word, bit) = self.filter_bit(feature);
        self.filter.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Looks at the places of features, so that finding them then does not wait for one after the other.
    pub(super) fn touch(&self, features: impl Iterator<Item = u64>) {
        black_box(
            features.fold(0, |touched, feature| {
                touched ^ self.places.get(self.place(feature)).map_or(0, |(other, _)| *other)
            }),
        );
    }

    /// The row of a feature that the filter lets through.
    #[inline(always)]
    pub(super) fn find(&self, feature: u64) -> Option<Row> {
        let mask = self.places.len() - 1;
        let mut at = self.place(feature);
        while let Some(&(other, row)) = self.places.get(at) {
            if row.row == FREE {
                return None;
            }
            if other == feature {
                return Some(row);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// How many different features there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Features in order of row.
    pub(super) fn features(&self) -> Vec<u64> {
        let taken = self.places.iter().filter(|(_, row)| row.row != FREE);
        let mut features: Vec<(u32, u64)> = taken.map(|(feature, row)| (row.row, *feature)).collect();
        features.sort_unstable();
        features.into_iter().map(|(_, feature)| feature).collect()
    }

    fn place(&self, feature: u64) -> usize {
        (feature >> 32) as usize & (self.places.len() - 1)
    }

    fn filter_bit(&self, feature: u64) -> (usize, u64) {
        ((feature >> 40) as usize & (self.filter.len() - 1), 1 << (feature >> 34 & 63))
    }
}
