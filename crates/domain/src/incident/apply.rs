//! The state machine at work: an incident and an action give the incident after it and a line of history.

use super::{Action, ActionKind, Actor, Answer, AnswerKind, Change, Incident, Opening, Role, State, Submission};
use crate::{agency::AgencyTree, ids::AgencyId};

/// Ratings up to this send an incident to the parent body.
const BAD_RATING_MAX: u8 = 2;

/// Why an action was not done. The incident is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The incident has changed since the actor saw it.
    #[error("the incident is at version {actual}, not {expected}")]
    Version {
        /// The version the actor saw.
        expected: u64,
        /// The version it has.
        actual: u64,
    },
    /// The action cannot be done in this state.
    #[error("{action} cannot be done in state {state}")]
    State {
        /// The action.
        action: ActionKind,
        /// The state.
        state: State,
    },
    /// The actor may not do it.
    #[error("role {role} may not {action} this incident")]
    Forbidden {
        /// The action.
        action: ActionKind,
        /// The actor's role.
        role: Role,
    },
    /// The body is not in the configuration.
    #[error("agency {0} is not known")]
    UnknownAgency(AgencyId),
    /// There is no body above the one that has it.
    #[error("there is no body above {0}")]
    NoParent(AgencyId),
    /// Something the action needs is missing or out of range.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl Action {
    /// The kind of the action.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Triage { .. } => ActionKind::Triage,
            Self::Route { .. } => ActionKind::Route,
            Self::Accept => ActionKind::Accept,
            Self::Start => ActionKind::Start,
            Self::Answer(Answer { kind: AnswerKind::Interim, .. }) => ActionKind::AnswerInterim,
            Self::Answer(Answer { kind: AnswerKind::Final, .. }) => ActionKind::AnswerFinal,
            Self::Rate { score } if *score <= BAD_RATING_MAX => ActionKind::RateBad,
            Self::Rate { .. } => ActionKind::Rate,
            Self::Close => ActionKind::Close,
            Self::Return { .. } => ActionKind::Return,
            Self::Postpone { .. } => ActionKind::Postpone,
            Self::Resume => ActionKind::Resume,
            Self::Merge { .. } => ActionKind::Merge,
            Self::Reject { .. } => ActionKind::Reject,
            Self::Reopen { .. } => ActionKind::Reopen,
            Self::Escalate { .. } => ActionKind::Escalate,
            Self::Note { .. } => ActionKind::Note,
            Self::Retell { .. } => ActionKind::Retell,
        }
    }
}

/// Opens an incident.
pub fn open(opening: Opening, actor: &Actor) -> (Incident, Change) {
    let incident = Incident {
        id: opening.id,
        version: 1,
        region: opening.region,
        event: opening.event,
        post: opening.post,
        title: opening.title,
        summary: opening.summary,
        topic: opening.topic,
        block: opening.block,
        place: opening.place,
        place_name: opening.place_name,
        municipality: opening.municipality,
        point: opening.point,
        severity: opening.severity,
        state: State::New,
        resume_to: None,
        postponed_until: None,
        agency: None,
        route: Vec::new(),
        policy: opening.policy,
        opened_at: opening.at,
        opened_by: opening.opened_by,
        posts: opening.posts,
        authors: opening.authors,
        risk: opening.risk,
        clocks: Vec::new(),
        merged_into: None,
        repeats: opening.repeats,
        rating: None,
        updated_at: opening.at,
    };
    let change = Change {
        version: 1,
        at: opening.at,
        actor: actor.name.clone(),
        action: ActionKind::Open,
        from: State::New,
        to: State::New,
        note: opening.opened_by.to_string(),
        agency: None,
    };
    (incident, change)
}

/// Does an action. SLA clocks are left as they are: the engine computes them from the history.
///
/// # Errors
/// A [`Refusal`]; the incident is then unchanged.
pub fn apply(
    incident: &Incident,
    submission: &Submission,
    agencies: &AgencyTree,
) -> Result<(Incident, Change), Refusal> {
    let kind = submission.action.kind();
    check_version(incident, submission)?;
    check_actor(incident, &submission.actor, kind, agencies)?;
    let to = kind.leads_to(incident.state).ok_or(Refusal::State { action: kind, state: incident.state })?;

    let mut after = incident.clone();
    after.state = to;
    after.version += 1;
    if kind != ActionKind::Retell {
        // Nobody has worked on it: whether a post came after its end is judged by when it ended.
        after.updated_at = submission.at;
    }
    let note = effect(&mut after, incident, submission, agencies)?;
    let change = Change {
        version: after.version,
        at: submission.at,
        actor: submission.actor.name.clone(),
        action: kind,
        from: incident.state,
        to: after.state,
        note,
        agency: after.agency.clone(),
    };
    Ok((after, change))
}

fn check_version(incident: &Incident, submission: &Submission) -> Result<(), Refusal> {
    match submission.expected_version {
        Some(expected) if expected != incident.version => Err(Refusal::Version { expected, actual: incident.version }),
        _ => Ok(()),
    }
}

