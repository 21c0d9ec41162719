//! The tally in its table.

use rusqlite::{Connection, params};

use super::failure::Result;
use crate::sql::tally::{Kind, Tally};

/// Writes what changed.
pub(super) fn write(connection: &Connection, tally: &Tally) -> Result<()> {
    let mut add = connection.prepare_cached(
        "INSERT INTO tally VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT DO UPDATE SET n = n + excluded.n",
    )?;
    let mut tidy = connection.prepare_cached(
        "DELETE FROM tally WHERE n = 0 AND region = ?1 AND state = ?2 AND agency = ?3 AND block = ?4
         AND municipality = ?5 AND severity = ?6 AND overdue = ?7 AND answered = ?8 AND rating = ?9",
    )?;
    for (kind, change) in tally.changed() {
        let Kind { region, state, agency, block, municipality, severity, overdue, answered, rating } = kind;
        add.execute(params![region, state, agency, block, municipality, severity, overdue, answered, rating, change])?;
        if change < 0 {
            tidy.execute(params![region, state, agency, block, municipality, severity, overdue, answered, rating])?;
        }
    }
    Ok(())
}
