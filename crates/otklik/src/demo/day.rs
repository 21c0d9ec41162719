//! The demonstration day: 24 hours of an invented region, written by hand under `pipelines/demo` and played out by a seed.
//!
//! The same start and seed give the same posts, byte for byte. What was planted is known, so that everything
//! downstream can be checked against it.

mod background;
mod content;
mod draft;
mod edit;
mod people;
mod planted;
pub(super) mod random;
mod template;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use otklik_wire::Post;
use serde::Serialize;

use self::{content::Content, draft::Drafts, random::Random};

/// The region of the day: that of `dictionaries/places/demo.tsv` and `dictionaries/regions/demo.toml`.
pub(crate) const REGION: &str = "demo";

/// A day of posts and what is true about them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Day {
    /// Posts, comments and appeals by time of publication.
    pub(crate) posts: Vec<Post>,
    /// The events planted among them, by id.
    pub(crate) planted: Vec<Planted>,
}

/// An event somebody wrote into the day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Planted {
    /// The name of its file.
    pub(crate) id: String,
    /// What happened and where, in Russian.
    pub(crate) title: String,
    /// The topics it may rightly be given, the best first.
    pub(crate) topics: Vec<String>,
    /// Where it happened; `None` when it touches the whole region.
    pub(crate) municipality: Option<String>,
    /// The same in words: a street with a house, a landmark, a village.
    pub(crate) place: String,
    /// The body that has to answer.
    pub(crate) agency: String,
    /// How bad it is, 1 to 5.
    pub(crate) severity: u8,
    /// Whether people are in danger.
    pub(crate) danger: bool,
    /// The planted event it repeats.
    pub(crate) repeats: Option<String>,
    /// Ids of its posts, by time.
    pub(crate) posts: Vec<String>,
}

/// Plays out the day that begins at `start`, which should be midnight in the region: the texts speak of mornings and evenings.
///
/// # Errors
/// A mistake in the files of `pipelines/demo`, named with its file; a day that ends outside the years jiff knows.
pub(crate) fn generate(start: Timestamp, seed: u64) -> anyhow::Result<Day> {
    let content = Content::embedded()?;
    let mut random = Random::new(seed);
    let mut drafts = Drafts::default();
    background::write(&content, &mut random, &mut drafts)?;
    for (number, event) in content.events.iter().enumerate() {
        planted::write(&content, number, event, &mut random, &mut drafts)?;
    }
    let (posts, ids_by_event) = drafts.publish(&content, start, &mut random)?;
    let planted = content.events.into_iter().zip(ids_by_event).map(|(event, ids)| event.truth(ids)).collect();
    Ok(Day { posts, planted })
}
