//! A deployment in one process: engines, dictionaries, regions, stages and the desk, put together.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use otklik_domain::RegionId;
use otklik_pipeline::{
    Counters, Gate, Knowledge, Runner, StageError, Topology, TopologyError, check_due, relay_outbox,
};
use otklik_ports::{Clock, Retention, Topic};
use otklik_sources::crawl::Coverage;
use otklik_web::{App, Ports, WebConfig, webhooks};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    callbacks::VkCallbacks,
    cli::Role,
    config::{Config, public_forms},
    coverage::{self, CoverageBoard},
    crawl::{self, CrawlEngines},
    directory::directory,
    engines::Engines,
    intake::GateIntake,
    knowledge, mailboxes,
    stages::{Stages, does, lags},
};

/// How often the SLA clock and the outbox are looked at.
const TICK: Duration = Duration::from_secs(2);
/// How often webhooks are looked at.
const DELIVER: Duration = Duration::from_secs(2);
/// How often what is too old is deleted.
const EXPIRE: Duration = Duration::from_secs(3600);

/// What a deployment consists of.
pub(crate) struct System {
    pub(crate) config: Config,
    pub(crate) engines: Engines,
    /// What counts now.
    pub(crate) knowledge: watch::Sender<Arc<Knowledge>>,
    /// The regions served: they stay while it runs.
    region_ids: Vec<RegionId>,
    pub(crate) topology: Topology,
    pub(crate) counters: Arc<Counters>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Gate,
    pub(crate) stop: CancellationToken,
    /// What the crawls of this process cover.
    coverage: CoverageBoard,
}

impl System {
    /// Reads everything the configuration names and opens the engines.
    ///
    /// # Errors
    /// Something cannot be read, has mistakes, or an engine cannot be opened.
    pub(crate) async fn open(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let knowledge = knowledge::load(&config)?;
        let topology = load_topology(&config)?;
        let secret = config.author_secret()?;
        let engines = Engines::open(&config).await?;
        let gate = Gate::new(Arc::clone(&engines.log), Arc::clone(&clock), secret);
        Ok(Self {
            config,
            engines,
            region_ids: knowledge.regions.iter().map(|region| region.id.clone()).collect(),
            knowledge: watch::Sender::new(Arc::new(knowledge)),
            topology,
            counters: Arc::new(Counters::default()),
            clock,
            gate,
            stop: CancellationToken::new(),
            coverage: CoverageBoard::default(),
        })
    }

    /// The region of posts that name none.
    pub(crate) fn default_region(&self) -> Option<&RegionId> {
        self.region_ids.first()
    }

    /// Starts the stages of the roles. The set ends when they have stopped, or with the first that fails.
    pub(crate) fn start_stages(&self, roles: &[Role], patience: Option<Duration>) -> JoinSet<Result<(), StageError>> {
        let runner = Runner {
            log: Arc::clone(&self.engines.log),
            clock: Arc::clone(&self.clock),
            counters: Arc::clone(&self.counters),
            stop: self.stop.clone(),
            patience,
        };
        let mut stages = Stages::new(runner, self.topology.clone());
        let current = || self.knowledge.subscribe();
        if does(roles, Role::Analyse) {
            stages.analyse(current());
        }
        if does(roles, Role::Group) {
            stages.group(current(), Arc::clone(&self.engines.snapshots));
        }
        if does(roles, Role::Store) {
            stages.store(current(), Arc::clone(&self.engines.posts), Arc::clone(&self.engines.search));
            stages.incidents(current(), Arc::clone(&self.engines.incidents));
        }
        stages.set
    }

    /// The desk and the API over the engines, in a process of these roles.
    ///
    /// # Errors
    /// A section of the configuration makes no sense, or a secret cannot be read.
    pub(crate) fn app(&self, public_url: String, roles: &[Role]) -> anyhow::Result<App> {
        let log = Arc::clone(&self.engines.log);
        let ports = Ports {
            posts: Arc::clone(&self.engines.posts),
            search: Arc::clone(&self.engines.search),
            incidents: Arc::clone(&self.engines.incidents),
            log: Arc::clone(&self.engines.log),
            clock: Arc::clone(&self.clock),
            intake: Arc::new(GateIntake::new(
                self.gate.clone(),
                Arc::clone(&self.engines.posts),
                self.region_ids.clone(),
            )),
            sources: coverage::teller(&self.config, &self.region_names(), self.crawl_engines(), roles),
            callbacks: VkCallbacks::open(&self.config, &self.region_names(), self.gate.clone(), log)?,
        };
        let web = &self.config.web;
        let config = WebConfig {
            secure_cookies: public_url.starts_with("https://"),
            public_url,
            behind_proxy: web.behind_proxy,
            open311_public: web.open311_public,
            forms: public_forms(&self.config.form, &self.region_names())?,
            ..WebConfig::default()
        };
        let Knowledge { dictionary, regions, .. } = &*self.knowledge();
        Ok(App::new(ports, directory(dictionary, regions), config))
    }

    fn region_names(&self) -> Vec<&str> {
        self.region_ids.iter().map(RegionId::as_str).collect()
    }

    /// What counts now.
    pub(crate) fn knowledge(&self) -> Arc<Knowledge> {
        Arc::clone(&self.knowledge.borrow())
    }

