//! A region's configuration: bodies and what each answers for, deadlines, when events become incidents.

mod file;

use std::collections::BTreeMap;

use jiff::{civil::Time, tz::TimeZone};
use otklik_domain::{AgencyId, AgencyTree, BlockId, Incident, PlaceId, RegionId, SlaPolicy};
pub use otklik_text::{Problem, SourceFile};

use crate::sla::{Calendar, Schedule};

/// A region, ready for use. It never changes; threads share it.
#[derive(Debug, Clone)]
pub struct Region {
    /// The region.
    pub id: RegionId,
    /// Its name for people.
    pub name: String,
    /// Its bodies.
    pub agencies: AgencyTree,
    /// What each answers for, in order of the file.
    pub(crate) competences: Vec<Competence>,
    /// The body that gets what no other answers for.
    pub default_agency: AgencyId,
    /// When bodies work.
    pub schedule: Schedule,
    /// When events become incidents.
    pub opening: OpeningRules,
    policies: BTreeMap<String, SlaPolicy>,
    default_policy: String,
    block_policies: BTreeMap<BlockId, String>,
}

/// What a body answers for, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Competence {
    pub(crate) agency: AgencyId,
    pub(crate) municipality: Option<PlaceId>,
    /// Topic ids, blocks or `*`.
    pub(crate) topics: Vec<String>,
}

/// When an event becomes an incident; one reason is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpeningRules {
    /// So many independent authors write of it.
    pub authors_min: Option<u32>,
    /// It is at least so bad, and somebody complains.
    pub severity_min: Option<u8>,
    /// Words of danger to people were found.
    pub danger: bool,
    /// It is an appeal to a body.
    pub appeal: bool,
}

impl Region {
    /// Reads a region's file. `policies` is the file of ready policies, `calendar` the production calendar.
    ///
    /// # Errors
    /// Every mistake found, with its line.
    pub fn parse(
        file: &SourceFile<'_>,
        policies: Option<&SourceFile<'_>>,
        calendar: Calendar,
    ) -> Result<Self, Vec<Problem>> {
        file::parse(file, policies, calendar)
    }

    /// A policy by its name.
    pub fn policy(&self, name: &str) -> Option<&SlaPolicy> {
        self.policies.get(name)
    }

    /// The policy incidents of a block get.
    pub fn policy_of(&self, block: &BlockId) -> &str {
        self.block_policies.get(block).unwrap_or(&self.default_policy)
    }

    /// The policy of an incident; the region's default when its own is no longer configured.
    pub fn policy_for(&self, incident: &Incident) -> Option<&SlaPolicy> {
        self.policy(&incident.policy).or_else(|| self.policy(&self.default_policy))
    }

    /// Its time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.schedule.zone
    }

    /// When bodies open and close.
    pub fn hours(&self) -> (Time, Time) {
        (self.schedule.opens, self.schedule.closes)
    }
}

/// Reads the file of ready policies.
///
/// # Errors
/// Every mistake found, with its line.
pub fn parse_policies(file: &SourceFile<'_>) -> Result<BTreeMap<String, SlaPolicy>, Vec<Problem>> {
    file::parse_policies(file)
}
