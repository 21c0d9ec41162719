//! When an event becomes an incident, whether it belongs to a running one, and what an action does to its clocks.

use jiff::Timestamp;
use otklik_domain::{
    Actor, Analysis, Change, Event, EventId, Incident, IncidentId, Intent, OpenedBy, Opening, Post, PostKind, Refusal,
    Severity, Submission, apply, open,
};

use crate::{
    region::{OpeningRules, Region},
    routing::Matter,
    sla::clocks,
};

/// Score a topic needs before its severity alone opens an incident.
const SURE_TOPIC_MIN: f32 = 0.6;
/// Longest text of a title in characters.
const TITLE_CHARS_MAX: usize = 160;

/// A post that has just joined an event.
#[derive(Debug, Clone, Copy)]
pub struct Joined<'a> {
    /// The post.
    pub post: &'a Post,
    /// What was read from it.
    pub analysis: &'a Analysis,
    /// Its event as it stands with it.
    pub event: &'a Event,
    /// Name of the event's topic.
    pub topic_name: &'a str,
    /// Name of the event's municipality.
    pub municipality_name: &'a str,
}

/// What is known of incidents the post may concern.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The latest incident of the event, running or done.
    pub of_event: Option<&'a Incident>,
    /// A running incident on the same topic at the same place.
    pub like_it: Option<&'a Incident>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Nothing: no reason to open one.
    Nothing,
    /// Open an incident.
    Open(Box<(Incident, Change)>),
    /// The event belongs to this running incident from now on.
    Join(IncidentId),
    /// The running incident of the event has grown.
    Refresh(IncidentId),
}

/// Decides what a post that joined an event means for incidents.
///
/// `now` is when the post came in: an incident is opened then.
pub fn decide(joined: &Joined<'_>, known: Known<'_>, region: &Region, now: Timestamp) -> Decision {
    match known.of_event {
        Some(running) if !running.state.is_final() => return Decision::Refresh(running.id.clone()),
        Some(done) if !is_news_of(joined, done) => return Decision::Nothing,
        _ => {}
    }
    let Some(opened_by) = reason(joined, &region.opening) else { return Decision::Nothing };
    if let (None, Some(like_it)) = (known.of_event, known.like_it) {
        return Decision::Join(like_it.id.clone());
    }
    Decision::Open(Box::new(open_incident(joined, opened_by, known.of_event, region, now)))
}

/// Whether a post says that a problem which was done with is there again: it was written after the end, and complains.
fn is_news_of(joined: &Joined<'_>, done: &Incident) -> bool {
    joined.post.published_at > done.updated_at
        && matches!(joined.analysis.intent, Intent::Complaint | Intent::Request | Intent::Question)
}

/// Why an event deserves an incident, the gravest reason first.
fn reason(joined: &Joined<'_>, rules: &OpeningRules) -> Option<OpenedBy> {
    let (analysis, event) = (joined.analysis, joined.event);
    let speaks_of_trouble = !matches!(analysis.intent, Intent::Thanks | Intent::Other);
    let complains = event.totals.complaints > 0;
    let sure_topic = analysis.topics.first().is_some_and(|topic| topic.score >= SURE_TOPIC_MIN);
    let severe = |min: u8| event.severity >= Severity::new(min) && sure_topic;
    if rules.danger && speaks_of_trouble && !analysis.danger.is_empty() && analysis.severity == Severity::DANGER {
        Some(OpenedBy::Danger)
    } else if rules.appeal && joined.post.kind == PostKind::Appeal && analysis.intent != Intent::Thanks {
        Some(OpenedBy::Appeal)
    } else if rules.severity_min.is_some_and(severe) && complains && speaks_of_trouble {
        Some(OpenedBy::Severity)
    } else if rules.authors_min.is_some_and(|min| event.totals.authors >= min && event.totals.complaints >= min)
        && event.topic.is_some()
    {
        Some(OpenedBy::Authors)
    } else {
        None
    }
}

fn open_incident(
    joined: &Joined<'_>,
    opened_by: OpenedBy,
    before: Option<&Incident>,
    region: &Region,
    now: Timestamp,
) -> (Incident, Change) {
    let event = joined.event;
    let policy = region.policy_of(&event.block);
    let opening = Opening {
        id: incident_id(&event.id, before),
        region: event.region.clone(),
        event: event.id.clone(),
        post: joined.post.id.clone(),
        title: incident_title(event),
        summary: event.summary.clone(),
        topic: event.topic.clone(),
        block: event.block.clone(),
        place: event.place.clone(),
        place_name: event.place_name.clone(),
        municipality: event.municipality.clone(),
        point: event.point,
        severity: event.severity,
        policy: policy.to_owned(),
        at: now,
        opened_by,
        posts: event.totals.posts,
        authors: event.totals.authors,
        risk: event.risk.score(),
        repeats: before.map(|before| before.id.clone()),
    };
    let (mut incident, change) = open(opening, &Actor::system());
    let matter = Matter {
        topic: incident.topic.as_ref(),
        topic_name: joined.topic_name,
        municipality: incident.municipality.as_ref(),
        municipality_name: joined.municipality_name,
    };
    let route = region.route(&matter);
    incident.agency = Some(route.agency);
    incident.route = route.why;
    let history = [change];
    if let Some(policy) = region.policy(policy) {
        incident.clocks = clocks(&incident, &history, policy, &region.schedule);
    }
    let [change] = history;
    (incident, change)
}

/// What an incident of an event is called.
pub fn incident_title(event: &Event) -> String {
    event.title.chars().take(TITLE_CHARS_MAX).collect()
}

/// The first incident of an event is named after it, its repeats are numbered: deciding again gives the same id.
fn incident_id(event: &EventId, before: Option<&Incident>) -> IncidentId {
    let base = format!("i-{}", event.as_str().trim_start_matches("e-"));
    match before {
        None => IncidentId::new(base),
        Some(before) => {
            let number = before.id.as_str().strip_prefix(&format!("{base}-")).and_then(|n| n.parse::<u32>().ok());
            IncidentId::new(format!("{base}-{}", number.unwrap_or(1) + 1))
        }
    }
}

/// Does an action and works its clocks out anew.
///
/// # Errors
/// A [`Refusal`]: the incident is as it was.
pub fn act(
    incident: &Incident,
    history: &[Change],
    submission: &Submission,
    region: &Region,
) -> Result<(Incident, Change), Refusal> {
    let (mut after, change) = apply(incident, submission, &region.agencies)?;
    let mut history = history.to_vec();
    history.push(change);
    if let Some(policy) = region.policy_for(&after) {
        after.clocks = clocks(&after, &history, policy, &region.schedule);
    }
    let change = history.pop().ok_or(Refusal::Invalid { field: "history", problem: "is empty" })?;
    Ok((after, change))
}

/// The next moment at which something is due for an incident: a warning, a deadline, the end of a postponement.
pub fn next_check(incident: &Incident) -> Option<Timestamp> {
    let clocks = incident.clocks.iter().filter(|clock| clock.stopped_at.is_none());
    let moments = clocks.flat_map(|clock| [clock.warn_at, clock.due_at.filter(|_| !clock.breached)]);
    moments.flatten().chain(incident.postponed_until).min()
}
