//! The recent posts, by number in order of arrival.

use std::collections::VecDeque;

use compact_str::CompactString;
use hashbrown::HashTable;
use otklik_domain::{Post, PostId};
use otklik_text::{FINGERPRINT_BYTES, Fingerprint};
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use super::{
    duplicates::EXACT_WORDS_MIN,
    stems::{KeptStems, Stems},
};

/// What is kept of a post.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) id: CompactString,
    /// Seconds since 1970.
    pub(crate) at: u32,
    /// Slot of its event.
    pub(crate) event: u32,
    /// Hash of the author's key, 0 for none.
    pub(crate) author: u32,
    pub(crate) views: u32,
    pub(crate) exact: u64,
    pub(crate) bins: [u8; FINGERPRINT_BYTES],
    pub(crate) stems: KeptStems,
    /// How it counts: complaint, appeal.
    pub(crate) counts: u8,
    /// How many posts before it the first with just its text arrived, 0 for none.
    pub(crate) original_back: u32,
}

/// The post complains, asks or requests.
pub(crate) const COUNTS_COMPLAINT: u8 = 1;
/// The post is an appeal.
pub(crate) const COUNTS_APPEAL: u8 = 2;
/// The post is too short to be looked up by its text.
pub(crate) const COUNTS_SHORT: u8 = 4;

impl Entry {
    pub(crate) fn of(post: &Post, fingerprint: &Fingerprint, stems: &Stems, event: u32, counts: u8) -> Self {
        let short = if fingerprint.words < EXACT_WORDS_MIN { COUNTS_SHORT } else { 0 };
        Self {
            id: post.id.as_str().into(),
            at: seconds(post.published_at),
            event,
            author: post.author.as_ref().map_or(0, |author| author_hash(author.as_str())),
            views: u32::try_from(post.metrics.views).unwrap_or(u32::MAX),
            exact: fingerprint.exact,
            bins: fingerprint.bins,
            stems: KeptStems::of(stems),
            counts: counts | short,
            original_back: 0,
        }
    }

    /// Looks at what tells how like a text is to another, in each of the lines of the processor's cache it lies in.
    pub(crate) fn touch_text(&self) -> u64 {
        let [first, .., last] = self.bins;
        self.exact ^ u64::from(first ^ last) ^ u64::from(self.id.is_empty())
    }

    /// Looks at what an event is chosen by, in the same way.
    pub(crate) fn touch_stems(&self) -> u32 {
        self.event ^ self.stems.touch()
    }
}

#[cfg(test)]
impl Entry {
    /// An entry without a post, as one is that was taken out.
    pub(crate) fn of_nobody() -> Self {
        Self {
            id: CompactString::default(),
            at: 0,
            event: u32::MAX,
            author: 0,
            views: 0,
            exact: 0,
            bins: [0; FINGERPRINT_BYTES],
            stems: KeptStems::NONE,
            counts: 0,
            original_back: 0,
        }
    }
}

/// Seconds since 1970, within what 32 bits hold.
pub(crate) fn seconds(at: jiff::Timestamp) -> u32 {
    u32::try_from(at.as_second().max(0)).unwrap_or(u32::MAX)
}

/// A hash of an author's key, never 0.
pub(crate) fn author_hash(key: &str) -> u32 {
    (hash_text(key) as u32).max(1)
}

/// A hash of a text that is the same on every machine.
pub(crate) fn hash_text(text: &str) -> u64 {
    use std::hash::Hasher;
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    let hash = hasher.finish();
    hash ^ (hash >> 31)
}

/// Recent posts in order of arrival. A post's number never changes; numbers of posts that have left name nothing.
#[derive(Debug, Default)]
pub(crate) struct Window {
    entries: VecDeque<Entry>,
    /// Number of the first entry.
    first: u64,
    /// Low 32 bits of the number of the post with an id.
    by_id: HashTable<u32>,
}

impl Window {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn next_sequence(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        let sequence = self.next_sequence();
        let hash = hash_text(&entry.id);
        self.entries.push_back(entry);
        self.index_id(hash, sequence);
    }

    /// Remembers where the post with an id is; of two with the same id the later.
    fn index_id(&mut self, hash: u64, sequence: u64) {
        let Self { entries, first, by_id } = self;
        let id = |low: u32| entries.get(place(*first, low)).map_or("", |entry| &entry.id);
        let own = id(sequence as u32);
        match by_id.find_mut(hash, |&low| id(low) == own) {
            Some(known) => *known = sequence as u32,
            None => {
                by_id.insert_unique(hash, sequence as u32, |&low| hash_text(id(low)));
            }
        }
    }

