//! A table for what is known of the words or likenesses of one post: small, and soon empty again.

/// Values by key, in the order in which the keys came. `PLACES` is a power of two; half as many keys are taken in.
#[derive(Debug)]
pub(crate) struct SmallTable<V, const PLACES: usize> {
    /// Where in the list the value of a key is, from 1; 0 where nothing is.
    places: [u16; PLACES],
    list: Vec<(u64, V)>,
}

impl<V, const PLACES: usize> Default for SmallTable<V, PLACES> {
    fn default() -> Self {
        Self { places: [0; PLACES], list: Vec::new() }
    }
}

impl<V: Default, const PLACES: usize> SmallTable<V, PLACES> {
    /// Makes it empty; its memory stays.
    pub(crate) fn clear(&mut self) {
        self.places.fill(0);
        self.list.clear();
    }

    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<&V> {
        let mut place = key as usize % PLACES;
        // Half of the places stay free: the search ends.
        loop {
            let index = usize::from(*self.places.get(place)?).checked_sub(1)?;
            let (own, value) = self.list.get(index)?;
            if *own == key {
                return Some(value);
            }
            place = (place + 1) % PLACES;
        }
    }

    /// The value of a key, which is there from now on; `None` for a new one when the table is full.
    #[inline]
    pub(crate) fn entry(&mut self, key: u64) -> Option<&mut V> {
        let mut place = key as usize % PLACES;
        loop {
            let slot = self.places.get_mut(place)?;
            let Some(index) = usize::from(*slot).checked_sub(1) else {
                if self.list.len() >= PLACES / 2 {
                    return None;
                }
                self.list.push((key, V::default()));
                *slot = self.list.len() as u16;
                return self.list.last_mut().map(|(_, value)| value);
            };
            if self.list.get(index).is_some_and(|(own, _)| *own == key) {
                return self.list.get_mut(index).map(|(_, value)| value);
            }
            place = (place + 1) % PLACES;
        }
    }

    /// The keys and their values, in the order in which they came.
    pub(crate) fn list(&self) -> &[(u64, V)] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_it_was_given_until_it_is_full() {
        let mut table: SmallTable<u32, 8> = SmallTable::default();
        // Two keys of one place, and one that is pushed on past the end.
        for key in [7, 15, 7, 3, 15, 7] {
            *table.entry(key).unwrap() += 1;
        }
        *table.entry(0).unwrap() = 9;
        assert_eq!(table.entry(1), None);
        assert_eq!(
            [7, 15, 3, 0, 1, 23].map(|key| table.get(key).copied()),
            [Some(3), Some(2), Some(1), Some(9), None, None]
        );
        assert_eq!(table.list(), [(7, 3), (15, 2), (3, 1), (0, 9)]);
        table.clear();
        assert_eq!((table.get(7), table.list().len()), (None, 0));
    }
}
