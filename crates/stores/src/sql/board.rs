//! Counts for boards, added up from counts of kinds.

use std::{cmp::Reverse, collections::BTreeMap};

use otklik_domain::{AgencyId, BlockId, PlaceId, State};
use otklik_ports::BoardCounts;

use super::{Damaged, Fields};

/// Sums over kinds.
#[derive(Debug, Default)]
pub(crate) struct BoardSums {
    states: BTreeMap<State, u64>,
    blocks: BTreeMap<String, u64>,
    agencies: BTreeMap<String, (u64, u64, u64)>,
    municipalities: BTreeMap<String, u64>,
    ratings: [u64; 5],
}

impl BoardSums {
    /// What [`BoardSums::add`] reads of each kind: from `tally` its own columns, from `incidents` what they stand for.
    pub(crate) const OF_TALLY: &'static str = "state, agency, block, municipality, overdue, answered, rating";
    pub(crate) const OF_INCIDENTS: &'static str = "state, coalesce(agency, ''), block, coalesce(municipality, ''), \
        overdue, final_answer_at IS NOT NULL, coalesce(rating, 0)";

    /// Adds a kind and the number of its incidents.
    pub(crate) fn add<F: Fields>(&mut self, fields: &mut F) -> Result<(), F::Error> {
        let state: State = fields.text()?.parse().map_err(|_| Damaged("the state of an incident"))?;
        let (agency, block, municipality) = (fields.text()?, fields.text()?, fields.text()?);
        let (overdue, answered) = (fields.flag()?, fields.flag()?);
        let rating: u8 = fields.number()?;
        let n: u64 = fields.number()?;
        let open = if state.is_final() { 0 } else { n };
        *self.states.entry(state).or_default() += n;
        *self.blocks.entry(block).or_default() += open;
        *self.municipalities.entry(municipality).or_default() += open;
        let counts = self.agencies.entry(agency).or_default();
        counts.0 += open;
        counts.1 += if overdue { n } else { 0 };
        counts.2 += if answered { n } else { 0 };
        if let Some(count) = rating.checked_sub(1).and_then(|index| self.ratings.get_mut(usize::from(index))) {
            *count += n;
        }
        Ok(())
    }

    /// The board, without what needs times.
    pub(crate) fn into_board(mut self) -> BoardCounts {
        self.municipalities.remove("");
        self.agencies.remove("");
        self.states.retain(|_, count| *count > 0);
        let agencies = self.agencies.into_iter();
        let mut agencies: Vec<_> =
            agencies.map(|(id, (open, late, done))| (AgencyId::new(id), open, late, done)).collect();
        agencies.sort_by_key(|(_, open, ..)| Reverse(*open));
        BoardCounts {
            states: self.states.into_iter().collect(),
            blocks: most_first(self.blocks, BlockId::new),
            agencies,
            municipalities: most_first(self.municipalities, PlaceId::new),
            ratings: self.ratings,
            ..BoardCounts::default()
        }
    }
}

/// Those with any, most first, then by id.
fn most_first<T>(counts: BTreeMap<String, u64>, id: fn(String) -> T) -> Vec<(T, u64)> {
    let mut list: Vec<(String, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    list.sort_by_key(|(_, count)| Reverse(*count));
    list.into_iter().map(|(name, count)| (id(name), count)).collect()
}
