//! What Otklik talks about: posts, topics, places, events, incidents, agencies and deadlines.
//!
//! Plain types and the incident state machine. Nothing here serialises itself, does I/O, reads a clock or depends on
//! another crate of the workspace; `otklik-wire` holds the serialisable counterparts.

mod agency;
mod analysis;
mod event;
mod geo;
mod ids;
mod incident;
mod names;
mod post;
mod sla;

pub use agency::{Agency, AgencyTree, AgencyTreeError};
pub use analysis::{
    Analysis, Evidence, EvidenceSource, Intent, Language, Locality, LocatedBy, PlaceKind, PlaceMention, Sentiment,
    SentimentLabel, Severity, Span, TopicHit, Versions,
};
pub use event::{Event, EventTotals, Forecast, Group, GroupEvidence, Risk};
pub use geo::GeoPoint;
pub use ids::{AgencyId, AuthorKey, BlockId, EventId, IncidentId, PlaceId, PostId, RegionId, TopicId};
pub use incident::{
    Action, ActionKind, Actor, Answer, AnswerKind, Change, Clock, ClockKind, Incident, OpenedBy, Opening, Refusal,
    Role, RouteReason, State, Submission, apply, open,
};
pub use names::UnknownName;
pub use post::{Community, Metrics, Network, Post, PostKind};
pub use sla::{ClockPolicy, Limit, SlaPolicy, StartEvent, Unit};
