//! The clocks of an incident with the way each deadline was found: "why is this overdue".

use std::borrow::Cow;

use jiff::Timestamp;
use otklik_domain::{Change, Clock, ClockPolicy, Incident, State, Unit};
use otklik_engine::sla::{Interval, deadline};

use crate::catalogue::Directory;

/// Stretches shown of a clock; a limit of a thousand working hours has fewer.
const STRETCHES_MAX: usize = 1_000;

/// A clock and how its deadline was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockTrace {
    /// The clock.
    pub clock: Clock,
    /// Units allowed.
    pub amount: u32,
    /// The unit.
    pub unit: Unit,
    /// Every stretch of time from the start to the deadline, counted or left out. Of a clock that stands still, up to now.
    pub stretches: Vec<Stretch>,
}

/// A stretch of time that was counted or left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end; `None` while it lasts.
    pub to: Option<Timestamp>,
    /// Whether it was counted.
    pub counted: bool,
    /// Why, in Russian.
    pub why: Cow<'static, str>,
}

/// The clocks of an incident with their traces. A clock the policy no longer has is left out.
pub(super) fn trace(incident: &Incident, history: &[Change], directory: &Directory, now: Timestamp) -> Vec<ClockTrace> {
    let Some(region) = directory.region_of(incident) else { return Vec::new() };
    let Some(policy) = region.policy_for(incident) else { return Vec::new() };
    incident
        .clocks
        .iter()
        .filter_map(|clock| {
            let rule = policy.clocks.iter().find(|rule| rule.clock == clock.kind)?;
            let amount = rule.limit(incident.severity, incident.topic.as_ref())?;
            let pauses = pauses(history, rule, clock);
            let found = deadline(rule.unit, amount, clock.started_at, &pauses, &region.schedule);
            let stretches = found.trace.into_iter().filter_map(|interval| stretch(interval, clock, now));
            Some(ClockTrace {
                clock: clock.clone(),
                amount,
                unit: rule.unit,
                stretches: stretches.take(STRETCHES_MAX).collect(),
            })
        })
        .collect()
}

fn stretch(interval: Interval, clock: &Clock, now: Timestamp) -> Option<Stretch> {
    let endless = clock.due_at.is_none();
    if endless && interval.from > now {
        return None;
    }
    let to = (!endless || interval.to <= now).then_some(interval.to);
    Some(Stretch { from: interval.from, to, counted: interval.counted, why: interval.why })
}

/// Stretches the clock stood still, as the engine found them for its deadline.
fn pauses(history: &[Change], rule: &ClockPolicy, clock: &Clock) -> Vec<(Timestamp, Timestamp)> {
    let until = clock.stopped_at.unwrap_or(Timestamp::MAX);
    let mut pauses = Vec::new();
    let mut paused_since = None;
    let is_pause = |state: &State| rule.pause.contains(state);
    for change in history.iter().filter(|change| change.from != change.to) {
        match (paused_since, is_pause(&change.to)) {
            (None, true) => paused_since = Some(change.at),
            (Some(from), false) => {
                pauses.push((from, change.at));
                paused_since = None;
            }
            _ => {}
        }
    }
    pauses.extend(paused_since.map(|from| (from, Timestamp::MAX)));
    let clipped = pauses.into_iter().map(|(from, to)| (from.max(clock.started_at), to.min(until)));
    clipped.filter(|(from, to)| from < to).collect()
}

#[cfg(test)]
mod tests {
    use otklik_domain::{Action, Actor, Answer, AnswerKind, IncidentId, Opening, Submission, open};
    use otklik_engine::{incidents::act, sla::clocks};
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{directory, now};

    fn opened(directory: &Directory) -> (Incident, Vec<Change>) {
        let region = &directory.regions[0];
        let opening = Opening {
            id: IncidentId::from("i-1"),
            region: region.id.clone(),
            event: "e-1".into(),
            post: "vk:1".into(),
            title: String::new(),
            summary: String::new(),
            topic: Some("roads.potholes".into()),
            block: "roads".into(),
            place: None,
            place_name: String::new(),
            municipality: None,
            point: None,
            severity: otklik_domain::Severity::new(3),
            policy: "social-9wh".to_owned(),
            at: now(),
            opened_by: otklik_domain::OpenedBy::Person,
            posts: 1,
            authors: 1,
            risk: 0.0,
            repeats: None,
        };
        let (mut incident, change) = open(opening, &Actor::system());
        let history = vec![change];
        incident.clocks = clocks(&incident, &history, region.policy_for(&incident).unwrap(), &region.schedule);
        (incident, history)
    }

    fn action(number: u8, at: Timestamp) -> Action {
        let reason = "Так надо".to_owned();
        let answer = |kind| Action::Answer(Answer { kind, text: reason.clone(), url: None });
        match number {
            0 => Action::Triage { topic: None, municipality: None, severity: None },
            1 => Action::Route { agency: "demo.town_b".into(), why: Vec::new() },
            2 => Action::Accept,
            3 => answer(AnswerKind::Interim),
            4 => answer(AnswerKind::Final),
            5 => Action::Return { reason },
            6 | 7 => Action::Postpone { until: at + jiff::SignedDuration::from_hours(1), reason },
            8 | 9 => Action::Resume,
            10 => Action::Reopen { reason },
            _ => Action::Rate { score: number % 5 + 1 },
        }
    }

    proptest! {
        /// Whatever is done to an incident, the trace of each clock is without gaps and ends where the engine says.
        #[test]
        fn traces_end_at_deadlines(steps in prop::collection::vec((0_u8..14, 0_i64..2_000), 0..20)) {
            let directory = directory();
            let (mut incident, mut history) = opened(&directory);
            let mut at = now();
            for (number, minutes) in steps {
                at += jiff::SignedDuration::from_mins(minutes);
                let submission =
                    Submission { action: action(number, at), actor: Actor::system(), at, expected_version: None };
                let Ok((after, change)) = act(&incident, &history, &submission, &directory.regions[0]) else { continue };
                incident = after;
                history.push(change);
                for trace in trace(&incident, &history, &directory, at) {
                    let last = trace.stretches.last().and_then(|stretch| stretch.to);
                    prop_assert_eq!(last, trace.clock.due_at, "{:?}", trace);
                    let gapless = trace.stretches.windows(2).all(|pair| pair[0].to == Some(pair[1].from));
                    prop_assert!(gapless, "{:?}", trace);
                }
            }
        }
    }
}
