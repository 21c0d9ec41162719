//! Incidents: what somebody has to answer, and every step on the way to the answer.

mod apply;
mod state;

use jiff::Timestamp;

pub use self::{
    apply::{Refusal, apply, open},
    state::{ActionKind, State},
};
use crate::{
    analysis::Severity,
    geo::GeoPoint,
    ids::{AgencyId, BlockId, EventId, IncidentId, PlaceId, PostId, RegionId, TopicId},
    names::named_enum,
};

named_enum! {
    /// What a person or a program may do.
    "role" Role {
        /// Everything, accounts included.
        Admin = "admin",
        /// Staff of the management centre: triage, routing, control.
        Operator = "operator",
        /// Risk analyst: reads everything, corrects topics, places and groups.
        Analyst = "analyst",
        /// Staff of a body: sees and works its own subtree.
        Agency = "agency",
        /// A manager: reads everything, changes nothing.
        Viewer = "viewer",
        /// A program that hands in posts and residents' ratings.
        Source = "source",
        /// Otklik itself.
        System = "system",
    }
}

named_enum! {
    /// What an SLA clock waits for.
    "clock" ClockKind {
        /// The incident to be sent to a body.
        Route = "route",
        /// The first answer to the resident, interim or final.
        FirstAnswer = "first_answer",
        /// The final answer.
        FinalAnswer = "final_answer",
    }
}

named_enum! {
    /// Why an incident was opened.
    "reason" OpenedBy {
        /// Enough independent authors write of it.
        Authors = "authors",
        /// The problem is severe.
        Severity = "severity",
        /// Words tell of danger to people.
        Danger = "danger",
        /// It is an appeal to a body.
        Appeal = "appeal",
        /// A person opened it.
        Person = "person",
    }
}

named_enum! {
    /// Whether an answer closes the matter.
    "answer" AnswerKind {
        /// Work has begun; the final answer follows.
        Interim = "interim",
        /// The matter is answered.
        Final = "final",
    }
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Login of an account, name of a token, or `otklik`.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The body it works for, when its role is [`Role::Agency`].
    pub agency: Option<AgencyId>,
}

impl Actor {
    /// Otklik itself.
    pub fn system() -> Self {
        Self { name: "otklik".to_owned(), role: Role::System, agency: None }
    }
}

/// A step in the choice of a body, for people to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteReason {
    /// The rule that decided, such as `roads@municipality`.
    pub rule: String,
    /// What it saw, in Russian.
    pub why: String,
}

/// One SLA clock of an incident. Times are computed by the engine whenever the incident changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// What it waits for.
    pub kind: ClockKind,
    /// When it started.
    pub started_at: Timestamp,
    /// When its limit ends; later than first set when it was paused. `None` while it stands still.
    pub due_at: Option<Timestamp>,
    /// When what it waits for happened.
    pub stopped_at: Option<Timestamp>,
    /// When the next warning is due, if any is.
    pub warn_at: Option<Timestamp>,
    /// How many of the policy's warnings have been given.
    pub warnings: u8,
    /// Whether the limit ran out before what it waits for happened, as far as has been noticed.
    pub breached: bool,
}

/// An answer to the resident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Interim or final.
    pub kind: AnswerKind,
    /// Its text.
    pub text: String,
    /// Where it was published.
    pub url: Option<String>,
}

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The incident.
    pub id: IncidentId,
    /// Grows by one with every change; a change names the version it was made on.
    pub version: u64,
    /// Its region.
    pub region: RegionId,
    /// The event behind it.
    pub event: EventId,
    /// The post the answer goes to.
    pub post: PostId,
    /// A line that says what happened and where.
    pub title: String,
    /// A few sentences from the posts.
    pub summary: String,
    /// Its topic.
    pub topic: Option<TopicId>,
    /// The block of that topic.
    pub block: BlockId,
    /// The place.
    pub place: Option<PlaceId>,
    /// The place's usual name.
    pub place_name: String,
    /// The municipality it lies in.
    pub municipality: Option<PlaceId>,
    /// Coordinates.
    pub point: Option<GeoPoint>,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands.
    pub state: State,
    /// The state a postponed incident goes back to.
    pub resume_to: Option<State>,
    /// Until when it is postponed.
    pub postponed_until: Option<Timestamp>,
    /// The body that has it.
    pub agency: Option<AgencyId>,
    /// Why that body.
    pub route: Vec<RouteReason>,
    /// Name of the SLA policy.
    pub policy: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Why it was opened.
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
    pub merged_into: Option<IncidentId>,
    /// The closed incident that this one repeats.
    pub repeats: Option<IncidentId>,
    /// The resident's rating, 1..=5.
    pub rating: Option<u8>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What an incident is opened with.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// The id it gets.
    pub id: IncidentId,
    /// Its region.
    pub region: RegionId,
    /// The event behind it.
    pub event: EventId,
    /// The post the answer goes to.
    pub post: PostId,
    /// A line that says what happened and where.
    pub title: String,
    /// A few sentences from the posts.
    pub summary: String,
    /// Its topic.
    pub topic: Option<TopicId>,
    /// The block of that topic.
    pub block: BlockId,
    /// The place.
    pub place: Option<PlaceId>,
    /// The place's usual name.
    pub place_name: String,
    /// The municipality it lies in.
    pub municipality: Option<PlaceId>,
    /// Coordinates.
    pub point: Option<GeoPoint>,
    /// How bad it is.
    pub severity: Severity,
    /// Name of the SLA policy.
    pub policy: String,
    /// When the problem was detected.
    pub at: Timestamp,
    /// Why it is opened.
    pub opened_by: OpenedBy,
    /// Posts of the event.
    pub posts: u32,
    /// Independent authors of the event.
    pub authors: u32,
    /// Risk of the event, 0..1.
    pub risk: f32,
    /// The closed incident that this one repeats.
    pub repeats: Option<IncidentId>,
}

/// Something done to an incident.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Confirm that it is an incident, correcting topic, place and severity where they are given.
    Triage {
        /// The topic, when it was wrong.
        topic: Option<TopicId>,
        /// The municipality, when it was wrong: its id and name.
        municipality: Option<(PlaceId, String)>,
        /// The severity, when it was wrong.
        severity: Option<Severity>,
    },
    /// Send it to a body.
    Route {
        /// The body.
        agency: AgencyId,
        /// Why that body.
        why: Vec<RouteReason>,
    },
    /// Take it on.
    Accept,
    /// Begin the work.
    Start,
    /// Answer the resident.
    Answer(Answer),
    /// The resident's rating of the answer.
    Rate {
        /// 1 (bad) to 5 (good). One and two send the incident to the parent body.
        score: u8,
    },
    /// Done.
    Close,
    /// Give it back to triage: the wrong body, or not enough to go on.
    Return {
        /// Why.
        reason: String,
    },
    /// Put it off.
    Postpone {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Go on with a postponed one.
    Resume,
    /// Join it to another.
    Merge {
        /// The other.
        into: IncidentId,
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
    /// Tell it without the words of posts that are gone from its event.
    Retell {
        /// The new title.
        title: String,
        /// The new summary.
        summary: String,
    },
}

/// An action with who does it, when, and on which version.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// What is done.
    pub action: Action,
    /// By whom.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// The version the actor saw; `None` for Otklik itself.
    pub expected_version: Option<u64>,
}

/// A line of an incident's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The version it led to.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: ActionKind,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// Why, or what was said; for a route the body and the rule.
    pub note: String,
    /// The body that had it after the change.
    pub agency: Option<AgencyId>,
}
