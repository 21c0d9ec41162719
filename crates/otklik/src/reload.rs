//! Reads dictionaries, models and regions again when the process is told to, and goes over to them when every process has.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use otklik_domain::RegionId;
use otklik_pipeline::{Agreement, Knowledge};
use otklik_ports::{Clock, Log, PortResult};
use otklik_web::App;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use crate::{clocks::SystemClock, config::Config, directory::directory, knowledge};

/// How often the processes tell each other what they have.
const PAUSE: Duration = Duration::from_secs(10);
/// A process that has told nothing new for so long, and the session of its partitions beyond that, is dead.
const LIVE_WITHIN: Duration = Duration::from_secs(60);
/// Longest wait to tell the others that this process ends.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);
/// Longest mistake shown in the metrics, in characters.
const MISTAKE_CHARS_MAX: usize = 300;

/// Readings, by what came of them.
const RELOADS: &str = "otklik_dictionary_reloads_total";
/// 1 for the version in use and for the one read last.
const INFO: &str = "otklik_dictionary_info";
/// Versions that processes of the deployment use or have read.
const VERSIONS: &str = "otklik_dictionary_versions";
/// 1 for what stood in the way of the last reading, with file and line.
const MISTAKE: &str = "otklik_dictionary_mistake";

/// From now on a hang-up asks for another reading, and no longer ends the process.
///
/// # Errors
/// Signals cannot be received.
pub(crate) fn on_hangup() -> anyhow::Result<Signal> {
    signal(SignalKind::hangup()).context("cannot wait for signals")
}

/// Keeps what a process decides by up to date.
pub(crate) struct Reload {
    config: Config,
    log: Arc<dyn Log>,
    /// What counts, for the stages.
    counting: watch::Sender<Arc<Knowledge>>,
    /// The desk, which is told too.
    app: Option<App>,
    /// What was read last.
    loaded: Arc<Knowledge>,
    member: String,
    agreement: Agreement,
    began: Instant,
    shown: Shown,
}

/// What the metrics show.
#[derive(Debug, Default)]
struct Shown {
    used: String,
    loaded: String,
    mistake: String,
    versions: usize,
}

impl Reload {
    /// Begins with what counts for the process alone.
    pub(crate) fn new(
        config: Config,
        log: Arc<dyn Log>,
        counting: watch::Sender<Arc<Knowledge>>,
        app: Option<App>,
    ) -> Self {
        let kafka = config.log.kafka.as_ref();
        let live_within = LIVE_WITHIN + Duration::from_secs(kafka.map_or(0, |kafka| kafka.session_seconds));
        let named = kafka.and_then(|kafka| kafka.member.clone());
        let member = named.unwrap_or_else(|| format!("{:016x}", rand::random::<u64>()));
        let loaded = Arc::clone(&counting.borrow());
        let born = u64::try_from(SystemClock.now().as_microsecond()).unwrap_or_default();
        let agreement = Agreement::new(member.clone(), loaded.version.clone(), born, live_within);
        let (began, shown) = (Instant::now(), Shown::default());
        Self { config, log, counting, app, loaded, member, agreement, began, shown }
    }

    /// Reads as often as it is asked to, until it is stopped.
    pub(crate) async fn run(mut self, mut asked: Signal, stop: CancellationToken) {
        let work = async {
            loop {
                if let Err(error) = self.meet().await {
                    tracing::warn!(%error, "versions of dictionaries cannot be compared with other processes");
                }
                tokio::select! {
                    _ = asked.recv() => self.read().await,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        };
        stop.run_until_cancelled(work).await;
        let left = tokio::time::timeout(LEAVE_WITHIN, self.log.say(&self.member, None)).await;
        if !matches!(left, Ok(Ok(()))) {
            tracing::debug!("others will find out by themselves that this process has ended");
        }
    }

    /// Reads everything again. What has mistakes changes nothing.
    async fn read(&mut self) {
        let config = self.config.clone();
        let read = tokio::task::spawn_blocking(move || knowledge::load(&config)).await;
        let read = read.context("reading failed").flatten().and_then(|new| {
            ensure!(ids(&new).eq(ids(&self.loaded)), "other regions are served only after a restart");
            Ok(new)
        });
        let mistake = match read {
            Ok(new) => {
                tracing::info!(version = new.version, "dictionaries read, they count when every process has them");
                self.agreement.load(new.version.clone());
                self.loaded = Arc::new(new);
                metrics::counter!(RELOADS, "result" => "read").increment(1);
                String::new()
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "dictionaries not read, what was read before stays");
                metrics::counter!(RELOADS, "result" => "refused").increment(1);
                first_mistake(&error)
            }
        };
        show(MISTAKE, "mistake", &mut self.shown.mistake, mistake);
    }

    /// Tells the others what this process has, hears what they have, and goes over to what was read last when it counts.
    async fn meet(&mut self) -> PortResult<()> {
        loop {
            self.log.say(&self.member, Some(self.agreement.speak())).await?;
            let news = self.agreement.hear(self.log.said().await?, self.began.elapsed());
            let switches = self.agreement.used() != self.counting.borrow().version;
            if switches {
                tracing::info!(version = self.loaded.version, "dictionaries count from now on");
                self.counting.send_replace(Arc::clone(&self.loaded));
                if let Some(app) = &self.app {
                    app.reload(directory(&self.loaded.dictionary, &self.loaded.regions));
                }
            }
            self.show(news.versions);
            for gone in &news.gone {
                tracing::warn!(member = gone, "a process has ended without saying so");
                self.log.say(gone, None).await?;
            }
            // The others are to know at once.
            if !switches {
                return Ok(());
            }
        }
    }

    fn show(&mut self, versions: usize) {
        let Shown { used, loaded, versions: before, .. } = &mut self.shown;
        show(INFO, "used", used, self.agreement.used().to_owned());
        show(INFO, "loaded", loaded, self.loaded.version.clone());
        if *before != versions && versions > 1 {
            tracing::warn!(versions, "processes have different dictionaries: read them again on every machine");
        }
        *before = versions;
        metrics::gauge!(VERSIONS).set(versions as f64);
    }
}

fn ids(knowledge: &Knowledge) -> impl Iterator<Item = &RegionId> {
    knowledge.regions.iter().map(|region| &region.id)
}

/// The first of the mistakes listed, or the whole message.
fn first_mistake(error: &str) -> String {
    let listed = error.lines().find_map(|line| line.strip_prefix("  "));
    listed.unwrap_or(error).chars().take(MISTAKE_CHARS_MAX).collect()
}

/// Lets the series of a label's new value be 1 and that of its old one 0.
fn show(metric: &'static str, label: &'static str, shown: &mut String, new: String) {
    if *shown != new {
        for (value, is_so) in [(&*shown, 0.0), (&new, 1.0)] {
            if !value.is_empty() {
                metrics::gauge!(metric, label => value.clone()).set(is_so);
            }
        }
        *shown = new;
    }
}

#[cfg(test)]
mod tests;
