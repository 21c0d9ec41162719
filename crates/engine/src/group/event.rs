//! Events: what their posts have in common, kept up to date as posts come and go.

mod facts;
mod snapshot;
mod state;

use std::{collections::BTreeMap, hint::black_box};

use jiff::Timestamp;
use otklik_domain::{EventId, Network, Post, PostId};
use otklik_text::Lexeme;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    facts::{Facts, Located, block_of, family_of},
    state::{EventState, LATEST, TOWNS_MAX, count},
};
use super::{
    owners::{Owners, SavedOwners},
    risk::Usual,
    stems::TextStems,
    window::{COUNTS_APPEAL, COUNTS_COMPLAINT, Entry, hash_text, seconds},
    words::Words,
};
use crate::forecast::Rhythm;

/// Silence after which a trouble can come again.
const SILENT_SECONDS_MIN: u32 = 4 * 3600;
/// Events remembered by place and topic.
const AT_PLACE: usize = 8;

/// The events of a region, by slot. A slot is used again when its event has gone.
#[derive(Debug, Default)]
pub(crate) struct Events {
    slots: Vec<Option<EventState>>,
    free: Vec<u32>,
    by_id: FxHashMap<u64, u32>,
    /// By place and topic: slots of the latest events there, the latest first.
    at_place: FxHashMap<u64, [u32; AT_PLACE]>,
    pub(crate) owners: Owners,
    /// What is usual, to tell growth by.
    pub(crate) usual: Usual,
}

/// Events as they are saved. The order of free slots decides which is used next, so it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedEvents {
    slots: Vec<Option<EventState>>,
    free: Vec<u32>,
    at_place: BTreeMap<u64, [u32; AT_PLACE]>,
    owners: SavedOwners,
    usual: Usual,
}

/// Marks an empty entry of a list of slots.
const NO_SLOT: u32 = u32::MAX;

impl Events {
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&EventState> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut EventState> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// An event, and the rhythm its pulse is counted in.
    pub(crate) fn with_rhythm(&mut self, slot: u32) -> Option<(&mut EventState, &Rhythm)> {
        let event = self.slots.get_mut(slot as usize)?.as_mut()?;
        Some((event, &self.usual.rhythm))
    }

    pub(crate) fn slot(&self, id: &EventId) -> Option<u32> {
        let slot = *self.by_id.get(&hash_text(id.as_str()))?;
        (*self.get(slot)?.id == *id.as_str()).then_some(slot)
    }

    pub(crate) fn id(&self, slot: u32) -> EventId {
        EventId::from(self.get(slot).map_or("", |event| &event.id))
    }

    /// Begins an event with a post; its id follows from the post's, so that the same posts give the same events. Where a post
    /// comes back that was deleted, the event it began may still be there: the second has an id of its own.
    pub(crate) fn begin(&mut self, post: &Post) -> u32 {
        let id = (0..u64::MAX).map(|time| event_id(&post.id, time)).find(|id| !self.is_there(id));
        self.begin_as(id.unwrap_or_default(), &post.id, seconds(post.published_at))
    }

    fn is_there(&self, id: &str) -> bool {
        self.by_id.contains_key(&hash_text(id))
    }

    pub(crate) fn begin_as(&mut self, id: String, origin: &PostId, at: u32) -> u32 {
        self.insert(EventState::new(id, origin, at))
    }

