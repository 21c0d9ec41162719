//! `otklik replay`: posts from a file or a pipe through all stages into the stores, with an account at the end.

mod digest;

use std::{
    io::BufRead,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use otklik_pipeline::{check_due, reconcile, relay_outbox};
use otklik_ports::{Clock, Cursor};
use otklik_wire as wire;

use self::digest::Digest;
use crate::{
    Outcome,
    cli::ReplayArgs,
    clocks::ReplayClock,
    config::Config,
    jsonl::{self, Lines},
    stop::Stop,
    system::System,
};

/// Posts appended in one step.
const BATCH: usize = 500;
/// How often progress is looked at while waiting.
const LOOK: Duration = Duration::from_millis(200);
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
    let input = jsonl::open(args.file.as_deref().unwrap_or(std::path::Path::new("-")))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(replay(config, input, args))
}

async fn replay(config: Config, input: Box<dyn BufRead>, args: &ReplayArgs) -> anyhow::Result<Outcome> {
    let clock = Arc::new(ReplayClock::new());
    let system = Arc::new(System::open(config, clock.clone()).await?);
    let mut stages = system.start_stages(&[], Some(PATIENCE));
    let feed = Feed { system: &system, clock: &clock, source: format!("replay:{}", args.name), progress: progress() };
    let began = Instant::now();
    let work = async {
        let fed = feed.run(input, args.filter.strict).await?;
        feed.wait_until_read().await?;
        anyhow::Ok(fed)
    };
    let fed = tokio::select! {
        fed = work => fed?,
        ended = stages.join_next() => match ended {
            Some(Ok(Err(error))) => return Err(error).context("the replay stopped, it goes on from there when it is run again"),
            _ => bail!("a stage ended unexpectedly"),
        },
    };
    let now = clock.now();
    while check_due(system.engines.incidents.as_ref(), &system.regions, now).await?.incidents > 0 {}
    while relay_outbox(system.engines.incidents.as_ref(), system.engines.log.as_ref(), now).await? > 0 {}
    system.stop.cancel();
    while stages.join_next().await.is_some() {}
    feed.progress.finish_and_clear();

    let seconds = began.elapsed().as_secs_f64();
    let account =
        reconcile(system.engines.log.as_ref(), system.engines.posts.as_ref(), system.engines.search.as_ref()).await?;
    let board = system.engines.incidents.board(&otklik_ports::IncidentFilter::default(), now).await?;
    let incidents: u64 = board.states.iter().map(|(_, count)| count).sum();
    eprintln!("read: {} posts now, {} before, {} refused", fed.appended, fed.skipped, fed.refused);
    eprintln!("{account}");
    eprintln!("incidents: {incidents}");
    eprintln!("rate: {:.0} posts/s ({seconds:.1} s)", fed.appended as f64 / seconds.max(0.001));
    if args.digest {
        eprintln!("{}", Digest::of(&system.engines).await.context("cannot read the stores through")?);
    }
    let system = Arc::into_inner(system).context("something still holds the engines")?;
    system.engines.close().await;
    anyhow::ensure!(account.balances(), "the account does not balance");
    Ok(if fed.refused > 0 { Outcome::SomeRefused } else { Outcome::Done })
}

/// What was read.
#[derive(Debug, Clone, Copy, Default)]
struct Fed {
    appended: u64,
    skipped: u64,
    refused: u64,
}

/// Reads posts and appends them.
struct Feed<'a> {
    system: &'a System,
    clock: &'a ReplayClock,
    source: String,
    progress: ProgressBar,
}

