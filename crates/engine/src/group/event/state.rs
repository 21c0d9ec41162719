//! One event: what its posts have in common.

use compact_str::CompactString;
use otklik_domain::{Network, PostId};
use serde::{Deserialize, Serialize};

use super::{Facts, Located};
use crate::{
    forecast::Pulse,
    group::{
        profile::Profile,
        summary::Sentences,
        window::{COUNTS_APPEAL, COUNTS_COMPLAINT, Entry, Window},
    },
};

/// Authors told apart in one event; beyond it each post of an unknown author counts as one more.
const AUTHORS_MAX: usize = 10_000;
/// Addresses kept of an event.
const ADDRESSES_MAX: usize = 16;
/// Topics kept of an event.
const TOPICS_MAX: usize = 8;
/// Words of danger kept of an event.
const DANGER_MAX: usize = 8;
/// Towns kept of an event.
pub(crate) const TOWNS_MAX: usize = 8;
/// Votes for a town that a text names, or a point lies in; a community's home has one.
const SURE_VOTES: u32 = 3;
/// Latest posts of an event that a new one is compared with.
pub(crate) const LATEST: usize = 4;

/// An event in the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EventState {
    pub(crate) id: Box<str>,
    pub(crate) version: u64,
    pub(crate) origin: Box<str>,
    pub(crate) first_at: u32,
    pub(crate) last_at: u32,
    /// Posts still in the window; without any the event is let go.
    pub(crate) in_window: u32,
    /// When a post last complained of a trouble that reaches beyond one address.
    pub(crate) troubled_at: u32,
    /// The trouble came again later, and that is another event.
    pub(crate) has_ended: bool,
    pub(crate) posts: u32,
    /// Sorted.
    pub(crate) authors: Vec<u32>,
    /// Posts whose author is not known, and those beyond the bound.
    pub(crate) other_authors: u32,
    pub(crate) appeals: u32,
    pub(crate) complaints: u32,
    pub(crate) views: u64,
    pub(crate) networks: Vec<(u8, u32)>,
    /// Topics and the sum of their scores.
    pub(crate) topics: Vec<(CompactString, f32)>,
    /// Posts whose topic reaches beyond one address, and posts with a topic.
    pub(crate) area_posts: u32,
    pub(crate) topic_posts: u32,
    pub(crate) addresses: Vec<Located>,
    /// Municipalities, id and name, with the votes for each.
    pub(crate) towns: Vec<((String, String), u32)>,
    pub(crate) point: Option<(f64, f64)>,
    pub(crate) profile: Profile,
    pub(crate) severity: u8,
    pub(crate) danger: Vec<String>,
    pub(crate) pulse: Pulse,
    pub(crate) sentences: Sentences,
    pub(crate) merged: Vec<Box<str>>,
    /// Numbers of its latest posts, the latest first.
    pub(crate) latest: Vec<u64>,
}

impl EventState {
    /// One without posts, begun by a post.
    pub(crate) fn new(id: String, origin: &PostId, at: u32) -> Self {
        Self {
            id: id.into(),
            version: 0,
            origin: origin.as_str().into(),
            first_at: at,
            last_at: at,
            in_window: 0,
            troubled_at: at,
            has_ended: false,
            posts: 0,
            authors: Vec::new(),
            other_authors: 0,
            appeals: 0,
            complaints: 0,
            views: 0,
            networks: Vec::new(),
            topics: Vec::new(),
            area_posts: 0,
            topic_posts: 0,
            addresses: Vec::new(),
            towns: Vec::new(),
            point: None,
            profile: Profile::default(),
            severity: 0,
            danger: Vec::new(),
            pulse: Pulse::default(),
            sentences: Sentences::default(),
            merged: Vec::new(),
            latest: Vec::new(),
        }
    }

    pub(crate) fn topic(&self) -> Option<&str> {
        let best = self.topics.iter().reduce(|best, other| if other.1 > best.1 { other } else { best });
        best.map(|(topic, _)| topic.as_str())
    }

    /// Whether its trouble reaches beyond one address, by most of its posts.
    pub(crate) fn is_area(&self) -> bool {
        self.area_posts * 2 > self.topic_posts
    }

    /// The municipality most posts speak for, id and name, the first of equals.
    pub(crate) fn municipality(&self) -> Option<&(String, String)> {
        self.town().map(|(town, _)| town)
    }

