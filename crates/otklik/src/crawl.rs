//! The crawl role: reads the sources of the configuration and hands their posts in at the gate.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use otklik_domain::Network;
use otklik_pipeline::Gate;
use otklik_ports::{
    Clock, Cursor, ErrorKind, Fetch, FetchError, FetchErrorKind, FetchRequest, Fetched, Log, PortError, PortResult,
    Snapshots,
};
use otklik_sources::{
    author::AuthorKeys,
    crawl::{Coverage, Crawl, CrawlConfig, CrawlPorts, Intake, Step, Timer},
    fetch::{HttpFetch, HttpSettings},
    schedule::Policy,
};
use otklik_stores::snapshots_file::FileSnapshots;
use otklik_wire::{Post, log::Deletion};
use tokio_util::sync::CancellationToken;

use crate::{
    clocks::SystemClock,
    config::{Config, SourceGroup, merged},
    coverage::CoverageBoard,
    dictionaries::DictionaryFiles,
    regions,
};

/// How long a crawl waits when the log or its limits cannot be written.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(5);
/// How often what is known of sources is told anew.
const TELL_GAP: SignedDuration = SignedDuration::from_secs(10);
/// Shortest time between two requests to one host of pages or feeds, and to one of an API.
const PAGE_GAP: Duration = Duration::from_secs(1);
const API_GAP: Duration = Duration::from_millis(250);

/// Seconds since a source answered.
const SOURCE_AGE: &str = "otklik_source_age_seconds";
/// Whether something stands in the way of a source.
const SOURCE_TROUBLE: &str = "otklik_source_trouble";
/// Lists a crawl may still read today.
const SOURCE_QUOTA: &str = "otklik_source_quota_left";

/// What the crawls work with.
#[derive(Clone)]
pub(crate) struct CrawlEngines {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) snapshots: Arc<dyn Snapshots>,
    pub(crate) gate: Gate,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: CancellationToken,
    /// Where the crawls tell the desk what they cover.
    pub(crate) board: CoverageBoard,
}

/// Tells what is known of sources in figures.
fn tell(sources: &[Coverage], now: Timestamp) {
    for source in sources {
        let labels = [("network", source.network.as_str().to_owned()), ("source", source.id.clone())];
        if let Some(answered) = source.answered_at {
            metrics::gauge!(SOURCE_AGE, &labels).set(now.duration_since(answered).as_secs_f64());
        }
        metrics::gauge!(SOURCE_TROUBLE, &labels).set(if source.trouble.is_some() { 1.0 } else { 0.0 });
        if let Some(left) = source.quota_left {
            metrics::gauge!(SOURCE_QUOTA, "crawl" => source.crawl.clone()).set(f64::from(left));
        }
    }
}

/// Opens the crawls on the log alone, and gives what they work with.
///
/// # Errors
/// As [`open`]; a region cannot be used, or what is kept in the data folder cannot be opened.
pub(crate) async fn open_alone(
    config: &Config,
    files: &DictionaryFiles,
    log: Arc<dyn Log>,
    stop: CancellationToken,
) -> anyhow::Result<(Vec<Crawl>, CrawlEngines)> {
    let served = config.regions.iter().map(|named| regions::load(named, files));
    let served = served.collect::<anyhow::Result<Vec<_>>>()?;
    let names: Vec<&str> = served.iter().map(|region| region.id.as_str()).collect();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let snapshots = FileSnapshots::open(config.data.join("snapshots")).context("cannot open the snapshots")?;
    let gate = Gate::new(Arc::clone(&log), Arc::clone(&clock), config.author_secret()?);
    let board = CoverageBoard::default();
    let engines = CrawlEngines { log, snapshots: Arc::new(snapshots), gate, clock, stop, board };
    Ok((open(config, &names, &engines).await?, engines))
}

/// Opens the crawls that the configuration describes.
///
/// # Errors
/// A section makes no sense, a secret or what is kept of a crawl cannot be read.
pub(crate) async fn open(config: &Config, regions: &[&str], engines: &CrawlEngines) -> anyhow::Result<Vec<Crawl>> {
    let sections = config.sources.iter().zip(1..);
    let groups = sections.map(|(section, number)| section.group(number, regions));
    let groups = merged(groups.collect::<anyhow::Result<Vec<_>>>()?);
    let client = |gap| {
        let settings = HttpSettings {
            host_gap: gap,
            allowed: config.crawl.allow.clone(),
            ..HttpSettings::new(config.crawl.contact.clone())
        };
        HttpFetch::new(settings).context("sources cannot be read from this machine")
    };
    let (pages, api) = (Arc::new(client(PAGE_GAP)?), Arc::new(client(API_GAP)?));
    let authors = AuthorKeys::new(config.author_secret()?);
    let mut crawls = Vec::with_capacity(groups.len());
    for group in groups {
        let fetch: Arc<dyn Fetch> = match group.network {
            Network::Telegram | Network::Rss => pages.clone(),
            _ => api.clone(),
        };
        let ports = CrawlPorts {
            fetch,
            intake: Arc::new(GateWay { gate: engines.gate.clone(), log: Arc::clone(&engines.log) }),
            snapshots: Arc::clone(&engines.snapshots),
            clock: Arc::clone(&engines.clock),
            timer: Arc::new(Sleep { clock: Arc::clone(&engines.clock), stop: engines.stop.clone() }),
            authors: Some(authors.clone()),
        };
        let name = group.name.clone();
        let crawl = Crawl::open(described(group, config.crawl.backfill_hours), ports).await;
        crawls.push(crawl.with_context(|| format!("crawl {name} cannot be taken up"))?);
    }
    Ok(crawls)
}