    /// Forgets where the post with an id is, if it is this one.
    fn forget_id(&mut self, id: &str, sequence: u64) {
        let known = self.by_id.find_entry(hash_text(id), |&low| low == sequence as u32);
        if let Ok(known) = known {
            known.remove();
        }
    }

    pub(crate) fn front(&self) -> Option<&Entry> {
        self.entries.front()
    }

    pub(crate) fn pop_front(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.forget_id(&entry.id, self.first);
        self.first += 1;
        Some(entry)
    }

    fn index(&self, sequence: u64) -> Option<usize> {
        usize::try_from(sequence.checked_sub(self.first)?).ok()
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.entries.get(self.index(sequence)?)
    }

    pub(crate) fn get_mut(&mut self, sequence: u64) -> Option<&mut Entry> {
        let index = self.index(sequence)?;
        self.entries.get_mut(index)
    }

    /// The first post with just the text of this one, as far as the window goes back.
    pub(crate) fn original(&self, sequence: u64) -> u64 {
        let back = self.get(sequence).map_or(0, |entry| u64::from(entry.original_back));
        let original = sequence.saturating_sub(back);
        if self.get(original).is_some_and(|entry| !entry.id.is_empty()) { original } else { sequence }
    }

    pub(crate) fn id(&self, sequence: u64) -> Option<PostId> {
        Some(PostId::from(self.get(sequence)?.id.as_str()))
    }

    pub(crate) fn sequence_of(&self, id: &PostId) -> Option<u64> {
        let at = |low: u32| self.entries.get(place(self.first, low));
        let is_it = |&low: &u32| at(low).is_some_and(|entry| *entry.id == *id.as_str());
        let low = *self.by_id.find(hash_text(id.as_str()), is_it)?;
        Some(self.first + place(self.first, low) as u64)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Entry)> {
        let first = self.first;
        self.entries.iter().enumerate().map(move |(index, entry)| (first + index as u64, entry))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut()
    }

    /// Takes a post out. Its number and fingerprint stay until it would have left: they name nobody and say nothing, and
    /// without them a restored window would find other twins.
    pub(crate) fn erase(&mut self, sequence: u64) {
        let Some(entry) = self.get_mut(sequence) else { return };
        let id = std::mem::take(&mut entry.id);
        entry.stems = KeptStems::NONE;
        entry.author = 0;
        entry.event = u32::MAX;
        self.forget_id(&id, sequence);
    }

    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    pub(crate) fn restore(first: u64, entries: VecDeque<Entry>) -> Self {
        let mut window = Self { entries, first, by_id: HashTable::new() };
        for sequence in first..window.next_sequence() {
            let hash = window.get(sequence).filter(|entry| !entry.id.is_empty()).map(|entry| hash_text(&entry.id));
            hash.into_iter().for_each(|hash| window.index_id(hash, sequence));
        }
        window
    }

    pub(crate) fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }
}

/// Where a post is among the entries, by the low 32 bits of its number: a window holds far fewer.
fn place(first: u64, low: u32) -> usize {
    low.wrapping_sub(first as u32) as usize
}

/// A post as it is saved: arrays as byte strings.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedEntry {
    id: Box<str>,
    at: u32,
    event: u32,
    author: u32,
    views: u32,
    exact: u64,
    bins: Vec<u8>,
    stems: Stems,
    counts: u8,
    original_back: u32,
}

impl From<&Entry> for SavedEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            id: entry.id.as_str().into(),
            at: entry.at,
            event: entry.event,
            author: entry.author,
            views: entry.views,
            exact: entry.exact,
            bins: entry.bins.to_vec(),
            stems: entry.stems.read(),
            counts: entry.counts,
            original_back: entry.original_back,
        }
    }
}

impl TryFrom<SavedEntry> for Entry {
    type Error = &'static str;

    fn try_from(saved: SavedEntry) -> Result<Self, Self::Error> {
        Ok(Self {
            id: CompactString::from(saved.id.as_ref()),
            at: saved.at,
            event: saved.event,
            author: saved.author,
            views: saved.views,
            exact: saved.exact,
            bins: saved.bins.try_into().map_err(|_| "a fingerprint in it has another length")?,
            stems: KeptStems::of(&saved.stems),
            counts: saved.counts,
            original_back: saved.original_back,
        })
    }
}
