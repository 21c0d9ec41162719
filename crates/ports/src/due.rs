//! What a store derives from an incident's clocks, the same in every adapter.
//!
//! A clock runs when it has not been stopped and its incident is not done: nothing is owed for a merged incident.

use jiff::Timestamp;
use otklik_domain::{Clock, Incident, State};

/// When the incident has to be looked at next: the earliest warning or deadline not noticed yet, or the end of its
/// postponement. See [`Incidents::due`](crate::Incidents::due).
pub fn next_check(incident: &Incident) -> Option<Timestamp> {
    let clocks = running(incident).flat_map(|clock| {
        let deadline = if clock.breached { None } else { clock.due_at };
        [clock.warn_at, deadline]
    });
    let postponed = if incident.state == State::Postponed { incident.postponed_until } else { None };
    clocks.chain([postponed]).flatten().min()
}

/// The nearest deadline of a running clock, breached ones included. See
/// [`IncidentOrder::Due`](crate::IncidentOrder::Due).
pub fn next_deadline(incident: &Incident) -> Option<Timestamp> {
    running(incident).filter_map(|clock| clock.due_at).min()
}

/// Whether a breached clock still runs.
pub fn is_overdue(incident: &Incident) -> bool {
    running(incident).any(|clock| clock.breached)
}

fn running(incident: &Incident) -> impl Iterator<Item = &Clock> {
    incident.clocks.iter().filter(|clock| clock.stopped_at.is_none() && !incident.state.is_final())
}
