//! Incidents, their history and what can be done to them, on the wire.

use otklik_domain as domain;
use otklik_domain::{ActionKind, ClockKind, GeoPoint, OpenedBy, Severity, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{analysis::round, error::Invalid, named, time};

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// The incident.
    pub id: String,
    /// Grows by one with every change.
    pub version: u64,
    /// Its region.
    pub region: String,
    /// The event behind it.
    pub event_id: String,
    /// The post the answer goes to.
    pub post_id: String,
    /// What happened and where.
    pub title: String,
    /// A few sentences from the posts.
    pub summary: String,
    /// Its topic.
    pub topic: Option<String>,
    /// The block of that topic.
    pub block: String,
    /// The place.
    pub place: Option<String>,
    /// The place's usual name.
    pub place_name: String,
    /// The municipality it lies in.
    pub municipality: Option<String>,
    /// Latitude, where it is known.
    pub lat: Option<f64>,
    /// Longitude, where it is known.
    pub lon: Option<f64>,
    /// 0..5.
    pub severity: u8,
    /// Where it stands.
    #[serde(with = "named::state")]
    #[schema(value_type = String, example = "routed")]
    pub state: State,
    /// The state a postponed incident goes back to.
    pub resume_to: Option<String>,
    /// Until when it is postponed.
    pub postponed_until: Option<String>,
    /// The body that has it.
    pub agency: Option<String>,
    /// Why that body.
    pub route: Vec<RouteReason>,
    /// Name of the SLA policy.
    pub policy: String,
    /// When it was opened.
    pub opened_at: String,
    /// Why it was opened.
    #[serde(with = "named::opened_by")]
    #[schema(value_type = String, example = "authors")]
    pub opened_by: OpenedBy,
    /// Posts of the event.
    pub posts: u32,
    /// Independent authors of the event.
    pub authors: u32,
    /// Risk of the event, 0..1.
    pub risk: f32,
    /// Its clocks.
    pub clocks: Vec<Clock>,
    /// The incident it was merged into.
    pub merged_into: Option<String>,
    /// The closed incident that this one repeats.
    pub repeats: Option<String>,
    /// The resident's rating, 1..=5.
    pub rating: Option<u8>,
    /// When it last changed.
    pub updated_at: String,
}

/// A step in the choice of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteReason {
    /// The rule that decided.
    pub rule: String,
    /// What it saw, in Russian.
    pub why: String,
}

/// One SLA clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Clock {
    /// `route`, `first_answer` or `final_answer`.
    #[serde(with = "named::clock_kind")]
    #[schema(value_type = String, example = "first_answer")]
    pub clock: ClockKind,
    /// When it started.
    pub started_at: String,
    /// When its limit ends; absent while it stands still.
    pub due_at: Option<String>,
    /// When what it waits for happened.
    pub stopped_at: Option<String>,
    /// When the next warning is due.
    pub warn_at: Option<String>,
    /// How many warnings have been given.
    pub warnings: u8,
    /// Whether the limit ran out first.
    pub breached: bool,
}

/// A line of an incident's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The version it led to.
    pub version: u64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What was done.
    #[serde(with = "named::action_kind")]
    #[schema(value_type = String, example = "accept")]
    pub action: ActionKind,
    /// The state before.
    #[serde(with = "named::state")]
    #[schema(value_type = String, example = "routed")]
    pub from: State,
    /// The state after.
    #[serde(with = "named::state")]
    #[schema(value_type = String, example = "accepted")]
    pub to: State,
    /// Why, or what was said.
    pub note: String,
    /// The body that had it after the change.
    pub agency: Option<String>,
}