fn check_actor(incident: &Incident, actor: &Actor, kind: ActionKind, agencies: &AgencyTree) -> Result<(), Refusal> {
    let in_own_subtree = || match (&actor.agency, &incident.agency) {
        (Some(own), Some(has)) => agencies.is_within(has, own),
        _ => false,
    };
    let allowed = kind.is_allowed(actor.role) && (actor.role != Role::Agency || in_own_subtree());
    allowed.then_some(()).ok_or(Refusal::Forbidden { action: kind, role: actor.role })
}

/// Changes what the action changes besides the state and gives the note for the history.
fn effect(
    after: &mut Incident,
    before: &Incident,
    submission: &Submission,
    agencies: &AgencyTree,
) -> Result<String, Refusal> {
    Ok(match &submission.action {
        Action::Triage { topic, municipality, severity } => {
            correct(after, topic.as_ref(), municipality.as_ref(), *severity);
            String::new()
        }
        Action::Route { agency, why } => {
            let name = agencies.get(agency).ok_or_else(|| Refusal::UnknownAgency(agency.clone()))?.name.clone();
            check_route_down(&submission.actor, agency, agencies)?;
            after.agency = Some(agency.clone());
            after.route.clone_from(why);
            name
        }
        Action::Accept | Action::Start | Action::Close => String::new(),
        Action::Answer(answer) => required("text", &answer.text)?,
        Action::Rate { score } => rate(after, before, *score, agencies)?,
        Action::Return { reason } => {
            after.agency = None;
            required("reason", reason)?
        }
        Action::Postpone { until, reason } => {
            if *until <= submission.at {
                return Err(Refusal::Invalid { field: "until", problem: "must lie in the future" });
            }
            after.resume_to = Some(before.state);
            after.postponed_until = Some(*until);
            required("reason", reason)?
        }
        Action::Resume => {
            after.state = before.resume_to.unwrap_or(State::Triaged);
            after.resume_to = None;
            after.postponed_until = None;
            String::new()
        }
        Action::Merge { into } => {
            if *into == before.id {
                return Err(Refusal::Invalid { field: "into", problem: "an incident cannot be merged into itself" });
            }
            after.merged_into = Some(into.clone());
            into.to_string()
        }
        Action::Reject { reason } => required("reason", reason)?,
        Action::Reopen { reason } => {
            after.merged_into = None;
            after.rating = None;
            required("reason", reason)?
        }
        Action::Escalate { reason } => {
            to_parent(after, before, agencies)?;
            required("reason", reason)?
        }
        Action::Note { text } => required("text", text)?,
        Action::Retell { title, summary } => {
            after.title.clone_from(title);
            after.summary.clone_from(summary);
            String::new()
        }
    })
}

fn correct(
    after: &mut Incident,
    topic: Option<&crate::TopicId>,
    municipality: Option<&(crate::PlaceId, String)>,
    severity: Option<crate::Severity>,
) {
    if let Some(topic) = topic {
        after.block = topic.block();
        after.topic = Some(topic.clone());
    }
    if let Some((place, name)) = municipality {
        after.municipality = Some(place.clone());
        after.place = Some(place.clone());
        after.place_name.clone_from(name);
    }
    if let Some(severity) = severity {
        after.severity = severity;
    }
}

/// Staff of a body hand an incident down, never sideways.
fn check_route_down(actor: &Actor, agency: &AgencyId, agencies: &AgencyTree) -> Result<(), Refusal> {
    match &actor.agency {
        Some(own) if actor.role == Role::Agency && !agencies.is_within(agency, own) => {
            Err(Refusal::Forbidden { action: ActionKind::Route, role: actor.role })
        }
        _ => Ok(()),
    }
}

fn rate(after: &mut Incident, before: &Incident, score: u8, agencies: &AgencyTree) -> Result<String, Refusal> {
    if !(1..=5).contains(&score) {
        return Err(Refusal::Invalid { field: "score", problem: "must be 1 to 5" });
    }
    after.rating = Some(score);
    if score <= BAD_RATING_MAX {
        // At the top of the tree there is nobody above: the same body has to look again.
        match to_parent(after, before, agencies) {
            Ok(()) | Err(Refusal::NoParent(_)) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(score.to_string())
}

fn to_parent(after: &mut Incident, before: &Incident, agencies: &AgencyTree) -> Result<(), Refusal> {
    let has = before.agency.as_ref().ok_or(Refusal::Invalid { field: "agency", problem: "no body has it yet" })?;
    let parent = agencies.parent(has).ok_or_else(|| Refusal::NoParent(has.clone()))?;
    after.agency = Some(parent.id.clone());
    Ok(())
}

fn required(field: &'static str, text: &str) -> Result<String, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::Invalid { field, problem: "must not be empty" });
    }
    Ok(text.trim().to_owned())
}
