//! Reading: the calls of a turn, and what comes of them.

use jiff::SignedDuration;
use otklik_ports::{Cursor, PortResult};
use otklik_wire::Post;

use super::{
    calls::Stop,
    crawler::{Crawl, add},
    faults::{Fault, Scope},
    listing::{self, Found},
    source::Source,
    state::{Comments, Owed, State},
    target::Target,
};
use crate::schedule::Lane;

/// How often the state of a source that brings nothing is written.
const SAVE_GAP: SignedDuration = SignedDuration::from_mins(10);

/// A search asks from so long before it was answered last: what is published may be found late.
const SEARCH_BACK: SignedDuration = SignedDuration::from_hours(2);

impl Crawl {
    /// Reads the newest posts of a source and hands in what is new.
    pub(super) async fn read_posts(&mut self, index: usize) -> PortResult<()> {
        let Some(watched) = self.sources.get(index) else { return Ok(()) };
        let (source, mut state) = (watched.source.clone(), watched.state.clone());
        let now = self.ports.clock.now();
        let prefix = source.id_prefix();
        let mut rules = self.asks.post_rules(&source, &prefix);
        rules.not_before = state.answered_at.is_none().then(|| add(now, -self.config.backfill));
        let since = state.answered_at.map_or(add(now, -self.config.backfill), |answered| add(answered, -SEARCH_BACK));
        let ask = self.asks.posts(&source, &state, since, now);
        let lanes = ask.lanes.clone();
        let pages = self.read_pages(&source, &state, &rules, ask, now).await?;
        // What was begun and broken off is taken as far as it goes, but for the first reading, which begins anew.
        let is_broken_off = pages.stop.is_some();
        if is_broken_off && (pages.count == 0 || state.answered_at.is_none()) {
            return match pages.stop {
                Some(Stop::Fault(fault)) => self.trouble(index, state, fault, &lanes, Vec::new()).await,
                _ => Ok(()),
            };
        }
        if pages.number.is_some() {
            state.number = pages.number;
            return self.keep(index, state, Vec::new()).await;
        }
        (state.etag, state.last_modified) = (pages.versions.etag, pages.versions.last_modified);
        if pages.is_same {
            state.answered(now);
            return self.keep(index, state, Vec::new()).await;
        }
        if !pages.name.is_empty() {
            state.name = pages.name;
        }
        let owed = Owed { down_to: state.posts.top(), pages: pages.count + 2 };
        let older = state.owed.unwrap_or(owed);
        state.owed = is_broken_off.then(|| Owed { down_to: older.down_to, pages: older.pages.max(owed.pages) });
        rules.keep_above = state.owed.map(|owed| owed.down_to);
        // What was written long before the first reading is no gap.
        if !pages.reached && !is_broken_off && rules.not_before.is_none() {
            state.gap_since = state.gap_since.or(state.answered_at).or(Some(now));
        }
        self.note_threads(&source, &mut state, &prefix, &pages.reading.posts);
        let mut found = state.posts.merge(&rules, pages.reading);
        self.leave_to_walls(&source, &mut found);
        if rules.not_before.is_none() {
            let lag = |post: &Post| now.duration_since(listing::published(post)).as_secs_f64() / 60.0;
            state.note_lags(found.fresh.iter().map(lag));
        }
        self.forget(&source, &prefix, &mut state, &found).await?;
        let posts = posts_of(found, &source.region);
        if let Some(Stop::Fault(fault)) = pages.stop {
            return self.trouble(index, state, fault, &lanes, posts).await;
        }
        state.answered(now);
        self.keep(index, state, posts).await
    }

    /// Takes note of how many comments posts have.
    pub(super) fn note_threads(&self, source: &Source, state: &mut State, prefix: &str, posts: &[Post]) {
        if !source.target.has_comments() {
            return;
        }
        for post in posts {
            let Some(id) = post.id.strip_prefix(prefix) else { continue };
            if post.metrics.comments > 0 || state.threads.contains_key(id) {
                state.threads.entry(id.to_owned()).or_default().count = post.metrics.comments;
            }
        }
    }

    /// What a search finds on walls that are read anyway comes from there.
    fn leave_to_walls(&self, source: &Source, found: &mut Found) {
        if !matches!(source.target, Target::Search(_)) {
            return;
        }
        let walls: Vec<String> = self.sources.iter().map(|watched| &watched.source).filter_map(wall_prefix).collect();
        let is_elsewhere = |post: &Post| walls.iter().any(|wall| post.id.starts_with(wall));
        found.fresh.retain(|post| !is_elsewhere(post));
        found.changed.retain(|post| !is_elsewhere(post));
    }

    /// Hands in what is gone, with its comments, and lets go of comments whose post is no longer kept in mind.
    pub(super) async fn forget(
        &self,
        source: &Source,
        prefix: &str,
        state: &mut State,
        found: &Found,
    ) -> PortResult<()> {
        for id in &found.gone {
            let Some(post) = id.strip_prefix(prefix) else { continue };
            let cursor = comments_cursor(source, post);
            let comments = Comments::read(self.ports.intake.cursor(&cursor).await?.as_deref());
            for comment in comments.known.ids() {
                self.ports.intake.delete(&format!("{}{comment}", source.comment_prefix(post)), &source.region).await?;
            }
            self.ports.intake.delete(id, &source.region).await?;
        }
        let known: std::collections::HashSet<String> = state.posts.ids().map(str::to_owned).collect();
        state.threads.retain(|id, _| known.contains(id));
        Ok(())
    }

    /// Hands in posts and keeps the state, in one step.
    pub(super) async fn keep(&mut self, index: usize, state: State, posts: Vec<Post>) -> PortResult<()> {
        let now = self.ports.clock.now();
        let Some(watched) = self.sources.get_mut(index) else { return Ok(()) };
        let is_due = now.duration_since(watched.saved_at) >= SAVE_GAP || watched.state.trouble != state.trouble;
        if !posts.is_empty() || is_due || watched.state.posts != state.posts {
            let cursor = Cursor { source: watched.source.cursor(), position: state.write() };
            self.ports.intake.take(posts, cursor).await?;
            watched.saved_at = now;
        }
        watched.state = state;
        self.look_at(index);
        Ok(())
    }

    /// Settles a trouble with a source, and hands in what came before it.
    async fn trouble(
        &mut self,
        index: usize,
        mut state: State,
        fault: Fault,
        lanes: &[Lane],
        posts: Vec<Post>,
    ) -> PortResult<()> {
        let now = self.ports.clock.now();
        // What was asked but not answered was no reading: what is waiting still waits.
        if fault.settle(&mut state, &mut self.budgets, lanes, now) == Scope::Token {
            tracing::error!(crawl = %self.config.name, "the token needs somebody to look at it");
        }
        self.save_budgets().await?;
        self.keep(index, state, posts).await
    }
}

/// What the ids of a wall's posts begin with.
fn wall_prefix(source: &Source) -> Option<String> {
    matches!(source.target, Target::Wall(_)).then(|| source.id_prefix())
}

/// The cursor under which the comments of a post are known.
pub(super) fn comments_cursor(source: &Source, post: &str) -> String {
    format!("{}:{post}", source.cursor())
}

/// What is handed in, from old to new, with its region.
pub(super) fn posts_of(found: Found, region: &str) -> Vec<Post> {
    let mut posts: Vec<Post> = found.fresh.into_iter().chain(found.changed).collect();
    for post in &mut posts {
        post.region = Some(region.to_owned());
    }
    posts.sort_by_key(listing::published);
    posts
}
