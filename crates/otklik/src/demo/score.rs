//! How much of what was planted was found: the demonstration's day against its truth.

use std::collections::{BTreeMap, BTreeSet};

use otklik_domain::{Event, EventId, PostId};
use otklik_web::App;

use super::day::Planted;

/// Share of an event's planted posts that one event found must hold.
const WHOLE_MIN: f64 = 0.5;
/// Share of the posts of the event found that must be planted ones.
const PURE_MIN: f64 = 0.5;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Score {
    /// Events planted.
    pub(crate) planted: usize,
    /// Of these, found as one event each.
    pub(crate) found: usize,
    /// Of the found, those with an incident that was proposed to the right body.
    pub(crate) routed: usize,
    /// What went wrong, a line each.
    pub(crate) wrong: Vec<String>,
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        let found = percent(self.found, self.planted);
        let routed = percent(self.routed, self.found);
        writeln!(f, "planted events found as one event each: {} of {} ({found:.0} %)", self.found, self.planted)?;
        write!(f, "their incidents routed to the right body: {} of {} ({routed:.0} %)", self.routed, self.found)?;
        self.wrong.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Compares what the stores hold with what was planted.
///
/// An event counts as found as one when the event that holds most of its posts holds at least half of them and consists of
/// them by at least half, and no other planted event claims it.
///
/// # Errors
/// The stores'.
pub(crate) async fn score(app: &App, planted: &[Planted]) -> anyhow::Result<Score> {
    let mut score = Score { planted: planted.len(), found: 0, routed: 0, wrong: Vec::new() };
    let mut taken = BTreeSet::new();
    for truth in planted {
        let (held, event) = match best(app, truth).await? {
            Some(best) => best,
            None => {
                score.wrong.push(format!("{}: none of its posts is in an event", truth.id));
                continue;
            }
        };
        let whole = held as f64 / truth.posts.len().max(1) as f64;
        let pure = held as f64 / f64::from(event.totals.posts.max(1));
        if whole < WHOLE_MIN || pure < PURE_MIN || !taken.insert(event.id.clone()) {
            let (all, posts) = (truth.posts.len(), event.totals.posts);
            score.wrong.push(format!("{}: {held} of its {all} posts are in an event of {posts}", truth.id));
            continue;
        }
        score.found += 1;
        match proposed(app, &event.id).await? {
            None => score.wrong.push(format!("{}: no incident was opened", truth.id)),
            Some(agency) if agency == truth.agency => score.routed += 1,
            Some(agency) => {
                score.wrong.push(format!("{}: proposed to {agency} in place of {}", truth.id, truth.agency));
            }
        }
    }
    Ok(score)
}

/// The event that holds most posts of a planted one, and how many.
async fn best(app: &App, truth: &Planted) -> anyhow::Result<Option<(usize, Event)>> {
    let ids: Vec<PostId> = truth.posts.iter().map(|id| PostId::new(id.clone())).collect();
    let mut held: BTreeMap<EventId, usize> = BTreeMap::new();
    for row in app.ports.posts.get(&ids).await? {
        *held.entry(row.group.event).or_default() += 1;
    }
    let Some((id, held)) = held.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0))) else {
        return Ok(None);
    };
    Ok(app.ports.posts.event(&id).await?.map(|event| (held, event)))
}

/// The body that was proposed when the incident of an event was opened: later somebody may have sent it elsewhere.
async fn proposed(app: &App, event: &EventId) -> anyhow::Result<Option<String>> {
    let incidents = app.ports.incidents.by_events(std::slice::from_ref(event)).await?;
    let Some((_, incident)) = incidents.into_iter().next() else { return Ok(None) };
    let history = app.ports.incidents.history(&incident.id).await?;
    let agency = history.iter().find_map(|change| change.agency.clone()).or(incident.agency);
    Ok(Some(agency.map(|agency| agency.to_string()).unwrap_or_default()))
}
