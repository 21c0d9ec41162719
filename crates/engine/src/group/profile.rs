//! The words of an event: how often its posts use each, and how much a post's words are its own.

use serde::{Deserialize, Serialize};

use super::{probe::Probe, stems::is_matter, words::Words};

/// Stems kept of an event. Those that came once make room for new ones, so that what its posts share stays.
const STEMS_MAX: usize = 48;
/// Posts of an event that have to use a stem before it may tell of the event.
const SHARED_MIN: u32 = 2;

/// Stems of an event with the number of its posts that use each.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Profile(Vec<(u32, u32)>);

/// How much a post's words are those of an event, each 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Kinship {
    /// More than [`Profile::cosine`] can be, as if all that the event says were said in the post too.
    pub(crate) cosine_at_most: f32,
    /// By the post's most telling word: most recent posts that use it are of the event, and most of the event's posts use it.
    pub(crate) by_word: f32,
    /// By its most telling name.
    pub(crate) by_name: f32,
    /// Whether it names something that was named in the event.
    pub(crate) shares_name: bool,
    /// How much of what was said lately on the post's topic in its town was said in the event.
    pub(crate) share: f32,
}

impl Profile {
    /// Counts the stems of a post, each of which is there once; 0 stands for none.
    pub(crate) fn add(&mut self, stems: &[u32]) {
        let stems = stems.iter().copied().filter(|&stem| stem != 0);
        if self.0.is_empty() {
            self.0.reserve_exact(stems.clone().count());
            self.0.extend(stems.map(|stem| (stem, 1)));
        } else {
            stems.for_each(|stem| self.count(stem, 1));
        }
    }

    /// Takes over the stems of an event that was joined to this one.
    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|&(stem, posts)| self.count(stem, posts));
    }

    fn count(&mut self, stem: u32, posts: u32) {
        if let Some((_, known)) = self.place(stem).and_then(|place| self.0.get_mut(place)) {
            *known += posts;
        } else if self.0.len() < STEMS_MAX {
            self.0.push((stem, posts));
        } else if let Some(at) = self.0.iter().position(|&(_, posts)| posts == 1) {
            self.0.remove(at);
            self.0.push((stem, posts));
        }
    }

    /// Looks at its stems, each line of the processor's cache once.
    pub(crate) fn touch(&self) -> u32 {
        self.0.iter().step_by(8).fold(0, |touched, (stem, _)| touched ^ stem)
    }

    pub(crate) fn posts_with(&self, stem: u32) -> u32 {
        self.place(stem).and_then(|place| self.0.get(place)).map_or(0, |&(_, posts)| posts)
    }

    /// Where a stem is. Eight are looked at together, without a branch: most are not there.
    fn place(&self, stem: u32) -> Option<usize> {
        let is_it = |(known, _): &(u32, u32)| *known == stem;
        let (eights, rest) = self.0.as_chunks::<8>();
        let eight = eights.iter().position(|eight| eight.iter().fold(false, |found, known| found | is_it(known)));
        match eight.and_then(|nth| Some((nth, eights.get(nth)?))) {
            Some((nth, eight)) => Some(nth * 8 + eight.iter().position(is_it)?),
            None => Some(eights.len() * 8 + rest.iter().position(is_it)?),
        }
    }

    /// Compares a post with the event. Shares are taken cautiously while there are few posts; of a name one post is enough to
    /// begin with.
    pub(crate) fn kinship(&self, probe: &Probe, words: &Words) -> Kinship {
        let most = self.most();
        let (mut shared_length, mut common) = (0.0, 0.0);
        let mut kinship = Kinship { share: self.share(probe.matter, words), ..Kinship::default() };
        for &(stem, posts) in self.0.iter().filter(|(stem, _)| !is_matter(*stem)) {
            let Some(shared) = probe.find(stem) else { continue };
            let part = posts as f32 / most;
            shared_length += square(shared.weight * part);
            common += shared.weight * shared.weight * part;
            let is_name = shared.is_telling && shared.is_name;
            kinship.shares_name |= is_name;
            if !shared.is_telling || !is_name && posts < SHARED_MIN {
                continue;
            }
            let all = words.count(stem);
            let of_word =
                if is_name { leading_share(posts, all) } else { posts as f32 / (all.max(posts) as f32 + 2.0) };
            let of_event = posts as f32 / (most + 1.0);
            let speaks = 2.0 * of_word * of_event / (of_word + of_event);
            kinship.by_word = kinship.by_word.max(speaks);
            if is_name {
                kinship.by_name = kinship.by_name.max(speaks);
            }
        }
        kinship.cosine_at_most = cosine(common, shared_length * probe.length());
        kinship
    }

    /// The cosine of a post and the event, in which a stem weighs by its rarity and by the share of the event's posts that use it.
    pub(crate) fn cosine(&self, probe: &Probe, words: &Words) -> f32 {
        let most = self.most();
        let (mut own, mut common) = (0.0, 0.0);
        for &(stem, posts) in self.0.iter().filter(|(stem, _)| !is_matter(*stem)) {
            let part = posts as f32 / most;
            let shared = probe.find(stem);
            let weight = shared.map_or_else(|| words.idf(stem), |shared| shared.weight);
            own += square(weight * part);
            common += if shared.is_some() { weight * weight * part } else { 0.0 };
        }
        cosine(common, own * probe.length())
    }

    /// Posts that use the stem used most, at least one.
    fn most(&self) -> f32 {
        let posts = self.0.iter().map(|&(stem, posts)| if is_matter(stem) { 0 } else { posts });
        posts.fold(1, u32::max) as f32
    }

    /// How much of what was said lately on a matter was said in the event, 0..1.
    fn share(&self, matter: u32, words: &Words) -> f32 {
        if matter == 0 { 0.0 } else { leading_share(self.posts_with(matter), words.count(matter)) }
    }
}

fn cosine(common: f32, lengths: f32) -> f32 {
    if lengths > 0.0 { common / lengths.sqrt() } else { 0.0 }
}

fn square(number: f32) -> f32 {
    number * number
}

/// The share of an event in all posts, taken cautiously while there are few. While a trouble is young its posts are spread over
/// several events, so what others have counts less.
fn leading_share(posts: u32, all: u32) -> f32 {
    let others = all.saturating_sub(posts) as f32;
    if posts == 0 { 0.0 } else { posts as f32 / (posts as f32 + others.sqrt() + 1.0) }
}