    /// Whether its municipality was named, and not only that of the communities it is spoken of in.
    pub(crate) fn is_town_sure(&self) -> bool {
        self.town().is_some_and(|(_, votes)| *votes >= SURE_VOTES)
    }

    fn town(&self) -> Option<&((String, String), u32)> {
        self.towns.iter().reduce(|best, other| if other.1 > best.1 { other } else { best })
    }

    /// The address named most, the most precise of equally often named ones.
    pub(crate) fn address(&self) -> Option<&Located> {
        self.addresses.iter().max_by(|a, b| (a.count, a.rank).cmp(&(b.count, b.rank)).then(b.key.cmp(&a.key)))
    }

    pub(crate) fn networks(&self) -> Vec<(Network, u32)> {
        let network = |index: u8| Network::ALL.get(usize::from(index)).copied();
        self.networks.iter().filter_map(|&(index, posts)| Some((network(index)?, posts))).collect()
    }

    pub(crate) fn add_author(&mut self, author: u32) {
        match self.authors.binary_search(&author) {
            _ if author == 0 => self.other_authors += 1,
            Ok(_) => {}
            Err(at) if self.authors.len() < AUTHORS_MAX => self.authors.insert(at, author),
            Err(_) => self.other_authors += 1,
        }
    }

    pub(crate) fn add_latest(&mut self, sequence: u64) {
        self.latest.truncate(LATEST - 1);
        self.latest.insert(0, sequence);
    }

    pub(crate) fn authors(&self) -> u32 {
        self.authors.len() as u32 + self.other_authors
    }

    /// Takes in what a post says.
    pub(crate) fn add_facts(&mut self, facts: &Facts<'_>) {
        if let Some((topic, score)) = facts.topic {
            let room = self.topics.len() < TOPICS_MAX;
            match self.topics.iter_mut().find(|(known, _)| known == topic) {
                Some((_, sum)) => *sum += score,
                None if room => self.topics.push((topic.into(), score)),
                None => {}
            }
        }
        self.area_posts += u32::from(facts.is_area);
        self.topic_posts += u32::from(facts.topic.is_some());
        if let Some(located) = &facts.address {
            let room = self.addresses.len() < ADDRESSES_MAX;
            match self.addresses.iter_mut().find(|known| known.key == located.key) {
                Some(known) => known.count += 1,
                None if room => self.addresses.push(located.clone()),
                None => {}
            }
        }
        if let Some((id, name)) = facts.municipality {
            let votes = if facts.is_town_sure { SURE_VOTES } else { 1 };
            match self.towns.iter_mut().find(|((known, called), _)| known == id && called == name) {
                Some((_, number)) => *number += votes,
                None => count(&mut self.towns, (id.to_owned(), name.to_owned()), TOWNS_MAX, votes),
            }
        }
        self.point = self.point.or(facts.point);
        self.severity = self.severity.max(facts.severity);
        for word in facts.danger.iter().map(|evidence| evidence.text.to_lowercase()) {
            if self.danger.len() < DANGER_MAX && !self.danger.contains(&word) {
                self.danger.push(word);
            }
        }
    }

    /// Takes back what a post added to the counts.
    pub(crate) fn subtract(&mut self, entry: &Entry, window: &Window, slot: u32) {
        self.version += 1;
        self.posts = self.posts.saturating_sub(1);
        self.in_window = self.in_window.saturating_sub(1);
        self.appeals = self.appeals.saturating_sub(u32::from(entry.counts & COUNTS_APPEAL != 0));
        self.complaints = self.complaints.saturating_sub(u32::from(entry.counts & COUNTS_COMPLAINT != 0));
        self.views = self.views.saturating_sub(u64::from(entry.views));
        let writes_still = window.iter().any(|(_, other)| {
            other.event == slot && other.author == entry.author && other.id != entry.id && entry.author != 0
        });
        if entry.author == 0 {
            self.other_authors = self.other_authors.saturating_sub(1);
        } else if !writes_still {
            self.authors.retain(|author| *author != entry.author);
        }
    }
}

/// Counts a key in a small list; a full list takes no new keys.
pub(crate) fn count<K: PartialEq>(list: &mut Vec<(K, u32)>, key: K, keys_max: usize, by: u32) {
    let room = list.len() < keys_max;
    match list.iter_mut().find(|(known, _)| *known == key) {
        Some((_, number)) => *number += by,
        None if room => list.push((key, by)),
        None => {}
    }
}
