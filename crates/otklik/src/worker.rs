//! A process of a deployment that works on the log alone: it crawls, analyses, or groups. It needs the log in Kafka and opens no
//! store.

use std::sync::Arc;

use anyhow::Context;
use axum::{Router, extract::State, http::StatusCode, routing::get};
use otklik_pipeline::{Counters, Runner};
use otklik_ports::{Log, Topic};
use otklik_stores::snapshots_file::FileSnapshots;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    Outcome,
    cli::Role,
    clocks::SystemClock,
    config::Config,
    crawl,
    dictionaries::DictionaryFiles,
    engines, knowledge,
    reload::{Reload, on_hangup},
    run::{asked_to_stop, end_within_time, ended},
    serve,
    stages::{Stages, does},
    system::load_topology,
    telemetry,
};

/// A group that never commits: asking for its lag is asking whether the log answers.
const NOBODY: &str = "nobody";

/// Runs the stages of the roles until the process is told to stop.
///
/// # Errors
/// The configuration or the log cannot be used, or a stage fails for good.
pub(crate) async fn run(config: Config, roles: &[Role]) -> anyhow::Result<Outcome> {
    let hangup = on_hangup()?;
    let metrics = telemetry::start_metrics()?;
    let (listener, address) = serve::listen(config.web.listen).await?;
    let knowledge = watch::Sender::new(Arc::new(knowledge::load(&config)?));
    let log = engines::open_log(&config).await?;
    let stop = CancellationToken::new();
    let runner = Runner {
        log: Arc::clone(&log),
        clock: Arc::new(SystemClock),
        counters: Arc::new(Counters::default()),
        stop: stop.clone(),
        patience: None,
    };
    let mut stages = Stages::new(runner, load_topology(&config)?);
    if does(roles, Role::Analyse) {
        stages.analyse(knowledge.subscribe());
    }
    if does(roles, Role::Group) {
        let snapshots = FileSnapshots::open(config.data.join("snapshots")).context("cannot open the snapshots")?;
        stages.group(knowledge.subscribe(), Arc::new(snapshots));
    }
    let mut others = JoinSet::new();
    let reload = Reload::new(config.clone(), Arc::clone(&log), knowledge, None);
    others.spawn(reload.run(hangup, stop.clone()));
    if does(roles, Role::Crawl) {
        let files = DictionaryFiles::load(config.dictionaries.as_deref())?;
        let (opened, engines) = crawl::open_alone(&config, &files, Arc::clone(&log), stop.clone()).await?;
        for crawl in opened {
            others.spawn(crawl::run(crawl, engines.clone()));
        }
    }
    let mut stages = stages.set;
    let health = Router::new().route("/healthz", get(StatusCode::OK)).route("/readyz", get(ready));
    let router = health.with_state(Arc::clone(&log)).merge(serve::metrics_route(log, metrics));
    let served = tokio::spawn(serve::serve(listener, router, stop.clone()));
    tracing::info!(%address, ?roles, "otklik runs");

    let failed = tokio::select! {
        asked = asked_to_stop() => asked.err(),
        // Who only crawls has no stage that could end.
        stage = stages.join_next(), if !stages.is_empty() => Some(ended(stage)),
    };
    tracing::info!("otklik stops");
    stop.cancel();
    end_within_time(stages, others, served).await?;
    failed.map_or(Ok(Outcome::Done), Err)
}

/// Whether the log answers.
async fn ready(State(log): State<Arc<dyn Log>>) -> StatusCode {
    match log.lag(NOBODY, Topic::Posts).await {
        Ok(_) => StatusCode::OK,
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
