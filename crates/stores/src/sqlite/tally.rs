//! The tally: how many incidents there are of each kind.

use std::collections::BTreeMap;

use otklik_domain::Incident;
use otklik_ports::due;
use rusqlite::{Connection, Row, params};

use super::failure::Result;

/// What the tally tells incidents apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    region: String,
    state: String,
    agency: String,
    block: String,
    municipality: String,
    severity: u8,
    overdue: bool,
    answered: bool,
    rating: u8,
}

/// What a batch changes in the tally, each kind once.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<Kind, i64>);

impl Kind {
    /// The columns of a kind in `incidents`, for [`Kind::read`].
    pub(super) const COLUMNS: &'static str = "region, state, ifnull(agency, ''), block, ifnull(municipality, ''), \
        severity, overdue, final_answer_at IS NOT NULL, ifnull(rating, 0)";

    pub(super) fn read(row: &Row<'_>, first: usize) -> Result<Self> {
        Ok(Self {
            region: row.get(first)?,
            state: row.get(first + 1)?,
            agency: row.get(first + 2)?,
            block: row.get(first + 3)?,
            municipality: row.get(first + 4)?,
            severity: row.get(first + 5)?,
            overdue: row.get(first + 6)?,
            answered: row.get(first + 7)?,
            rating: row.get(first + 8)?,
        })
    }

    pub(super) fn of(incident: &Incident, answered: bool) -> Self {
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
    pub(super) fn add(&mut self, kind: Kind) {
        *self.0.entry(kind).or_default() += 1;
    }

    pub(super) fn take(&mut self, kind: Kind) {
        *self.0.entry(kind).or_default() -= 1;
    }

    /// Writes what changed.
    pub(super) fn write(self, connection: &Connection) -> Result<()> {
        let mut add = connection.prepare_cached(
            "INSERT INTO tally VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT DO UPDATE SET n = n + excluded.n",
        )?;
        let mut tidy = connection.prepare_cached(
            "DELETE FROM tally WHERE n = 0 AND region = ?1 AND state = ?2 AND agency = ?3 AND block = ?4
             AND municipality = ?5 AND severity = ?6 AND overdue = ?7 AND answered = ?8 AND rating = ?9",
        )?;
        for (kind, change) in self.0.iter().filter(|(_, change)| **change != 0) {
            let Kind { region, state, agency, block, municipality, severity, overdue, answered, rating } = kind;
            add.execute(params![
                region,
                state,
                agency,
                block,
                municipality,
                severity,
                overdue,
                answered,
                rating,
                change
            ])?;
            if *change < 0 {
                tidy.execute(params![region, state, agency, block, municipality, severity, overdue, answered, rating])?;
            }
        }
        Ok(())
    }
}
