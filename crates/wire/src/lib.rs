//! What Otklik writes and reads: JSON of the log, of the filters and of the API.
//!
//! Every type here is the serialisable counterpart of one in `otklik-domain`. Conversions to the domain check; those
//! from it cannot fail. Messages of the log carry a version, see [`log`].

mod analysis;
mod error;
mod event;
mod forecast;
mod incident;
pub mod log;
pub mod named;
mod post;
pub mod time;

pub use analysis::{Analysis, Evidence, Language, Locality, PlaceMention, Sentiment, TopicHit, Versions};
pub use error::{Invalid, TEXT_CHARS_MAX};
pub use event::{Event, EventTotals, Group, GroupEvidence, NetworkCount, Risk};
pub use forecast::Forecast;
pub use incident::{Action, Change, Clock, Incident, RouteReason};

pub use post::{Community, Geo, Metrics, Post};
