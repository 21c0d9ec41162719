//! A crawl: its sources, their states, and whose turn it is.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use otklik_domain::Network;
use otklik_ports::{Clock, Fetch, PortError, PortResult, Snapshot, Snapshots};

use super::{
    asks::{Asks, Limits},
    counters::Looks,
    intake::{Intake, Timer},
    source::Source,
    state::State,
    target::Lists,
};
use crate::{
    author::AuthorKeys,
    request::Credentials,
    schedule::{Budgets, Candidate, Lane, Policy, Profile, next_slot},
};

/// What was closed for longer than this was closed for good, until the next start.
const REOPEN: SignedDuration = SignedDuration::from_hours(48);
/// How long nothing is asked after a start: limits count within a second.
const SETTLE: SignedDuration = SignedDuration::from_secs(1);
/// How long nothing is done when no source may be read after all.
const IDLE: SignedDuration = SignedDuration::from_mins(3);
/// How often the hours of the day are looked at anew.
const PROFILE_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// What a crawl reads, and how.
#[derive(Debug, Clone)]
pub struct CrawlConfig {
    /// Its name: that of its token, its saved state and its lanes, such as `vk:main`.
    pub name: String,
    /// The network of all its sources.
    pub network: Network,
    /// What is read.
    pub sources: Vec<Source>,
    /// Its limits.
    pub limits: Limits,
    /// In place of the network's own address.
    pub base: Option<String>,
    /// What the network knows the deployment by.
    pub credentials: Credentials,
    /// How turns are given.
    pub policy: Policy,
    /// Whether counters of posts are looked at between readings of their lists, where a network has a call for it.
    pub looks: bool,
    /// How old posts may be that are taken when a source is read for the first time.
    pub backfill: SignedDuration,
}

/// What a crawl works with.
#[derive(Clone)]
pub struct CrawlPorts {
    /// Reads.
    pub fetch: Arc<dyn Fetch>,
    /// Takes posts in.
    pub intake: Arc<dyn Intake>,
    /// Keeps what was used of the limits.
    pub snapshots: Arc<dyn Snapshots>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Waits.
    pub timer: Arc<dyn Timer>,
    /// Hashes authors; without it they are left out.
    pub authors: Option<AuthorKeys>,
}

/// What a step of a crawl came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A source, or the comments of a post, were read or tried.
    Done,
    /// Nothing is to be done before this time.
    Wait(Timestamp),
}

/// Reads sources that share a limit.
pub struct Crawl {
    pub(super) config: CrawlConfig,
    pub(super) ports: CrawlPorts,
    pub(super) asks: Asks,
    pub(super) budgets: Budgets,
    /// By the place of the source in the configuration, as all that follows.
    pub(super) sources: Vec<Watched>,
    /// Posts whose counters are to be looked at.
    pub(super) looks: Looks,
    profile: Profile,
    profile_at: Timestamp,
    /// The lanes of the lists, in the order of [`Lists::ALL`].
    list_lanes: [Lane; 3],
}

/// A source with what is known of it.
pub(super) struct Watched {
    pub(super) source: Source,
    pub(super) state: State,
    /// When the state was written into the log.
    pub(super) saved_at: Timestamp,
    pub(super) main_lane: Lane,
    /// Posts expected in an hour.
    pub(super) rate: f64,
    /// The post whose comments are due first, and when.
    pub(super) thread: Option<(Timestamp, String)>,
}

impl std::fmt::Debug for Crawl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crawl").field("name", &self.config.name).field("sources", &self.sources.len()).finish()
    }
}

