//! What is known of a source: kept as its cursor in the log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::listing::Listing;
use crate::fault::Action;

/// Version of the form of a state.
const VERSION: u8 = 1;
/// Posts expected of a source in an hour before anything was seen of it, and its weight in hours.
const PRIOR: (f64, f64) = (0.02, 12.0);
/// Older posts say nothing about the pace of today.
const RATE_HOURS: f64 = 14.0 * 24.0;
/// How much of a new observation goes into a moving average.
const AVERAGE_PART: f64 = 0.4;

/// What is known of a source.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) v: u8,
    pub(super) posts: Listing,
    /// Comments by post, named by the end of its id.
    #[serde(default)]
    pub(super) threads: BTreeMap<String, Thread>,
    /// What a reading that was broken off left for the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owed: Option<Owed>,
    /// Minutes from publishing to reading, of late; `None` before anything new was read.
    #[serde(default)]
    pub(super) lag: Option<f64>,
    /// When it was asked last, and when it answered last.
    #[serde(default)]
    pub(super) read_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) answered_at: Option<Timestamp>,
    /// Not to be asked before this.
    #[serde(default)]
    pub(super) rest_until: Option<Timestamp>,
    /// Since when posts may be missing, and are not had any more.
    #[serde(default)]
    pub(super) gap_since: Option<Timestamp>,
    /// The last trouble, until it answers again.
    #[serde(default)]
    pub(super) trouble: Option<Trouble>,
    /// Troubles in a row.
    #[serde(default)]
    pub(super) troubles: u32,
    #[serde(default)]
    pub(super) etag: Option<String>,
    #[serde(default)]
    pub(super) last_modified: Option<String>,
    #[serde(default)]
    pub(super) name: String,
    /// Instagram: the number of the hashtag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<String>,
}

/// A trouble with a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trouble {
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) at: Timestamp,
    /// What is done about it.
    #[serde(default)]
    pub(super) action: Option<Action>,
}

/// What a reading that was broken off left for the next one: below the pages that were read lies what was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owed {
    /// A list in order is to be read down to this mark, whatever is known above it.
    pub(super) down_to: i64,
    /// A list without order, so many pages.
    pub(super) pages: usize,
}

/// The comments of a post, in short. What is known of each comment is kept under a cursor of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Thread {
    /// Comments the network counts.
    #[serde(rename = "n")]
    pub(super) count: u64,
    /// Comments it counted when they were read last.
    #[serde(rename = "r")]
    pub(super) read: u64,
    /// When they were read last.
    #[serde(rename = "a")]
    pub(super) read_at: Option<Timestamp>,
    /// Comments that came in an hour, of late.
    #[serde(rename = "p")]
    pub(super) rate: f64,
    /// Not to be asked for before this, after a trouble.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub(super) rest_until: Option<Timestamp>,
}

/// What is known of the comments of a post.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Comments {
    v: u8,
    pub(super) known: Listing,
    /// Above this mark lie comments that a reading, or several, broke off before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owed: Option<i64>,
}

impl State {
    /// Reads a state. One of an unknown form is none: the source is read from the beginning, and grouping knows its posts by id.
    pub(super) fn read(position: &str) -> Option<Self> {
        serde_json::from_str::<Self>(position).ok().filter(|state| state.v == VERSION)
    }

    /// Writes it.
    pub(super) fn write(&self) -> String {
        serde_json::to_string(&Self { v: VERSION, ..self.clone() }).unwrap_or_default()
    }

    /// Posts expected in an hour of average share, by those that are known.
    pub(super) fn post_rate(&self, now: Timestamp) -> f64 {
        let age = |time: Timestamp| now.duration_since(time).as_secs_f64() / 3600.0;
        let mut ages: Vec<f64> = self.posts.times().map(age).filter(|age| *age < RATE_HOURS).collect();
        ages.sort_by(f64::total_cmp);
        let count = ages.len() as f64;
        let span = ages.last().copied().unwrap_or(RATE_HOURS).clamp(24.0, RATE_HOURS);
        (count + PRIOR.0 * PRIOR.1) / (span + PRIOR.1)
    }

    /// Takes note of how late new posts were read, in minutes each.
    pub(super) fn note_lags(&mut self, lags: impl Iterator<Item = f64>) {
        let (sum, count) = lags.fold((0.0, 0.0), |(sum, count), lag| (sum + lag.max(0.0), count + 1.0));
        if count > 0.0 {
            let now = sum / count;
            self.lag = Some(self.lag.map_or(now, |before| before + AVERAGE_PART * (now - before)));
        }
    }

    /// The source answered.
    pub(super) fn answered(&mut self, now: Timestamp) {
        self.read_at = Some(now);
        self.answered_at = Some(now);
        self.rest_until = None;
        self.trouble = None;
        self.troubles = 0;
    }
}

impl Thread {
    /// In place of the comments counted: they are read again.
    pub(super) const TO_BE_READ: u64 = u64::MAX;

    /// Takes note of the comments that a reading brought.
    pub(super) fn note(&mut self, came: usize, now: Timestamp, published: Timestamp) {
        let since = self.read_at.unwrap_or(published);
        let hours = (now.duration_since(since).as_secs_f64() / 3600.0).max(0.02);
        let pace = came as f64 / hours;
        self.rate = if self.read_at.is_none() { pace } else { self.rate + AVERAGE_PART * (pace - self.rate) };
        self.read = self.count;
        self.read_at = Some(now);
        self.rest_until = None;
    }
}

impl Comments {
    pub(super) fn read(position: Option<&str>) -> Self {
        let read = position.and_then(|position| serde_json::from_str::<Self>(position).ok());
        read.filter(|comments| comments.v == VERSION).unwrap_or_default()
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(&Self { v: VERSION, ..self.clone() }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back() {
        let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let mut state = State { name: "Город".to_owned(), etag: Some("\"1\"".to_owned()), ..State::default() };
        state.threads.insert("45".to_owned(), Thread { count: 5, ..Thread::default() });
        state.answered(now);
        let written = state.write();
        let read = State::read(&written).unwrap();
        assert_eq!((read.write(), read.threads["45"].count, read.answered_at), (written, 5, Some(now)));
        assert_eq!(State::read("{\"v\":9}"), None);
        assert_eq!(State::read("5"), None);
        assert_eq!(Comments::read(Some("broken")), Comments::default());
    }

    #[test]
    fn a_thread_knows_its_pace() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut thread = Thread { count: 8, ..Thread::default() };
        thread.note(8, at("2026-03-01T12:00:00Z"), at("2026-03-01T10:00:00Z"));
        assert!((thread.rate - 4.0).abs() < 1e-9 && thread.read == 8);
        thread.note(0, at("2026-03-01T13:00:00Z"), at("2026-03-01T10:00:00Z"));
        assert!((thread.rate - 2.4).abs() < 1e-9);
    }
}
