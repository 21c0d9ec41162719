//! Tells the log of every change of an incident.

use otklik_ports::{Cursor, Incidents, Log, PortResult, Record, Topic};
use otklik_wire::{
    self as wire,
    log::{IncidentChanged, Message},
};

/// Name of the cursor that remembers how far the outbox has been told.
const CURSOR: &str = "outbox";
/// Entries told in one step.
const ENTRIES_MAX: usize = 1000;

/// Appends what waits in the outbox to topic `incidents`, each entry once; gives their number. Entries and position are
/// written in one step, so running it again after a kill goes on where it stopped.
///
/// # Errors
/// The stores' and the log's.
pub async fn relay_outbox(incidents: &dyn Incidents, log: &dyn Log, now: jiff::Timestamp) -> PortResult<usize> {
    let told = log.cursor(CURSOR).await?.and_then(|position| position.parse::<u64>().ok()).unwrap_or_default();
    let entries = incidents.outbox(told, ENTRIES_MAX).await?;
    let Some(last) = entries.last() else { return Ok(0) };
    let cursor = Cursor { source: CURSOR.to_owned(), position: last.sequence.to_string() };
    let mut records = Vec::with_capacity(entries.len());
    for entry in &entries {
        let body = IncidentChanged {
            incident: wire::Incident::from(&entry.incident),
            change: wire::Change::from(&entry.change),
        };
        let payload = Message::new(entry.change.at.to_string(), body).to_bytes().map_err(|invalid| {
            otklik_ports::PortError::caused(otklik_ports::ErrorKind::Internal, "cannot write the message", invalid)
        })?;
        let (region, key) = (entry.incident.region.to_string(), entry.incident.id.to_string());
        records.push(Record { region, key, payload });
    }
    log.append(Topic::Incidents, records, Some(cursor), now).await?;
    Ok(entries.len())
}
