//! Risk of an event: harm × growth × lack of an answer.

use std::collections::BTreeMap;

use otklik_domain::{EventTotals, Risk, Severity};
use serde::{Deserialize, Serialize};

use super::event::block_of;
use crate::forecast::{Pulse, Rhythm};

/// Voices at which harm by number has come two thirds of its way.
const MANY_AUTHORS: f32 = 12.0;
/// How many times as many posts as usual bring growth half its way: the usual number gives 1 in 7.
const MANY_TIMES: f64 = 6.0;
/// Posts that are no growth, however few are usual.
const FEW_POSTS: f64 = 1.0;
/// Resident hours of an event's own past that count as much as what is usual for its topic.
const OWN_HOURS: f64 = 24.0;
/// Posts of one event that speak for what is usual: a disaster is not.
const USUAL_POSTS_MAX: u32 = 20;
/// Posts an event is usually taken to have where nothing is known, and the events that its topic or block must have had to
/// count as much as what stands above it.
const USUAL_POSTS: f32 = 1.5;
const EVENTS_OF_BLOCK: f32 = 20.0;
const EVENTS_OF_TOPIC: f32 = 10.0;
/// Topics and blocks remembered.
const TOPICS_MAX: usize = 4096;
/// Days after which what was learnt of them has faded to a third.
const FADING_DAYS: f32 = 28.0;
/// Where most residents live; what is learnt soon tells better.
const MOSCOW_SECONDS: i32 = 3 * 3600;

/// What is usual in a region: when its residents write, and how many posts an event of a topic gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usual {
    pub(crate) rhythm: Rhythm,
    /// By topic and by block: posts and events, fading.
    sizes: BTreeMap<String, (f32, f32)>,
}

impl Default for Usual {
    fn default() -> Self {
        Self { rhythm: Rhythm::new(MOSCOW_SECONDS), sizes: BTreeMap::new() }
    }
}

impl Usual {
    /// Takes note of a post, the `number`-th of its event, from 1.
    pub(crate) fn learn(&mut self, at: u32, topic: Option<&str>, number: u32) {
        let days = self.rhythm.learn(at, 1);
        if days > 0 {
            let left = (-(days as f32) / FADING_DAYS).exp();
            self.sizes.values_mut().for_each(|(posts, events)| (*posts, *events) = (*posts * left, *events * left));
        }
        let Some(topic) = topic.filter(|_| number <= USUAL_POSTS_MAX) else { return };
        let block = block_of(topic);
        for key in [topic, block].into_iter().take(if block == topic { 1 } else { 2 }) {
            let begins = f32::from(u8::from(number == 1));
            if let Some((posts, events)) = self.sizes.get_mut(key) {
                *posts += 1.0;
                *events += begins;
            } else if self.sizes.len() < TOPICS_MAX {
                self.sizes.insert(key.to_owned(), (1.0, begins));
            }
        }
    }

    /// The risk of an event nobody has answered yet; who knows of an answer lowers its last part.
    pub(crate) fn risk(
        &self,
        pulse: Pulse,
        topic: Option<&str>,
        severity: Severity,
        totals: &EventTotals,
        danger: bool,
    ) -> Risk {
        let touched = 1.0 - (-(totals.authors as f32) / MANY_AUTHORS).exp();
        let bad = f32::from(severity.level()) / 5.0;
        let harm = bad * (0.4 + 0.6 * touched);
        let growth = self.growth(pulse, topic);
        Risk { harm: if danger { harm.max(0.6) } else { harm }, growth, unanswered: 1.0 }
    }

    /// 0..1: how many times as many posts as usual came in the last hours, or in the last day, whichever is more. What is
    /// usual is the event's own past, and while that is short what events of its topic get on their first day.
    fn growth(&self, pulse: Pulse, topic: Option<&str>) -> f32 {
        let [quick, day, slow] = pulse.sums(&self.rhythm);
        let of_topic = f64::from(self.usual_posts(topic) - 1.0).max(0.0) / 24.0;
        let times = [quick, day].map(|now| {
            let (posts, hours) = ((slow.posts - now.posts).max(0.0), (slow.hours - now.hours).max(0.0));
            let usual = (posts + of_topic * OWN_HOURS) / (hours + OWN_HOURS);
            // The latest post is the one that asks, and there always is one.
            (now.posts - 1.0 + FEW_POSTS).max(0.0) / (usual * now.hours + FEW_POSTS)
        });
        let times = times[0].max(times[1]);
        (times / (times + MANY_TIMES)) as f32
    }

    /// Posts that an event of a topic usually gets.
    fn usual_posts(&self, topic: Option<&str>) -> f32 {
        let Some(topic) = topic else { return USUAL_POSTS };
        let mean = |key: &str, above: f32, weight: f32| {
            let (posts, events) = self.sizes.get(key).copied().unwrap_or_default();
            (posts + above * weight) / (events + weight)
        };
        mean(topic, mean(block_of(topic), USUAL_POSTS, EVENTS_OF_BLOCK), EVENTS_OF_TOPIC)
    }
}

#[cfg(test)]
mod tests;
