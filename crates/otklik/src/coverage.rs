//! What is covered, for the desk: told by the crawls of this process, or read from what they wrote into the log elsewhere.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use otklik_domain::RegionId;
use otklik_ports::PortResult;
use otklik_sources::{
    crawl::{Coverage, Standing},
    fault::Action,
};
use otklik_web::{CoveredSource, SourceTrouble, Sources, Teller};
use tokio::sync;

use crate::{
    cli::Role,
    config::Config,
    crawl::{self, CrawlEngines},
    stages::does,
};

/// How long what was read from the log is shown.
const SHOWN: SignedDuration = SignedDuration::from_secs(30);

/// Who tells what is covered: the crawls of this process, else the log, if the configuration names sources at all.
pub(crate) fn teller(
    config: &Config,
    regions: &[&str],
    engines: CrawlEngines,
    roles: &[Role],
) -> Option<Arc<dyn Sources>> {
    if does(roles, Role::Crawl) {
        return Some(Arc::new(engines.board));
    }
    if config.sources.is_empty() {
        return None;
    }
    let regions = regions.iter().map(|region| (*region).to_owned()).collect();
    Some(Arc::new(KeptCoverage { config: config.clone(), regions, engines, shown: sync::Mutex::new(None) }))
}

/// What the crawls of this process told last, by crawl.
#[derive(Debug, Clone, Default)]
pub(crate) struct CoverageBoard(Arc<Mutex<BTreeMap<String, Vec<Coverage>>>>);

impl CoverageBoard {
    /// Puts up what a crawl tells.
    pub(crate) fn tell(&self, crawl: &str, sources: Vec<Coverage>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(crawl.to_owned(), sources);
    }

    /// What stands there, of all crawls.
    pub(crate) fn told(&self) -> Vec<Coverage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().flatten().cloned().collect()
    }
}

#[async_trait]
impl Sources for CoverageBoard {
    async fn coverage(&self) -> PortResult<otklik_web::Coverage> {
        let sources = self.told().iter().map(covered).collect();
        Ok(otklik_web::Coverage { teller: Teller::Crawler, sources })
    }
}

/// What crawls that run elsewhere wrote into the log.
struct KeptCoverage {
    config: Config,
    regions: Vec<String>,
    engines: CrawlEngines,
    shown: sync::Mutex<Option<(Timestamp, Vec<Coverage>)>>,
}

#[async_trait]
impl Sources for KeptCoverage {
    async fn coverage(&self) -> PortResult<otklik_web::Coverage> {
        let mut shown = self.shown.lock().await;
        let now = self.engines.clock.now();
        let is_fresh = shown.as_ref().is_some_and(|(at, _)| now.duration_since(*at) < SHOWN);
        if !is_fresh {
            let regions: Vec<&str> = self.regions.iter().map(String::as_str).collect();
            *shown = Some((now, crawl::kept(&self.config, &regions, &self.engines).await?));
        }
        let sources = shown.iter().flat_map(|(_, sources)| sources).map(|source| {
            // What was used of a quota is kept where the crawler runs.
            CoveredSource { quota_left: None, ..covered(source) }
        });
        Ok(otklik_web::Coverage { teller: Teller::Log, sources: sources.collect() })
    }
}

fn covered(source: &Coverage) -> CoveredSource {
    CoveredSource {
        crawl: source.crawl.clone(),
        network: source.network,
        id: source.id.clone(),
        name: source.name.clone(),
        region: RegionId::new(source.region.clone()),
        posts_a_day: source.posts_a_day,
        reads_a_day: source.reads_a_day,
        planned_lag_minutes: source.lag_minutes,
        lag_minutes: source.seen_lag_minutes,
        answered_at: source.answered_at,
        quota_left: source.quota_left,
        trouble: source.trouble.as_ref().map(trouble),
        not_covered_since: source.not_covered_since,
    }
}

fn trouble(standing: &Standing) -> SourceTrouble {
    SourceTrouble {
        kind: standing.kind.clone(),
        message: standing.message.clone(),
        action: standing.action.map(Action::as_str).unwrap_or_default(),
        at: standing.at,
        again_at: standing.again_at,
    }
}
