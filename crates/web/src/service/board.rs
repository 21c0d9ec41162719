//! Counts of incidents for boards and ratings of bodies.

use otklik_domain::Actor;
use otklik_ports::{BoardCounts, IncidentFilter};

use crate::{
    App,
    error::Result,
    rights::{Right, Scope},
};

/// Counts of the incidents the actor sees. A body in the filter stands for its subtree.
///
/// # Errors
/// [`Error::Forbidden`](crate::Error::Forbidden); those of the store.
pub async fn incidents(app: &App, actor: &Actor, mut filter: IncidentFilter) -> Result<BoardCounts> {
    Right::ReadIncidents.check(actor)?;
    let directory = app.directory();
    let asked = std::mem::take(&mut filter.agencies);
    filter.agencies = asked.iter().flat_map(|agency| directory.subtree(agency)).collect();
    let unknown = !asked.is_empty() && filter.agencies.is_empty();
    if unknown || !Scope::of(actor, &directory).narrow(&mut filter) {
        return Ok(BoardCounts::default());
    }
    Ok(app.ports.incidents.board(&filter, app.ports.clock.now()).await?)
}
