//! The tally: how many incidents there are of each kind. Totals of lists and boards come from it.

use std::collections::BTreeMap;

use otklik_domain::Incident;
use otklik_ports::due;

use super::Fields;

/// What the tally tells incidents apart by. Text that is not there is empty, a rating that is not there 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) region: String,
    pub(crate) state: String,
    pub(crate) agency: String,
    pub(crate) block: String,
    pub(crate) municipality: String,
    pub(crate) severity: u8,
    pub(crate) overdue: bool,
    pub(crate) answered: bool,
    pub(crate) rating: u8,
}

/// What a batch changes in the tally, each kind once.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<Kind, i64>);

impl Kind {
    /// The columns of a kind in `incidents`, for [`Kind::read`].
    pub(crate) const COLUMNS: &'static str = "region, state, coalesce(agency, ''), block, coalesce(municipality, ''), \
        severity, overdue, final_answer_at IS NOT NULL, coalesce(rating, 0)";

    pub(crate) fn read<F: Fields>(fields: &mut F) -> Result<Self, F::Error> {
        Ok(Self {
            region: fields.text()?,
            state: fields.text()?,
            agency: fields.text()?,
            block: fields.text()?,
            municipality: fields.text()?,
            severity: fields.number()?,
            overdue: fields.flag()?,
            answered: fields.flag()?,
            rating: fields.number()?,
        })
    }

    pub(crate) fn of(incident: &Incident, answered: bool) -> Self {
        Self {
            region: incident.region.to_string(),
            state: incident.state.to_string(),
            agency: incident.agency.as_ref().map(ToString::to_string).unwrap_or_default(),
            block: incident.block.to_string(),
            municipality: incident.municipality.as_ref().map(ToString::to_string).unwrap_or_default(),
            severity: incident.severity.level(),
            overdue: due::is_overdue(incident),
            answered,
            rating: incident.rating.unwrap_or_default(),
        }
    }
}

impl Tally {
    pub(crate) fn add(&mut self, kind: Kind) {
        *self.0.entry(kind).or_default() += 1;
    }

    pub(crate) fn take(&mut self, kind: Kind) {
        *self.0.entry(kind).or_default() -= 1;
    }

    /// Kinds whose number changed, and by how much.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&Kind, i64)> {
        self.0.iter().map(|(kind, change)| (kind, *change)).filter(|(_, change)| *change != 0)
    }
}
