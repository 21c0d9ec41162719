//! Counters of posts between two readings of their lists.
//!
//! A list is read as often as its quota allows. VK gives posts by number too, a hundred of any walls in a call that no quota of a day
//! is known for: so what was commented, edited or deleted since is seen within minutes, and comments are read only where there are
//! new ones.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use otklik_domain::Network;
use otklik_ports::PortResult;
use otklik_wire::Post;

use super::{
    asks::LOOK_MAX,
    calls::{Answer, Stop, Versions},
    crawler::{Crawl, add},
    faults::{Fault, Scope},
    listing::{Reading, Rules},
    reading::posts_of,
    source::Source,
    state::State,
};
use crate::{parsed::Skip, schedule::Lane};

/// How often it is worked out which posts are due.
const ROUND: SignedDuration = SignedDuration::from_secs(60);
/// A post is looked at again after this part of its age: comments come ever more rarely.
const AGE_PART: i32 = 80;
/// Shortest and longest time between two looks at a post.
const LOOK_GAP: SignedDuration = SignedDuration::from_mins(3);
const LOOK_GAP_MAX: SignedDuration = SignedDuration::from_hours(6);
/// How long nothing is looked at after a trouble.
const TROUBLED: SignedDuration = SignedDuration::from_secs(30);

/// Which posts are to be looked at.
#[derive(Default)]
pub(super) struct Looks {
    /// The posts of this round, by source and the end of their id.
    queue: VecDeque<(usize, String)>,
    /// When the next round is worked out.
    next_round: Option<Timestamp>,
    /// When each post was looked at last, by source.
    looked: HashMap<usize, HashMap<String, Timestamp>>,
}

impl Crawl {
    /// When counters are looked at next.
    pub(super) fn looks_due(&self, now: Timestamp) -> Timestamp {
        if !self.config.looks || self.config.network != Network::Vk || self.sources.is_empty() {
            return Timestamp::MAX;
        }
        let at = self.looks.next_round.filter(|_| self.looks.queue.is_empty()).unwrap_or(now);
        let lanes = self.sources.iter().map(|watched| &watched.main_lane).take(1);
        lanes.map(|lane| self.budgets.free_at(std::slice::from_ref(lane), now)).fold(at, Timestamp::max)
    }

    /// Looks at the counters of the posts that are due, as many as fit into a call.
    pub(super) async fn look_at_counters(&mut self, now: Timestamp) -> PortResult<()> {
        if self.looks.queue.is_empty() {
            self.begin_round(now);
        }
        let count = self.looks.queue.len().min(LOOK_MAX);
        let due: Vec<(usize, String)> = self.looks.queue.drain(..count).collect();
        let asked =
            due.iter().filter_map(|(index, post)| Some((self.sources.get(*index)?.source.clone(), post.clone())));
        let asked: Vec<(Source, String)> = asked.collect();
        let Some(ask) = self.asks.counters(&asked) else { return Ok(()) };
        let parsed = match self.call(&ask, Versions::default(), now).await? {
            Ok(Answer::Parsed(parsed, _)) => *parsed,
            Ok(Answer::Same) => return Ok(()),
            Err(stop) => {
                self.looks.queue.clear();
                self.looks.next_round = Some(add(now, TROUBLED));
                return match (stop, due.first()) {
                    (Stop::Fault(fault), Some((index, _))) => self.looks_trouble(*index, fault, &ask.lanes, now).await,
                    _ => Ok(()),
                };
            }
        };
        let is_whole = parsed.skipped.of(Skip::Broken) == 0 && parsed.skipped.of(Skip::OverLimit) == 0;
        let mut by_source: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        due.into_iter().for_each(|(index, post)| by_source.entry(index).or_default().push(post));
        let mut shown: HashMap<String, Post> = parsed.posts.into_iter().map(|post| (post.id.clone(), post)).collect();
        for (index, asked) in by_source {
            self.compare(index, &asked, &mut shown, is_whole, now).await?;
        }
        Ok(())
    }

