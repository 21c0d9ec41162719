//! Deadlines as policy data: which clocks run for an incident, in which unit, and how long.

use crate::{
    analysis::Severity,
    ids::TopicId,
    incident::{ClockKind, State},
    names::named_enum,
};

named_enum! {
    /// The unit a limit is counted in.
    "unit" Unit {
        /// Minutes by the clock, night and day.
        Minutes = "minutes",
        /// Hours by the clock, night and day.
        Hours = "hours",
        /// Hours within the body's working time.
        WorkingHours = "working-hours",
        /// Working days of the production calendar, ending with the body's closing.
        WorkingDays = "working-days",
        /// Calendar days, ending with the last second of the day.
        CalendarDays = "calendar-days",
    }
}

named_enum! {
    /// What sets a clock going.
    "start event" StartEvent {
        /// The incident was opened: the problem was detected or the appeal registered.
        Opened = "opened",
        /// The incident was sent to a body.
        Routed = "routed",
        /// The resident got an interim answer.
        FirstAnswer = "first-answer",
    }
}

/// How much time a clock allows, for the incidents it speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Units allowed.
    pub amount: u32,
    /// Only incidents at least this bad.
    pub severity_min: Severity,
    /// Only topics of these ids or blocks; empty for all.
    pub topics: Vec<String>,
}

impl Limit {
    /// Whether the limit speaks of an incident of this severity and topic.
    pub fn applies(&self, severity: Severity, topic: Option<&TopicId>) -> bool {
        let topic_fits = self.topics.is_empty()
            || topic.is_some_and(|topic| {
                self.topics.iter().any(|wanted| wanted == topic.as_str() || *wanted == *topic.block().as_str())
            });
        severity >= self.severity_min && topic_fits
    }
}

/// One clock of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockPolicy {
    /// What the clock waits for: it stops when that has happened.
    pub clock: ClockKind,
    /// What sets it going.
    pub start: StartEvent,
    /// The unit of its limits.
    pub unit: Unit,
    /// Limits, the special before the general: the first that applies counts.
    pub limits: Vec<Limit>,
    /// States in which the clock stands still.
    pub pause: Vec<State>,
    /// Shares of the limit, in percent, at which a warning is due; ascending.
    pub warn_percent: Vec<u8>,
    /// Whether an overdue incident goes up to the parent body by itself.
    pub escalate: bool,
}

impl ClockPolicy {
    /// Units allowed for an incident, or `None` when the clock does not run for it.
    pub fn limit(&self, severity: Severity, topic: Option<&TopicId>) -> Option<u32> {
        self.limits.iter().find(|limit| limit.applies(severity, topic)).map(|limit| limit.amount)
    }
}

/// The deadlines of a region or a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlaPolicy {
    /// Its name in the configuration.
    pub name: String,
    /// Its clocks.
    pub clocks: Vec<ClockPolicy>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_limit_that_applies_counts() {
        let limit = |amount, severity, topics: &[&str]| Limit {
            amount,
            severity_min: Severity::new(severity),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        };
        let policy = ClockPolicy {
            clock: ClockKind::FirstAnswer,
            start: StartEvent::Opened,
            unit: Unit::WorkingHours,
            limits: vec![limit(1, 5, &[]), limit(4, 3, &["roads", "utilities.heating"]), limit(9, 1, &[])],
            pause: vec![],
            warn_percent: vec![],
            escalate: false,
        };
        let check = |severity, topic: &str, expected| {
            assert_eq!(policy.limit(Severity::new(severity), Some(&topic.into())), expected);
        };
        check(5, "culture.library", Some(1));
        check(3, "roads.potholes", Some(4));
        check(3, "utilities.heating", Some(4));
        check(3, "utilities.cold_water", Some(9));
        check(0, "roads.potholes", None);
    }
}
