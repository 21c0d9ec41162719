//! Plays the day: posts go through the stages in steps of a few minutes, people work, clocks tick.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use otklik_ports::Cursor;
use otklik_web::App;
use otklik_wire::Post;
use tokio::time::Instant;

use super::{day::Day, staff::Staff, state::DemoState};
use crate::{clocks::DemoClock, system::System};

/// A step of the day.
const STEP: SignedDuration = SignedDuration::from_mins(5);
/// Name of the cursor in the log that says how many posts are in it.
const SOURCE: &str = "demo";
/// How often it is looked whether the stages have read everything.
const LOOK: Duration = Duration::from_millis(5);
/// Staff leave this long before the day ends: what comes later waits for whoever looks at the desk.
const LEFT_TO_THE_USER: SignedDuration = SignedDuration::from_mins(90);

/// What a day is played on.
pub(crate) struct Stage<'a> {
    pub(crate) system: &'a Arc<System>,
    pub(crate) app: &'a App,
    pub(crate) clock: &'a DemoClock,
    /// Shortest time the whole day may take.
    pub(crate) lasts: Duration,
    pub(crate) zone: TimeZone,
}

impl Stage<'_> {
    /// Plays what is left of the day, from where `state` stands, and keeps that up to date.
    ///
    /// # Errors
    /// The stores', or the state cannot be saved.
    pub(crate) async fn play(&self, day: &Day, state: &mut DemoState) -> anyhow::Result<()> {
        let end = state.end();
        let mut staff = Staff::new(end - LEFT_TO_THE_USER)?;
        let steps = u32::try_from(SignedDuration::from_hours(24).as_mins() / STEP.as_mins()).unwrap_or(1);
        let pause = self.lasts / steps;
        let progress = progress(day.posts.len());
        while state.clock < end {
            let began = Instant::now();
            state.clock = end.min(state.clock.saturating_add(STEP)?);
            self.clock.set(state.clock);
            let appended = self.append(day, state.clock).await?;
            self.wait_until_read().await?;
            staff.work(self.app, state.clock).await?;
            self.system.tick().await?;
            state.save(&self.system.config.data)?;
            progress.set_position(appended as u64);
            progress.set_message(self.shown(state.clock));
            tokio::time::sleep_until(began + pause).await;
        }
        progress.finish_and_clear();
        Ok(())
    }

    /// Appends the posts up to `now` that are not in the log yet; gives how many are there.
    async fn append(&self, day: &Day, now: Timestamp) -> anyhow::Result<usize> {
        let cursor = self.system.engines.log.cursor(SOURCE).await?;
        let done = cursor.and_then(|posts| posts.parse().ok()).unwrap_or(0_usize);
        let next = day.posts.iter().skip(done).take_while(|post| is_by(post, now));
        let posts: Vec<Post> = next.cloned().collect();
        let position = done + posts.len();
        if posts.is_empty() {
            return Ok(position);
        }
        let cursor = Cursor { source: SOURCE.to_owned(), position: position.to_string() };
        let refused = self.system.gate.append(posts, Some(cursor), true).await.context("cannot append to the log")?;
        anyhow::ensure!(refused.is_empty(), "{} posts of the day were refused", refused.len());
        Ok(position)
    }

    async fn wait_until_read(&self) -> anyhow::Result<()> {
        while self.system.lags().await?.values().any(|&lag| lag > 0) {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    fn shown(&self, now: Timestamp) -> String {
        let counted = |stage| self.system.counters.of(stage).read();
        let time = now.to_zoned(self.zone.clone());
        format!("{} · {} stored", time.strftime("%H:%M"), counted("store"))
    }
}

fn is_by(post: &Post, now: Timestamp) -> bool {
    post.published_at.parse::<Timestamp>().is_ok_and(|at| at <= now)
}

fn progress(posts: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} posts · {msg}");
    let bar = ProgressBar::new(posts as u64);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
