//! `otklik replay`: posts from a file or a pipe through all stages into the stores, with an account at the end.

mod digest;
mod feed;

use std::{
    io::BufRead,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use otklik_pipeline::{Gate, check_due, reconcile, relay_outbox};
use otklik_ports::{Clock, partitions::fnv1a};

use self::{
    digest::Digest,
    feed::{Fed, Feed, progress},
};
use crate::{
    Outcome,
    cli::ReplayArgs,
    clocks::{ReplayClock, SystemClock},
    config::Config,
    dictionaries::DictionaryFiles,
    engines, jsonl, regions,
    stop::Stop,
    system::{System, load_topology},
};

/// How long a stage goes on trying when a store does not answer: a replay has somebody waiting for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Replays.
///
/// # Errors
/// The configuration or an engine cannot be used, the input cannot be read, a stage fails, or the account does not balance.
pub(crate) fn run(args: &ReplayArgs) -> anyhow::Result<Outcome> {
    let config = match (&args.config, &args.data) {
        (Some(config), _) => Config::load(config)?,
        (None, Some(data)) => Config::of_folder(data.clone(), args.region.clone().unwrap_or_else(|| "demo".into())),
        (None, None) => {
            return Err(Stop::Usage("--config or --data must say where the data are kept".to_owned()).into());
        }
    };
    let input = jsonl::open(args.file.as_deref().unwrap_or(Path::new("-")))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    if args.feed {
        return runtime.block_on(feed_only(config, input, args));
    }
    runtime.block_on(replay(config, input, args))
}

async fn replay(config: Config, input: Box<dyn BufRead>, args: &ReplayArgs) -> anyhow::Result<Outcome> {
    // The posts' time is for what is due. Records are appended now: by that they are kept, and Kafka takes no others.
    let clock = ReplayClock::new();
    let system = Arc::new(System::open(config, Arc::new(SystemClock)).await?);
    let mut stages = system.start_stages(&[], Some(PATIENCE));
    let feed = Feed {
        log: Arc::clone(&system.engines.log),
        gate: system.gate.clone(),
        clock: Some(&clock),
        region: system.default_region().map(ToString::to_string),
        source: source(args),
        lag_records_max: system.topology.lag_records_max,
        strict: args.filter.strict,
        progress: progress(),
    };
    let began = Instant::now();
    let fed = tokio::select! {
        fed = feed.run(input) => fed?,
        ended = stages.join_next() => match ended {
            Some(Ok(Err(error))) => return Err(error).context("the replay stopped, it goes on from there when it is run again"),
            _ => bail!("a stage ended unexpectedly"),
        },
    };
    let now = clock.now();
    while check_due(system.engines.incidents.as_ref(), &system.knowledge().regions, now).await?.incidents > 0 {}
    while relay_outbox(system.engines.incidents.as_ref(), system.engines.log.as_ref(), SystemClock.now()).await? > 0 {}
    system.stop.cancel();
    while stages.join_next().await.is_some() {}
    feed.progress.finish_and_clear();
    drop(feed);

    let seconds = began.elapsed().as_secs_f64();
    let account =
        reconcile(system.engines.log.as_ref(), system.engines.posts.as_ref(), system.engines.search.as_ref()).await?;
    let board = system.engines.incidents.board(&otklik_ports::IncidentFilter::default(), now).await?;
    let incidents: u64 = board.states.iter().map(|(_, count)| count).sum();
    say(&fed);
    eprintln!("{account}");
    eprintln!("incidents: {incidents}");
    say_rate(&fed, seconds);
    if args.digest {
        eprintln!("{}", Digest::of(&system.engines).await.context("cannot read the stores through")?);
    }
    let system = Arc::into_inner(system).context("something still holds the engines")?;
    system.engines.close().await;
    ensure!(account.balances(), "the account does not balance");
    Ok(outcome(&fed))
}

/// Appends the posts for a deployment that runs: its processes do the rest.
async fn feed_only(mut config: Config, input: Box<dyn BufRead>, args: &ReplayArgs) -> anyhow::Result<Outcome> {
    let Some(kafka) = &mut config.log.kafka else {
        bail!("--feed needs the log in Kafka: the log in the data folder is of one process");
    };
    // The configuration may be that of a process which runs, and whoever has its name undoes what it writes.
    kafka.member = Some(format!("feed-{:016x}", fnv1a(args.name.as_bytes())));
    let files = DictionaryFiles::load(config.dictionaries.as_deref())?;
    let region = config.regions.first().map(|named| regions::load(named, &files)).transpose()?;
    let log = engines::open_log(&config).await?;
    let feed = Feed {
        gate: Gate::new(Arc::clone(&log), Arc::new(SystemClock), config.author_secret()?),
        log,
        clock: None,
        region: region.map(|region| region.id.to_string()),
        source: source(args),
        lag_records_max: load_topology(&config)?.lag_records_max,
        strict: args.filter.strict,
        progress: progress(),
    };
    let began = Instant::now();
    let fed = feed.run(input).await.context("the feed stopped, it goes on from there when it is run again")?;
    feed.progress.finish_and_clear();
    say(&fed);
    say_rate(&fed, began.elapsed().as_secs_f64());
    Ok(outcome(&fed))
}

fn source(args: &ReplayArgs) -> String {
    format!("replay:{}", args.name)
}

fn say(fed: &Fed) {
    eprintln!("read: {} posts now, {} before, {} refused", fed.appended, fed.skipped, fed.refused);
}

fn say_rate(fed: &Fed, seconds: f64) {
    eprintln!("rate: {:.0} posts/s ({seconds:.1} s)", fed.appended as f64 / seconds.max(0.001));
}

fn outcome(fed: &Fed) -> Outcome {
    if fed.refused > 0 { Outcome::SomeRefused } else { Outcome::Done }
}
