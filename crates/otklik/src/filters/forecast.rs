//! `otklik forecast`: posts of events to how many more there will be.

use std::{
    collections::{BTreeMap, HashMap},
    io,
};

use anyhow::Context;
use jiff::{Timestamp, tz::TimeZone};
use otklik_engine::forecast::{DAYS_BACK, Pulse, Rhythm, forecast};
use otklik_wire as wire;
use serde::{Deserialize, Serialize};

use crate::{Outcome, cli::ForecastArgs, jsonl};

const DAY_SECONDS: u32 = 86_400;

/// A post of an event, or several.
#[derive(Debug, Deserialize)]
struct Line {
    event_id: String,
    published_at: String,
    #[serde(default)]
    region: String,
    /// How many; with 0 the line only asks.
    #[serde(default = "one")]
    posts: u32,
}

/// What comes after a line.
#[derive(Debug, Serialize)]
struct Answer {
    event_id: String,
    published_at: String,
    forecast: Vec<wire::Forecast>,
}

/// The events of a region.
#[derive(Debug)]
struct Events {
    rhythm: Rhythm,
    /// With the time of the latest post.
    pulses: HashMap<String, (Pulse, u32)>,
}

/// Runs the filter.
///
/// # Errors
/// There is no such time zone; see [`jsonl::filter`].
pub(crate) fn run(args: &ForecastArgs) -> anyhow::Result<Outcome> {
    let zone = TimeZone::get(&args.tz).with_context(|| format!("--tz {} is no time zone", args.tz))?;
    let mut regions: BTreeMap<String, Events> = BTreeMap::new();
    jsonl::filter(io::stdin().lock(), args.filter.strict, |line: Line| {
        let invalid = || "published_at: is no time of RFC 3339 since 1970".to_owned();
        let published_at: Timestamp = line.published_at.parse().map_err(|_| invalid())?;
        let at = u32::try_from(published_at.as_second()).map_err(|_| invalid())?;
        let offset = zone.to_offset(published_at).seconds();
        let new = || Events { rhythm: Rhythm::new(offset), pulses: HashMap::new() };
        let events = regions.entry(line.region).or_insert_with(new);
        if line.posts > 0 {
            events.learn(&line.event_id, at, line.posts);
        }
        let pulse = events.pulses.get(&line.event_id).map_or_else(Pulse::default, |(pulse, _)| *pulse);
        let forecast = forecast(pulse, &events.rhythm, at).iter().map(Into::into).collect();
        Ok(Answer { event_id: line.event_id, published_at: line.published_at, forecast })
    })
}

impl Events {
    fn learn(&mut self, event: &str, at: u32, posts: u32) {
        let days = self.rhythm.learn(at, posts);
        if days > 0 {
            let oldest = at.saturating_sub(DAYS_BACK as u32 * DAY_SECONDS);
            self.pulses.retain(|_, (_, latest)| *latest >= oldest);
        }
        if !self.pulses.contains_key(event) {
            self.pulses.insert(event.to_owned(), (Pulse::default(), at));
        }
        if let Some((pulse, latest)) = self.pulses.get_mut(event) {
            pulse.beat(at, posts, &self.rhythm);
            *latest = at.max(*latest);
        }
    }
}

fn one() -> u32 {
    1
}
