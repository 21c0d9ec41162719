//! Doing something to an incident.

use otklik_domain::{Action, ActionKind, Actor, Incident, IncidentId, Refusal, Role, Submission};
use otklik_engine::incidents as engine;
use otklik_ports::{ErrorKind, IncidentBatch, Step};
use otklik_wire as wire;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::visible;
use crate::{
    App,
    error::{Error, Result},
    rights::Scope,
    service::{audit_entry, idempotency::Key},
};

/// Longest answer in characters.
const ANSWER_CHARS_MAX: usize = 10_000;
/// Longest reason or remark in characters.
const REASON_CHARS_MAX: usize = 2_000;
/// Longest link in characters.
const URL_CHARS_MAX: usize = 2_000;
/// Days an incident can be put off at most.
const POSTPONE_DAYS_MAX: i64 = 366;

/// Something to do to an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct ActRequest {
    /// The incident.
    pub id: IncidentId,
    /// What to do.
    pub action: Action,
    /// The version the actor saw. Only a rating and a remark go without.
    pub expected_version: Option<u64>,
    /// The key of a request that may come twice.
    pub key: Option<Key>,
}

/// What an action led to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Acted {
    /// The incident.
    pub id: String,
    /// The version it has now: what the next action has to name.
    pub version: u64,
    /// Where it stands now.
    #[schema(example = "accepted")]
    pub state: String,
    /// The body that has it now.
    pub agency: Option<String>,
    /// The line of its history.
    pub change: wire::Change,
}

impl Acted {
    pub(crate) fn new(incident: &Incident, change: &otklik_domain::Change) -> Self {
        Self {
            id: incident.id.to_string(),
            version: incident.version,
            state: incident.state.to_string(),
            agency: incident.agency.as_ref().map(ToString::to_string),
            change: change.into(),
        }
    }
}

/// Does something to an incident, once: with a key, the same request again gets the same answer.
///
/// # Errors
/// A [`Refusal`](otklik_domain::Refusal); [`Error::NotFound`] when the actor does not see the incident;
/// [`Error::VersionRequired`], [`Error::KeyReused`], [`Error::Invalid`]; those of the store.
pub async fn act(app: &App, actor: &Actor, request: ActRequest) -> Result<Acted> {
    if let Some(key) = &request.key
        && let Some(acted) = key.replayed(app).await?
    {
        return Ok(acted);
    }
    let incident = actionable(app, actor, &request).await?;
    let action = checked(app, actor, &incident, request.action).await?;
    let directory = app.directory();
    let region = directory.region_of(&incident).ok_or(Error::Internal("the incident's region is not configured"))?;
    let history = app.ports.incidents.history(&incident.id).await?;
    let now = app.ports.clock.now();
    let submission = Submission { action, actor: actor.clone(), at: now, expected_version: request.expected_version };
    let (after, change) = engine::act(&incident, &history, &submission, region)?;

    let acted = Acted::new(&after, &change);
    let kind = submission.action.kind();
    let details = format!("version {}{}", after.version, correction(&submission.action));
    let mut batch = IncidentBatch {
        audit: vec![audit_entry(app, actor, format!("incident.{kind}"), after.id.as_str(), details)],
        reply: request.key.clone().map(|key| key.reply(200, &acted, now)).transpose()?,
        ..IncidentBatch::default()
    };
    let answer = match submission.action {
        Action::Answer(answer) => Some(answer),
        Action::Merge { into } => {
            let events = app.ports.incidents.events_of(&incident.id).await?;
            batch.joined = events.into_iter().map(|event| (event, into.clone())).collect();
            None
        }
        _ => None,
    };
    batch.steps.push(Step { incident: after, change: Some(change), answer });
    match app.ports.incidents.write(batch).await {
        Ok(()) => Ok(acted),
        Err(error) if error.kind == ErrorKind::Conflict => overtaken(app, &incident, request.key).await,
        Err(error) => Err(error.into()),
    }
}

/// The incident, when the actor may try something on it: a source rates what it does not see.
async fn actionable(app: &App, actor: &Actor, request: &ActRequest) -> Result<Incident> {
    let kind = request.action.kind();
    let incident = if actor.role == Role::Source {
        if !kind.is_allowed(actor.role) {
            return Err(Error::Forbidden);
        }
        app.ports.incidents.get(&request.id).await?.ok_or(Error::NotFound("incident"))?
    } else {
        visible(app, actor, &request.id).await?
    };
    if !kind.is_allowed(actor.role) {
        return Err(Refusal::Forbidden { action: kind, role: actor.role }.into());
    }
    let needs_version = !matches!(kind, ActionKind::Rate | ActionKind::RateBad | ActionKind::Note);
    if needs_version && request.expected_version.is_none() {
        return Err(Error::VersionRequired);
    }
    Ok(incident)
}

