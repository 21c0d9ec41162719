//! The clocks of an incident, worked out anew from its history whenever it changes.

use jiff::Timestamp;
use otklik_domain::{ActionKind, Change, Clock, ClockKind, ClockPolicy, Incident, SlaPolicy, StartEvent, State};

use super::deadline::{Schedule, deadline, part};

/// The clocks of an incident after the changes of its history, oldest first. What has been warned of or found overdue
/// before stays so.
pub fn clocks(incident: &Incident, history: &[Change], policy: &SlaPolicy, schedule: &Schedule) -> Vec<Clock> {
    policy.clocks.iter().filter_map(|clock| one_clock(incident, history, clock, schedule)).collect()
}

fn one_clock(incident: &Incident, history: &[Change], policy: &ClockPolicy, schedule: &Schedule) -> Option<Clock> {
    let amount = policy.limit(incident.severity, incident.topic.as_ref())?;
    let round = round_starts(incident, history, policy.clock);
    let started_at = match policy.start {
        StartEvent::Opened => round,
        StartEvent::Routed => first(history, round, |change| change.to.is_with_agency())?,
        StartEvent::FirstAnswer => first(history, round, |change| change.action == ActionKind::AnswerInterim)?,
    };
    let stopped_at = first(history, started_at, |change| stops(policy.clock, change)).or_else(|| {
        // Nothing more is expected of one that was merged or turned out to be no incident, from when it did.
        history.iter().rev().take_while(|change| change.to.is_final()).last().map(|change| change.at)
    });
    let pauses = pauses(history, &policy.pause, started_at, stopped_at);
    let due = deadline(policy.unit, amount, started_at, &pauses, schedule).due;
    let due_at = (due != Timestamp::MAX).then_some(due);
    let before = incident.clocks.iter().find(|clock| clock.kind == policy.clock && clock.started_at == started_at);
    let warnings = before.map_or(0, |clock| clock.warnings);
    let running = stopped_at.is_none() && due_at.is_some();
    let warn_at = policy
        .warn_percent
        .get(usize::from(warnings))
        .filter(|_| running)
        .map(|&percent| part(policy.unit, amount, percent, started_at, &pauses, schedule));
    let late = stopped_at.is_some_and(|stopped| due_at.is_some_and(|due| stopped > due));
    let breached = late || before.is_some_and(|clock| clock.breached) && stopped_at.is_none();
    Some(Clock { kind: policy.clock, started_at, due_at, stopped_at, warn_at, warnings, breached })
}

/// When the present round of a clock began: at the opening, or when the incident was taken up again.
fn round_starts(incident: &Incident, history: &[Change], clock: ClockKind) -> Timestamp {
    let begins = |change: &&Change| match change.action {
        ActionKind::Reopen | ActionKind::RateBad => true,
        ActionKind::Return => clock == ClockKind::Route,
        _ => false,
    };
    history.iter().rev().find(begins).map_or(incident.opened_at, |change| change.at)
}

fn first(history: &[Change], since: Timestamp, happened: impl Fn(&Change) -> bool) -> Option<Timestamp> {
    history.iter().find(|change| change.at >= since && happened(change)).map(|change| change.at)
}

fn stops(clock: ClockKind, change: &Change) -> bool {
    match clock {
        ClockKind::Route => change.to.is_with_agency(),
        ClockKind::FirstAnswer => matches!(change.action, ActionKind::AnswerInterim | ActionKind::AnswerFinal),
        ClockKind::FinalAnswer => change.action == ActionKind::AnswerFinal,
    }
}

/// Stretches spent in states that pause, from the start on; one that goes on has no end.
fn pauses(
    history: &[Change],
    paused_in: &[State],
    since: Timestamp,
    until: Option<Timestamp>,
) -> Vec<(Timestamp, Timestamp)> {
    let until = until.unwrap_or(Timestamp::MAX);
    let mut pauses = Vec::new();
    let mut paused_since = None;
    for change in history.iter().filter(|change| change.from != change.to) {
        match (paused_since, paused_in.contains(&change.to)) {
            (None, true) => paused_since = Some(change.at),
            (Some(from), false) => {
                pauses.push((from, change.at));
                paused_since = None;
            }
            _ => {}
        }
    }
    pauses.extend(paused_since.map(|from| (from, Timestamp::MAX)));
    pauses.into_iter().map(|(from, to)| (from.max(since), to.min(until))).filter(|(from, to)| from < to).collect()
}

/// What has come due for an incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tick {
    /// Its clocks, with warnings counted and breaches marked; `None` when nothing changed.
    pub clocks: Option<Vec<Clock>>,
    /// Clocks whose warning came due.
    pub warned: Vec<ClockKind>,
    /// Clocks newly found overdue.
    pub breached: Vec<ClockKind>,
    /// Whether the policy sends it up to the parent body for that.
    pub escalate: bool,
    /// Whether its postponement has ended.
    pub resume: bool,
}

/// What has come due for an incident by `now`.
pub fn tick(incident: &Incident, policy: &SlaPolicy, history: &[Change], schedule: &Schedule, now: Timestamp) -> Tick {
    let mut found = Tick {
        resume: incident.state == State::Postponed && incident.postponed_until.is_some_and(|until| until <= now),
        ..Tick::default()
    };
    let mut after = incident.clone();
    for clock in &mut after.clocks {
        if clock.stopped_at.is_some() {
            continue;
        }
        if clock.warn_at.is_some_and(|at| at <= now) {
            clock.warnings = clock.warnings.saturating_add(1);
            found.warned.push(clock.kind);
        }
        if !clock.breached && clock.due_at.is_some_and(|due| due < now) {
            clock.breached = true;
            found.breached.push(clock.kind);
            let escalates = policy.clocks.iter().any(|policy| policy.clock == clock.kind && policy.escalate);
            found.escalate |= escalates && incident.state.is_with_agency();
        }
    }
    if !found.warned.is_empty() || !found.breached.is_empty() {
        found.clocks = Some(clocks(&after, history, policy, schedule));
    }
    found
}