/// Something to do to an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Confirm it, correcting what was wrong.
    Triage {
        /// The topic, when it was wrong.
        #[serde(default)]
        topic: Option<String>,
        /// The municipality, when it was wrong.
        #[serde(default)]
        municipality: Option<String>,
        /// That municipality's name.
        #[serde(default)]
        municipality_name: Option<String>,
        /// The severity, when it was wrong.
        #[serde(default)]
        severity: Option<u8>,
    },
    /// Send it to a body.
    Route {
        /// The body.
        agency: String,
        /// Why, for the history.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Take it on.
    Accept,
    /// Begin the work.
    Start,
    /// Interim answer.
    AnswerInterim {
        /// Its text.
        text: String,
        /// Where it was published.
        #[serde(default)]
        url: Option<String>,
    },
    /// Final answer.
    AnswerFinal {
        /// Its text.
        text: String,
        /// Where it was published.
        #[serde(default)]
        url: Option<String>,
    },
    /// The resident's rating.
    Rate {
        /// 1..=5.
        score: u8,
    },
    /// Done.
    Close,
    /// Give it back to triage.
    Return {
        /// Why.
        reason: String,
    },
    /// Put it off.
    Postpone {
        /// Until when.
        until: String,
        /// Why.
        reason: String,
    },
    /// Go on with a postponed one.
    Resume,
    /// Join it to another.
    Merge {
        /// The other.
        into: String,
    },
    /// Not an incident.
    Reject {
        /// Why.
        reason: String,
    },
    /// Take it up again.
    Reopen {
        /// Why.
        reason: String,
    },
    /// Send it up to the parent body.
    Escalate {
        /// Why.
        reason: String,
    },
    /// A remark for colleagues.
    Note {
        /// The remark.
        text: String,
    },
}

impl TryFrom<Action> for domain::Action {
    type Error = Invalid;

    fn try_from(action: Action) -> Result<Self, Invalid> {
        use domain::{Answer, AnswerKind};
        Ok(match action {
            Action::Triage { topic, municipality, municipality_name, severity } => Self::Triage {
                topic: topic.map(domain::TopicId::new),
                municipality: municipality.map(|id| {
                    let name = municipality_name.unwrap_or_else(|| id.clone());
                    (domain::PlaceId::new(id), name)
                }),
                severity: severity.map(severity_of).transpose()?,
            },
            Action::Route { agency, reason } => Self::Route {
                agency: domain::AgencyId::new(agency),
                why: reason.map(|why| domain::RouteReason { rule: "person".to_owned(), why }).into_iter().collect(),
            },
            Action::Accept => Self::Accept,
            Action::Start => Self::Start,
            Action::AnswerInterim { text, url } => Self::Answer(Answer { kind: AnswerKind::Interim, text, url }),
            Action::AnswerFinal { text, url } => Self::Answer(Answer { kind: AnswerKind::Final, text, url }),
            Action::Rate { score } => Self::Rate { score },
            Action::Close => Self::Close,
            Action::Return { reason } => Self::Return { reason },
            Action::Postpone { until, reason } => Self::Postpone { until: time::parse("until", &until)?, reason },
            Action::Resume => Self::Resume,
            Action::Merge { into } => Self::Merge { into: domain::IncidentId::new(into) },
            Action::Reject { reason } => Self::Reject { reason },
            Action::Reopen { reason } => Self::Reopen { reason },
            Action::Escalate { reason } => Self::Escalate { reason },
            Action::Note { text } => Self::Note { text },
        })
    }
}

fn severity_of(level: u8) -> Result<Severity, Invalid> {
    if level > 5 {
        return Err(Invalid::new("severity", "must be 0 to 5"));
    }
    Ok(Severity::new(level))
}

impl From<&domain::Incident> for Incident {
    fn from(incident: &domain::Incident) -> Self {
        Self {
            id: incident.id.to_string(),
            version: incident.version,
            region: incident.region.to_string(),
            event_id: incident.event.to_string(),
            post_id: incident.post.to_string(),
            title: incident.title.clone(),
            summary: incident.summary.clone(),
            topic: incident.topic.as_ref().map(ToString::to_string),
            block: incident.block.to_string(),
            place: incident.place.as_ref().map(ToString::to_string),
            place_name: incident.place_name.clone(),
            municipality: incident.municipality.as_ref().map(ToString::to_string),
            lat: incident.point.map(GeoPoint::lat),
            lon: incident.point.map(GeoPoint::lon),
            severity: incident.severity.level(),
            state: incident.state,
            resume_to: incident.resume_to.map(|state| state.to_string()),
            postponed_until: incident.postponed_until.map(|at| at.to_string()),
            agency: incident.agency.as_ref().map(ToString::to_string),
            route: incident
                .route
                .iter()
                .map(|reason| RouteReason { rule: reason.rule.clone(), why: reason.why.clone() })
                .collect(),
            policy: incident.policy.clone(),
            opened_at: incident.opened_at.to_string(),
            opened_by: incident.opened_by,
            posts: incident.posts,
            authors: incident.authors,
            risk: round(incident.risk),
            clocks: incident.clocks.iter().map(Into::into).collect(),
            merged_into: incident.merged_into.as_ref().map(ToString::to_string),
            repeats: incident.repeats.as_ref().map(ToString::to_string),
            rating: incident.rating,
            updated_at: incident.updated_at.to_string(),
        }
    }
}

