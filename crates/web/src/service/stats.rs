//! Counts of posts by a field and over time.

use otklik_domain::Actor;
use otklik_ports::{Count, CountBy, PostFilter, Timeline, TimelinePoint};

use crate::{App, error::Result, rights::Right};

/// Most values of a count.
pub const COUNTS_MAX: usize = 1_000;

/// Counts by a field, the most frequent first.
///
/// # Errors
/// [`Error::Forbidden`](crate::Error::Forbidden); those of the store.
pub async fn counts(app: &App, actor: &Actor, by: &CountBy, filter: &PostFilter, limit: usize) -> Result<Vec<Count>> {
    Right::Research.check(actor)?;
    Ok(app.ports.posts.count_by(by, filter, limit.min(COUNTS_MAX)).await?)
}

/// Posts over time, steps without posts left out.
///
/// # Errors
/// [`Error::Forbidden`](crate::Error::Forbidden); `Rejected` with too many steps; those of the store.
pub async fn timeline(app: &App, actor: &Actor, filter: &PostFilter, step: Timeline) -> Result<Vec<TimelinePoint>> {
    Right::Research.check(actor)?;
    Ok(app.ports.posts.timeline(filter, step).await?)
}