impl Crawl {
    /// Takes a crawl up where it was left.
    ///
    /// # Errors
    /// What is kept of it cannot be read.
    pub async fn open(config: CrawlConfig, ports: CrawlPorts) -> PortResult<Self> {
        let asks = Asks {
            network: config.network,
            crawl: config.name.clone(),
            base: config.base.clone(),
            limits: config.limits,
            account: config.credentials.account.clone().unwrap_or_default(),
        };
        let saved = ports.snapshots.load(&stage(&config.name), 0).await?;
        let mut budgets: Budgets = match saved {
            None => Budgets::default(),
            Some(snapshot) => serde_json::from_slice(&snapshot.state).map_err(|error| {
                let message = format!("what crawl {} used of its limits cannot be read", config.name);
                PortError::caused(otklik_ports::ErrorKind::Corrupt, message, error)
            })?,
        };
        let now = ports.clock.now();
        // A token that was refused is tried again: somebody may have seen to it.
        budgets.reopen(add(now, REOPEN));
        // Calls of the last second may not have been kept.
        let settled = add(now, SETTLE);
        config.sources.iter().for_each(|source| budgets.block(&asks.main_lane(source).name, settled));
        let mut sources = Vec::with_capacity(config.sources.len());
        for source in &config.sources {
            let position = ports.intake.cursor(&source.cursor()).await?;
            let state = position.as_deref().and_then(State::read).unwrap_or_default();
            let main_lane = asks.main_lane(source);
            sources.push(Watched { source: source.clone(), state, saved_at: now, main_lane, rate: 0.0, thread: None });
        }
        let list_lanes = Lists::ALL.map(|lists| asks.list_lane(lists));
        let (profile, looks) = (Profile::default(), Looks::default());
        let mut crawl = Self { config, ports, asks, budgets, sources, looks, profile, profile_at: now, list_lanes };
        crawl.look_at_hours(now);
        for index in 0..crawl.sources.len() {
            crawl.look_at(index);
        }
        Ok(crawl)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Does what is due, or says when something will be.
    ///
    /// # Errors
    /// Posts could not be taken in, or limits not kept: nothing was lost, the step can be done again.
    pub async fn step(&mut self) -> PortResult<Step> {
        let now = self.ports.clock.now();
        if now.duration_since(self.profile_at) >= PROFILE_KEPT {
            self.look_at_hours(now);
        }
        let posts_at = self.posts_due(now);
        let thread = self.thread_due(now);
        let thread_at = thread.as_ref().map_or(Timestamp::MAX, |(at, ..)| *at);
        let looks_at = self.looks_due(now);
        let earliest = posts_at.min(thread_at).min(looks_at);
        if earliest > now {
            return Ok(Step::Wait(earliest));
        }
        if posts_at <= now {
            let candidates = self.candidates(now);
            if let Some(index) = self.config.policy.pick(&candidates, &self.profile, now) {
                self.read_posts(index).await?;
                return Ok(Step::Done);
            }
        }
        if looks_at <= now {
            self.look_at_counters(now).await?;
            return Ok(Step::Done);
        }
        match thread {
            Some((at, index, post)) if at <= now => self.read_comments(index, &post).await?,
            _ => return Ok(Step::Wait(add(now, IDLE))),
        }
        Ok(Step::Done)
    }

    /// When the next list can be read.
    fn posts_due(&self, now: Timestamp) -> Timestamp {
        let slots = self.slots(now);
        self.sources.iter().map(|watched| self.earliest(watched, slots, now)).min().unwrap_or(Timestamp::MAX)
    }

    /// When the next list of each kind can be read at all, and when it is its time, in the order of [`Lists::ALL`].
    fn slots(&self, now: Timestamp) -> [(Timestamp, Timestamp); 3] {
        self.list_lanes.each_ref().map(|lane| {
            let open = self.budgets.free_at(std::slice::from_ref(lane), now);
            (open, next_slot(&self.budgets, lane, self.config.policy, &self.profile, now))
        })
    }

    /// When a source may be read again. One that was never read does not wait until it is time.
    fn earliest(&self, watched: &Watched, slots: [(Timestamp, Timestamp); 3], now: Timestamp) -> Timestamp {
        let read_at = watched.state.read_at;
        let rested = read_at.map(|read| add(read, self.config.limits.source_gap));
        let kind = watched.source.target.lists();
        let slot = Lists::ALL.iter().zip(slots).find(|(lists, _)| **lists == kind).map(|(_, slot)| slot);
        let (open, slot) = (slot.map(|(open, _)| open), slot.map(|(_, slot)| slot).filter(|_| read_at.is_some()));
        let main = self.budgets.free_at(std::slice::from_ref(&watched.main_lane), now);
        rested.into_iter().chain(watched.state.rest_until).chain(open).chain(slot).fold(main, Timestamp::max)
    }

    /// What is known about the sources, in their order.
    pub(super) fn candidates(&self, now: Timestamp) -> Vec<Candidate> {
        let long_ago = add(now, SignedDuration::from_hours(-7 * 24));
        let slots = self.slots(now);
        let candidate = |watched: &Watched| Candidate {
            rate: watched.rate,
            read_at: watched.state.read_at.unwrap_or(long_ago).max(long_ago),
            earliest: self.earliest(watched, slots, now),
            weight: watched.source.weight,
            promise: watched.source.promise,
        };
        self.sources.iter().map(candidate).collect()
    }

    fn look_at_hours(&mut self, now: Timestamp) {
        let from = add(now, SignedDuration::from_hours(-14 * 24));
        let times = self.sources.iter().flat_map(|watched| watched.state.posts.times());
        self.profile = Profile::of(times.filter(|time| *time >= from));
        self.profile_at = now;
    }

    /// Keeps what was used of the limits.
    pub(super) async fn save_budgets(&self) -> PortResult<()> {
        let state = serde_json::to_vec(&self.budgets).map_err(|error| {
            PortError::caused(otklik_ports::ErrorKind::Internal, "what was used of limits cannot be written", error)
        })?;
        self.ports.snapshots.save(&stage(&self.config.name), 0, Snapshot { offset: 0, state }).await
    }
}

/// The name under which a crawl keeps what it used: letters, digits and hyphens.
fn stage(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("crawl-{}", name.chars().map(plain).collect::<String>())
}

pub(super) fn add(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.saturating_add(span).unwrap_or(Timestamp::MAX)
}
