//! What people change about the grouping, and posts that go.

use otklik_domain::{Event, EventId, PostId};

use super::{
    Grouper,
    event::{EventState, LATEST, TOWNS_MAX, count, event_id},
    window::{Entry, hash_text},
};
use crate::forecast::Rhythm;

/// What a correction changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Corrected {
    /// Posts that are in another event now.
    pub moved: Vec<(PostId, EventId)>,
    /// Events as they stand; one without posts has ended.
    pub events: Vec<Event>,
}

impl Grouper {
    /// The event that begins with a post, when none takes it in, and it has not come back.
    pub fn event_begun_by(post: &PostId) -> EventId {
        EventId::new(event_id(post, 0))
    }

    /// Joins an event to another. Events that are not in the window, or the same one, change nothing.
    pub fn merge(&mut self, from: &EventId, into: &EventId) -> Corrected {
        let (Some(from_slot), Some(into_slot)) = (self.events.slot(from), self.events.slot(into)) else {
            return Corrected::default();
        };
        if from_slot == into_slot {
            return Corrected::default();
        }
        let Some(ended) = self.events.get(from_slot).cloned() else { return Corrected::default() };
        let mut moved = Vec::new();
        for entry in self.window.iter_mut().filter(|entry| entry.event == from_slot && !entry.id.is_empty()) {
            entry.event = into_slot;
            moved.push((PostId::from(entry.id.as_str()), into.clone()));
        }
        if let Some((event, rhythm)) = self.events.with_rhythm(into_slot) {
            absorb(event, &ended, rhythm);
        }
        let mut events: Vec<Event> = self.snapshot(into_slot).into_iter().collect();
        if let Some(event) = self.events.get_mut(from_slot) {
            empty(event);
        }
        events.extend(self.snapshot(from_slot));
        self.events.remove(from_slot);
        Corrected { moved, events }
    }

    /// Makes an event of its own of some posts of another. Posts that are not in that event stay where they are.
    pub fn split(&mut self, event: &EventId, posts: &[PostId], new_event: &EventId) -> Corrected {
        let Some(slot) = self.events.slot(event) else { return Corrected::default() };
        if self.events.slot(new_event).is_some() {
            return Corrected::default();
        }
        let mut chosen: Vec<u64> = posts
            .iter()
            .filter_map(|id| self.window.sequence_of(id))
            .filter(|&sequence| self.window.get(sequence).is_some_and(|entry| entry.event == slot))
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        let whole = self.events.get(slot).is_none_or(|event| chosen.len() >= event.posts as usize);
        let Some(first) = chosen.first().and_then(|&sequence| self.window.get(sequence)).filter(|_| !whole) else {
            return Corrected::default();
        };
        let (origin, at) = (PostId::from(first.id.as_str()), first.at);
        let new_slot = self.events.begin_as(new_event.to_string(), &origin, at);
        let mut moved = Vec::new();
        for sequence in chosen {
            let Some(entry) = self.window.get(sequence).cloned() else { continue };
            if let Some(event) = self.events.get_mut(slot) {
                event.subtract(&entry, &self.window, slot);
            }
            if let Some(entry) = self.window.get_mut(sequence) {
                entry.event = new_slot;
            }
            if let Some(parent) = self.events.get(slot).cloned()
                && let Some((event, rhythm)) = self.events.with_rhythm(new_slot)
            {
                add_split(event, &entry, &parent, rhythm);
                event.add_latest(sequence);
            }
            moved.push((PostId::from(entry.id.as_str()), new_event.clone()));
        }
        // What the posts said goes with them.
        let said =
            self.events.get_mut(slot).map(|event| event.sentences.take(moved.iter().map(|(post, _)| post.as_str())));
        if let (Some(said), Some(event)) = (said, self.events.get_mut(new_slot)) {
            event.sentences = said;
        }
        let snapshots = [slot, new_slot].into_iter().filter_map(|slot| self.snapshot(slot));
        Corrected { moved, events: snapshots.collect() }
    }

