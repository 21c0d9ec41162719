//! A day of the world, read by the crawl in virtual time, with kills in between.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use otklik_domain::Network;
use otklik_ports::{Clock, ErrorKind, Fetch, FixedClock};
use otklik_sources::{
    crawl::{Crawl, CrawlConfig, CrawlPorts, Limits, Source, Step},
    request::Credentials,
    schedule::Policy,
};

use crate::{
    desk::{Desk, VirtualTimer},
    http::Direct,
    judge::Outcome,
    random::Random,
    world::World,
};

/// How a day is read.
#[derive(Debug, Clone)]
pub struct DayConfig {
    /// How turns are given.
    pub policy: Policy,
    /// Whether counters of posts are looked at between readings of their walls.
    pub looks: bool,
    /// Kills at random moments, half of them between two writes of one turn.
    pub kills: u32,
    /// Decides when they come.
    pub seed: u64,
    /// Walls read in a day, in place of the quota: for regions smaller than a whole one.
    pub walls_a_day: Option<u32>,
    /// The address of the networks, when they are asked over HTTP.
    pub base: Option<String>,
}

/// A day being read.
pub struct Day {
    pub(crate) world: Arc<World>,
    clock: Arc<FixedClock>,
    config: DayConfig,
    fetch: Arc<dyn Fetch>,
    pub(crate) desk: Arc<Desk>,
}

impl Day {
    /// Prepares a day. The clock is set to its begin; networks asked over HTTP must show the same clock.
    pub fn new(world: Arc<World>, clock: Arc<FixedClock>, config: DayConfig, fetch: Option<Arc<dyn Fetch>>) -> Self {
        clock.set(Timestamp::from_millisecond(world.begin).unwrap());
        let shared: Arc<dyn Clock> = clock.clone();
        let fetch = fetch.unwrap_or_else(|| Arc::new(Direct { world: Arc::clone(&world), clock: Arc::clone(&shared) }));
        let desk = Arc::new(Desk::new(shared));
        Self { world, clock, config, fetch, desk }
    }

    /// Reads the day.
    pub async fn run(&self) -> Outcome {
        let end = Timestamp::from_millisecond(self.world.end).unwrap();
        let span = self.world.end - self.world.begin;
        let mut random = Random::new(self.config.seed);
        let mut kills: Vec<i64> =
            (0..self.config.kills).map(|_| self.world.begin + random.below(span as u64) as i64).collect();
        kills.sort_unstable();
        kills.reverse();
        let mut happened = 0;
        let mut crawls = self.open().await;
        let mut due: Vec<Timestamp> = vec![self.clock.now(); crawls.len()];
        loop {
            let (at, index) = due.iter().enumerate().map(|(index, at)| (*at, index)).min().unwrap();
            if at >= end {
                break;
            }
            if at > self.clock.now() {
                self.clock.set(at);
            }
            if kills.last().is_some_and(|kill| *kill <= self.clock.now().as_millisecond()) {
                kills.pop();
                happened += 1;
                if random.happens(0.5) {
                    // The next writes go through, then one does not, or does and nobody learns of it.
                    self.desk.fail_after(random.below(6) as i64, random.happens(0.5));
                } else {
                    (crawls, due) = self.reopened().await;
                    continue;
                }
            }
            match crawls.get_mut(index).unwrap().step().await {
                Ok(Step::Done) => *due.get_mut(index).unwrap() = self.clock.now(),
                Ok(Step::Wait(until)) => {
                    *due.get_mut(index).unwrap() = until.max(self.clock.now() + SignedDuration::from_millis(1))
                }
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::Internal, "{error}");
                    (crawls, due) = self.reopened().await;
                }
            }
        }
        self.clock.set(end);
        self.judge(happened).await
    }

    async fn reopened(&self) -> (Vec<Crawl>, Vec<Timestamp>) {
        self.desk.work();
        let crawls = self.open().await;
        let due = vec![self.clock.now(); crawls.len()];
        (crawls, due)
    }

    async fn open(&self) -> Vec<Crawl> {
        let world = &self.world;
        let source = |network, id: String| Source::new(network, &id, "demo").unwrap();
        let walls = (1..=world.walls.len()).map(|wall| source(Network::Vk, format!("-{wall}"))).collect();
        let groups =
            if world.groups.is_empty() { Vec::new() } else { vec![source(Network::Ok, "discussions".to_owned())] };
        let channels = (0..world.channels.len()).map(|n| source(Network::Telegram, format!("channel_{n}"))).collect();
        let base = self.config.base.clone().unwrap_or_else(|| "http://world.example.ru".to_owned());
        let feeds = (0..world.feeds.len()).map(|n| source(Network::Rss, format!("{base}/feed/{n}"))).collect();
        let searches = (0..world.searches.len()).map(|n| source(Network::X, format!("search:word{n}"))).collect();
        let pages = (0..world.pages.len()).map(|n| source(Network::Facebook, format!("page{n}"))).collect();
        let accounts = (0..world.accounts.len()).map(|n| source(Network::Instagram, format!("account_{n}"))).collect();
        let all: [(Network, Vec<Source>); 7] = [
            (Network::Vk, walls),
            (Network::Ok, groups),
            (Network::Telegram, channels),
            (Network::Rss, feeds),
            (Network::X, searches),
            (Network::Facebook, pages),
            (Network::Instagram, accounts),
        ];
        let mut crawls = Vec::new();
        for (network, sources) in all {
            let mut limits = Limits::of(network, sources.len());
            if let Some(walls) = self.config.walls_a_day.filter(|_| network == Network::Vk) {
                limits.lists_a_day = walls;
            }
            match network {
                // All feeds are on one host here.
                Network::Rss => limits.gap = SignedDuration::from_millis(200),
                // A crawl that waits within a reading holds the clock of all others up here.
                Network::Facebook | Network::Instagram => limits.gap = SignedDuration::from_secs(1),
                _ => {}
            }
            let config = CrawlConfig {
                name: format!("{}:main", network.as_str()),
                network,
                sources,
                limits,
                base: Some(base.clone()),
                credentials: credentials(network),
                policy: self.config.policy,
                looks: self.config.looks,
                // Comments under posts of the days before belong to the day too.
                backfill: SignedDuration::from_hours(72),
            };
            let ports = CrawlPorts {
                fetch: Arc::clone(&self.fetch),
                intake: self.desk.clone(),
                snapshots: self.desk.clone(),
                clock: self.clock.clone(),
                timer: Arc::new(VirtualTimer(self.clock.clone())),
                authors: None,
            };
            crawls.push(Crawl::open(config, ports).await.unwrap());
        }
        crawls
    }
}

fn credentials(network: Network) -> Credentials {
    match network {
        Network::Vk | Network::X | Network::Facebook | Network::Instagram => Credentials {
            token: Some("service-token".into()),
            account: Some("17".to_owned()),
            ..Credentials::default()
        },
        Network::Ok => Credentials {
            token: Some("session".into()),
            application_key: Some("KEY".to_owned()),
            application_secret: Some("secret".into()),
            ..Credentials::default()
        },
        _ => Credentials::default(),
    }
}
