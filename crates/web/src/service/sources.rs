//! The map of sources: what is covered, how late, and what stands in the way.

use std::cmp::Reverse;

use otklik_domain::{Actor, Network, RegionId};

use crate::{
    App,
    error::Result,
    rights::Right,
    sources::{Coverage, CoveredSource, Teller},
};

/// Most sources on a page.
pub const SOURCE_PAGE_MAX: usize = 1_000;

/// Which sources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceFilter {
    /// Of this network.
    pub network: Option<Network>,
    /// Whose posts belong to this region.
    pub region: Option<RegionId>,
    /// With something in the way, or without.
    pub troubled: Option<bool>,
}

impl SourceFilter {
    fn fits(&self, source: &CoveredSource) -> bool {
        self.network.is_none_or(|network| source.network == network)
            && self.region.as_ref().is_none_or(|region| source.region == *region)
            && self.troubled.is_none_or(|troubled| is_troubled(source) == troubled)
    }
}

/// Whether publications of a source may be missing, or something is in its way.
pub fn is_troubled(source: &CoveredSource) -> bool {
    source.trouble.is_some() || source.not_covered_since.is_some()
}

/// What is known of the sources of a filter: those in trouble first, the longest uncovered before the others, then those with
/// the most to read.
///
/// # Errors
/// [`Error::Forbidden`](crate::Error::Forbidden); those of the log.
pub async fn coverage(app: &App, actor: &Actor, filter: &SourceFilter) -> Result<Coverage> {
    Right::ReadIncidents.check(actor)?;
    let Some(known) = &app.ports.sources else {
        return Ok(Coverage { teller: Teller::Nobody, sources: Vec::new() });
    };
    let mut coverage = known.coverage().await?;
    coverage.sources.retain(|source| filter.fits(source));
    coverage.sources.sort_by(|a, b| {
        let of = |source: &CoveredSource| (Reverse(is_troubled(source)), source.not_covered_since.is_none());
        of(a)
            .cmp(&of(b))
            .then_with(|| a.not_covered_since.cmp(&b.not_covered_since))
            .then_with(|| b.posts_a_day.total_cmp(&a.posts_a_day))
            .then_with(|| (a.network.as_str(), &a.id).cmp(&(b.network.as_str(), &b.id)))
    });
    Ok(coverage)
}
