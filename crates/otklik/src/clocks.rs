//! Clocks: the machine's, the log's own time for replays, the demonstration's.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};
use otklik_ports::Clock;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is where the time comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Shows the latest time it was told: in a replay of a past day it is then.
#[derive(Debug)]
pub(crate) struct ReplayClock(AtomicI64);

impl ReplayClock {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(0))
    }

    /// Moves on to a time; never back.
    pub(crate) fn advance(&self, to: Timestamp) {
        self.0.fetch_max(to.as_millisecond(), Ordering::Relaxed);
    }
}

impl Clock for ReplayClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The demonstration's clock: set by the day while that is played, then it goes on at its own pace from where it was.
#[derive(Debug)]
pub(crate) struct DemoClock {
    /// Milliseconds it showed when it was last set.
    shown: AtomicI64,
    /// Milliseconds after `began` at which it was last set.
    set: AtomicI64,
    began: Instant,
}

impl DemoClock {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { shown: AtomicI64::new(now.as_millisecond()), set: AtomicI64::new(0), began: Instant::now() }
    }

    fn passed(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Sets the clock.
    pub(crate) fn set(&self, now: Timestamp) {
        self.set.store(self.passed(), Ordering::Relaxed);
        self.shown.store(now.as_millisecond(), Ordering::Relaxed);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        let since = (self.passed() - self.set.load(Ordering::Relaxed)).max(0);
        let shown = Timestamp::from_millisecond(self.shown.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH);
        shown.saturating_add(SignedDuration::from_millis(since)).unwrap_or(shown)
    }
}
