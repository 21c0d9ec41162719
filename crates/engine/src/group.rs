//! Puts posts about one problem into one event, and finds texts that were published before.
//!
//! Each region has a [`Grouper`] of its own: a window of recent posts and the events among them. A post is compared with the
//! few recent posts and events that share rare words, a place and topic, or nearly the whole text with it; how alike they have
//! to be depends on what else speaks for it. Everything is a function of the posts put in and their order.

mod candidates;
mod corrections;
mod duplicates;
mod event;
mod habits;
mod owners;
mod probe;
mod profile;
mod relation;
#[cfg(feature = "parts")]
mod repeats;
mod risk;
mod small_table;
mod state;
mod stems;
mod summary;
mod window;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use otklik_domain::{Analysis, Event, EventId, Group, Post, PostKind, RegionId, TopicId};
use otklik_text::{Fingerprint, Lexeme, Lexer};

#[cfg(feature = "parts")]
pub use self::repeats::RepeatWindow;
use self::{
    candidates::{Scratch, Search},
    duplicates::{Duplicates, NEAR_MIN},
    event::{Events, Facts, counts_of},
    habits::Habits,
    stems::{Common, TextStems},
    window::{Entry, Window, hash_text},
    words::Words,
};
pub use self::{corrections::Corrected, state::StateError, summary::neutral_title};

/// Posts after which places without events are let go.
const SWEEP_POSTS: u64 = 1 << 16;

/// Bounds of a grouper.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupConfig {
    /// Days after which a post leaves the window.
    pub window_days: u16,
    /// Most posts in the window: beyond it the oldest leave sooner.
    pub posts_max: u32,
    /// Topics whose trouble reaches beyond one address: water, heat, light, smells, transport.
    pub area_topics: BTreeSet<TopicId>,
    /// Names of topics: what an event is called that no sentence tells of.
    pub topic_names: BTreeMap<TopicId, String>,
}

impl Default for GroupConfig {
    fn default() -> Self {
        Self { window_days: 14, posts_max: 2_000_000, area_topics: BTreeSet::new(), topic_names: BTreeMap::new() }
    }
}

/// What became of a post.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouped {
    /// Where it belongs. [`Grouper::event`] gives the event as it stands with it.
    pub group: Group,
    /// Whether a post of this id was there already: it was read again, its counters may have grown.
    pub seen_before: bool,
}

/// The posts and events of a region.
#[derive(Debug)]
pub struct Grouper {
    config: GroupConfig,
    region: RegionId,
    window: Window,
    duplicates: Duplicates,
    words: Words,
    habits: Habits,
    /// The habits of the community at hand.
    habitual: Vec<u32>,
    events: Events,
    lexer: Lexer,
    lexemes: Vec<Lexeme>,
    stems: TextStems,
    scratch: Scratch,
    /// Words that name nothing.
    common: Common,
}

impl Grouper {
    /// A grouper without posts.
    pub fn new(region: RegionId, config: GroupConfig) -> Self {
        let mut lexer = Lexer::default();
        Self {
            common: Common::new(&mut lexer),
            window: Window::default(),
            duplicates: Duplicates::default(),
            words: Words::default(),
            habits: Habits::default(),
            habitual: Vec::new(),
            events: Events::default(),
            lexer,
            lexemes: Vec::new(),
            stems: TextStems::default(),
            scratch: Scratch::default(),
            region,
            config,
        }
    }

    /// Its region.
    pub fn region(&self) -> &RegionId {
        &self.region
    }

    /// Posts in the window.
    pub fn posts(&self) -> usize {
        self.window.len()
    }