impl TryFrom<Incident> for domain::Incident {
    type Error = Invalid;

    fn try_from(incident: Incident) -> Result<Self, Invalid> {
        let optional_time = |field, text: Option<String>| text.map(|text| time::parse(field, &text)).transpose();
        let resume_to = incident
            .resume_to
            .map(|state| state.parse::<State>().map_err(|error| Invalid::new("resume_to", error.to_string())))
            .transpose()?;
        Ok(Self {
            id: domain::IncidentId::new(incident.id),
            version: incident.version,
            region: domain::RegionId::new(incident.region),
            event: domain::EventId::new(incident.event_id),
            post: domain::PostId::new(incident.post_id),
            title: incident.title,
            summary: incident.summary,
            topic: incident.topic.map(domain::TopicId::new),
            block: domain::BlockId::new(incident.block),
            place: incident.place.map(domain::PlaceId::new),
            place_name: incident.place_name,
            municipality: incident.municipality.map(domain::PlaceId::new),
            point: incident.lat.zip(incident.lon).and_then(|(lat, lon)| GeoPoint::new(lat, lon)),
            severity: Severity::new(incident.severity),
            state: incident.state,
            resume_to,
            postponed_until: optional_time("postponed_until", incident.postponed_until)?,
            agency: incident.agency.map(domain::AgencyId::new),
            route: incident
                .route
                .into_iter()
                .map(|reason| domain::RouteReason { rule: reason.rule, why: reason.why })
                .collect(),
            policy: incident.policy,
            opened_at: time::parse("opened_at", &incident.opened_at)?,
            opened_by: incident.opened_by,
            posts: incident.posts,
            authors: incident.authors,
            risk: incident.risk,
            clocks: incident.clocks.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            merged_into: incident.merged_into.map(domain::IncidentId::new),
            repeats: incident.repeats.map(domain::IncidentId::new),
            rating: incident.rating,
            updated_at: time::parse("updated_at", &incident.updated_at)?,
        })
    }
}

impl From<&domain::Clock> for Clock {
    fn from(clock: &domain::Clock) -> Self {
        Self {
            clock: clock.kind,
            started_at: clock.started_at.to_string(),
            due_at: clock.due_at.map(|at| at.to_string()),
            stopped_at: clock.stopped_at.map(|at| at.to_string()),
            warn_at: clock.warn_at.map(|at| at.to_string()),
            warnings: clock.warnings,
            breached: clock.breached,
        }
    }
}

impl TryFrom<Clock> for domain::Clock {
    type Error = Invalid;

    fn try_from(clock: Clock) -> Result<Self, Invalid> {
        let optional_time = |field, text: Option<String>| text.map(|text| time::parse(field, &text)).transpose();
        Ok(Self {
            kind: clock.clock,
            started_at: time::parse("started_at", &clock.started_at)?,
            due_at: optional_time("due_at", clock.due_at)?,
            stopped_at: optional_time("stopped_at", clock.stopped_at)?,
            warn_at: optional_time("warn_at", clock.warn_at)?,
            warnings: clock.warnings,
            breached: clock.breached,
        })
    }
}

impl From<&domain::Change> for Change {
    fn from(change: &domain::Change) -> Self {
        Self {
            version: change.version,
            at: change.at.to_string(),
            actor: change.actor.clone(),
            action: change.action,
            from: change.from,
            to: change.to,
            note: change.note.clone(),
            agency: change.agency.as_ref().map(ToString::to_string),
        }
    }
}

impl TryFrom<Change> for domain::Change {
    type Error = Invalid;

    fn try_from(change: Change) -> Result<Self, Invalid> {
        Ok(Self {
            version: change.version,
            at: time::parse("at", &change.at)?,
            actor: change.actor,
            action: change.action,
            from: change.from,
            to: change.to,
            note: change.note,
            agency: change.agency.map(domain::AgencyId::new),
        })
    }
}