    fn insert(&mut self, state: EventState) -> u32 {
        let key = hash_text(&state.id);
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        if slot as usize == self.slots.len() {
            self.slots.push(Some(state));
        } else if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(state);
        }
        self.by_id.insert(key, slot);
        slot
    }

    /// Adds a post to an event.
    pub(crate) fn join(
        &mut self,
        slot: u32,
        (entry, sequence): (&Entry, u64),
        post: &Post,
        facts: &Facts<'_>,
        text: (&[Lexeme], &Words),
    ) {
        for key in facts.keys() {
            let list = self.at_place.entry(key).or_insert([NO_SLOT; AT_PLACE]);
            let at = list.iter().position(|&known| known == slot).unwrap_or(AT_PLACE - 1);
            list.copy_within(..at, 1);
            list[0] = slot;
        }
        let Some(event) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        event.version += 1;
        event.in_window += 1;
        event.posts += 1;
        event.add_latest(sequence);
        if entry.at < event.first_at {
            event.first_at = entry.at;
            event.origin = entry.id.as_str().into();
        }
        event.last_at = event.last_at.max(entry.at);
        if facts.is_area && facts.speaks_up {
            event.troubled_at = event.troubled_at.max(entry.at);
        }
        event.add_author(entry.author);
        event.appeals += u32::from(entry.counts & COUNTS_APPEAL != 0);
        event.complaints += u32::from(entry.counts & COUNTS_COMPLAINT != 0);
        event.views += u64::from(entry.views);
        let network = Network::ALL.iter().position(|known| *known == post.network).unwrap_or_default() as u8;
        count(&mut event.networks, network, usize::MAX, 1);
        event.networks.sort_unstable();
        event.add_facts(facts);
        self.usual.learn(entry.at, event.topic(), event.posts);
        event.pulse.beat(entry.at, 1, &self.usual.rhythm);
        event.profile.add(&entry.stems.read());
        event.sentences.add(post, facts, text.0, text.1);
    }

    /// Ends an event whose trouble comes again: a post says so after a silence. Water and light come back by themselves, what
    /// breaks at one address stays broken.
    pub(crate) fn end_if_again(&mut self, slot: u32, facts: &Facts<'_>) -> bool {
        let Some(event) = self.get_mut(slot) else { return false };
        let silent = facts.at.saturating_sub(event.troubled_at);
        event.has_ended = facts.says_again && event.is_area() && silent >= SILENT_SECONDS_MIN;
        event.has_ended
    }

    /// Remembers the words of a post that lead to its event.
    pub(crate) fn own(&mut self, (slot, is_new): (u32, bool), stems: &TextStems, words: &Words) {
        let slots = &self.slots;
        let posts_with = |slot: u32, stem: u32| {
            let event = slots.get(slot as usize).and_then(Option::as_ref);
            event.map_or(0, |event| event.profile.posts_with(stem))
        };
        self.owners.learn((slot, is_new), stems, words, posts_with);
    }

    /// Looks at what a post is compared with, so that reading it then does not wait for one after the other.
    pub(crate) fn touch(&self, slots: &[u32]) {
        let touched = |look: fn(&EventState) -> u32| {
            black_box(slots.iter().filter_map(|&slot| self.get(slot)).fold(0, |touched, event| touched ^ look(event)));
        };
        // First where the parts of each lie, then the parts.
        touched(|event| event.topics.len() as u32 ^ event.area_posts ^ u32::from(event.point.is_some()));
        touched(|event| {
            let topic = event.topics.first().map_or(0, |(_, weight)| weight.to_bits());
            let town = event.towns.first().map_or(0, |(_, votes)| *votes);
            let address = event.addresses.first().map_or(0, |address| address.count);
            topic ^ town ^ address ^ event.profile.touch()
        });
    }

    /// Slots of the latest events at a place or on a topic there, by its key.
    pub(crate) fn at(&self, key: u64) -> impl Iterator<Item = u32> {
        self.at_place.get(&key).into_iter().flatten().copied()
    }

    /// Slots of recent events at the places and on the topics a post speaks of, and of those that own words of it.
    pub(crate) fn likely(&self, facts: &Facts<'_>, stems: &TextStems) -> impl Iterator<Item = u32> {
        let at_place = facts.keys().flat_map(|key| self.at(key));
        at_place.chain(stems.leading_to.iter().copied())
    }

    pub(crate) fn add_views(&mut self, slot: u32, grown: u32) {
        if let Some(event) = self.get_mut(slot) {
            event.version += 1;
            event.views += u64::from(grown);
        }
    }

    /// Lets go of what a post that has left the window said; gives the event that still told it.
    pub(crate) fn forget_words(&mut self, post: &PostId) -> Option<u32> {
        let said = hash_text(post.as_str());
        let (slot, event) = (0..).zip(&mut self.slots).find_map(|(slot, event)| {
            let event = event.as_mut().filter(|event| event.sentences.is_of(said))?;
            Some((slot, event))
        })?;
        event.sentences.forget(post.as_str());
        event.version += 1;
        Some(slot)
    }

    /// A post of the event has left the window. With the last of them the event is let go.
    pub(crate) fn forget_post(&mut self, slot: u32) {
        let Some(event) = self.get_mut(slot) else { return };
        event.in_window = event.in_window.saturating_sub(1);
        if event.in_window == 0 {
            self.remove(slot);
        }
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        let Some(place) = self.slots.get_mut(slot as usize) else { return };
        if let Some(event) = place.take() {
            let key = hash_text(&event.id);
            if self.by_id.get(&key) == Some(&slot) {
                self.by_id.remove(&key);
            }
            self.free.push(slot);
        }
    }

    /// Lets go of places without events. Called now and then: a place costs little.
    pub(crate) fn sweep(&mut self) {
        let slots = &self.slots;
        let lives = |slot: u32| slots.get(slot as usize).is_some_and(Option::is_some);
        self.at_place.retain(|_, list| list.iter().any(|&slot| lives(slot)));
        self.owners.sweep(lives);
    }

    pub(crate) fn saved(&self) -> SavedEvents {
        SavedEvents {
            slots: self.slots.clone(),
            free: self.free.clone(),
            at_place: self.at_place.iter().map(|(key, list)| (*key, *list)).collect(),
            owners: self.owners.saved(),
            usual: self.usual.clone(),
        }
    }

    /// Goes on from what was saved; `None` when it does not fit together.
    pub(crate) fn restore(saved: SavedEvents) -> Option<Self> {
        let mut events = Self {
            at_place: saved.at_place.into_iter().collect(),
            owners: Owners::restore(saved.owners),
            usual: saved.usual,
            ..Self::default()
        };
        let holes = saved.slots.iter().filter(|slot| slot.is_none()).count();
        let free_fits = saved.free.iter().all(|&slot| saved.slots.get(slot as usize).is_some_and(Option::is_none));
        if holes != saved.free.len() || !free_fits {
            return None;
        }
        for (slot, event) in (0..).zip(&saved.slots).filter_map(|(slot, event)| Some((slot, event.as_ref()?))) {
            events.by_id.insert(hash_text(&event.id), slot);
        }
        events.slots = saved.slots;
        events.free = saved.free;
        Some(events)
    }
}

/// The id of the event that begins with a post for the first time (0) or again: `e-` and 13 characters of base 32.
pub(crate) fn event_id(post: &PostId, time: u64) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut hash = hash_text(post.as_str()).wrapping_add(time).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash ^= hash >> 32;
    let digit = |shift: u32| char::from(DIGITS.get((hash >> shift) as usize & 31).copied().unwrap_or(b'0'));
    let digits: String = (0..13).map(|place| digit(place * 5)).collect();
    format!("e-{digits}")
}

pub(crate) fn time(seconds: u32) -> Timestamp {
    Timestamp::from_second(i64::from(seconds)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// How a post counts in the totals of its event.
pub(crate) fn counts_of(facts: &Facts<'_>) -> u8 {
    (u8::from(facts.complains) * COUNTS_COMPLAINT) | (u8::from(facts.is_appeal) * COUNTS_APPEAL)
}