    /// Events in the window.
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// Puts a post in.
    pub fn add(&mut self, post: &Post, analysis: &Analysis) -> Grouped {
        if let Some(grouped) = self.read_again(post) {
            return grouped;
        }
        self.expire(post.published_at);
        let mut lexemes = std::mem::take(&mut self.lexemes);
        self.lexer.read(&post.text, &mut lexemes);
        let fingerprint = Fingerprint::of(&lexemes);
        let facts = Facts::of(post, analysis, &self.config.area_topics, self.common.says_again(&lexemes));
        let mut stems = std::mem::take(&mut self.stems);
        stems.read(&lexemes, &facts, &self.common, &self.words);
        // Comments bear no signature of the community.
        let community = post.community.as_ref().filter(|_| post.kind == PostKind::Post);
        let community = community.map(|community| hash_text(&format!("{} {}", post.network.as_str(), community.id)));
        let written = community.map(|community| (community, stems.all.clone()));
        if let Some(community) = community {
            self.habits.of(community, &mut self.habitual);
            stems.leave_out(&self.habitual);
        }
        stems.ask_owners(&self.events.owners);

        let twin = self.duplicates.find(&fingerprint, &self.window, NEAR_MIN);
        let search = Search { window: &self.window, words: &self.words, events: &self.events };
        let chosen = search
            .choose(post, &facts, &stems, twin.as_ref().map(|twin| twin.sequence), &mut self.scratch)
            .filter(|chosen| twin.is_some() || chosen.is_by_source || !self.events.end_if_again(chosen.slot, &facts));
        let (slot, event_new) = match &chosen {
            Some(chosen) => (chosen.slot, false),
            None => (self.events.begin(post), true),
        };
        let sequence = self.window.next_sequence();
        let original = twin.map(|twin| self.window.original(twin.sequence));
        let kept = stems.kept();
        let mut entry = Entry::of(post, &fingerprint, &kept, slot, counts_of(&facts));
        if let (Some(original), Some(true)) = (original, twin.map(|twin| twin.exact)) {
            entry.original_back = u32::try_from(sequence - original).unwrap_or_default();
        }
        self.words.add(&kept, sequence);
        self.duplicates.add(&entry, sequence);
        self.events.join(slot, (&entry, sequence), post, &facts, (&lexemes, &self.words));
        self.events.own((slot, event_new), &stems, &self.words);
        if let Some((community, written)) = written {
            self.habits.learn(community, &written);
        }
        self.window.push(entry);
        self.tidy(sequence);
        (self.lexemes, self.stems) = (lexemes, stems);

        let twin_id = original.and_then(|sequence| self.window.id(sequence));
        let exact = twin.as_ref().is_some_and(|twin| twin.exact);
        let (similarity, evidence) = chosen.map_or((0.0, Vec::new()), |chosen| (chosen.similarity, chosen.evidence));
        let group = Group {
            id: post.id.clone(),
            duplicate_of: twin_id.clone().filter(|_| exact),
            near_duplicate_of: twin_id.filter(|_| !exact),
            similarity: twin.as_ref().map_or(similarity, |twin| twin.likeness.max(similarity)),
            event: self.events.id(slot),
            event_new,
            evidence,
        };
        Grouped { group, seen_before: false }
    }

    /// A post that is there already: its event stays, its views may have grown.
    fn read_again(&mut self, post: &Post) -> Option<Grouped> {
        let sequence = self.window.sequence_of(&post.id)?;
        let entry = self.window.get_mut(sequence)?;
        let views = u32::try_from(post.metrics.views).unwrap_or(u32::MAX);
        let grown = views.saturating_sub(entry.views);
        entry.views = entry.views.max(views);
        let slot = entry.event;
        self.events.add_views(slot, grown);
        let group = Group {
            id: post.id.clone(),
            duplicate_of: None,
            near_duplicate_of: None,
            similarity: 1.0,
            event: self.events.id(slot),
            event_new: false,
            evidence: Vec::new(),
        };
        Some(Grouped { group, seen_before: true })
    }

    /// Lets go of what is older than the window, seen from the newest post.
    fn expire(&mut self, now: Timestamp) {
        let oldest = now.as_second() - i64::from(self.config.window_days) * 86_400;
        while let Some(entry) = self.window.front() {
            let full = self.window.len() >= self.config.posts_max as usize;
            if i64::from(entry.at) >= oldest && !full {
                break;
            }
            if let Some(gone) = self.window.pop_front() {
                self.words.forget(&gone.stems.read());
                self.events.forget_post(gone.event);
            }
        }
    }

    /// Keeps tables in proportion to the window. When depends on nothing but the posts, so that a restored grouper does as
    /// one that ran through.
    fn tidy(&mut self, sequence: u64) {
        if self.duplicates.is_crowded(self.window.len()) {
            self.duplicates = Duplicates::rebuilt(Duplicates::size_for(self.window.len()), &self.window);
        }
        if sequence % SWEEP_POSTS == SWEEP_POSTS - 1 {
            self.events.sweep();
        }
    }

    /// An event by its id, as it stands.
    pub fn event(&self, id: &EventId) -> Option<Event> {
        self.snapshot(self.events.slot(id)?)
    }

    fn snapshot(&self, slot: u32) -> Option<Event> {
        self.events.snapshot(slot, &self.region, &self.config.topic_names)
    }
}

#[cfg(test)]
mod tests;