/// What crawls that run elsewhere wrote into the log of what they cover.
///
/// # Errors
/// The log's; `Rejected` when the configuration makes no sense.
pub(crate) async fn kept(config: &Config, regions: &[&str], engines: &CrawlEngines) -> PortResult<Vec<Coverage>> {
    let sections = config.sources.iter().zip(1..);
    let groups = sections.map(|(section, number)| section.group_without_secrets(number, regions));
    let groups = groups.collect::<anyhow::Result<Vec<_>>>();
    let groups = groups.map_err(|error| PortError::new(ErrorKind::Rejected, format!("{error:#}")))?;
    let mut kept = Vec::new();
    for group in merged(groups) {
        let ports = CrawlPorts {
            fetch: Arc::new(NoFetch),
            intake: Arc::new(GateWay { gate: engines.gate.clone(), log: Arc::clone(&engines.log) }),
            snapshots: Arc::clone(&engines.snapshots),
            clock: Arc::clone(&engines.clock),
            timer: Arc::new(Sleep { clock: Arc::clone(&engines.clock), stop: engines.stop.clone() }),
            authors: None,
        };
        kept.extend(Crawl::open(described(group, config.crawl.backfill_hours), ports).await?.coverage());
    }
    Ok(kept)
}

/// Reads nothing: for who only looks at what is kept.
struct NoFetch;

#[async_trait]
impl Fetch for NoFetch {
    async fn fetch(&self, _request: FetchRequest) -> Result<Fetched, FetchError> {
        Err(FetchError::new(FetchErrorKind::Unreachable, "", "this process does not crawl"))
    }
}

fn described(group: SourceGroup, backfill_hours: u32) -> CrawlConfig {
    CrawlConfig {
        name: group.name,
        network: group.network,
        sources: group.sources,
        limits: group.limits,
        base: group.host,
        credentials: group.credentials,
        policy: Policy::Value,
        looks: true,
        backfill: SignedDuration::from_hours(backfill_hours.into()),
    }
}

/// Runs a crawl until it is told to stop.
pub(crate) async fn run(mut crawl: Crawl, engines: CrawlEngines) {
    let sleep = Sleep { clock: Arc::clone(&engines.clock), stop: engines.stop.clone() };
    let mut told_at: Option<Timestamp> = None;
    while !engines.stop.is_cancelled() {
        let now = engines.clock.now();
        if told_at.is_none_or(|told| now.duration_since(told) >= TELL_GAP) {
            let coverage = crawl.coverage();
            tell(&coverage, now);
            engines.board.tell(crawl.name(), coverage);
            told_at = Some(now);
        }
        match crawl.step().await {
            Ok(Step::Done) => {}
            // What is known is told in between.
            Ok(Step::Wait(until)) => sleep.wait_until(until.min(later(now, TELL_GAP))).await,
            Err(error) => {
                tracing::warn!(crawl = crawl.name(), %error, "crawl could not write, it goes on shortly");
                sleep.wait_until(later(now, AFTER_FAILURE)).await;
            }
        }
    }
}

fn later(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// The way of crawled posts through the gate.
struct GateWay {
    gate: Gate,
    log: Arc<dyn Log>,
}

#[async_trait]
impl Intake for GateWay {
    async fn take(&self, posts: Vec<Post>, cursor: Cursor) -> PortResult<()> {
        for refused in self.gate.append(posts, Some(cursor), false).await? {
            tracing::warn!(reason = %refused.reason, "a crawled post was refused");
        }
        Ok(())
    }

    async fn delete(&self, id: &str, region: &str) -> PortResult<()> {
        self.gate.delete(Deletion { id: id.to_owned(), region: region.to_owned() }).await
    }

    async fn cursor(&self, source: &str) -> PortResult<Option<String>> {
        self.log.cursor(source).await
    }
}

/// Waits by the machine's clock, until it is told to stop.
struct Sleep {
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
}

#[async_trait]
impl Timer for Sleep {
    async fn wait_until(&self, time: Timestamp) {
        let pause = Duration::try_from(time.duration_since(self.clock.now())).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.stop.cancelled() => {}
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }
}