    /// Takes out a post that is gone at its source. Of one that has left the window its event only forgets what it said;
    /// a post no event speaks of changes nothing.
    pub fn delete(&mut self, post: &PostId) -> Corrected {
        let Some(sequence) = self.window.sequence_of(post) else {
            let told = self.events.forget_words(post);
            let events = told.and_then(|slot| self.snapshot(slot)).into_iter().collect();
            return Corrected { moved: Vec::new(), events };
        };
        let Some(entry) = self.window.get(sequence).cloned() else { return Corrected::default() };
        let slot = entry.event;
        if let Some(event) = self.events.get_mut(slot) {
            event.subtract(&entry, &self.window, slot);
            event.sentences.forget(&entry.id);
            if *event.origin == *entry.id.as_str() {
                let next = self.window.iter().find(|(other, kept)| *other != sequence && kept.event == slot);
                if let Some((_, next)) = next {
                    event.origin = next.id.as_str().into();
                    event.first_at = next.at;
                }
            }
        }
        let events = self.snapshot(slot).into_iter().collect();
        self.words.forget(&entry.stems.read());
        self.window.erase(sequence);
        if self.events.get(slot).is_some_and(|event| event.posts == 0) {
            self.events.remove(slot);
        }
        Corrected { moved: Vec::new(), events }
    }
}

fn absorb(event: &mut EventState, other: &EventState, rhythm: &Rhythm) {
    event.version = event.version.max(other.version) + 1;
    if other.first_at < event.first_at {
        event.first_at = other.first_at;
        event.origin.clone_from(&other.origin);
    }
    event.last_at = event.last_at.max(other.last_at);
    event.in_window += other.in_window;
    event.posts += other.posts;
    event.authors.extend(&other.authors);
    event.authors.sort_unstable();
    event.authors.dedup();
    event.other_authors += other.other_authors;
    event.appeals += other.appeals;
    event.complaints += other.complaints;
    event.views += other.views;
    other.networks.iter().for_each(|&(network, posts)| count(&mut event.networks, network, usize::MAX, posts));
    event.networks.sort_unstable();
    event.profile.merge(&other.profile);
    for (topic, weight) in &other.topics {
        match event.topics.iter_mut().find(|(known, _)| known == topic) {
            Some((_, sum)) => *sum += weight,
            None => event.topics.push((topic.clone(), *weight)),
        }
    }
    event.area_posts += other.area_posts;
    event.topic_posts += other.topic_posts;
    for (town, votes) in &other.towns {
        count(&mut event.towns, town.clone(), TOWNS_MAX, *votes);
    }
    for located in &other.addresses {
        match event.addresses.iter_mut().find(|known| known.key == located.key) {
            Some(known) => known.count += located.count,
            None => event.addresses.push(located.clone()),
        }
    }
    event.severity = event.severity.max(other.severity);
    event.danger.extend(other.danger.iter().filter(|word| !event.danger.contains(word)).cloned().collect::<Vec<_>>());
    event.pulse.merge(other.pulse, rhythm);
    event.sentences.merge(&other.sentences);
    event.latest.extend(&other.latest);
    event.latest.sort_unstable_by(|a, b| b.cmp(a));
    event.latest.truncate(LATEST);
    event.merged.push(other.id.clone());
    event.merged.extend(other.merged.iter().cloned());
}

fn empty(event: &mut EventState) {
    event.version += 1;
    event.posts = 0;
    event.authors.clear();
    event.other_authors = 0;
    event.appeals = 0;
    event.complaints = 0;
    event.views = 0;
    event.networks.clear();
}

/// Adds a post that was split off. What its text said is no longer known; topic and place are taken from the event it left.
fn add_split(event: &mut EventState, entry: &Entry, parent: &EventState, rhythm: &Rhythm) {
    use super::window::{COUNTS_APPEAL, COUNTS_COMPLAINT};
    event.version += 1;
    event.posts += 1;
    event.in_window += 1;
    event.first_at = event.first_at.min(entry.at);
    event.last_at = event.last_at.max(entry.at);
    if entry.author == 0 {
        event.other_authors += 1;
    } else if let Err(at) = event.authors.binary_search(&entry.author) {
        event.authors.insert(at, entry.author);
    }
    event.appeals += u32::from(entry.counts & COUNTS_APPEAL != 0);
    event.complaints += u32::from(entry.counts & COUNTS_COMPLAINT != 0);
    event.views += u64::from(entry.views);
    event.pulse.beat(entry.at, 1, rhythm);
    event.profile.add(&entry.stems.read());
    let network = entry.id.split(':').next().map_or(0, hash_text);
    let known = otklik_domain::Network::ALL.iter().position(|own| hash_text(own.as_str()) == network);
    count(&mut event.networks, known.unwrap_or(otklik_domain::Network::ALL.len() - 1) as u8, usize::MAX, 1);
    if event.topics.is_empty() {
        event.topics.clone_from(&parent.topics);
        event.towns.clone_from(&parent.towns);
        event.severity = parent.severity;
        event.area_posts = parent.area_posts;
        event.topic_posts = parent.topic_posts;
    }
}
