//! An incident with all that belongs to it, as the API gives it.

use jiff::Timestamp;
use otklik_domain::{AnswerKind, Unit};
use otklik_wire as wire;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::posts::StoredPost,
    service::incidents::{ClockTrace, IncidentView, Stretch},
};

/// An incident with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentDetails {
    /// The incident.
    incident: wire::Incident,
    /// Its history, oldest first.
    history: Vec<wire::Change>,
    /// Answers given, oldest first.
    answers: Vec<AnswerBody>,
    /// Its events, the first first, at most 50.
    events: Vec<wire::Event>,
    /// The post the answer goes to; absent when it is gone at its source.
    post: Option<StoredPost>,
    /// Its clocks with the way each deadline was found.
    clocks: Vec<ClockBody>,
    /// Kinds of actions you may do now.
    #[schema(example = json!(["accept", "return", "note"]))]
    allowed: Vec<&'static str>,
}

/// An answer to the resident.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerBody {
    /// When it was given.
    at: String,
    /// `interim` or `final`.
    #[schema(value_type = String, example = "final")]
    #[serde(with = "wire::named::answer_kind")]
    kind: AnswerKind,
    /// Its text.
    text: String,
    /// Where it was published.
    url: Option<String>,
}

/// A clock and how its deadline was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClockBody {
    /// The clock.
    #[serde(flatten)]
    clock: wire::Clock,
    /// Units allowed.
    amount: u32,
    /// `minutes`, `hours`, `working-hours`, `working-days` or `calendar-days`.
    #[schema(value_type = String, example = "working-hours")]
    #[serde(serialize_with = "unit_name")]
    unit: Unit,
    /// Every stretch of time from the start to the deadline.
    trace: Vec<StretchBody>,
}

/// A stretch of time that was counted or left out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StretchBody {
    /// Its beginning.
    from: String,
    /// Its end; absent while it lasts.
    to: Option<String>,
    /// Whether it was counted.
    counted: bool,
    /// Why, in Russian.
    why: String,
}

fn unit_name<S: serde::Serializer>(unit: &Unit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(unit.as_str())
}

impl From<IncidentView> for IncidentDetails {
    fn from(view: IncidentView) -> Self {
        let answer = |(at, answer): &(Timestamp, otklik_domain::Answer)| AnswerBody {
            at: at.to_string(),
            kind: answer.kind,
            text: answer.text.clone(),
            url: answer.url.clone(),
        };
        Self {
            incident: (&view.incident).into(),
            history: view.history.iter().map(Into::into).collect(),
            answers: view.answers.iter().map(answer).collect(),
            events: view.events.iter().map(Into::into).collect(),
            post: view.post.as_ref().map(Into::into),
            clocks: view.clocks.iter().map(Into::into).collect(),
            allowed: view.allowed.iter().map(|kind| kind.as_str()).collect(),
        }
    }
}

impl From<&ClockTrace> for ClockBody {
    fn from(trace: &ClockTrace) -> Self {
        Self {
            clock: (&trace.clock).into(),
            amount: trace.amount,
            unit: trace.unit,
            trace: trace.stretches.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Stretch> for StretchBody {
    fn from(stretch: &Stretch) -> Self {
        Self {
            from: stretch.from.to_string(),
            to: stretch.to.map(|to| to.to_string()),
            counted: stretch.counted,
            why: stretch.why.to_string(),
        }
    }
}
