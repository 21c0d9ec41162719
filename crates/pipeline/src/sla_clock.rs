//! The SLA clock: finds what has come due and does what the policy says.

use std::sync::Arc;

use futures::future::try_join_all;
use jiff::Timestamp;
use otklik_domain::{Action, Actor, Change, Incident, Submission};
use otklik_engine::{incidents::act, region::Region, sla::tick};
use otklik_ports::{ErrorKind, IncidentBatch, Incidents, PortResult, Step};

/// Incidents looked at in one step.
const INCIDENTS_MAX: usize = 500;
/// Most incidents looked at when nothing can be done about the first ones.
const INCIDENTS_LOOKED_AT_MAX: usize = 32_000;
/// Warnings, deadlines and steps up that are done at once for an incident nobody has looked at for long.
const ROUNDS_MAX: usize = 16;
/// Histories read at the same time.
const READS_AT_ONCE: usize = 16;
/// Why Otklik sends an incident up.
const OVERDUE: &str = "истёк срок";

/// What a check did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Due {
    /// Incidents that something had come due for.
    pub incidents: usize,
    /// Warnings given.
    pub warned: usize,
    /// Deadlines found missed.
    pub breached: usize,
    /// Incidents sent up to the parent body.
    pub escalated: usize,
    /// Postponed incidents taken up again.
    pub resumed: usize,
}

impl std::ops::AddAssign for Due {
    fn add_assign(&mut self, other: Self) {
        self.incidents += other.incidents;
        self.warned += other.warned;
        self.breached += other.breached;
        self.escalated += other.escalated;
        self.resumed += other.resumed;
    }
}

/// Looks at what has come due by `now`, a limited number at a time: call it until it finds nothing. Running it twice does
/// nothing the second time; an incident that somebody changes at the same moment is left for the next time, the others are
/// not.
///
/// # Errors
/// The store's.
pub async fn check_due(incidents: &dyn Incidents, regions: &[Arc<Region>], now: Timestamp) -> PortResult<Due> {
    let found = find(incidents, regions, now).await?;
    let together = found.iter().flat_map(|(steps, _)| steps.clone()).collect();
    let mut done = Due::default();
    if write(incidents, together).await? {
        found.into_iter().for_each(|(_, due)| done += due);
        return Ok(done);
    }
    // Somebody has changed one of them: the others must not wait for it.
    for (steps, due) in found {
        if write(incidents, steps).await? {
            done += due;
        }
    }
    Ok(done)
}

/// What has to be done, an entry for each incident.
async fn find(incidents: &dyn Incidents, regions: &[Arc<Region>], now: Timestamp) -> PortResult<Vec<(Vec<Step>, Due)>> {
    let mut limit = INCIDENTS_MAX;
    loop {
        let due = incidents.due(now, limit).await?;
        let everything = due.len() < limit;
        let mut found = Vec::new();
        let known = due.iter().filter_map(|incident| {
            let region = regions.iter().find(|region| region.id == incident.region)?;
            Some((incident, region.as_ref()))
        });
        for some in known.collect::<Vec<_>>().chunks(READS_AT_ONCE) {
            let histories = try_join_all(some.iter().map(|(incident, _)| incidents.history(&incident.id))).await?;
            for ((incident, region), history) in some.iter().zip(histories) {
                let (steps, done) = steps(incident, history, region, now);
                if !steps.is_empty() {
                    found.push((steps, done));
                }
            }
        }
        // Incidents of a region that is no longer configured stay due for ever and must not hide those behind them.
        if !found.is_empty() || everything || limit >= INCIDENTS_LOOKED_AT_MAX {
            return Ok(found);
        }
        limit *= 4;
    }
}

/// Writes steps, all or nothing; says whether nobody was in the way.
async fn write(incidents: &dyn Incidents, steps: Vec<Step>) -> PortResult<bool> {
    if steps.is_empty() {
        return Ok(true);
    }
    match incidents.write(IncidentBatch { steps, ..IncidentBatch::default() }).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind == ErrorKind::Conflict => Ok(false),
        Err(error) => Err(error),
    }
}

/// Everything that has come due for an incident, a warning after a missed one included.
fn steps(incident: &Incident, mut history: Vec<Change>, region: &Region, now: Timestamp) -> (Vec<Step>, Due) {
    let mut done = Due::default();
    let mut present = incident.clone();
    let mut steps = Vec::new();
    let Some(policy) = region.policy_for(incident) else { return (steps, done) };
    for _ in 0..ROUNDS_MAX {
        let found = tick(&present, policy, &history, &region.schedule, now);
        let before = present.clone();
        if let Some(clocks) = found.clocks {
            present.clocks = clocks;
            done.warned += found.warned.len();
            done.breached += found.breached.len();
        }
        let mut own = |action: Action| {
            let submission = Submission { action, actor: Actor::system(), at: now, expected_version: None };
            let Ok((after, change)) = act(&present, &history, &submission, region) else { return 0 };
            present = after.clone();
            history.push(change.clone());
            steps.push(Step { incident: after, change: Some(change), answer: None });
            1
        };
        if found.resume {
            done.resumed += own(Action::Resume);
        }
        if found.escalate {
            done.escalated += own(Action::Escalate { reason: OVERDUE.to_owned() });
        }
        if present == before {
            break;
        }
    }
    let written = steps.last().map_or(incident, |step| &step.incident);
    if written.clocks != present.clocks {
        steps.push(Step { incident: present, change: None, answer: None });
    }
    done.incidents = usize::from(!steps.is_empty());
    (steps, done)
}
