//! `otklik run`: the deployment a configuration describes, until it is told to stop.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use otklik_pipeline::StageError;
use tokio::{
    signal::unix,
    task::{JoinError, JoinHandle, JoinSet},
};

use crate::{
    Outcome,
    cli::{Role, RunArgs},
    clocks::SystemClock,
    config::Config,
    reload::{Reload, on_hangup},
    serve,
    stages::does,
    system::System,
    telemetry, worker,
};

/// Longest time what runs may take to end.
const END_TIME_MAX: Duration = Duration::from_secs(25);

/// Runs.
///
/// # Errors
/// The configuration or an engine cannot be used, or a stage fails for good.
pub(crate) fn run(args: &RunArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(&args.config)?;
    check_roles(&config, &args.roles)?;
    telemetry::start_logging(config.log_format, telemetry::ALL)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    let is_worker = !args.roles.is_empty() && !args.roles.contains(&Role::Desk);
    if is_worker {
        runtime.block_on(worker::run(config, &args.roles))
    } else {
        runtime.block_on(serve_all(config, &args.roles))
    }
}

/// Whether the engines let the process do these things and no others.
fn check_roles(config: &Config, roles: &[Role]) -> anyhow::Result<()> {
    let (together, reason): (&[Role], _) = match &config.log.kafka {
        None => {
            (&[Role::Analyse, Role::Group, Role::Store, Role::Desk], "the log in the data folder is of one process")
        }
        // Who does neither opens no store.
        Some(_) if !roles.contains(&Role::Store) && !roles.contains(&Role::Desk) => return Ok(()),
        Some(_) => (&[Role::Store, Role::Desk], "the search index is of one process"),
    };
    let missing: Vec<Role> = together.iter().copied().filter(|role| !roles.contains(role)).collect();
    ensure!(roles.is_empty() || missing.is_empty(), "{reason}: --roles must also name {missing:?}, or be left out");
    Ok(())
}

async fn serve_all(config: Config, roles: &[Role]) -> anyhow::Result<Outcome> {
    let hangup = on_hangup()?;
    let metrics = telemetry::start_metrics()?;
    let web = config.web.clone();
    let (listener, address) = serve::listen(web.listen).await?;
    let system = Arc::new(System::open(config, Arc::new(SystemClock)).await?);
    let app = system.app(web.public_url.unwrap_or_else(|| format!("http://{address}")), roles)?;
    if app.ports.incidents.accounts().await?.is_empty() {
        tracing::warn!("nobody can sign in yet: add an administrator by `otklik account put`");
    }
    let mut stages = system.start_stages(roles, None);
    let mut reconcilers = system.start_reconcilers(&app)?;
    let (log, counting) = (Arc::clone(&system.engines.log), system.knowledge.clone());
    let reload = Reload::new(system.config.clone(), log, counting, Some(app.clone()));
    reconcilers.spawn(reload.run(hangup, system.stop.clone()));
    if does(roles, Role::Crawl) {
        system.start_crawls(&mut reconcilers).await?;
    }
    let served = tokio::spawn(serve::serve(listener, serve::desk(app, &system, metrics), system.stop.clone()));
    tracing::info!(%address, "otklik runs");

    let failed = tokio::select! {
        asked = asked_to_stop() => asked.err(),
        stage = stages.join_next() => Some(ended(stage)),
    };
    tracing::info!("otklik stops");
    system.stop.cancel();
    end_within_time(stages, reconcilers, served).await?;
    close(system).await?;
    failed.map_or(Ok(Outcome::Done), Err)
}

/// Waits for Ctrl-C or the service manager.
///
/// # Errors
/// Signals cannot be received.
pub(crate) async fn asked_to_stop() -> anyhow::Result<()> {
    let mut terminate = unix::signal(unix::SignalKind::terminate()).context("cannot wait for signals")?;
    let mut interrupt = unix::signal(unix::SignalKind::interrupt()).context("cannot wait for signals")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// What a stage that ended by itself has to say.
pub(crate) fn ended(stage: Option<Result<Result<(), StageError>, JoinError>>) -> anyhow::Error {
    match stage {
        Some(Ok(Err(error))) => anyhow::Error::new(error).context("a stage failed"),
        _ => anyhow::anyhow!("a stage ended unexpectedly"),
    }
}

/// Waits until everything that was told to stop has ended.
///
/// # Errors
/// Something did not end in time.
pub(crate) async fn end_within_time<T: 'static, R: 'static>(
    mut stages: JoinSet<T>,
    mut reconcilers: JoinSet<R>,
    served: JoinHandle<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let end = async {
        while stages.join_next().await.is_some() {}
        while reconcilers.join_next().await.is_some() {}
        if let Ok(Err(error)) = served.await {
            tracing::warn!(error = format!("{error:#}"), "the server ended badly");
        }
    };
    let ended = tokio::time::timeout(END_TIME_MAX, end).await;
    let seconds = END_TIME_MAX.as_secs();
    ended.with_context(|| format!("not all ended in {seconds} s; nothing is lost, the next run goes on from there"))
}

/// Closes the engines.
///
/// # Errors
/// Something still holds them.
pub(crate) async fn close(system: Arc<System>) -> anyhow::Result<()> {
    let system = Arc::into_inner(system).context("something still holds the engines")?;
    system.engines.close().await;
    Ok(())
}
