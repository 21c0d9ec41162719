//! The comments of a post: when they are read, and what comes of it.

use jiff::{SignedDuration, Timestamp};
use otklik_ports::{Cursor, PortResult};

use super::{
    asks::Ask,
    calls::{Answer, Stop, Versions},
    crawler::{Crawl, add},
    faults::Fault,
    listing::Reading,
    reading::{comments_cursor, posts_of},
    source::Source,
    state::{Comments, State, Thread},
};
use crate::{
    parsed::Skip,
    schedule::{Lane, Policy},
};

/// Pages of the comments of a post, and of answers to one of them.
const PAGES_MAX: usize = 30;
/// Comments whose further answers are asked for in one turn.
const ANSWERED_MAX: usize = 100;

/// Comments an hour from which a post is read again though nothing was added: some are edited.
const LIVELY: f64 = 0.3;
/// How often that is done.
const AGAIN: SignedDuration = SignedDuration::from_hours(2);
/// Shortest time between two readings of a post's comments.
const THREAD_GAP: SignedDuration = SignedDuration::from_mins(2);

/// What the pages of a turn brought.
#[derive(Default)]
struct Pages {
    reading: Reading,
    /// Why the next page was not read.
    stop: Option<Stop>,
}

impl Crawl {
    /// Reads the comments of a post, all of them, and hands in what is new.
    ///
    /// The newest come first, so what is written meanwhile pushes others onto the next page, where they are met again and known. A
    /// reading that is broken off is taken as far as it went, and begun again in its turn.
    pub(super) async fn read_comments(&mut self, index: usize, post: &str) -> PortResult<()> {
        let Some(watched) = self.sources.get(index) else { return Ok(()) };
        let Some(mut thread) = watched.state.threads.get(post).cloned() else { return Ok(()) };
        let (source, published) = (watched.source.clone(), watched.state.posts.time_of(post));
        let now = self.ports.clock.now();
        let Some(ask) = self.asks.comments(&source, post) else { return Ok(()) };
        let lanes = ask.lanes.clone();
        let cursor = comments_cursor(&source, post);
        let mut comments = Comments::read(self.ports.intake.cursor(&cursor).await?.as_deref());
        let before = comments.clone();
        let Pages { reading, stop } = self.read_thread(&source, post, ask, now).await?;
        let prefix = source.comment_prefix(post);
        let mut rules = self.asks.comment_rules(&prefix);
        comments.owed = stop.is_some().then(|| before.owed.unwrap_or_else(|| before.known.top()));
        rules.keep_above = comments.owed;
        let found = comments.known.merge(&rules, reading);
        thread.note(found.fresh.len(), now, published.unwrap_or(now));
        if stop.is_some() || comments.known.misses_any() {
            thread.read = Thread::TO_BE_READ;
        }
        for id in &found.gone {
            self.ports.intake.delete(id, &source.region).await?;
        }
        if comments != before {
            let cursor = Cursor { source: cursor, position: comments.write() };
            self.ports.intake.take(posts_of(found, &source.region), cursor).await?;
        }
        if let Some(watched) = self.sources.get_mut(index) {
            watched.state.threads.insert(post.to_owned(), thread);
        }
        if let Some(Stop::Fault(fault)) = stop {
            return self.thread_trouble(index, post, fault, &lanes).await;
        }
        self.look_at(index);
        Ok(())
    }

    /// Reads the pages of comments, and of answers to them.
    async fn read_thread(&mut self, source: &Source, post: &str, ask: Ask, now: Timestamp) -> PortResult<Pages> {
        let mut pages = Pages::default();
        let mut is_whole = true;
        let mut asks = vec![ask];
        while let Some(mut ask) = asks.pop() {
            for page in 0.. {
                if page == PAGES_MAX {
                    is_whole = false;
                    break;
                }
                let parsed = match self.call(&ask, Versions::default(), now).await? {
                    Ok(Answer::Parsed(parsed, _)) => *parsed,
                    Ok(Answer::Same) => break,
                    Err(stop) => {
                        pages.stop = Some(stop);
                        return Ok(pages);
                    }
                };
                is_whole &= parsed.skipped.of(Skip::Broken) == 0 && parsed.skipped.of(Skip::OverLimit) == 0;
                let answered = parsed.threads.iter().take(ANSWERED_MAX);
                asks.extend(answered.filter_map(|comment| self.asks.answers(source, post, comment)));
                let is_empty = parsed.posts.is_empty();
                pages.reading.posts.extend(parsed.posts);
                pages.reading.deleted.extend(parsed.deleted);
                match parsed.next {
                    Some(next) if !is_empty => ask.request = ask.request.following(&next),
                    _ => break,
                }
            }
        }
        pages.reading.whole_from = is_whole.then_some(i64::MIN);
        Ok(pages)
    }

    /// A trouble with the comments of one post does not stop its wall.
    async fn thread_trouble(&mut self, index: usize, post: &str, fault: Fault, lanes: &[Lane]) -> PortResult<()> {
        let now = self.ports.clock.now();
        let Some(mut state) = self.sources.get(index).map(|watched| watched.state.clone()) else { return Ok(()) };
        let mut alone = State { troubles: state.troubles, ..State::default() };
        fault.settle(&mut alone, &mut self.budgets, lanes, now);
        self.save_budgets().await?;
        state.trouble = alone.trouble;
        if let Some(thread) = state.threads.get_mut(post) {
            thread.rest_until = alone.rest_until;
        }
        self.keep(index, state, Vec::new()).await
    }

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
