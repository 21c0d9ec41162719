//! The pages of a list, from the newest down to what is known.

use jiff::Timestamp;
use otklik_domain::Network;
use otklik_ports::PortResult;
use otklik_wire::Post;

use super::{
    asks::Ask,
    calls::{Answer, Stop, Versions},
    crawler::Crawl,
    listing::{self, Marks, Reading, Rules},
    source::Source,
    state::{State, Thread},
    target::Target,
};
use crate::parsed::{Next, Parsed, Skip};

/// Pages of a list that are read in one turn.
const PAGES_MAX: usize = 10;

/// What the pages of a turn brought.
#[derive(Default)]
pub(super) struct Pages {
    pub(super) reading: Reading,
    /// Pages that were read.
    pub(super) count: usize,
    /// Whether they go down to what is known, or to the end.
    pub(super) reached: bool,
    /// Whether the server says that what it showed last is still so.
    pub(super) is_same: bool,
    pub(super) versions: Versions,
    /// The name of the source, if it says one.
    pub(super) name: String,
    /// Instagram: the number of the hashtag, when that is what was asked.
    pub(super) number: Option<String>,
    /// Why the next page was not read.
    pub(super) stop: Option<Stop>,
}

impl Crawl {
    /// Reads the pages of a list.
    pub(super) async fn read_pages(
        &mut self,
        source: &Source,
        state: &State,
        rules: &Rules<'_>,
        mut ask: Ask,
        now: Timestamp,
    ) -> PortResult<Pages> {
        let mut pages = Pages { versions: Versions::of(state), ..Pages::default() };
        let mut is_whole = rules.is_ordered;
        while pages.count < PAGES_MAX && !pages.reached {
            let known = if pages.count == 0 { Versions::of(state) } else { Versions::default() };
            let parsed = match self.call(&ask, known, now).await? {
                Ok(Answer::Parsed(parsed, versions)) => {
                    pages.versions = versions;
                    *parsed
                }
                Ok(Answer::Same) => {
                    pages.is_same = true;
                    break;
                }
                Err(stop) => {
                    pages.stop = Some(stop);
                    break;
                }
            };
            if let Some(number) = self.number_said(source, state, &parsed) {
                pages.number = Some(number);
                break;
            }
            is_whole &= parsed.skipped.of(Skip::Broken) == 0 && parsed.skipped.of(Skip::OverLimit) == 0;
            match pages.take(parsed, state, rules) {
                Some(next) => ask.request = self.asks.following(source, ask.request, &next),
                None => pages.reached = true,
            }
        }
        if !is_whole || pages.stop.is_some() {
            pages.reading.whole_from = None;
        }
        Ok(pages)
    }

    /// The number of a hashtag that is not known yet: Instagram shows its publications by that only.
    fn number_said(&self, source: &Source, state: &State, parsed: &Parsed) -> Option<String> {
        let is_asked =
            source.network == Network::Instagram && matches!(source.target, Target::Tag(_)) && state.number.is_none();
        parsed.communities.first().filter(|_| is_asked).map(|hashtag| hashtag.id.clone())
    }
}

impl Pages {
    /// Takes a page, and says what to ask for next.
    fn take(&mut self, parsed: Parsed, state: &State, rules: &Rules<'_>) -> Option<Next> {
        self.count += 1;
        if let Some(community) = parsed.communities.iter().find(|community| !community.name.is_empty()) {
            self.name.clone_from(&community.name);
        }
        let mark = |post: &Post| listing::mark(rules.marks, post);
        let is_known = |post: &Post| state.posts.knows(rules, post, mark(post));
        let is_before = |post: &Post| rules.not_before.is_some_and(|from| listing::published(post) < from);
        let oldest = parsed.posts.last();
        // A list in order is read down to what is known; one without order, until a page brings nothing. What a reading that was
        // broken off left is read first.
        let reached = match (rules.is_ordered, oldest) {
            (_, None) => true,
            (true, Some(post)) => {
                let is_deep = state.owed.is_none_or(|owed| mark(post) <= owed.down_to);
                is_deep && (is_known(post) || is_before(post))
            }
            (false, Some(_)) => {
                let is_deep = state.owed.is_none_or(|owed| self.count >= owed.pages);
                is_deep && parsed.posts.iter().all(|post| is_known(post) && !has_grown(state, rules.prefix, post))
            }
        };
        self.reading.whole_from = match (&parsed.next, oldest) {
            // Others of the same second may be on the next page.
            (Some(_), Some(post)) => Some(mark(post).saturating_add(i64::from(rules.marks == Marks::Times))),
            (Some(_), None) => self.reading.whole_from,
            (None, _) => Some(i64::MIN),
        };
        self.reading.deleted.extend(parsed.deleted);
        self.reading.posts.extend(parsed.posts);
        parsed.next.filter(|_| !reached)
    }
}

/// Whether a post has more comments than were read.
fn has_grown(state: &State, prefix: &str, post: &Post) -> bool {
    let thread = post.id.strip_prefix(prefix).and_then(|id| state.threads.get(id));
    post.metrics.comments > thread.map_or(0, |thread: &Thread| thread.count)
}