/// The same request was faster, or another one.
async fn overtaken(app: &App, incident: &Incident, key: Option<Key>) -> Result<Acted> {
    if let Some(key) = key
        && let Some(acted) = key.replayed(app).await?
    {
        return Ok(acted);
    }
    let now = app.ports.incidents.get(&incident.id).await?.ok_or(Error::NotFound("incident"))?;
    Err(Refusal::Version { expected: incident.version, actual: now.version }.into())
}

/// The action, when its ids are known and its texts are not too long; with the usual name of a place.
async fn checked(app: &App, actor: &Actor, incident: &Incident, action: Action) -> Result<Action> {
    let catalogue = &app.directory().catalogue;
    match &action {
        Action::Triage { topic, municipality, severity } => {
            if topic.as_ref().is_some_and(|topic| catalogue.topic(topic).is_none()) {
                return Err(Error::invalid("topic", "is not a topic of the dictionary"));
            }
            let municipality = municipality
                .as_ref()
                .map(|(id, _)| {
                    let place = catalogue.place(id).filter(|place| place.region == incident.region);
                    let place = place.ok_or_else(|| Error::invalid("municipality", "is not a place of the region"))?;
                    Ok::<_, Error>((id.clone(), place.name.clone()))
                })
                .transpose()?;
            return Ok(Action::Triage { topic: topic.clone(), municipality, severity: *severity });
        }
        Action::Answer(answer) => {
            length("text", &answer.text, ANSWER_CHARS_MAX)?;
            answer.url.as_deref().map(check_url).transpose()?;
        }
        Action::Return { reason }
        | Action::Reject { reason }
        | Action::Reopen { reason }
        | Action::Escalate { reason } => length("reason", reason, REASON_CHARS_MAX)?,
        Action::Postpone { until, reason } => {
            length("reason", reason, REASON_CHARS_MAX)?;
            if until.duration_since(app.ports.clock.now()).as_hours() > POSTPONE_DAYS_MAX * 24 {
                return Err(Error::invalid("until", format!("lies more than {POSTPONE_DAYS_MAX} days ahead")));
            }
        }
        Action::Note { text } => length("text", text, REASON_CHARS_MAX)?,
        Action::Merge { into } => check_target(app, actor, incident, into).await?,
        Action::Route { why, .. } => {
            for reason in why {
                length("reason", &reason.why, REASON_CHARS_MAX)?;
            }
        }
        Action::Rate { score } if !(1..=5).contains(score) => {
            return Err(Refusal::Invalid { field: "score", problem: "must be 1 to 5" }.into());
        }
        Action::Accept
        | Action::Start
        | Action::Rate { .. }
        | Action::Close
        | Action::Resume
        // No program may ask for it, so it never comes in.
        | Action::Retell { .. } => {}
    }
    Ok(action)
}

/// An incident is merged into one that is still worked on, of the same region.
async fn check_target(app: &App, actor: &Actor, incident: &Incident, into: &IncidentId) -> Result<()> {
    if *into == incident.id {
        // The state machine says so in its own words.
        return Ok(());
    }
    let target = app.ports.incidents.get(into).await?;
    let scope = Scope::of(actor, &app.directory());
    let target = target.filter(|target| scope.sees(target)).ok_or_else(|| Error::invalid("into", "is not there"))?;
    if target.state.is_final() {
        return Err(Error::invalid("into", "is done with: merge into one that is open"));
    }
    if target.region != incident.region {
        return Err(Error::invalid("into", "belongs to another region"));
    }
    Ok(())
}

fn length(field: &'static str, text: &str, chars_max: usize) -> Result<()> {
    if text.chars().count() > chars_max {
        return Err(Error::invalid(field, format!("must not be longer than {chars_max} characters")));
    }
    Ok(())
}

fn check_url(url: &str) -> Result<()> {
    length("url", url, URL_CHARS_MAX)?;
    if url.starts_with("https://") || url.starts_with("http://") {
        Ok(())
    } else {
        Err(Error::invalid("url", "must begin with https:// or http://"))
    }
}

/// What a person corrected, for the audit trail: the history does not say.
fn correction(action: &Action) -> String {
    let Action::Triage { topic, municipality, severity } = action else { return String::new() };
    let mut text = String::new();
    if let Some(topic) = topic {
        text += &format!(", topic {topic}");
    }
    if let Some((place, _)) = municipality {
        text += &format!(", municipality {place}");
    }
    if let Some(severity) = severity {
        text += &format!(", severity {}", severity.level());
    }
    text
}