    /// A trouble with counters stops no wall, unless it is the token's: then the first of them tells of it.
    async fn looks_trouble(&mut self, index: usize, fault: Fault, lanes: &[Lane], now: Timestamp) -> PortResult<()> {
        let mut alone = State::default();
        let scope = fault.settle(&mut alone, &mut self.budgets, lanes, now);
        self.save_budgets().await?;
        let Some(mut state) = self.sources.get(index).map(|watched| watched.state.clone()) else { return Ok(()) };
        if scope == Scope::Source {
            return Ok(());
        }
        tracing::error!(crawl = %self.config.name, "the token needs somebody to look at it");
        state.trouble = alone.trouble;
        self.keep(index, state, Vec::new()).await
    }

    /// Compares posts of a source with what is known of them.
    async fn compare(
        &mut self,
        index: usize,
        asked: &[String],
        shown: &mut HashMap<String, Post>,
        is_whole: bool,
        now: Timestamp,
    ) -> PortResult<()> {
        let Some(watched) = self.sources.get(index) else { return Ok(()) };
        let (source, mut state) = (watched.source.clone(), watched.state.clone());
        let prefix = source.id_prefix();
        let (mut posts, mut missing) = (Vec::new(), Vec::new());
        for post in asked {
            let id = format!("{prefix}{post}");
            match shown.remove(&id) {
                Some(post) => posts.push(post),
                None => missing.push(id),
            }
        }
        let looked = self.looks.looked.entry(index).or_default();
        looked.extend(asked.iter().map(|post| (post.clone(), now)));
        // A wall of which nothing is shown is closed or in trouble: its own reading will tell.
        if posts.is_empty() {
            return Ok(());
        }
        if !is_whole {
            missing.clear();
        }
        self.note_threads(&source, &mut state, &prefix, &posts);
        let keep_above = state.owed.map(|owed| owed.down_to);
        let rules = Rules { keep_above, ..self.asks.post_rules(&source, &prefix) };
        let found = state.posts.merge(&rules, Reading { posts, missing, ..Reading::default() });
        self.forget(&source, &prefix, &mut state, &found).await?;
        self.keep(index, state, posts_of(found, &source.region)).await
    }

    /// Works out which posts are due, those that are late by most first.
    fn begin_round(&mut self, now: Timestamp) {
        self.looks.next_round = Some(add(now, ROUND));
        let mut due: Vec<(Timestamp, usize, String)> = Vec::new();
        for (index, watched) in self.sources.iter().enumerate() {
            let Some(read) = watched.state.answered_at.filter(|_| watched.state.trouble.is_none()) else { continue };
            let looked = self.looks.looked.entry(index).or_default();
            looked.retain(|_, at| now.duration_since(*at) < LOOK_GAP_MAX);
            for (post, published, is_missed) in watched.state.posts.entries() {
                if self.asks.number(&watched.source, post).is_none() {
                    continue;
                }
                let last = looked.get(post).copied().unwrap_or(read).max(read);
                let at = add(last, gap(now.duration_since(published), is_missed));
                if at <= now {
                    due.push((at, index, post.to_owned()));
                }
            }
        }
        due.sort_unstable();
        self.looks.queue = due.into_iter().map(|(_, index, post)| (index, post)).collect();
    }
}

/// Time between two looks at a post of an age. One that was not shown is looked for soon.
fn gap(age: SignedDuration, is_missed: bool) -> SignedDuration {
    if is_missed { LOOK_GAP } else { (age / AGE_PART).clamp(LOOK_GAP, LOOK_GAP_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_posts_are_looked_at_more_often() {
        let check = |hours: i64, is_missed: bool, minutes: i64| {
            let gap = gap(SignedDuration::from_hours(hours), is_missed);
            assert_eq!(gap, SignedDuration::from_mins(minutes), "{hours} h");
        };
        check(0, false, 3);
        check(4, false, 3);
        check(24, false, 18);
        check(24, true, 3);
        check(90 * 24, false, 360);
    }
}
