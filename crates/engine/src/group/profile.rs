//! The words of an event: how often its posts use each, and how much a post's words are its own.

use serde::{Deserialize, Serialize};

use super::{
    stems::{TextStems, is_matter},
    words::Words,
};

/// Stems kept of an event. Those that came once make room for new ones, so that what its posts share stays.
const STEMS_MAX: usize = 48;
/// Posts of an event that have to use a stem before it may tell of the event.
const SHARED_MIN: u32 = 2;

/// Stems of an event with the number of its posts that use each.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Profile(Vec<(u32, u32)>);

/// How much the words of a post are an event's own, 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Kinship {
    /// By its most telling word.
    pub(crate) by_word: f32,
    /// By its most telling name.
    pub(crate) by_name: f32,
    /// Whether it names something that was named in the event.
    pub(crate) shares_name: bool,
}

impl Profile {
    /// Counts the stems of a post; 0 stands for none.
    pub(crate) fn add(&mut self, stems: &[u32]) {
        stems.iter().filter(|&&stem| stem != 0).for_each(|&stem| self.count(stem, 1));
    }

    /// Takes over the stems of an event that was joined to this one.
    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|&(stem, posts)| self.count(stem, posts));
    }

    fn count(&mut self, stem: u32, posts: u32) {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == stem) {
            *known += posts;
        } else if self.0.len() < STEMS_MAX {
            self.0.push((stem, posts));
        } else if let Some(at) = self.0.iter().position(|&(_, posts)| posts == 1) {
            self.0.remove(at);
            self.0.push((stem, posts));
        }
    }

    pub(crate) fn posts_with(&self, stem: u32) -> u32 {
        self.0.iter().find(|(known, _)| *known == stem).map_or(0, |&(_, posts)| posts)
    }

    fn words(&self) -> impl Iterator<Item = (u32, u32)> {
        self.0.iter().copied().filter(|(stem, _)| !is_matter(*stem))
    }

    /// Posts that use the most common stem: nearly all that say something.
    fn most(&self) -> u32 {
        self.words().map(|(_, posts)| posts).max().unwrap_or_default()
    }

    /// How alike the words of a post are to what the event's posts say, 0..1: a cosine in which a stem weighs by its rarity
    /// and by the share of posts that use it.
    pub(crate) fn cosine(&self, stems: &[u32], words: &Words) -> f32 {
        let most = self.most().max(1) as f32;
        let square = |stem: u32| words.idf(stem) * words.idf(stem);
        let common: f32 = stems
            .iter()
            .map(|&stem| (self.posts_with(stem), stem))
            .filter(|(posts, _)| *posts > 0)
            .map(|(posts, stem)| square(stem) * posts as f32 / most)
            .sum();
        if common == 0.0 {
            return 0.0;
        }
        let own: f32 = self.words().map(|(stem, posts)| square(stem) * (posts as f32 / most).powi(2)).sum();
        let theirs: f32 = stems.iter().map(|&stem| square(stem)).sum();
        let lengths = (own * theirs).sqrt();
        if lengths > 0.0 { common / lengths } else { 0.0 }
    }

    /// How much the most telling stem of a post speaks for the event: most recent posts that use it are of this event, and most
    /// of the event's posts use it. Both shares are taken cautiously while there are few posts; of a name one post is enough to
    /// begin with.
    pub(crate) fn kinship(&self, stems: &TextStems, words: &Words) -> Kinship {
        let most = self.most() as f32 + 1.0;
        let mut kinship = Kinship::default();
        for &stem in &stems.telling {
            let posts = self.posts_with(stem);
            let is_name = posts > 0 && stems.names.contains(&stem);
            kinship.shares_name |= is_name;
            if posts < if is_name { 1 } else { SHARED_MIN } {
                continue;
            }
            let of_word = if is_name {
                leading_share(posts, words.count(stem))
            } else {
                posts as f32 / (words.count(stem).max(posts) as f32 + 2.0)
            };
            let of_event = posts as f32 / most;
            let speaks = 2.0 * of_word * of_event / (of_word + of_event);
            kinship.by_word = kinship.by_word.max(speaks);
            if is_name {
                kinship.by_name = kinship.by_name.max(speaks);
            }
        }
        kinship
    }

    /// How much of what was said lately on a matter was said in the event, 0..1.
    pub(crate) fn share(&self, matter: u32, words: &Words) -> f32 {
        if matter == 0 { 0.0 } else { leading_share(self.posts_with(matter), words.count(matter)) }
    }
}

/// The share of an event in all posts, taken cautiously while there are few. While a trouble is young its posts are spread over
/// several events, so what others have counts less.
fn leading_share(posts: u32, all: u32) -> f32 {
    let others = all.saturating_sub(posts) as f32;
    if posts == 0 { 0.0 } else { posts as f32 / (posts as f32 + others.sqrt() + 1.0) }
}
