//! The SLA clock: finds what has come due and does what the policy says.

use std::sync::Arc;

use jiff::Timestamp;
use otklik_domain::{Action, Actor, Change, Incident, Submission};
use otklik_engine::{
    incidents::act,
    region::Region,
    sla::{Tick, tick},
};
use otklik_ports::{ErrorKind, IncidentBatch, Incidents, PortResult, Step};

/// Incidents looked at in one step.
const INCIDENTS_MAX: usize = 500;
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

/// Looks at what has come due by `now`. Running it twice does nothing the second time; an incident that somebody changes at
/// the same moment is left for the next time.
///
/// # Errors
/// The store's.
pub async fn check_due(incidents: &dyn Incidents, regions: &[Arc<Region>], now: Timestamp) -> PortResult<Due> {
    let mut done = Due::default();
    for incident in incidents.due(now, INCIDENTS_MAX).await? {
        let Some(region) = regions.iter().find(|region| region.id == incident.region) else { continue };
        let Some(policy) = region.policy_for(&incident) else { continue };
        let history = incidents.history(&incident.id).await?;
        let found = tick(&incident, policy, &history, &region.schedule, now);
        let steps = steps(&incident, &history, region, &found, now, &mut done);
        if steps.is_empty() {
            continue;
        }
        done.incidents += 1;
        match incidents.write(IncidentBatch { steps, ..IncidentBatch::default() }).await {
            Ok(()) => {}
            Err(error) if error.kind == ErrorKind::Conflict => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn steps(
    incident: &Incident,
    history: &[Change],
    region: &Region,
    found: &Tick,
    now: Timestamp,
    done: &mut Due,
) -> Vec<Step> {
    let mut present = incident.clone();
    let mut history = history.to_vec();
    let mut steps = Vec::new();
    if let Some(clocks) = &found.clocks {
        present.clocks.clone_from(clocks);
        done.warned += found.warned.len();
        done.breached += found.breached.len();
        steps.push(Step { incident: present.clone(), change: None, answer: None });
    }
    let mut own = |action: Action, present: &mut Incident, history: &mut Vec<Change>| {
        let submission = Submission { action, actor: Actor::system(), at: now, expected_version: None };
        let Ok((after, change)) = act(present, history, &submission, region) else { return 0 };
        *present = after.clone();
        history.push(change.clone());
        steps.push(Step { incident: after, change: Some(change), answer: None });
        1
    };
    if found.resume {
        done.resumed += own(Action::Resume, &mut present, &mut history);
    }
    if found.escalate {
        done.escalated += own(Action::Escalate { reason: OVERDUE.to_owned() }, &mut present, &mut history);
    }
    steps
}
