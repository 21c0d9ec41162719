//! What a community writes under every post: «подписаться», its name, where to send news. Such words tell of no event.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Communities remembered; those beyond have no habits.
const COMMUNITIES_MAX: usize = 20_000;
/// Words kept of a community. Those that came once make room for new ones.
const WORDS_MAX: usize = 24;
/// Posts of a community from which its words are judged, and the share of them that makes a word a habit: no event, however
/// large, is in so many.
const POSTS_MIN: u32 = 6;
const HABIT_SHARE: f32 = 0.7;
/// Posts after which all counts are halved: habits change.
const POSTS_MAX: u32 = 200;

/// Habits by hash of the community.
#[derive(Debug, Default)]
pub(crate) struct Habits(FxHashMap<u64, Community>);

/// A community's posts, and its words with the posts that use each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Community {
    posts: u32,
    words: Vec<(u32, u32)>,
}

impl Habits {
    /// Puts the stems that a community writes whatever it writes about in place of what `habits` holds.
    pub(crate) fn of(&self, community: u64, habits: &mut Vec<u32>) {
        habits.clear();
        if let Some(community) = self.0.get(&community).filter(|community| community.posts >= POSTS_MIN) {
            let posts_min = community.posts as f32 * HABIT_SHARE;
            let words = community.words.iter().filter(|(_, posts)| *posts as f32 >= posts_min);
            habits.extend(words.map(|(stem, _)| *stem));
        }
    }

    /// Takes note of the stems of a post.
    pub(crate) fn learn(&mut self, community: u64, stems: &[u32]) {
        if self.0.len() >= COMMUNITIES_MAX && !self.0.contains_key(&community) {
            return;
        }
        let community = self.0.entry(community).or_default();
        community.posts += 1;
        stems.iter().for_each(|&stem| community.count(stem));
        if community.posts >= POSTS_MAX {
            community.posts /= 2;
            community.words.iter_mut().for_each(|(_, posts)| *posts /= 2);
        }
    }

    pub(crate) fn saved(&self) -> BTreeMap<u64, Community> {
        self.0.iter().map(|(hash, community)| (*hash, community.clone())).collect()
    }

    pub(crate) fn restore(saved: BTreeMap<u64, Community>) -> Self {
        Self(saved.into_iter().collect())
    }
}

impl Community {
    fn count(&mut self, stem: u32) {
        if let Some((_, posts)) = self.words.iter_mut().find(|(known, _)| *known == stem) {
            *posts += 1;
            return;
        }
        if self.words.len() >= WORDS_MAX {
            let Some(at) = self.words.iter().position(|(_, posts)| *posts <= 1) else { return };
            self.words.remove(at);
        }
        self.words.push((stem, 1));
    }
}