    fn crawl_engines(&self) -> CrawlEngines {
        CrawlEngines {
            log: Arc::clone(&self.engines.log),
            snapshots: Arc::clone(&self.engines.snapshots),
            gate: self.gate.clone(),
            clock: Arc::clone(&self.clock),
            stop: self.stop.clone(),
            board: self.coverage.clone(),
        }
    }

    /// Starts what looks after time: the SLA clock, the outbox, webhooks, retention.
    ///
    /// # Errors
    /// Webhooks cannot be sent from this machine.
    pub(crate) fn start_reconcilers(self: &Arc<Self>, app: &App) -> anyhow::Result<JoinSet<()>> {
        let sender = webhooks::HttpSender::new(app.config.webhooks_to_loopback).context("cannot send webhooks")?;
        let reconcilers = Arc::new(Reconcilers { system: Arc::clone(self), app: app.clone(), sender });
        let mut tasks = JoinSet::new();
        for job in [Job::Tick, Job::Deliver, Job::Expire] {
            tasks.spawn(Arc::clone(&reconcilers).run_again_and_again(job));
        }
        Ok(tasks)
    }

    /// Starts the crawls and the readers of mailboxes, each by itself.
    ///
    /// # Errors
    /// A section of the configuration makes no sense, or what is kept of a crawl cannot be read.
    pub(crate) async fn start_crawls(&self, tasks: &mut JoinSet<()>) -> anyhow::Result<()> {
        let engines = self.crawl_engines();
        for crawl in crawl::open(&self.config, &self.region_names(), &engines).await? {
            self.coverage.tell(crawl.name(), crawl.coverage());
            tasks.spawn(crawl::run(crawl, engines.clone()));
        }
        mailboxes::start(&self.config, &self.region_names(), &engines, tasks)?;
        Ok(())
    }

    /// What the crawls of this process told last of their sources.
    pub(crate) fn covered(&self) -> Vec<Coverage> {
        self.coverage.told()
    }

    /// Sees to what has come due, and tells what waits to be told.
    ///
    /// # Errors
    /// The stores' and the log's.
    pub(crate) async fn tick(&self) -> anyhow::Result<()> {
        let now = self.clock.now();
        let knowledge = self.knowledge();
        while check_due(self.engines.incidents.as_ref(), &knowledge.regions, now).await?.incidents > 0 {
            if self.stop.is_cancelled() {
                return Ok(());
            }
        }
        while relay_outbox(self.engines.incidents.as_ref(), self.engines.log.as_ref(), now).await? > 0 {}
        Ok(())
    }

    /// Deletes what has been kept long enough.
    async fn expire(&self) -> anyhow::Result<()> {
        let now = self.clock.now();
        let before = |days: u32| now - SignedDuration::from_hours(24 * i64::from(days));
        let posts_before: Timestamp = before(self.config.keep.posts_days);
        self.engines.posts.expire(posts_before).await?;
        self.engines.search.expire(posts_before).await?;
        let retention = Retention {
            appended_before: before(self.config.keep.log_days),
            bytes_max: self.config.keep.log_gigabytes << 30,
        };
        for topic in Topic::ALL {
            self.engines.log.trim(topic, retention).await?;
        }
        Ok(())
    }

    /// Records each stage has still to read, by stage.
    ///
    /// # Errors
    /// The log's.
    pub(crate) async fn lags(&self) -> anyhow::Result<BTreeMap<&'static str, u64>> {
        Ok(lags(self.engines.log.as_ref()).await?)
    }
}

/// What is done again and again.
#[derive(Debug, Clone, Copy)]
enum Job {
    Tick,
    Deliver,
    Expire,
}

/// Does what is done again and again.
struct Reconcilers {
    system: Arc<System>,
    app: App,
    sender: webhooks::HttpSender,
}

impl Reconcilers {
    /// Does a job at its pace until the system is stopped. What fails is tried again the next time.
    async fn run_again_and_again(self: Arc<Self>, job: Job) {
        loop {
            let (done, pause) = match job {
                Job::Tick => (self.tick().await, TICK),
                Job::Deliver => (self.deliver().await, DELIVER),
                Job::Expire => (self.system.expire().await, EXPIRE),
            };
            if let Err(error) = done {
                tracing::warn!(?job, error = format!("{error:#}"), "reconciler failed, it runs again");
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.system.stop.cancelled() => return,
            }
        }
    }

    /// Looks after time, unless another process does at this moment.
    async fn tick(&self) -> anyhow::Result<()> {
        let Some(_lock) = self.system.engines.incidents.try_lock("tick").await? else { return Ok(()) };
        self.system.tick().await
    }

    async fn deliver(&self) -> anyhow::Result<()> {
        webhooks::deliver(&self.app, &self.sender).await.map_err(|error| anyhow::anyhow!("{}", error.message()))?;
        Ok(())
    }
}

/// Reads how the stages batch.
///
/// # Errors
/// The file cannot be read or has a mistake; the message names file and line.
pub(crate) fn load_topology(config: &Config) -> anyhow::Result<Topology> {
    const DEFAULT: &str = include_str!("../../../pipelines/default.toml");
    match &config.pipeline {
        None => Topology::parse(DEFAULT).context("pipelines/default.toml"),
        Some(path) => {
            let content = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let at = |error: TopologyError| anyhow::anyhow!("{}:{}: {}", path.display(), error.line, error.message);
            Topology::parse(&content).map_err(at)
        }
    }
}
