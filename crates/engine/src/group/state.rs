//! A grouper as bytes: a header with version and checksum, then its content.

use std::collections::{BTreeMap, VecDeque};

use otklik_domain::RegionId;
use serde::{Deserialize, Serialize};

use super::{
    GroupConfig, Grouper,
    duplicates::Duplicates,
    event::{Events, SavedEvents},
    habits::{Community, Habits},
    window::{Entry, SavedEntry, Window},
    words::Words,
};

const MAGIC: &[u8; 8] = b"OTKLIKG5";

/// Why bytes are not the state of a grouper.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Not written by this version of the format.
    #[error("not a grouping state of this version: it does not begin with OTKLIKG5")]
    NotAState,
    /// Cut short or changed.
    #[error("the grouping state is damaged: {0}")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Saved {
    region: String,
    first: u64,
    entries: Vec<SavedEntry>,
    /// Places of the table of duplicates.
    places: u64,
    events: SavedEvents,
    /// Counters that are not zero: place and value.
    counters: Vec<(u32, u32)>,
    counted: u32,
    latest: u64,
    habits: BTreeMap<u64, Community>,
    /// Lists that are not empty: place and the numbers in it.
    lists: Vec<(u32, [u32; 16])>,
}

impl Grouper {
    /// Goes on with other bounds and names. What has been decided stays as it is.
    pub fn configure(&mut self, config: GroupConfig) {
        self.config = config;
    }

    /// The whole state. The same posts in the same order give the same bytes.
    ///
    /// # Errors
    /// None for a state within its bounds.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StateError> {
        let saved = Saved {
            region: self.region.to_string(),
            first: self.window.first(),
            entries: self.window.entries().iter().map(Into::into).collect(),
            places: self.duplicates.size() as u64,
            events: self.events.saved(),
            counters: sparse(&self.words.counters, |&counter| counter != 0),
            counted: self.words.counted(),
            latest: self.words.latest,
            habits: self.habits.saved(),
            lists: sparse(&self.words.lists, |list| list.first().is_some_and(|&first| first != 0)),
        };
        let content = postcard::to_allocvec(&saved).map_err(|error| StateError::Damaged(error.to_string()))?;
        let mut bytes = Vec::with_capacity(content.len() + 16);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&checksum(&content).to_le_bytes());
        bytes.extend_from_slice(&content);
        Ok(bytes)
    }

    /// Goes on from a state.
    ///
    /// # Errors
    /// Not a state, or a damaged one: nothing of it is used.
    pub fn from_bytes(bytes: &[u8], config: GroupConfig) -> Result<Self, StateError> {
        let damaged = |what: &str| StateError::Damaged(what.to_owned());
        let rest = bytes.strip_prefix(MAGIC).ok_or(StateError::NotAState)?;
        let (sum, content) = rest.split_first_chunk::<8>().ok_or_else(|| damaged("it is cut short"))?;
        if checksum(content) != u64::from_le_bytes(*sum) {
            return Err(damaged("its checksum is wrong"));
        }
        let saved: Saved = postcard::from_bytes(content).map_err(|error| StateError::Damaged(error.to_string()))?;
        let entries = saved.entries.into_iter().map(Entry::try_from).collect::<Result<VecDeque<_>, _>>();
        let window = Window::restore(saved.first, entries.map_err(damaged)?);
        let mut words = Words::of(saved.counted, saved.latest);
        fill(&mut words.counters, saved.counters).ok_or_else(|| damaged("a counter in it lies outside"))?;
        fill(&mut words.lists, saved.lists).ok_or_else(|| damaged("a list in it lies outside"))?;
        let mut grouper = Self::new(RegionId::new(saved.region), config);
        grouper.duplicates = Duplicates::rebuilt(usize::try_from(saved.places).unwrap_or(usize::MAX >> 1), &window);
        grouper.window = window;
        grouper.words = words;
        grouper.habits = Habits::restore(saved.habits);
        grouper.events = Events::restore(saved.events).ok_or_else(|| damaged("its events do not fit together"))?;
        Ok(grouper)
    }
}

fn sparse<T: Clone>(all: &[T], is_kept: impl Fn(&T) -> bool) -> Vec<(u32, T)> {
    (0..).zip(all).filter(|(_, item)| is_kept(item)).map(|(index, item)| (index, item.clone())).collect()
}

fn fill<T>(all: &mut [T], kept: Vec<(u32, T)>) -> Option<()> {
    for (index, item) in kept {
        *all.get_mut(index as usize)? = item;
    }
    Some(())
}

/// FNV-1a, eight bytes at a time.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, value: u64| (hash ^ value).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23);
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(0xCBF2_9CE4_8422_2325, |hash, word| step(hash, u64::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, &byte| step(hash, u64::from(byte)));
    hash ^ (hash >> 31)
}