impl Feed<'_> {
    /// Appends the posts of the input after those an earlier run has appended: the cursor counts lines.
    async fn run(&self, input: Box<dyn BufRead>, strict: bool) -> anyhow::Result<Fed> {
        let cursor = self.system.engines.log.cursor(&self.source).await?;
        let done = cursor.and_then(|lines| lines.parse::<u64>().ok()).unwrap_or_default();
        let mut lines = Lines::new(input);
        let mut fed = Fed::default();
        let mut batch = Vec::new();
        let region = self.system.default_region().map(ToString::to_string);
        loop {
            let before = lines.number();
            let next = lines.next().with_context(|| format!("cannot read the input after line {before}"))?;
            let Some(line) = next else { break };
            let post = line.and_then(|line| if is_blank(line) { Ok(None) } else { jsonl::parse(line).map(Some) });
            let number = lines.number();
            if number <= done {
                fed.skipped += 1;
                // What the earlier run has appended sets the time as it did then.
                let known: Option<wire::Post> = post.ok().flatten();
                self.advance_to(known.as_slice());
                continue;
            }
            match post {
                Ok(None) => {}
                Ok(Some(post)) => {
                    let mut post: wire::Post = post;
                    post.region = post.region.or_else(|| region.clone());
                    batch.push((number, post));
                }
                Err(reason) => refuse(number, &reason, strict, &mut fed)?,
            }
            if batch.len() >= BATCH {
                self.append(&mut batch, number, strict, &mut fed).await?;
            }
        }
        self.append(&mut batch, lines.number().max(done), strict, &mut fed).await?;
        Ok(fed)
    }

    async fn append(
        &self,
        batch: &mut Vec<(u64, wire::Post)>,
        line: u64,
        strict: bool,
        fed: &mut Fed,
    ) -> anyhow::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        self.make_room().await?;
        let (numbers, posts): (Vec<u64>, Vec<wire::Post>) = batch.drain(..).unzip();
        self.advance_to(&posts);
        let cursor = Cursor { source: self.source.clone(), position: line.to_string() };
        let refused = self.system.gate.append(posts, Some(cursor), true).await.context("cannot append to the log")?;
        fed.appended += (numbers.len() - refused.len()) as u64;
        for refusal in refused {
            let number = numbers.get(refusal.index).copied().unwrap_or_default();
            refuse(number, &refusal.reason.to_string(), strict, fed)?;
        }
        self.show();
        Ok(())
    }

    /// Moves the clock on to the latest of these posts.
    fn advance_to(&self, posts: &[wire::Post]) {
        posts.iter().filter_map(published_at).max().into_iter().for_each(|latest| self.clock.advance(latest));
    }

    /// Waits while the stages are too far behind: what is read must not pile up.
    async fn make_room(&self) -> anyhow::Result<()> {
        loop {
            let lags = self.system.lags().await?;
            if lags.values().all(|&lag| lag <= self.system.topology.lag_records_max) {
                return Ok(());
            }
            self.show();
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until every stage has read everything.
    async fn wait_until_read(&self) -> anyhow::Result<()> {
        loop {
            let lags = self.system.lags().await?;
            self.show();
            if lags.values().all(|&lag| lag == 0) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn show(&self) {
        let read = |stage| self.system.counters.of(stage).read();
        let (analysed, stored) = (read("analyse"), read("store"));
        self.progress.set_position(stored);
        self.progress.set_message(format!("{analysed} analysed, {} grouped, {stored} stored", read("group")));
    }
}

/// When a post says it was published: a time or seconds since 1970, as posts may have it.
fn published_at(post: &wire::Post) -> Option<Timestamp> {
    let text = &post.published_at;
    let seconds = text.parse().ok().and_then(|seconds| wire::time::from_unix("published_at", seconds).ok());
    seconds.or_else(|| wire::time::parse("published_at", text).ok())
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

fn refuse(number: u64, reason: &str, strict: bool, fed: &mut Fed) -> anyhow::Result<()> {
    if strict {
        return Err(Stop::Line { number, reason: reason.to_owned() }.into());
    }
    eprintln!("line {number}: {reason}");
    fed.refused += 1;
    Ok(())
}

fn progress() -> ProgressBar {
    let progress = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg} ({per_sec})") {
        progress.set_style(style);
    }
    progress
}
