//! The outside world as traits: what the pipeline and the desk need of a log, of stores and of a clock.
//!
//! Every adapter passes the conformance suite of its port ([`conformance`]); [`memory`] holds the fakes the suites were
//! written against, which tests of the pipeline and the desk use too.

mod clock;
pub mod conformance;
pub mod due;
mod error;
mod fetch;
mod incidents;
mod log;
pub mod memory;
pub mod partitions;
mod posts;
mod public_address;
mod search;
mod snapshots;
pub mod words;

pub use clock::{Clock, FixedClock};
pub use error::{ErrorKind, PortError, PortResult};
pub use fetch::{Fetch, FetchError, FetchErrorKind, FetchRequest, Fetched};
pub use incidents::{
    Account, AuditEntry, BOARD_DAYS, BoardCounts, Delivery, DeliveryResult, INCIDENT_PAGE_MAX, IdempotentReply,
    IncidentBatch, IncidentFilter, IncidentOrder, IncidentPage, IncidentQuery, Incidents, NewIncident, OutboxEntry,
    REPLIES_KEPT_DAYS, Refresh, Session, Step, Token, Webhook,
};
pub use log::{Consumer, Cursor, Lag, Log, Output, PartitionPosition, Polled, Record, Retention, StoredRecord, Topic};
pub use posts::{
    Count, CountBy, CurvePoint, EventOrder, EventQuery, PostBatch, PostFilter, PostRow, Posts, Timeline, TimelinePoint,
};
pub use public_address::is_public;
pub use search::{Facet, FacetField, HistogramPoint, Search, SearchBatch, SearchHit, SearchPage, SearchQuery};
pub use snapshots::{Snapshot, Snapshots};
