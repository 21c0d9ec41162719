//! When the comments of a post are read.

use jiff::{SignedDuration, Timestamp};

use super::{
    crawler::{Crawl, add},
    state::Thread,
};
use crate::schedule::Policy;

/// Comments an hour from which a post is read again though nothing was added: some are edited.
const LIVELY: f64 = 0.3;
/// How often that is done.
const AGAIN: SignedDuration = SignedDuration::from_hours(2);
/// Shortest time between two readings of a post's comments.
const THREAD_GAP: SignedDuration = SignedDuration::from_mins(2);

impl Crawl {
    /// The comments that are due first: when, of which source, below which post.
    pub(super) fn thread_due(&self, now: Timestamp) -> Option<(Timestamp, usize, String)> {
        let due =
            |(index, watched): (usize, &super::crawler::Watched)| watched.thread.as_ref().map(|(at, _)| (*at, index));
        let (at, index) = self.sources.iter().enumerate().filter_map(due).min()?;
        let watched = self.sources.get(index)?;
        let post = watched.thread.as_ref().map(|(_, post)| post.clone())?;
        let open = self.budgets.free_at(std::slice::from_ref(&watched.main_lane), now);
        Some((at.max(open), index, post))
    }

    /// Works out what is next at a source, after its state has changed.
    pub(super) fn look_at(&mut self, index: usize) {
        let now = self.ports.clock.now();
        let Some(watched) = self.sources.get(index) else { return };
        let threads = watched.state.threads.iter();
        let first = threads.filter_map(|(id, thread)| Some((self.due(thread)?, id))).min();
        let thread = first.map(|(at, id)| (at, id.clone()));
        let rate = watched.state.post_rate(now);
        if let Some(watched) = self.sources.get_mut(index) {
            (watched.thread, watched.rate) = (thread, rate);
        }
    }

    /// When the comments of a post are to be read; `None` while there are no new ones and few are written.
    fn due(&self, thread: &Thread) -> Option<Timestamp> {
        let is_lively = thread.rate >= LIVELY && self.config.policy == Policy::Value;
        // Fewer of them is news too: some were deleted.
        let grown = (thread.count != thread.read).then_some(THREAD_GAP);
        let gap = grown.or(is_lively.then_some(AGAIN))?;
        let at = thread.read_at.map_or(Timestamp::UNIX_EPOCH, |read| add(read, gap));
        Some(thread.rest_until.map_or(at, |rest| rest.max(at)))
    }
}
