//! What the stage `group` keeps of a partition.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Analysis, Event, EventId, Post, PostId, RegionId};
use otklik_engine::group::{Corrected, GroupConfig, Grouper};
use otklik_wire::{
    self as wire, Invalid,
    log::{Correction, Deletion, Grouped, GroupedPost},
};

use crate::counters::Outcome;

/// Records after which a state is saved at the soonest when nothing waits for it.
const RECORDS_MIN: u64 = 5_000;
/// Time in the records after which a state is saved.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The state of a partition.
#[derive(Debug, Default)]
pub(super) struct Partition {
    groupers: BTreeMap<RegionId, Grouper>,
    /// Deleted posts that are not yet emptied in the log: id and region.
    pub(super) deleted: BTreeSet<(String, String)>,
    /// Records handled since the state was last saved.
    pub(super) since_snapshot: u64,
    /// First offset that is not in the state.
    pub(super) next: u64,
    /// Whether what it was made by counts no more: made anew from its records it would not be the same.
    is_outdated: bool,
    /// When the latest record came in, and when that was as the state was last saved or restored.
    pub(super) latest: Option<Timestamp>,
    pub(super) saved: Option<Timestamp>,
}

impl Partition {
    /// Puts a post in.
    pub(super) fn post(
        &mut self,
        mut post: wire::Post,
        config: &GroupConfig,
    ) -> Result<(Grouped, String, Outcome), Invalid> {
        let inside = post.analysis.take().ok_or_else(|| Invalid::new("analysis", "is missing"))?;
        let region_name = post.region.clone().unwrap_or_default();
        let region = RegionId::from(region_name.as_str());
        let read = Post::try_from(post.clone())?;
        // It is public again.
        self.deleted.remove(&(post.id.clone(), region_name.clone()));
        let analysis = Analysis::from((*inside).clone());
        let grouper = self.groupers.entry(region.clone()).or_insert_with(|| Grouper::new(region, config.clone()));
        let grouped = grouper.add(&read, &analysis);
        let event = grouper.event(&grouped.group.event).ok_or_else(|| Invalid::new("event", "is not in the window"))?;
        post.analysis = Some(inside);
        let outcome = if grouped.seen_before { Outcome::Repeated } else { Outcome::Done };
        let body = Grouped::Post(Box::new(GroupedPost {
            post,
            group: wire::Group::from(&grouped.group),
            seen_before: grouped.seen_before,
            event: wire::Event::from(&event),
        }));
        Ok((body, region_name, outcome))
    }

    /// Takes a post out that is gone at its source.
    pub(super) fn delete(&mut self, deletion: Deletion) -> (Grouped, String, Outcome) {
        let grouper = self.groupers.get_mut(deletion.region.as_str());
        let corrected = grouper.map(|grouper| grouper.delete(&PostId::from(deletion.id.as_str())));
        let region = deletion.region.clone();
        self.deleted.insert((deletion.id.clone(), region.clone()));
        let events = events(&corrected.unwrap_or_default().events);
        (Grouped::Deletion { deletion, events }, region, Outcome::Changed)
    }

    /// Does what a person said.
    pub(super) fn correct(&mut self, correction: Correction) -> (Grouped, String, Outcome) {
        let region = correction.region().to_owned();
        let corrected =
            self.groupers.get_mut(region.as_str()).map_or_else(Corrected::default, |grouper| match &correction {
                Correction::MergeEvents { from, into, .. } => {
                    grouper.merge(&EventId::from(from.as_str()), &EventId::from(into.as_str()))
                }
                Correction::SplitEvent { event, posts, new_event, .. } => {
                    let posts: Vec<PostId> = posts.iter().map(|id| PostId::from(id.as_str())).collect();
                    grouper.split(&EventId::from(event.as_str()), &posts, &EventId::from(new_event.as_str()))
                }
            });
        let moved = corrected.moved.iter().map(|(post, event)| (post.to_string(), event.to_string())).collect();
        let events = events(&corrected.events);
        (Grouped::Correction { correction, moved, events }, region, Outcome::Changed)
    }

    /// Goes on with other bounds and names.
    pub(super) fn configure(&mut self, config: &GroupConfig) {
        self.groupers.values_mut().for_each(|grouper| grouper.configure(config.clone()));
        self.is_outdated = true;
    }

    /// Whether the state should be saved: every so many records, but not seldom compared with what it would take to read it
    /// all again; once a day, since the log does not keep its records for ever; sooner when deleted posts wait for it; and at once
    /// when it could not be read again as it is.
    /// However it grows, the state is written a few times over at most.
    pub(super) fn is_snapshot_due(&self, every: u64) -> bool {
        let posts: u64 = self.groupers.values().map(|grouper| grouper.posts() as u64).sum();
        let day_passed = match (self.latest, self.saved) {
            (Some(latest), Some(saved)) => latest.duration_since(saved) >= DAY,
            (latest, _) => latest.is_some(),
        };
        let waits = day_passed || !self.deleted.is_empty();
        let enough = if self.is_outdated {
            1
        } else if waits {
            (posts / 10).max(1)
        } else {
            every.min((posts / 2).max(RECORDS_MIN))
        };
        self.since_snapshot >= enough
    }

    /// The state has been saved.
    pub(super) fn saved(&mut self) {
        self.since_snapshot = 0;
        self.is_outdated = false;
        self.saved = self.latest;
    }

    /// The whole state.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut part = |part: &[u8]| {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        };
        part(&serde_json::to_vec(&self.deleted).map_err(|error| error.to_string())?);
        for grouper in self.groupers.values() {
            part(&grouper.to_bytes().map_err(|error| error.to_string())?);
        }
        Ok(bytes)
    }

    /// Goes on from a state: deleted posts and the states of the regions, each after its length.
    pub(super) fn from_bytes(bytes: &[u8], config: &GroupConfig) -> Result<Self, String> {
        let (deleted, mut rest) = split_part(bytes)?;
        let deleted = serde_json::from_slice(deleted).map_err(|error| error.to_string())?;
        let mut partition = Self { deleted, ..Self::default() };
        while !rest.is_empty() {
            let (state, after) = split_part(rest)?;
            let grouper = Grouper::from_bytes(state, config.clone()).map_err(|error| error.to_string())?;
            partition.groupers.insert(grouper.region().clone(), grouper);
            rest = after;
        }
        Ok(partition)
    }
}

fn split_part(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let split = bytes.split_first_chunk::<8>().and_then(|(length, rest)| {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        rest.split_at_checked(length)
    });
    split.ok_or_else(|| "it is cut short".to_owned())
}

fn events(events: &[Event]) -> Vec<wire::Event> {
    events.iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_made_again_is_saved_at_once() {
        let mut partition = Partition { since_snapshot: 1, ..Partition::default() };
        assert!(!partition.is_snapshot_due(5_000));
        partition.configure(&GroupConfig::default());
        assert!(partition.is_snapshot_due(5_000));
        partition.saved();
        partition.since_snapshot = 1;
        assert!(!partition.is_snapshot_due(5_000));
    }
}
