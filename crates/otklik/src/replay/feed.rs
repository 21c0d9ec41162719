//! Reads posts line by line and appends them to the log, no faster than the stages read them.

use std::{collections::BTreeMap, io::BufRead, sync::Arc, time::Duration};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use otklik_pipeline::Gate;
use otklik_ports::{Cursor, Log};
use otklik_wire as wire;

use crate::{
    clocks::ReplayClock,
    jsonl::{self, Lines},
    stages::lags,
    stop::Stop,
};

/// Posts appended in one step.
const BATCH: usize = 500;
/// How often progress is looked at while waiting.
const LOOK: Duration = Duration::from_millis(200);

/// What was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fed {
    pub(super) appended: u64,
    pub(super) skipped: u64,
    pub(super) refused: u64,
    /// How many had been appended when the stages were last asked how far they are.
    asked_at: u64,
}

/// Reads posts and appends them.
pub(super) struct Feed<'a> {
    pub(super) log: Arc<dyn Log>,
    pub(super) gate: Gate,
    /// Shows the time of the latest post, where the time is that of the posts.
    pub(super) clock: Option<&'a ReplayClock>,
    /// The region of posts that name none.
    pub(super) region: Option<String>,
    /// Name of the cursor, which counts lines.
    pub(super) source: String,
    /// Records a stage may be behind.
    pub(super) lag_records_max: u64,
    pub(super) strict: bool,
    pub(super) progress: ProgressBar,
}

impl Feed<'_> {
    /// Appends the posts of the input after those an earlier run has appended, and waits until every stage has read them.
    ///
    /// # Errors
    /// The input cannot be read, a line is refused where none may be, or the log's.
    pub(super) async fn run(&self, input: Box<dyn BufRead>) -> anyhow::Result<Fed> {
        let cursor = self.log.cursor(&self.source).await?;
        let done = cursor.and_then(|lines| lines.parse::<u64>().ok()).unwrap_or_default();
        let mut lines = Lines::new(input);
        let mut fed = Fed::default();
        let mut batch = Vec::new();
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
                    post.region = post.region.or_else(|| self.region.clone());
                    batch.push((number, post));
                }
                Err(reason) => self.refuse(number, &reason, &mut fed)?,
            }
            if batch.len() >= BATCH {
                self.append(&mut batch, number, &mut fed).await?;
            }
        }
        self.append(&mut batch, lines.number().max(done), &mut fed).await?;
        self.wait_for_stages(0, &fed).await?;
        Ok(fed)
    }

    async fn append(&self, batch: &mut Vec<(u64, wire::Post)>, line: u64, fed: &mut Fed) -> anyhow::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        // Asking a log of several machines costs more than a batch: the limit may be passed by a tenth.
        if fed.appended >= fed.asked_at + self.lag_records_max / 10 {
            self.wait_for_stages(self.lag_records_max, fed).await?;
            fed.asked_at = fed.appended;
        }
        let (numbers, posts): (Vec<u64>, Vec<wire::Post>) = batch.drain(..).unzip();
        self.advance_to(&posts);
        let cursor = Cursor { source: self.source.clone(), position: line.to_string() };
        let refused = self.gate.append(posts, Some(cursor), true).await.context("cannot append to the log")?;
        fed.appended += (numbers.len() - refused.len()) as u64;
        for refusal in refused {
            let number = numbers.get(refusal.index).copied().unwrap_or_default();
            self.refuse(number, &refusal.reason.to_string(), fed)?;
        }
        Ok(())
    }

    /// Moves the clock on to the latest of these posts.
    fn advance_to(&self, posts: &[wire::Post]) {
        let latest = posts.iter().filter_map(published_at).max();
        if let (Some(clock), Some(latest)) = (self.clock, latest) {
            clock.advance(latest);
        }
    }

    /// Waits until no stage is further behind: what is read must not pile up.
    async fn wait_for_stages(&self, lag_records_max: u64, fed: &Fed) -> anyhow::Result<()> {
        loop {
            let lags = lags(self.log.as_ref()).await?;
            self.show(fed, &lags);
            if lags.values().all(|&lag| lag <= lag_records_max) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn show(&self, fed: &Fed, lags: &BTreeMap<&'static str, u64>) {
        let left: Vec<String> = lags.iter().map(|(stage, lag)| format!("{stage} {lag}")).collect();
        self.progress.set_position(fed.appended);
        self.progress.set_message(format!("appended, to be read by {}", left.join(", ")));
    }

    fn refuse(&self, number: u64, reason: &str, fed: &mut Fed) -> anyhow::Result<()> {
        if self.strict {
            return Err(Stop::Line { number, reason: reason.to_owned() }.into());
        }
        eprintln!("line {number}: {reason}");
        fed.refused += 1;
        Ok(())
    }
}

/// A line that shows how far a feed is.
pub(super) fn progress() -> ProgressBar {
    let progress = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {pos} {msg} ({per_sec})") {
        progress.set_style(style);
    }
    progress
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
